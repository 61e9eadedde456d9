import { upload, type Upload } from "../../jmap/blobs.ts";
import { jmapOne, RefusedError } from "../../jmap/client.ts";
import type { Id, SetError } from "../../jmap/types.ts";

const SLICE = 4 * 1024 * 1024;

interface Joined {
  readonly created: Readonly<Record<string, { readonly id: Id }>> | null;
  readonly notCreated: Readonly<Record<string, SetError>> | null;
}

/* Puts blobs one after the other into one (RFC 9404, 4.1). */
async function join(accountId: Id, blobIds: readonly Id[], type: string): Promise<Id> {
  const { created, notCreated } = await jmapOne<Joined>("Blob/upload", { accountId, create: { file: { data: blobIds.map((blobId) => ({ blobId })), type } } });
  const refused = notCreated?.["file"];
  if (refused) throw new RefusedError(refused);
  return created!["file"]!.id;
}

/* A file on its way to the server in slices: what has arrived is not sent again when it goes on after a pause, or after the connection was lost. */
export class SlicedUpload {
  readonly #arrived: Id[] = [];
  #running: Upload | null = null;
  #stopped = false;
  readonly accountId: Id;
  readonly file: File;

  constructor(accountId: Id, file: File) {
    this.accountId = accountId;
    this.file = file;
  }

  get fraction(): number {
    return Math.min(1, this.#arrived.length * SLICE / Math.max(1, this.file.size));
  }

  /* Goes on until the whole file is one blob. Rejects with an AbortError when it was stopped. */
  async run(onProgress: (fraction: number) => void): Promise<Id> {
    this.#stopped = false;
    const type = this.file.type || "application/octet-stream";
    while (this.#arrived.length === 0 || this.#arrived.length * SLICE < this.file.size) {
      const from = this.#arrived.length * SLICE;
      const slice = this.file.slice(from, from + SLICE, type);
      this.#running = upload(this.accountId, slice, (fraction) => onProgress((from + fraction * slice.size) / Math.max(1, this.file.size)));
      try {
        this.#arrived.push((await this.#running.done).blobId);
      } finally {
        this.#running = null;
      }
      if (this.#stopped) throw new DOMException("stopped", "AbortError");
    }
    if (this.#arrived.length === 1) return this.#arrived[0]!;
    return join(this.accountId, this.#arrived, type).catch((error: unknown) => {
      /* After a long pause the server may have let go of what it had (RFC 8620, 6). */
      if (error instanceof RefusedError && error.refusal.type === "blobNotFound") this.#arrived.length = 0;
      throw error;
    });
  }

  stop(): void {
    this.#stopped = true;
    this.#running?.cancel();
  }
}
