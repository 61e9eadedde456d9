/*
 * The search box's text cut into terms, for chips, completion and offers to widen. It judges nothing: what a search means is the
 * server's to say (docs/search.md).
 */

/* What may stand before a colon, as the page offers it. */
export const FIELDS = [
  "from", "to", "cc", "bcc", "subject", "body", "filename", "has", "is", "in", "label", "before", "after", "on", "larger", "smaller",
] as const;
export type Field = (typeof FIELDS)[number];

/* Terms that are joined by blanks alone; null where OR, NOT or parentheses hold them together. */
export function termsOf(text: string): string[] | null {
  const terms: string[] = [];
  let term = "";
  let quote = false;
  let depth = 0;
  for (const character of text.normalize("NFC")) {
    if (character === '"' || character === "“" || character === "”" || character === "„") quote = !quote;
    if (!quote && character === "(") depth += 1;
    if (!quote && character === ")") depth -= 1;
    if (!quote && depth === 0 && /\s/u.test(character)) {
      if (term) terms.push(term);
      term = "";
    } else term += character;
  }
  if (term) terms.push(term);
  const joined = terms.some((one) => /^(?:OR|AND|NOT)$/.test(one) || /^-?\(/.test(one));
  return joined ? null : terms;
}

const TERM = /^-?([a-z]+)[:：](.+)$/iu;

/* The field of a term that is complete: "from:anna", "-is:unread". */
export function fieldOf(term: string): Field | null {
  const match = TERM.exec(term);
  const name = match?.[1]?.toLowerCase();
  const open = (term.match(/"/g)?.length ?? 0) % 2 === 1 || (term.match(/\(/g)?.length ?? 0) !== (term.match(/\)/g)?.length ?? 0);
  return !open && name !== undefined && (FIELDS as readonly string[]).includes(name) ? (name as Field) : null;
}

export interface Pieces {
  readonly chips: readonly string[];
  readonly rest: string;
}

/* Terms with a field become chips; words stay to be written on. */
export function piecesOf(text: string): Pieces {
  const terms = termsOf(text);
  if (terms === null) return { chips: [], rest: text };
  const chips = terms.filter((term) => fieldOf(term) !== null);
  return { chips, rest: terms.filter((term) => fieldOf(term) === null).join(" ") };
}

export function joinPieces({ chips, rest }: Pieces): string {
  return [...chips, rest.trim()].filter(Boolean).join(" ");
}

/* What is being written: the last term, before it whatever else. */
export function lastTerm(rest: string): { readonly before: string; readonly term: string } {
  const match = /(?:^|\s)(-?[a-z]*[:：]?(?:"[^"]*|[^\s"]*))$/iu.exec(rest);
  const term = match?.[1] ?? "";
  return { before: rest.slice(0, rest.length - term.length), term };
}

/* A value as it has to be written: in quotation marks where it has blanks or signs. */
export function quoted(value: string): string {
  const plain = value.replaceAll('"', " ").trim();
  return /[\s():]/u.test(plain) ? `"${plain}"` : plain;
}

/* The search without one of its terms, for each; empty where there is only one. */
export function withoutEach(text: string): readonly { readonly dropped: string; readonly text: string }[] {
  const terms = termsOf(text);
  if (terms === null || terms.length < 2) return [];
  return terms.map((dropped, index) => ({ dropped, text: terms.filter((_, at) => at !== index).join(" ") }));
}
