import { useQueryClient, type QueryClient } from "@tanstack/react-query";
import { useMemo } from "react";
import type { MessageId, MessageValues } from "../i18n/i18n.ts";
import { RefusedError } from "../jmap/client.ts";
import type { EmailSummary, Id, Mailbox } from "../jmap/types.ts";
import { showToast } from "../ui/toasts.ts";
import { cachedEmails, patchCache, refreshLists } from "./cache.ts";
import { isUnread } from "./conversations.ts";
import { failureOf } from "./failures.ts";
import { byRole, type Role } from "./mailboxes.ts";
import { applyPatch, effectivePatch, invertPatch, keywordPatch, movePatch, type EmailPatch, type EmailPatches } from "./patches.ts";
import { keys } from "./queries.ts";
import { cachedMailboxMap, isUnified, ownPatch } from "./unified.ts";
import { hasWaiting, isForLater, keepForLater, sendChange, sendWaiting } from "./waiting.ts";

export interface Announcement {
  readonly text: MessageId;
  readonly values?: MessageValues;
}

/* What is wanted of one account's emails, in terms of its own mailboxes, and what would put it back. */
export interface AccountChange {
  readonly accountId: Id;
  readonly patches: Map<Id, EmailPatch>;
  readonly inverse: Map<Id, EmailPatch>;
}

/* Changes of emails of the unified account are changes of the accounts that they are of. */
export function changesByAccount(client: QueryClient, accountId: Id, wanted: EmailPatches, emails: ReadonlyMap<Id, EmailSummary>): { changes: AccountChange[]; homeless: number } {
  const map = cachedMailboxMap(client);
  const changes = new Map<Id, AccountChange>();
  let homeless = 0;
  for (const [id, patch] of wanted) {
    const email = emails.get(id);
    const own = isUnified(accountId) ? (email ? map.accountOf(email) : null) : accountId;
    if (own === null) continue;
    const translated = ownPatch(map, own, patch);
    if (translated === null) {
      homeless += 1;
      continue;
    }
    const effective = email ? effectivePatch(email, translated) : translated;
    if (!effective) continue;
    const change = changes.get(own) ?? { accountId: own, patches: new Map(), inverse: new Map() };
    changes.set(own, change);
    change.patches.set(id, effective);
    if (email) change.inverse.set(id, invertPatch(email, effective));
  }
  return { changes: [...changes.values()], homeless };
}

function pick(patches: EmailPatches, ids: Iterable<Id>): Map<Id, EmailPatch> {
  const some = new Map<Id, EmailPatch>();
  for (const id of ids) {
    const patch = patches.get(id);
    if (patch) some.set(id, patch);
  }
  return some;
}

function touchesMailboxes(patches: EmailPatches): boolean {
  return [...patches.values()].some((patch) => Object.keys(patch).some((path) => path.startsWith("mailboxIds/")));
}

const MARKS: Readonly<Record<string, readonly [on: MessageId, off: MessageId]>> = {
  "keywords/$seen": ["action.markedRead", "action.markedUnread"], "keywords/$flagged": ["action.flagged", "action.unflagged"],
};

/* What a change that nothing was said of is called while it waits. */
export function nameOf(patches: EmailPatches): Announcement {
  const kinds = new Set([...patches.values()].flatMap((patch) => Object.entries(patch).map(([path, value]) => MARKS[path]?.[value === true ? 0 : 1] ?? "waiting.change")));
  const [only] = kinds;
  return { text: kinds.size === 1 && only ? only : "waiting.change" };
}

/* One account's share: sent, or kept for later where the server cannot be asked. False: refused, and put back. */
async function carryOut(client: QueryClient, change: AccountChange, announcement: Announcement): Promise<boolean> {
  const { accountId, patches, inverse } = change;
  const waiting = { accountId, patches: [...patches], inverse: [...inverse], destroy: [], text: announcement.text, values: announcement.values ?? {} };
  try {
    /* What came before goes first. */
    if (hasWaiting() && !(await sendWaiting(client))) {
      if (keepForLater(waiting)) return true;
    }
    const refused = await sendChange(waiting);
    if (refused.size > 0) {
      patchCache(client, pick(inverse, refused.keys()));
      throw new RefusedError([...refused.values()][0]!);
    }
  } catch (error) {
    if (isForLater(error) && keepForLater(waiting)) return true;
    if (!(error instanceof RefusedError)) patchCache(client, inverse);
    showToast({ ...failureOf(error), tone: "problem" });
    await refreshLists(client, accountId);
    return false;
  }
  if (touchesMailboxes(patches)) await refreshLists(client, accountId);
  return true;
}

/* Undoes changes of these emails, whatever the cache says of them by now: a list may have been asked for before they were carried out. */
export function putBack(client: QueryClient, changes: readonly AccountChange[], emails: ReadonlyMap<Id, EmailSummary>): void {
  for (const { accountId, patches, inverse } of changes) {
    const changed = new Map([...patches].flatMap(([id, patch]) => {
      const email = emails.get(id);
      return email ? [[id, applyPatch(email, patch)] as const] : [];
    }));
    void changeEmails(client, accountId, inverse, null, changed);
  }
}

/*
 * Shows the change, then asks the server. What it refuses is put back with the reason; what it accepts can be undone
 * when there is something to announce.
 */
