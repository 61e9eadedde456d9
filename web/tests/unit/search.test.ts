import { describe, expect, it } from "vitest";
import { MethodError } from "../../src/jmap/client.ts";
import { searchMistakeOf, snippetPieces } from "../../src/mail/search.ts";

describe("a mistake in a search", () => {
  const error = (position: number, length: number, code = "unknown-field") => new MethodError("invalidSearch", "advice", { code, position, length });

  it("is cut out of the text by characters, not by halves of them", () => {
    expect(searchMistakeOf(error(2, 5), "😀 form:anna")).toEqual({ before: "😀 ", word: "form:", after: "anna", advice: "mistake.field" });
    expect(searchMistakeOf(error(4, 3), "שלום abc")).toMatchObject({ before: "שלום", word: " ab", after: "c" });
  });

  it("asks for more of a name that many folders have", () => {
    expect(searchMistakeOf(error(3, 1, "many-mailboxes"), "in:a")?.advice).toBe("mistake.manyMailboxes");
  });

  it("has advice for codes that are not known yet", () => {
    expect(searchMistakeOf(error(0, 0, "something-new"), "x")?.advice).toBe("mistake.tooLong");
  });

  it("is nothing else that failed", () => {
    expect(searchMistakeOf(new MethodError("serverFail", null), "x")).toBeNull();
    expect(searchMistakeOf(new Error("invalidSearch"), "x")).toBeNull();
  });
});

describe("a snippet", () => {
  it("is text with marks", () => {
    expect(snippetPieces("a <mark>Große</mark> &lt;b&gt; &amp;amp; &#39;x&#39; &quot;")).toEqual([
      { text: "a ", marked: false }, { text: "Große", marked: true }, { text: " <b> &amp; 'x' \"", marked: false },
    ]);
  });

  it("has no other elements, whatever stands in it", () => {
    expect(snippetPieces("<script>x</script><mark>北京</mark>")).toEqual([{ text: "<script>x</script>", marked: false }, { text: "北京", marked: true }]);
  });
});
