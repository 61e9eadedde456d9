import { queryOptions, type QueryClient } from "@tanstack/react-query";
import { assertAccepted, jmap, jmapOne, resultOf } from "../jmap/client.ts";
import type { EmailSummary, GetResponse, Id, SetError, SetResponse, UTCDate } from "../jmap/types.ts";

/* What people write beside a conversation (docs/api.md, Organising). */
export interface Note {
  readonly id: Id;
  readonly accountId: Id;
  readonly threadId: Id;
  readonly emailId: Id | null;
  readonly text: string;
  readonly authorId: Id;
  readonly author: string;
  readonly createdAt: UTCDate;
  readonly updatedAt: UTCDate;
  readonly mayEdit: boolean;
}

export interface Todo extends Omit<Note, "mayEdit"> {
  readonly due: string | null;
  readonly personId: Id | null;
  readonly isDone: boolean;
  readonly doneById: Id | null;
  readonly doneAt: UTCDate | null;
}

export interface Person {
  readonly id: Id;
  readonly name: string;
  readonly isSelf: boolean;
  readonly accountIds: readonly Id[];
}

export type NoteType = "Note" | "Todo";

export interface TodoText {
  readonly text?: string;
  readonly due?: string | null;
  readonly personId?: Id | null;
  readonly isDone?: boolean;
}

/* A to-do and what its conversation is about; null when that is gone. */
export interface MyTodo {
  readonly todo: Todo;
  readonly subject: string | null;
}

export const noteKeys = {
  notes: (accountId: Id) => ["notes", accountId] as const,
  mine: (userAccount: Id) => ["my-todos", userAccount] as const,
  people: (accountId: Id) => ["people", accountId] as const,
};

export interface ThreadNotes {
  readonly notes: readonly Note[];
  readonly todos: readonly Todo[];
}

export function threadNotesQuery(accountId: Id, threadId: Id) {
  return queryOptions({
    queryKey: [...noteKeys.notes(accountId), threadId],
    queryFn: async ({ signal }): Promise<ThreadNotes> => {
      const results = await jmap([
        ["Note/get", { accountId, ids: null, threadIds: [threadId] }, "notes"],
        ["Todo/get", { accountId, ids: null, threadIds: [threadId] }, "todos"],
      ], { signal });
      const byId = (a: { readonly id: Id }, b: { readonly id: Id }): number => Number(a.id.slice(1)) - Number(b.id.slice(1));
      return {
        notes: [...results.get<GetResponse<Note>>("notes").list].sort(byId),
        todos: [...results.get<GetResponse<Todo>>("todos").list].sort((a, b) => Number(a.isDone) - Number(b.isDone) || byId(a, b)),
      };
    },
    staleTime: 60_000,
  });
}

export function peopleQuery(accountId: Id) {
  return queryOptions({
    queryKey: noteKeys.people(accountId),
    queryFn: async ({ signal }) => (await jmapOne<GetResponse<Person>>("Person/get", { accountId, ids: null }, { signal })).list,
    staleTime: 300_000,
  });
}

async function fetchTodos(userAccount: Id, filter: Readonly<Record<string, unknown>>, limit: number, signal: AbortSignal): Promise<readonly MyTodo[]> {
  const results = await jmap([
    ["Todo/query", { accountId: userAccount, filter, limit }, "query"],
    ["Todo/get", { accountId: userAccount, "#ids": resultOf("query", "Todo/query", "/ids") }, "todos"],
    ["Email/get", { accountId: userAccount, "#ids": resultOf("todos", "Todo/get", "/list/*/emailId"), properties: ["subject"] }, "emails"],
  ], { signal });
  const order = new Map(results.get<{ readonly ids: readonly Id[] }>("query").ids.map((id, index) => [id, index]));
  const todos = results.get<GetResponse<Todo>>("todos").list;
  const subjects = new Map(subjectsOf(results.tryGet<GetResponse<Pick<EmailSummary, "id" | "subject">>>("emails")?.list ?? []));
  return [...todos].sort((a, b) => (order.get(a.id) ?? 0) - (order.get(b.id) ?? 0))
    .map((todo) => ({ todo, subject: todo.emailId === null ? null : (subjects.get(todo.emailId) ?? "") }));
}

/* Open to-dos for the person in all accounts, by their day; self: the person's own id, which is that of their account. */
export function myTodosQuery(userAccount: Id) {
  return queryOptions({
    queryKey: noteKeys.mine(userAccount),
    queryFn: ({ signal }) => fetchTodos(userAccount, { isDone: false, personId: userAccount }, 200, signal),
    staleTime: 300_000,
  });
}

