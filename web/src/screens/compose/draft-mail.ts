import { assertAccepted, jmap, jmapOne, MethodError, type Invocation } from "../../jmap/client.ts";
import type { Address, EmailBody, GetResponse, Id, Identity, QueryResponse, SetResponse } from "../../jmap/types.ts";
import { htmlToText, joinDraft } from "../../mail/answers.ts";
import { keywordPatch, pointer } from "../../mail/patches.ts";
import type { Letter } from "./composer-store.ts";
import { wrapText } from "./plain-text.ts";

/* A letter as it stands: what is saved and sent. */
export interface DraftMail extends Pick<Letter, "accountId" | "draftId" | "to" | "cc" | "bcc" | "subject" | "attachments" | "inReplyTo" | "references" | "answered"
  | "format" | "text" | "replyTo" | "priority" | "receipt"> {
  readonly identity: Identity | null;
  readonly ownHtml: string;
  readonly quoteHtml: string | null;
}

function sendable(addresses: readonly Address[]): readonly Address[] | null {
  return addresses.length > 0 ? addresses.map(({ name, email }) => ({ name, email })) : null;
}

const IMPORTANCE = { high: ["1", "high"], low: ["5", "low"] } as const;

/* What mail programs read of how urgent a mail is, and whether to tell that it was read (RFC 8098, 2.1). */
function wishes({ priority, receipt, identity }: DraftMail): Record<string, unknown> {
  const headers: Record<string, unknown> = {};
  if (priority !== "normal") {
    headers["header:X-Priority:asText"] = IMPORTANCE[priority][0];
    headers["header:Importance:asText"] = IMPORTANCE[priority][1];
  }
  if (receipt && identity) headers["header:Disposition-Notification-To:asAddresses"] = [{ name: identity.name || null, email: identity.email }];
  return headers;
}

const WISHES = ["from", "replyTo", "header:X-Priority:asText", "header:Importance:asText", "header:Disposition-Notification-To:asAddresses"] as const;

export interface WishedEmail {
  readonly from: readonly Address[] | null;
  readonly replyTo: readonly Address[] | null;
  readonly "header:X-Priority:asText": string | null;
  readonly "header:Importance:asText": string | null;
  readonly "header:Disposition-Notification-To:asAddresses": readonly Address[] | null;
}

type Wishes = Pick<Letter, "replyTo" | "priority" | "receipt">;

const addressesOf = (addresses: readonly Address[] | null): string => (addresses ?? []).map((one) => one.email.toLowerCase()).sort().join();

/* What wishes() and the identity wrote, read again; other programs write "1 (Highest)" and "High". */
export function readWishes(email: WishedEmail, identities: readonly Identity[]): Wishes {
  const number = /^\s*([1-5])/.exec(email["header:X-Priority:asText"] ?? "")?.[1], word = email["header:Importance:asText"]?.trim().toLowerCase();
  const own = identities.find((one) => one.email.toLowerCase() === addressesOf(email.from));
  return {
    /* What the identity adds by itself follows it when another is chosen. */
    replyTo: own && addressesOf(own.replyTo) === addressesOf(email.replyTo) ? [] : (email.replyTo ?? []),
    priority: number === "1" || number === "2" || word === "high" ? "high" : number === "4" || number === "5" || word === "low" ? "low" : "normal",
    receipt: (email["header:Disposition-Notification-To:asAddresses"] ?? []).length > 0,
  };
}

export async function fetchWishes(accountId: Id, emailId: Id): Promise<Wishes> {
  const results = await jmap([
    ["Email/get", { accountId, ids: [emailId], properties: WISHES }, "email"],
    ["Identity/get", { accountId, ids: null }, "identities"],
  ]);
  const email = results.get<GetResponse<WishedEmail>>("email").list[0];
  if (!email) throw new MethodError("notFound", null);
  return readWishes(email, results.get<GetResponse<Identity>>("identities").list);
}

