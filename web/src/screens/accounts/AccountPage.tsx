import { useQuery, useQueryClient } from "@tanstack/react-query";
import { ArrowLeft, CalendarClock, KeyRound, ListRestart, Pause, Play, RefreshCw, Stethoscope, Unlink } from "lucide-react";
import { useEffect, useState, type ReactNode } from "react";
import { useDesk } from "../../app/context.ts";
import { ACCOUNTS } from "../../app/router.ts";
import { useLocale, useT } from "../../i18n/i18n.ts";
import { formatAgo, formatBytes, formatStartDay, formatNumber } from "../../i18n/format.ts";
import type { LinkedAccount, Problem } from "../../jmap/types.ts";
import { accountKeys, checkQuery, healthQuery, runCheck, type AccountHealth } from "../../mail/accounts.ts";
import { failureOf } from "../../mail/failures.ts";
import { updateLinked } from "../../mail/linked.ts";
import { problemText } from "../../mail/problems.ts";
import { linkedQuery } from "../../mail/queries.ts";
import { canRelink, relink } from "../../mail/relink.ts";
import { Button } from "../../ui/Button.tsx";
import { Link } from "../../ui/Link.tsx";
import { Empty, Notice, Spinner } from "../../ui/Notice.tsx";
import { showToast } from "../../ui/toasts.ts";
import { CheckRows } from "../link/CheckRows.tsx";
import { isEverything } from "../link/plain-servers.ts";
import { ProblemNotice } from "../mail/AccountBanner.tsx";
import { ProgressLine } from "../mail/ProgressLine.tsx";
import { SettingsFrame } from "../settings/SettingsFrame.tsx";
import { providerName, TONES, useChange } from "./account-words.ts";
import { Refused } from "./AccountCard.tsx";
import { PasswordDialog, ResyncDialog, SinceDialog, UnlinkDialog } from "./AccountDialogs.tsx";
import { HealthFolders, Quotas } from "./HealthFolders.tsx";
import { SyncLog } from "./SyncLog.tsx";

/* Counting folders takes a while in a large mailbox: it waits until the changes have calmed down. */
const FOLLOW = 1_200;

type DialogName = "none" | "since" | "resync" | "unlink" | "password";

interface ToolsProps {
  readonly account: LinkedAccount;
  readonly onDialog: (dialog: DialogName) => void;
}

