import { useCallback, useRef, useState } from "react";
import { formatBytes } from "../../i18n/format.ts";
import { i18n, regionalLocale } from "../../i18n/i18n.ts";
import { upload } from "../../jmap/blobs.ts";
import type { Id } from "../../jmap/types.ts";
import { showToast } from "../../ui/toasts.ts";
import type { DraftAttachment } from "./composer-store.ts";

type ChangeAttachments = (update: (now: readonly DraftAttachment[]) => readonly DraftAttachment[]) => void;

let nextKey = 1;

function newAttachment(file: File, inline: boolean): DraftAttachment {
  const key = `file-${nextKey++}`;
  const cid = inline ? `${key}.${crypto.getRandomValues(new Uint32Array(2)).join("")}@postroom` : null;
  return { key, name: file.name || key, type: file.type || "application/octet-stream", size: file.size, blobId: null, cid, inline };
}

/* Uploads with progress, each on its own; a removed attachment's upload is broken off. */
export function useUploads(accountId: Id, limit: number, change: ChangeAttachments) {
  const [progress, setProgress] = useState<Readonly<Record<string, number>>>({});
  const running = useRef(new Map<string, () => void>());
  const add = useCallback((files: readonly File[], inline: boolean, onDone?: (attachment: DraftAttachment) => void) => {
    for (const file of files) {
      if (file.size > limit) {
        showToast({ text: "compose.tooLarge", values: { name: file.name, limit: formatBytes(limit, regionalLocale(i18n.locale)) }, tone: "problem" });
        continue;
      }
      const attachment = newAttachment(file, inline);
      change((now) => [...now, attachment]);
      const job = upload(accountId, file, (fraction) => setProgress((now) => ({ ...now, [attachment.key]: fraction })));
      running.current.set(attachment.key, job.cancel);
      job.done.then((blob) => {
        const done = { ...attachment, blobId: blob.blobId };
        change((now) => now.map((one) => (one.key === attachment.key ? done : one)));
        onDone?.(done);
      }, (error: unknown) => {
        change((now) => now.filter((one) => one.key !== attachment.key));
        if (!(error instanceof DOMException)) showToast({ text: "compose.uploadFailed", values: { name: file.name }, tone: "problem", detail: error instanceof Error ? error.message : null });
      }).finally(() => running.current.delete(attachment.key));
    }
  }, [accountId, limit, change]);
  const remove = useCallback((key: string) => {
    running.current.get(key)?.();
    change((now) => now.filter((one) => one.key !== key));
  }, [change]);
  return { progress, add, remove };
}
