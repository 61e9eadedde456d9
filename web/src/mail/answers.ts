import type { Address, EmailDetail } from "../jmap/types.ts";
import { directionOf } from "./direction.ts";

export type AnswerKind = "reply" | "replyAll" | "forward";

/* Prefixes that mail programs put before an answer's subject, in the languages we meet. */
const REPLY_PREFIX = /^\s*(?:re|aw|antw|sv|vs|ynt|yan|rif|odp|відп|на|תגובה|השב|回复|答复)\s*(?:\[\d+\])?\s*[:：]\s*/iu;
const FORWARD_PREFIX = /^\s*(?:fwd?|wg|wtr|vb|ilt|пересл|הועבר|转发)\s*[:：]\s*/iu;

/* Always "Re" and "Fwd": what every program and RFC 5256 know, whatever the language of the page. */
export function answerSubject(kind: AnswerKind, subject: string | null): string {
  const base = (subject ?? "").trim();
  if (kind === "forward") return FORWARD_PREFIX.test(base) ? base : `Fwd: ${base}`.trim();
  return REPLY_PREFIX.test(base) ? base : `Re: ${base}`.trim();
}

/* RFC 5322, 3.6.4: the parent's references, or its only in-reply-to, and then the parent itself. */
export function answerReferences(original: Pick<EmailDetail, "messageId" | "references" | "inReplyTo">): {
  inReplyTo: string[] | null; references: string[] | null;
} {
  const parent = original.messageId ?? [];
  if (parent.length === 0) return { inReplyTo: null, references: null };
  const before = original.references?.length ? original.references : original.inReplyTo?.length === 1 ? original.inReplyTo : [];
  return { inReplyTo: [...parent], references: [...new Set([...before, ...parent])] };
}

function same(a: Address, b: string): boolean {
  return a.email.toLowerCase() === b.toLowerCase();
}

