import { useEffect, useMemo, useRef, useState } from "react";
import { useDark } from "../../app/theme.ts";
import { useLocale, useT } from "../../i18n/i18n.ts";
import { linkFacts, mailtoLetter, type LinkFacts, type MailtoLetter } from "../../mail/links.ts";
import { displayImages, sanitiseMailHtml } from "../../mail/sanitise.ts";
import { adaptColours } from "./dark.ts";
import { frameDocument, setsColours } from "./frame-document.ts";
import { LinkTarget } from "./LinkTarget.tsx";
import { LinkWarning } from "./LinkWarning.tsx";

const SANDBOX = "allow-same-origin allow-popups allow-popups-to-escape-sandbox";
const TALLEST = 200_000;
/* About what paper is wide, in pixels: the browser lays a page out anew to print it, when nothing can be measured any more. */
const PAPER_WIDTH = 660;

/* Sets the frame's height to its content's, now, whenever an image or a fold changes it, and for paper; dress: before it goes there and when it is back. */
function followHeight(frame: HTMLIFrameElement, inner: Document, content: HTMLElement, dress: (paper: boolean) => void): () => void {
  const measure = (): void => {
    const height = Math.min(TALLEST, Math.ceil(content.getBoundingClientRect().height));
    if (height > 0) frame.style.blockSize = `${height}px`;
  };
  const observer = new ResizeObserver(measure);
  observer.observe(content);
  for (const image of inner.images) {
    image.addEventListener("load", measure);
    image.addEventListener("error", measure);
  }
  measure();
  const layOut = (paper: boolean) => (): void => {
    dress(paper);
    frame.style.inlineSize = paper ? `${PAPER_WIDTH}px` : "";
    measure();
  };
  const [onPaper, onScreen] = [layOut(true), layOut(false)];
  addEventListener("beforeprint", onPaper);
  addEventListener("afterprint", onScreen);
  return () => {
    observer.disconnect();
    removeEventListener("beforeprint", onPaper);
    removeEventListener("afterprint", onScreen);
  };
}

/* Keys pressed inside the frame belong to the page; Tab and typing do not reach it otherwise. */
function forwardKeys(frame: HTMLIFrameElement, inner: Document): void {
  inner.addEventListener("keydown", (event) => {
    if (event.key === "Tab" || event.key === " " || event.key === "Enter") return;
    const copy = new KeyboardEvent("keydown", { key: event.key, code: event.code, shiftKey: event.shiftKey, ctrlKey: event.ctrlKey, metaKey: event.metaKey, altKey: event.altKey, bubbles: true, cancelable: true });
    frame.ownerDocument.body.dispatchEvent(copy);
  });
}

interface LinkWatch {
  readonly onPoint: (facts: LinkFacts | null) => void;
  readonly onDeceptive: (facts: LinkFacts) => void;
  readonly onWrite: ((letter: MailtoLetter) => void) | undefined;
}

function factsAt(event: Event): LinkFacts | null {
  const node = event.target as Partial<Element> | null;
  const link = typeof node?.closest === "function" ? node.closest("a[href]") : null;
  return link ? linkFacts(link.textContent ?? "", link.getAttribute("href") ?? "") : null;
}

/* Where a link goes is told while it is pointed at or focused; one whose text names another host is held. */
function watchLinks(inner: Document, watch: LinkWatch): void {
  for (const kind of ["mouseover", "focusin"]) inner.addEventListener(kind, (event) => watch.onPoint(factsAt(event)));
  for (const kind of ["mouseleave", "focusout"]) inner.addEventListener(kind, () => watch.onPoint(null));
  for (const kind of ["click", "auxclick"])
    inner.addEventListener(kind, (event) => {
      const facts = factsAt(event);
      const letter = facts && watch.onWrite ? mailtoLetter(facts.href) : null;
      if (!facts?.named && !letter) return;
      event.preventDefault();
      if (letter) watch.onWrite?.(letter);
      else if (facts) watch.onDeceptive(facts);
    }, true);
}

interface Props {
  readonly html: string;
  readonly title: string;
  /* On a dark page: the mail on white paper, as its sender meant it. */
  readonly original?: boolean;
  /* A link to an address begins a letter. */
  readonly onWrite?: (letter: MailtoLetter) => void;
}

/* HTML mail: sanitised once more, in a sandboxed frame without scripts. */
export function MailFrame({ html, title, original = false, onWrite }: Props) {
  const t = useT();
  const locale = useLocale();
  const frame = useRef<HTMLIFrameElement>(null);
  const ownColours = useRef<() => void>(undefined);
  const dark = useDark() && !original;
  const [pointed, setPointed] = useState<LinkFacts | null>(null);
  const [deceptive, setDeceptive] = useState<LinkFacts | null>(null);
  const adapts = useMemo(() => dark && setsColours(html), [dark, html]);
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
      const inner = element.contentDocument;
      const content = inner?.querySelector<HTMLElement>(".postroom-mail");
      if (!inner || !content) return;
      stop();
      if (adapts && !inner.documentElement.dataset["adapted"]) {
        inner.documentElement.dataset["adapted"] = "yes";
        ownColours.current = adaptColours(content);
      }
      stop = followHeight(element, inner, content, (paper) => {
        if (paper) ownColours.current?.();
        else if (adapts) ownColours.current = adaptColours(content);
      });
      if (inner.documentElement.dataset["watched"]) return;
      inner.documentElement.dataset["watched"] = "yes";
      forwardKeys(element, inner);
      watchLinks(inner, { onPoint: setPointed, onDeceptive: setDeceptive, onWrite });
    };
    element.addEventListener("load", loaded);
    loaded();
    return () => {
      element.removeEventListener("load", loaded);
      stop();
    };
  }, [source, adapts, onWrite]);
  return (
    <div className={original ? "mail-frame mail-paper" : "mail-frame"}>
      <iframe ref={frame} title={title} sandbox={SANDBOX} srcDoc={source} referrerPolicy="no-referrer" />
      <LinkTarget facts={pointed} />
      {deceptive && <LinkWarning facts={deceptive} onClose={() => setDeceptive(null)} />}
    </div>
  );
}
