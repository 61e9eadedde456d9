import { useQueryClient, type QueryClient } from "@tanstack/react-query";
import { useReadOnly } from "../../app/context.ts";
import type { MailRoute } from "../../app/router.ts";
import type { Id, Mailbox } from "../../jmap/types.ts";
import { createMailActions, type Announcement } from "../../mail/actions.ts";
import { changeEverything, type BulkStep } from "../../mail/bulk.ts";
import { factsOf, isUnread, type Conversation } from "../../mail/conversations.ts";
import { byRole, type Role } from "../../mail/mailboxes.ts";
import { keywordPatch, movePatch } from "../../mail/patches.ts";
import { keys } from "../../mail/queries.ts";
import { transfer, transferEverything, type Target } from "../../mail/transfer.ts";
import { confirmFirst } from "../../ui/questions.ts";
import { showToast } from "../../ui/toasts.ts";
import { emailsOf, type ListState } from "./list-state.ts";

/* What the buttons and the keys do to the ticked, open or marked conversations, or to all that match. */
export interface ListActs {
  readonly archive: () => void;
  readonly remove: () => void;
  readonly junk: () => void;
  readonly notJunk: () => void;
  readonly markRead: () => void;
  readonly markUnread: () => void;
  readonly toggleFlag: () => void;
  readonly flag: (on: boolean) => void;
  readonly move: (target: Mailbox) => void;
  readonly moveTo: (target: Target) => void;
  readonly copyTo: (target: Target) => void;
}

export interface ListCommands extends ListActs {
  /* False: the mailbox may only be read. Its mail can be copied elsewhere; whatever else is asked for says why not. */
  readonly mayChange: boolean;
}

export function refuseChange(): void {
  showToast({ text: "refusal.readOnly", tone: "problem" });
}

const REFUSING: Omit<ListActs, "copyTo"> = {
  archive: refuseChange, remove: refuseChange, junk: refuseChange, notJunk: refuseChange, markRead: refuseChange, markUnread: refuseChange,
  toggleFlag: refuseChange, flag: refuseChange, move: refuseChange, moveTo: refuseChange,
};

/* From a mailbox only what is there moves; from a search, each email leaves wherever it is. */
function moveStep(target: Id, from: Id | null): BulkStep {
  return (email) => (from !== null && !email.mailboxIds[from] ? null : movePatch(from === null ? Object.keys(email.mailboxIds) : [from], target));
}

const MOVED = { archive: "action.archived", trash: "action.trashed", junk: "action.junked", inbox: "action.notJunked" } as const;

/* In Trash there is nowhere further to move to, nor in Junk: deleting is for good there, so it asks. */
function isLast(mailbox: Mailbox | undefined): boolean {
  return mailbox?.role === "trash";
}

/* The same for whatever matches the view, on screen or not. */
function commandsForAll(client: QueryClient, list: ListState, route: MailRoute, mailbox: Mailbox | undefined): ListActs {
  const { view, total } = list;
  const from = route.mailboxId;
  const run = (step: BulkStep, announcement: Announcement, leaves: boolean): void => {
    if (leaves) list.open(null);
    list.clearSelection();
    void changeEverything(client, view, total, step, announcement);
  };
  const toRole = (role: keyof typeof MOVED) => (): void => {
    const target = byRole(client.getQueryData<readonly Mailbox[]>(keys.mailboxes(view.accountId)) ?? [], role as Role);
    if (!target) showToast({ text: "action.noSuchMailbox", values: { count: total }, tone: "problem" });
    else if (target.id !== from) run(moveStep(target.id, from), { text: MOVED[role] }, true);
  };
  const destroyAll = (): void => void confirmFirst({ title: "action.destroyAllTitle", text: "action.destroyText", values: { count: total }, action: "action.destroy", danger: true })
    .then((sure) => { if (sure) run((email) => (from === null || email.mailboxIds[from] ? "destroy" : null), { text: "action.destroyed" }, true); });
  const carry = (target: Target, copy: boolean): void => {
    if (!copy) list.open(null);
    list.clearSelection();
    void transferEverything(client, view, total, target, from, copy);
  };
  const moveTo = (target: Target): void => { if (target.mailbox.id !== from) carry(target, false); };
  const flag = (on: boolean): void => run(() => keywordPatch("$flagged", on), { text: on ? "action.flagged" : "action.unflagged" }, false);
  return {
    archive: toRole("archive"), junk: toRole("junk"), notJunk: toRole("inbox"),
    remove: isLast(mailbox) ? destroyAll : toRole("trash"),
    markRead: () => run((email) => (isUnread(email) ? keywordPatch("$seen", true) : null), { text: "action.markedRead" }, false),
    markUnread: () => run((email) => (email.keywords["$seen"] ? keywordPatch("$seen", false) : null), { text: "action.markedUnread" }, false),
    flag,
    toggleFlag: () => flag(true),
    move: (target) => moveTo({ accountId: view.accountId, mailbox: target }),
    moveTo,
    copyTo: (target) => carry(target, true),
  };
}

