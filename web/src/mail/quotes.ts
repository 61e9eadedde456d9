/* Plain text in pieces, quoted or not, as the server tells them, and where links are. */
export interface TextBlock {
  readonly quoted: boolean;
  readonly lines: readonly string[];
}

/* quotes: first line and how many, in order. What only blank lines part is one quotation: a line that announces, and what it announces. */
export function splitQuotes(text: string, quotes: readonly (readonly [number, number])[]): TextBlock[] {
  const lines = text.split("\n");
  const blocks: TextBlock[] = [];
  let at = 0;
  const take = (quoted: boolean, until: number): void => {
    const some = lines.slice(at, until);
    const last = blocks.at(-1);
    if (!quoted && last?.quoted && until < lines.length && some.every((line) => line.trim() === "")) return;
    if (quoted && last?.quoted) blocks[blocks.length - 1] = { quoted, lines: [...last.lines, ...some] };
    else if (some.length > 0) blocks.push({ quoted, lines: some });
    at = Math.max(at, until);
  };
  for (const [first, count] of quotes) {
    take(false, first);
    take(true, first + count);
  }
  take(false, lines.length);
  return blocks;
}

export interface TextSpan {
  readonly text: string;
  readonly href: string | null;
}

const URL_PATTERN = /\b(?:https?:\/\/|www\.)[^\s<>"'“”„]+|\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+/giu;

/* Links in plain text; a closing bracket or full stop after a link is not part of it. */
export function linkify(line: string): TextSpan[] {
  const spans: TextSpan[] = [];
  let from = 0;
  for (const match of line.matchAll(URL_PATTERN)) {
    const link = match[0].replace(/[.,;:!?)\]}]+$/u, (tail) => (/\(/.test(match[0]) && tail.startsWith(")") ? ")" : ""));
    if (match.index > from) spans.push({ text: line.slice(from, match.index), href: null });
    const href = /^https?:/i.test(link) ? link : link.includes("@") && !link.startsWith("www.") ? `mailto:${link}` : `https://${link}`;
    spans.push({ text: link, href });
    from = match.index + link.length;
  }
  if (from < line.length) spans.push({ text: line.slice(from), href: null });
  return spans;
}
