import { useId, useState, type FormEvent } from "react";
import { formatFullDate } from "../../i18n/format.ts";
import { useLocale, useT } from "../../i18n/i18n.ts";
import { Button } from "../../ui/Button.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { chosenTime, dayField, timeField, utcDate } from "./send-times.ts";

interface PickerProps {
  readonly onChoose: (sendAt: string) => void;
  readonly onClose: () => void;
  readonly start?: Date;
}

/* A day and a time in the person's own zone, which is named. */
export function SendTimeDialog({ onChoose, onClose, start }: PickerProps) {
  const t = useT();
  const locale = useLocale();
  const id = useId();
  const [first] = useState(() => start ?? new Date(Date.now() + 3_600_000));
  const [day, setDay] = useState(dayField(first));
  const [time, setTime] = useState(timeField(first));
  const [wrong, setWrong] = useState(false);
  const at = chosenTime(day, time, new Date());
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (at === null) setWrong(true);
    else onChoose(utcDate(at));
  };
  return (
    <Dialog title={t("compose.sendLater")} onClose={onClose} footer={<Button kind="primary" type="submit" form={`${id}-form`}>{t("compose.schedule")}</Button>}>
      <form id={`${id}-form`} className="send-time" onSubmit={submit}>
        <label>{t("compose.day")}<input type="date" className="input" value={day} min={dayField(new Date())} data-autofocus required onChange={(event) => { setDay(event.target.value); setWrong(false); }} /></label>
        <label>{t("compose.time")}<input type="time" className="input" value={time} required onChange={(event) => { setTime(event.target.value); setWrong(false); }} /></label>
        <p className="muted">{at ? formatFullDate(at.toISOString(), locale) : ""} · {Intl.DateTimeFormat().resolvedOptions().timeZone}</p>
        {wrong && <p role="alert" className="field-error">{t("compose.timePast")}</p>}
      </form>
    </Dialog>
  );
}
