import { useQueryClient } from "@tanstack/react-query";
import { Archive, Copy, ExternalLink, FolderInput, Forward, Mail, MailOpen, Reply, ReplyAll, ShieldAlert, ShieldCheck, Star, Trash2 } from "lucide-react";
import type { MailRoute } from "../../app/router.ts";
import { useT } from "../../i18n/i18n.ts";
import type { Id, Mailbox } from "../../jmap/types.ts";
import { factsOf, leadOf } from "../../mail/conversations.ts";
import { cachedMailboxMap, isUnified } from "../../mail/unified.ts";
import { ContextMenu } from "../../ui/ContextMenu.tsx";
import type { MenuItem } from "../../ui/Menu.tsx";
import { answer, type AnswerKind } from "../compose/composer-store.ts";
import { commandsFor, useListCommands } from "./list-commands.ts";
import type { MoveAsked } from "./ListHeader.tsx";
import type { ListState } from "./list-state.ts";

export interface MenuPlace {
  readonly key: Id;
  readonly x: number;
  readonly y: number;
}

interface Props {
  readonly place: MenuPlace;
  readonly list: ListState;
  readonly route: MailRoute;
  readonly mailbox: Mailbox | undefined;
  readonly onMove: MoveAsked;
  readonly onCopy: MoveAsked;
  readonly onClose: () => void;
}

/* What can be done with a row, or with all that are selected when it is one of these. */
export function RowMenu({ place, list, route, mailbox, onMove, onCopy, onClose }: Props) {
  const t = useT();
  const client = useQueryClient();
  const { mayChange, ...forAll } = useListCommands(list, route, mailbox);
  const row = list.rowAt(list.indexOf(place.key));
  if (!row) return null;
  const several = list.selected.size > 1 || list.everything;
  const commands = several ? forAll : commandsFor(client, list, route, mailbox, () => [row]);
  const facts = factsOf(row);
  const write = (kind: AnswerKind) => () => {
    const lead = leadOf(row);
    const newest = row.emails.findLast((email) => !email.keywords["$draft"]) ?? lead;
    const accountId = isUnified(list.view.accountId) ? cachedMailboxMap(client).accountOf(lead) : list.view.accountId;
    if (accountId !== null) answer(kind, accountId, newest.id);
  };
  const single: MenuItem[] = several ? [] : [
    { key: "open", label: t("keys.open"), icon: ExternalLink, onSelect: () => list.open(row.key) },
    { key: "reply", label: t("action.reply"), icon: Reply, onSelect: write("reply") },
    { key: "replyAll", label: t("action.replyAll"), icon: ReplyAll, onSelect: write("replyAll") },
    { key: "forward", label: t("action.forward"), icon: Forward, onSelect: write("forward") },
  ];
  const copy: MenuItem = { key: "copy", label: t("action.copyTo"), icon: Copy, onSelect: () => onCopy(several ? undefined : [row]) };
  const changes: MenuItem[] = [
    { key: "archive", label: t("action.archive"), icon: Archive, separated: !several, onSelect: commands.archive },
    { key: "delete", label: t("action.delete"), icon: Trash2, onSelect: commands.remove },
    mailbox?.role === "junk"
      ? { key: "notJunk", label: t("action.notJunk"), icon: ShieldCheck, onSelect: commands.notJunk }
      : { key: "junk", label: t("action.junk"), icon: ShieldAlert, onSelect: commands.junk },
    { key: "move", label: t("action.move"), icon: FolderInput, onSelect: () => onMove(several ? undefined : [row]) },
    copy,
    ...(several || facts.unread ? [{ key: "read", label: t("action.markRead"), icon: MailOpen, separated: true, onSelect: commands.markRead }] : []),
    ...(several || !facts.unread ? [{ key: "unread", label: t("action.markUnread"), icon: Mail, separated: !several, onSelect: commands.markUnread }] : []),
    { key: "flag", label: t(!several && facts.flagged ? "action.unflag" : "action.flag"), icon: Star, onSelect: commands.toggleFlag },
  ];
  const items = [...single, ...(mayChange ? changes : [{ ...copy, separated: !several }])];
  return <ContextMenu label={t("row.menu")} items={items} x={place.x} y={place.y} onClose={onClose} />;
}
