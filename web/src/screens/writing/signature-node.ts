import { mergeAttributes, Node } from "@tiptap/core";
import type { Node as ProseNode } from "@tiptap/pm/model";
import { DOMSerializer } from "@tiptap/pm/model";
import type { Editor } from "@tiptap/core";
import { cleanOwnHtml, signatureHash, type ChosenSignature } from "../../mail/signatures.ts";

/*
 * The signature in a letter: a block of its own, so that a template goes before it and another one can take its place.
 * Its class survives in the draft, and says which one it is and what it was when it was put in.
 */
const CLASS = "postroom-signature";
const MARK = /(?:^|\s)postroom-signature-([a-z0-9]+)-([a-z0-9]+)(?:\s|$)/i;

export const SignatureNode = Node.create({
  name: "signature",
  group: "block",
  content: "block+",
  isolating: true,
  selectable: false,
  addAttributes: () => ({
    signature: { default: "own", rendered: false, parseHTML: (node) => MARK.exec(node.className)?.[1] ?? "own" },
    hash: { default: "", rendered: false, parseHTML: (node) => MARK.exec(node.className)?.[2] ?? "" },
  }),
  /* The person's own words are without it: they are what is looked at before sending or discarding. */
  renderText: () => "",
  parseHTML: () => [{ tag: `div.${CLASS}` }],
  renderHTML: ({ node, HTMLAttributes }) => ["div", mergeAttributes(HTMLAttributes, {
    class: node.attrs["hash"] ? `${CLASS} ${CLASS}-${String(node.attrs["signature"])}-${String(node.attrs["hash"])}` : CLASS,
  }), 0],
});

export interface Found {
  readonly node: ProseNode;
  readonly at: number;
}

export function findSignature(editor: Editor): Found | null {
  let found: Found | null = null;
  editor.state.doc.forEach((node, at) => { if (node.type.name === "signature") found ??= { node, at }; });
  return found;
}

function inside(editor: Editor, node: ProseNode): string {
  const box = document.createElement("div");
  box.append(DOMSerializer.fromSchema(editor.schema).serializeFragment(node.content));
  return signatureHash(box.innerHTML);
}

/* It is as it was put in. */
export function isUnchanged(editor: Editor, { node }: Found): boolean {
  return node.attrs["hash"] === inside(editor, node);
}

export function removeSignature(editor: Editor, { node, at }: Found): void {
  editor.view.dispatch(editor.state.tr.delete(at, at + node.nodeSize));
}

/* Before a quoted mail, else at the end. */
function placeFor(editor: Editor): number {
  let place = editor.state.doc.content.size;
  editor.state.doc.forEach((node, at) => { if (node.type.name === "quotedMail") place = Math.min(place, at); });
  return place;
}

/*
 * html: with addresses that the editor can show. Takes the place of the one that is there. The caret stays where it is.
 * quietly: it is no change of the person's, which would be saved, or undone.
 */
export function putSignature(editor: Editor, signature: ChosenSignature, html: string, quietly: boolean): void {
  const begin = () => editor.chain().setMeta("preventUpdate", quietly).setMeta("addToHistory", !quietly);
  const before = findSignature(editor);
  const place = before?.at ?? placeFor(editor);
  if (before) begin().deleteRange({ from: before.at, to: before.at + before.node.nodeSize }).run();
  begin().insertContentAt(place, `<div class="${CLASS}">${html}</div>`, { updateSelection: false }).run();
  const now = findSignature(editor);
  if (!now) return;
  const attributes = { signature: signature.id ?? "own", hash: inside(editor, now.node) };
  begin().command(({ tr }) => { tr.setNodeMarkup(now.at, undefined, attributes); return true; }).run();
  /* There is always a line to write on above it. */
  if (now.at === 0) begin().insertContentAt(0, { type: "paragraph" }, { updateSelection: false }).run();
}

/* What is put in: cleaned; a text alone as lines. */
export function signatureHtml(signature: ChosenSignature): string {
  if (signature.html) return cleanOwnHtml(signature.html);
  const box = document.createElement("p");
  signature.text.split("\n").forEach((line, index) => box.append(...(index > 0 ? [document.createElement("br")] : []), line));
  return box.outerHTML;
}

/* Where a template goes: at the caret, but neither into a signature nor behind the quoted mail. */
export function templatePlace(editor: Editor): number {
  const { from } = editor.state.selection;
  const signature = findSignature(editor);
  const end = signature?.at ?? placeFor(editor);
  return from >= end ? end : from;
}
