import { useQuery } from "@tanstack/react-query";
import { Archive, Copy, FolderInput, Mail, MailOpen, Menu as MenuIcon, PenLine, EllipsisVertical, ShieldAlert, ShieldCheck, SlidersHorizontal, SquareCheck, Star, StarOff, StickyNote, Trash2, X } from "lucide-react";
import { useDesk } from "../../app/context.ts";
import { navigate, type MailRoute } from "../../app/router.ts";
import { useLocale, useT, type MessageId } from "../../i18n/i18n.ts";
import { formatNumber } from "../../i18n/format.ts";
import type { Mailbox } from "../../jmap/types.ts";
import type { Conversation } from "../../mail/conversations.ts";
import { roleName } from "../../mail/mailboxes.ts";
import { usePreferences, useSetPreferences } from "../../mail/preferences.ts";
import { linkedQuery } from "../../mail/queries.ts";
import { isUnified } from "../../mail/unified.ts";
import { IconButton } from "../../ui/Button.tsx";
import { Menu, type MenuItem } from "../../ui/Menu.tsx";
import { composeNew } from "../compose/composer-store.ts";
import { useMedia } from "../desk/panes.ts";
import { LIST_FILTERS } from "../desk/slots.ts";
import { SearchBox } from "../search/SearchBox.tsx";
import { openNotes, SelectionTools } from "../organise/SelectionTools.tsx";
import { useListCommands } from "./list-commands.ts";
import type { ListState } from "./list-state.ts";

/* Of these rows, or of those that are selected, open or marked. */
export type MoveAsked = (rows?: readonly Conversation[]) => void;

export interface ListProps {
  readonly list: ListState;
  readonly route: MailRoute;
  readonly mailbox: Mailbox | undefined;
  readonly onDrawer: () => void;
  readonly onMove: MoveAsked;
  readonly onCopy: MoveAsked;
}

const FILTERS: readonly { readonly only: MailRoute["only"]; readonly label: MessageId }[] = [
  { only: "all", label: "filter.all" },
  { only: "unread", label: "filter.unread" },
  { only: "flagged", label: "filter.flagged" },
];

export function useMailboxName(route: MailRoute, mailbox: Mailbox | undefined): string {
  const t = useT();
  const role = roleName(mailbox?.role ?? null);
  if (route.mailboxId === null) return t(isUnified(route.accountId) ? "search.allAccounts" : "search.everywhere");
  return role ? t(role) : (mailbox?.name ?? "");
}

function SelectionMore({ list, route, mailbox, onCopy }: Omit<ListProps, "onDrawer" | "onMove">) {
  const t = useT();
  const commands = useListCommands(list, route, mailbox);
  const items: MenuItem[] = [
    { key: "read", label: t("action.markRead"), icon: MailOpen, onSelect: commands.markRead },
    { key: "unread", label: t("action.markUnread"), icon: Mail, onSelect: commands.markUnread },
    { key: "flag", label: t("action.flag"), icon: Star, onSelect: () => commands.flag(true) },
    { key: "unflag", label: t("action.unflag"), icon: StarOff, onSelect: () => commands.flag(false) },
    { key: "copy", label: t("action.copyTo"), icon: Copy, onSelect: () => onCopy() },
    { key: "note", label: t("note.add"), icon: StickyNote, separated: true, onSelect: () => openNotes(list, "Note") },
    { key: "todo", label: t("todo.add"), icon: SquareCheck, onSelect: () => openNotes(list, "Todo") },
  ];
  return (
    <Menu label={t("action.more")} items={items} placement="below-end" trigger={({ expanded, toggle, controls }) => (
      <IconButton label={t("action.more")} icon={EllipsisVertical} aria-haspopup="menu" aria-expanded={expanded} aria-controls={controls} onClick={toggle} />
    )} />
  );
}

/* All rows that are here are ticked, and there are more: shall it be all that match? */
function EverythingNote({ list, route, mailbox }: Pick<ListProps, "list" | "route" | "mailbox">) {
  const t = useT();
  const locale = useLocale();
  const name = useMailboxName(route, mailbox);
  const values = { count: list.total, shown: formatNumber(list.total, locale), mailbox: name };
  if (list.everything) return <p className="everything" role="status">{t(route.text ? "selection.everyHit" : "selection.everything", values)}</p>;
  if (!list.allHere || list.selected.size >= list.total) return null;
  return (
    <p className="everything">
      <button type="button" className="button button-plain" onClick={list.selectEverything}><span>{t(route.text ? "selection.selectEveryHit" : "selection.selectEverything", values)}</span></button>
    </p>
  );
}

function SelectionBar(props: Omit<ListProps, "onDrawer">) {
  const { list, route, mailbox, onMove, onCopy } = props;
  const t = useT();
  const commands = useListCommands(list, route, mailbox);
  const count = list.everything ? list.total : list.selected.size;
  return (
    <>
      <div className="selection-bar" role="toolbar" aria-label={t("selection.label")}>
        <IconButton label={t("selection.clear")} shortcut="u" icon={X} onClick={list.clearSelection} />
        <span className="selection-count" role="status">{t("selection.count", { count })}</span>
        <IconButton label={t("selection.all")} shortcut="*" icon={SquareCheck} onClick={list.selectAll} />
        {commands.mayChange ? (
          <>
            <IconButton label={t("action.archive")} shortcut="e" icon={Archive} onClick={commands.archive} />
            <IconButton label={t("action.delete")} shortcut="#" icon={Trash2} onClick={commands.remove} />
            {mailbox?.role === "junk"
              ? <IconButton label={t("action.notJunk")} shortcut="!" icon={ShieldCheck} onClick={commands.notJunk} />
              : <IconButton label={t("action.junk")} shortcut="!" icon={ShieldAlert} onClick={commands.junk} />}
            <IconButton label={t("action.move")} shortcut="v" icon={FolderInput} onClick={() => onMove()} />
            <SelectionTools list={list} />
            <SelectionMore {...props} />
          </>
        ) : <IconButton label={t("action.copyTo")} shortcut="Shift+V" icon={Copy} onClick={() => onCopy()} />}
      </div>
      <EverythingNote list={list} route={route} mailbox={mailbox} />
    </>
  );
}

