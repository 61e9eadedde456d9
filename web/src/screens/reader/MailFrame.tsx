import { useEffect, useMemo, useRef } from "react";
import { useDark } from "../../app/theme.ts";
import { useLocale, useT } from "../../i18n/i18n.ts";
import { displayImages, sanitiseMailHtml } from "../../mail/sanitise.ts";
import { frameDocument, setsColours } from "./frame-document.ts";

const SANDBOX = "allow-same-origin allow-popups allow-popups-to-escape-sandbox";
const TALLEST = 200_000;

/* Sets the frame's height to its content's, now and whenever an image or a fold changes it. */
function followHeight(frame: HTMLIFrameElement): () => void {
  const inner = frame.contentDocument;
  const content = inner?.querySelector<HTMLElement>(".postroom-mail");
  if (!inner || !content) return () => undefined;
  const measure = (): void => {
    const height = Math.min(TALLEST, Math.ceil(content.getBoundingClientRect().height));
    frame.style.blockSize = `${height}px`;
  };
  const observer = new ResizeObserver(measure);
  observer.observe(content);
  for (const image of inner.images) image.addEventListener("load", measure);
  /* Keys pressed inside the frame belong to the page; Tab and typing do not reach it otherwise. */
  const forward = (event: KeyboardEvent): void => {
    if (event.key === "Tab" || event.key === " " || event.key === "Enter") return;
    const copy = new KeyboardEvent("keydown", { key: event.key, code: event.code, shiftKey: event.shiftKey, ctrlKey: event.ctrlKey, metaKey: event.metaKey, altKey: event.altKey, bubbles: true, cancelable: true });
    frame.ownerDocument.body.dispatchEvent(copy);
  };
  inner.addEventListener("keydown", forward);
  measure();
  return () => observer.disconnect();
}

interface Props {
  readonly html: string;
  readonly title: string;
}

/* HTML mail: sanitised once more, in a sandboxed frame without scripts. */
export function MailFrame({ html, title }: Props) {
  const t = useT();
  const locale = useLocale();
  const frame = useRef<HTMLIFrameElement>(null);
  const pageDark = useDark();
  const dark = useMemo(() => pageDark && !setsColours(html), [pageDark, html]);
  const source = useMemo(() => {
    const base = document.baseURI;
    const clean = sanitiseMailHtml(html, displayImages(base));
    return frameDocument({ html: clean, base, dark, locale, quoteLabel: t("reader.showQuote") });
  }, [html, dark, locale, t]);
  useEffect(() => {
    const element = frame.current;
    if (!element) return;
    let stop = (): void => undefined;
    const loaded = (): void => {
      stop();
      stop = followHeight(element);
    };
    element.addEventListener("load", loaded);
    loaded();
    return () => {
      element.removeEventListener("load", loaded);
      stop();
    };
  }, [source]);
  return (
    <div className={dark || !pageDark ? "mail-frame" : "mail-frame mail-paper"}>
      <iframe ref={frame} title={title} sandbox={SANDBOX} srcDoc={source} referrerPolicy="no-referrer" />
    </div>
  );
}