function bodies(mail: DraftMail): Record<string, unknown> {
  if (mail.format === "text") return { textBody: [{ partId: "text", type: "text/plain" }], bodyValues: { text: { value: wrapText(mail.text) } } };
  const joined = joinDraft(mail.ownHtml, mail.quoteHtml);
  return {
    textBody: [{ partId: "text", type: "text/plain" }],
    htmlBody: [{ partId: "html", type: "text/html" }],
    bodyValues: { text: { value: htmlToText(joined) }, html: { value: `<!doctype html><html><body>${joined}</body></html>` } },
  };
}

/* The Email object of RFC 8621, 4.6: the texts, and every attachment by its blob. */
export function emailObject(mail: DraftMail, draftsId: Id): Record<string, unknown> {
  return {
    mailboxIds: { [draftsId]: true },
    keywords: { $draft: true, $seen: true },
    from: mail.identity ? [{ name: mail.identity.name || null, email: mail.identity.email }] : null,
    to: sendable(mail.to), cc: sendable(mail.cc), bcc: sendable(mail.bcc), replyTo: sendable(mail.replyTo),
    subject: mail.subject,
    inReplyTo: mail.inReplyTo, references: mail.references,
    ...wishes(mail),
    ...bodies(mail),
    attachments: mail.attachments.filter((one) => one.blobId !== null).map((one) => ({
      blobId: one.blobId, type: one.type || "application/octet-stream", name: one.name, cid: one.inline ? one.cid : null,
      disposition: one.inline ? "inline" : "attachment",
    })),
  };
}

export interface SavedDraft {
  readonly id: Id;
  /* The blobs of the new draft, in order: those of the replaced one may be gone with it. */
  readonly blobIds: readonly Id[] | null;
  /* The draft that this was to replace was there no more: it was changed or deleted elsewhere. */
  readonly wasGone: boolean;
}

/* An old draft that is there no more is no refusal. */
function assertWritten(answer: SetResponse): void {
  assertAccepted({ ...answer, notDestroyed: null });
}

/* A saving that was asked for: what it made is found by its Message-ID, should the answer never come. */
export interface Attempt {
  readonly accountId: Id;
  readonly messageId: string;
  /* It is not all of the letter any more. */
  readonly isOutrun?: true;
}

/* The stored draft and the account it is in. */
export interface Stored {
  readonly accountId: Id;
  readonly id: Id | null;
  readonly unanswered: Attempt | null;
}

export function newAttempt({ accountId, identity }: Pick<DraftMail, "accountId" | "identity">): Attempt {
  const domain = /@([a-z\d.-]+)$/i.exec(identity?.email ?? "")?.[1] ?? "localhost.invalid";
  return { accountId, messageId: `${[...crypto.getRandomValues(new Uint32Array(4))].map((part) => part.toString(36)).join(".")}@${domain}` };
}

/* The draft to go on with: the one that the unanswered saving made, if it got as far as the server. */
export async function settle(stored: Stored): Promise<Stored> {
  const { accountId, id, unanswered } = stored;
  if (!unanswered) return stored;
  const { ids } = await jmapOne<QueryResponse>("Email/query", { accountId: unanswered.accountId, filter: { hasKeyword: "$draft", header: ["Message-ID", unanswered.messageId] } });
  const [found, ...more] = ids;
  if (found === undefined) return stored;
  /* A proxy may have asked twice. */
  if (more.length > 0) await destroyDraft(unanswered.accountId, ...more);
  if (id !== null && accountId !== unanswered.accountId) await destroyDraft(accountId, id);
  return { accountId: unanswered.accountId, id: found, unanswered: null };
}

