import { csrfToken, HttpProblem, NetworkProblem, pageUrl } from "./http.ts";
import type { Id, UploadedBlob } from "./types.ts";

/* The address that downloads a blob under a name; the server answers with Content-Disposition: attachment. */
export function downloadUrl(accountId: Id, blobId: Id, name: string, type: string): string {
  const path = [accountId, blobId, name || "attachment"].map(encodeURIComponent).join("/");
  return pageUrl(`jmap/download/${path}?type=${encodeURIComponent(type)}`);
}

/* All attached files of a mail in one. */
export function allAttachmentsUrl(accountId: Id, blobId: Id, name: string): string {
  return pageUrl(`jmap/attachments/${[accountId, blobId, name].map(encodeURIComponent).join("/")}`);
}

/* What the server makes of an attached file to look at: a page of a PDF as a picture, or the text of anything that has one. */
export function previewUrl(accountId: Id, file: { readonly blobId: Id; readonly name: string | null; readonly type: string; readonly charset: string | null }, what: number | "text", width = 0): string {
  const query = new URLSearchParams({ type: file.type, name: file.name ?? "" });
  if (file.charset) query.set("charset", file.charset);
  if (width > 0) query.set("width", String(Math.round(width)));
  return pageUrl(`jmap/preview/${[accountId, file.blobId, String(what)].map(encodeURIComponent).join("/")}?${query.toString()}`);
}

export interface Upload {
  readonly done: Promise<UploadedBlob>;
  readonly cancel: () => void;
}

function problemOf(request: XMLHttpRequest): HttpProblem {
  const body = parse(request.responseText);
  const text = (key: string): string | null => (typeof body[key] === "string" ? (body[key] as string) : null);
  return new HttpProblem(request.status, text("title"), text("detail"), null);
}

function parse(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

/* XMLHttpRequest, because fetch cannot tell how much of an upload has gone out. */
export function upload(accountId: Id, file: Blob, onProgress: (fraction: number) => void): Upload {
  const request = new XMLHttpRequest();
  const done = new Promise<UploadedBlob>((resolve, reject) => {
    request.open("POST", pageUrl(`jmap/upload/${encodeURIComponent(accountId)}/`));
    request.setRequestHeader("X-Postroom-CSRF", csrfToken());
    request.setRequestHeader("Content-Type", file.type || "application/octet-stream");
    request.upload.onprogress = (event) => event.lengthComputable && onProgress(event.loaded / event.total);
    request.onload = () =>
      request.status >= 200 && request.status < 300
        ? resolve(parse(request.responseText) as unknown as UploadedBlob)
        : reject(problemOf(request));
    request.onerror = () => reject(new NetworkProblem("upload"));
    request.onabort = () => reject(new DOMException("cancelled", "AbortError"));
    request.send(file);
  });
  return { done, cancel: () => request.abort() };
}

export interface FileStart {
  readonly text: string;
  /* There is more of it. */
  readonly cut: boolean;
}

/* The first bytes of a file as text; the rest is not fetched. */
export async function fetchStart(address: string, most: number, signal: AbortSignal): Promise<FileStart> {
  const answer = await fetch(address, { signal, credentials: "same-origin" });
  if (!answer.ok || !answer.body) throw new HttpProblem(answer.status, null, null, null);
  const reader = answer.body.getReader();
  const pieces: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    pieces.push(value);
    length += value.length;
    if (length > most) break;
  }
  const cut = length > most;
  if (cut) await reader.cancel();
  const bytes = new Uint8Array(await new Blob(pieces as BlobPart[]).arrayBuffer()).subarray(0, most);
  return { text: new TextDecoder().decode(bytes), cut };
}
