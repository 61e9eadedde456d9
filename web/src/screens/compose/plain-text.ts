import { htmlToText } from "../../mail/answers.ts";

/* RFC 5322, 2.1.1 and what every terminal shows. */
const WIDTH = 76;

/* How wide a text is in columns: ideographs take two. */
function columnsOf(text: string): number {
  let columns = 0;
  for (const letter of text) columns += /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/u.test(letter) ? 2 : 1;
  return columns;
}

function wrapLine(line: string): string {
  if (columnsOf(line) <= WIDTH || line.startsWith(">")) return line;
  const lines: string[] = [];
  let current = "";
  for (const word of line.split(/(?<=\s)(?=\S)/u)) {
    if (current !== "" && columnsOf((current + word).trimEnd()) > WIDTH) {
      lines.push(current.trimEnd());
      current = "";
    }
    current += word;
  }
  lines.push(current.trimEnd());
  return lines.join("\n");
}

/* Long lines are broken between words; quotations and words that are too long (addresses of pages) stay whole. */
export function wrapText(text: string): string {
  return text.replace(/\r\n?/g, "\n").split("\n").map(wrapLine).join("\n");
}

export function quoteText(text: string): string {
  return text.replace(/\r\n?/g, "\n").trimEnd().split("\n").map((line) => (line.startsWith(">") ? `>${line}` : `> ${line}`.trimEnd())).join("\n");
}

/* A letter that becomes plain text: its own words, and what it quotes. */
export function textOfLetter(html: string, quote: string | null): string {
  const own = htmlToText(html);
  return quote === null ? own : `${own}\n\n${htmlToText(quote)}\n`;
}

/* Own text only: what stands before the quotation, and no line of it. */
export function ownText(text: string): string {
  return text.split("\n").filter((line) => !line.startsWith(">")).join("\n");
}

/* Nothing in it but paragraphs and breaks: no formatting to lose. */
export function isUnformatted(html: string): boolean {
  return !/<(?!\/?(?:p|br|div)\b)[a-z]/i.test(html) && !/style=|align=/i.test(html);
}
