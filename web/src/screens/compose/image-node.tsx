import type { Editor } from "@tiptap/core";
import Image from "@tiptap/extension-image";
import { NodeViewWrapper, ReactNodeViewRenderer, type NodeViewProps } from "@tiptap/react";
import { ImageOff } from "lucide-react";
import { useRef, type KeyboardEvent, type PointerEvent } from "react";
import { useT } from "../../i18n/i18n.ts";

const LEAST = 24;
const MOST = 2_000;
const STEP = 20;

/* Only what is ours is shown: a picture elsewhere would tell its owner that the mail was opened. */
function isOurs(source: string): boolean {
  try {
    const address = new URL(source, document.baseURI);
    return address.protocol === "blob:" || (address.protocol === "data:" && source.startsWith("data:image/")) || address.href.startsWith(new URL("jmap/download/", document.baseURI).href);
  } catch {
    return false;
  }
}

/* A change puts a new picture in the place of the old one, which would no longer be the one that is selected. */
export function changePicture(editor: Editor, at: number, attributes: Readonly<Record<string, unknown>>): void {
  editor.chain().setNodeSelection(at).updateAttributes("image", attributes).setNodeSelection(at).run();
}

function PictureView({ node, selected, editor, getPos }: NodeViewProps) {
  const t = useT();
  const picture = useRef<HTMLImageElement>(null);
  const source = String(node.attrs["src"] ?? "");
  const alt = String(node.attrs["alt"] ?? "");
  const width = typeof node.attrs["width"] === "number" ? node.attrs["width"] : null;
  const resize = (to: number): void => {
    const at = getPos();
    if (at !== undefined) changePicture(editor, at, { width: Math.round(Math.min(Math.max(to, LEAST), MOST)), height: null });
  };
  const onPointerDown = (event: PointerEvent<HTMLSpanElement>): void => {
    const from = picture.current?.getBoundingClientRect().width ?? 0;
    const startX = event.clientX;
    const mirrored = getComputedStyle(event.currentTarget).direction === "rtl" ? -1 : 1;
    const handle = event.currentTarget;
    event.preventDefault();
    handle.setPointerCapture(event.pointerId);
    const move = (moved: globalThis.PointerEvent): void => resize(from + (moved.clientX - startX) * mirrored);
    const end = (): void => {
      handle.removeEventListener("pointermove", move);
      handle.removeEventListener("pointerup", end);
    };
    handle.addEventListener("pointermove", move);
    handle.addEventListener("pointerup", end);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const now = picture.current?.getBoundingClientRect().width ?? 0;
    const grow = { ArrowRight: STEP, ArrowUp: STEP, ArrowLeft: -STEP, ArrowDown: -STEP, PageUp: STEP * 5, PageDown: -STEP * 5 }[event.key];
    if (grow === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    resize(now + grow);
  };
  if (!isOurs(source)) {
    return <NodeViewWrapper as="span" className="picture picture-elsewhere" data-selected={selected}><ImageOff size={16} aria-hidden />{alt || t("compose.pictureElsewhere")}</NodeViewWrapper>;
  }
  return (
    <NodeViewWrapper as="span" className="picture" data-selected={selected}>
      <img ref={picture} src={source} alt={alt} width={width ?? undefined} draggable={false} />
      <span className="picture-handle" role="slider" tabIndex={0} aria-label={t("compose.pictureSize")} aria-valuemin={LEAST} aria-valuemax={MOST} aria-valuenow={width ?? 0}
        onPointerDown={onPointerDown} onKeyDown={onKeyDown} />
    </NodeViewWrapper>
  );
}

function sizeOf(name: "width" | "height") {
  return {
    default: null,
    parseHTML: (node: HTMLElement): number | null => {
      const value = Number.parseInt(node.getAttribute(name) ?? node.style[name], 10);
      return Number.isFinite(value) && value > 0 && value <= MOST ? value : null;
    },
  };
}

/* A picture in the text: resized by its corner or the arrow keys, with a text for those who do not see it. */
export const Picture = Image.extend({
  addAttributes() {
    return { src: { default: null }, alt: { default: "" }, width: sizeOf("width"), height: sizeOf("height") };
  },
  addNodeView: () => ReactNodeViewRenderer(PictureView, { as: "span", stopEvent: ({ event }) => event.target instanceof Element && event.target.classList.contains("picture-handle") }),
}).configure({ inline: true, allowBase64: true });