function Tools({ account, onDialog }: ToolsProps) {
  const t = useT();
  const desk = useDesk();
  const client = useQueryClient();
  const change = useChange();
  const paused = account.state === "paused";
  /* The server holds this as well. */
  const works = account.access !== "read";
  const toggle = (): void => void change(() => updateLinked(client, desk.userAccount, account.id, { paused: !paused }), paused ? "account.resumed" : "account.paused");
  if (account.awaitsStart) return <Link className="button button-primary" to={{ screen: "link-done", accountId: account.id }}>{t("account.continueSetUp")}</Link>;
  return (
    <div className="button-row">
      {account.isOwner && canRelink(account) && <Button icon={RefreshCw} onClick={() => relink(account)}>{t("account.relink")}</Button>}
      {account.isOwner && !canRelink(account) && <Button icon={KeyRound} onClick={() => onDialog("password")}>{t("account.newPassword")}</Button>}
      {works && <Button icon={paused ? Play : Pause} onClick={toggle}>{t(paused ? "account.resume" : "account.pause")}</Button>}
      {works && <Button icon={CalendarClock} onClick={() => onDialog("since")}>{t("account.changeSince")}</Button>}
      {works && <Button icon={ListRestart} onClick={() => onDialog("resync")}>{t("resync.button")}</Button>}
      {works && <Button icon={Unlink} onClick={() => onDialog("unlink")}>{t("account.unlink")}</Button>}
    </div>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return <div><dt>{name}</dt><dd>{children}</dd></div>;
}

/* For an administrator who only looks: what to do is the person's who linked it. */
function ForeignProblem({ problem }: { readonly problem: Problem }) {
  const t = useT();
  const text = problemText(problem, t);
  return <Notice tone="problem" detail={problem.detail}><strong>{text.title}</strong><p>{text.action}</p></Notice>;
}

/* What works now, whatever is wrong. */
function Works({ health }: { readonly health: AccountHealth }) {
  const t = useT();
  const stopped = health.state === "needs-relink" || health.state === "error" || health.state === "retrying" || health.problem !== null;
  const fetching = health.state === "paused" ? t("health.fetchPaused") : stopped ? t("health.fetchStopped") : t("health.fetchWorks");
  return (
    <>
      <Fact name={t("health.newMail")}>{fetching}</Fact>
      <Fact name={t("health.kept")}>{t("health.keptWorks")}</Fact>
      <Fact name={t("health.sending")}>{t(health.sendProblem || health.state === "needs-relink" ? "health.sendStopped" : "health.sendWorks")}</Fact>
    </>
  );
}

function Facts({ health }: { readonly health: AccountHealth }) {
  const t = useT();
  const locale = useLocale();
  const others = [...health.linkedBy, ...health.sharedWith];
  return (
    <dl className="facts">
      <Works health={health} />
      <Fact name={t("health.since")}>{isEverything(health.since) ? t("account.sinceAll") : formatStartDay(health.since!, locale)}</Fact>
      <Fact name={t("health.lastSync")}>{health.lastSync ? formatAgo(health.lastSync, locale) : t("account.neverSynced")}</Fact>
      {health.nextAttempt && <Fact name={t("health.nextAttempt")}>{formatAgo(health.nextAttempt, locale)}</Fact>}
      <Fact name={t("health.mails")}>{t("health.mailsValue", { count: formatNumber(health.emails, locale), size: formatBytes(health.bytes, locale) })}</Fact>
      <Fact name={t("health.today")}>{health.bytesADay === null ? formatBytes(health.bytesToday, locale) : t("health.todayOf", { used: formatBytes(health.bytesToday, locale), limit: formatBytes(health.bytesADay, locale) })}</Fact>
      {health.maxSizeMessageAt && <Fact name={t("health.maxSize")}>{health.maxSizeMessage === null ? t("health.maxSizeNone") : t("health.maxSizeSaid", { size: formatBytes(health.maxSizeMessage, locale), ago: formatAgo(health.maxSizeMessageAt, locale) })}</Fact>}
      {health.pending > 0 && <Fact name={t("health.pendingMails")}>{formatNumber(health.pending, locale)}</Fact>}
      {health.unsent > 0 && <Fact name={t("health.unsent")}>{formatNumber(health.unsent, locale)}</Fact>}
      {health.unreadAttachments > 0 && <Fact name={t("health.unreadAttachments")}>{formatNumber(health.unreadAttachments, locale)}</Fact>}
      {health.unreadableAttachments > 0 && <Fact name={t("health.unreadable")}>{formatNumber(health.unreadableAttachments, locale)}</Fact>}
      {others.length > 0 && <Fact name={t("health.sharedWith")}><bdi>{new Intl.ListFormat(locale).format(others)}</bdi></Fact>}
    </dl>
  );
}

function Checks({ health }: { readonly health: AccountHealth }) {
  const t = useT();
  const locale = useLocale();
  const desk = useDesk();
  const client = useQueryClient();
  const [asked, setAsked] = useState(false);
  const { data: check } = useQuery(checkQuery(desk.userAccount, health.id));
  const running = asked || (check?.state === "running" && check.startedAt !== null);
  const ended = check?.endedAt ?? null;
  useEffect(() => {
    if (ended === null) return;
    void client.invalidateQueries({ queryKey: accountKeys.health(health.id) });
    void client.invalidateQueries({ queryKey: accountKeys.log(health.id) });
  }, [client, health.id, ended]);
  const run = async (): Promise<void> => {
    setAsked(true);
    try {
      await runCheck(desk.userAccount, { account: health.id });
      await client.invalidateQueries({ queryKey: accountKeys.check(health.id) });
    } catch (error) {
      showToast({ ...failureOf(error), tone: "problem" });
    }
    setAsked(false);
  };
  return (
    <section className="card">
      <header className="card-head">
        <h2>{t("check.title")}</h2>
        <span className="muted">{running ? t("check.state.running") : ended ? t("health.checked", { ago: formatAgo(ended, locale) }) : t("health.neverChecked")}</span>
        {health.mayChange && <span className="card-tools"><Button icon={Stethoscope} disabled={running} onClick={() => void run()}>{t("health.checkNow")}</Button></span>}
      </header>
      {check && check.rows.length > 0 && <CheckRows check={check} oauth={health.provider !== null} busy={running} since={health.since} />}
    </section>
  );
}

function Health({ health, account, failure }: { readonly health: AccountHealth; readonly account: LinkedAccount | undefined; readonly failure: ReactNode }) {
  const t = useT();
  const [dialog, setDialog] = useState<DialogName>("none");
  const close = (): void => setDialog("none");
  return (
    <>
      <div className="page-title">
        <div>
          <h1><bdi>{health.address}</bdi></h1>
          <p><span className={`state state-${TONES[health.state]}`}>{t(health.awaitsStart ? "account.awaitsStart" : `state.${health.state}`)}</span> {t(providerName(health))}{!account && health.owner && <> · {t("health.owner", { owner: health.owner })}</>}</p>
        </div>
        {account && <Tools account={account} onDialog={setDialog} />}
      </div>
      <div className="cards">
        {failure}
        {account && health.problem && <ProblemNotice account={account} problem={health.problem} sending={false} />}
        {account && health.sendProblem && <ProblemNotice account={account} problem={health.sendProblem} sending />}
        {!account && [health.problem, health.sendProblem].map((problem) => problem && <ForeignProblem key={problem.code} problem={problem} />)}
        {account && account.refused.length > 0 && <Refused account={account} />}
        <section className="card">
          {account?.progress && <ProgressLine progress={account.progress} state={account.state} wide />}
          <Facts health={health} />
        </section>
        <Checks health={health} />
        <HealthFolders health={health} />
        <Quotas health={health} />
        <SyncLog accountId={health.id} folders={health.folders} />
      </div>
      {dialog === "since" && <SinceDialog health={health} onClose={close} />}
      {dialog === "resync" && <ResyncDialog health={health} onClose={close} />}
      {dialog === "unlink" && <UnlinkDialog health={health} onClose={close} />}
      {dialog === "password" && <PasswordDialog health={health} onClose={close} />}
    </>
  );
}

/* One linked mailbox: how it does, what is wrong, and what can be done about it. */
export function AccountPage({ accountId, linkFailure = null }: { readonly accountId: string; readonly linkFailure?: ReactNode }) {
  const t = useT();
  const desk = useDesk();
  const client = useQueryClient();
  const health = useQuery(healthQuery(desk.userAccount, accountId));
  const { data: linked, dataUpdatedAt } = useQuery(linkedQuery(desk.userAccount));
  const account = linked?.find((one) => one.id === accountId);
  /* Changes of the account are told; its health and log follow a moment later. */
  useEffect(() => {
    const timer = setTimeout(() => {
      void client.invalidateQueries({ queryKey: accountKeys.health(accountId) });
      void client.invalidateQueries({ queryKey: accountKeys.log(accountId) });
    }, FOLLOW);
    return () => clearTimeout(timer);
  }, [client, accountId, dataUpdatedAt]);
  const failure = health.isError ? failureOf(health.error) : null;
  return (
    <SettingsFrame current="accounts">
      <Link className="page-back" to={ACCOUNTS}><ArrowLeft size={16} aria-hidden className="directional" />{t("account.title")}</Link>
      {failure && !health.data && <Notice tone="problem" detail={failure.detail} action={<Button onClick={() => void health.refetch()}>{t("common.retry")}</Button>}>{t(failure.text, failure.values)}</Notice>}
      {!health.data && linkFailure}
      {health.data === null && <Empty icon={Unlink} title={t("health.gone")} action={<Link className="button button-primary" to={ACCOUNTS}>{t("account.title")}</Link>} />}
      {health.data === undefined && !failure && <Spinner label={t("common.loading")} />}
      {health.data && <Health health={health.data} account={account} failure={linkFailure} />}
    </SettingsFrame>
  );
}
