import { downloadUrl } from "../../jmap/blobs.ts";
import type { Id } from "../../jmap/types.ts";
import type { DraftAttachment } from "./composer-store.ts";

/*
 * Pictures in the text are parts of the mail: "cid:…" in what is saved, the part's own address in the editor. A part's
 * blob changes with each save, so the address carries the cid that it stands for.
 */
const MARK = "#cid=";

export function inlineAddress(accountId: Id, attachment: DraftAttachment): string {
  const { blobId, cid, name, type } = attachment;
  return `${downloadUrl(accountId, blobId ?? "", name, type)}${MARK}${encodeURIComponent(cid ?? "")}`;
}

export function showInline(html: string, accountId: Id, attachments: readonly DraftAttachment[]): string {
  return html.replace(/src="cid:([^"]+)"/g, (whole, cid: string) => {
    const found = attachments.find((one) => one.cid === decodeURIComponent(cid));
    return found ? `src="${inlineAddress(accountId, found).replaceAll("&", "&amp;")}"` : whole;
  });
}

export function hideInline(html: string, attachments: readonly DraftAttachment[]): string {
  return html.replace(/src="[^"]*#cid=([^"]+)"/g, (whole, cid: string) =>
    attachments.some((one) => one.cid === decodeURIComponent(cid)) ? `src="cid:${cid}"` : whole);
}
