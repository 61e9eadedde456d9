import { useQuery, useQueryClient } from "@tanstack/react-query";
import { ArrowDown, ArrowUp, CalendarClock, EllipsisVertical, ListTodo, Pencil, Search, SquareCheck, TriangleAlert, type LucideIcon } from "lucide-react";
import { useDesk } from "../../app/context.ts";
import { mailboxRoute, TODOS, useRoute, type MailRoute, type TodosRoute } from "../../app/router.ts";
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

/* What is to be done, and below it how urgent that is. */
function MyTodos({ onNavigate }: Pick<Props, "onNavigate">) {
  const t = useT();
  const desk = useDesk();
  const route = useRoute();
  const todos = useQuery(myTodosQuery(desk.userAccount)).data ?? [];
  const isCurrent = (due: TodosRoute["due"]): "page" | undefined => (route.screen === "todos" && route.due === due ? "page" : undefined);
  return (
    <section className="account" aria-label={t("todo.mine")}>
      <ul className="mailboxes">
        <li>
          <Link className="mailbox" style={{ paddingInlineStart: "10px" }} aria-current={isCurrent("any")} onClick={onNavigate} to={TODOS}>
            <ListTodo size={16} aria-hidden /><span className="mailbox-name">{t("todo.mine")}</span>{todos.length > 0 && <Count count={todos.length} />}
          </Link>
        </li>
        {GROUPS.map(({ key, text, icon: Icon }) => {
          const count = todos.filter(({ todo }) => dueGroup(todo.due) === key).length;
          return count > 0 && (
            <li key={key}>
              <Link className={`mailbox todo-${key}`} style={{ paddingInlineStart: "24px" }} aria-current={isCurrent(key)} onClick={onNavigate} to={{ ...TODOS, due: key }}>
                <Icon size={16} aria-hidden /><span className="mailbox-name">{t(text)}</span><Count count={count} />
              </Link>
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