export async function changeEmails(
  client: QueryClient, accountId: Id, wanted: EmailPatches, announcement: Announcement | null, known?: ReadonlyMap<Id, EmailSummary>,
): Promise<void> {
  const emails = known ?? cachedEmails(client);
  const { changes, homeless } = changesByAccount(client, accountId, wanted, emails);
  if (homeless > 0) showToast({ text: "action.noSuchMailbox", values: { count: homeless }, tone: "problem" });
  if (changes.length === 0) return;
  await client.cancelQueries({ queryKey: keys.allLists });
  for (const { patches } of changes) patchCache(client, patches);
  const undo = (): void => putBack(client, changes, emails);
  const dismiss = announcement ? showToast({ ...announcement, undo }) : () => undefined;
  const done = await Promise.all(changes.map((change) => carryOut(client, change, announcement ?? nameOf(change.patches))));
  if (!done.includes(true)) dismiss();
}

export async function destroyEmails(client: QueryClient, accountId: Id, emails: readonly EmailSummary[]): Promise<void> {
  const map = cachedMailboxMap(client);
  const byAccount = new Map<Id, Id[]>();
  for (const email of emails) {
    const own = isUnified(accountId) ? map.accountOf(email) : accountId;
    if (own !== null) byAccount.set(own, [...(byAccount.get(own) ?? []), email.id]);
  }
  patchCache(client, new Map(), new Set(emails.map((email) => email.id)));
  for (const [own, destroy] of byAccount) {
    const values = { count: destroy.length };
    try {
      const refused = await sendChange({ accountId: own, patches: [], destroy });
      if (refused.size > 0) throw new RefusedError([...refused.values()][0]!);
      showToast({ text: "action.destroyed", values });
    } catch (error) {
      if (isForLater(error) && keepForLater({ accountId: own, patches: [], inverse: [], destroy, text: "action.destroyed", values })) continue;
      showToast({ ...failureOf(error), tone: "problem" });
    }
    await refreshLists(client, own);
  }
}

/* What can be done with emails, whether one conversation is open or many are selected. */
export interface MailActions {
  readonly markRead: (emails: readonly EmailSummary[], aloud?: boolean) => void;
  readonly markUnread: (emails: readonly EmailSummary[]) => void;
  readonly setFlag: (emails: readonly EmailSummary[], on: boolean, aloud?: boolean) => void;
  readonly moveToRole: (emails: readonly EmailSummary[], role: Role, from: Id | null) => boolean;
  readonly destroy: (emails: readonly EmailSummary[]) => void;
}

const MOVED: Readonly<Partial<Record<Role, MessageId>>> = {
  archive: "action.archived",
  trash: "action.trashed",
  junk: "action.junked",
  inbox: "action.notJunked",
};

const MISSING: Readonly<Partial<Record<Role, MessageId>>> = {
  archive: "action.noArchive",
  trash: "action.noTrash",
  junk: "action.noJunk",
};

function each(emails: readonly EmailSummary[], patch: (email: EmailSummary) => EmailPatch): Map<Id, EmailPatch> {
  return new Map(emails.map((email) => [email.id, patch(email)]));
}

/* From a mailbox only what is there moves; from a search, each email leaves wherever it is. */
export function moving(emails: readonly EmailSummary[], target: Id, from: Id | null): Map<Id, EmailPatch> {
  const here = from === null ? emails : emails.filter((email) => email.mailboxIds[from]);
  return each(here, (email) => movePatch(from === null ? Object.keys(email.mailboxIds) : [from], target));
}

export function createMailActions(client: QueryClient, accountId: Id): MailActions {
  const mailboxes = (): readonly Mailbox[] => client.getQueryData<readonly Mailbox[]>(keys.mailboxes(accountId)) ?? [];
  const change = (patches: EmailPatches, emails: readonly EmailSummary[], announcement: Announcement | null): void =>
    void changeEmails(client, accountId, patches, announcement, new Map(emails.map((email) => [email.id, email])));
  const conversations = (emails: readonly EmailSummary[]): number => new Set(emails.map((email) => email.threadId)).size;
  return {
    markRead: (emails, aloud = false) => change(each(emails.filter(isUnread), () => keywordPatch("$seen", true)), emails, aloud ? { text: "action.markedRead" } : null),
    markUnread: (emails) => change(each(emails, () => keywordPatch("$seen", false)), emails, { text: "action.markedUnread" }),
    setFlag: (emails, on, aloud = false) => change(each(emails, () => keywordPatch("$flagged", on)), emails,
      aloud ? { text: on ? "action.flagged" : "action.unflagged", values: { count: conversations(emails) } } : null),
    moveToRole: (emails, role, from) => {
      const target = byRole(mailboxes(), role);
      if (!target) {
        showToast({ text: MISSING[role] ?? "refusal.notFound", tone: "problem" });
        return false;
      }
      change(moving(emails, target.id, from), emails, { text: MOVED[role] ?? "action.moved", values: { count: conversations(emails), mailbox: target.name } });
      return true;
    },
    destroy: (emails) => void destroyEmails(client, accountId, emails),
  };
}

export function useMailActions(accountId: Id): MailActions {
  const client = useQueryClient();
  return useMemo(() => createMailActions(client, accountId), [client, accountId]);
}
