import { QueryClient } from "@tanstack/react-query";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { handleRequest } from "../../mock/engine.ts";
import { seedWorld } from "../../mock/seed.ts";
import type { World } from "../../mock/world.ts";
import { activateLanguage } from "../../src/i18n/i18n.ts";
import { capabilitiesFor, jmap, jmapOne, MethodError, resultOf } from "../../src/jmap/client.ts";
import { HttpProblem, NetworkProblem, requestJson, setCsrfToken, whenSignedOut } from "../../src/jmap/http.ts";
import type { GetResponse, Mailbox, QueryResponse } from "../../src/jmap/types.ts";
import { changeEmails, createMailActions, nameOf } from "../../src/mail/actions.ts";
import { cachedEmails } from "../../src/mail/cache.ts";
import { failureOf } from "../../src/mail/failures.ts";
import { keywordPatch } from "../../src/mail/patches.ts";
import { keys, mailboxesQuery, pageQuery, type ListPage, type ListView } from "../../src/mail/queries.ts";
import { prepareAnswer } from "../../src/screens/compose/prepare.ts";
import { saveDraft, submitDraft } from "../../src/screens/compose/draft-mail.ts";
import { undoLatest } from "../../src/ui/toasts.ts";

const USER = { id: "1", admin: true, accounts: ["a1", "a2"] };
const INBOX: ListView = { accountId: "a1", mailboxId: "mb1", text: "", only: "all", conversations: true, sort: "date" };
let world: World;
let requests: { url: string; init: RequestInit }[];

function answerWith(respond: (url: string, init: RequestInit) => Response): void {
  vi.stubGlobal("fetch", vi.fn((url: string, init: RequestInit) => {
    requests.push({ url, init });
    return Promise.resolve(respond(url, init));
  }));
}

beforeEach(async () => {
  await activateLanguage("en");
  world = seedWorld({ filler: 60 });
  requests = [];
  setCsrfToken("token");
  answerWith((_, init) => Response.json(handleRequest(world, USER, JSON.parse(String(init.body)) as object)));
});

describe("the JMAP client", () => {
  it("asks for the capabilities that its calls need", () => {
    expect(capabilitiesFor([["Mailbox/get", {}, "0"]])).toEqual(["urn:ietf:params:jmap:core", "urn:ietf:params:jmap:mail"]);
    expect(capabilitiesFor([["LinkedAccount/get", {}, "0"]])).toContain("urn:postroom:manage");
    expect(capabilitiesFor([["Email/get", { properties: ["postroom:state"] }, "0"]])).toContain("urn:postroom:manage");
    expect(capabilitiesFor([["EmailSubmission/set", { onSuccessUpdateEmail: {} }, "0"]])).toEqual(expect.arrayContaining(["urn:ietf:params:jmap:submission", "urn:ietf:params:jmap:mail"]));
  });

  it("sends the CSRF token with what changes something", async () => {
    await jmapOne("Mailbox/get", { accountId: "a1", ids: null });
    expect((requests[0]?.init.headers as Record<string, string>)["X-Postroom-CSRF"]).toBe("token");
    expect((requests[0]?.init.headers as Record<string, string>)["Content-Type"]).toBe("application/json");
  });

  it("follows result references", async () => {
    const results = await jmap([
      ["Email/query", { accountId: "a1", filter: { inMailbox: "mb1" }, limit: 3 }, "q"],
      ["Email/get", { accountId: "a1", "#ids": resultOf("q", "Email/query", "/ids"), properties: ["subject"] }, "e"],
    ]);
    expect(results.get<GetResponse<{ id: string }>>("e").list.map((one) => one.id).sort()).toEqual([...results.get<QueryResponse>("q").ids].sort());
  });

  it("turns a method's error into one of ours", async () => {
    await expect(jmapOne("Email/query", { accountId: "a9", filter: null })).rejects.toMatchObject({ name: "MethodError", type: "accountNotFound" });
    await expect(jmapOne("Nothing/get", { accountId: "a1" })).rejects.toBeInstanceOf(MethodError);
  });

  it("reads problem details, and tells when one is signed out", async () => {
    const signedOut = vi.fn();
    whenSignedOut(signedOut);
    answerWith(() => Response.json({ title: "Not signed in.", detail: "Sign in." }, { status: 401 }));
    await expect(jmapOne("Mailbox/get", {})).rejects.toMatchObject({ status: 401, title: "Not signed in." });
    expect(signedOut).toHaveBeenCalledOnce();
    answerWith(() => new Response("<html>", { status: 429, headers: { "Retry-After": "30" } }));
    await expect(requestJson("auth/login", { method: "POST", body: {} })).rejects.toMatchObject({ status: 429, retryAfter: 30 });
    expect(signedOut).toHaveBeenCalledOnce();
  });

  it("says it plainly when the server is gone", async () => {
    vi.stubGlobal("fetch", vi.fn(() => Promise.reject(new TypeError("failed"))));
    const error: unknown = await jmapOne("Mailbox/get", {}).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(NetworkProblem);
    expect(failureOf(error).text).toBe("refusal.offline");
    expect(failureOf(new HttpProblem(413, null, null, null)).text).toBe("refusal.tooLarge");
  });
});