/* Which rows a move takes out of the list. */
function movesAway(target: Target, route: MailRoute): boolean {
  return target.mailbox.id !== route.mailboxId;
}

/* Commands for these conversations; after: what becomes of the list when they leave it. */
export function commandsFor(client: QueryClient, list: ListState, route: MailRoute, mailbox: Mailbox | undefined, targetsOf: () => readonly Conversation[]): ListActs {
  const actions = createMailActions(client, list.view.accountId);
  const withTargets = (act: (targets: readonly Conversation[]) => void): void => {
    const targets = targetsOf();
    if (targets.length > 0) act(targets);
  };
  const toRole = (role: Role) => () => withTargets((targets) => {
    if (mailbox?.role === role) return;
    if (actions.moveToRole(emailsOf(targets), role, route.mailboxId)) list.leave(targets);
  });
  const removeForGood = (): void => withTargets((targets) => {
    const doomed = emailsOf(targets).filter((email) => route.mailboxId === null || email.mailboxIds[route.mailboxId]);
    void confirmFirst({ title: "action.destroyTitle", text: "action.destroyText", values: { count: doomed.length }, action: "action.destroy", danger: true }).then((sure) => {
      if (!sure) return;
      list.leave(targets);
      actions.destroy(doomed);
    });
  });
  const flag = (on: boolean): void => withTargets((targets) =>
    actions.setFlag(on ? targets.map((row) => row.emails.at(-1)!) : emailsOf(targets), on, targets.length > 1));
  const moveTo = (target: Target): void => withTargets((targets) => {
    void transfer(client, list.view.accountId, emailsOf(targets), target, route.mailboxId, false);
    if (movesAway(target, route)) list.leave(targets);
  });
  return {
    archive: toRole("archive"),
    remove: isLast(mailbox) ? removeForGood : toRole("trash"),
    junk: toRole("junk"),
    notJunk: toRole("inbox"),
    markRead: () => withTargets((targets) => { actions.markRead(emailsOf(targets), true); list.clearSelection(); }),
    markUnread: () => withTargets((targets) => {
      actions.markUnread(targets.map((row) => row.emails.findLast((email) => !email.keywords["$draft"]) ?? row.emails.at(-1)!));
      if (list.selected.size === 0 && route.threadId !== null) list.open(null);
      list.clearSelection();
    }),
    flag,
    toggleFlag: () => withTargets((targets) => flag(!targets.every((row) => factsOf(row).flagged))),
    move: (target) => moveTo({ accountId: list.view.accountId, mailbox: target }),
    moveTo,
    copyTo: (target) => withTargets((targets) => {
      void transfer(client, list.view.accountId, emailsOf(targets), target, null, true);
      list.clearSelection();
    }),
  };
}

export function useListCommands(list: ListState, route: MailRoute, mailbox: Mailbox | undefined): ListCommands {
  const client = useQueryClient();
  const mayChange = !useReadOnly(route.accountId);
  const acts = list.everything ? commandsForAll(client, list, route, mailbox) : commandsFor(client, list, route, mailbox, list.targets);
  return { ...acts, ...(mayChange ? {} : REFUSING), mayChange };
}

