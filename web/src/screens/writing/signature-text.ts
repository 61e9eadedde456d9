/* Signatures in plain text: behind the line "-- " (RFC 3676, 4.3), before what is quoted. */

const DIVIDER = "-- ";

interface Parts {
  readonly own: string;
  /* null: there is none. */
  readonly signature: string | null;
  /* The line that says who wrote, and what they wrote. */
  readonly quoted: string;
}

/* Where a quotation begins: its first ">" line, with the line before it. -1: there is none. */
function quoteAt(lines: readonly string[]): number {
  const first = lines.findIndex((line) => line.startsWith(">"));
  if (first <= 0) return first;
  let at = first;
  while (at > 0 && lines[at - 1]!.trim() === "") at -= 1;
  return at > 0 && lines[at - 1] !== DIVIDER ? at - 1 : first;
}

export function partsOf(text: string): Parts {
  const lines = text.split("\n");
  const quote = quoteAt(lines);
  const written = quote < 0 ? lines : lines.slice(0, quote);
  const quoted = quote < 0 ? "" : lines.slice(quote).join("\n");
  const divider = written.lastIndexOf(DIVIDER);
  if (divider < 0) return { own: written.join("\n").trimEnd(), signature: null, quoted };
  return { own: written.slice(0, divider).join("\n").trimEnd(), signature: written.slice(divider + 1).join("\n").trimEnd(), quoted };
}

function join({ own, signature, quoted }: Parts): string {
  const signed = signature === null ? own : `${own}\n\n${DIVIDER}\n${signature}`;
  return quoted ? `${signed}\n\n${quoted}` : signed;
}

export function signatureIn(text: string): string | null {
  return partsOf(text).signature;
}

/* signature null: none. */
export function withSignature(text: string, signature: string | null): string {
  return join({ ...partsOf(text), signature: signature === null ? null : signature.trimEnd() });
}

/* A template goes behind what was written, before the signature and what is quoted. */
export function withTemplate(text: string, template: string): string {
  const parts = partsOf(text);
  return join({ ...parts, own: [parts.own, template.trim()].filter(Boolean).join("\n\n") });
}
