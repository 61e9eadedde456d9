import { useT } from "../../i18n/i18n.ts";
import { usePreferences, useSetPreferences } from "../../mail/preferences.ts";

const SECONDS = [0, 5, 10, 20, 30] as const;

/* How new mails begin and how long sending can be taken back. */
export function SendingSection() {
  const t = useT();
  const { undoSendSeconds, composeFormat } = usePreferences();
  const set = useSetPreferences();
  return (
    <>
      <div className="page-title"><div><h1>{t("compose.sendingSettings")}</h1><p>{t("compose.sendingLead")}</p></div></div>
      <section className="card">
        <label className="field">
          <span>{t("compose.undoTime")}</span>
          <select className="input" value={undoSendSeconds} onChange={(event) => set({ undoSendSeconds: Number(event.target.value) })}>
            {[...new Set([...SECONDS, undoSendSeconds])].sort((a, b) => a - b).map((seconds) => (
              <option key={seconds} value={seconds}>{seconds === 0 ? t("compose.undoOff") : t("compose.undoSeconds", { count: seconds })}</option>
            ))}
          </select>
        </label>
        <label className="field">
          <span>{t("compose.formatDefault")}</span>
          <select className="input" value={composeFormat} onChange={(event) => set({ composeFormat: event.target.value === "text" ? "text" : "html" })}>
            <option value="html">{t("compose.richText")}</option>
            <option value="text">{t("compose.plainText")}</option>
          </select>
        </label>
      </section>
    </>
  );
}
