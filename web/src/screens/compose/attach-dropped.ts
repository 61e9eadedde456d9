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

/* A blob of another account is copied first (RFC 8620, 6.3). */
async function bring(blobId: Id, from: Id, to: Id): Promise<Id> {
  if (from === to) return blobId;
  const answer = await jmapOne<{ copied: Readonly<Record<Id, Id>> | null }>("Blob/copy", { fromAccountId: from, accountId: to, blobIds: [blobId] });
  return answer.copied?.[blobId] ?? blobId;
}

async function toAttachment(dragged: Dragged, accountId: Id): Promise<DraftAttachment> {
  return {
    key: `dropped-${nextKey++}-${dragged.blobId}`, name: dragged.name ?? translate("reader.unnamed"), type: dragged.type, size: dragged.size,
    blobId: await bring(dragged.blobId, dragged.accountId, accountId), cid: null, inline: false,
  };
}

/* Mails as attachments, each a message of its own. */
export async function attachMails(from: Id, emailIds: readonly Id[], accountId: Id): Promise<readonly DraftAttachment[]> {
  const answer = await jmapOne<GetResponse<{ blobId: Id; subject: string | null; size: number }>>("Email/get", { accountId: from, ids: emailIds.slice(0, MOST), properties: ["blobId", "subject", "size"] });
  return Promise.all(answer.list.map((email) => toAttachment({
    accountId: from, blobId: email.blobId, type: "message/rfc822", size: email.size, name: `${(email.subject ?? "").replace(/[\\/:*?"<>|\p{Cc}]/gu, " ").trim().slice(0, 80) || translate("row.noSubject")}.eml`,
  }, accountId)));
}

export async function attachDropped(transfer: DataTransfer, accountId: Id): Promise<readonly DraftAttachment[]> {
  const mails = transfer.getData(DRAGGED_MAILS), attachment = transfer.getData(DRAGGED_ATTACHMENT);
  if (mails) {
    const { accountId: from, emailIds } = JSON.parse(mails) as { accountId: Id; emailIds: readonly Id[] };
    return attachMails(from, emailIds, accountId);
  }
  return attachment ? [await toAttachment(JSON.parse(attachment) as Dragged, accountId)] : [];
}
