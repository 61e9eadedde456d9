import { useT, type MessageId } from "../../i18n/i18n.ts";
import { dayFromNow, type Person, type TodoText } from "../../mail/notes.ts";

interface Props {
  readonly values: TodoText;
  readonly people: readonly Person[];
  readonly onChange: (change: TodoText) => void;
}

const DAYS: readonly (readonly [MessageId, number])[] = [["todo.today", 0], ["todo.tomorrow", 1], ["todo.nextWeek", 7]];

/* The day and the person of a to-do: the browser's own picker, and the days that are wanted most. */
export function TodoFields({ values, people, onChange }: Props) {
  const t = useT();
  return (
    <div className="todo-fields">
      <label className="field"><span>{t("todo.due")}</span>
        <input className="input" type="date" min="2000-01-01" max="2199-12-31" value={values.due ?? ""} onChange={(event) => onChange({ due: event.target.value || null })} />
      </label>
      <span className="todo-days" role="group" aria-label={t("todo.due")}>
        {DAYS.map(([text, days]) => (
          <button key={text} type="button" className="filter" aria-pressed={values.due === dayFromNow(days)} onClick={() => onChange({ due: dayFromNow(days) })}>{t(text)}</button>
        ))}
        <button type="button" className="filter" aria-pressed={!values.due} onClick={() => onChange({ due: null })}>{t("todo.noDay")}</button>
      </span>
      <label className="field"><span>{t("todo.person")}</span>
        <select className="input" value={values.personId ?? ""} onChange={(event) => onChange({ personId: event.target.value || null })}>
          <option value="">{t("todo.nobody")}</option>
          {people.map((person) => <option key={person.id} value={person.id}>{person.isSelf ? t("todo.meNamed", { name: person.name }) : person.name}</option>)}
        </select>
      </label>
    </div>
  );
}
