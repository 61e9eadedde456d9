import { Extension, Mark, mergeAttributes, Node, type Editor } from "@tiptap/core";
import type { Node as EditorNode } from "@tiptap/pm/model";
import { TextSelection } from "@tiptap/pm/state";
import { ahead } from "../../ui/ahead.ts";

const tableTools = () => import("./table-tools.ts");
ahead(tableTools);

const BLOCKS = ["paragraph", "heading", "blockquote", "listItem", "tableCell", "tableHeader"];

/* Each block takes its direction from its own first letter, so that Hebrew and English mix in one mail, unless the writer says. */
export const TextDirection = Extension.create({
  name: "textDirection",
  addGlobalAttributes: () => [{
    types: BLOCKS,
    attributes: {
      dir: {
        default: "auto",
        parseHTML: (node) => (["ltr", "rtl"].includes(node.getAttribute("dir") ?? "") ? node.getAttribute("dir") : "auto"),
        renderHTML: (attributes) => ({ dir: String(attributes["dir"]) }),
      },
    },
  }],
});

const ALIGNMENTS = ["start", "center", "end", "justify", "left", "right"];

/* Where a block's lines stand. start is what every block has, and is not written. */
export const TextAlignment = Extension.create({
  name: "textAlignment",
  addGlobalAttributes: () => [{
    types: ["paragraph", "heading"],
    attributes: {
      align: {
        default: null,
        parseHTML: (node) => (ALIGNMENTS.includes(node.style.textAlign) && node.style.textAlign !== "start" ? node.style.textAlign : null),
        renderHTML: (attributes) => (attributes["align"] ? { style: `text-align: ${String(attributes["align"])}` } : {}),
      },
    },
  }],
});

const COLOUR = /^(?:#[0-9a-f]{3,8}|rgba?\([\d\s.,%/]+\)|[a-z]{3,20})$/i;

function colourMark(name: string, property: "color" | "backgroundColor", css: string): Mark {
  return Mark.create({
    name,
    addAttributes: () => ({
      value: {
        default: null,
        parseHTML: (node: HTMLElement) => node.style[property] || null,
        renderHTML: (attributes) => (COLOUR.test(String(attributes["value"])) ? { style: `${css}: ${String(attributes["value"])}` } : {}),
      },
    }),
    parseHTML: () => [{ tag: "span", consuming: false, getAttrs: (node) => (COLOUR.test(node.style[property]) ? null : false) }],
    renderHTML: ({ HTMLAttributes }) => ["span", HTMLAttributes, 0],
  });
}

export const TextColour = colourMark("textColour", "color", "color");
export const Highlight = colourMark("highlight", "backgroundColor", "background-color");

const ROLES: Readonly<Record<string, string>> = { table: "table", tableRow: "row", tableCell: "cell", tableHeader: "header_cell" };
const CELL = { colspan: { default: 1, parseHTML: spanOf("colspan") }, rowspan: { default: 1, parseHTML: spanOf("rowspan") }, colwidth: { default: null, rendered: false } };
const CELL_STYLE = "border: 1px solid #b8bfc8; padding: 4px 8px; vertical-align: top";
const MOST_SPAN = 100;

function spanOf(name: string) {
  return (node: HTMLElement): number => Math.min(Math.max(Number(node.getAttribute(name)) || 1, 1), MOST_SPAN);
}

/* What edits tables comes with the first of them. */
function wantTables(editor: Editor, storage: { ready: boolean }): void {
  if (storage.ready) return;
  let found = false;
  editor.state.doc.forEach((node) => { found ||= node.type.name !== "paragraph" && holdsTable(node); });
  if (!found) return;
  storage.ready = true;
  void tableTools().then(({ editTables }) => { if (!editor.isDestroyed) editTables(editor); });
}

function holdsTable(node: EditorNode): boolean {
  let found = node.type.name === "table";
  node.descendants((inner) => { found ||= inner.type.name === "table"; return !found; });
  return found;
}

/* Tables with their lines written beside each cell, since mail programs know no style sheets. */
export const Table = Node.create({
  name: "table",
  group: "block",
  content: "tableRow+",
  isolating: true,
  parseHTML: () => [{ tag: "table" }],
  renderHTML: ({ HTMLAttributes }) => ["table", mergeAttributes(HTMLAttributes, { style: "border-collapse: collapse" }), ["tbody", 0]],
  extendNodeSchema: (extension) => (ROLES[extension.name] ? { tableRole: ROLES[extension.name] } : {}),
  addStorage: (): { ready: boolean } => ({ ready: false }),
  onUpdate() { wantTables(this.editor, this.storage); },
  onCreate() { wantTables(this.editor, this.storage); },
});

/* Into the next cell of the table, or the one before, with all that is in it selected. False where there is none. */
function toCell(editor: Editor, step: 1 | -1): boolean {
  const { doc, selection: { $from } } = editor.state;
  let depth = $from.depth;
  while (depth > 0 && !$from.node(depth).type.name.match(/^table(Cell|Header)$/)) depth--;
  if (depth === 0) return false;
  const cells: { readonly at: number; readonly size: number }[] = [];
  const start = $from.start(depth - 2);
  $from.node(depth - 2).forEach((row, atRow) => row.forEach((one, inRow) => cells.push({ at: start + atRow + 1 + inRow, size: one.nodeSize })));
  const next = cells[cells.findIndex(({ at }) => at === $from.before(depth)) + step];
  if (!next) return false;
  const all = TextSelection.between(doc.resolve(next.at + 1), doc.resolve(next.at + next.size - 1));
  editor.view.dispatch(editor.state.tr.setSelection(all).scrollIntoView());
  return true;
}

/* Tab goes from cell to cell, from the first moment of a table on, and also where it would do something else in a list. */
export const TableKeys = Extension.create({
  name: "tableKeys",
  priority: 200,
  addKeyboardShortcuts() {
    return { Tab: () => toCell(this.editor, 1), "Shift-Tab": () => toCell(this.editor, -1) };
  },
});

export const TableRow = Node.create({
  name: "tableRow",
  content: "(tableCell | tableHeader)*",
  parseHTML: () => [{ tag: "tr" }],
  renderHTML: () => ["tr", 0],
});

function cell(name: string, tag: string): Node {
  return Node.create({
    name,
    content: "block+",
    isolating: true,
    addAttributes: () => CELL,
    parseHTML: () => [{ tag }],
    renderHTML: ({ HTMLAttributes }) => [tag, mergeAttributes(HTMLAttributes, { style: CELL_STYLE }), 0],
  });
}

export const TableCell = cell("tableCell", "td");
export const TableHeader = cell("tableHeader", "th");
