import { useState } from "react";
import { useT } from "../../i18n/i18n.ts";
import { askPermission, choose, permission, playSound, useChosen } from "./notify.ts";

/* The browser asks for leave only when the person turns it on here. */
export function NotificationSettings() {
  const t = useT();
  const [allowed, setAllowed] = useState(permission);
  const wanted = useChosen("notify");
  const sound = useChosen("sound");
  const on = wanted && allowed === "granted";
  const turn = (next: boolean): void => {
    choose("notify", next);
    if (next && allowed !== "granted") void askPermission().then(setAllowed);
  };
  return (
    <section className="card notification-settings" aria-label={t("notify.title")}>
      <h2>{t("notify.title")}</h2>
      <label className="folder-check"><input type="checkbox" checked={on} disabled={allowed === "unsupported"} onChange={(event) => turn(event.target.checked)} />{t("notify.on")}</label>
      <label className="folder-check"><input type="checkbox" checked={sound && on} disabled={!on} onChange={(event) => { choose("sound", event.target.checked); if (event.target.checked) playSound(); }} />{t("notify.sound")}</label>
      <p className="muted">{t(allowed === "denied" ? "notify.denied" : allowed === "unsupported" ? "notify.unsupported" : "notify.hint")}</p>
    </section>
  );
}
