import { mergeAttributes, Node } from "@tiptap/core";
import { NodeViewWrapper, ReactNodeViewRenderer, type NodeViewProps } from "@tiptap/react";
import { X } from "lucide-react";
import { useT } from "../../i18n/i18n.ts";
import { IconButton } from "../../ui/Button.tsx";
import { MailFrame } from "../reader/MailFrame.tsx";

export const QUOTE_PLACEHOLDER = '<div data-postroom-quoted=""></div>';

function QuoteView({ node, deleteNode }: NodeViewProps) {
  const t = useT();
  return (
    <NodeViewWrapper className="quote-node" contentEditable={false}>
      <details>
        <summary>{t("compose.quoted")}</summary>
        <MailFrame html={String(node.attrs["shown"])} title={t("compose.quoted")} />
      </details>
      <IconButton label={t("compose.removeQuote")} icon={X} onClick={deleteNode} />
    </NodeViewWrapper>
  );
}

/*
 * The quoted mail: one node that cannot be edited. Its HTML never passes through the editor's schema; getHTML() gives a
 * placeholder, and what is sent are the bytes that came in.
 */
export const QuoteNode = Node.create({
  name: "quotedMail",
  group: "block",
  atom: true,
  selectable: true,
  draggable: false,
  addAttributes: () => ({ shown: { default: "", rendered: false } }),
  parseHTML: () => [{ tag: "div[data-postroom-quoted]" }],
  renderHTML: ({ HTMLAttributes }) => ["div", mergeAttributes(HTMLAttributes, { "data-postroom-quoted": "" })],
  renderText: () => "",
  addNodeView: () => ReactNodeViewRenderer(QuoteView, { stopEvent: () => true }),
});
