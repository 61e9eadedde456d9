import { describe, expect, it } from "vitest";
import { mailboxMap, ownPatch } from "../../src/mail/unified.ts";
import { isNews } from "../../src/mail/arrivals.ts";
import { fieldOf, joinPieces, lastTerm, piecesOf, quoted, termsOf, withoutEach } from "../../src/mail/search-terms.ts";
import { assemble } from "../../src/screens/list/list-state.ts";
import { email, mailbox } from "./fixtures.ts";

const map = mailboxMap(new Map([
  ["a1", [mailbox("mb1", { role: "inbox" }), mailbox("mb2", { role: "archive" }), mailbox("mb3")]],
  ["a2", [mailbox("mb4", { role: "inbox" })]],
  ["u1", [mailbox("m-1", { role: "inbox" }), mailbox("m-6", { role: "archive" }), mailbox("mb3")]],
]));

describe("the unified account", () => {
  it("knows whose an email is by its mailbox", () => {
    expect(map.accountOf({ mailboxIds: { "m-1": true, mb4: true } })).toBe("a2");
    expect(map.accountOf({ mailboxIds: { "m-1": true } })).toBeNull();
  });
  it("says of the account's own mailbox what was said of a role's", () => {
    expect(ownPatch(map, "a1", { "mailboxIds/m-1": null, "mailboxIds/m-6": true, "keywords/$seen": true }))
      .toEqual({ "mailboxIds/mb1": null, "mailboxIds/mb2": true, "keywords/$seen": true });
  });
  it("refuses what an account has no mailbox for", () => {
    expect(ownPatch(map, "a2", { "mailboxIds/m-1": null, "mailboxIds/m-6": true })).toBeNull();
  });
  it("lets what is to be there win over what is to go", () => {
    expect(ownPatch(map, "a1", { "mailboxIds/mb2": null, "mailboxIds/m-6": true })).toEqual({ "mailboxIds/mb2": true });
    expect(ownPatch(map, "a1", { "mailboxIds/m-6": true, "mailboxIds/mb2": null })).toEqual({ "mailboxIds/mb2": true });
  });
  it("puts an email into the roles of its mailboxes", () => {
    expect(map.unified(email("e1", { mailboxIds: { mb2: true, "m-1": true } })).mailboxIds).toEqual({ mb2: true, "m-6": true });
  });
});

describe("the search box's text", () => {
  it("is cut at blanks outside of quotes and parentheses", () => {
    expect(termsOf('from:anna "second order" subject:(a b) x')).toEqual(["from:anna", '"second order"', "subject:(a b)", "x"]);
  });
  it.each(["a OR b", "NOT a", "(a b) c", "-(a b)"])("is left whole where terms hang together: %s", (text) => {
    expect(termsOf(text)).toBeNull();
    expect(piecesOf(text)).toEqual({ chips: [], rest: text });
  });
  it("makes chips of complete fields and keeps words", () => {
    const pieces = piecesOf('lamp from:anna -is:unread subject:"a b" form:x');
    expect(pieces).toEqual({ chips: ["from:anna", "-is:unread", 'subject:"a b"'], rest: "lamp form:x" });
    expect(joinPieces(pieces)).toBe('from:anna -is:unread subject:"a b" lamp form:x');
  });
  it.each([['from:"anna b', null], ["from:", null], ["in：inbox", "in"], ["FROM:x", "from"], ["http://x", null]])("knows a field: %s", (term, field) => {
    expect(fieldOf(term)).toBe(field);
  });
  it("finds what is being written", () => {
    expect(lastTerm("lamp from:an")).toEqual({ before: "lamp ", term: "from:an" });
    expect(lastTerm("lamp ").term).toBe("");
  });
  it("quotes what has blanks", () => {
    expect([quoted("Sent Items"), quoted("news"), quoted('a "b" c')]).toEqual(['"Sent Items"', "news", '"a  b  c"']);
  });
  it("is asked without each of its terms", () => {
    expect(withoutEach("a b")).toEqual([{ dropped: "a", text: "b" }, { dropped: "b", text: "a" }]);
    expect(withoutEach("a")).toEqual([]);
  });
});

describe("news", () => {
  const arrival = { id: "e", threadId: "t", mailboxIds: { i: true } as const, keywords: {}, from: null, subject: null, receivedAt: "2026-01-01T12:00:00Z" };
  const now = Date.parse("2026-01-01T12:05:00Z");
  it("is unread, fresh and in the inbox", () => {
    expect(isNews(arrival, "i", now)).toBe(true);
    expect(isNews(arrival, "other", now)).toBe(false);
    expect(isNews({ ...arrival, keywords: { $seen: true } }, "i", now)).toBe(false);
    expect(isNews(arrival, "i", now + 3_600_000)).toBe(false);
  });
});

describe("a long list", () => {
  const page = (number: number, from: number, count: number) => [number, {
    total: 100_000, mailboxId: null, rows: Array.from({ length: count }, (_, index) => ({ key: `k${from + index}`, threadId: `k${from + index}`, leadId: "e", emails: [email("e")] })),
  }] as const;
  it("finds rows by place and key in the pages that are in hand", () => {
    const rows = assemble(new Map([page(0, 0, 50), page(1500, 75_000, 50)]));
    expect([rows.total, rows.at(75_049)?.key, rows.indexOf("k75000"), rows.at(60)]).toEqual([100_000, "k75049", 75_000, undefined]);
  });
  it("closes up where rows have left a page", () => {
    const rows = assemble(new Map([page(0, 0, 48), page(1, 50, 50)]));
    expect([rows.at(47)?.key, rows.at(48)?.key, rows.indexOf("k99")]).toEqual(["k47", "k50", 97]);
  });
});
