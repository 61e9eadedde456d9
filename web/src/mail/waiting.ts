import { useSyncExternalStore } from "react";
import type { QueryClient } from "@tanstack/react-query";
import type { MessageId, MessageValues } from "../i18n/i18n.ts";
import { jmapOne } from "../jmap/client.ts";
import { HttpProblem, NetworkProblem } from "../jmap/http.ts";
import type { Id, SetError, SetResponse } from "../jmap/types.ts";
import { showToast } from "../ui/toasts.ts";
import { patchCache, refreshLists } from "./cache.ts";
import { copyEmails, type CopyStep } from "./email-copy.ts";
import { failureOf } from "./failures.ts";
import { RefusedError } from "../jmap/client.ts";
import type { EmailPatch } from "./patches.ts";

/* What was done while there was no server to tell it to. It is kept, shown, and carried out in order once there is one. */
export interface WaitingChange {
  readonly id: string;
  readonly at: number;
  readonly accountId: Id;
  readonly patches: readonly (readonly [Id, EmailPatch])[];
  readonly inverse: readonly (readonly [Id, EmailPatch])[];
  readonly destroy: readonly Id[];
  /* Copies into another account; move: the originals go. */
  readonly copy?: { readonly to: Id; readonly steps: readonly CopyStep[]; readonly move: boolean };
  readonly text: MessageId;
  readonly values: MessageValues;
}

const MOST_CHANGES = 500;
const MOST_CHARACTERS = 1_500_000;
const MOST_PER_SET = 200;
const FIRST_RETRY = 2_000;
const LONGEST_RETRY = 60_000;

let user = "";
let changes: readonly WaitingChange[] = [];
let next = 1;
const listeners = new Set<() => void>();

const storageKey = (): string => `postroom.waiting.${user}`;

function publish(list: readonly WaitingChange[]): void {
  changes = list;
  for (const listener of listeners) listener();
}

function isCopy(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const { to, steps, move } = value as Record<string, unknown>;
  return typeof to === "string" && Array.isArray(steps) && typeof move === "boolean";
}

function isChange(value: unknown): value is WaitingChange {
  if (typeof value !== "object" || value === null) return false;
  const { id, accountId, patches, inverse, destroy, copy, text, values } = value as Record<string, unknown>;
  return typeof id === "string" && typeof accountId === "string" && typeof text === "string" && typeof values === "object" && values !== null &&
    [patches, inverse, destroy].every(Array.isArray) && (copy === undefined || isCopy(copy));
}

function stored(): readonly WaitingChange[] {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(storageKey()) ?? "[]");
    return Array.isArray(value) ? value.filter(isChange).slice(0, MOST_CHANGES) : [];
  } catch {
    return [];
  }
}

/* False: there is no room for more. */
function store(list: readonly WaitingChange[]): boolean {
  try {
    if (list.length === 0) localStorage.removeItem(storageKey());
    else {
      const text = JSON.stringify(list);
      if (list.length > MOST_CHANGES || text.length > MOST_CHARACTERS) return false;
      localStorage.setItem(storageKey(), text);
    }
  } catch {
    return false;
  }
  publish(list);
  return true;
}

export function hasWaiting(): boolean {
  return changes.length > 0;
}

export function useWaiting(): readonly WaitingChange[] {
  return useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, () => changes);
}

/* Whether it could be kept. */
export function keepForLater(change: Omit<WaitingChange, "id" | "at">): boolean {
  if (!user) return false;
  return store([...stored(), { ...change, id: `${Date.now()}-${next++}-${Math.random().toString(36).slice(2, 8)}`, at: Date.now() }]);
}

/* The server could not be asked, or asks for patience: nothing was refused. */
export function isForLater(error: unknown): boolean {
  return error instanceof NetworkProblem || (error instanceof HttpProblem && [429, 502, 503, 504].includes(error.status));
}

export async function sendChange(change: Pick<WaitingChange, "accountId" | "patches" | "destroy">): Promise<Map<Id, SetError>> {
  const refused = new Map<Id, SetError>();
  const { accountId, patches, destroy } = change;
  for (let at = 0; at < patches.length; at += MOST_PER_SET) {
    const answer = await jmapOne<SetResponse>("Email/set", { accountId, update: Object.fromEntries(patches.slice(at, at + MOST_PER_SET)) });
    for (const [id, error] of Object.entries(answer.notUpdated ?? {})) refused.set(id, error);
  }
  for (let at = 0; at < destroy.length; at += MOST_PER_SET) {
    const answer = await jmapOne<SetResponse>("Email/set", { accountId, destroy: destroy.slice(at, at + MOST_PER_SET) });
    for (const [id, error] of Object.entries(answer.notDestroyed ?? {})) if (error.type !== "notFound") refused.set(id, error);
  }
  return refused;
}

/* One of them; what the server refuses is put back, with the reason. */
async function carryOut(client: QueryClient, change: WaitingChange): Promise<void> {
  try {
    const { accountId, copy } = change;
    if (copy) await copyEmails(accountId, copy.to, copy.steps, copy.move, new Map());
    const refused = await sendChange(change);
    if (refused.size === 0) return;
    patchCache(client, new Map(change.inverse.filter(([id]) => refused.has(id))));
    throw new RefusedError([...refused.values()][0]!);
  } catch (error) {
    if (isForLater(error)) throw error;
    if (!(error instanceof RefusedError)) patchCache(client, new Map(change.inverse));
    showToast({ ...failureOf(error), tone: "problem" });
    await refreshLists(client, change.accountId);
  }
}

async function carryOutAll(client: QueryClient): Promise<void> {
  const accounts = new Set<Id>();
  for (let list = stored(); list.length > 0; list = stored()) {
    const [first] = list;
    accounts.add(first!.accountId);
    if (first!.copy) accounts.add(first!.copy.to);
    await carryOut(client, first!);
    /* Others may have come behind it meanwhile. */
    store(stored().filter((change) => change.id !== first!.id));
  }
  if (accounts.size > 0) showToast({ text: "waiting.done" });
  for (const account of accounts) await refreshLists(client, account);
}

let running: Promise<boolean> | null = null;

/* Carries out what waits, in one tab at a time. True: nothing waits any more. */
export function sendWaiting(client: QueryClient): Promise<boolean> {
  if (stored().length === 0) return Promise.resolve(true);
  running ??= (async () => {
    try {
      const job = (): Promise<void> => carryOutAll(client);
      await (navigator.locks ? navigator.locks.request(storageKey(), job) : job());
      return true;
    } catch {
      return false;
    } finally {
      running = null;
    }
  })();
  return running;
}

/* Follows what waits for this person, of all tabs, and tries again now and then. */
export function startWaiting(client: QueryClient, userId: string): () => void {
  user = userId;
  publish(stored());
  let timer: ReturnType<typeof setTimeout> | undefined;
  let wait = FIRST_RETRY;
  const retry = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => void sendWaiting(client).then((done) => {
      wait = done ? FIRST_RETRY : Math.min(wait * 2, LONGEST_RETRY);
      retry();
    }), wait * (0.75 + Math.random() / 2));
  };
  const elsewhere = (event: StorageEvent): void => { if (event.key === storageKey() || event.key === null) publish(stored()); };
  addEventListener("storage", elsewhere);
  const online = (): void => void sendWaiting(client);
  addEventListener("online", online);
  void sendWaiting(client);
  retry();
  return () => {
    clearTimeout(timer);
    removeEventListener("storage", elsewhere);
    removeEventListener("online", online);
    user = "";
    publish([]);
  };
}
