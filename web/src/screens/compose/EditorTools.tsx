import type { Editor } from "@tiptap/core";
import { useEditorState } from "@tiptap/react";
import {
  AlignCenter, AlignJustify, AlignLeft, AlignRight, Bold, Code, Heading, Highlighter, Italic, Link2, List, ListOrdered, Minus, Palette, PilcrowLeft, PilcrowRight, RemoveFormatting, Strikethrough,
  Table2, TextQuote, Underline, type LucideIcon,
} from "lucide-react";
import { useT, type MessageId } from "../../i18n/i18n.ts";
import { IconButton } from "../../ui/Button.tsx";
import { Menu, type MenuItem } from "../../ui/Menu.tsx";
import { ask } from "../../ui/questions.ts";
import { changePicture } from "./image-node.tsx";
import { focusText } from "./focus-text.ts";
import type { TableCommand } from "./table-tools.ts";

interface Tool {
  readonly name: string;
  readonly label: MessageId;
  readonly icon: LucideIcon;
  readonly key?: string;
  readonly run: (editor: Editor) => void;
}

const TOOLS: readonly Tool[] = [
  { name: "bold", label: "compose.bold", icon: Bold, key: "Ctrl+B", run: (editor) => editor.chain().focus().toggleBold().run() },
  { name: "italic", label: "compose.italic", icon: Italic, key: "Ctrl+I", run: (editor) => editor.chain().focus().toggleItalic().run() },
  { name: "underline", label: "compose.underline", icon: Underline, key: "Ctrl+U", run: (editor) => editor.chain().focus().toggleUnderline().run() },
  { name: "strike", label: "compose.strike", icon: Strikethrough, key: "Ctrl+Shift+S", run: (editor) => editor.chain().focus().toggleStrike().run() },
  { name: "bulletList", label: "compose.bullets", icon: List, key: "Ctrl+Shift+8", run: (editor) => editor.chain().focus().toggleBulletList().run() },
  { name: "orderedList", label: "compose.numbers", icon: ListOrdered, key: "Ctrl+Shift+7", run: (editor) => editor.chain().focus().toggleOrderedList().run() },
  { name: "blockquote", label: "compose.quote", icon: TextQuote, key: "Ctrl+Shift+B", run: (editor) => editor.chain().focus().toggleBlockquote().run() },
  { name: "codeBlock", label: "compose.code", icon: Code, key: "Ctrl+Alt+C", run: (editor) => editor.chain().focus().toggleCodeBlock().run() },
];

/* To be read on white; compose.css has what they look like in the dark, where they are written. */
const COLOURS: readonly (readonly [MessageId, string])[] = [
  ["compose.colourRed", "#c0392b"], ["compose.colourOrange", "#9a6108"], ["compose.colourGreen", "#1e8449"], ["compose.colourBlue", "#2471a3"], ["compose.colourPurple", "#7d3c98"], ["compose.colourGray", "#667071"],
];
const GROUNDS: readonly (readonly [MessageId, string])[] = [
  ["compose.colourYellow", "#fff3a3"], ["compose.colourGreen", "#d4f5d0"], ["compose.colourBlue", "#d6eaff"], ["compose.colourRed", "#ffd9d6"],
];

function setBlocks(editor: Editor, attributes: Readonly<Record<string, string | null>>): void {
  const chain = editor.chain().focus();
  for (const type of ["paragraph", "heading"]) chain.updateAttributes(type, attributes);
  chain.run();
}

function clearFormatting(editor: Editor): void {
  editor.chain().focus().unsetAllMarks().clearNodes().updateAttributes("paragraph", { align: null, dir: "auto" }).run();
}

function insertTable(editor: Editor, rows: number, columns: number): void {
  const cells = (type: string) => Array.from({ length: columns }, () => ({ type, content: [{ type: "paragraph" }] }));
  const content = Array.from({ length: rows }, (_, at) => ({ type: "tableRow", content: cells(at === 0 ? "tableHeader" : "tableCell") }));
  const { from } = editor.state.selection;
  editor.chain().focus().insertContent([{ type: "table", content }, { type: "paragraph" }]).setTextSelection(from + 3).run();
}

async function inTable(editor: Editor, command: TableCommand): Promise<void> {
  const { TABLE_COMMANDS } = await import("./table-tools.ts");
  TABLE_COMMANDS[command](editor.state, editor.view.dispatch);
  focusText(editor);
}

/* What is pressed leaves the focus in the text, and a telephone its keyboard. */
const keep = (event: { preventDefault: () => void }): void => event.preventDefault();

interface PickerProps {
  readonly named: MessageId;
  readonly icon: LucideIcon;
  readonly items: readonly MenuItem[];
}

function Picker({ named, icon, items }: PickerProps) {
  const t = useT();
  return <Menu label={t(named)} placement="above-start" items={items} trigger={({ expanded, toggle, controls }) => (
    <IconButton label={t(named)} icon={icon} aria-haspopup="menu" aria-expanded={expanded} aria-controls={controls} onMouseDown={keep} onClick={toggle} />
  )} />;
}

interface ToolsProps {
  readonly editor: Editor;
  readonly onLink: () => void;
}

async function describePicture(editor: Editor): Promise<void> {
  const { from } = editor.state.selection;
  const alt = await ask({ title: "compose.pictureText", field: "compose.pictureTextField", action: "compose.apply" });
  if (alt === null || editor.isDestroyed) return;
  changePicture(editor, from, { alt: alt.trim() });
  focusText(editor);
}

