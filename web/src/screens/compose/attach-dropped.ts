import { jmapOne } from "../../jmap/client.ts";
import type { GetResponse, Id } from "../../jmap/types.ts";
import { translate } from "../../i18n/i18n.ts";
import type { DraftAttachment } from "./composer-store.ts";

/* What is dragged from a list of mails ({accountId, emailIds}) and from a mail's attachments ({accountId, blobId, name, type, size}). */
export const DRAGGED_MAILS = "application/x-postroom-mails";
export const DRAGGED_ATTACHMENT = "application/x-postroom-attachment";
const MOST = 20;

export function hasAttachable(transfer: DataTransfer): boolean {
  return ["Files", DRAGGED_MAILS, DRAGGED_ATTACHMENT].some((type) => transfer.types.includes(type));
}

let nextKey = 1;

interface Dragged {
  readonly accountId: Id;
  readonly blobId: Id;
  readonly name: string | null;
  readonly type: string;
  readonly size: number;
}

/* Blobs of another account are copied first (RFC 8620, 6.3). */
export async function bringAll(attachments: readonly DraftAttachment[], from: Id, to: Id): Promise<readonly DraftAttachment[]> {
  const blobIds = attachments.flatMap(({ blobId }) => blobId ?? []);
  if (from === to || blobIds.length === 0) return attachments;
  const { copied } = await jmapOne<{ copied: Readonly<Record<Id, Id>> | null }>("Blob/copy", { fromAccountId: from, accountId: to, blobIds });
  return attachments.map((one) => ({ ...one, blobId: copied?.[one.blobId ?? ""] ?? one.blobId }));
}

function toAttachment({ blobId, name, type, size }: Dragged): DraftAttachment {
  return { key: `dropped-${nextKey++}-${blobId}`, name: name ?? translate("reader.unnamed"), type, size, blobId, cid: null, inline: false };
}

/* Mails as attachments, each a message of its own. */
export async function attachMails(from: Id, emailIds: readonly Id[], accountId: Id): Promise<readonly DraftAttachment[]> {
  const answer = await jmapOne<GetResponse<{ blobId: Id; subject: string | null; size: number }>>("Email/get", { accountId: from, ids: emailIds.slice(0, MOST), properties: ["blobId", "subject", "size"] });
  return bringAll(answer.list.map((email) => toAttachment({
    accountId: from, blobId: email.blobId, type: "message/rfc822", size: email.size, name: `${(email.subject ?? "").replace(/[\\/:*?"<>|\p{Cc}]/gu, " ").trim().slice(0, 80) || translate("row.noSubject")}.eml`,
  })), from, accountId);
}

export async function attachDropped(transfer: DataTransfer, accountId: Id): Promise<readonly DraftAttachment[]> {
  const mails = transfer.getData(DRAGGED_MAILS), attachment = transfer.getData(DRAGGED_ATTACHMENT);
  if (mails) {
    const { accountId: from, emailIds } = JSON.parse(mails) as { accountId: Id; emailIds: readonly Id[] };
    return attachMails(from, emailIds, accountId);
  }
  if (!attachment) return [];
  const dragged = JSON.parse(attachment) as Dragged;
  return bringAll([toAttachment(dragged)], dragged.accountId, accountId);
}
