import { describe, expect, it } from "vitest";
import { linkify, splitQuotes } from "../../src/mail/quotes.ts";
import { foldQuotes, frameDocument, setsColours } from "../../src/screens/reader/frame-document.ts";

describe("quotations in plain text", () => {
  it("fold with the line that announces them", () => {
    const blocks = splitQuotes("Yes.\n\nOn Mon, 2 Nov 2026 at 09:00, Ben <b@x.org>\nwrote:\n> first\n> second\n\nBest");
    expect(blocks.map((block) => block.quoted)).toEqual([false, true, false]);
    expect(blocks[1]?.lines[0]).toMatch(/^On Mon/);
    expect(blocks[2]?.lines).toEqual(["Best"]);
  });
  it.each(["Am Montag, 2. Nov 2026 schrieb Ben <b@x.org>:", "Ben <b@x.org>, 2 Kas 2026 tarihinde şunu yazdı:", "2 листопада 2026 Бен пише:", "2026年11月2日，Ben 写道：", "בתאריך 2026-11-12 19:32 מאת Anna Berg:", "於 2026-11-12，陳 寫道：", "-----Original Message-----"])("know the introduction: %s", (line) => {
    expect(splitQuotes(`Hi\n${line}\n> q`)[1]?.lines[0]).toBe(line);
  });
  it("loses no line", () => {
    const text = "a\n> b\n\nc\r\n> d\r\ne";
    expect(splitQuotes(text).flatMap((block) => block.lines).join("\n")).toBe(text.replace(/\r\n/g, "\n"));
  });
});

describe("links in plain text", () => {
  it("end before the sentence's own punctuation", () => {
    expect(linkify("see https://x.org/a_(b), or (www.y.org).").filter((span) => span.href).map((span) => span.href)).toEqual(["https://x.org/a_(b)", "https://www.y.org"]);
  });
  it("never become script", () => {
    expect(linkify("javascript:alert(1) data:text/html,x").every((span) => span.href === null)).toBe(true);
  });
  it("keep the text whole", () => {
    const line = "mail ada@x.org or http://x.org/?a=b&c=d now";
    expect(linkify(line).map((span) => span.text).join("")).toBe(line);
  });
});

describe("the frame's document", () => {
  const document_ = frameDocument({ html: "<p>x</p>", base: "https://mail.example/app/", dark: false, locale: "he", quoteLabel: "…" });
  it("carries its own policy with one image path and no script", () => {
    expect(document_).toContain("default-src 'none'; img-src data: blob: https://mail.example/app/mail-image/; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'");
    expect(document_).not.toMatch(/script-src|'self'/);
  });
  it("folds each outermost quotation once", () => {
    const folded = foldQuotes('<p>a</p><div class="postroom-quote">q<div class="postroom-quote">r</div></div>', "quoted");
    expect(folded.match(/<details/g)).toHaveLength(1);
    expect(folded).toContain("<summary>quoted</summary>");
  });
  it("keeps mail that brings its own colours on white", () => {
    expect(setsColours('<td bgcolor="#fff">')).toBe(true);
    expect(setsColours('<p style="color:red">')).toBe(true);
    expect(setsColours("<p>plain <b>words</b></p>")).toBe(false);
  });
});
