import type { Id } from "../../jmap/types.ts";
import type { NewLetter } from "./composer-store.ts";

/*
 * What is being written, kept on this machine until it is in Drafts or has gone out: a page that dies, or a server that is
 * away, loses nothing. A copy belongs to one person; others who sign in here are not shown it.
 */
export interface LocalCopy {
  readonly id: string;
  readonly userAccount: Id;
  readonly savedAt: number;
  readonly letter: NewLetter;
  /* It was sent while the server could not be reached, and goes out when it can. */
  readonly sending?: { readonly seconds: number; readonly sendAt: string | null } | undefined;
}

const STORE = "letters";
/* A copy that nobody asked for goes after a month. */
const KEPT_MS = 30 * 86_400_000;

let opened: Promise<IDBDatabase> | null = null;

function database(): Promise<IDBDatabase> {
  opened ??= new Promise((resolve, reject) => {
    const request = indexedDB.open("postroom-letters", 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "id" });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("no local store"));
  });
  return opened;
}

async function run<T>(mode: IDBTransactionMode, job: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const transaction = (await database()).transaction(STORE, mode);
  return new Promise((resolve, reject) => {
    const request = job(transaction.objectStore(STORE));
    transaction.oncomplete = () => resolve(request.result);
    transaction.onerror = () => reject(transaction.error ?? new Error("not kept"));
    transaction.onabort = () => reject(transaction.error ?? new Error("not kept"));
  });
}

export async function keepCopy(copy: LocalCopy): Promise<void> {
  await run("readwrite", (store) => store.put(copy));
}

export async function dropCopy(id: string): Promise<void> {
  await run("readwrite", (store) => store.delete(id));
}

export async function copiesOf(userAccount: Id): Promise<readonly LocalCopy[]> {
  const all = (await run("readonly", (store) => store.getAll())) as LocalCopy[];
  const old = all.filter((copy) => copy.savedAt < Date.now() - KEPT_MS);
  for (const copy of old) await dropCopy(copy.id);
  return all.filter((copy) => copy.userAccount === userAccount && !old.includes(copy)).sort((a, b) => a.savedAt - b.savedAt);
}

/* While a letter is open its page holds a lock by the copy's name; a page that died holds none. */
const LOCK = "postroom-letter-";

export function holdCopy(id: string): () => void {
  if (!("locks" in navigator)) return () => undefined;
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => { release = resolve; });
  navigator.locks.request(LOCK + id, { ifAvailable: true }, () => held).catch(() => undefined);
  return release;
}

/* Without locks (plain http elsewhere than on this machine) a copy counts as left after a minute of silence. */
export async function isLeft(copy: LocalCopy): Promise<boolean> {
  if (!("locks" in navigator)) return copy.savedAt < Date.now() - 60_000;
  const { held } = await navigator.locks.query();
  return !(held ?? []).some((lock) => lock.name === LOCK + copy.id);
}
