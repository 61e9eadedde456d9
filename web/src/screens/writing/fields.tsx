import { lazy, Suspense, useState, type ReactNode } from "react";
import { useDesk, type MailAccount } from "../../app/context.ts";
import { useT } from "../../i18n/i18n.ts";
import { Spinner } from "../../ui/Notice.tsx";
import { MailFrame } from "../reader/MailFrame.tsx";
import { cleanOwnHtml } from "../../mail/signatures.ts";
import type { RichFieldProps } from "./RichField.tsx";

const Field = lazy(() => import("./RichField.tsx").then((module) => ({ default: module.RichField })));

/* The editor comes with the first form that has one. */
export function LazyRichField(props: RichFieldProps) {
  const t = useT();
  return <Suspense fallback={<Spinner label={t("common.loading")} />}><Field {...props} /></Suspense>;
}

/* As a reader will see it: in a frame, like any mail. */
export function Preview({ html, title }: { readonly html: string; readonly title: string }) {
  return <div className="writing-preview"><MailFrame html={cleanOwnHtml(html)} title={title} /></div>;
}

export function SectionTitle({ title, lead, action }: { readonly title: string; readonly lead: string; readonly action?: ReactNode }) {
  return <div className="page-title"><div><h1>{title}</h1><p>{lead}</p></div>{action}</div>;
}

/* Which mailbox a section is about; with one there is nothing to choose. */
export function useAccountChoice(): { readonly account: MailAccount | null; readonly choice: ReactNode } {
  const t = useT();
  const { accounts } = useDesk();
  const [id, setId] = useState(accounts[0]?.id ?? "");
  const account = accounts.find((one) => one.id === id) ?? accounts[0] ?? null;
  const choice = accounts.length > 1 && account !== null && (
    <label className="field writing-account">
      <span>{t("writing.account")}</span>
      <select className="input" value={account.id} onChange={(event) => setId(event.target.value)}>
        {accounts.map((one) => <option key={one.id} value={one.id}>{one.address}</option>)}
      </select>
    </label>
  );
  return { account, choice };
}
