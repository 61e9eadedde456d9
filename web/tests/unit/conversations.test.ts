import { describe, expect, it } from "vitest";
import { factsOf, groupConversations, initialsOf, participantsOf, shortName } from "../../src/mail/conversations.ts";
import { email } from "./fixtures.ts";

describe("grouping a page of the list", () => {
  it("keeps the order of the query and puts each thread's emails oldest first", () => {
    const emails = [
      email("m1", { threadId: "t1", receivedAt: "2026-01-01T00:00:00Z" }),
      email("m3", { threadId: "t1", receivedAt: "2026-01-03T00:00:00Z" }),
      email("m2", { threadId: "t2", receivedAt: "2026-01-02T00:00:00Z" }),
    ];
    const rows = groupConversations(["m3", "m2"], emails);
    expect(rows.map((row) => row.threadId)).toEqual(["t1", "t2"]);
    expect(rows[0]?.emails.map((one) => one.id)).toEqual(["m1", "m3"]);
    expect(rows[0]?.leadId).toBe("m3");
  });

  it("shows a thread once even when the server did not collapse threads", () => {
    const rows = groupConversations(["m2", "m1"], [email("m1", { threadId: "t" }), email("m2", { threadId: "t" })]);
    expect(rows).toHaveLength(1);
    expect(rows[0]?.leadId).toBe("m2");
  });

  it("leaves out ids whose email is gone", () => {
    expect(groupConversations(["gone", "m1"], [email("m1")]).map((row) => row.leadId)).toEqual(["m1"]);
  });
});

describe("what a row says", () => {
  it("is unread when any email is, but a draft is never unread", () => {
    const [unread] = groupConversations(["m2"], [email("m1", { threadId: "t", keywords: {} }), email("m2", { threadId: "t", keywords: { $seen: true } })]);
    const [draft] = groupConversations(["m3"], [email("m3", { keywords: { $draft: true } })]);
    expect(factsOf(unread!).unread).toBe(true);
    expect(factsOf(draft!).unread).toBe(false);
  });

  it("names each writer once and marks oneself", () => {
    const [row] = groupConversations(["m3"], ["m1", "m2", "m3"].map((id, index) => email(id, {
      threadId: "t", receivedAt: `2026-01-0${index + 1}T00:00:00Z`, from: [{ name: null, email: index === 1 ? "Me@example.org" : "ben@example.org" }],
    })));
    expect(participantsOf(row!, "me@example.org", false).map((one) => [one.address.email, one.me])).toEqual([["ben@example.org", false], ["Me@example.org", true]]);
  });

  it("names the recipients in Sent and Drafts", () => {
    const [row] = groupConversations(["m1"], [email("m1", { to: [{ name: "Clara", email: "clara@example.org" }] })]);
    expect(participantsOf(row!, "me@example.org", true)[0]?.address.name).toBe("Clara");
  });
});

describe("names", () => {
  it.each([["Doe, Jane", "Jane"], ["Jane Doe", "Jane"], ["", "jane.doe"], ["jane@example.org", "jane.doe"], ["נועה לוי", "נועה"]])("shortens %s to %s", (name, short) => {
    expect(shortName({ name: name || null, email: "jane.doe@example.org" })).toBe(short);
  });

  it("makes initials in any script", () => {
    expect(initialsOf({ name: "נועה לוי", email: "n@x" })).toBe("נל");
    expect(initialsOf({ name: null, email: "ada@example.org" })).toBe("A");
    expect(initialsOf({ name: "", email: "" })).toBe("?");
  });
});