describe("a page of the list", () => {
  it("has whole conversations, newest first, with a total", async () => {
    const page = await new QueryClient().fetchQuery(pageQuery(INBOX, 0));
    expect(page.rows).toHaveLength(50);
    expect(page.total).toBe(67);
    expect(page.rows[0]?.emails).toHaveLength(4);
  });

  it("falls back to single mails when the threads are too long for one request", async () => {
    world.maxObjectsInGet = 50;
    const page = await new QueryClient().fetchQuery(pageQuery(INBOX, 0));
    expect(page.rows).toHaveLength(50);
    expect(page.rows[0]?.emails).toHaveLength(1);
  });
});

async function warm(): Promise<QueryClient> {
  const client = new QueryClient();
  await client.fetchQuery(mailboxesQuery("a1"));
  await client.fetchQuery(pageQuery(INBOX, 0));
  return client;
}

function inboxPage(client: QueryClient): ListPage {
  return client.getQueryData<ListPage>(keys.page(INBOX, 0))!;
}

describe("actions", () => {
  it("show at once and reach the server", async () => {
    const client = await warm();
    const row = inboxPage(client).rows[0]!;
    const before = client.getQueryData<readonly Mailbox[]>(keys.mailboxes("a1"))!.find((one) => one.id === "mb1")!.unreadEmails;
    createMailActions(client, "a1").moveToRole(row.emails, "trash", "mb1");
    await vi.waitFor(() => expect(inboxPage(client).rows[0]?.threadId).not.toBe(row.threadId));
    const unread = row.emails.filter((one) => one.mailboxIds["mb1"] && !one.keywords["$seen"]).length;
    expect(client.getQueryData<readonly Mailbox[]>(keys.mailboxes("a1"))!.find((one) => one.id === "mb1")!.unreadEmails).toBe(before - unread);
    await vi.waitFor(() => expect(world.accounts.get("a1")!.emails.get(row.leadId)!.mailboxIds).toEqual({ mb6: true }));
    /* The answer in Sent is not in the inbox, so it does not move. */
    expect([...world.accounts.get("a1")!.emails.values()].filter((one) => one.threadId === row.threadId && one.mailboxIds["mb3"])).toHaveLength(1);
  });

  it("are undone though a list was asked for before they were carried out", async () => {
    const client = await warm();
    const before = inboxPage(client);
    const row = before.rows[0]!;
    const placeOf = () => world.accounts.get("a1")!.emails.get(row.leadId)!.mailboxIds;
    createMailActions(client, "a1").moveToRole(row.emails, "trash", "mb1");
    await vi.waitFor(() => expect(placeOf()).toEqual({ mb6: true }));
    client.setQueryData<ListPage>(keys.page(INBOX, 0), before);
    expect(undoLatest()).toBe(true);
    await vi.waitFor(() => expect(placeOf()).toEqual({ mb1: true }));
  });

  it("that are refused are put back", async () => {
    const client = await warm();
    const lead = inboxPage(client).rows[1]!.leadId;
    world.refuse.set(lead, { type: "forbidden", description: "read-only folder" });
    await changeEmails(client, "a1", new Map([[lead, keywordPatch("$flagged", true)]]), null);
    expect(cachedEmails(client, "a1").get(lead)?.keywords["$flagged"]).toBeUndefined();
  });

  it("are put back when the server does not answer", async () => {
    const client = await warm();
    const lead = inboxPage(client).rows[1]!.leadId;
    vi.stubGlobal("fetch", vi.fn(() => Promise.reject(new TypeError("gone"))));
    await changeEmails(client, "a1", new Map([[lead, keywordPatch("$flagged", true)]]), null);
    expect(cachedEmails(client, "a1").get(lead)?.keywords["$flagged"]).toBeUndefined();
  });
});

