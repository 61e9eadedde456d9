import { CloudOff, RefreshCw } from "lucide-react";
import { useState } from "react";
import { useQueryClient } from "@tanstack/react-query";
import { useDesk } from "../../app/context.ts";
import { useLocale, useT } from "../../i18n/i18n.ts";
import { formatAgo, formatNumber } from "../../i18n/format.ts";
import { useBulkJob } from "../../mail/bulk.ts";
import { sendWaiting, useWaiting } from "../../mail/waiting.ts";
import { Button } from "../../ui/Button.tsx";
import { Dialog } from "../../ui/Dialog.tsx";

function WaitingList({ onClose }: { readonly onClose: () => void }) {
  const t = useT();
  const locale = useLocale();
  const client = useQueryClient();
  const waiting = useWaiting();
  return (
    <Dialog title={t("waiting.title")} onClose={onClose} footer={<Button kind="primary" icon={RefreshCw} data-autofocus onClick={() => void sendWaiting(client)}>{t("waiting.now")}</Button>}>
      <p className="muted">{t("waiting.hint")}</p>
      <ol className="waiting-list">
        {waiting.map((change) => (
          <li key={change.id}><span>{t(change.text, change.values)}</span><span className="muted">{formatAgo(new Date(change.at).toISOString(), locale)}</span></li>
        ))}
        {waiting.length === 0 && <li className="muted">{t("waiting.none")}</li>}
      </ol>
    </Dialog>
  );
}

/* What goes on without being asked for again: a job over many mails, and changes that wait for the connection. */
export function Strip() {
  const t = useT();
  const locale = useLocale();
  const { online } = useDesk();
  const waiting = useWaiting();
  const job = useBulkJob();
  const [open, setOpen] = useState(false);
  return (
    <>
      <div className="strip" role="status" aria-live="polite">
        {!online && waiting.length === 0 && <span className="strip-line"><CloudOff size={16} aria-hidden />{t("app.offline")}</span>}
        {waiting.length > 0 && (
          <button type="button" className="strip-line strip-waiting" aria-haspopup="dialog" onClick={() => setOpen(true)}>
            <CloudOff size={16} aria-hidden />{t("waiting.pill", { count: waiting.length })}
          </button>
        )}
      </div>
      {job && (
        <div className="strip strip-job">
          <span className="strip-line">{t("bulk.progress", { done: formatNumber(job.done, locale), total: formatNumber(job.total, locale) })}</span>
          <progress max={Math.max(1, job.total)} value={job.done} aria-label={t("bulk.label")} />
          <Button kind="plain" onClick={job.cancel}>{t("bulk.stop")}</Button>
        </div>
      )}
      {open && <WaitingList onClose={() => setOpen(false)} />}
    </>
  );
}
