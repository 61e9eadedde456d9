import { useQuery } from "@tanstack/react-query";
import { useDesk } from "../../app/context.ts";
import { navigate, settingsRoute } from "../../app/router.ts";
import { useLocale, useT } from "../../i18n/i18n.ts";
import { formatAgo } from "../../i18n/format.ts";
import type { LinkedAccount, Problem } from "../../jmap/types.ts";
import { problemText, remedyOf } from "../../mail/problems.ts";
import { linkedQuery } from "../../mail/queries.ts";
import { canRelink, relink } from "../../mail/relink.ts";
import { Button } from "../../ui/Button.tsx";
import { Notice } from "../../ui/Notice.tsx";

function Fix({ account, problem }: { readonly account: LinkedAccount; readonly problem: Problem }) {
  const t = useT();
  const desk = useDesk();
  const remedy = remedyOf(problem.code);
  if (remedy === "settings")
    return desk.user.admin ? <Button onClick={() => navigate(settingsRoute("microsoft"))}>{t("account.openSettings")}</Button> : null;
  if ((remedy === "relink" || account.state === "needs-relink") && canRelink(account))
    return <Button kind="primary" onClick={() => relink(account)}>{t("account.relink")}</Button>;
  return <Button onClick={() => navigate({ screen: "account-health", accountId: account.id })}>{t("account.open")}</Button>;
}

/* Which account, what is wrong, when it last worked, what still works, and the fix. */
export function ProblemNotice({ account, problem, sending }: { readonly account: LinkedAccount; readonly problem: Problem; readonly sending: boolean }) {
  const t = useT();
  const locale = useLocale();
  const text = problemText(problem, t);
  const retrying = account.state === "retrying" && !sending;
  /* Nothing is wrong where the provider only asks for patience. */
  const patience = problem.code === "throttled" || problem.code === "daily-limit";
  return (
    <Notice tone={retrying || patience ? "hint" : "problem"} detail={problem.detail ?? null} action={<Fix account={account} problem={problem} />}>
      <strong><bdi>{account.address}</bdi>{t("common.colon")} {text.title}</strong>
      <p>{text.action}</p>
      <p className="notice-small">
        {account.lastSync && <span>{t("account.lastWorked", { ago: formatAgo(account.lastSync, locale) })} </span>}
        {(retrying || patience) && account.nextAttempt && <span>{t("account.nextAttempt", { ago: formatAgo(account.nextAttempt, locale) })} </span>}
        <span>{t(sending || problem.code === "daily-limit" ? "account.readingWorks" : "account.storedMailWorks")}</span>
      </p>
    </Notice>
  );
}

function Banner({ account }: { readonly account: LinkedAccount }) {
  const t = useT();
  const sending = !account.problem && !account.canSend ? account.sendProblem : null;
  return (
    <>
      {account.awaitsStart && <Notice tone="hint" action={<Button kind="primary" onClick={() => navigate({ screen: "link-done", accountId: account.id })}>{t("account.continueSetUp")}</Button>}><strong><bdi>{account.address}</bdi>{t("common.colon")} {t("account.awaitsStart")}</strong></Notice>}
      {account.problem && <ProblemNotice account={account} problem={account.problem} sending={false} />}
      {sending && <ProblemNotice account={account} problem={sending} sending />}
    </>
  );
}

/* What troubles the open account, or any of them when all are open. */
export function AccountBanners({ accountId }: { readonly accountId: string }) {
  const desk = useDesk();
  const linked = useQuery(linkedQuery(desk.userAccount)).data ?? [];
  const shown = linked.filter((account) => account.id === accountId || accountId === desk.userAccount);
  return (
    <div className="banners">
      {shown.map((account) => <Banner key={account.id} account={account} />)}
    </div>
  );
}
