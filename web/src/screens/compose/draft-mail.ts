import { jmap, jmapOne, RefusedError, type Invocation, type RequestOptions } from "../../jmap/client.ts";
import type { Address, EmailBody, GetResponse, Id, Identity, SetResponse } from "../../jmap/types.ts";
import { htmlToText, joinDraft } from "../../mail/answers.ts";
import { keywordPatch, pointer } from "../../mail/patches.ts";
import type { Letter } from "./composer-store.ts";

/* A letter as it stands: what is saved and sent. */
export interface DraftMail extends Omit<Letter, "key" | "identityId" | "html" | "quote"> {
  readonly identity: Identity | null;
  readonly ownHtml: string;
  readonly quoteHtml: string | null;
}

function sendable(addresses: readonly Address[]): readonly Address[] | null {
  return addresses.length > 0 ? addresses.map(({ name, email }) => ({ name, email })) : null;
}

/* The Email object of RFC 8621, 4.6: both texts, and every attachment by its blob. */
export function emailObject(mail: DraftMail, draftsId: Id): Record<string, unknown> {
  const html = `<!doctype html><html><body>${joinDraft(mail.ownHtml, mail.quoteHtml)}</body></html>`;
  const text = htmlToText(joinDraft(mail.ownHtml, mail.quoteHtml));
  return {
    mailboxIds: { [draftsId]: true },
    keywords: { $draft: true, $seen: true },
    from: mail.identity ? [{ name: mail.identity.name || null, email: mail.identity.email }] : null,
    to: sendable(mail.to), cc: sendable(mail.cc), bcc: sendable(mail.bcc),
    subject: mail.subject,
    inReplyTo: mail.inReplyTo, references: mail.references,
    textBody: [{ partId: "text", type: "text/plain" }],
    htmlBody: [{ partId: "html", type: "text/html" }],
    bodyValues: { text: { value: text }, html: { value: html } },
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
}

function refusalIn(answer: SetResponse): void {
  const refused = [...Object.values(answer.notCreated ?? {}), ...Object.values(answer.notUpdated ?? {})][0];
  if (refused) throw new RefusedError(refused);
}

/* An email cannot be changed, so saving makes a new one and removes the old in the same call. */
export async function saveDraft(mail: DraftMail, draftsId: Id): Promise<SavedDraft> {
  const { accountId } = mail;
  const answer = await jmapOne<SetResponse>("Email/set", {
    accountId,
    create: { draft: emailObject(mail, draftsId) },
    ...(mail.draftId === null ? {} : { destroy: [mail.draftId] }),
  });
  refusalIn(answer);
  const id = answer.created?.["draft"]?.id ?? "";
  if (mail.attachments.length === 0) return { id, blobIds: null };
  const stored = await jmapOne<GetResponse<EmailBody>>("Email/get", {
    accountId, ids: [id], properties: ["id", "attachments"], bodyProperties: ["partId", "blobId", "name", "size", "type"],
  });
  const blobIds = stored.list[0]?.attachments.flatMap((part) => part.blobId ?? []) ?? [];
  return { id, blobIds: blobIds.length === mail.attachments.length ? blobIds : null };
}

export async function destroyDraft(accountId: Id, draftId: Id): Promise<void> {
  await jmapOne<SetResponse>("Email/set", { accountId, destroy: [draftId] });
}

export interface Sending {
  readonly accountId: Id;
  readonly emailId: Id;
  readonly identityId: Id;
  readonly draftsId: Id;
  readonly sentId: Id | null;
  readonly answered: Letter["answered"];
}

/* RFC 8621, 7.5: submits the draft; once accepted it moves from Drafts to Sent and is a draft no more. */
export function sendCalls(sending: Sending): Invocation[] {
  const { accountId, emailId, identityId, draftsId, sentId, answered } = sending;
  const moved = sentId === null || sentId === draftsId ? {} : { [`mailboxIds/${pointer(draftsId)}`]: null, [`mailboxIds/${pointer(sentId)}`]: true };
  const calls: Invocation[] = [["EmailSubmission/set", {
    accountId,
    create: { sending: { identityId, emailId } },
    onSuccessUpdateEmail: { "#sending": { ...moved, ...keywordPatch("$draft", false) } },
  }, "send"]];
  if (answered) calls.push(["Email/set", { accountId, update: { [answered.emailId]: keywordPatch(answered.keyword, true) } }, "answered"]);
  return calls;
}

export async function submitDraft(sending: Sending, options: RequestOptions = {}): Promise<void> {
  const results = await jmap(sendCalls(sending), options);
  refusalIn(results.get<SetResponse>("send"));
}
