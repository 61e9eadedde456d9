import { useQuery } from "@tanstack/react-query";
import { Menu as MenuIcon, SquareCheck } from "lucide-react";
import { Suspense, useEffect, useState } from "react";
import { useDesk } from "../../app/context.ts";
import { Failed } from "../../app/Failed.tsx";
import { mailboxRoute, navigate, type TodosRoute } from "../../app/router.ts";
import { setPageTitle } from "../../app/title.ts";
import { useT, type MessageId } from "../../i18n/i18n.ts";
import { allTodosQuery, peopleQuery, TODOS_SHOWN } from "../../mail/notes.ts";
import { IconButton } from "../../ui/Button.tsx";
import { Choice } from "../../ui/Choice.tsx";
import { Empty, Spinner } from "../../ui/Notice.tsx";
import { lazyAhead } from "../../ui/ahead.ts";
import { useLetters } from "../compose/composer-store.ts";
import { Strip } from "../desk/Strip.tsx";
import { usePaneSizes } from "../desk/panes.ts";
import { KeySheet } from "../mail/KeySheet.tsx";
import { Sidebar } from "../mail/Sidebar.tsx";
import { OrganiseSheets } from "./OrganiseSheets.tsx";
import { TodoList } from "./TodoList.tsx";
import { useTodoKeys } from "./todo-keys.ts";

const Composer = lazyAhead(() => import("../compose/Composer.tsx").then((module) => module.Composer));

interface FilterProps<Value extends string> {
  readonly heading: MessageId;
  readonly value: Value;
  readonly choices: readonly (readonly [Value, MessageId])[];
  readonly onChoose: (value: Value) => void;
}

function Filter<Value extends string>({ heading, value, choices, onChoose }: FilterProps<Value>) {
  const t = useT();
  return (
    <div role="group" aria-label={t(heading)} className="filter-group">
      {choices.map(([key, text]) => <button key={key} type="button" className="filter" aria-pressed={value === key} onClick={() => onChoose(key)}>{t(text)}</button>)}
    </div>
  );
}

const WHO = [["mine", "todo.filter.mine"], ["all", "todo.filter.everybody"]] as const;
const STATE = [["open", "todo.filter.open"], ["done", "todo.filter.done"], ["all", "todo.filter.all"]] as const;
const DUE = [["any", "todo.filter.any"], ["overdue", "todo.overdue"], ["today", "todo.dueToday"], ["later", "todo.later"]] as const;
const SORT = [["due", "todo.sort.due"], ["new", "todo.sort.new"], ["subject", "todo.sort.subject"]] as const;

function TodosHead({ route, count, onDrawer }: { readonly route: TodosRoute; readonly count: number | null; readonly onDrawer: () => void }) {
  const t = useT();
  const set = (change: Partial<TodosRoute>): void => navigate({ ...route, ...change }, true);
  return (
    <header className="list-head">
      <div className="title-bar">
        <IconButton label={t("sidebar.open")} icon={MenuIcon} className="only-narrow" onClick={onDrawer} />
        <h1 dir="auto">{t(route.who === "mine" ? "todo.mine" : "todo.all")}</h1>
        <span className="title-count" role="status">{count !== null && t("todo.laterCount", { count })}</span>
      </div>
      <div className="todos-filters">
        <Filter heading="todo.person" value={route.who} choices={WHO} onChoose={(who) => set({ who })} />
        <Filter heading="todo.filter.state" value={route.state} choices={STATE} onChoose={(state) => set({ state })} />
        <Filter heading="todo.due" value={route.due} choices={DUE} onChoose={(due) => set({ due })} />
        <label className="todos-sort"><span>{t("todo.sort")}</span>
          <Choice value={route.sort} options={SORT.map(([value, text]) => ({ value, label: t(text) }))} onChange={(event) => set({ sort: event.target.value as TodosRoute["sort"] })} />
        </label>
      </div>
    </header>
  );
}

function Todos({ route, onDrawer }: { readonly route: TodosRoute; readonly onDrawer: () => void }) {
  const t = useT();
  const desk = useDesk();
  const query = useQuery(allTodosQuery(desk.userAccount, route.who, route.state));
  const people = useQuery(peopleQuery(desk.userAccount)).data ?? [];
  const [count, setCount] = useState<number | null>(null);
  const isNarrowed = route.who === "all" || route.state !== "open" || route.due !== "any";
  return (
    <main className="todos" id="list" tabIndex={-1} aria-label={t(route.who === "mine" ? "todo.mine" : "todo.all")}>
      <TodosHead route={route} count={count} onDrawer={onDrawer} />
      <div className="todos-body">
        {query.isPending && <Spinner label={t("common.loading")} />}
        {query.isError && !query.data && <Failed error={query.error} onRetry={() => void query.refetch()} />}
        {query.data && <TodoList key={`${route.who} ${route.state}`} route={route} todos={query.data} people={people} onCount={setCount} />}
        {query.data && count === 0 && <Empty icon={SquareCheck} title={t(isNarrowed ? "todo.noneSuch" : "todo.none")}>{t("todo.howTo")}</Empty>}
        {query.data && query.data.length >= TODOS_SHOWN && <p className="muted">{t("todo.first", { count: TODOS_SHOWN })}</p>}
      </div>
    </main>
  );
}

/* What there is to do, in all accounts, in place of the list and the reader. */
export function TodosScreen({ route }: { readonly route: TodosRoute }) {
  const t = useT();
  const desk = useDesk();
  const [drawer, setDrawer] = useState(false);
  const [help, setHelp] = useState(false);
  const [sizes] = usePaneSizes();
  const composing = useLetters().length > 0;
  const mail = mailboxRoute(desk.accounts.length > 1 ? desk.userAccount : (desk.accounts[0]?.id ?? desk.userAccount), null);
  const title = t(route.who === "mine" ? "todo.mine" : "todo.all");
  useEffect(() => {
    setPageTitle(title);
    return () => setPageTitle(null);
  }, [title]);
  useTodoKeys(mail.accountId, () => setHelp(true), !help);
  return (
    <div className="mail" data-pane="list" data-drawer={drawer} data-reading="off" style={{ "--sidebar-size": `${sizes.sidebar}px` } as Record<string, string>}>
      <Sidebar route={mail} onNavigate={() => setDrawer(false)} onKeys={() => setHelp(true)} />
      {drawer && <button type="button" className="scrim" aria-label={t("sidebar.close")} onClick={() => setDrawer(false)} />}
      <div className="mail-main">
        <Strip />
        <Todos route={route} onDrawer={() => setDrawer(true)} />
      </div>
      {composing && <Suspense fallback={<div className="composer composer-loading"><Spinner label={t("common.loading")} /></div>}><Composer /></Suspense>}
      <OrganiseSheets route={mail} />
      {help && <KeySheet onClose={() => setHelp(false)} />}
    </div>
  );
}
