import { useQuery, useQueryClient } from "@tanstack/react-query";
import { CalendarDays } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { useDesk } from "../../app/context.ts";
import { mailboxRoute, navigate } from "../../app/router.ts";
import { formatDay } from "../../i18n/format.ts";
import { useLocale, useT, type MessageId } from "../../i18n/i18n.ts";
import { failureOf } from "../../mail/failures.ts";
import { dueGroup, myTodosQuery, updateNote, type DueGroup, type MyTodo } from "../../mail/notes.ts";
import { Dialog } from "../../ui/Dialog.tsx";
import { Spinner } from "../../ui/Notice.tsx";
import { showToast } from "../../ui/toasts.ts";
import { closeOrganise } from "./organise-store.ts";

const GROUPS: readonly (readonly [DueGroup, MessageId])[] = [["overdue", "todo.overdue"], ["today", "todo.dueToday"], ["later", "todo.later"]];

function Entry({ mine, done, onDone }: { readonly mine: MyTodo; readonly done: boolean; readonly onDone: (on: boolean) => void }) {
  const t = useT();
  const locale = useLocale();
  const { todo, subject } = mine;
  const open = (): void => {
    closeOrganise();
    navigate({ ...mailboxRoute(todo.accountId, null), threadId: todo.threadId });
  };
  return (
    <li className="note todo" data-done={done}>
      <label className="todo-tick"><input type="checkbox" checked={done} onChange={(event) => onDone(event.target.checked)} /><span className="todo-text" dir="auto">{todo.text}</span></label>
      <div className="note-head">
        {todo.due && <span className={`todo-due todo-${dueGroup(todo.due)}`}><CalendarDays size={14} aria-hidden />{formatDay(`${todo.due}T00:00:00`, locale)}</span>}
        {subject === null ? <span>{t("todo.gone")}</span> : <button type="button" className="todo-link" onClick={open} dir="auto">{subject || t("row.noSubject")}</button>}
      </div>
    </li>
  );
}

/* What the person has to do, in all accounts. What is ticked stays until the dialog closes, so that it can be unticked. */
export function TodosDialog({ group }: { readonly group: DueGroup }) {
  const t = useT();
  const desk = useDesk();
  const client = useQueryClient();
  const query = useQuery(myTodosQuery(desk.userAccount));
  const [done, setDone] = useState<ReadonlySet<string>>(new Set());
  const shown = useRef<readonly MyTodo[]>([]);
  const box = useRef<HTMLDivElement>(null);
  if (query.data) shown.current = [...shown.current.filter((old) => done.has(old.todo.id) && !query.data.some((one) => one.todo.id === old.todo.id)), ...query.data];
  const all = shown.current;
  useEffect(() => { box.current?.querySelector(`#todos-${group}`)?.scrollIntoView({ block: "nearest" }); }, [group, query.isSuccess]);
  const tick = (mine: MyTodo, on: boolean): void => {
    const next = new Set(done);
    if (on) next.add(mine.todo.id);
    else next.delete(mine.todo.id);
    setDone(next);
    updateNote(client, "Todo", mine.todo.accountId, mine.todo.id, { isDone: on }).catch((error: unknown) => {
      setDone(done);
      showToast({ ...failureOf(error), tone: "problem" });
    });
  };
  return (
    <Dialog title={t("todo.mine")} onClose={closeOrganise}>
      <div ref={box}>
        {!query.data && !query.isError && <Spinner label={t("common.loading")} />}
        {query.isSuccess && all.length === 0 && <p className="muted">{t("todo.none")}</p>}
        {GROUPS.map(([key, title]) => {
          const some = all.filter(({ todo }) => dueGroup(todo.due) === key);
          if (some.length === 0) return null;
          return (
            <section key={key} id={`todos-${key}`} className="todo-group" aria-label={t(title)}>
              <h3 className={`todo-${key}`}>{t(title)}</h3>
              <ul className="notes">{some.map((mine) => <Entry key={mine.todo.id} mine={mine} done={done.has(mine.todo.id)} onDone={(on) => tick(mine, on)} />)}</ul>
            </section>
          );
        })}
      </div>
    </Dialog>
  );
}
