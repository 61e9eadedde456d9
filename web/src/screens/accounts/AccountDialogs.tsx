import { useQueryClient } from "@tanstack/react-query";
import { useMemo, useState, type FormEvent } from "react";
import { useDesk } from "../../app/context.ts";
import { ACCOUNTS, navigate } from "../../app/router.ts";
import { useLocale, useT } from "../../i18n/i18n.ts";
import { formatNumber } from "../../i18n/format.ts";
import type { AccountHealth } from "../../mail/accounts.ts";
import { failureOf, type Failure } from "../../mail/failures.ts";
import { createPlainAccount, unlinkAccount, updateLinked } from "../../mail/linked.ts";
import { Button } from "../../ui/Button.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { Notice } from "../../ui/Notice.tsx";
import { dayBefore } from "../link/plain-servers.ts";
import { StartDate } from "../link/StartDate.tsx";
import { useChange } from "./account-words.ts";

interface Props {
  readonly health: AccountHealth;
  readonly onClose: () => void;
}

/* What goes and what stays, in numbers; the address has to be typed. */
export function UnlinkDialog({ health, onClose }: Props) {
  const t = useT();
  const locale = useLocale();
  const desk = useDesk();
  const client = useQueryClient();
  const change = useChange();
  const [typed, setTyped] = useState("");
  const [busy, setBusy] = useState(false);
  /* It goes with the last person who linked it, for those as well with whom it is shared. */
  const goes = health.isOwn && health.linkedBy.length === 0;
  const people = (list: readonly string[]): string => new Intl.ListFormat(locale).format(list);
  const sure = typed.trim().toLowerCase() === health.address.toLowerCase();
  const unlink = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (!sure) return;
    setBusy(true);
    if (await change(() => unlinkAccount(client, desk.userAccount, health.id), "account.unlinked")) navigate(ACCOUNTS);
    else setBusy(false);
  };
  return (
    <Dialog title={t("account.unlinkTitle", { address: health.address })} onClose={onClose} footer={
      <>
        <Button onClick={onClose}>{t("common.cancel")}</Button>
        <Button kind="danger" type="submit" form="unlink-form" disabled={busy || !sure}>{t("account.unlink")}</Button>
      </>
    }>
      <form id="unlink-form" className="dialog-form" onSubmit={(event) => void unlink(event)}>
        <ul className="consequences">
          <li>{goes ? t("unlink.mails", { count: health.emails, shown: formatNumber(health.emails, locale) }) : t("unlink.shared", { people: people([...health.linkedBy, ...(health.isOwn ? [] : health.sharedWith)]) })}</li>
          {goes && health.sharedWith.length > 0 && <li className="consequence-bad">{t("unlink.sharedGo", { people: people(health.sharedWith) })}</li>}
          {goes && health.unsent > 0 && <li className="consequence-bad">{t("unlink.unsent", { count: health.unsent })}</li>}
          {goes && <li>{t("unlink.organised")}</li>}
          <li>{t("unlink.stays")}</li>
        </ul>
        <label className="field">
          <span>{t("unlink.type", { address: health.address })}</span>
          <input className="input" dir="ltr" data-autofocus autoComplete="off" autoCapitalize="none" spellCheck={false} value={typed} onChange={(event) => setTyped(event.target.value)} />
        </label>
      </form>
    </Dialog>
  );
}

export function SinceDialog({ health, onClose }: Props) {
  const t = useT();
  const desk = useDesk();
  const client = useQueryClient();
  const change = useChange();
  const [since, setSince] = useState(() => health.since?.slice(0, 10) ?? dayBefore(365));
  const of = useMemo(() => ({ account: health.id }), [health.id]);
  const save = async (): Promise<void> => {
    if (await change(() => updateLinked(client, desk.userAccount, health.id, { since: `${since}T00:00:00Z` }), "account.saved")) onClose();
  };
  return (
    <Dialog title={t("account.sinceTitle", { address: health.address })} onClose={onClose} footer={
      <>
        <Button onClick={onClose}>{t("common.cancel")}</Button>
        <Button kind="primary" disabled={since === ""} onClick={() => void save()}>{t("account.save")}</Button>
      </>
    }>
      <StartDate of={of} since={since} onSince={setSince} />
      <p className="muted">{t("account.sinceText")}</p>
    </Dialog>
  );
}

export function ResyncDialog({ health, onClose }: Props) {
  const t = useT();
  const desk = useDesk();
  const client = useQueryClient();
  const change = useChange();
  const [busy, setBusy] = useState(false);
  const resync = async (): Promise<void> => {
    setBusy(true);
    await change(() => updateLinked(client, desk.userAccount, health.id, { resync: true }), "resync.started");
    onClose();
  };
  return (
    <Dialog title={t("resync.title")} onClose={onClose} footer={
      <>
        <Button onClick={onClose}>{t("common.cancel")}</Button>
        <Button kind="primary" disabled={busy} onClick={() => void resync()}>{t("resync.do")}</Button>
      </>
    }>
      <p>{t("resync.text")}</p>
      <ul className="consequences"><li>{t("resync.keeps")}</li><li>{t("resync.time")}</li></ul>
    </Dialog>
  );
}

/* A plain mailbox signs in again in place with its new password. */
export function PasswordDialog({ health, onClose }: Props) {
  const t = useT();
  const desk = useDesk();
  const client = useQueryClient();
  const change = useChange();
  const [failure, setFailure] = useState<Failure | null>(null);
  const [busy, setBusy] = useState(false);
  const submit = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const password = String(new FormData(event.currentTarget).get("password"));
    setBusy(true);
    setFailure(null);
    const since = health.since ?? "1990-01-01T00:00:00Z";
    try {
      await createPlainAccount(client, desk.userAccount, { address: health.address, imapUrl: health.imapUrl ?? "", smtpUrl: health.smtpUrl ?? "", password, since });
      await change(() => Promise.resolve(), "account.saved");
      onClose();
    } catch (error) {
      setFailure(failureOf(error));
      setBusy(false);
    }
  };
  return (
    <Dialog title={t("account.passwordTitle", { address: health.address })} onClose={onClose} footer={
      <>
        <Button onClick={onClose}>{t("common.cancel")}</Button>
        <Button kind="primary" type="submit" form="password-form" disabled={busy}>{t("account.relink")}</Button>
      </>
    }>
      <form id="password-form" className="dialog-form" onSubmit={(event) => void submit(event)}>
        {failure && <Notice tone="problem" detail={failure.detail}>{t(failure.text, failure.values)}</Notice>}
        <label className="field">
          <span>{t("link.password")}</span>
          <input className="input" dir="ltr" type="password" name="password" required autoComplete="new-password" data-autofocus />
        </label>
        <p className="muted">{t("link.passwordHint")}</p>
      </form>
    </Dialog>
  );
}
