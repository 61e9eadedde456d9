import { SquareCheck, StickyNote } from "lucide-react";
import { useT, type MessageId } from "../../i18n/i18n.ts";
import { leadOf, type Conversation } from "../../mail/conversations.ts";
import { dueGroup, type DueGroup } from "../../mail/notes.ts";
import { LabelChips } from "./LabelChips.tsx";

const TODO_COUNTS: Readonly<Record<DueGroup, MessageId>> = { overdue: "todo.overdueCount", today: "todo.todayCount", later: "todo.laterCount" };

/* Its labels, and that a conversation has notes or something to do, with how urgent that is. */
export function RowMarks({ conversation }: { readonly conversation: Conversation }) {
  const t = useT();
  const email = leadOf(conversation);
  const notes = email["postroom:notes"] ?? 0;
  const todos = email["postroom:todos"] ?? null;
  const due = todos ? dueGroup(todos.due) : "later";
  return (
    <>
      <LabelChips emails={conversation.emails} most={2} />
      {notes > 0 && <span className="row-mark" title={t("note.count", { count: notes })}><StickyNote size={14} aria-hidden /><span className="visually-hidden">{t("note.count", { count: notes })}</span></span>}
      {todos && <span className={`row-mark todo-mark todo-${due}`} title={t(TODO_COUNTS[due], { count: todos.open })}><SquareCheck size={14} aria-hidden /><span className="visually-hidden">{t(TODO_COUNTS[due], { count: todos.open })}</span></span>}
    </>
  );
}
