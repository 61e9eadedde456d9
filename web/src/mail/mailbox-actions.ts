import type { QueryClient } from "@tanstack/react-query";
import { assertAccepted, jmapOne } from "../jmap/client.ts";
import type { Id, Mailbox, SetResponse } from "../jmap/types.ts";
import { showToast, type NewToast } from "../ui/toasts.ts";
import { changeEverything } from "./bulk.ts";
import { failureOf } from "./failures.ts";
import { isWithin } from "./mailboxes.ts";
import { keywordPatch, movePatch } from "./patches.ts";
import { keys, type ListView } from "./queries.ts";
import { isUnified } from "./unified.ts";

export type MailboxUpdate = Partial<Pick<Mailbox, "name" | "parentId" | "role" | "sortOrder" | "isSubscribed">>;

async function setMailboxes(client: QueryClient, accountId: Id, args: Readonly<Record<string, unknown>>): Promise<SetResponse> {
  try {
    const answer = await jmapOne<SetResponse>("Mailbox/set", { accountId, ...args });
    assertAccepted(answer);
    return answer;
  } finally {
    await client.invalidateQueries({ queryKey: keys.allMailboxes, predicate: ({ queryKey }) => queryKey[1] === accountId || isUnified(String(queryKey[1])) });
  }
}

/* Shown at once; what the server refuses is put back by asking again. */
function showAtOnce(client: QueryClient, accountId: Id, updates: ReadonlyMap<Id, MailboxUpdate>): void {
  client.setQueryData<readonly Mailbox[]>(keys.mailboxes(accountId), (mailboxes) =>
    mailboxes?.map((mailbox) => ({ ...mailbox, ...updates.get(mailbox.id) })));
}

/* False: refused, which was told. */
export async function updateMailboxes(client: QueryClient, accountId: Id, updates: ReadonlyMap<Id, MailboxUpdate>, done?: NewToast): Promise<boolean> {
  showAtOnce(client, accountId, updates);
  try {
    await setMailboxes(client, accountId, { update: Object.fromEntries(updates) });
    if (done) showToast(done);
    return true;
  } catch (error) {
    showToast({ ...failureOf(error), tone: "problem" });
    return false;
  }
}

export async function createMailbox(client: QueryClient, accountId: Id, name: string, parentId: Id | null): Promise<Id | null> {
  try {
    /* RFC 8621 has 0 for whoever says nothing, and the server's folders have 10: a new one stands among these by name. */
    const answer = await setMailboxes(client, accountId, { create: { made: { name, parentId, sortOrder: 10 } } });
    showToast({ text: "folder.created", values: { mailbox: name } });
    return answer.created?.["made"]?.id ?? null;
  } catch (error) {
    showToast({ ...failureOf(error), tone: "problem" });
    return null;
  }
}

export function renameMailbox(client: QueryClient, accountId: Id, mailbox: Mailbox, name: string): Promise<boolean> {
  const undo = (): void => void updateMailboxes(client, accountId, new Map([[mailbox.id, { name: mailbox.name }]]));
  return updateMailboxes(client, accountId, new Map([[mailbox.id, { name }]]), { text: "folder.renamed", values: { mailbox: name }, undo });
}

export function nestMailbox(client: QueryClient, accountId: Id, mailbox: Mailbox, parentId: Id | null): Promise<boolean> {
  const undo = (): void => void updateMailboxes(client, accountId, new Map([[mailbox.id, { parentId: mailbox.parentId }]]));
  return updateMailboxes(client, accountId, new Map([[mailbox.id, { parentId }]]), { text: "folder.moved", values: { mailbox: mailbox.name }, undo });
}

/* A mailbox and everything below it, the deepest first. */
export function subtreeOf(mailboxes: readonly Mailbox[], mailbox: Mailbox): readonly Mailbox[] {
  const depth = (one: Mailbox): number => {
    let steps = 0;
    for (let at: Mailbox | undefined = one; at && steps < 50; at = mailboxes.find((other) => other.id === at?.parentId)) steps += 1;
    return steps;
  };
  return mailboxes.filter((one) => isWithin(mailboxes, one, mailbox.id)).sort((a, b) => depth(b) - depth(a));
}

export function wholeMailbox(accountId: Id, mailboxId: Id, only: ListView["only"] = "all"): ListView {
  return { accountId, mailboxId, text: "", only, conversations: false, sort: "date" };
}

/* With its folders; the mail goes to the trash first, or for good. */
export async function deleteMailbox(client: QueryClient, accountId: Id, mailboxes: readonly Mailbox[], mailbox: Mailbox, trash: Mailbox | null): Promise<boolean> {
  const doomed = subtreeOf(mailboxes, mailbox);
  if (trash)
    for (const one of doomed)
      if (one.totalEmails > 0)
        await changeEverything(client, wholeMailbox(accountId, one.id), one.totalEmails, () => movePatch([one.id], trash.id), { text: "action.trashed" });
  try {
    for (const one of doomed) await setMailboxes(client, accountId, { destroy: [one.id], onDestroyRemoveEmails: trash === null });
    showToast({ text: "folder.deleted", values: { mailbox: mailbox.name } });
    return true;
  } catch (error) {
    showToast({ ...failureOf(error), tone: "problem" });
    return false;
  }
}

export function markAllRead(client: QueryClient, accountId: Id, mailbox: Mailbox): Promise<void> {
  return changeEverything(client, wholeMailbox(accountId, mailbox.id, "unread"), mailbox.unreadEmails, () => keywordPatch("$seen", true), { text: "action.markedRead" });
}

export function emptyMailbox(client: QueryClient, accountId: Id, mailbox: Mailbox): Promise<void> {
  return changeEverything(client, wholeMailbox(accountId, mailbox.id), mailbox.totalEmails, () => "destroy", { text: "action.destroyed" });
}

/* One place up or down among its siblings, which are numbered anew. */
export function reorderMailbox(client: QueryClient, accountId: Id, siblings: readonly Mailbox[], mailbox: Mailbox, by: -1 | 1): Promise<boolean> {
  const at = siblings.findIndex((one) => one.id === mailbox.id);
  const order = [...siblings];
  const other = order[at + by];
  if (at < 0 || !other) return Promise.resolve(false);
  order[at + by] = mailbox;
  order[at] = other;
  const updates = new Map(order.map((one, index) => [one.id, { sortOrder: 10 + index }] as const).filter(([id, { sortOrder }]) => order.find((one) => one.id === id)?.sortOrder !== sortOrder));
  return updateMailboxes(client, accountId, updates);
}
