import type { Address } from "../jmap/types.ts";
import { parseAddresses } from "./answers.ts";

/* What a link asks to be written. Files are never taken from one. */
export interface LetterLink {
  readonly to: readonly Address[];
  readonly cc: readonly Address[];
  readonly bcc: readonly Address[];
  readonly subject: string;
  readonly text: string;
}

const MOST_ADDRESSES = 100;
const LONGEST_SUBJECT = 1_000;
const LONGEST_TEXT = 100_000;

/* RFC 6068: percent-encoded UTF-8 with CRLF, where "+" is a plus sign. What is no encoding stays as it is. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/* One line: it becomes a header field. */
function line(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f]+/g, " ").trim().slice(0, LONGEST_SUBJECT);
}

function addresses(texts: readonly string[]): Address[] {
  return texts.flatMap(parseAddresses).slice(0, MOST_ADDRESSES).map(({ name, email }) => ({ name: name === null ? null : line(name), email: line(email) }));
}

/* "mailto:a@example.org?subject=…" (RFC 6068); null: it is none. */
export function parseMailto(url: string): LetterLink | null {
  const match = /^mailto:([^?#]*)(?:\?([^#]*))?/i.exec(url.trim());
  if (!match) return null;
  const fields = new Map<string, string[]>();
  for (const piece of (match[2] ?? "").split(/&(?:amp;)?/)) {
    const at = piece.indexOf("=");
    if (at < 1) continue;
    const name = decode(piece.slice(0, at)).toLowerCase();
    fields.set(name, [...(fields.get(name) ?? []), decode(piece.slice(at + 1))]);
  }
  const all = (name: string): string[] => fields.get(name) ?? [];
  return {
    to: addresses([...match[1]!.split(",").map(decode), ...all("to")]), cc: addresses(all("cc")), bcc: addresses(all("bcc")),
    subject: line(all("subject")[0] ?? ""),
    text: all("body").join("\n").replace(/\r\n?/g, "\n").replace(/[\u0000-\u0008\u000b-\u001f]/g, "").slice(0, LONGEST_TEXT),
  };
}

/* "?compose=mailto:…", as the browser calls a registered page, or "?compose=new&to=…&subject=…&body=…"; null: nothing is asked. */
export function composeLink(search: string): LetterLink | null {
  const query = new URLSearchParams(search);
  const asked = query.get("compose");
  if (asked === null) return null;
  const mailto = parseMailto(asked);
  if (mailto) return mailto;
  return {
    to: addresses([...(asked.includes("@") ? [asked] : []), ...query.getAll("to")]), cc: addresses(query.getAll("cc")), bcc: addresses(query.getAll("bcc")),
    subject: line(query.get("subject") ?? ""), text: (query.get("body") ?? "").replace(/\r\n?/g, "\n").slice(0, LONGEST_TEXT),
  };
}
