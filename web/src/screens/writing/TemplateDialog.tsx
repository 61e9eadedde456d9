import { useQuery } from "@tanstack/react-query";
import { FileText, Paperclip } from "lucide-react";
import { useId, useState, type FormEvent, type KeyboardEvent } from "react";
import { useDesk } from "../../app/context.ts";
import { settingsRoute, hrefOf } from "../../app/router.ts";
import { useT } from "../../i18n/i18n.ts";
import { categoriesOf, searchTemplates, templatesQuery, type Template } from "../../mail/templates.ts";
import { fillHtml, fillText, questionsIn, type VariableValues } from "../../mail/variables.ts";
import { Button } from "../../ui/Button.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { Empty, Spinner } from "../../ui/Notice.tsx";
import { Preview } from "./fields.tsx";

export interface FilledTemplate {
  readonly template: Template;
  readonly subject: string;
  readonly html: string;
}

interface Props {
  readonly known: VariableValues["known"];
  readonly onInsert: (filled: FilledTemplate) => void;
  readonly onClose: () => void;
}

interface ListProps {
  readonly shown: readonly Template[];
  readonly chosen: Template | null;
  readonly onChoose: (template: Template) => void;
  readonly onOpen: (template: Template) => void;
}

function TemplateList({ shown, chosen, onChoose, onOpen }: ListProps) {
  const t = useT();
  return (
    <ul className="writing-pick" role="listbox" aria-label={t("letter.templates")}>
      {shown.map((one) => (
        <li key={one.id} role="option" aria-selected={one === chosen} onClick={() => onChoose(one)} onDoubleClick={() => onOpen(one)}>
          <strong><bdi>{one.name}</bdi></strong>
          <small>{one.attachments.length > 0 && <Paperclip size={12} aria-hidden />}<bdi>{[one.category, one.subject].filter(Boolean).join(" · ")}</bdi></small>
        </li>
      ))}
    </ul>
  );
}

/* The values that a template asks for. */
function Questions({ template, form, onDone }: { readonly template: Template; readonly form: string; readonly onDone: (asked: Readonly<Record<string, string>>) => void }) {
  const questions = questionsIn(template.subject, template.html);
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const data = new FormData(event.currentTarget);
    onDone(Object.fromEntries(questions.map((question, index) => [question, String(data.get(`q${index}`) ?? "")])));
  };
  return (
    <form id={form} className="writing-form" onSubmit={submit}>
      {questions.map((question, index) => (
        <label key={question} className="field"><span><bdi>{question}</bdi></span><input className="input" name={`q${index}`} data-autofocus={index === 0 || undefined} dir="auto" autoComplete="off" /></label>
      ))}
    </form>
  );
}

function useChoice(templates: readonly Template[]) {
  const [text, setText] = useState("");
  const [category, setCategory] = useState("");
  const [id, setId] = useState<string | null>(null);
  const shown = searchTemplates(templates, text, category);
  const chosen = shown.find((one) => one.id === id) ?? shown[0] ?? null;
  const step = (by: number): void => {
    const at = chosen ? shown.indexOf(chosen) : -1;
    setId(shown[Math.max(0, Math.min(shown.length - 1, at + by))]?.id ?? null);
  };
  return { text, setText, category, setCategory, shown, chosen, choose: (one: Template) => setId(one.id), step };
}

/* Which template to put into the letter: by search or category, with a preview; then what it asks for. */
export function TemplateDialog({ known, onInsert, onClose }: Props) {
  const t = useT();
  const desk = useDesk();
  const form = useId();
  const { data } = useQuery(templatesQuery(desk.userAccount));
  const choice = useChoice(data ?? []);
  const [asking, setAsking] = useState<Template | null>(null);
  const { chosen } = choice;
  const finish = (template: Template, asked: Readonly<Record<string, string>>): void => {
    const values = { known, asked };
    onInsert({ template, subject: fillText(template.subject, values), html: fillHtml(template.html, values) });
  };
  const open = (template: Template): void => {
    if (questionsIn(template.subject, template.html).length > 0) setAsking(template);
    else finish(template, {});
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by) { event.preventDefault(); choice.step(by); }
    else if (event.key === "Enter" && chosen) { event.preventDefault(); open(chosen); }
  };
  if (asking)
    return (
      <Dialog title={asking.name} onClose={onClose} footer={<><Button onClick={() => setAsking(null)}>{t("letter.back")}</Button><Button kind="primary" type="submit" form={form}>{t("letter.insert")}</Button></>}>
        <Questions key={asking.id} template={asking} form={form} onDone={(asked) => finish(asking, asked)} />
      </Dialog>
    );
  return (
    <Dialog wide title={t("letter.insertTemplate")} onClose={onClose} footer={
      <>
        <a className="button button-plain" href={hrefOf(settingsRoute("templates"))} target="_blank" rel="noopener">{t("letter.manageTemplates")}</a>
        <Button onClick={onClose}>{t("common.cancel")}</Button>
        <Button kind="primary" disabled={!chosen} onClick={() => chosen && open(chosen)}>{t("letter.insert")}</Button>
      </>
    }>
      {!data && <Spinner label={t("common.loading")} />}
      {data?.length === 0 && <Empty icon={FileText} title={t("letter.noTemplates")}>{t("letter.noTemplatesHint")}</Empty>}
      {data && data.length > 0 && (
        <>
          <div className="writing-search">
            <input className="input" type="search" data-autofocus value={choice.text} placeholder={t("letter.searchTemplates")} aria-label={t("letter.searchTemplates")} onChange={(event) => choice.setText(event.target.value)} onKeyDown={onKeyDown} />
            {categoriesOf(data).length > 0 && (
              <select className="input" aria-label={t("letter.category")} value={choice.category} onChange={(event) => choice.setCategory(event.target.value)}>
                <option value="">{t("letter.anyCategory")}</option>
                {categoriesOf(data).map((one) => <option key={one} value={one}>{one}</option>)}
              </select>
            )}
          </div>
          <div className="writing-chooser">
            <TemplateList shown={choice.shown} chosen={chosen} onChoose={choice.choose} onOpen={open} />
            {chosen && <Preview key={chosen.id} html={fillHtml(chosen.html, { known, asked: {} })} title={chosen.name} />}
          </div>
        </>
      )}
    </Dialog>
  );
}
