import { useQueryClient } from "@tanstack/react-query";
import { HeartPulse, Pause, Play, RefreshCw } from "lucide-react";
import { useDesk } from "../../app/context.ts";
import { useLocale, useT } from "../../i18n/i18n.ts";
import { formatAgo, formatStartDay } from "../../i18n/format.ts";
import type { LinkedAccount } from "../../jmap/types.ts";
import { updateLinked } from "../../mail/linked.ts";
import { problemText } from "../../mail/problems.ts";
import { canRelink, relink } from "../../mail/relink.ts";
import { Button } from "../../ui/Button.tsx";
import { Link } from "../../ui/Link.tsx";
import { Notice } from "../../ui/Notice.tsx";
import { isEverything } from "../link/plain-servers.ts";
import { ProblemNotice } from "../mail/AccountBanner.tsx";
import { ShareButton } from "../share/ShareButton.tsx";
import { ProgressLine } from "../mail/ProgressLine.tsx";
import { providerName, TONES, useChange } from "./account-words.ts";

function Tools({ account }: { readonly account: LinkedAccount }) {
  const t = useT();
  const desk = useDesk();
  const client = useQueryClient();
  const change = useChange();
  const paused = account.state === "paused";
  const toggle = (): void => void change(() => updateLinked(client, desk.userAccount, account.id, { paused: !paused }), paused ? "account.resumed" : "account.paused");
  if (account.awaitsStart)
    return <span className="card-tools"><Link className="button button-primary" to={{ screen: "link-done", accountId: account.id }}>{t("account.continueSetUp")}</Link></span>;
  return (
    <span className="card-tools">
      <ShareButton account={account} />
      <Button icon={paused ? Play : Pause} onClick={toggle}>{t(paused ? "account.resume" : "account.pause")}</Button>
      {canRelink(account) && <Button icon={RefreshCw} onClick={() => relink(account)}>{t("account.relink")}</Button>}
      <Link className="button button-quiet" to={{ screen: "account-health", accountId: account.id }}><HeartPulse size={16} aria-hidden /><span>{t("health.title")}</span></Link>
    </span>
  );
}

/* The newest few say enough; the rest are counted. */
const REFUSALS_SHOWN = 3;

export function Refused({ account }: { readonly account: LinkedAccount }) {
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
  return (
    <article className="card">
      <header className="card-head">
        <h2><bdi>{account.address}</bdi></h2>
        <span className={`state state-${TONES[account.state]}`}>{t(account.awaitsStart ? "account.awaitsStart" : `state.${account.state}`)}</span>
        <Tools account={account} />
      </header>
      <div className="card-facts">
        <span>{t(providerName(account))}</span>
        <span>{isEverything(account.since) ? t("account.sinceAll") : t("account.since", { date: formatStartDay(account.since!, locale) })}</span>
        <span>{account.lastSync ? t("account.lastSync", { ago: formatAgo(account.lastSync, locale) }) : t("account.neverSynced")}</span>
      </div>
      {account.progress && <ProgressLine progress={account.progress} state={account.state} wide />}
      {account.problem && <ProblemNotice account={account} problem={account.problem} sending={false} />}
      {!account.canSend && account.sendProblem && <ProblemNotice account={account} problem={account.sendProblem} sending />}
      {account.refused.length > 0 && <Refused account={account} />}
    </article>
  );
}
