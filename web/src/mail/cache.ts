import type { QueryClient, QueryKey } from "@tanstack/react-query";
import type { EmailDetail, EmailSummary, Id, Mailbox } from "../jmap/types.ts";
import type { Conversation } from "./conversations.ts";
import { applyPatch, countsAfter, type EmailPatches } from "./patches.ts";
import { keys, type ListPage, type Thread } from "./queries.ts";
import { cachedMailboxMap, isUnified } from "./unified.ts";

/* Every cached email of an account, or of all, by id; what actions look at before they patch. */
export function cachedEmails(client: QueryClient, accountId?: Id): Map<Id, EmailSummary> {
  const found = new Map<Id, EmailSummary>();
  for (const [, page] of client.getQueriesData<ListPage>({ queryKey: accountId === undefined ? keys.allLists : keys.lists(accountId) }))
    for (const row of page?.rows ?? []) for (const email of row.emails) found.set(email.id, email);
  for (const [, thread] of client.getQueriesData<Thread>({ queryKey: accountId === undefined ? keys.allThreads : keys.threads(accountId) }))
    for (const email of thread?.emails ?? []) found.set(email.id, email);
  return found;
}

type Change = <T extends EmailSummary>(email: T) => T | null;

function changeAll<T extends EmailSummary>(emails: readonly T[], change: Change): readonly T[] {
  let changed = false;
  const result: T[] = [];
  for (const email of emails) {
    const after = change(email);
    if (after !== email) changed = true;
    if (after) result.push(after);
  }
  return changed ? result : emails;
}

/* A row stays in a mailbox's list as long as one of its emails is in that mailbox. */
function belongs(row: Conversation, mailboxId: Id | null): boolean {
  return row.emails.length > 0 && (mailboxId === null || row.emails.some((email) => email.mailboxIds[mailboxId]));
}

function changePage(page: ListPage, change: Change): ListPage {
  let touched = false;
  const rows: Conversation[] = [];
  for (const row of page.rows) {
    const emails = changeAll(row.emails, change);
    if (emails === row.emails) {
      rows.push(row);
      continue;
    }
    touched = true;
    const next = { ...row, emails };
    if (belongs(next, page.mailboxId)) rows.push(next);
  }
  if (!touched) return page;
  return { ...page, rows, total: Math.max(0, page.total - (page.rows.length - rows.length)) };
}

function changeThread(thread: Thread, change: Change): Thread {
  const emails = changeAll<EmailDetail>(thread.emails, change);
  return emails === thread.emails ? thread : { ...thread, emails };
}

/* Changes what is known in part. It is no fresher for that: what was to be asked again when it is next shown still is. */
function amend<T>(client: QueryClient, queryKey: QueryKey, change: (data: T, accountId: Id) => T): void {
  for (const query of client.getQueryCache().findAll({ queryKey })) {
    const before = query.state.data as T | undefined;
    if (before === undefined) continue;
    const after = change(before, String(query.queryKey[1]));
    if (after === before) continue;
    const { isInvalidated, dataUpdatedAt } = query.state;
    client.setQueryData<T>(query.queryKey, () => after, { updatedAt: dataUpdatedAt });
    if (isInvalidated) query.invalidate();
  }
}

/* changeFor: what is done to the emails of each account that has any in the cache. */
function changeCached(client: QueryClient, changeFor: (accountId: Id) => Change | null): void {
  amend<ListPage>(client, keys.allLists, (page, accountId) => {
    const change = changeFor(accountId);
    return change ? changePage(page, change) : page;
  });
  amend<Thread>(client, keys.allThreads, (thread, accountId) => {
    const change = changeFor(accountId);
    return change ? changeThread(thread, change) : thread;
  });
}

/*
 * Shows the outcome of patches at once, wherever an email is shown: in its account's lists and in those of the unified account, which has
 * the same ids. Patches are of the accounts' own mailboxes. Whatever is destroyed goes.
 */
export function patchCache(client: QueryClient, patches: EmailPatches, destroyed: ReadonlySet<Id> = new Set()): void {
  const map = cachedMailboxMap(client);
  const before = cachedEmails(client);
  const change: Change = (email) => {
    if (destroyed.has(email.id)) return null;
    const patch = patches.get(email.id);
    return patch ? applyPatch(email, patch) : email;
  };
  const unifiedChange: Change = (email) => {
    const after = change(email);
    return after === null || after === email ? after : map.unified(after);
  };
  changeCached(client, (accountId) => (isUnified(accountId) ? unifiedChange : change));
  const steps = [...patches.keys(), ...destroyed].flatMap((id) => {
    const email = before.get(id);
    return email ? [{ from: map.unified(email), to: change(email) }] : [];
  }).map(({ from, to }) => ({ from, to: to && map.unified(to) }));
  if (steps.length === 0) return;
  amend<readonly Mailbox[]>(client, keys.allMailboxes, (mailboxes) => mailboxes.map((mailbox) => steps.reduce((next, { from, to }) => countsAfter(next, from, to), mailbox)));
}

/* Takes over what the server says of emails of an account that are in the cache. */
export function mergeSummaries(client: QueryClient, accountId: Id, fresh: readonly EmailSummary[]): void {
  if (fresh.length === 0) return;
  const byId = new Map(fresh.map((email) => [email.id, email]));
  const change: Change = (email) => {
    const next = byId.get(email.id);
    return next ? { ...email, ...next } : email;
  };
  changeCached(client, (id) => (id === accountId ? change : null));
}

/* Asks again for the lists of an account, and for those of the unified account; those not on screen are asked when they are next shown. */
export async function refreshLists(client: QueryClient, accountId: Id): Promise<void> {
  await client.invalidateQueries({
    queryKey: keys.allLists, predicate: ({ queryKey }) => queryKey[1] === accountId || isUnified(String(queryKey[1])) || isUnified(accountId),
  });
}
