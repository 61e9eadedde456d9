import { formatFullDate } from "../../i18n/format.ts";
import { i18n, regionalLocale, translate, type MessageId } from "../../i18n/i18n.ts";
import type { BodyPart, EmailBody, EmailDetail, Id } from "../../jmap/types.ts";
import {
  answerRecipients, answerReferences, answerSubject, formatAddress, htmlToText, quoteForForward, quoteForReply, splitDraft, textToHtml,
} from "../../mail/answers.ts";
import { displayName } from "../../mail/conversations.ts";
import { PendingError } from "../../mail/failures.ts";
import { fetchBody, fetchDetail } from "../../mail/queries.ts";
import { outgoingImages, sanitiseMailHtml } from "../../mail/sanitise.ts";
import { byRole } from "../../mail/mailboxes.ts";
import { jmap, jmapOne, resultOf } from "../../jmap/client.ts";
import type { Address, GetResponse, Identity, Mailbox, Submission } from "../../jmap/types.ts";
import { confirmFirst } from "../../ui/questions.ts";
import { showToast } from "../../ui/toasts.ts";
import { bringAll } from "./attach-dropped.ts";
import { cancelSending, fetchWishes } from "./draft-mail.ts";
import { quoteText } from "./plain-text.ts";
import type { AnswerKind, DraftAttachment, NewLetter } from "./composer-store.ts";

/* Whether a mail came as plain text alone: it is answered so. */
function isPlain(body: EmailBody): boolean {
  return body.htmlBody.length > 0 && body.htmlBody.every((part) => part.type === "text/plain");
}

function bodyText(body: EmailBody): string {
  return body.textBody.map((part) => (part.partId === null ? "" : (body.bodyValues[part.partId]?.value ?? ""))).join("\n");
}

function bodyHtml(body: EmailBody): string {
  const pieces = body.htmlBody.map((part) => {
    const value = part.partId === null ? undefined : body.bodyValues[part.partId]?.value;
    if (value === undefined) return "";
    return part.type === "text/html" ? value : `<p>${textToHtml(value)}</p>`;
  });
  return pieces.join("");
}

export function toAttachment(part: BodyPart, index: number): DraftAttachment {
  return {
    key: `part-${index}-${part.blobId ?? ""}`, name: part.name ?? translate("reader.unnamed"), type: part.type, size: part.size,
    blobId: part.blobId, cid: part.cid, inline: part.disposition === "inline" && part.cid !== null,
  };
}

/* A reply keeps the pictures its quotation shows; a forward keeps everything. */
function attachmentsFor(kind: AnswerKind, body: EmailBody, quote: string): DraftAttachment[] {
  return body.attachments
    .filter((part) => part.blobId !== null)
    .filter((part) => kind === "forward" || (part.cid !== null && quote.includes(`cid:${part.cid}`)))
    .map(toAttachment);
}

async function ownAddresses(accountId: Id): Promise<readonly string[]> {
  const answer = await jmapOne<GetResponse<Identity>>("Identity/get", { accountId, ids: null });
  return answer.list.map((identity) => identity.email);
}

function headersOf(original: EmailDetail): readonly (readonly [string, string])[] {
  const list = (addresses: EmailDetail["to"]): string => (addresses ?? []).map(formatAddress).join(", ");
  return [
    [translate("compose.from"), list(original.from)],
    [translate("compose.date"), dateOf(original)],
    [translate("compose.subject"), original.subject ?? ""],
    [translate("compose.to"), list(original.to)],
    [translate("compose.cc"), list(original.cc)],
  ];
}

function dateOf(original: EmailDetail): string {
  return formatFullDate(original.sentAt ?? original.receivedAt, regionalLocale(i18n.locale));
}

function attribution(original: EmailDetail): string {
  const [from] = original.from ?? [];
  return translate("compose.attribution", { date: dateOf(original), name: from ? displayName(from) : translate("row.noSender") });
}

function quoteOf(kind: AnswerKind, original: EmailDetail, html: string): string {
  if (kind !== "forward") return quoteForReply(attribution(original), html);
  return quoteForForward(translate("compose.forwarded"), headersOf(original), html);
}

/* The same in a letter of plain text, beneath room to write. */
function plainQuote(kind: AnswerKind, original: EmailDetail, text: string): string {
  if (kind !== "forward") return `\n\n${attribution(original)}\n${quoteText(text)}\n`;
  const lines = headersOf(original).filter(([, value]) => value).map(([name, value]) => `${name}: ${value}`);
  return `\n\n---------- ${translate("compose.forwarded")} ----------\n${lines.join("\n")}\n\n${text}`;
}

interface StoredDraft {
  readonly id: Id;
  readonly receivedAt: string;
  readonly inReplyTo: readonly string[] | null;
  readonly to: EmailDetail["to"];
  readonly cc: EmailDetail["to"];
}

const DRAFTS_LOOKED_AT = 100;

/* The newest drafts of an account. */
async function draftsOf(accountId: Id): Promise<readonly StoredDraft[]> {
  const boxes = await jmapOne<GetResponse<Mailbox>>("Mailbox/get", { accountId, ids: null, properties: ["id", "role"] });
  const drafts = byRole(boxes.list, "drafts");
  if (!drafts) return [];
  const results = await jmap([
    ["Email/query", { accountId, filter: { inMailbox: drafts.id }, sort: [{ property: "receivedAt", isAscending: false }], limit: DRAFTS_LOOKED_AT }, "query"],
    ["Email/get", { accountId, "#ids": resultOf("query", "Email/query", "/ids"), properties: ["id", "receivedAt", "inReplyTo", "to", "cc"] }, "emails"],
  ]);
  return results.get<GetResponse<StoredDraft>>("emails").list;
}

