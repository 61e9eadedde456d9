/* Plain text: which lines are quoted, and where links are. Quote folding of HTML is marked up by the server. */
export interface TextBlock {
  readonly quoted: boolean;
  readonly lines: readonly string[];
}

/* "On … wrote:" and its like in six languages, and the ruled headers of Outlook; only at the end of a block. */
const INTRODUCTION =
  /^(?:on .{4,200}wrote:|am .{4,200}schrieb.{0,80}:|.{4,200}(?:yazdı|пише|написав|написала|כתב|כתבה|כתב\/ה|写道|寫道)\s?[:：]|ב.{4,200}, .{1,100}:|בתאריך .{4,200}מאת.{1,100}:|-{2,}\s?(?:original message|ursprüngliche nachricht|orijinal mesaj|оригінальне повідомлення|הודעה מקורית|原始邮件)\s?-{2,})$/iu;

function isQuoted(line: string): boolean {
  return /^\s?>/.test(line);
}

export function splitQuotes(text: string): TextBlock[] {
  const blocks: { quoted: boolean; lines: string[] }[] = [];
  for (const line of text.replace(/\r\n?/g, "\n").split("\n")) {
    const last = blocks.at(-1);
    const quoted = isQuoted(line) || (last?.quoted === true && line.trim() === "");
    if (last?.quoted === quoted) last.lines.push(line);
    else blocks.push({ quoted, lines: [line] });
  }
  return pullIntroductions(blocks);
}

/* The line that announces a quotation folds with it. */
function pullIntroductions(blocks: { quoted: boolean; lines: string[] }[]): TextBlock[] {
  blocks.forEach((block, index) => {
    const next = blocks[index + 1];
    if (block.quoted || !next?.quoted) return;
    let at = block.lines.length - 1;
    while (at >= 0 && block.lines[at]!.trim() === "") at -= 1;
    for (let length = 1; length <= 2 && at - length + 1 >= 0; length += 1) {
      const candidate = block.lines.slice(at - length + 1, at + 1).join(" ").trim();
      if (!INTRODUCTION.test(candidate)) continue;
      next.lines.unshift(...block.lines.splice(at - length + 1));
      return;
    }
  });
  return blocks.filter((block) => block.lines.length > 0);
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
