import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useRef, useState, type FormEvent } from "react";
import { useDesk, type MailAccount } from "../../app/context.ts";
import { useT } from "../../i18n/i18n.ts";
import { htmlToText, textToHtml } from "../../mail/answers.ts";
import { localTime, saveVacation, utcTime, vacationQuery, type Vacation } from "../../mail/vacation.ts";
import { Button } from "../../ui/Button.tsx";
import { Notice, Spinner } from "../../ui/Notice.tsx";
import { useChange } from "./change.ts";
import { LazyRichField, Preview, SectionTitle, useAccountChoice } from "./fields.tsx";

/* As the server has it (RFC 3834, 2). */
const DAYS = 7;

function htmlOf(vacation: Vacation): string {
  return vacation.htmlBody ?? (vacation.textBody ? `<p>${textToHtml(vacation.textBody)}</p>` : "");
}

interface FormState {
  readonly isEnabled: boolean;
  readonly from: string;
  readonly to: string;
  readonly subject: string;
  readonly html: string;
}

function VacationForm({ account, vacation }: { readonly account: MailAccount; readonly vacation: Vacation }) {
  const t = useT();
  const client = useQueryClient();
  const change = useChange();
  const begun = useRef(htmlOf(vacation));
  const [form, setForm] = useState<FormState>({
    isEnabled: vacation.isEnabled, from: localTime(vacation.fromDate), to: localTime(vacation.toDate), subject: vacation.subject ?? "", html: begun.current,
  });
  const [previewed, setPreviewed] = useState(false);
  const put = (update: Partial<FormState>): void => setForm((before) => ({ ...before, ...update }));
  const wrongDates = form.from !== "" && form.to !== "" && form.from >= form.to;
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (wrongDates) return;
    const text = htmlToText(form.html);
    void change.run(() => saveVacation(client, account.id, {
      isEnabled: form.isEnabled, fromDate: utcTime(form.from), toDate: utcTime(form.to), subject: form.subject.trim() || null,
      htmlBody: text ? form.html : null, textBody: text || null,
    }), form.isEnabled ? "writing.vacationOn" : "writing.vacationOff");
  };
  return (
    <form className="card writing-form" onSubmit={submit}>
      <label className="writing-switch">
        <input type="checkbox" role="switch" checked={form.isEnabled} onChange={(event) => put({ isEnabled: event.target.checked })} />
        <span><strong>{t("writing.vacationSwitch")}</strong><small><bdi>{account.address}</bdi></small></span>
      </label>
      <div className="writing-pair">
        <label className="field"><span>{t("writing.vacationFrom")}</span><input className="input" type="datetime-local" value={form.from} onChange={(event) => put({ from: event.target.value })} /></label>
        <label className="field"><span>{t("writing.vacationTo")}</span><input className="input" type="datetime-local" value={form.to} aria-invalid={wrongDates} onChange={(event) => put({ to: event.target.value })} /></label>
      </div>
      <p className="writing-hint">{t("writing.vacationDatesHint", { zone: Intl.DateTimeFormat().resolvedOptions().timeZone })}</p>
      {wrongDates && <Notice tone="problem">{t("writing.vacationDatesWrong")}</Notice>}
      <label className="field"><span>{t("compose.subject")}</span><input className="input" value={form.subject} maxLength={300} dir="auto" placeholder={t("writing.vacationSubjectHint")} onChange={(event) => put({ subject: event.target.value })} /></label>
      <div className="field"><span>{t("writing.vacationText")}</span><LazyRichField label={t("writing.vacationText")} html={begun.current} onChange={(html) => put({ html })} /></div>
      <p className="writing-hint">{t("writing.vacationWhom", { days: DAYS })}</p>
      {previewed && <Preview html={form.html || `<p>${t("writing.vacationEmpty")}</p>`} title={t("writing.preview")} />}
      <div className="form-foot">
        <Button aria-expanded={previewed} onClick={() => setPreviewed(!previewed)}>{t(previewed ? "writing.previewHide" : "writing.preview")}</Button>
        <Button kind="primary" type="submit" disabled={change.busy || wrongDates || account.readOnly}>{t("writing.save")}</Button>
      </div>
    </form>
  );
}

export function VacationSection() {
  const t = useT();
  const { accounts } = useDesk();
  const { account, choice } = useAccountChoice();
  const vacation = useQuery({ ...vacationQuery(account?.id ?? ""), enabled: account !== null });
  return (
    <>
      <SectionTitle title={t("writing.vacation")} lead={t("writing.vacationLead")} />
      <div className="cards">
        {accounts.length === 0 && <Notice tone="hint">{t("writing.noAccounts")}</Notice>}
        {choice}
        {account && !vacation.data && <Spinner label={t("common.loading")} />}
        {account && vacation.data && <VacationForm key={account.id} account={account} vacation={vacation.data} />}
      </div>
    </>
  );
}
