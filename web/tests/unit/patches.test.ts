import { QueryClient } from "@tanstack/react-query";
import { describe, expect, it } from "vitest";
import { mergeSummaries, patchCache } from "../../src/mail/cache.ts";
import { applyPatch, countsAfter, effectivePatch, invertPatch, keywordPatch, movePatch } from "../../src/mail/patches.ts";
import { orderMailboxes } from "../../src/mail/mailboxes.ts";
import { keys, type Thread } from "../../src/mail/queries.ts";
import { email, mailbox } from "./fixtures.ts";

describe("patches", () => {
  it("are undone by their inverse", () => {
    const before = email("m", { keywords: { $seen: true }, mailboxIds: { inbox: true, work: true } });
    const patch = { ...keywordPatch("$seen", false), ...keywordPatch("$flagged", true), ...movePatch(["inbox"], "archive") };
    const after = applyPatch(before, patch);
    expect(after.keywords).toEqual({ $flagged: true });
    expect(after.mailboxIds).toEqual({ work: true, archive: true });
    const back = applyPatch(after, invertPatch(before, patch));
    expect([back.keywords, back.mailboxIds]).toEqual([before.keywords, before.mailboxIds]);
  });

  it("escape ids as JSON pointers do", () => {
    const patch = movePatch(["a/b"], "c~d");
    expect(patch).toEqual({ "mailboxIds/a~1b": null, "mailboxIds/c~0d": true });
    expect(applyPatch(email("m", { mailboxIds: { "a/b": true } }), patch).mailboxIds).toEqual({ "c~d": true });
  });

  it("never leave an email without a mailbox when it moves to where it is", () => {
    expect(applyPatch(email("m"), movePatch(["inbox"], "inbox")).mailboxIds).toEqual({ inbox: true });
  });

  it("that change nothing are dropped", () => {
    expect(effectivePatch(email("m"), keywordPatch("$seen", true))).toBeNull();
    expect(effectivePatch(email("m"), { ...keywordPatch("$seen", true), ...keywordPatch("$flagged", true) })).toEqual(keywordPatch("$flagged", true));
  });
});

describe("counts", () => {
  it("follow reading and moving, and never fall below nothing", () => {
    const inbox = mailbox("inbox", { unreadEmails: 1, totalEmails: 1 });
    const unread = email("m", { keywords: {} });
    const read = applyPatch(unread, keywordPatch("$seen", true));
    expect(countsAfter(inbox, unread, read)).toMatchObject({ unreadEmails: 0, totalEmails: 1 });
    expect(countsAfter(mailbox("archive"), unread, applyPatch(unread, movePatch(["inbox"], "archive")))).toMatchObject({ unreadEmails: 4, totalEmails: 11 });
    expect(countsAfter({ ...inbox, unreadEmails: 0, totalEmails: 0 }, unread, null)).toMatchObject({ unreadEmails: 0, totalEmails: 0 });
  });
});

describe("the order of mailboxes", () => {
  it("has the special ones first and children beneath their parents", () => {
    const list = [mailbox("z"), mailbox("child", { parentId: "z" }), mailbox("trash", { role: "trash" }), mailbox("inbox", { role: "inbox" }), mailbox("a")];
    expect(orderMailboxes(list, "en").map(({ mailbox: one, depth }) => `${one.id}${depth}`)).toEqual(["inbox0", "trash0", "a0", "z0", "child1"]);
  });

  it("shows mailboxes whose parents form a loop", () => {
    const list = [mailbox("a", { parentId: "b" }), mailbox("b", { parentId: "a" })];
    expect(orderMailboxes(list, "en")).toHaveLength(2);
  });
});

describe("what is cached", () => {
  const known = async (): Promise<QueryClient> => {
    const client = new QueryClient();
    for (const [id, ...mails] of [["read", "a"], ["grown", "b"]] as const)
      client.setQueryData(keys.thread("acc", id), { id, emails: mails.map((mail) => email(mail, { keywords: {} })) } as unknown as Thread, { updatedAt: 1_000 });
    await client.invalidateQueries({ queryKey: keys.thread("acc", "grown") });
    return client;
  };
  const stateOf = (client: QueryClient, id: string) => client.getQueryCache().find({ queryKey: keys.thread("acc", id) })!.state;

  it("is asked again for what came meanwhile, also after a change here to this mail or another", async () => {
    const client = await known();
    patchCache(client, new Map([["a", keywordPatch("$seen", true)], ["b", keywordPatch("$seen", true)]]));
    expect((stateOf(client, "grown").data as Thread).emails[0]?.keywords).toEqual({ $seen: true });
    expect([stateOf(client, "grown").isInvalidated, stateOf(client, "read").isInvalidated]).toEqual([true, false]);
    mergeSummaries(client, "acc", [email("a", { keywords: { $flagged: true } })]);
    expect((stateOf(client, "read").data as Thread).emails[0]?.keywords).toEqual({ $flagged: true });
    expect([stateOf(client, "grown").isInvalidated, stateOf(client, "read").isInvalidated]).toEqual([true, false]);
    expect(stateOf(client, "read").dataUpdatedAt).toBe(1_000);
  });
});
