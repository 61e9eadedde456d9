import { CalendarClock, ChevronUp } from "lucide-react";
import { Suspense, useState } from "react";
import { useLocale, useT } from "../../i18n/i18n.ts";
import { lazyAhead } from "../../ui/ahead.ts";
import { Button, IconButton } from "../../ui/Button.tsx";
import { Menu } from "../../ui/Menu.tsx";
import { sendTimes, utcDate } from "./send-times.ts";

const SendTimeDialog = lazyAhead(() => import("./SendTimeDialog.tsx").then((module) => module.SendTimeDialog));

interface Props {
  readonly busy: boolean;
  readonly onSend: (sendAt: string | null) => void;
}

/* Send, and beside it when else. */
export function SendControls({ busy, onSend }: Props) {
  const t = useT();
  const locale = useLocale();
  const [picking, setPicking] = useState(false);
  const items = [
    ...sendTimes(new Date()).map(({ key, label, at }) => ({ key, label: `${t(label)} · ${new Intl.DateTimeFormat(locale, { weekday: "short", hour: "numeric", minute: "2-digit" }).format(at)}`, onSelect: () => onSend(utcDate(at)) })),
    { key: "other", label: t("compose.laterOther"), icon: CalendarClock, separated: true, onSelect: () => setPicking(true) },
  ];
  return (
    <span className="send-controls">
      <Button kind="primary" disabled={busy} title={t("compose.sendKey")} onClick={() => onSend(null)}>{t("compose.send")}</Button>
      <Menu label={t("compose.sendLater")} placement="above-start" items={items} trigger={({ expanded, toggle, controls }) => (
        <IconButton label={t("compose.sendLater")} icon={ChevronUp} className="send-later" disabled={busy} aria-haspopup="menu" aria-expanded={expanded} aria-controls={controls} onClick={toggle} />
      )} />
      {picking && <Suspense fallback={null}><SendTimeDialog onClose={() => setPicking(false)} onChoose={(at) => { setPicking(false); onSend(at); }} /></Suspense>}
    </span>
  );
}
