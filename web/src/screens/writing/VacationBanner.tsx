import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useDesk } from "../../app/context.ts";
import { hrefOf, navigate, settingsRoute } from "../../app/router.ts";
import { formatDay } from "../../i18n/format.ts";
import { useLocale, useT } from "../../i18n/i18n.ts";
import { failureOf } from "../../mail/failures.ts";
import { isAnswering, saveVacation, vacationQuery } from "../../mail/vacation.ts";
import { Button } from "../../ui/Button.tsx";
import { showToast } from "../../ui/toasts.ts";

/* Of one mailbox, or of each where all are looked at as one. */
export function VacationBanner({ accountId }: { readonly accountId: string }) {
  const { accounts } = useDesk();
  const shown = accounts.some((one) => one.id === accountId) ? [accountId] : accounts.map((one) => one.id);
  return shown.map((id) => <AccountVacation key={id} accountId={id} />);
}

/* While a mailbox answers by itself, whoever looks at it is told. */
function AccountVacation({ accountId }: { readonly accountId: string }) {
  const t = useT();
  const locale = useLocale();
  const client = useQueryClient();
  const account = useDesk().accounts.find((one) => one.id === accountId);
  const vacation = useQuery(vacationQuery(accountId)).data;
  if (!account || !vacation || !isAnswering(vacation)) return null;
  const turnOff = (): void => {
    saveVacation(client, accountId, { isEnabled: false }).then(
      () => showToast({ text: "letter.vacationOff", undo: () => void saveVacation(client, accountId, { isEnabled: true }) }),
      (error: unknown) => showToast({ ...failureOf(error), tone: "problem" }),
    );
  };
  return (
    <div className="vacation-banner" role="status">
      <span>{vacation.toDate ? t("letter.vacationUntil", { address: account.address, date: formatDay(vacation.toDate, locale) }) : t("letter.vacationOn", { address: account.address })}</span>
      <a href={hrefOf(settingsRoute("vacation"))} onClick={(event) => { event.preventDefault(); navigate(settingsRoute("vacation")); }}>{t("letter.vacationChange")}</a>
      {!account.readOnly && <Button kind="plain" onClick={turnOff}>{t("letter.vacationTurnOff")}</Button>}
    </div>
  );
}
