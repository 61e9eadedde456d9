import { useQueryClient, type QueryClient } from "@tanstack/react-query";
import { useMemo } from "react";
import type { MessageId, MessageValues } from "../i18n/i18n.ts";
import { jmapOne, RefusedError } from "../jmap/client.ts";
import type { EmailSummary, Id, Mailbox, SetError, SetResponse } from "../jmap/types.ts";
import { showToast } from "../ui/toasts.ts";
import { cachedEmails, patchCache, refreshLists } from "./cache.ts";
import { isUnread } from "./conversations.ts";
import { failureOf } from "./failures.ts";
import { byRole, type Role } from "./mailboxes.ts";
import { effectivePatch, invertPatch, keywordPatch, movePatch, type EmailPatch, type EmailPatches } from "./patches.ts";
import { keys } from "./queries.ts";

export interface Announcement {
  readonly text: MessageId;
  readonly values?: MessageValues;
}

const MAX_PER_SET = 200;

async function sendPatches(accountId: Id, patches: EmailPatches): Promise<Map<Id, SetError>> {
  const refused = new Map<Id, SetError>();
  const entries = [...patches];
  for (let at = 0; at < entries.length; at += MAX_PER_SET) {
    const update = Object.fromEntries(entries.slice(at, at + MAX_PER_SET));
    const answer = await jmapOne<SetResponse>("Email/set", { accountId, update });
    for (const [id, error] of Object.entries(answer.notUpdated ?? {})) refused.set(id, error);
  }
  return refused;
}

function inverseOf(emails: ReadonlyMap<Id, EmailSummary>, patches: EmailPatches): Map<Id, EmailPatch> {
  const inverse = new Map<Id, EmailPatch>();
  for (const [id, patch] of patches) {
    const email = emails.get(id);
    if (email) inverse.set(id, invertPatch(email, patch));
  }
  return inverse;
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

/*
 * Shows the change, then asks the server. What it refuses is put back with the reason; what it accepts can be undone
 * when there is something to announce.
 */
export async function changeEmails(
  client: QueryClient, accountId: Id, wanted: EmailPatches, announcement: Announcement | null,
): Promise<void> {
  const emails = cachedEmails(client, accountId);
  const patches = new Map<Id, EmailPatch>();
  for (const [id, patch] of wanted) {
    const email = emails.get(id);
    const effective = email ? effectivePatch(email, patch) : patch;
    if (effective) patches.set(id, effective);
  }
  if (patches.size === 0) return;
  const inverse = inverseOf(emails, patches);
  await client.cancelQueries({ queryKey: keys.lists(accountId) });
  patchCache(client, accountId, patches);
  const undo = (): void => void changeEmails(client, accountId, inverse, null);
  const dismiss = announcement ? showToast({ ...announcement, undo }) : () => undefined;
  try {
    const refused = await sendPatches(accountId, patches);
    if (refused.size > 0) {
      patchCache(client, accountId, pick(inverse, refused.keys()));
      throw new RefusedError([...refused.values()][0]!);
    }
  } catch (error) {
    if (!(error instanceof RefusedError)) patchCache(client, accountId, inverse);
    dismiss();
    showToast({ ...failureOf(error), tone: "problem" });
    await refreshLists(client, accountId);
  }
  if (touchesMailboxes(patches)) await refreshLists(client, accountId);
}

export async function destroyEmails(client: QueryClient, accountId: Id, ids: readonly Id[]): Promise<void> {
  patchCache(client, accountId, new Map(), new Set(ids));
  try {
    const answer = await jmapOne<SetResponse>("Email/set", { accountId, destroy: ids });
    const refused = Object.values(answer.notDestroyed ?? {})[0];
    if (refused && refused.type !== "notFound") throw new RefusedError(refused);
    showToast({ text: "action.destroyed", values: { count: ids.length } });
  } catch (error) {
    showToast({ ...failureOf(error), tone: "problem" });
  }
  await refreshLists(client, accountId);
}

/* What can be done with emails, whether one conversation is open or many are selected. */
export interface MailActions {
  readonly markRead: (emails: readonly EmailSummary[]) => void;
  readonly markUnread: (emails: readonly EmailSummary[]) => void;
  readonly setFlag: (emails: readonly EmailSummary[], on: boolean) => void;
  readonly moveTo: (emails: readonly EmailSummary[], target: Mailbox, from: Id | null) => void;
  readonly moveToRole: (emails: readonly EmailSummary[], role: Role, from: Id | null) => boolean;
  readonly destroy: (emails: readonly EmailSummary[]) => void;
}

const MOVED: Readonly<Partial<Record<Role, MessageId>>> = {
  archive: "action.archived",
  trash: "action.trashed",
  junk: "action.junked",
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
function moving(emails: readonly EmailSummary[], target: Id, from: Id | null): Map<Id, EmailPatch> {
  const here = from === null ? emails : emails.filter((email) => email.mailboxIds[from]);
  return each(here, (email) => movePatch(from === null ? Object.keys(email.mailboxIds) : [from], target));
}

export function createMailActions(client: QueryClient, accountId: Id): MailActions {
  const mailboxes = (): readonly Mailbox[] => client.getQueryData<readonly Mailbox[]>(keys.mailboxes(accountId)) ?? [];
  const change = (patches: EmailPatches, announcement: Announcement | null): void =>
    void changeEmails(client, accountId, patches, announcement);
  return {
    markRead: (emails) => change(each(emails.filter(isUnread), () => keywordPatch("$seen", true)), null),
    markUnread: (emails) => change(each(emails, () => keywordPatch("$seen", false)), { text: "action.markedUnread" }),
    setFlag: (emails, on) => change(each(emails, () => keywordPatch("$flagged", on)), null),
    moveTo: (emails, target, from) =>
      change(moving(emails, target.id, from), { text: "action.moved", values: { mailbox: target.name } }),
    moveToRole: (emails, role, from) => {
      const target = byRole(mailboxes(), role);
      if (!target) {
        showToast({ text: MISSING[role] ?? "refusal.notFound", tone: "problem" });
        return false;
      }
      const count = new Set(emails.map((email) => email.threadId)).size;
      change(moving(emails, target.id, from), { text: MOVED[role] ?? "action.moved", values: { count, mailbox: target.name } });
      return true;
    },
    destroy: (emails) => void destroyEmails(client, accountId, emails.map((email) => email.id)),
  };
}

export function useMailActions(accountId: Id): MailActions {
  const client = useQueryClient();
  return useMemo(() => createMailActions(client, accountId), [client, accountId]);
}
