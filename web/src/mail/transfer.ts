import type { QueryClient } from "@tanstack/react-query";
import type { EmailSummary, Id, Mailbox } from "../jmap/types.ts";
import { showToast } from "../ui/toasts.ts";
import { changeEmails, changesByAccount, moving, putBack, type Announcement } from "./actions.ts";
import { changeEverything } from "./bulk.ts";
import { copyAcross, takeBack, type Copied } from "./copying.ts";
import { movePatch, type EmailPatch } from "./patches.ts";
import type { ListView } from "./queries.ts";
import { cachedMailboxMap, isUnified } from "./unified.ts";

/* Where mail is to go: a mailbox of an account, or of the unified account, which is each account's own of that role. */
export interface Target {
  readonly accountId: Id;
  readonly mailbox: Mailbox;
}

/* Whether an email is of the target's account, so that a change of its mailboxes brings it there. */
function nearness(client: QueryClient, accountId: Id, target: Target): (email: EmailSummary) => boolean {
  const map = cachedMailboxMap(client);
  return (email) => isUnified(target.accountId) || (isUnified(accountId) ? map.accountOf(email) : accountId) === target.accountId;
}

function takeAllBack(client: QueryClient, copied: readonly Copied[]): Promise<void> {
  return copied.reduce((before, one) => before.then(() => takeBack(client, one)), Promise.resolve());
}

/*
 * Moves or copies emails, of several accounts as well; from: the mailbox that they leave, null: all of them. One message tells of
 * all, with one Undo.
 */
export async function transfer(client: QueryClient, accountId: Id, emails: readonly EmailSummary[], target: Target, from: Id | null, copy: boolean): Promise<void> {
  const isNear = nearness(client, accountId, target);
  const here = copy || from === null ? emails : emails.filter((email) => email.mailboxIds[from]);
  const near = here.filter(isNear);
  const far = here.filter((email) => !isNear(email));
  const patches = copy ? new Map<Id, EmailPatch>(near.map((email) => [email.id, movePatch([], target.mailbox.id)])) : moving(near, target.mailbox.id, from);
  const known = new Map(near.map((email) => [email.id, email]));
  const announcement: Announcement = { text: copy ? "action.copied" : "action.moved", values: { mailbox: target.mailbox.name } };
  if (far.length === 0) return changeEmails(client, accountId, patches, announcement, known);
  const { changes } = changesByAccount(client, accountId, patches, known);
  await changeEmails(client, accountId, patches, null, known);
  const copied = await copyAcross(client, far, accountId, target.mailbox, target.accountId, !copy);
  if (copied.length + changes.length === 0) return;
  const undo = (): void => {
    putBack(client, changes, known);
    void takeAllBack(client, copied);
  };
  showToast({ ...announcement, undo });
}

/* The same with whatever matches the view, on screen or not. */
export async function transferEverything(client: QueryClient, view: ListView, total: number, target: Target, from: Id | null, copy: boolean): Promise<void> {
  const isNear = nearness(client, view.accountId, target);
  const copied: Copied[] = [];
  await changeEverything(client, view, total, (email) => {
    if (!copy && from !== null && !email.mailboxIds[from]) return null;
    if (!isNear(email)) return "elsewhere";
    return movePatch(copy ? [] : from === null ? Object.keys(email.mailboxIds) : [from], target.mailbox.id);
  }, { text: copy ? "action.copied" : "action.movedMany", values: { mailbox: target.mailbox.name } }, {
    take: async (emails) => { copied.push(...await copyAcross(client, emails, view.accountId, target.mailbox, target.accountId, !copy)); },
    isTaken: () => copied.length > 0,
    undo: () => takeAllBack(client, copied),
  });
}
