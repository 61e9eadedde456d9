import { useQuery, useQueryClient } from "@tanstack/react-query";
import { ArrowDown, ArrowUp, CalendarClock, EllipsisVertical, Pencil, Search, SquareCheck, TriangleAlert, type LucideIcon } from "lucide-react";
import { useDesk } from "../../app/context.ts";
import { mailboxRoute, type MailRoute } from "../../app/router.ts";
import { formatNumber } from "../../i18n/format.ts";
import { useLocale, useT, type MessageId } from "../../i18n/i18n.ts";
import { failureOf } from "../../mail/failures.ts";
import { dueGroup, myTodosQuery, type DueGroup } from "../../mail/notes.ts";
import { countsQuery, moveSearch, savedSearchesQuery, type SavedSearch } from "../../mail/saved-searches.ts";
import { IconButton } from "../../ui/Button.tsx";
import { Link } from "../../ui/Link.tsx";
import { Menu } from "../../ui/Menu.tsx";
import { showToast } from "../../ui/toasts.ts";
import { openOrganise } from "./organise-store.ts";

interface Props {
  readonly route: MailRoute;
  readonly onNavigate: () => void;
}

const GROUPS: readonly { readonly key: DueGroup; readonly text: MessageId; readonly icon: LucideIcon }[] = [
  { key: "overdue", text: "todo.overdue", icon: TriangleAlert },
  { key: "today", text: "todo.dueToday", icon: SquareCheck },
  { key: "later", text: "todo.later", icon: CalendarClock },
];

function Count({ count }: { readonly count: number }) {
  const locale = useLocale();
  return <span className="mailbox-badge">{count > 9_999 ? `${formatNumber(9_999, locale)}+` : formatNumber(count, locale)}</span>;
}

/* What is to be done; nothing is shown while there is nothing. */
function MyTodos({ onNavigate }: Pick<Props, "onNavigate">) {
  const t = useT();
  const desk = useDesk();
  const todos = useQuery(myTodosQuery(desk.userAccount)).data ?? [];
  if (todos.length === 0) return null;
  return (
    <section className="account" aria-label={t("todo.mine")}>
      <h2 className="sidebar-heading">{t("todo.mine")}</h2>
      <ul className="mailboxes">
        {GROUPS.map(({ key, text, icon: Icon }) => {
          const count = todos.filter(({ todo }) => dueGroup(todo.due) === key).length;
          return count > 0 && (
            <li key={key}>
              <button type="button" className={`mailbox sidebar-button todo-${key}`} onClick={() => { onNavigate(); openOrganise({ kind: "todos", group: key }); }}>
                <Icon size={16} aria-hidden /><span className="mailbox-name">{t(text)}</span><Count count={count} />
              </button>
            </li>
          );
        })}
      </ul>
    </section>
  );
}

interface EntryProps extends Props {
  readonly search: SavedSearch;
  readonly searches: readonly SavedSearch[];
  readonly count: number | undefined;
}

function Entry({ search, searches, count, route, onNavigate }: EntryProps) {
  const t = useT();
  const desk = useDesk();
  const client = useQueryClient();
  const at = searches.indexOf(search);
  const accountId = search.inAccount ?? (desk.accounts.length > 1 ? desk.userAccount : (desk.accounts[0]?.id ?? desk.userAccount));
  const current = route.text === search.text && route.mailboxId === null && route.accountId === accountId;
  const move = (by: -1 | 1) => (): void => {
    moveSearch(client, desk.userAccount, searches, search.id, by).catch((error: unknown) => showToast({ ...failureOf(error), tone: "problem" }));
  };
  const items = [
    { key: "edit", label: t("saved.edit"), icon: Pencil, onSelect: () => openOrganise({ kind: "edit", search }) },
    { key: "up", label: t("saved.up"), icon: ArrowUp, disabled: at === 0, onSelect: move(-1) },
    { key: "down", label: t("saved.down"), icon: ArrowDown, disabled: at === searches.length - 1, onSelect: move(1) },
  ];
  return (
    <li className="saved-search">
      <Link className="mailbox" aria-current={current ? "page" : undefined} onClick={onNavigate} title={search.text} style={{ paddingInlineStart: "10px" }}
        to={{ ...mailboxRoute(accountId, null), text: search.text }}>
        <Search size={16} aria-hidden /><bdi className="mailbox-name">{search.name}</bdi>{count !== undefined && <Count count={count} />}
      </Link>
      <Menu label={t("saved.more", { name: search.name })} items={items} placement="below-end" trigger={({ expanded, toggle, controls }) => (
        <IconButton label={t("saved.more", { name: search.name })} icon={EllipsisVertical} aria-haspopup="menu" aria-expanded={expanded} aria-controls={controls} onClick={toggle} />
      )} />
    </li>
  );
}

function SavedSearches(props: Props) {
  const t = useT();
  const desk = useDesk();
  const searches = useQuery(savedSearchesQuery(desk.userAccount)).data ?? [];
  const counts = useQuery(countsQuery(searches, desk.userAccount)).data;
  if (searches.length === 0) return null;
  return (
    <section className="account" aria-label={t("saved.title")}>
      <h2 className="sidebar-heading">{t("saved.title")}</h2>
      <ul className="mailboxes">
        {searches.map((search) => <Entry key={search.id} search={search} searches={searches} count={counts?.get(search.id)} {...props} />)}
      </ul>
    </section>
  );
}

/* What is the person's own beside the folders: what to do, and searches that were kept. */
export function SidebarOrganise(props: Props) {
  return <><MyTodos onNavigate={props.onNavigate} /><SavedSearches {...props} /></>;
}
