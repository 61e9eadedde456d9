import { describe, expect, it } from "vitest";
import { linkify, splitQuotes } from "../../src/mail/quotes.ts";
import { foldQuotes, frameDocument, setsColours } from "../../src/screens/reader/frame-document.ts";

describe("quotations in plain text", () => {
  it("are the lines that the server tells", () => {
    const blocks = splitQuotes("Yes.\n\nOn Monday Ben wrote:\n> first\n> second\n\nBest", [[2, 3]]);
    expect(blocks.map((block) => block.quoted)).toEqual([false, true, false]);
    expect(blocks[1]?.lines).toEqual(["On Monday Ben wrote:", "> first", "> second"]);
    expect(blocks[2]?.lines).toEqual(["", "Best"]);
  });
  it("are one where only blank lines part them", () => {
    const blocks = splitQuotes("Yes.\nOn Monday Ben wrote:\n\n> first\n \n> second\n\nBest\n> third", [[1, 1], [3, 1], [5, 1], [8, 1]]);
    expect(blocks.map((block) => [block.quoted, block.lines.length])).toEqual([[false, 1], [true, 5], [false, 2], [true, 1]]);
  });
  it.each([[[[0, 2], [3, 1]]], [[]], [[[4, 50]]]])("lose no line: %j", (quotes) => {
    const text = "a\n> b\n\nc\n> d\ne";
    expect(splitQuotes(text, quotes as [number, number][]).flatMap((block) => block.lines).join("\n")).toBe(text);
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
  it("leaves a mail that is nothing but a quotation open", () => {
    expect(foldQuotes('<div class="postroom-quote"><p>all</p></div>', "…")).not.toContain("<details");
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
