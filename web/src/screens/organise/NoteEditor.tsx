import { useState, type KeyboardEvent } from "react";
import { useT } from "../../i18n/i18n.ts";
import type { NoteType, Person, TodoText } from "../../mail/notes.ts";
import { Button } from "../../ui/Button.tsx";
import { TodoFields } from "./TodoFields.tsx";

interface EditorProps {
  readonly type: NoteType;
  readonly initial: TodoText;
  readonly people: readonly Person[];
  readonly onSave: (values: TodoText) => Promise<boolean>;
  readonly onCancel: () => void;
}

/* Ctrl+Enter saves, Escape leaves. */
export function NoteEditor({ type, initial, people, onSave, onCancel }: EditorProps) {
  const t = useT();
  const [values, setValues] = useState<TodoText>(initial);
  const [busy, setBusy] = useState(false);
  const save = async (): Promise<void> => {
    if (!values.text?.trim() || busy) return;
    setBusy(true);
    if (!(await onSave(values))) setBusy(false);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === "Escape") { event.stopPropagation(); onCancel(); }
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey || (type === "Todo" && event.target instanceof HTMLInputElement && event.target.type === "text"))) { event.preventDefault(); void save(); }
  };
  const label = t(type === "Note" ? "note.text" : "todo.text");
  return (
    <form className="note-editor" onSubmit={(event) => { event.preventDefault(); void save(); }} onKeyDown={onKeyDown}>
      {type === "Note"
        ? <textarea className="input note-input" autoFocus data-autofocus rows={3} maxLength={5000} dir="auto" value={values.text ?? ""} aria-label={label} placeholder={label} onChange={(event) => setValues({ ...values, text: event.target.value })} />
        : <input className="input" type="text" autoFocus data-autofocus maxLength={250} dir="auto" value={values.text ?? ""} aria-label={label} placeholder={label} onChange={(event) => setValues({ ...values, text: event.target.value })} />}
      {type === "Todo" && <TodoFields values={values} people={people} onChange={(change) => setValues({ ...values, ...change })} />}
      <span className="button-row">
        <Button kind="primary" type="submit" disabled={busy || !values.text?.trim()}>{t("note.save")}</Button>
        <Button onClick={onCancel}>{t("common.cancel")}</Button>
      </span>
    </form>
  );
}
