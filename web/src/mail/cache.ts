import type { QueryClient } from "@tanstack/react-query";
import type { EmailDetail, EmailSummary, Id, Mailbox } from "../jmap/types.ts";
import type { Conversation } from "./conversations.ts";
import { applyPatch, countsAfter, type EmailPatches } from "./patches.ts";
import { keys, type ListPage, type Thread } from "./queries.ts";

/* Every cached email of an account, by id; what actions look at before they patch. */
export function cachedEmails(client: QueryClient, accountId: Id): Map<Id, EmailSummary> {
  const found = new Map<Id, EmailSummary>();
  for (const [, page] of client.getQueriesData<ListPage>({ queryKey: keys.lists(accountId) }))
    for (const row of page?.rows ?? []) for (const email of row.emails) found.set(email.id, email);
  for (const [, thread] of client.getQueriesData<Thread>({ queryKey: keys.threads(accountId) }))
    for (const email of thread?.emails ?? []) found.set(email.id, email);
  return found;
}

type Change = (email: EmailSummary) => EmailSummary | null;

function changeAll<T extends EmailSummary>(emails: readonly T[], change: Change): readonly T[] {
  let changed = false;
  const result: T[] = [];
  for (const email of emails) {
    const after = change(email);
    if (after !== email) changed = true;
    if (after) result.push(after as T);
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

function changeEverywhere(client: QueryClient, accountId: Id, change: Change): void {
  client.setQueriesData<ListPage>({ queryKey: keys.lists(accountId) }, (page) => page && changePage(page, change));
  client.setQueriesData<Thread>({ queryKey: keys.threads(accountId) }, (thread) => {
    if (!thread) return thread;
    const emails = changeAll<EmailDetail>(thread.emails, change);
    return emails === thread.emails ? thread : { ...thread, emails };
  });
}

/* Shows the outcome of patches at once; null in place of a patch removes the email. */
export function patchCache(client: QueryClient, accountId: Id, patches: EmailPatches, destroyed: ReadonlySet<Id> = new Set()): void {
  const before = cachedEmails(client, accountId);
  const change: Change = (email) => {
    if (destroyed.has(email.id)) return null;
    const patch = patches.get(email.id);
    return patch ? applyPatch(email, patch) : email;
  };
  changeEverywhere(client, accountId, change);
  client.setQueryData<readonly Mailbox[]>(keys.mailboxes(accountId), (mailboxes) =>
    mailboxes?.map((mailbox) => {
      let next = mailbox;
      for (const id of [...patches.keys(), ...destroyed]) {
        const email = before.get(id);
        if (email) next = countsAfter(next, email, change(email));
      }
      return next;
    }),
  );
}

/* Takes over what the server says of emails that are in the cache. */
export function mergeSummaries(client: QueryClient, accountId: Id, fresh: readonly EmailSummary[]): void {
  const byId = new Map(fresh.map((email) => [email.id, email]));
  changeEverywhere(client, accountId, (email) => {
    const next = byId.get(email.id);
    return next ? { ...email, ...next } : email;
  });
}

/* Asks again for the lists; those not on screen are asked when they are next shown. */
export function refreshLists(client: QueryClient, accountId: Id): Promise<void> {
  return client.invalidateQueries({ queryKey: keys.lists(accountId) });
}
