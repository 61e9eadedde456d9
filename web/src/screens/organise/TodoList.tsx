import { useQueryClient } from "@tanstack/react-query";
import { CalendarDays, UserRound } from "lucide-react";
import { useEffect, useMemo, useState } from "react";
import { useDesk } from "../../app/context.ts";
import { mailboxRoute, type TodosRoute } from "../../app/router.ts";
import { formatDay } from "../../i18n/format.ts";
import { useLocale, useT, type MessageId } from "../../i18n/i18n.ts";
import type { Id } from "../../jmap/types.ts";
import { failureOf } from "../../mail/failures.ts";
import { dueGroup, updateNote, type DueGroup, type MyTodo, type Person } from "../../mail/notes.ts";
import { Link } from "../../ui/Link.tsx";
import { showToast } from "../../ui/toasts.ts";
import { onTodoKey } from "./todo-keys.ts";
import { sortTodos, withKept } from "./todo-order.ts";

const GROUPS: readonly (readonly [DueGroup, MessageId])[] = [["overdue", "todo.overdue"], ["today", "todo.dueToday"], ["later", "todo.later"]];

interface EntryProps {
  readonly mine: MyTodo;
  readonly people: readonly Person[];
  readonly onDone: (on: boolean) => void;
}

function Entry({ mine, people, onDone }: EntryProps) {
  const t = useT();
  const locale = useLocale();
  const desk = useDesk();
  const { todo, subject } = mine;
  const person = people.find((one) => one.id === todo.personId);
  const account = desk.accounts.length > 1 ? desk.accounts.find((one) => one.id === todo.accountId)?.address : undefined;
  return (
    <li className="note todo" data-done={todo.isDone}>
      <label className="todo-tick"><input type="checkbox" checked={todo.isDone} onChange={(event) => onDone(event.target.checked)} /><span className="todo-text" dir="auto">{todo.text}</span></label>
      <div className="note-head">
        {todo.due && <span className={todo.isDone ? "todo-due" : `todo-due todo-${dueGroup(todo.due)}`}><CalendarDays size={14} aria-hidden />{formatDay(`${todo.due}T00:00:00`, locale)}</span>}
        {todo.personId && <span className="todo-person"><UserRound size={14} aria-hidden /><bdi>{person ? (person.isSelf ? t("todo.me") : person.name) : t("todo.someone")}</bdi></span>}
        {subject === null ? <span>{t("todo.gone")}</span>
          : <Link className="todo-link" to={{ ...mailboxRoute(todo.accountId, null), threadId: todo.threadId }}><bdi>{subject || t("row.noSubject")}</bdi></Link>}
        {account && <bdi className="todo-account">{account}</bdi>}
      </div>
    </li>
  );
}

interface Props {
  readonly route: TodosRoute;
  readonly todos: readonly MyTodo[];
  readonly people: readonly Person[];
  readonly onCount: (count: number) => void;
}

/* What is ticked here stays until one leaves, so that it can be unticked. */
export function TodoList({ route, todos, people, onCount }: Props) {
  const t = useT();
  const client = useQueryClient();
  const [changed, setChanged] = useState<ReadonlyMap<Id, MyTodo>>(new Map());
  const shown = useMemo(() => {
    const some = withKept(todos, changed).filter(({ todo }) => route.due === "any" || dueGroup(todo.due) === route.due);
    return sortTodos(some, route.sort);
  }, [todos, changed, route.due, route.sort]);
  useEffect(() => onCount(shown.length), [shown.length, onCount]);
  const tick = (mine: MyTodo, isDone: boolean): void => {
    const before = changed;
    setChanged(new Map([...changed, [mine.todo.id, { ...mine, todo: { ...mine.todo, isDone } }]]));
    updateNote(client, "Todo", mine.todo.accountId, mine.todo.id, { isDone }).catch((error: unknown) => {
      setChanged(before);
      showToast({ ...failureOf(error), tone: "problem" });
    });
  };
  const list = (some: readonly MyTodo[]) => <ul className="notes">{some.map((mine) => <Entry key={mine.todo.id} mine={mine} people={people} onDone={(on) => tick(mine, on)} />)}</ul>;
  return (
    <div onKeyDown={onTodoKey}>
      {route.sort !== "due" ? list(shown) : GROUPS.map(([key, title]) => {
        const some = shown.filter(({ todo }) => dueGroup(todo.due) === key);
        return some.length > 0 && (
          <section key={key} className="todo-group" aria-label={t(title)}>
            <h2 className={`todo-${key}`}>{t(title)}</h2>
            {list(some)}
          </section>
        );
      })}
    </div>
  );
}
