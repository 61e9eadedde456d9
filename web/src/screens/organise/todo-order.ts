import type { TodosRoute } from "../../app/router.ts";
import type { Id } from "../../jmap/types.ts";
import type { MyTodo } from "../../mail/notes.ts";

/* Those of the server, in their order, and those that were ticked here since, as they are by that. */
export function withKept(todos: readonly MyTodo[], changed: ReadonlyMap<Id, MyTodo>): readonly MyTodo[] {
  const here = new Set(todos.map((mine) => mine.todo.id));
  return [...todos.map((mine) => changed.get(mine.todo.id) ?? mine), ...[...changed.values()].filter((mine) => !here.has(mine.todo.id))];
}

const LAST = "9999";

/* By their day, those without one last; by when they were written, the newest first; or by what they are about. */
export function sortTodos(todos: readonly MyTodo[], by: TodosRoute["sort"]): readonly MyTodo[] {
  const compare: Readonly<Record<TodosRoute["sort"], (a: MyTodo, b: MyTodo) => number>> = {
    due: (a, b) => (a.todo.due ?? LAST).localeCompare(b.todo.due ?? LAST),
    new: (a, b) => b.todo.createdAt.localeCompare(a.todo.createdAt),
    subject: (a, b) => (a.subject ?? "").localeCompare(b.subject ?? ""),
  };
  const number = ({ todo }: MyTodo): number => Number(todo.id.slice(1));
  return [...todos].sort((a, b) => compare[by](a, b) || number(a) - number(b));
}
