import { useQuery, useQueryClient, type QueryClient } from "@tanstack/react-query";
import { CalendarDays, Pencil, SquareCheck, StickyNote, Tag, Trash2, UserRound, Waypoints } from "lucide-react";
import { useState } from "react";
import { useDesk, useReadOnly } from "../../app/context.ts";
import { formatDay, formatShortDate } from "../../i18n/format.ts";
import { useLocale, useT } from "../../i18n/i18n.ts";
import type { EmailSummary, Id } from "../../jmap/types.ts";
import { failureOf } from "../../mail/failures.ts";
import { createNote, destroyNote, dueGroup, peopleQuery, threadNotesQuery, updateNote, type Note, type NoteType, type Person, type Todo, type TodoText } from "../../mail/notes.ts";
import { Button, IconButton } from "../../ui/Button.tsx";
import { showToast } from "../../ui/toasts.ts";
import { LabelChips } from "./LabelChips.tsx";
import { NoteEditor } from "./NoteEditor.tsx";
import { openOrganise } from "./organise-store.ts";

/* Tells a failure, and whether it went well. */
async function attempt(job: Promise<unknown>): Promise<boolean> {
  try {
    await job;
    return true;
  } catch (error) {
    showToast({ ...failureOf(error), tone: "problem" });
    return false;
  }
}

interface ItemProps {
  readonly accountId: Id;
  readonly people: readonly Person[];
  readonly client: QueryClient;
}

function removeWithUndo(props: ItemProps, type: NoteType, one: Note | Todo): void {
  const { client, accountId } = props;
  const values: TodoText = type === "Note" ? { text: one.text } : { text: one.text, due: (one as Todo).due, personId: (one as Todo).personId, isDone: (one as Todo).isDone };
  void attempt(destroyNote(client, type, accountId, one.id)).then((done) => {
    if (done) showToast({ text: type === "Note" ? "note.removed" : "todo.removed", undo: () => void attempt(createNote(client, type, accountId, one.threadId, values)) });
  });
}

function NoteItem({ note, ...props }: ItemProps & { readonly note: Note }) {
  const t = useT();
  const locale = useLocale();
  const [editing, setEditing] = useState(false);
  if (editing)
    return (
      <li className="note note-open">
        <NoteEditor type="Note" initial={{ text: note.text }} people={props.people} onCancel={() => setEditing(false)}
          onSave={async (values) => { const done = await attempt(updateNote(props.client, "Note", props.accountId, note.id, { text: values.text! })); if (done) setEditing(false); return done; }} />
      </li>
    );
  return (
    <li className="note">
      <div className="note-head">
        <StickyNote size={14} aria-hidden />
        <bdi className="note-author">{note.author}</bdi>
        <time dateTime={note.createdAt}>{formatShortDate(note.createdAt, locale)}</time>
        {note.updatedAt !== note.createdAt && <span>{t("note.edited")}</span>}
        {note.mayEdit && (
          <span className="note-tools">
            <IconButton label={t("note.edit")} icon={Pencil} onClick={() => setEditing(true)} />
            <IconButton label={t("note.remove")} icon={Trash2} onClick={() => removeWithUndo(props, "Note", note)} />
          </span>
        )}
      </div>
      <p className="note-text" dir="auto">{note.text}</p>
    </li>
  );
}

function TodoItem({ todo, ...props }: ItemProps & { readonly todo: Todo }) {
  const t = useT();
  const locale = useLocale();
  const [editing, setEditing] = useState(false);
  const { client, accountId, people } = props;
  const person = people.find((one) => one.id === todo.personId);
  /* Until the server has it; an answer from before must not untick it. */
  const [ticked, setTicked] = useState<boolean | null>(null);
  const done = ticked ?? todo.isDone;
  const tick = (on: boolean): void => {
    setTicked(on);
    void change({ isDone: on }).then(() => setTicked((now) => (now === on ? null : now)));
  };
  const change = (values: TodoText): Promise<boolean> => attempt(updateNote(client, "Todo", accountId, todo.id, values));
  if (editing)
    return (
      <li className="note note-open">
        <NoteEditor type="Todo" initial={{ text: todo.text, due: todo.due, personId: todo.personId }} people={people} onCancel={() => setEditing(false)}
          onSave={async (values) => { const done = await change(values); if (done) setEditing(false); return done; }} />
      </li>
    );
  return (
    <li className="note todo" data-done={done}>
      <label className="todo-tick"><input type="checkbox" checked={done} onChange={(event) => tick(event.target.checked)} /><span className="todo-text" dir="auto">{todo.text}</span></label>
      <div className="note-head">
        {todo.due && <span className={done ? "todo-due" : `todo-due todo-${dueGroup(todo.due)}`}><CalendarDays size={14} aria-hidden />{formatDay(`${todo.due}T00:00:00`, locale)}</span>}
        {todo.personId && <span className="todo-person"><UserRound size={14} aria-hidden /><bdi>{person ? (person.isSelf ? t("todo.me") : person.name) : t("todo.someone")}</bdi></span>}
        <span className="note-tools">
          <IconButton label={t("todo.edit")} icon={Pencil} onClick={() => setEditing(true)} />
          <IconButton label={t("todo.remove")} icon={Trash2} onClick={() => removeWithUndo(props, "Todo", todo)} />
        </span>
      </div>
    </li>
  );
}

interface Props {
  readonly accountId: Id;
  readonly threadId: Id;
  readonly emails: readonly EmailSummary[];
}

/* What people wrote beside a conversation, and its labels; under its subject. */
export function NotesPanel({ accountId, threadId, emails }: Props) {
  const t = useT();
  const desk = useDesk();
  const client = useQueryClient();
  const [adding, setAdding] = useState<NoteType | null>(null);
  const data = useQuery(threadNotesQuery(accountId, threadId)).data;
  const people = (useQuery(peopleQuery(desk.userAccount)).data ?? []).filter((person) => accountId === desk.userAccount || person.accountIds.includes(accountId));
  const readOnly = useReadOnly(accountId);
  const item: ItemProps = { accountId, people, client };
  const add = async (values: TodoText): Promise<boolean> => {
    const done = adding !== null && (await attempt(createNote(client, adding, accountId, threadId, values)));
    if (done) setAdding(null);
    return done;
  };
  return (
    <section className="notes-panel" aria-label={t("note.panel")}>
      <div className="notes-bar">
        <LabelChips emails={emails} />
        {!readOnly && (
          <>
            <Button kind="plain" icon={Tag} onClick={() => openOrganise({ kind: "labels", accountId, targets: [{ key: threadId, threadId, leadId: emails.at(-1)?.id ?? "", emails }] })}>{t("label.button")}</Button>
            <Button kind="plain" icon={StickyNote} onClick={() => setAdding("Note")}>{t("note.add")}</Button>
            <Button kind="plain" icon={SquareCheck} onClick={() => setAdding("Todo")}>{t("todo.add")}</Button>
          </>
        )}
        <Button kind="plain" icon={Waypoints} onClick={() => openOrganise({ kind: "why", accountId, threadId })}>{t("why.button")}</Button>
      </div>
      {data && data.todos.length + data.notes.length > 0 && (
        <ul className="notes">
          {data.todos.map((todo) => <TodoItem key={todo.id} todo={todo} {...item} />)}
          {data.notes.map((note) => <NoteItem key={note.id} note={note} {...item} />)}
        </ul>
      )}
      {adding && <NoteEditor key={adding} type={adding} initial={adding === "Todo" ? { text: "", due: null, personId: desk.userAccount } : { text: "" }} people={people} onSave={add} onCancel={() => setAdding(null)} />}
    </section>
  );
}
