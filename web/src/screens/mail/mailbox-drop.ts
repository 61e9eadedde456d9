import { useSyncExternalStore, type DragEvent } from "react";
import type { QueryClient } from "@tanstack/react-query";
import type { MailRoute } from "../../app/router.ts";
import type { Id, Mailbox } from "../../jmap/types.ts";
import { nestMailbox } from "../../mail/mailbox-actions.ts";
import { isWithin } from "../../mail/mailboxes.ts";
import { keys } from "../../mail/queries.ts";
import { transfer, type Target } from "../../mail/transfer.ts";
import type { RowDrag } from "../desk/dragging.ts";
import { leaveList } from "../desk/leaving.ts";

export const MAILBOX_TYPE = "application/x-postroom-mailbox";

export interface MailboxDrag {
  readonly accountId: Id;
  readonly mailbox: Mailbox;
}

let current: MailboxDrag | null = null;
const listeners = new Set<() => void>();

function publish(next: MailboxDrag | null): void {
  current = next;
  for (const listener of listeners) listener();
}

export function useMailboxDrag(): MailboxDrag | null {
  return useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, () => current);
}

export function startMailboxDrag(event: DragEvent, accountId: Id, mailbox: Mailbox): void {
  event.dataTransfer.setData(MAILBOX_TYPE, mailbox.id);
  event.dataTransfer.effectAllowed = "move";
  publish({ accountId, mailbox });
  document.addEventListener("dragend", () => publish(null), { once: true });
}

/* A mailbox goes below another of its account, never below itself. */
export function mayDropMailbox(client: QueryClient, dragged: MailboxDrag | null, accountId: Id, mailbox: Mailbox): boolean {
  if (!dragged || dragged.accountId !== accountId || dragged.mailbox.parentId === mailbox.id || !mailbox.myRights.mayCreateChild) return false;
  const mailboxes = client.getQueryData<readonly Mailbox[]>(keys.mailboxes(accountId)) ?? [];
  return !isWithin(mailboxes, mailbox, dragged.mailbox.id);
}

export function dropMailbox(client: QueryClient, dragged: MailboxDrag, accountId: Id, mailbox: Mailbox): void {
  void nestMailbox(client, accountId, dragged.mailbox, mailbox.id);
}

/* Rows move, or are copied with Ctrl held; into another account they are copied there and leave here. */
export function dropRows(client: QueryClient, drag: RowDrag, target: Target, route: MailRoute, copy: boolean): void {
  void transfer(client, drag.accountId, drag.rows.flatMap((row) => row.emails), target, copy ? null : route.mailboxId, copy);
  if (!copy) leaveList(drag.rows);
}
