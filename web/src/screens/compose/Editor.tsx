import { Extension } from "@tiptap/core";
import Image from "@tiptap/extension-image";
import { EditorContent, useEditor, useEditorState, type Editor as TipTapEditor } from "@tiptap/react";
import StarterKit from "@tiptap/starter-kit";
import { Bold, Italic, Link2, List, ListOrdered, TextQuote, type LucideIcon } from "lucide-react";
import { useT, type MessageId } from "../../i18n/i18n.ts";
import { IconButton } from "../../ui/Button.tsx";
import { ask } from "../../ui/questions.ts";
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
}

/* Each block takes its direction from its own first letter, so that Hebrew and English mix in one mail. */
const TextDirection = Extension.create({
  name: "textDirection",
  addGlobalAttributes: () => [{
    types: ["paragraph", "heading", "blockquote", "listItem"],
    attributes: { dir: { default: "auto", parseHTML: (node) => node.getAttribute("dir") ?? "auto", renderHTML: (attributes) => ({ dir: String(attributes["dir"]) }) } },
  }],
});

function filesOf(transfer: DataTransfer | null): File[] {
  return [...(transfer?.files ?? [])];
}

export function useMailEditor(options: EditorOptions): TipTapEditor | null {
  return useEditor({
    extensions: [
      StarterKit.configure({ link: { openOnClick: false, protocols: ["http", "https", "mailto"], HTMLAttributes: { rel: null, target: null } }, heading: { levels: [2, 3] } }),
      TextDirection,
      Image.configure({ inline: true }),
      QuoteNode,
      Extension.create({
        name: "sendKey",
        addKeyboardShortcuts: () => ({ "Mod-Enter": () => { options.onSend(); return true; } }),
      }),
    ],
    content: options.html || "<p></p>",
    autofocus: options.autoFocus ? "start" : false,
    immediatelyRender: true,
    editorProps: {
      attributes: { class: "composer-editor", role: "textbox", "aria-multiline": "true", "aria-label": options.label, "data-placeholder": options.placeholder },
      handlePaste: (_, event) => {
        const images = filesOf(event.clipboardData).filter((file) => file.type.startsWith("image/"));
        if (images.length === 0 || event.clipboardData?.types.includes("text/html")) return false;
        options.onFiles(images, true);
        return true;
      },
      handleDrop: (_, event) => {
        const files = filesOf(event.dataTransfer);
        if (files.length === 0) return false;
        options.onFiles(files, false);
        return true;
      },
    },
    onCreate: ({ editor }) => {
      if (options.quote === null) return;
      editor.commands.insertContentAt(editor.state.doc.content.size, [{ type: "quotedMail", attrs: { shown: options.quote } }], { updateSelection: false });
      if (options.autoFocus) editor.commands.focus("start");
    },
    onUpdate: options.onChange,
  }, []);
}

/* What the person wrote, and whether the quoted mail is still there. */
export function contentOf(editor: TipTapEditor): { readonly html: string; readonly quoted: boolean; readonly text: string } {
  const html = editor.getHTML();
  const quoted = html.includes(QUOTE_PLACEHOLDER);
  return { html: html.replaceAll(QUOTE_PLACEHOLDER, "").replace(/(?:<p dir="auto"><\/p>)+$/, ""), quoted, text: editor.getText() };
}

interface Tool {
  readonly name: string;
  readonly label: MessageId;
  readonly icon: LucideIcon;
  readonly run: (editor: TipTapEditor) => void;
}

async function toggleLink(editor: TipTapEditor): Promise<void> {
  if (editor.isActive("link")) {
    editor.chain().focus().unsetLink().run();
    return;
  }
  const typed = (await ask({ title: "compose.link", field: "compose.linkPrompt", action: "compose.linkInsert" }))?.trim();
  if (!typed || editor.isDestroyed) return;
  const href = /^(?:https?:|mailto:)/i.test(typed) ? typed : typed.includes("@") ? `mailto:${typed}` : `https://${typed}`;
  if (editor.state.selection.empty) editor.chain().focus().insertContent({ type: "text", text: typed, marks: [{ type: "link", attrs: { href } }] }).run();
  else editor.chain().focus().extendMarkRange("link").setLink({ href }).run();
}

const TOOLS: readonly Tool[] = [
  { name: "bold", label: "compose.bold", icon: Bold, run: (editor) => editor.chain().focus().toggleBold().run() },
  { name: "italic", label: "compose.italic", icon: Italic, run: (editor) => editor.chain().focus().toggleItalic().run() },
  { name: "bulletList", label: "compose.bullets", icon: List, run: (editor) => editor.chain().focus().toggleBulletList().run() },
  { name: "orderedList", label: "compose.numbers", icon: ListOrdered, run: (editor) => editor.chain().focus().toggleOrderedList().run() },
  { name: "blockquote", label: "compose.quote", icon: TextQuote, run: (editor) => editor.chain().focus().toggleBlockquote().run() },
  { name: "link", label: "compose.link", icon: Link2, run: (editor) => void toggleLink(editor) },
];

export function FormatTools({ editor }: { readonly editor: TipTapEditor }) {
  const t = useT();
  const active = useEditorState({ editor, selector: ({ editor: now }) => TOOLS.filter((tool) => now.isActive(tool.name)).map((tool) => tool.name).join() });
  return (
    <span role="group" aria-label={t("compose.format")} className="format-tools">
      {TOOLS.map((tool) => (
        <IconButton key={tool.name} label={t(tool.label)} icon={tool.icon} aria-pressed={active.split(",").includes(tool.name)}
          onMouseDown={(event) => event.preventDefault()} onClick={() => tool.run(editor)} />
      ))}
    </span>
  );
}

export function MailEditor({ editor }: { readonly editor: TipTapEditor | null }) {
  return <EditorContent editor={editor} />;
}