/* How the list looks: kept for the person, on every machine. */
function ViewMenu() {
  const t = useT();
  const { density, readingPane, conversations } = usePreferences();
  const set = useSetPreferences();
  /* Where there is one pane, nothing of this would be seen. */
  const roomy = useMedia("(min-width: 720px)");
  const items: MenuItem[] = [
    { key: "comfortable", label: t("view.comfortable"), checked: density === "comfortable", onSelect: () => set({ density: "comfortable" }) },
    { key: "compact", label: t("view.compact"), checked: density === "compact", onSelect: () => set({ density: "compact" }) },
    ...(roomy ? [
      { key: "right", label: t("view.right"), checked: readingPane === "right", separated: true, onSelect: () => set({ readingPane: "right" }) },
      { key: "below", label: t("view.below"), checked: readingPane === "below", onSelect: () => set({ readingPane: "below" }) },
      { key: "off", label: t("view.off"), checked: readingPane === "off", onSelect: () => set({ readingPane: "off" }) },
    ] as const : []),
    { key: "conversations", label: t("view.conversations"), checked: conversations, separated: true, onSelect: () => set({ conversations: true }) },
    { key: "mails", label: t("view.mails"), checked: !conversations, onSelect: () => set({ conversations: false }) },
  ];
  return (
    <Menu label={t("view.label")} items={items} placement="below-end" trigger={({ expanded, toggle, controls }) => (
      <IconButton label={t("view.label")} icon={SlidersHorizontal} aria-haspopup="menu" aria-expanded={expanded} aria-controls={controls} onClick={toggle} />
    )} />
  );
}

function TitleBar({ list, route, mailbox, onDrawer }: Pick<ListProps, "list" | "route" | "mailbox" | "onDrawer">) {
  const t = useT();
  const locale = useLocale();
  const { conversations } = usePreferences();
  const title = useMailboxName(route, mailbox);
  const count = { count: list.total, shown: formatNumber(list.total, locale) };
  return (
    <div className="title-bar">
      <IconButton label={t("sidebar.open")} icon={MenuIcon} className="only-narrow" onClick={onDrawer} />
      <h1 dir="auto" title={title}>{title}</h1>
      {list.total > 0 && <span className="title-count">{t(conversations ? "list.count" : "list.mailCount", count)}</span>}
      <span className="title-space" />
      {list.total > 0 && <IconButton label={t("selection.all")} shortcut="*" icon={SquareCheck} onClick={list.selectAll} />}
      <ViewMenu />
      <IconButton label={t("compose.new")} icon={PenLine} className="only-narrow compose-here" onClick={() => composeNew(route.accountId)} />
    </div>
  );
}

/* Whoever searches learns what cannot be found yet. */
function UnreadNote({ route }: Pick<ListProps, "route">) {
  const t = useT();
  const locale = useLocale();
  const desk = useDesk();
  const linked = useQuery(linkedQuery(desk.userAccount)).data ?? [];
  const searched = linked.filter((account) => isUnified(route.accountId) || account.id === route.accountId);
  const unread = searched.reduce((sum, account) => sum + account.unreadAttachments, 0);
  const unreadable = searched.reduce((sum, account) => sum + (account.unreadableAttachments ?? 0), 0);
  if (!route.text || unread + unreadable === 0) return null;
  return (
    <p className="search-note" role="status">
      {unread > 0 && <span>{t("search.unread", { count: unread, shown: formatNumber(unread, locale) })} </span>}
      {unreadable > 0 && <span>{t("search.unreadable", { count: unreadable, shown: formatNumber(unreadable, locale) })}</span>}
    </p>
  );
}

export function ListHeader(props: ListProps) {
  const t = useT();
  const { list, route } = props;
  return (
    <header className="list-head">
      {list.selected.size > 0 ? <SelectionBar {...props} /> : <TitleBar {...props} />}
      <SearchBox route={route} error={list.error} />
      <div className="filters">
        <div role="group" aria-label={t("filter.label")} className="filter-group">
          {FILTERS.map(({ only, label }) => (
            <button key={only} type="button" className="filter" aria-pressed={route.only === only}
              onClick={() => navigate({ ...route, only, threadId: null }, true)}>{t(label)}</button>
          ))}
          {LIST_FILTERS.map((Filter, index) => <Filter key={index} route={route} />)}
        </div>
        <span className="filter-group">
          {route.text && (
            <button type="button" className="filter filter-wide" aria-pressed={route.sort === "relevance"}
              onClick={() => navigate({ ...route, sort: route.sort === "relevance" ? "date" : "relevance", threadId: null }, true)}>{t("search.bestFirst")}</button>
          )}
          {route.text && route.mailboxId !== null && (
            <button type="button" className="filter filter-wide" onClick={() => navigate({ ...route, mailboxId: null, threadId: null })}>{t("search.everywhere")}</button>
          )}
        </span>
      </div>
      <UnreadNote route={route} />
    </header>
  );
}