function PictureTools({ editor }: { readonly editor: Editor }) {
  const t = useT();
  const width = (part: number | null) => (): void => {
    const room = editor.view.dom.clientWidth;
    changePicture(editor, editor.state.selection.from, { width: part === null ? null : Math.round(room * part), height: null });
    focusText(editor);
  };
  return (
    <span role="group" aria-label={t("compose.picture")} className="picture-tools" onMouseDown={keep}>
      <button type="button" className="link-button" onClick={() => void describePicture(editor)}>{t("compose.pictureText")}</button>
      <button type="button" className="link-button" onClick={width(0.33)}>{t("compose.pictureSmall")}</button>
      <button type="button" className="link-button" onClick={width(0.66)}>{t("compose.pictureMedium")}</button>
      <button type="button" className="link-button" onClick={width(null)}>{t("compose.pictureOriginal")}</button>
    </span>
  );
}

function useMenus(editor: Editor, table: boolean) {
  const t = useT();
  const back = (run: () => void) => (): void => { run(); focusText(editor); };
  const entry = (key: string, label: MessageId, run: () => void, more: Partial<MenuItem> = {}): MenuItem => ({ key, label: t(label), onSelect: back(run), ...more });
  const heading = (level: 1 | 2 | 3) => () => editor.chain().focus().toggleHeading({ level }).run();
  return {
    headings: [
      entry("p", "compose.paragraph", () => editor.chain().focus().setParagraph().run()),
      entry("h1", "compose.heading1", heading(1)), entry("h2", "compose.heading2", heading(2)), entry("h3", "compose.heading3", heading(3)),
      entry("hr", "compose.rule", () => editor.chain().focus().setHorizontalRule().run(), { icon: Minus, separated: true }),
    ],
    colours: [
      entry("none", "compose.colourNone", () => editor.chain().focus().unsetMark("textColour").run()),
      ...COLOURS.map(([label, value]) => entry(value, label, () => editor.chain().focus().setMark("textColour", { value }).run())),
    ],
    grounds: [
      entry("none", "compose.colourNone", () => editor.chain().focus().unsetMark("highlight").run()),
      ...GROUNDS.map(([label, value]) => entry(value, label, () => editor.chain().focus().setMark("highlight", { value }).run())),
    ],
    alignments: [
      entry("start", "compose.alignStart", () => setBlocks(editor, { align: null }), { icon: document.documentElement.dir === "rtl" ? AlignRight : AlignLeft }),
      entry("center", "compose.alignCenter", () => setBlocks(editor, { align: "center" }), { icon: AlignCenter }),
      entry("end", "compose.alignEnd", () => setBlocks(editor, { align: "end" }), { icon: document.documentElement.dir === "rtl" ? AlignLeft : AlignRight }),
      entry("justify", "compose.alignJustify", () => setBlocks(editor, { align: "justify" }), { icon: AlignJustify }),
      entry("ltr", "compose.leftToRight", () => setBlocks(editor, { dir: "ltr" }), { icon: PilcrowRight, separated: true }),
      entry("rtl", "compose.rightToLeft", () => setBlocks(editor, { dir: "rtl" }), { icon: PilcrowLeft }),
      entry("auto", "compose.autoDirection", () => setBlocks(editor, { dir: "auto" })),
    ],
    tables: table ? [
      entry("row", "compose.tableRow", () => void inTable(editor, "addRow")), entry("column", "compose.tableColumn", () => void inTable(editor, "addColumn")),
      entry("noRow", "compose.tableNoRow", () => void inTable(editor, "deleteRow"), { separated: true }), entry("noColumn", "compose.tableNoColumn", () => void inTable(editor, "deleteColumn")),
      entry("none", "compose.tableRemove", () => void inTable(editor, "deleteTable"), { danger: true, separated: true }),
    ] : [[2, 2], [3, 3], [4, 4], [3, 5]].map(([columns = 2, rows = 2]) => ({ key: `${columns}x${rows}`, label: t("compose.tableSize", { columns, rows }), onSelect: back(() => insertTable(editor, rows, columns)) })),
  };
}

/* The row of formatting: all by keyboard, in one group. */
export function FormatTools({ editor, onLink }: ToolsProps) {
  const t = useT();
  const state = useEditorState({ editor, selector: ({ editor: now }) => ({
    active: TOOLS.filter((tool) => now.isActive(tool.name)).map((tool) => tool.name).join(), link: now.isActive("link"), table: now.isActive("table"), picture: now.isActive("image"),
  }) });
  const menus = useMenus(editor, state.table);
  return (
    <div className="format-row">
      {state.picture && <PictureTools editor={editor} />}
      <span role="group" aria-label={t("compose.format")} className="format-tools">
        {TOOLS.map((tool) => (
          <IconButton key={tool.name} label={t(tool.label)} icon={tool.icon} shortcut={tool.key ?? ""} aria-pressed={state.active.split(",").includes(tool.name)} onMouseDown={keep} onClick={() => tool.run(editor)} />
        ))}
        <Picker named="compose.heading" icon={Heading} items={menus.headings} />
        <Picker named="compose.colour" icon={Palette} items={menus.colours} />
        <Picker named="compose.highlight" icon={Highlighter} items={menus.grounds} />
        <Picker named="compose.align" icon={AlignLeft} items={menus.alignments} />
        <IconButton label={t("compose.link")} icon={Link2} shortcut="Ctrl+K" aria-pressed={state.link} onMouseDown={keep} onClick={onLink} />
        <Picker named="compose.table" icon={Table2} items={menus.tables} />
        <IconButton label={t("compose.clear")} icon={RemoveFormatting} onMouseDown={keep} onClick={() => clearFormatting(editor)} />
      </span>
    </div>
  );
}
