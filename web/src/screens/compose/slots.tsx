import type { Editor } from "@tiptap/core";
import type { Letter } from "./composer-store.ts";
import type { Fields } from "./letter-state.ts";
import type { Sender } from "./senders.ts";

/* What stands beside the composer's own tools may use: templates, signatures. */
export interface SlotProps {
  readonly letter: Letter;
  readonly fields: Fields;
  readonly sender: Sender | null;
  /* null while the letter is written in plain text: then change({ text }) is how to write into it. */
  readonly editor: Editor | null;
  readonly change: (update: Partial<Fields>) => void;
}

/* In the row of tools, between the files and the menu. */
export function ToolbarSlot(_: SlotProps) {
  return null;
}

/* Puts a signature (sanitised HTML) before the quotation, in place of the one that is there; null takes it away. */
export function setSignature(editor: Editor, html: string | null): void {
  const places: { from: number; to: number }[] = [];
  let quoteAt: number | null = null;
  editor.state.doc.forEach((node, offset) => {
    if (node.type.name === "signature") places.push({ from: offset, to: offset + node.nodeSize });
    if (node.type.name === "quotedMail") quoteAt ??= offset;
  });
  const chain = editor.chain();
  const [old] = places;
  for (const place of places.toReversed()) chain.deleteRange(place);
  if (html !== null) chain.insertContentAt(old?.from ?? quoteAt ?? editor.state.doc.content.size, `<div class="postroom-signature">${html}</div>`, { updateSelection: false });
  chain.run();
}
