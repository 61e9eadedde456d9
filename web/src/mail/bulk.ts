import { useSyncExternalStore } from "react";
import type { QueryClient } from "@tanstack/react-query";
import { jmap, RefusedError, resultOf } from "../jmap/client.ts";
import type { EmailSummary, GetResponse, Id, QueryResponse, SetError } from "../jmap/types.ts";
import { showToast } from "../ui/toasts.ts";
import { changesByAccount, type AccountChange, type Announcement } from "./actions.ts";
import { patchCache, refreshLists } from "./cache.ts";
import { failureOf } from "./failures.ts";
import type { EmailPatch } from "./patches.ts";
import { allCalls, type ListView } from "./queries.ts";
import { cachedMailboxMap, isUnified } from "./unified.ts";
import { isForLater, sendChange } from "./waiting.ts";

/* Something that is done to more mail than is on screen, batch by batch. */
export interface BulkJob {
  readonly done: number;
  readonly total: number;
  readonly cancel: () => void;
}

/* What to do with an email: a patch, null for nothing, destroy it, or what the job does elsewhere. */
type BulkAct = EmailPatch | "destroy" | "elsewhere" | null;
export type BulkStep = (email: EmailSummary) => BulkAct | Promise<BulkAct>;

/* What no change of an account's emails can do. */
export interface Elsewhere {
  readonly take: (emails: readonly EmailSummary[]) => Promise<void>;
  readonly isTaken: () => boolean;
  readonly undo: () => Promise<void>;
}

const BATCH = 100;
const MOST_CONVERSATIONS = 200_000;

let job: BulkJob | null = null;
const listeners = new Set<() => void>();

function publish(next: BulkJob | null): void {
  job = next;
  for (const listener of listeners) listener();
}

export function useBulkJob(): BulkJob | null {
  return useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, () => job);
}

const PATIENCE = [500, 2_000, 8_000, 20_000];

