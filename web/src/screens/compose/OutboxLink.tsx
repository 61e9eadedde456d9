import { Send } from "lucide-react";
import { lazy, Suspense, useEffect, useState } from "react";
import { useLocale, useT } from "../../i18n/i18n.ts";
import { formatNumber } from "../../i18n/format.ts";
import { usePreferences } from "../../mail/preferences.ts";
import { setUsualFormat } from "./composer-store.ts";
import { useRecovery, useWaitingCopies } from "./recovery.ts";
import { useOutgoing } from "./submissions.ts";

const OutboxDialog = lazy(() => import("./OutboxDialog.tsx").then((module) => ({ default: module.OutboxDialog })));

const AHEAD_MS = 3_000;

/* What one may want when the connection is gone: nothing could be loaded then. */
function loadAhead(): void {
  void import("./Composer.tsx").catch(() => undefined);
  void import("./OutboxDialog.tsx").catch(() => undefined);
  void import("./table-tools.ts").catch(() => undefined);
}

/* The way to the outbox, while there is something in it. */
export function OutboxLink() {
  const t = useT();
  const locale = useLocale();
  const [open, setOpen] = useState(false);
  useRecovery();
  useEffect(() => {
    const timer = setTimeout(loadAhead, AHEAD_MS);
    return () => clearTimeout(timer);
  }, []);
  const { composeFormat } = usePreferences();
  useEffect(() => setUsualFormat(composeFormat), [composeFormat]);
  const outgoing = useOutgoing();
  const count = outgoing.length + useWaitingCopies().length;
  const troubled = outgoing.some((one) => one.state === "failed" || one.state === "bounced");
  return <>
    {count > 0 && (
      <button type="button" className="outbox-link" data-troubled={troubled} onClick={() => setOpen(true)}>
        <Send size={16} aria-hidden /><span>{t("compose.outbox")}</span><span className="mailbox-count">{formatNumber(count, locale)}</span>
      </button>
    )}
    {open && <Suspense fallback={null}><OutboxDialog onClose={() => setOpen(false)} /></Suspense>}
  </>;
}