export const TODOS_SHOWN = 500;

/* Those of all accounts, or of the person, in their order. */
export function allTodosQuery(userAccount: Id, who: "mine" | "all", state: "open" | "done" | "all") {
  const filter = { ...(who === "mine" ? { personId: userAccount } : {}), ...(state === "all" ? {} : { isDone: state === "done" }) };
  return queryOptions({
    queryKey: [...noteKeys.mine(userAccount), who, state],
    queryFn: ({ signal }) => fetchTodos(userAccount, filter, TODOS_SHOWN, signal),
    staleTime: 60_000,
  });
}

function subjectsOf(emails: readonly Pick<EmailSummary, "id" | "subject">[]): (readonly [Id, string])[] {
  return emails.map((email) => [email.id, email.subject ?? ""] as const);
}

export type DueGroup = "overdue" | "today" | "later";

/* A calendar day where the person is. */
export function dayOf(date: Date): string {
  const two = (value: number): string => String(value).padStart(2, "0");
  return `${String(date.getFullYear()).padStart(4, "0")}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

export function dayFromNow(days: number, now: Date = new Date()): string {
  return dayOf(new Date(now.getFullYear(), now.getMonth(), now.getDate() + days));
}

export function dueGroup(due: string | null, now: Date = new Date()): DueGroup {
  const today = dayOf(now);
  return due === null || due > today ? "later" : due === today ? "today" : "overdue";
}

/* --- writing */

async function set(type: NoteType, accountId: Id, args: Readonly<Record<string, unknown>>): Promise<SetResponse> {
  const answer = await jmapOne<SetResponse>(`${type}/set`, { accountId, ...args });
  assertAccepted(answer);
  return answer;
}

async function refresh(client: QueryClient): Promise<void> {
  await Promise.all([client.invalidateQueries({ queryKey: ["notes"] }), client.invalidateQueries({ queryKey: ["my-todos"] })]);
}

export async function createNote(client: QueryClient, type: NoteType, accountId: Id, threadId: Id, values: TodoText): Promise<Id> {
  const answer = await set(type, accountId, { create: { new: { threadId, ...values } } });
  await refresh(client);
  return answer.created!["new"]!.id;
}

/* Shown at once; what the server refuses is asked for again. */
export async function updateNote(client: QueryClient, type: NoteType, accountId: Id, id: Id, values: TodoText): Promise<void> {
  const change = <T extends Note | Todo>(list: readonly T[]): readonly T[] => list.map((one) => (one.id === id ? { ...one, ...values } : one));
  client.setQueriesData<ThreadNotes>({ queryKey: ["notes"] }, (data) => data && (type === "Note" ? { ...data, notes: change(data.notes) } : { ...data, todos: change(data.todos) }));
  try {
    await set(type, accountId, { update: { [id]: values } });
  } finally {
    await refresh(client);
  }
}

export async function destroyNote(client: QueryClient, type: NoteType, accountId: Id, id: Id): Promise<void> {
  await set(type, accountId, { destroy: [id] });
  await refresh(client);
}

const MOST_PER_CALL = 100;

/* The same beside each of these conversations; refusal: the first of those that were refused. */
export async function createNotes(client: QueryClient, type: NoteType, accountId: Id, threadIds: readonly Id[], values: TodoText): Promise<{ readonly made: readonly Id[]; readonly refusal: SetError | null }> {
  const made: Id[] = [];
  let refusal: SetError | null = null;
  try {
    for (let at = 0; at < threadIds.length; at += MOST_PER_CALL) {
      const create = Object.fromEntries(threadIds.slice(at, at + MOST_PER_CALL).map((threadId) => [threadId, { threadId, ...values }]));
      const answer = await jmapOne<SetResponse>(`${type}/set`, { accountId, create });
      made.push(...Object.values(answer.created ?? {}).map((one) => one!.id));
      refusal ??= Object.values(answer.notCreated ?? {})[0] ?? null;
    }
  } finally {
    await refresh(client);
  }
  return { made, refusal };
}

export async function destroyNotes(client: QueryClient, type: NoteType, accountId: Id, ids: readonly Id[]): Promise<void> {
  try {
    for (let at = 0; at < ids.length; at += MOST_PER_CALL) await set(type, accountId, { destroy: ids.slice(at, at + MOST_PER_CALL) });
  } finally {
    await refresh(client);
  }
}