/* Asks whether to go on with the draft there is; null: no, or there is none. */
async function offerDraft(accountId: Id, fits: (draft: StoredDraft) => boolean, text: MessageId): Promise<NewLetter | null> {
  const found = (await draftsOf(accountId).catch(() => [])).find(fits);
  if (!found) return null;
  const at = formatFullDate(found.receivedAt, regionalLocale(i18n.locale));
  if (!(await confirmFirst({ title: "compose.draftFound", text, values: { at }, action: "compose.useDraft" }))) return null;
  return prepareDraft(accountId, found.id);
}

function addressesOf(lists: readonly EmailDetail["to"][]): string {
  return lists.flatMap((list) => (list ?? []).map((address) => address.email.toLowerCase())).sort().join();
}

/* A draft to exactly these, for a letter that has only begun. */
export async function similarDraft(accountId: Id, to: readonly Address[], cc: readonly Address[], except: Id | null): Promise<StoredDraft | null> {
  const wanted = addressesOf([to, cc]);
  return (await draftsOf(accountId)).find((draft) => draft.id !== except && !draft.inReplyTo?.length && addressesOf([draft.to, draft.cc]) === wanted) ?? null;
}

/* at: the account that the answer is written in, which is another where this one may not be sent from. */
interface AnswerAsked {
  readonly kind: AnswerKind;
  readonly accountId: Id;
  readonly emailId: Id;
  readonly at: Id;
  readonly format: "html" | "text";
}

export async function prepareAnswer({ kind, accountId, emailId, at, format }: AnswerAsked): Promise<NewLetter> {
  const [original, body, own] = await Promise.all([fetchDetail(accountId, emailId), fetchBody(accountId, emailId), ownAddresses(at)]);
  if (original["postroom:state"] === "pending") throw new PendingError();
  const messageId = original.messageId?.[0];
  const drafted = kind === "forward" || !messageId ? null : await offerDraft(at, (draft) => draft.inReplyTo?.includes(messageId) ?? false, "compose.draftFoundText");
  const answered = { accountId, emailId, keyword: kind === "forward" ? "$forwarded" as const : "$answered" as const };
  if (drafted) return { ...drafted, answered };
  const plain = format === "text" || isPlain(body);
  const quote = plain ? "" : quoteOf(kind, original, sanitiseMailHtml(bodyHtml(body), outgoingImages));
  const attachments = attachmentsFor(kind, body, quote).filter(() => !plain || kind === "forward").map((part) => (plain ? { ...part, inline: false } : part));
  return {
    accountId: at,
    ...answerRecipients(kind, original, own),
    subject: answerSubject(kind, original.subject),
    ...(plain ? { format: "text" as const, text: plainQuote(kind, original, isPlain(body) ? bodyText(body) : htmlToText(bodyHtml(body))) } : { quote: { html: quote } }),
    attachments: await bringAll(attachments, accountId, at),
    ...(kind === "forward" ? {} : answerReferences(original)),
    answered,
    writtenTo: [...(original.to ?? []), ...(original.cc ?? [])].map((address) => address.email.toLowerCase()),
  };
}

/* Whether a draft is in the outbox: it is written on only when that is called off. false: leave it. */
async function calledOff(accountId: Id, emailId: Id): Promise<boolean> {
  const results = await jmap([
    ["EmailSubmission/query", { accountId, filter: { emailIds: [emailId], undoStatus: "pending" } }, "query"],
    ["EmailSubmission/get", { accountId, "#ids": resultOf("query", "EmailSubmission/query", "/ids"), properties: ["sendAt", "undoStatus"] }, "submissions"],
  ]);
  for (const { id, sendAt, undoStatus } of results.get<GetResponse<Pick<Submission, "id" | "sendAt" | "undoStatus">>>("submissions").list) {
    if (undoStatus !== "pending") continue;
    const at = formatFullDate(sendAt, regionalLocale(i18n.locale));
    if (!(await confirmFirst({ title: "compose.scheduledDraft", text: "compose.scheduledDraftText", values: { at }, action: "compose.cancelAndEdit" }))) return false;
    if (!(await cancelSending(accountId, id, null))) {
      showToast({ text: "compose.tooLateToUndo", tone: "problem" });
      return false;
    }
  }
  return true;
}

/* The same, for whoever opens a draft from a list; null: it is left as it is. */
export async function prepareStoredDraft(accountId: Id, emailId: Id): Promise<NewLetter | null> {
  return (await calledOff(accountId, emailId)) ? prepareDraft(accountId, emailId) : null;
}

/* A draft as it was left, also one begun in another program. */
export async function prepareDraft(accountId: Id, emailId: Id): Promise<NewLetter> {
  const [draft, body, wishes] = await Promise.all([fetchDetail(accountId, emailId), fetchBody(accountId, emailId), fetchWishes(accountId, emailId)]);
  const plain = isPlain(body);
  const { own, quote } = plain ? { own: "", quote: null } : splitDraft(bodyHtml(body));
  return {
    accountId,
    draftId: emailId,
    to: draft.to ?? [], cc: draft.cc ?? [], bcc: draft.bcc ?? [],
    subject: draft.subject ?? "",
    ...(plain ? { format: "text" as const, text: bodyText(body).replace(/\r\n?/g, "\n") } : {}),
    html: sanitiseMailHtml(own, outgoingImages),
    quote: quote === null ? null : { html: sanitiseMailHtml(quote, outgoingImages) },
    attachments: body.attachments.filter((part) => part.blobId !== null).map(toAttachment),
    inReplyTo: draft.inReplyTo, references: draft.references, ...wishes,
    writtenTo: (draft.from ?? []).map((address) => address.email.toLowerCase()),
  };
}
