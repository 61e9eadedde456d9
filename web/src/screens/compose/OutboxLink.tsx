import { CircleAlert, Send } from "lucide-react";
import { Suspense, useEffect, useState } from "react";
import { useLocale, useT } from "../../i18n/i18n.ts";
import { formatNumber } from "../../i18n/format.ts";
import { usePreferences } from "../../mail/preferences.ts";
import { lazyAhead } from "../../ui/ahead.ts";
import { setUsualFormat } from "./composer-store.ts";
import { useRecovery, useWaitingCopies } from "./recovery.ts";
import { useOutgoing } from "./submissions.ts";

const OutboxDialog = lazyAhead(() => import("./OutboxDialog.tsx").then((module) => module.OutboxDialog));

/* The way to the outbox, while there is something in it. */
export function OutboxLink() {
  const t = useT();
  const locale = useLocale();
  const [open, setOpen] = useState(false);
  useRecovery();
  const { composeFormat } = usePreferences();
  useEffect(() => setUsualFormat(composeFormat), [composeFormat]);
  const outgoing = useOutgoing();
  const count = outgoing.length + useWaitingCopies().length;
  const troubled = outgoing.some((one) => one.state === "failed" || one.state === "bounced");
  return <>
    {count > 0 && (
      <button type="button" className="outbox-link" data-troubled={troubled} onClick={() => setOpen(true)}>
        {troubled ? <CircleAlert size={16} aria-hidden /> : <Send size={16} aria-hidden />}<span>{t("compose.outbox")}{troubled && <span className="visually-hidden"> {t("compose.stateFailed")}</span>}</span><span className="mailbox-count">{formatNumber(count, locale)}</span>
      </button>
    )}
    {open && <Suspense fallback={null}><OutboxDialog onClose={() => setOpen(false)} /></Suspense>}
  </>;
}
