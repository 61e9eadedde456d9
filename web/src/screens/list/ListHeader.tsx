import { useQuery } from "@tanstack/react-query";
import { Archive, FolderInput, MailOpen, Mail, Menu as MenuIcon, Search, Trash2, X } from "lucide-react";
import { useEffect, useRef, useState, type KeyboardEvent } from "react";
import { useDesk } from "../../app/context.ts";
import { navigate, type MailRoute } from "../../app/router.ts";
import { useLocale, useT, type MessageId } from "../../i18n/i18n.ts";
import { formatNumber } from "../../i18n/format.ts";
import type { Mailbox } from "../../jmap/types.ts";
import { roleName } from "../../mail/mailboxes.ts";
import { linkedQuery } from "../../mail/queries.ts";
import { searchMistakeOf } from "../../mail/search.ts";
import { IconButton } from "../../ui/Button.tsx";
import { useListCommands } from "./list-commands.ts";
import type { ListState } from "./list-state.ts";

export interface ListProps {
  readonly list: ListState;
  readonly route: MailRoute;
  readonly mailbox: Mailbox | undefined;
  readonly onDrawer: () => void;
  readonly onMove: () => void;
}

const SEARCH_DELAY = 250;
const FILTERS: readonly { readonly only: MailRoute["only"]; readonly label: MessageId }[] = [
  { only: "all", label: "filter.all" },
  { only: "unread", label: "filter.unread" },
  { only: "flagged", label: "filter.flagged" },
];

function SearchBox({ route, wrong }: { readonly route: MailRoute; readonly wrong: boolean }) {
  const t = useT();
  const [text, setText] = useState(route.text);
  const input = useRef<HTMLInputElement>(null);
  const asked = useRef(route.text);
  useEffect(() => {
    if (route.text === asked.current) return;
    asked.current = route.text;
    setText(route.text);
  }, [route.text]);
  useEffect(() => {
    const wanted = text.trim();
    if (wanted === asked.current) return;
    const timer = setTimeout(() => {
      const replace = asked.current !== "";
      asked.current = wanted;
      navigate({ ...route, text: wanted, threadId: null }, replace);
    }, SEARCH_DELAY);
    return () => clearTimeout(timer);
  }, [text, route]);
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === "Escape" || event.key === "Enter") {
      if (event.key === "Escape") setText("");
      document.getElementById("list")?.focus();
    }
  };
  return (
    <div className="search" role="search">
      <Search size={16} aria-hidden />
      <input ref={input} id="search" type="search" value={text} onChange={(event) => setText(event.target.value)} onKeyDown={onKeyDown}
        placeholder={t(route.mailboxId === null ? "search.placeholderAll" : "search.placeholder")} aria-label={t("search.label")} aria-invalid={wrong} dir="auto" />
      {text && <IconButton label={t("search.clear")} icon={X} onClick={() => { setText(""); input.current?.focus(); }} />}
    </div>
  );
}

function SelectionBar({ list, route, mailbox, onMove }: Omit<ListProps, "onDrawer">) {
  const t = useT();
  const commands = useListCommands(list, route, mailbox);
  return (
    <div className="selection-bar" role="toolbar" aria-label={t("selection.label")}>
      <IconButton label={t("selection.clear")} icon={X} onClick={list.clearSelection} />
      <span className="selection-count" role="status">{t("selection.count", { count: list.selected.size })}</span>
      <IconButton label={t("action.archive")} shortcut="e" icon={Archive} onClick={commands.archive} />
      <IconButton label={t("action.delete")} shortcut="#" icon={Trash2} onClick={commands.remove} />
      <IconButton label={t("action.move")} shortcut="v" icon={FolderInput} onClick={onMove} />
      <IconButton label={t("action.markRead")} shortcut="Shift+I" icon={MailOpen} onClick={commands.markRead} />
      <IconButton label={t("action.markUnread")} shortcut="Shift+U" icon={Mail} onClick={commands.markUnread} />
    </div>
  );
}

function TitleBar({ list, route, mailbox, onDrawer }: Omit<ListProps, "onMove">) {
  const t = useT();
  const locale = useLocale();
  const role = roleName(mailbox?.role ?? null);
  const title = route.mailboxId === null ? t("search.everywhere") : role ? t(role) : (mailbox?.name ?? "");
  return (
    <div className="title-bar">
      <IconButton label={t("sidebar.open")} icon={MenuIcon} className="only-narrow" onClick={onDrawer} />
      <h1 dir="auto">{title}</h1>
      {list.total > 0 && <span className="title-count">{t("list.count", { count: list.total, shown: formatNumber(list.total, locale) })}</span>}
    </div>
  );
}

/* Whoever searches learns what cannot be found yet. */
function UnreadNote({ route }: Pick<ListProps, "route">) {
  const t = useT();
  const locale = useLocale();
  const desk = useDesk();
  const linked = useQuery(linkedQuery(desk.userAccount)).data?.find((account) => account.id === route.accountId);
  const count = linked?.unreadAttachments ?? 0;
  if (!route.text || count === 0) return null;
  return <p className="search-note" role="status">{t("search.unread", { count, shown: formatNumber(count, locale) })}</p>;
}

export function ListHeader(props: ListProps) {
  const t = useT();
  const { list, route } = props;
  return (
    <header className="list-head">
      {list.selected.size > 0 ? <SelectionBar {...props} /> : <TitleBar {...props} />}
      <SearchBox route={route} wrong={searchMistakeOf(list.error, route.text) !== null} />
      <div className="filters">
        <div role="group" aria-label={t("filter.label")} className="filter-group">
          {FILTERS.map(({ only, label }) => (
            <button key={only} type="button" className="filter" aria-pressed={route.only === only}
              onClick={() => navigate({ ...route, only, threadId: null }, true)}>{t(label)}</button>
          ))}
        </div>
        {route.text && route.mailboxId !== null && (
          <button type="button" className="filter filter-wide" onClick={() => navigate({ ...route, mailboxId: null, threadId: null })}>{t("search.everywhere")}</button>
        )}
      </div>
      <UnreadNote route={route} />
    </header>
  );
}
