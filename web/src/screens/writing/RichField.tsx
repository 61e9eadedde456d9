import { Extension } from "@tiptap/core";
import Image from "@tiptap/extension-image";
import { EditorContent, useEditor, useEditorState, type Editor } from "@tiptap/react";
import StarterKit from "@tiptap/starter-kit";
import { Bold, Image as Picture, Italic, Link2, List, ListOrdered, Underline, type LucideIcon } from "lucide-react";
import { useRef, type ReactNode } from "react";
import { useT, type MessageId } from "../../i18n/i18n.ts";
import { cleanOwnHtml } from "../../mail/signatures.ts";
import { IconButton } from "../../ui/Button.tsx";
import { ask } from "../../ui/questions.ts";
import { showToast } from "../../ui/toasts.ts";
import { pictureAddress } from "./pictures.ts";
import { variableMarks } from "./variable-marks.ts";

/* Each block takes its direction from its own first letter. */
const TextDirection = Extension.create({
  name: "textDirection",
  addGlobalAttributes: () => [{
    types: ["paragraph", "heading", "blockquote", "listItem"],
    attributes: { dir: { default: "auto", parseHTML: (node) => node.getAttribute("dir") ?? "auto", renderHTML: (attributes) => ({ dir: String(attributes["dir"]) }) } },
  }],
});

async function addPictures(editor: Editor, files: readonly File[]): Promise<void> {
  for (const file of files) {
    const src = await pictureAddress(file);
    if (src === null) showToast({ text: "writing.pictureTooLarge", values: { name: file.name }, tone: "problem" });
    else if (!editor.isDestroyed) editor.chain().focus().setImage({ src, alt: file.name }).run();
  }
}

function picturesOf(transfer: DataTransfer | null): File[] {
  return [...(transfer?.files ?? [])].filter((file) => file.type.startsWith("image/"));
}

export interface RichFieldProps {
  readonly label: string;
  /* What it begins with; later values come from the field itself. */
  readonly html: string;
  readonly onChange: (html: string) => void;
  readonly variables?: boolean;
  readonly tools?: (editor: Editor) => ReactNode;
}

function useRichEditor({ label, html, onChange, variables = false }: RichFieldProps): Editor | null {
  const self = useRef<Editor | null>(null);
  const take = (files: readonly File[]): boolean => {
    if (files.length === 0 || !self.current) return false;
    void addPictures(self.current, files);
    return true;
  };
  self.current = useEditor({
    extensions: [
      StarterKit.configure({ link: { openOnClick: false, protocols: ["http", "https", "mailto", "tel"], HTMLAttributes: { rel: null, target: null } }, heading: { levels: [2, 3] } }),
      TextDirection, Image.configure({ inline: true, allowBase64: true }), ...(variables ? [variableMarks(true)] : []),
    ],
    content: cleanOwnHtml(html) || "<p></p>",
    immediatelyRender: true,
    editorProps: {
      attributes: { class: "composer-editor rich-editor", role: "textbox", "aria-multiline": "true", "aria-label": label },
      handlePaste: (_, event) => !event.clipboardData?.types.includes("text/html") && take(picturesOf(event.clipboardData)),
      handleDrop: (_, event) => take(picturesOf(event.dataTransfer)),
      transformPastedHTML: cleanOwnHtml,
    },
    onUpdate: ({ editor }) => onChange(editor.isEmpty ? "" : editor.getHTML()),
  }, []);
  return self.current;
}

async function toggleLink(editor: Editor): Promise<void> {
  if (editor.isActive("link")) {
    editor.chain().focus().unsetLink().run();
    return;
  }
  const typed = (await ask({ title: "compose.link", field: "compose.linkPrompt", action: "compose.linkInsert" }))?.trim();
  if (!typed || editor.isDestroyed) return;
  const href = /^(?:https?:|mailto:|tel:)/i.test(typed) ? typed : typed.includes("@") ? `mailto:${typed}` : `https://${typed}`;
  if (editor.state.selection.empty) editor.chain().focus().insertContent({ type: "text", text: typed, marks: [{ type: "link", attrs: { href } }] }).run();
  else editor.chain().focus().extendMarkRange("link").setLink({ href }).run();
}

interface Tool {
  readonly name: string;
  readonly label: MessageId;
  readonly icon: LucideIcon;
  readonly run: (editor: Editor) => void;
}

const TOOLS: readonly Tool[] = [
  { name: "bold", label: "compose.bold", icon: Bold, run: (editor) => editor.chain().focus().toggleBold().run() },
  { name: "italic", label: "compose.italic", icon: Italic, run: (editor) => editor.chain().focus().toggleItalic().run() },
  { name: "underline", label: "writing.underline", icon: Underline, run: (editor) => editor.chain().focus().toggleUnderline().run() },
  { name: "bulletList", label: "compose.bullets", icon: List, run: (editor) => editor.chain().focus().toggleBulletList().run() },
  { name: "orderedList", label: "compose.numbers", icon: ListOrdered, run: (editor) => editor.chain().focus().toggleOrderedList().run() },
  { name: "link", label: "compose.link", icon: Link2, run: (editor) => void toggleLink(editor) },
];

function Tools({ editor, more }: { readonly editor: Editor; readonly more: ReactNode }) {
  const t = useT();
  const picker = useRef<HTMLInputElement>(null);
  const active = useEditorState({ editor, selector: ({ editor: now }) => TOOLS.filter((tool) => now.isActive(tool.name)).map((tool) => tool.name).join() });
  return (
    <div role="toolbar" aria-label={t("compose.format")} className="rich-tools">
      {TOOLS.map((tool) => (
        <IconButton key={tool.name} label={t(tool.label)} icon={tool.icon} aria-pressed={active.split(",").includes(tool.name)}
          onMouseDown={(event) => event.preventDefault()} onClick={() => tool.run(editor)} />
      ))}
      <IconButton label={t("writing.picture")} icon={Picture} onClick={() => picker.current?.click()} />
      <input ref={picker} type="file" accept="image/*" hidden onChange={(event) => { void addPictures(editor, [...(event.target.files ?? [])]); event.target.value = ""; }} />
      {more}
    </div>
  );
}

/* Formatted text in a form. */
export function RichField(props: RichFieldProps) {
  const editor = useRichEditor(props);
  return (
    <div className="rich-field">
      {editor && <Tools editor={editor} more={props.tools?.(editor)} />}
      <EditorContent editor={editor} />
    </div>
  );
}
