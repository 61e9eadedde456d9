import type { MailRoute } from "../../app/router.ts";
import type { Mailbox } from "../../jmap/types.ts";
import { useMailActions } from "../../mail/actions.ts";
import { factsOf, type Conversation } from "../../mail/conversations.ts";
import { confirmFirst } from "../../ui/questions.ts";
import { emailsOf, type ListState } from "./list-state.ts";

/* What the buttons and the keys do to the ticked, open or marked conversations. */
export interface ListCommands {
  readonly archive: () => void;
  readonly remove: () => void;
  readonly junk: () => void;
  readonly markRead: () => void;
  readonly markUnread: () => void;
  readonly toggleFlag: () => void;
  readonly move: (target: Mailbox) => void;
}

export function useListCommands(list: ListState, route: MailRoute, mailbox: Mailbox | undefined): ListCommands {
  const actions = useMailActions(route.accountId);
  const withTargets = (act: (targets: readonly Conversation[]) => void): void => {
    const targets = list.targets();
    if (targets.length > 0) act(targets);
  };
  const toRole = (role: "archive" | "trash" | "junk") => () => withTargets((targets) => {
    if (mailbox?.role === role) return;
    if (actions.moveToRole(emailsOf(targets), role, route.mailboxId)) list.leave(targets);
  });
  /* In Trash there is nowhere further to move to: deleting is for good there, so it asks. */
  const removeForGood = (): void => withTargets((targets) => {
    const doomed = emailsOf(targets).filter((email) => route.mailboxId === null || email.mailboxIds[route.mailboxId]);
    void confirmFirst({ title: "action.destroyTitle", text: "action.destroyText", values: { count: doomed.length }, action: "action.destroy", danger: true }).then((sure) => {
      if (!sure) return;
      list.leave(targets);
      actions.destroy(doomed);
    });
  });
  return {
    archive: toRole("archive"),
    remove: mailbox?.role === "trash" ? removeForGood : toRole("trash"),
    junk: toRole("junk"),
    markRead: () => withTargets((targets) => { actions.markRead(emailsOf(targets)); list.clearSelection(); }),
    markUnread: () => withTargets((targets) => {
      actions.markUnread(targets.map((row) => row.emails.findLast((email) => !email.keywords["$draft"]) ?? row.emails.at(-1)!));
      if (list.selected.size === 0 && route.threadId !== null) list.open(null);
      list.clearSelection();
    }),
    toggleFlag: () => withTargets((targets) => {
      const on = !targets.every((row) => factsOf(row).flagged);
      actions.setFlag(on ? targets.map((row) => row.emails.at(-1)!) : emailsOf(targets), on);
    }),
    move: (target) => withTargets((targets) => {
      actions.moveTo(emailsOf(targets), target, route.mailboxId);
      if (target.id !== route.mailboxId) list.leave(targets);
    }),
  };
}
