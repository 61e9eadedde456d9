import { csrfToken, HttpProblem, NetworkProblem, pageUrl } from "./http.ts";
import type { Id, UploadedBlob } from "./types.ts";

/* The address that downloads a blob under a name; the server answers with Content-Disposition: attachment. */
export function downloadUrl(accountId: Id, blobId: Id, name: string, type: string): string {
  const path = [accountId, blobId, name || "attachment"].map(encodeURIComponent).join("/");
  return pageUrl(`jmap/download/${path}?type=${encodeURIComponent(type)}`);
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
