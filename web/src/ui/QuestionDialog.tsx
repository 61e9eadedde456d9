import { useId, type FormEvent } from "react";
import { useT } from "../i18n/i18n.ts";
import { Button } from "./Button.tsx";
import { Dialog } from "./Dialog.tsx";
import { useQuestion, type OpenQuestion } from "./questions.ts";

function QuestionCard({ question }: { readonly question: OpenQuestion }) {
  const t = useT();
  const form = useId();
  const { values, field, answer } = question;
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    answer(String(new FormData(event.currentTarget).get("answer") ?? ""));
  };
  return (
    <Dialog title={t(question.title, values)} onClose={() => answer(null)} footer={
      <>
        <Button onClick={() => answer(null)}>{t("common.cancel")}</Button>
        <Button kind={question.danger ? "danger" : "primary"} type="submit" form={form} data-autofocus={field === undefined || undefined}>{t(question.action, values)}</Button>
      </>
    }>
      <form id={form} onSubmit={submit}>
        {question.text && <p>{t(question.text, values)}</p>}
        {field && <label className="field"><span>{t(field)}</span><input className="input" name="answer" data-autofocus dir="auto" required autoComplete="off" /></label>}
      </form>
    </Dialog>
  );
}

/* The question that waits for an answer, if one does. */
export function QuestionDialog() {
  const question = useQuestion();
  return question && <QuestionCard key={question.key} question={question} />;
}
