import DOMPurify from "dompurify";

/* The tags that carry script, forms, frames or documents of their own; everything else is DOMPurify's list. */
const FORBIDDEN_TAGS = ["form", "input", "button", "textarea", "select", "option", "iframe", "frame", "object", "embed", "base", "meta", "link", "svg", "math", "dialog", "video", "audio", "portal", "title", "template", "source", "track"];
const FORBIDDEN_ATTRIBUTES = ["srcset", "background", "ping", "formaction", "autofocus", "contenteditable", "popover", "popovertarget", "tabindex", "accesskey", "http-equiv", "usemap", "is", "slot"];
const LINK = /^(?:https?|mailto|tel):/i;

export interface ImagePolicy {
  /* Whether an image address may stay. */
  readonly allows: (address: string) => boolean;
}

/* The server's signed image path, and nothing else of our origin (SECURITY.md 7). */
export function displayImages(base: string): ImagePolicy {
  const prefix = new URL("mail-image/", base).href;
  return {
    allows: (address) => {
      if (/^(?:data:image\/(?:png|jpe?g|gif|webp|bmp|avif);|blob:)/i.test(address)) return true;
      try {
        return new URL(address, base).href.startsWith(prefix);
      } catch {
        return false;
      }
    },
  };
}

/* What goes out in an answer: pictures of the mail itself, and remote ones by their own address. */
export const outgoingImages: ImagePolicy = { allows: (address) => /^(?:cid:|https:|data:image\/)/i.test(address) };

const CSS_TRAPS = /url\s*\(|image-set\s*\(|@import|expression\s*\(|-moz-binding|behavior\s*:|\\/i;

/* Styles that fetch nothing. A backslash could spell any of the forbidden words, so it goes too. */
export function harmlessCss(css: string): boolean {
  return !CSS_TRAPS.test(css);
}

function cleanStyleAttribute(node: Element): void {
  const style = node.getAttribute("style");
  if (style === null || harmlessCss(style)) return;
  const kept = style.split(";").filter(harmlessCss).join(";");
  if (kept.trim()) node.setAttribute("style", kept);
  else node.removeAttribute("style");
}

function cleanStyleElement(node: Element): void {
  if (node.textContent && !harmlessCss(node.textContent)) {
    node.textContent = node.textContent
      .replace(/@import[^;]*;?/gi, "")
      .replace(/[^{}]*\{[^{}]*\}/g, (rule) => (harmlessCss(rule) ? rule : ""));
    if (!harmlessCss(node.textContent)) node.textContent = "";
  }
}

function cleanLink(node: Element): void {
  const href = node.getAttribute("href");
  if (href === null) return;
  if (href.startsWith("#")) node.removeAttribute("href");
  else if (!LINK.test(href.trim())) node.removeAttribute("href");
  else {
    node.setAttribute("target", "_blank");
    node.setAttribute("rel", "noopener noreferrer nofollow");
    /* What the mail calls it could be a lie. */
    node.setAttribute("title", href.trim());
  }
}

function cleanImage(node: Element, images: ImagePolicy): void {
  const source = node.getAttribute("src");
  if (source !== null && !images.allows(source.trim())) node.removeAttribute("src");
  if (!node.hasAttribute("alt")) node.setAttribute("alt", "");
  node.removeAttribute("loading");
}

/*
 * The last cleaning before mail is shown or enters the editor. The server has cleaned it before; either alone must hold.
 * Returns the inside of a body, with styles kept in place.
 */
export function sanitiseMailHtml(html: string, images: ImagePolicy): string {
  const purifier = DOMPurify(window);
  purifier.addHook("uponSanitizeElement", (node) => {
    if (node instanceof window.Element && node.tagName === "STYLE") cleanStyleElement(node);
  });
  purifier.addHook("afterSanitizeAttributes", (node) => {
    cleanStyleAttribute(node);
    /* Addresses belong to links and pictures; on anything else they can only be a trick. */
    if (node.tagName === "A" || node.tagName === "AREA") cleanLink(node);
    else node.removeAttribute("href");
    if (node.tagName === "IMG") cleanImage(node, images);
    else node.removeAttribute("src");
  });
  const clean = purifier.sanitize(html, {
    FORBID_TAGS: FORBIDDEN_TAGS,
    FORBID_ATTR: FORBIDDEN_ATTRIBUTES,
    ADD_TAGS: ["style", "center"],
    FORCE_BODY: true,
    ALLOW_DATA_ATTR: false,
    ALLOW_ARIA_ATTR: false,
    ALLOWED_URI_REGEXP: /^(?:https?:|mailto:|tel:|cid:|data:image\/|blob:|[^a-z]|[a-z+.-]+(?:[^a-z+.:-]|$))/i,
    SANITIZE_NAMED_PROPS: true,
  });
  purifier.removeAllHooks();
  return clean;
}
