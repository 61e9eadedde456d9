import { useMemo, useState } from "react";
import { useT } from "../../i18n/i18n.ts";
import { linkify, splitQuotes, type TextBlock } from "../../mail/quotes.ts";

function Lines({ lines }: { readonly lines: readonly string[] }) {
  return lines.map((line, index) => (
    <div key={index} dir="auto" className="text-line">
      {line === "" ? <br /> : linkify(line).map((span, at) =>
        span.href ? <a key={at} href={span.href} target="_blank" rel="noopener noreferrer nofollow">{span.text}</a> : span.text)}
    </div>
  ));
}

function Quote({ block }: { readonly block: TextBlock }) {
  const t = useT();
  const [open, setOpen] = useState(false);
  return (
    <div className="text-quote">
      <button type="button" className="fold" aria-expanded={open} onClick={() => setOpen(!open)}>{t("reader.showQuote")}</button>
      {open && <div className="text-quoted"><Lines lines={block.lines} /></div>}
    </div>
  );
}

/* The fold that follows has room of its own. */
function withoutEnd(lines: readonly string[]): readonly string[] {
  return lines.slice(0, lines.findLastIndex((line) => line.trim() !== "") + 1);
}

interface Props {
  readonly text: string;
  readonly quotes: readonly (readonly [number, number])[];
}

export function PlainText({ text, quotes }: Props) {
  const blocks = useMemo(() => splitQuotes(text.trimEnd(), quotes), [text, quotes]);
  return (
    <div className="plain-text">
      {blocks.map((block, index) => block.quoted ? <Quote key={index} block={block} /> : <Lines key={index} lines={blocks[index + 1] ? withoutEnd(block.lines) : block.lines} />)}
    </div>
  );
}
