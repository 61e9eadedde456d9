import { Extension, type Editor as TipTapEditor } from "@tiptap/core";
import { EditorContent, useEditor } from "@tiptap/react";
import StarterKit from "@tiptap/starter-kit";
import { directLists } from "../../mail/direction.ts";
import { SignatureNode } from "../writing/signature-node.ts";
import { variableMarks } from "../writing/variable-marks.ts";
import { Highlight, Table, TableCell, TableHeader, TableKeys, TableRow, TextAlignment, TextColour, TextDirection } from "./editor-nodes.ts";
import { Picture } from "./image-node.tsx";
import { cleanPasted } from "./paste.ts";
import { QUOTE_PLACEHOLDER, QuoteNode } from "./quote-node.tsx";

export interface EditorOptions {
  readonly html: string;
  readonly quote: string | null;
  readonly placeholder: string;
  readonly label: string;
  readonly autoFocus: boolean;
  readonly onChange: () => void;
  readonly onFiles: (files: readonly File[], inline: boolean) => void;
  readonly onSend: () => void;
  readonly onLink: () => void;
}

function filesOf(transfer: DataTransfer | null): File[] {
  return [...(transfer?.files ?? [])];
}

const isPicture = (file: File): boolean => /^image\/(?:png|jpe?g|gif|webp|bmp|avif)$/.test(file.type);

function extensions(options: EditorOptions) {
  return [
    StarterKit.configure({
      link: { openOnClick: false, autolink: true, protocols: ["http", "https", "mailto", "tel"], HTMLAttributes: { rel: null, target: null }, isAllowedUri: (uri) => /^(?:https?:|mailto:|tel:)/i.test(uri) },
      heading: { levels: [1, 2, 3] },
    }),
    TextDirection, TextAlignment, TextColour, Highlight, Table, TableRow, TableCell, TableHeader, TableKeys, SignatureNode, Picture, QuoteNode, variableMarks(false),
    Extension.create({
      name: "composerKeys",
      addKeyboardShortcuts: () => ({
        "Mod-Enter": () => { options.onSend(); return true; },
        "Mod-k": () => { options.onLink(); return true; },
      }),
    }),
  ];
}

export function useMailEditor(options: EditorOptions): TipTapEditor | null {
  return useEditor({
    extensions: extensions(options),
    content: options.html || "<p></p>",
    autofocus: options.autoFocus ? "start" : false,
    immediatelyRender: true,
    shouldRerenderOnTransaction: false,
    editorProps: {
      attributes: { class: "composer-editor", role: "textbox", "aria-multiline": "true", "aria-label": options.label, "data-placeholder": options.placeholder, spellcheck: "true" },
      handlePaste: (_, event) => {
        const files = filesOf(event.clipboardData);
        if (files.length === 0 || event.clipboardData?.types.includes("text/html")) return false;
        options.onFiles(files.filter(isPicture), true);
        options.onFiles(files.filter((file) => !isPicture(file)), false);
        return true;
      },
      handleDrop: (_, event) => {
        const files = filesOf(event.dataTransfer);
        if (files.length === 0) return false;
        event.preventDefault();
        options.onFiles(files.filter(isPicture), true);
        options.onFiles(files.filter((file) => !isPicture(file)), false);
        return true;
      },
      transformPastedHTML: (html) => {
        /* What was copied here: a copy of the quotation would be sent twice. */
        const pasted = cleanPasted(html.replaceAll(QUOTE_PLACEHOLDER, ""));
        if (pasted.pictures.length > 0) setTimeout(() => options.onFiles(pasted.pictures, true));
        return pasted.html;
      },
    },
    onCreate: ({ editor }) => {
      if (options.quote === null) return;
      /* No change of the person's: an answer that nobody wrote in is not kept. */
      editor.chain().setMeta("preventUpdate", true).setMeta("addToHistory", false)
        .insertContentAt(editor.state.doc.content.size, [{ type: "quotedMail", attrs: { shown: options.quote } }], { updateSelection: false }).run();
      if (options.autoFocus) editor.commands.focus("start");
    },
    onUpdate: options.onChange,
  }, []);
}

/* What the person wrote, and whether the quoted mail is still there. */
export function contentOf(editor: TipTapEditor): { readonly html: string; readonly quoted: boolean; readonly text: string } {
  const html = directLists(editor.getHTML());
  const quoted = html.includes(QUOTE_PLACEHOLDER);
  return { html: html.replaceAll(QUOTE_PLACEHOLDER, "").replace(/(?:<p dir="auto"><\/p>)+$/, ""), quoted, text: editor.getText() };
}

export function MailEditor({ editor }: { readonly editor: TipTapEditor | null }) {
  return <EditorContent editor={editor} />;
}