/* A busy or absent server is given time; whatever else goes wrong ends the job. */
export async function patiently<T>(signal: AbortSignal, act: () => Promise<T>): Promise<T> {
  for (const wait of PATIENCE) {
    try {
      return await act();
    } catch (error) {
      if (!isForLater(error) || signal.aborted) throw error;
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
  }
  return act();
}

/* The first of all emails or conversations of a view, in its order; taken down before anything changes, so that nothing is passed over. */
export async function leadsOf(view: ListView, signal: AbortSignal): Promise<Id[]> {
  const ids: Id[] = [];
  for (;;) {
    const results = await patiently(signal, () => jmap(allCalls(view, ids.length), { signal }));
    const query = results.get<QueryResponse>("query");
    ids.push(...query.ids);
    if (query.ids.length === 0 || ids.length >= MOST_CONVERSATIONS) return ids;
  }
}

async function emailsOf(view: ListView, leads: readonly Id[], signal: AbortSignal): Promise<readonly EmailSummary[]> {
  const { accountId } = view;
  const properties = ["id", "threadId", "mailboxIds", "keywords"];
  const calls = view.conversations ? [
    ["Email/get", { accountId, ids: leads, properties: ["threadId"] }, "leads"],
    ["Thread/get", { accountId, "#ids": resultOf("leads", "Email/get", "/list/*/threadId") }, "threads"],
    ["Email/get", { accountId, "#ids": resultOf("threads", "Thread/get", "/list/*/emailIds"), properties }, "emails"],
  ] as const : [["Email/get", { accountId, ids: leads, properties }, "emails"]] as const;
  try {
    return (await patiently(signal, () => jmap(calls, { signal }))).get<GetResponse<EmailSummary>>("emails").list;
  } catch (error) {
    /* Conversations too long for one request: by halves. */
    if (leads.length < 2 || isForLater(error) || signal.aborted) throw error;
    const middle = leads.length >> 1;
    return [...await emailsOf(view, leads.slice(0, middle), signal), ...await emailsOf(view, leads.slice(middle), signal)];
  }
}

interface Outcome {
  readonly inverse: AccountChange[];
  conversations: number;
  homeless: number;
  refusal: SetError | null;
}

async function carryOut(client: QueryClient, change: AccountChange, destroy: readonly Id[], signal: AbortSignal, outcome: Outcome): Promise<void> {
  const { accountId, patches, inverse } = change;
  const refused = await patiently(signal, () => sendChange({ accountId, patches: [...patches], destroy }));
  for (const [id, error] of refused) {
    outcome.refusal ??= error;
    patches.delete(id);
    inverse.delete(id);
  }
  patchCache(client, patches, new Set(destroy.filter((id) => !refused.has(id))));
  outcome.inverse.push({ accountId, patches: inverse, inverse: patches });
}

async function changeBatch(client: QueryClient, view: ListView, emails: readonly EmailSummary[], step: BulkStep, signal: AbortSignal, outcome: Outcome, elsewhere?: Elsewhere): Promise<void> {
  const wanted = new Map<Id, EmailPatch>();
  const doomed = new Map<Id, Id[]>();
  const others: EmailSummary[] = [];
  const map = cachedMailboxMap(client);
  for (const email of emails) {
    const what = await step(email);
    if (what === "elsewhere") others.push(email);
    else if (what === "destroy") {
      const own = isUnified(view.accountId) ? map.accountOf(email) : view.accountId;
      if (own !== null) doomed.set(own, [...(doomed.get(own) ?? []), email.id]);
    } else if (what) wanted.set(email.id, what);
  }
  const { changes, homeless } = changesByAccount(client, view.accountId, wanted, new Map(emails.map((email) => [email.id, email])));
  outcome.homeless += homeless;
  for (const change of changes) await carryOut(client, change, [], signal, outcome);
  for (const [accountId, ids] of doomed) await carryOut(client, { accountId, patches: new Map(), inverse: new Map() }, ids, signal, outcome);
  if (others.length > 0) await elsewhere?.take(others);
}

export async function runJob(total: number, work: (signal: AbortSignal, progress: (done: number) => void) => Promise<void>): Promise<void> {
  job?.cancel();
  const abort = new AbortController();
  const cancel = (): void => abort.abort();
  publish({ done: 0, total, cancel });
  try {
    await work(abort.signal, (done) => publish({ done, total, cancel }));
  } catch (error) {
    if (!abort.signal.aborted) showToast({ ...failureOf(error), tone: "problem" });
  } finally {
    publish(null);
  }
}

/* Puts back what a job did, the last batch first. */
async function undoJob(client: QueryClient, changes: readonly AccountChange[]): Promise<void> {
  const total = changes.reduce((sum, change) => sum + change.patches.size, 0);
  await runJob(total, async (signal, progress) => {
    let done = 0;
    for (const change of changes.toReversed()) {
      if (signal.aborted) return;
      await carryOut(client, { ...change, patches: new Map(change.patches), inverse: new Map(change.inverse) }, [], signal, { inverse: [], conversations: 0, homeless: 0, refusal: null });
      progress(done += change.patches.size);
    }
  });
  for (const accountId of new Set(changes.map((change) => change.accountId))) await refreshLists(client, accountId);
}

/* Does it to whatever matches the view, however much of it is on screen; with Undo for what was done, also when it is stopped on the way. */
export async function changeEverything(client: QueryClient, view: ListView, total: number, step: BulkStep, announcement: Announcement, elsewhere?: Elsewhere): Promise<void> {
  const outcome: Outcome = { inverse: [], conversations: 0, homeless: 0, refusal: null };
  await runJob(total, async (signal, progress) => {
    const leads = await leadsOf(view, signal);
    for (let at = 0; at < leads.length && !signal.aborted; at += BATCH) {
      const batch = leads.slice(at, at + BATCH);
      await changeBatch(client, view, await emailsOf(view, batch, signal), step, signal, outcome, elsewhere);
      outcome.conversations += batch.length;
      progress(outcome.conversations);
    }
  });
  const undoable = outcome.inverse.filter((change) => change.patches.size > 0);
  if (outcome.conversations > 0)
    showToast({ text: announcement.text, values: { ...announcement.values, count: outcome.conversations }, duration: 20_000,
      ...(undoable.length > 0 || elsewhere?.isTaken() ? { undo: () => void undoJob(client, undoable).then(() => elsewhere?.undo()) } : {}) });
  if (outcome.homeless > 0) showToast({ text: "action.noSuchMailbox", values: { count: outcome.homeless }, tone: "problem" });
  if (outcome.refusal) showToast({ ...failureOf(new RefusedError(outcome.refusal)), tone: "problem" });
  await refreshLists(client, view.accountId);
}
