import { formatFullDate } from "../../i18n/format.ts";
import { i18n, regionalLocale, translate } from "../../i18n/i18n.ts";
import type { BodyPart, EmailBody, EmailDetail, Id } from "../../jmap/types.ts";
import {
  answerRecipients, answerReferences, answerSubject, formatAddress, quoteForForward, quoteForReply, splitDraft, textToHtml,
} from "../../mail/answers.ts";
import { displayName } from "../../mail/conversations.ts";
import { PendingError } from "../../mail/failures.ts";
import { fetchBody, fetchDetail } from "../../mail/queries.ts";
import { outgoingImages, sanitiseMailHtml } from "../../mail/sanitise.ts";
import { jmapOne } from "../../jmap/client.ts";
import type { GetResponse, Identity } from "../../jmap/types.ts";
import type { AnswerKind, DraftAttachment, NewLetter } from "./composer-store.ts";

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

function quoteOf(kind: AnswerKind, original: EmailDetail, html: string): string {
  const date = formatFullDate(original.sentAt ?? original.receivedAt, regionalLocale(i18n.locale));
  const from = original.from ?? [];
  if (kind !== "forward") {
    const name = from[0] ? displayName(from[0]) : translate("row.noSender");
    return quoteForReply(translate("compose.attribution", { date, name }), html);
  }
  const list = (addresses: EmailDetail["to"]): string => (addresses ?? []).map(formatAddress).join(", ");
  return quoteForForward(translate("compose.forwarded"), [
    [translate("compose.from"), list(from)],
    [translate("compose.date"), date],
    [translate("compose.subject"), original.subject ?? ""],
    [translate("compose.to"), list(original.to)],
    [translate("compose.cc"), list(original.cc)],
  ], html);
}

export async function prepareAnswer(kind: AnswerKind, accountId: Id, emailId: Id): Promise<NewLetter> {
  const [original, body, own] = await Promise.all([fetchDetail(accountId, emailId), fetchBody(accountId, emailId), ownAddresses(accountId)]);
  if (original["postroom:state"] === "pending") throw new PendingError();
  const quote = quoteOf(kind, original, sanitiseMailHtml(bodyHtml(body), outgoingImages));
  return {
    accountId,
    ...answerRecipients(kind, original, own),
    subject: answerSubject(kind, original.subject),
    quote: { html: quote },
    attachments: attachmentsFor(kind, body, quote),
    ...(kind === "forward" ? {} : answerReferences(original)),
    answered: { emailId, keyword: kind === "forward" ? "$forwarded" : "$answered" },
  };
}

/* A draft as it was left, also one begun in another program. */
export async function prepareDraft(accountId: Id, emailId: Id): Promise<NewLetter> {
  const [draft, body] = await Promise.all([fetchDetail(accountId, emailId), fetchBody(accountId, emailId)]);
  const { own, quote } = splitDraft(bodyHtml(body));
  return {
    accountId,
    draftId: emailId,
    to: draft.to ?? [], cc: draft.cc ?? [], bcc: draft.bcc ?? [],
    subject: draft.subject ?? "",
    html: sanitiseMailHtml(own, outgoingImages),
    quote: quote === null ? null : { html: quote },
    attachments: body.attachments.filter((part) => part.blobId !== null).map(toAttachment),
    inReplyTo: draft.inReplyTo, references: draft.references,
  };
}
