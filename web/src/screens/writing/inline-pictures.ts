import { upload } from "../../jmap/blobs.ts";
import type { Id } from "../../jmap/types.ts";
import type { DraftAttachment } from "../compose/composer-store.ts";
import { inlineAddress } from "../compose/inline-images.ts";
import { fileOfAddress } from "./pictures.ts";

let nextKey = 1;

/* The pictures of own HTML (data: addresses) as inline parts of a letter of the account, and the HTML that shows those. */
export async function pictureParts(html: string, accountId: Id): Promise<{ readonly html: string; readonly parts: readonly DraftAttachment[] }> {
  const parsed = new DOMParser().parseFromString(html, "text/html");
  const parts: DraftAttachment[] = [];
  for (const image of parsed.querySelectorAll<HTMLImageElement>('img[src^="data:"]')) {
    const file = fileOfAddress(image.getAttribute("src") ?? "", image.alt.replace(/\.\w+$/, "").slice(0, 60) || "picture");
    if (!file) {
      image.remove();
      continue;
    }
    const blob = await upload(accountId, file, () => undefined).done;
    const key = `picture-${nextKey++}`;
    const cid = `${key}.${crypto.getRandomValues(new Uint32Array(2)).join("")}@postroom`;
    const part: DraftAttachment = { key, name: file.name, type: file.type, size: file.size, blobId: blob.blobId, cid, inline: true };
    image.setAttribute("src", inlineAddress(accountId, part));
    parts.push(part);
  }
  return { html: parsed.body.innerHTML, parts };
}
