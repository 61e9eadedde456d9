import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { formatBytes } from "../../i18n/format.ts";
import { i18n, regionalLocale } from "../../i18n/i18n.ts";
import { NetworkProblem } from "../../jmap/http.ts";
import type { Id, LinkedAccount } from "../../jmap/types.ts";
import { showToast } from "../../ui/toasts.ts";
import type { DraftAttachment } from "./composer-store.ts";
import { SlicedUpload } from "./sliced-upload.ts";

type ChangeAttachments = (update: (now: readonly DraftAttachment[]) => readonly DraftAttachment[]) => void;

export type UploadState = "running" | "paused" | "waiting" | "failed";

/* How far a file is that is not with the server yet. */
export interface UploadProgress {
  readonly state: UploadState;
  readonly fraction: number;
}

interface Job {
  readonly upload: SlicedUpload;
  readonly attachment: DraftAttachment;
  readonly onDone: ((done: DraftAttachment) => void) | undefined;
  /* In vain, since it came this far. */
  attempts: number;
  reached: number;
  isRunning: boolean;
}

const MOST_ATTEMPTS = 6;
const FIRST_PAUSE = 2_000;

let nextKey = 1;

function newAttachment(file: File, inline: boolean): DraftAttachment {
  const unique = [...crypto.getRandomValues(new Uint32Array(2))].join("");
  const key = `file-${nextKey++}-${unique}`;
  return { key, name: file.name || key, type: file.type || "application/octet-stream", size: file.size, blobId: null, cid: inline ? `${key}@postroom` : null, inline };
}

/*
 * Uploads with progress, each on its own: paused and gone on with, tried again by themselves while the connection is lost, broken off
 * when the attachment is removed.
 */
export function useUploads(accountId: Id, limit: number, change: ChangeAttachments) {
  const [progress, setProgress] = useState<Readonly<Record<string, UploadProgress>>>({});
  const jobs = useRef(new Map<string, Job>());
  const note = useCallback((key: string, state: UploadState, fraction: number) => setProgress((now) => ({ ...now, [key]: { state, fraction } })), []);
  const start = useCallback((job: Job): void => {
    const { key } = job.attachment;
    job.isRunning = true;
    note(key, "running", job.upload.fraction);
    job.upload.run((fraction) => note(key, "running", fraction)).then((blobId) => {
      const done = { ...job.attachment, blobId };
      job.isRunning = false;
      change((now) => now.map((one) => (one.key === key ? done : one)));
      job.onDone?.(done);
    }, (error: unknown) => {
      job.isRunning = false;
      if (error instanceof DOMException || !jobs.current.has(key)) return;
      job.attempts = job.upload.fraction > job.reached ? 1 : job.attempts + 1;
      job.reached = job.upload.fraction;
      const again = error instanceof NetworkProblem && job.attempts < MOST_ATTEMPTS;
      note(key, again ? "waiting" : "failed", job.upload.fraction);
      if (again) setTimeout(() => { if (jobs.current.get(key) === job && !job.isRunning && navigator.onLine) start(job); }, FIRST_PAUSE * 2 ** (job.attempts - 1));
      else showToast({ text: "compose.uploadFailed", values: { name: job.upload.file.name }, tone: "problem", detail: error instanceof Error ? error.message : null });
    });
  }, [change, note]);
  const add = useCallback((files: readonly File[], inline: boolean, onDone?: (attachment: DraftAttachment) => void) => {
    for (const file of files) {
      if (file.size > limit) {
        showToast({ text: "compose.tooLarge", values: { name: file.name, limit: formatBytes(limit, regionalLocale(i18n.locale)) }, tone: "problem" });
        continue;
      }
      const job: Job = { upload: new SlicedUpload(accountId, file), attachment: newAttachment(file, inline), onDone, attempts: 0, reached: 0, isRunning: false };
      jobs.current.set(job.attachment.key, job);
      change((now) => [...now, job.attachment]);
      start(job);
    }
  }, [accountId, limit, change, start]);
  const remove = useCallback((key: string) => {
    jobs.current.get(key)?.upload.stop();
    jobs.current.delete(key);
    change((now) => now.filter((one) => one.key !== key));
  }, [change]);
  const pause = useCallback((key: string) => {
    const job = jobs.current.get(key);
    job?.upload.stop();
    note(key, "paused", job?.upload.fraction ?? 0);
  }, [note]);
  const resume = useCallback((key: string) => {
    const job = jobs.current.get(key);
    if (!job || job.isRunning) return;
    job.attempts = 0;
    start(job);
  }, [start]);
  const fileOf = useCallback((key: string): File | null => jobs.current.get(key)?.upload.file ?? null, []);
  useEffect(() => {
    const retry = (): void => { for (const job of jobs.current.values()) if (!job.isRunning && job.attempts > 0 && job.attempts < MOST_ATTEMPTS) start(job); };
    addEventListener("online", retry);
    return () => removeEventListener("online", retry);
  }, [start]);
  return useMemo(() => ({ progress, add, remove, pause, resume, fileOf }), [progress, add, remove, pause, resume, fileOf]);
}

export type Uploads = ReturnType<typeof useUploads>;

/* What a file of so many bytes takes in a mail: base64 in lines of 76 (RFC 2045, 6.8). */
export function encodedSize(bytes: number): number {
  return Math.ceil(bytes / 3) * 4 + Math.ceil(bytes / 57) * 2;
}

/* What services take of one mail, as it is sent: beyond it they refuse, unless an administrator allowed more. */
const USUAL: Readonly<Record<string, number>> = { microsoft: 36_700_160, google: 36_700_160 };

export interface SizeLimits {
  /* Beyond it the service may refuse. */
  readonly usual: number;
  /* Beyond it the mail cannot be sent. */
  readonly limit: number;
  /* The largest file that can be in it. */
  readonly file: number;
}

/* account: whose server may say what it takes; most: what Postroom takes. */
export function sizeLimits(account: Pick<LinkedAccount, "providerType" | "maxSizeMessage"> | undefined, most: number): SizeLimits {
  const said = account?.maxSizeMessage ?? Infinity, limit = Math.min(said, most);
  return { limit, file: Math.min(Math.floor(said * 57 / 78), most), usual: Math.min((account?.providerType ? USUAL[account.providerType] : undefined) ?? limit, limit) };
}

const LARGE_PHOTO = 900_000;
const EDGE = 1_600;

export function isLargePhoto(file: File | null): file is File {
  return file !== null && file.size > LARGE_PHOTO && /^image\/(?:jpeg|png|webp)$/.test(file.type);
}

/* A photo of a size that fills a screen; null where that would save nothing. */
export async function shrinkPhoto(file: File): Promise<File | null> {
  const picture = await createImageBitmap(file);
  const scale = Math.min(1, EDGE / Math.max(picture.width, picture.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(picture.width * scale);
  canvas.height = Math.round(picture.height * scale);
  canvas.getContext("2d")?.drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close();
  const blob = await new Promise<Blob | null>((resolve) => { canvas.toBlob(resolve, "image/jpeg", 0.85); });
  if (!blob || blob.size >= file.size) return null;
  return new File([blob], file.name.replace(/\.[^.]+$/, "") + ".jpg", { type: "image/jpeg" });
}
