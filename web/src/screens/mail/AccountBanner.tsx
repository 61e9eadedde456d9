import { useQuery } from "@tanstack/react-query";
import { useDesk } from "../../app/context.ts";
import { ACCOUNTS, navigate, settingsRoute } from "../../app/router.ts";
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
  return <Button onClick={() => navigate(ACCOUNTS)}>{t("account.open")}</Button>;
}

/* Which account, what is wrong, when it last worked, what still works, and the fix. */
export function ProblemNotice({ account, problem, sending }: { readonly account: LinkedAccount; readonly problem: Problem; readonly sending: boolean }) {
  const t = useT();
  const locale = useLocale();
  const text = problemText(problem, t);
  const retrying = account.state === "retrying" && !sending;
  return (
    <Notice tone={retrying ? "hint" : "problem"} detail={problem.detail ?? null} action={<Fix account={account} problem={problem} />}>
      <strong><bdi>{account.address}</bdi>{t("common.colon")} {text.title}</strong>
      <p>{text.action}</p>
      <p className="notice-small">
        {account.lastSync && <span>{t("account.lastWorked", { ago: formatAgo(account.lastSync, locale) })} </span>}
        {retrying && account.nextAttempt && <span>{t("account.nextAttempt", { ago: formatAgo(account.nextAttempt, locale) })} </span>}
        <span>{t(sending ? "account.readingWorks" : "account.storedMailWorks")}</span>
      </p>
    </Notice>
  );
}

/* What troubles the open account, or any of them when all are open. */
export function AccountBanners({ accountId }: { readonly accountId: string }) {
  const desk = useDesk();
  const linked = useQuery(linkedQuery(desk.userAccount)).data ?? [];
  const shown = linked.filter((account) => account.id === accountId || accountId === desk.userAccount);
  return (
    <div className="banners">
      {shown.map((account) => {
        if (account.problem) return <ProblemNotice key={account.id} account={account} problem={account.problem} sending={false} />;
        return !account.canSend && account.sendProblem ? <ProblemNotice key={account.id} account={account} problem={account.sendProblem} sending /> : null;
      })}
    </div>
  );
}
