import { useQueryClient } from "@tanstack/react-query";
import { Pause, Play, RefreshCw, Unlink } from "lucide-react";
import { useState, type FormEvent } from "react";
import { useDesk } from "../../app/context.ts";
import { useLocale, useT, type MessageId } from "../../i18n/i18n.ts";
import { formatAgo, formatDay } from "../../i18n/format.ts";
import type { AccountState, LinkedAccount } from "../../jmap/types.ts";
import { failureOf } from "../../mail/failures.ts";
import { unlinkAccount, updateLinked } from "../../mail/linked.ts";
import { problemText } from "../../mail/problems.ts";
import { canRelink, relink } from "../../mail/relink.ts";
import { Button } from "../../ui/Button.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { Notice } from "../../ui/Notice.tsx";
import { showToast } from "../../ui/toasts.ts";
import { ProblemNotice } from "../mail/AccountBanner.tsx";
import { ProgressLine } from "../mail/ProgressLine.tsx";

const TONES: Readonly<Record<AccountState, string>> = {
  "linking": "busy", "syncing": "busy", "idle": "good", "retrying": "wait", "paused": "wait", "needs-relink": "bad", "error": "bad",
};

function providerName(account: LinkedAccount): MessageId {
  if (account.providerType === "microsoft") return "account.providerMicrosoft";
  return account.providerType === "google" ? "account.providerGoogle" : "account.providerPlain";
}

/* Runs a change of the account and says how it went. */
function useChange(): (job: () => Promise<void>, done: MessageId) => Promise<boolean> {
  return async (job, done) => {
    try {
      await job();
      showToast({ text: done });
      return true;
    } catch (error) {
      showToast({ ...failureOf(error), tone: "problem" });
      return false;
    }
  };
}

function UnlinkDialog({ account, onClose }: { readonly account: LinkedAccount; readonly onClose: () => void }) {
  const t = useT();
  const desk = useDesk();
  const client = useQueryClient();
  const change = useChange();
  const [busy, setBusy] = useState(false);
  const unlink = async (): Promise<void> => {
    setBusy(true);
    await change(() => unlinkAccount(client, desk.userAccount, account.id), "account.unlinked");
    onClose();
  };
  return (
    <Dialog title={t("account.unlinkTitle", { address: account.address })} onClose={onClose} footer={
      <>
        <Button onClick={onClose}>{t("common.cancel")}</Button>
        <Button kind="danger" disabled={busy} onClick={() => void unlink()}>{t("account.unlink")}</Button>
      </>
    }>
      <p>{t("account.unlinkText")}</p>
    </Dialog>
  );
}

function SinceDialog({ account, onClose }: { readonly account: LinkedAccount; readonly onClose: () => void }) {
  const t = useT();
  const desk = useDesk();
  const client = useQueryClient();
  const change = useChange();
  const submit = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const since = String(new FormData(event.currentTarget).get("since"));
    if (await change(() => updateLinked(client, desk.userAccount, account.id, { since: `${since}T00:00:00Z` }), "account.saved")) onClose();
  };
  return (
    <Dialog title={t("account.sinceTitle", { address: account.address })} onClose={onClose} footer={
      <>
        <Button onClick={onClose}>{t("common.cancel")}</Button>
        <Button kind="primary" type="submit" form="since-form">{t("account.save")}</Button>
      </>
    }>
      <form id="since-form" onSubmit={(event) => void submit(event)}>
        <label className="field">
          <span>{t("link.since")}</span>
          <input className="input" type="date" name="since" required defaultValue={account.since?.slice(0, 10)} max={new Date().toISOString().slice(0, 10)} />
        </label>
        <p className="muted">{t("account.sinceText")}</p>
      </form>
    </Dialog>
  );
}

function Tools({ account, onDialog }: { readonly account: LinkedAccount; readonly onDialog: (dialog: "since" | "unlink") => void }) {
  const t = useT();
  const desk = useDesk();
  const client = useQueryClient();
  const change = useChange();
  const paused = account.state === "paused";
  const toggle = (): void => void change(() => updateLinked(client, desk.userAccount, account.id, { paused: !paused }), paused ? "account.resumed" : "account.paused");
  return (
    <span className="card-tools">
      <Button icon={paused ? Play : Pause} onClick={toggle}>{t(paused ? "account.resume" : "account.pause")}</Button>
      {canRelink(account) && <Button icon={RefreshCw} onClick={() => relink(account)}>{t("account.relink")}</Button>}
      <Button onClick={() => onDialog("since")}>{t("account.changeSince")}</Button>
      <Button icon={Unlink} onClick={() => onDialog("unlink")}>{t("account.unlink")}</Button>
    </span>
  );
}

/* The newest few say enough; the rest are counted. */
const REFUSALS_SHOWN = 3;

function Refused({ account }: { readonly account: LinkedAccount }) {
  const t = useT();
  const desk = useDesk();
  const client = useQueryClient();
  const change = useChange();
  const forget = (): void => void change(() => updateLinked(client, desk.userAccount, account.id, { refused: [] }), "refused.forgotten");
  const shown = account.refused.slice(0, REFUSALS_SHOWN);
  const detail = shown.map((one) => one.problem.detail).filter(Boolean).join("\n");
  return (
    <Notice tone="problem" detail={detail || null} action={<Button onClick={forget}>{t("refused.forget")}</Button>}>
      <strong>{t("refused.title", { count: account.refused.length })}</strong>
      {shown.map((one, at) => {
        const text = problemText(one.problem, t);
        return <p key={at}>{t(`refused.${one.change}`, { name: one.name ?? "" })} {text.title} {text.action}</p>;
      })}
    </Notice>
  );
}

export function AccountCard({ account }: { readonly account: LinkedAccount }) {
  const t = useT();
  const locale = useLocale();
  const [dialog, setDialog] = useState<"none" | "since" | "unlink">("none");
  const close = (): void => setDialog("none");
  return (
    <article className="card">
      <header className="card-head">
        <h2><bdi>{account.address}</bdi></h2>
        <span className={`state state-${TONES[account.state]}`}>{t(`state.${account.state}`)}</span>
        <Tools account={account} onDialog={setDialog} />
      </header>
      <div className="card-facts">
        <span>{t(providerName(account))}</span>
        <span>{account.since ? t("account.since", { date: formatDay(account.since, locale) }) : t("account.sinceAll")}</span>
        <span>{account.lastSync ? t("account.lastSync", { ago: formatAgo(account.lastSync, locale) }) : t("account.neverSynced")}</span>
      </div>
      {account.progress && <ProgressLine progress={account.progress} state={account.state} wide />}
      {account.problem && <ProblemNotice account={account} problem={account.problem} sending={false} />}
      {!account.canSend && account.sendProblem && <ProblemNotice account={account} problem={account.sendProblem} sending />}
      {account.refused.length > 0 && <Refused account={account} />}
      {dialog === "since" && <SinceDialog account={account} onClose={close} />}
      {dialog === "unlink" && <UnlinkDialog account={account} onClose={close} />}
    </article>
  );
}