describe("an answer", () => {
  it("waits for a mail whose text is not here yet", async () => {
    const pending = [...world.accounts.get("a1")!.emails.values()].find((one) => one.state === "pending")!;
    const error: unknown = await prepareAnswer({ kind: "reply", accountId: "a1", emailId: pending.id, at: "a1", format: "html" }).catch((reason: unknown) => reason);
    expect(failureOf(error).text).toBe("refusal.pending");
  });
  it("quotes the mail with its pictures, and knows whom it answers", async () => {
    const lead = [...world.accounts.get("a1")!.emails.values()].filter((one) => one.threadId === "T-harbour").at(-1)!;
    const letter = await prepareAnswer({ kind: "replyAll", accountId: "a1", emailId: lead.id, at: "a1", format: "html" });
    expect(letter.quote?.html).toMatch(/^<div class="postroom-quote"><p dir="auto">On .*, Ben Okafor wrote:<\/p>/);
    expect(letter.quote?.html).toContain("cid:chart@example");
    expect(letter.attachments?.map((one) => one.name)).toEqual(["chart.png"]);
    expect(letter).toMatchObject({ inReplyTo: lead.messageId, answered: { accountId: "a1", emailId: lead.id, keyword: "$answered" } });
    const forward = await prepareAnswer({ kind: "forward", accountId: "a1", emailId: lead.id, at: "a1", format: "html" });
    expect(forward.attachments).toHaveLength(3);
    expect(forward.inReplyTo).toBeUndefined();
  });
});

const SENDING = { identity: { id: "Ia1", email: "ada@contoso.example" }, recipients: [{ name: null, email: "ben@contoso.example" }], draftsId: "mb2", sentId: "mb3", answered: null, seconds: 0, sendAt: null };

describe("a draft", () => {
  const mail = {
    accountId: "a1", draftId: null, identity: { id: "Ia1", name: "Ada", email: "ada@contoso.example", textSignature: "", htmlSignature: "", replyTo: null, bcc: null },
    format: "html", text: "", replyTo: [], priority: "normal", receipt: false,
    to: [{ name: null, email: "ben@contoso.example" }], cc: [], bcc: [], subject: "Hi", ownHtml: "<p>Hello</p>", quoteHtml: null, attachments: [], inReplyTo: null, references: null, answered: null,
  } as const;
  it("is replaced when saved again, and moves to Sent when sent", async () => {
    const { emails } = world.accounts.get("a1")!;
    const first = await saveDraft(mail, "mb2");
    const second = await saveDraft({ ...mail, draftId: first.id, subject: "Hi again" }, "mb2");
    expect(emails.has(first.id)).toBe(false);
    expect(emails.get(second.id)).toMatchObject({ subject: "Hi again", mailboxIds: { mb2: true }, keywords: { $draft: true } });
    await submitDraft({ accountId: "a1", emailId: second.id, ...SENDING });
    expect(emails.get(second.id)).toMatchObject({ mailboxIds: { mb3: true } });
    expect(emails.get(second.id)?.keywords["$draft"]).toBeUndefined();
  });
  it("stays in Drafts when sending is refused", async () => {
    const saved = await saveDraft({ ...mail, to: [] }, "mb2");
    await expect(submitDraft({ accountId: "a1", emailId: saved.id, ...SENDING })).rejects.toMatchObject({ refusal: { type: "noRecipients" } });
    expect(world.accounts.get("a1")!.emails.get(saved.id)?.mailboxIds).toEqual({ mb2: true });
  });
});

describe("a change that waits", () => {
  it("is called after what it does", () => {
    const named = (...patches: Readonly<Record<string, true | null>>[]) => nameOf(new Map(patches.map((patch, at) => [`m${at}`, patch]))).text;
    expect(named({ "keywords/$flagged": true }, { "keywords/$flagged": true })).toBe("action.flagged");
    expect(named({ "keywords/$seen": null })).toBe("action.markedUnread");
    expect(named({ "keywords/$seen": true }, { "keywords/$flagged": true })).toBe("waiting.change");
    expect(named({ "keywords/blue": true })).toBe("waiting.change");
  });
});
