import { useQueryClient } from "@tanstack/react-query";
import { ChevronDown, EllipsisVertical } from "lucide-react";
import { useState, type DragEvent, type KeyboardEvent } from "react";
import { useDesk } from "../../app/context.ts";
import { mailboxRoute, type MailRoute } from "../../app/router.ts";
import { useLocale, useT } from "../../i18n/i18n.ts";
import { formatNumber } from "../../i18n/format.ts";
import type { Id, Mailbox } from "../../jmap/types.ts";
import { badgeOf, roleName } from "../../mail/mailboxes.ts";
import { isUnified } from "../../mail/unified.ts";
import { IconButton } from "../../ui/Button.tsx";
import { Link } from "../../ui/Link.tsx";
import { ROW_TYPE, sayDrop, useRowDrag } from "../desk/dragging.ts";
import { dropMailbox, dropRows, mayDropMailbox, MAILBOX_TYPE, startMailboxDrag, useMailboxDrag } from "./mailbox-drop.ts";
import { MailboxIcon } from "./MailboxIcon.tsx";
import { fold, treeEntry } from "./sidebar-state.ts";

export interface MailboxLinkProps {
  readonly accountId: Id;
  readonly mailbox: Mailbox;
  readonly depth: number;
  /* Whose it is, where that is not said above it. */
  readonly hint?: string;
  /* Undefined: nothing below it. */
  readonly folded?: boolean | undefined;
  readonly route: MailRoute;
  readonly onNavigate: () => void;
  /* Absent: nothing can be done with it. */
  readonly onMenu?: ((accountId: Id, mailbox: Mailbox, x: number, y: number) => void) | undefined;
}

function Badge({ mailbox }: { readonly mailbox: Mailbox }) {
  const t = useT();
  const locale = useLocale();
  const badge = badgeOf(mailbox);
  if (badge === 0) return null;
  return (
    <span className="mailbox-badge">
      <span aria-hidden>{formatNumber(badge, locale)}</span>
      <span className="visually-hidden">{t(mailbox.role === "drafts" ? "mailbox.draftCount" : "mailbox.unreadCount", { count: badge })}</span>
    </span>
  );
}

/* Takes rows of the list and other mailboxes that are dropped on it. */
function useDrop(accountId: Id, mailbox: Mailbox, name: string, route: MailRoute) {
  const t = useT();
  const desk = useDesk();
  const client = useQueryClient();
  const rows = useRowDrag();
  const dragged = useMailboxDrag();
  const [over, setOver] = useState(false);
  const takesRows = rows !== null && mailbox.myRights.mayAddItems && !(route.accountId === accountId && route.mailboxId === mailbox.id);
  const takes = takesRows || mayDropMailbox(client, dragged, accountId, mailbox);
  const copies = (event: DragEvent): boolean => takesRows && (event.ctrlKey || rows.copyOnly);
  const isOurs = (event: DragEvent): boolean => event.dataTransfer.types.includes(ROW_TYPE) || event.dataTransfer.types.includes(MAILBOX_TYPE);
  const account = isUnified(accountId) ? t("unified.name") : (desk.accounts.find((one) => one.id === accountId)?.address ?? "");
  const place = desk.accounts.length > 1 ? t("drag.place", { mailbox: name, account }) : name;
  const leave = (): void => {
    setOver(false);
    sayDrop(null);
  };
  return {
    over: over && takes,
    onDragOver: (event: DragEvent) => {
      if (!isOurs(event)) return;
      sayDrop({ text: !takes ? "drag.refused" : copies(event) ? "drag.copyTo" : "drag.moveTo", place });
      if (!takes) return;
      event.preventDefault();
      event.dataTransfer.dropEffect = copies(event) ? "copy" : "move";
      setOver(true);
    },
    onDragLeave: (event: DragEvent) => { if (!(event.relatedTarget instanceof Node && event.currentTarget.contains(event.relatedTarget))) leave(); },
    onDrop: (event: DragEvent) => {
      leave();
      if (!takes) return;
      event.preventDefault();
      if (rows) dropRows(client, rows, { accountId, mailbox }, route, copies(event));
      else if (dragged) dropMailbox(client, dragged, accountId, mailbox);
    },
  };
}

export function MailboxLink({ accountId, mailbox, depth, hint, folded, route, onNavigate, onMenu }: MailboxLinkProps) {
  const t = useT();
  const personal = useDesk().accounts.find((account) => account.id === accountId)?.personal;
  const role = roleName(mailbox.role);
  const name = role ? t(role) : mailbox.name;
  const drop = useDrop(accountId, mailbox, name, route);
  const current = route.accountId === accountId && route.mailboxId === mailbox.id;
  /* In somebody else's mailbox nobody subscribes to anything here. */
  const subscribed = mailbox.isSubscribed || personal === false;
  const unread = badgeOf(mailbox) > 0 && mailbox.role !== "drafts";
  const openMenu = (node: Element): void => {
    const box = node.getBoundingClientRect();
    onMenu?.(accountId, mailbox, box.left + box.width / 2, box.bottom);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (!onMenu || !(event.key === "ContextMenu" || (event.key === "F10" && event.shiftKey))) return;
    event.preventDefault();
    openMenu(event.currentTarget);
  };
  return (
    <li className="mailbox-item" data-over={drop.over} onDragOver={drop.onDragOver} onDragLeave={drop.onDragLeave} onDrop={drop.onDrop}
      onContextMenu={(event) => { if (onMenu) { event.preventDefault(); onMenu(accountId, mailbox, event.clientX, event.clientY); } }}>
      <Link className="mailbox" aria-current={current ? "page" : undefined} onClick={onNavigate} onKeyDown={onKeyDown} data-unread={unread} data-subscribed={subscribed}
        draggable={mailbox.role === null && mailbox.myRights.mayRename} onDragStart={(event) => startMailboxDrag(event, accountId, mailbox)}
        style={{ paddingInlineStart: `${10 + Math.min(depth, 6) * 14}px` }} to={mailboxRoute(accountId, mailbox.id)}>
        <MailboxIcon role={mailbox.role} />
        <bdi className="mailbox-name">{name}</bdi>
        {hint && <bdi className="mailbox-hint">{hint}</bdi>}
        <Badge mailbox={mailbox} />
      </Link>
      {folded !== undefined && (
        <button type="button" className="mailbox-fold" aria-expanded={!folded} aria-label={t(folded ? "folder.unfold" : "folder.fold", { mailbox: name })}
          style={{ insetInlineStart: `${Math.min(depth, 6) * 14 - 5}px` }} onClick={() => fold(treeEntry(accountId, mailbox.id), !folded)}>
          <ChevronDown size={12} aria-hidden className={folded ? "chevron chevron-closed" : "chevron"} />
        </button>
      )}
      {onMenu && <IconButton label={t("folder.menu", { mailbox: name })} icon={EllipsisVertical} className="mailbox-more" aria-haspopup="menu" onClick={(event) => openMenu(event.currentTarget)} />}
    </li>
  );
}
