import { sanitiseMailHtml, type ImagePolicy } from "../../mail/sanitise.ts";

/* Formatting that is kept of what comes from elsewhere: what the editor's own buttons make. */
const KEPT_STYLES = new Set(["color", "background-color", "font-weight", "font-style", "text-decoration", "text-decoration-line", "text-align", "direction"]);
/* The colours of every text are none that somebody chose. */
const PLAIN_COLOURS = /^(?:black|windowtext|inherit|initial|currentcolor|transparent|white|#0{3,8}|#fff(?:fff)?|rgb\(0, 0, 0\)|rgb\(255, 255, 255\)|rgba\(0, 0, 0, 0\))$/i;

/* A picture copied here stands for a part of this mail. */
function isOwnPart(address: string): boolean {
  return address.startsWith(new URL("jmap/download/", document.baseURI).href) && address.includes("#cid=");
}

const pictures: ImagePolicy = { allows: (address) => /^data:image\/(?:png|jpe?g|gif|webp|bmp|avif);base64,/i.test(address) || isOwnPart(address) };

function keepStyles(node: HTMLElement): void {
  const kept: string[] = [];
  for (const name of [...node.style]) {
    const value = node.style.getPropertyValue(name);
    if (KEPT_STYLES.has(name) && !(name.includes("color") && PLAIN_COLOURS.test(value)) && value !== "normal" && value !== "400") kept.push(`${name}: ${value}`);
  }
  if (kept.length > 0) node.setAttribute("style", kept.join("; "));
  else node.removeAttribute("style");
}

function replaceTag(node: Element, name: string): void {
  const other = node.ownerDocument.createElement(name);
  other.append(...node.childNodes);
  node.replaceWith(other);
}

/* Word writes the items of a list as paragraphs, with the bullet as text in a part that other programs are to leave out. */
function wordLists(body: HTMLElement): void {
  for (const paragraph of body.querySelectorAll<HTMLElement>("p")) {
    const style = paragraph.getAttribute("style") ?? "";
    const level = /mso-list:\s*\S+\s+level(\d)/i.exec(style);
    if (!level && !/^MsoListParagraph/i.test(paragraph.className)) continue;
    const mark = [...paragraph.querySelectorAll("span")].find((span) => /mso-list:\s*ignore/i.test(span.getAttribute("style") ?? ""));
    const name = mark && /^\s*(?:\d+|[a-z]|[ivx]+)[.)]/i.test(mark.textContent ?? "") ? "ol" : "ul";
    mark?.remove();
    const item = paragraph.ownerDocument.createElement("li");
    item.append(...paragraph.childNodes);
    const before = paragraph.previousElementSibling;
    if (before?.tagName.toLowerCase() === name && before.hasAttribute("data-word")) {
      before.append(item);
      paragraph.remove();
      continue;
    }
    const list = paragraph.ownerDocument.createElement(name);
    list.setAttribute("data-word", "");
    list.append(item);
    paragraph.replaceWith(list);
  }
}

/* Google's documents stand in one bold element that is not bold; bold and slanted text is spans with styles. */
function documentSpans(body: HTMLElement): void {
  for (const bold of body.querySelectorAll<HTMLElement>("b[id^='docs-internal-guid'], b[style*='font-weight:normal'], b[style*='font-weight: normal']")) bold.replaceWith(...bold.childNodes);
  for (const span of body.querySelectorAll<HTMLElement>("span[style]")) {
    const { fontWeight, fontStyle, textDecorationLine } = span.style;
    const wrap = (tag: string): void => {
      const outer = span.ownerDocument.createElement(tag);
      outer.append(...span.childNodes);
      span.append(outer);
    };
    if (fontWeight === "bold" || Number(fontWeight) >= 600) wrap("strong");
    if (fontStyle === "italic") wrap("em");
    if (textDecorationLine.includes("underline") && !span.closest("a")) wrap("u");
    if (textDecorationLine.includes("line-through")) wrap("s");
  }
}

export interface PastedHtml {
  readonly html: string;
  /* Pictures that came within the text. */
  readonly pictures: readonly File[];
}

function takePictures(body: HTMLElement): File[] {
  const files: File[] = [];
  for (const picture of body.querySelectorAll("img")) {
    if (isOwnPart(picture.getAttribute("src") ?? "")) continue;
    const match = /^data:(image\/[a-z]+);base64,([a-z0-9+/=\s]+)$/i.exec(picture.getAttribute("src") ?? "");
    picture.remove();
    if (!match) continue;
    try {
      const bytes = Uint8Array.from(atob(match[2]!.replace(/\s/g, "")), (letter) => letter.charCodeAt(0));
      files.push(new File([bytes], `picture-${files.length + 1}.${match[1]!.slice(6)}`, { type: match[1]! }));
    } catch { /* no picture */ }
  }
  return files;
}

/*
 * HTML of the clipboard or of a drop as text with our own formatting, without what Word, Outlook and Google's documents write
 * around it, and without anything that could run or load: the sanitiser has the last word.
 */
export function cleanPasted(html: string): PastedHtml {
  const start = html.replace(/<!--\[if[\s\S]*?<!\[endif\]-->/gi, "").replace(/<!\[(?:if[^\]]*|endif)\]>/gi, "").replace(/<\/?(?:o|w|m|v|st1):[^>]*>/gi, "");
  const { body } = new DOMParser().parseFromString(start, "text/html");
  for (const node of body.querySelectorAll("style, script, meta, link, title, xml, template, iframe, object, embed")) node.remove();
  wordLists(body);
  documentSpans(body);
  for (const node of body.querySelectorAll("font")) replaceTag(node, "span");
  for (const node of body.querySelectorAll<HTMLElement>("[style]")) keepStyles(node);
  for (const node of body.querySelectorAll("*")) for (const name of ["class", "id", "lang", "face", "size", "width", "height", "bgcolor"]) if (node.tagName !== "IMG") node.removeAttribute(name);
  const clean = new DOMParser().parseFromString(sanitiseMailHtml(body.innerHTML, pictures), "text/html");
  const files = takePictures(clean.body);
  return { html: sanitiseMailHtml(clean.body.innerHTML, { allows: isOwnPart }), pictures: files };
}