function unique(addresses: readonly Address[], except: readonly string[]): Address[] {
  const seen = new Set(except.map((email) => email.toLowerCase()));
  return addresses.filter((address) => {
    const key = address.email.toLowerCase();
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

/* Whom an answer goes to: never oneself, unless one wrote to oneself only. */
export function answerRecipients(kind: AnswerKind, original: EmailDetail, own: readonly string[]): { to: Address[]; cc: Address[] } {
  if (kind === "forward") return { to: [], cc: [] };
  const from = original.from ?? [];
  const mine = from.length > 0 && from.every((address) => own.some((email) => same(address, email)));
  const sender = mine ? (original.to ?? []) : original.replyTo?.length ? original.replyTo : from;
  if (kind === "reply") {
    const to = unique(sender, mine ? own : []);
    return { to: to.length > 0 ? to : [...sender], cc: [] };
  }
  const to = unique([...sender, ...(mine ? [] : (original.to ?? []))], own);
  const cc = unique(original.cc ?? [], [...own, ...to.map((address) => address.email)]);
  return { to: to.length > 0 ? to : [...sender], cc };
}

export function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

export function textToHtml(text: string): string {
  return escapeHtml(text.replace(/\r\n?/g, "\n")).replaceAll("\n", "<br>");
}

export const QUOTE_OPENING = '<div class="postroom-quote">';

/* The line stands where the quoted text begins: a Hebrew mail has it at its right, whatever the language of who answers. */
export function quoteForReply(attribution: string, html: string): string {
  const dir = directionOf(htmlToText(html));
  const [margin, side] = dir === "rtl" ? ["0 .8ex 0 0", "right"] : ["0 0 0 .8ex", "left"];
  return `${QUOTE_OPENING}<p dir="auto">${escapeHtml(attribution)}</p>` +
    `<blockquote type="cite" dir="${dir}" style="margin:${margin};padding-${side}:1ex;border-${side}:1px solid #ccc">${html}</blockquote></div>`;
}

export function quoteForForward(title: string, headers: readonly (readonly [string, string])[], html: string): string {
  const lines = headers.filter(([, value]) => value).map(([name, value]) => `<b>${escapeHtml(name)}:</b> ${escapeHtml(value)}`);
  return `${QUOTE_OPENING}<p dir="auto">---------- ${escapeHtml(title)} ----------<br>${lines.join("<br>")}</p><div dir="${directionOf(htmlToText(html))}">${html}</div></div>`;
}

/* The person's own text and the quoted mail after it, which is taken over byte for byte. */
export function joinDraft(own: string, quote: string | null): string {
  return quote === null ? own : own + quote;
}

export function splitDraft(html: string): { own: string; quote: string | null } {
  const at = html.indexOf(QUOTE_OPENING);
  return at < 0 ? { own: html, quote: null } : { own: html.slice(0, at), quote: html.slice(at) };
}

export function formatAddress(address: Address): string {
  return address.name ? `${address.name} <${address.email}>` : address.email;
}

const ADDRESS = /^[^\s@<>"(),:;[\]\\]+@[^\s@<>"(),:;[\]\\]+\.[^\s@<>"(),:;[\]\\.]+$/u;
const LOCAL_ADDRESS = /^[^\s@<>"(),:;[\]\\]+@localhost$/u;

/* Good enough to catch mistakes; the server has the last word. */
export function isAddress(email: string): boolean {
  return (ADDRESS.test(email) || LOCAL_ADDRESS.test(email)) && !email.includes("..") && email.length <= 254;
}

/* 'Ada <ada@example.org>, ben@example.org; "Weiß, Clara" <c@example.org>' into addresses; what cannot be read stays as it is. */
export function parseAddresses(text: string): Address[] {
  const pieces = text.match(/(?:"(?:[^"\\]|\\.)*"|<[^>]*>|[^,;\n"<])+/g) ?? [];
  return pieces.flatMap((piece) => {
    const trimmed = piece.trim();
    if (!trimmed) return [];
    const match = /^(.*?)\s*<([^<>]*)>$/s.exec(trimmed);
    if (!match) return [{ name: null, email: trimmed.replace(/^mailto:/i, "") }];
    const name = match[1]!.trim().replace(/^"(.*)"$/s, "$1").replace(/\\(.)/g, "$1");
    return [{ name: name || null, email: match[2]!.trim() }];
  });
}

/* The plain-text part of what is sent. */
export function htmlToText(html: string): string {
  const parsed = new DOMParser().parseFromString(html, "text/html");
  for (const node of parsed.querySelectorAll("style,script,head")) node.remove();
  return textOf(parsed.body, 0).replace(/[ \t]+\n/g, "\n").replace(/\n{3,}/g, "\n\n").trim();
}

const BLOCKS = new Set(["P", "DIV", "LI", "UL", "OL", "TR", "TABLE", "H1", "H2", "H3", "H4", "H5", "H6", "PRE", "HR", "SECTION", "ARTICLE"]);
const DEEPEST = 200;

function textOf(node: Node, depth: number): string {
  if (node.nodeType === Node.TEXT_NODE) return (node.textContent ?? "").replace(/[\s\u00a0]+/g, " ");
  if (!(node instanceof Element) || depth > DEEPEST) return "";
  if (node.tagName === "BR") return "\n";
  const inner = [...node.childNodes].map((child) => textOf(child, depth + 1)).join("");
  if (node.tagName === "BLOCKQUOTE") return `\n${inner.trim().split("\n").map((line) => `> ${line}`.trimEnd()).join("\n")}\n`;
  if (node.tagName === "LI") return `\n- ${inner.trim()}`;
  const href = node.tagName === "A" ? (node.getAttribute("href") ?? "") : "";
  const shown = /^https?:/i.test(href) && !inner.includes(href.replace(/^https?:\/\/|\/$/g, "")) ? `${inner} <${href}>` : inner;
  if (node.tagName === "TD" || node.tagName === "TH") return `${shown} `;
  return BLOCKS.has(node.tagName) ? `\n${shown}\n` : shown;
}
