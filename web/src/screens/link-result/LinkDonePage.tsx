import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import { useDesk } from "../../app/context.ts";
import { ACCOUNTS, navigate, settingsRoute } from "../../app/router.ts";
import { useT } from "../../i18n/i18n.ts";
import type { LinkedAccount } from "../../jmap/types.ts";
import { accountKeys, canFetch, checkQuery, runCheck } from "../../mail/accounts.ts";
import { failureOf, type Failure } from "../../mail/failures.ts";
import { startAccount, unlinkAccount } from "../../mail/linked.ts";
import { remedyOf } from "../../mail/problems.ts";
import { linkedQuery } from "../../mail/queries.ts";
import { canRelink, relink } from "../../mail/relink.ts";
import { Button } from "../../ui/Button.tsx";
import { Link } from "../../ui/Link.tsx";
import { Notice, Spinner } from "../../ui/Notice.tsx";
import { showToast } from "../../ui/toasts.ts";
import { CheckLine, CheckRows } from "../link/CheckRows.tsx";
import { dayBefore } from "../link/plain-servers.ts";
import { StartDate } from "../link/StartDate.tsx";
import { ProblemNotice } from "../mail/AccountBanner.tsx";
import { ProgressLine } from "../mail/ProgressLine.tsx";
import { SettingsFrame } from "../settings/SettingsFrame.tsx";

/* Starts one check when the page opens, unless a result is there already. */
function useFirstCheck(account: LinkedAccount | undefined) {
  const desk = useDesk();
  const client = useQueryClient();
  const [started, setStarted] = useState(false);
  const [failure, setFailure] = useState<Failure | null>(null);
  const id = account?.id ?? null;
  const check = useQuery(checkQuery(desk.userAccount, started ? id : null));
  const run = async (): Promise<void> => {
    if (id === null) return;
    setFailure(null);
    try {
      await runCheck(desk.userAccount, { account: id });
      await client.invalidateQueries({ queryKey: accountKeys.check(id) });
      setStarted(true);
    } catch (error) {
      setFailure(failureOf(error));
    }
  };
  useEffect(() => {
    if (id !== null && !started) void run();
    // Only when the account is known first.
  }, [id]);
  return { check: check.data, failure, run, running: failure === null && check.data?.state !== "done" };
}

/* A link by OAuth that waits: its checks, the start date, and only then the first sync. */
function Setup({ account }: { readonly account: LinkedAccount }) {
  const t = useT();
  const desk = useDesk();
  const client = useQueryClient();
  const [since, setSince] = useState(() => account.since?.slice(0, 10) ?? dayBefore(91));
  const { check, failure, run, running } = useFirstCheck(account);
  const [busy, setBusy] = useState(false);
  const of = useMemo(() => ({ account: account.id }), [account.id]);
  const act = async (job: () => Promise<void>): Promise<void> => {
    setBusy(true);
    await job().catch((error: unknown) => showToast({ ...failureOf(error), tone: "problem" }));
    setBusy(false);
  };
  const leave = async (): Promise<void> => {
    await unlinkAccount(client, desk.userAccount, account.id);
    showToast({ text: "link.left" });
    navigate(ACCOUNTS);
  };
  const bad = check?.rows.filter((row) => row.state === "bad") ?? [];
  const byAdmin = bad.some((row) => row.problem && remedyOf(row.problem.code) === "settings");
  return (
    <>
      <section className="card">
        <h2>{t("check.title")}</h2>
        {failure && <Notice tone="problem" detail={failure.detail}>{t(failure.text, failure.values)}</Notice>}
        <CheckRows check={check} oauth busy={running} />
        {!running && bad.length > 0 && (
          <div className="form-foot">
            {byAdmin && desk.user.admin && <Link className="button button-quiet" to={settingsRoute("microsoft")}>{t("account.openSettings")}</Link>}
            {canRelink(account) && <Button onClick={() => relink(account)}>{t("account.relink")}</Button>}
            <Button onClick={() => void run()}>{t("link.checkAgain")}</Button>
          </div>
        )}
      </section>
      <section className="card">
        <h2>{t("link.agreeTitle")}</h2>
        {canFetch(check) ? <StartDate of={of} since={since} onSince={setSince} /> : <p className="muted">{t(running ? "link.waitForChecks" : "link.cannotStart")}</p>}
        <div className="form-foot">
          <Button disabled={busy} onClick={() => void act(leave)}>{t("link.dontLink")}</Button>
          <Button kind="primary" disabled={busy || !canFetch(check) || since === ""} onClick={() => void act(() => startAccount(client, desk.userAccount, account.id, `${since}T00:00:00Z`))}>{t("link.start")}</Button>
        </div>
      </section>
    </>
  );
}

/* The first sync, as one more row of the way here. */
function FirstSync({ account, accountId }: { readonly account: LinkedAccount | undefined; readonly accountId: string }) {
  const t = useT();
  const desk = useDesk();
  const check = useQuery(checkQuery(desk.userAccount, accountId)).data;
  const done = account !== undefined && account.progress === null && account.lastSync !== null;
  const bad = account?.problem != null;
  const line = (
    <CheckLine name={t("check.sync")} state={bad ? "bad" : done ? "ok" : "running"} {...(!bad && !done && { label: "check.sync.running" })}>
      {account?.progress && <ProgressLine progress={account.progress} state={account.state} wide />}
      {account?.problem && <ProblemNotice account={account} problem={account.problem} sending={false} />}
      {done && !bad && <span>{t("linkDone.allHere")}</span>}
    </CheckLine>
  );
  return (
    <section className="card">
      <p>{t("linkDone.text")}</p>
      {check && check.rows.length > 0 ? <CheckRows check={check} oauth={account?.provider !== null} busy={false} since={account?.since ?? null}>{line}</CheckRows> : <ul className="checks" aria-live="polite">{line}</ul>}
      <div className="form-foot">
        <Link className="button button-quiet" to={{ screen: "account-health", accountId }}>{t("health.title")}</Link>
        <Link className="button button-primary" to={{ screen: "account", accountId }}>{t("linkDone.open")}</Link>
      </div>
    </section>
  );
}

/* The way back from the provider, and where a plain mailbox's wizard ends: it goes on where it was. */
export function LinkDonePage({ accountId }: { readonly accountId: string }) {
  const t = useT();
  const desk = useDesk();
  const linked = useQuery(linkedQuery(desk.userAccount));
  const account = linked.data?.find((one) => one.id === accountId);
  const waits = account?.awaitsStart === true;
  const title = waits ? t("link.setUpTitle", { address: account.address }) : account ? t("linkDone.title", { address: account.address }) : t("linkDone.titlePlain");
  return (
    <SettingsFrame current="accounts">
      <div className="wizard">
        <div className="page-title"><div><h1>{title}</h1>{waits && <p>{t("link.setUpLead")}</p>}</div></div>
        {!linked.data && <Spinner label={t("common.loading")} />}
        <div className="cards">
          {waits ? <Setup account={account} /> : linked.data && <FirstSync account={account} accountId={accountId} />}
        </div>
      </div>
    </SettingsFrame>
  );
}