/* An email cannot be changed, so saving makes a new one and removes the old in the same call. */
export async function saveDraft(mail: DraftMail, draftsId: Id, { messageId } = newAttempt(mail)): Promise<SavedDraft> {
  const { accountId, draftId } = mail;
  const answer = await jmapOne<SetResponse>("Email/set", {
    accountId,
    create: { draft: { ...emailObject(mail, draftsId), messageId: [messageId] } },
    ...(draftId === null ? {} : { destroy: [draftId] }),
  });
  assertWritten(answer);
  const id = answer.created?.["draft"]?.id ?? "";
  const wasGone = draftId !== null && answer.notDestroyed?.[draftId]?.type === "notFound";
  if (mail.attachments.length === 0) return { id, blobIds: null, wasGone };
  const stored = await jmapOne<GetResponse<EmailBody>>("Email/get", {
    accountId, ids: [id], properties: ["id", "attachments"], bodyProperties: ["partId", "blobId", "name", "size", "type"],
  });
  const blobIds = stored.list[0]?.attachments.flatMap((part) => part.blobId ?? []) ?? [];
  return { id, blobIds: blobIds.length === mail.attachments.length ? blobIds : null, wasGone };
}

export async function destroyDraft(accountId: Id, ...draftIds: readonly Id[]): Promise<void> {
  await jmapOne<SetResponse>("Email/set", { accountId, destroy: draftIds });
}

export interface Sending {
  readonly accountId: Id;
  readonly emailId: Id;
  readonly identity: Pick<Identity, "id" | "email">;
  readonly recipients: readonly Address[];
  readonly draftsId: Id;
  readonly sentId: Id | null;
  readonly answered: Letter["answered"];
  /* Seconds in which it can be taken back. */
  readonly seconds: number;
  /* When it is to go; null: now. */
  readonly sendAt: string | null;
}

/* RFC 4865 in the envelope of RFC 8621, 7: our own outbox holds it. */
function envelopeOf({ identity, recipients, seconds, sendAt }: Sending): Record<string, unknown> {
  const parameters = sendAt !== null ? { HOLDUNTIL: sendAt } : seconds > 0 ? { HOLDFOR: String(seconds) } : null;
  const emails = new Map(recipients.map(({ email }) => [email.toLowerCase(), email]));
  return { mailFrom: { email: identity.email, parameters }, rcptTo: [...emails.values()].map((email) => ({ email, parameters: null })) };
}

/*
 * RFC 8621, 7.5: submits the draft; once accepted it moves from Drafts to Sent and is a draft no more. What is to go later
 * stays in Drafts until then, and the server moves it.
 */
export function sendCalls(sending: Sending): Invocation[] {
  const { accountId, emailId, identity, draftsId, sentId, answered, sendAt } = sending;
  const moved = sentId === null || sentId === draftsId ? {} : { [`mailboxIds/${pointer(draftsId)}`]: null, [`mailboxIds/${pointer(sentId)}`]: true };
  const later = sendAt !== null;
  const calls: Invocation[] = [["EmailSubmission/set", {
    accountId,
    create: { sending: { identityId: identity.id, emailId, envelope: envelopeOf(sending), ...(later ? { "postroom:moveToSent": true } : {}) } },
    ...(later ? {} : { onSuccessUpdateEmail: { "#sending": { ...moved, ...keywordPatch("$draft", false) } } }),
  }, "send"]];
  if (answered) calls.push(["Email/set", { accountId: answered.accountId, update: { [answered.emailId]: keywordPatch(answered.keyword, true) } }, "answered"]);
  return calls;
}

/* The submission's id. */
export async function submitDraft(sending: Sending): Promise<Id> {
  const results = await jmap(sendCalls(sending));
  const answer = results.get<SetResponse>("send");
  assertWritten(answer);
  return answer.created?.["sending"]?.id ?? "";
}

/* Takes a sending back: false when it is too late. The server puts the mail back into Drafts. */
export async function cancelSending(accountId: Id, submissionId: Id, answered: Letter["answered"]): Promise<boolean> {
  const calls: Invocation[] = [["EmailSubmission/set", { accountId, update: { [submissionId]: { undoStatus: "canceled" } } }, "cancel"]];
  const answer = (await jmap(calls)).get<SetResponse>("cancel");
  const refused = answer.notUpdated?.[submissionId];
  if (refused?.type === "cannotUnsend") return false;
  assertWritten(answer);
  if (answered) await jmapOne<SetResponse>("Email/set", { accountId: answered.accountId, update: { [answered.emailId]: keywordPatch(answered.keyword, false) } }).catch(() => undefined);
  return true;
}
