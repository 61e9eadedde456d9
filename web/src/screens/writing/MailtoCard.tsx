import { useState } from "react";
import { useT } from "../../i18n/i18n.ts";
import { Button } from "../../ui/Button.tsx";
import { Notice } from "../../ui/Notice.tsx";
import { registerMailto } from "./compose-link.ts";

/* mailto: links of the whole browser, written here. */
export function MailtoCard() {
  const t = useT();
  const [cannot, setCannot] = useState(false);
  const register = (): void => {
    try {
      setCannot(!registerMailto());
    } catch {
      setCannot(true);
    }
  };
  return (
    <section className="card">
      <div className="card-head"><h2>{t("writing.mailto")}</h2></div>
      <p className="writing-hint">{t("writing.mailtoText")}</p>
      {cannot && <Notice tone="problem">{t("writing.mailtoCannot")}</Notice>}
      <div><Button onClick={register}>{t("writing.mailtoButton")}</Button></div>
    </section>
  );
}
