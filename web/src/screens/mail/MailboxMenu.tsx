import { useQueryClient } from "@tanstack/react-query";
import { ArrowDown, ArrowUp, Bell, BellOff, FolderInput, FolderPlus, Heart, HeartOff, MailOpen, PenLine, Tag, Trash2 } from "lucide-react";
import type { Id, Mailbox } from "../../jmap/types.ts";
import { useLocale, useT } from "../../i18n/i18n.ts";
import { emptyMailbox, markAllRead, reorderMailbox, updateMailboxes } from "../../mail/mailbox-actions.ts";
import { orderMailboxes } from "../../mail/mailboxes.ts";
import { usePreferences, useSetPreferences } from "../../mail/preferences.ts";
import { keys } from "../../mail/queries.ts";
import { isUnified } from "../../mail/unified.ts";
import { ContextMenu } from "../../ui/ContextMenu.tsx";
import type { MenuItem } from "../../ui/Menu.tsx";
import { confirmFirst } from "../../ui/questions.ts";
import type { FolderQuestion } from "./FolderDialog.tsx";
import { treeEntry } from "./sidebar-state.ts";

export interface MailboxMenuPlace {
  readonly accountId: Id;
  readonly mailbox: Mailbox;
  readonly x: number;
  readonly y: number;
}

interface Props {
  readonly place: MailboxMenuPlace;
  readonly onQuestion: (question: FolderQuestion) => void;
  readonly onClose: () => void;
}

const MOST_FAVOURITES = 50;

/* What can be done with a mailbox, as far as one's rights go. */
export function MailboxMenu({ place, onQuestion, onClose }: Props) {
  const t = useT();
  const locale = useLocale();
  const client = useQueryClient();
  const { favourites } = usePreferences();
  const set = useSetPreferences();
  const { accountId, mailbox } = place;
  const { myRights, role } = mailbox;
  const mailboxes = client.getQueryData<readonly Mailbox[]>(keys.mailboxes(accountId)) ?? [];
  const siblings = orderMailboxes(mailboxes, locale).map((node) => node.mailbox).filter((one) => one.role === null && one.parentId === mailbox.parentId);
  const at = siblings.findIndex((one) => one.id === mailbox.id);
  const entry = treeEntry(accountId, mailbox.id);
  const favourite = favourites.includes(entry);
  const own = !isUnified(accountId);
  const ask = (kind: FolderQuestion["kind"]) => () => onQuestion({ kind, accountId, mailbox });
  const empty = (): void => void confirmFirst({ title: "folder.emptyTitle", text: "folder.emptyText", values: { count: mailbox.totalEmails }, action: "action.destroy", danger: true })
    .then((sure) => { if (sure) void emptyMailbox(client, accountId, mailbox); });
  const items: (MenuItem | false)[] = [
    mailbox.unreadEmails > 0 && myRights.maySetSeen && { key: "read", label: t("folder.markAllRead"), icon: MailOpen, onSelect: () => void markAllRead(client, accountId, mailbox) },
    (role === "trash" || role === "junk") && mailbox.totalEmails > 0 && myRights.mayRemoveItems && { key: "empty", label: t(role === "trash" ? "folder.emptyTrash" : "folder.emptyJunk"), icon: Trash2, danger: true, onSelect: empty },
    { key: "favourite", label: t(favourite ? "folder.unfavourite" : "folder.favourite"), icon: favourite ? HeartOff : Heart,
      onSelect: () => set({ favourites: favourite ? favourites.filter((one) => one !== entry) : [...favourites, entry].slice(-MOST_FAVOURITES) }) },
    own && myRights.mayCreateChild && { key: "create", label: t("folder.createBelow"), icon: FolderPlus, separated: true, onSelect: ask("create") },
    own && myRights.mayRename && { key: "rename", label: t("folder.rename"), icon: PenLine, onSelect: ask("rename") },
    own && role === null && myRights.mayRename && { key: "move", label: t("folder.move"), icon: FolderInput, onSelect: ask("move") },
    own && role === null && at > 0 && { key: "up", label: t("folder.up"), icon: ArrowUp, onSelect: () => void reorderMailbox(client, accountId, siblings, mailbox, -1) },
    own && role === null && at >= 0 && at < siblings.length - 1 && { key: "down", label: t("folder.down"), icon: ArrowDown, onSelect: () => void reorderMailbox(client, accountId, siblings, mailbox, 1) },
    own && { key: "subscribe", label: t(mailbox.isSubscribed ? "folder.unsubscribe" : "folder.subscribe"), icon: mailbox.isSubscribed ? BellOff : Bell,
      onSelect: () => void updateMailboxes(client, accountId, new Map([[mailbox.id, { isSubscribed: !mailbox.isSubscribed }]]), { text: mailbox.isSubscribed ? "folder.unsubscribed" : "folder.subscribed", values: { mailbox: mailbox.name } }) },
    own && role !== "inbox" && myRights.mayRename && { key: "role", label: t("folder.role"), icon: Tag, onSelect: ask("role") },
    own && role !== "inbox" && myRights.mayDelete && { key: "delete", label: t("folder.delete"), icon: Trash2, danger: true, separated: true, onSelect: ask("delete") },
  ];
  return <ContextMenu label={t("folder.menu", { mailbox: mailbox.name })} items={items.filter((item) => item !== false)} x={place.x} y={place.y} onClose={onClose} />;
}
