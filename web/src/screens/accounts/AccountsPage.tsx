import { useQuery } from "@tanstack/react-query";
import { AtSign, Plus } from "lucide-react";
import { lazy, Suspense, type ReactNode } from "react";
import { useDesk } from "../../app/context.ts";
import { LINKING, navigate } from "../../app/router.ts";
import { useT } from "../../i18n/i18n.ts";
import { failureOf } from "../../mail/failures.ts";
import { linkedQuery } from "../../mail/queries.ts";
import { Button } from "../../ui/Button.tsx";
import { Empty, Notice, Spinner } from "../../ui/Notice.tsx";
import { SettingsFrame } from "../settings/SettingsFrame.tsx";
import { AccountCard } from "./AccountCard.tsx";

const LinkWizard = lazy(() => import("../link/LinkWizard.tsx").then((module) => ({ default: module.LinkWizard })));

function Accounts() {
  const t = useT();
  const desk = useDesk();
  const linked = useQuery(linkedQuery(desk.userAccount));
  if (linked.isError && !linked.data) {
    const failure = failureOf(linked.error);
    return <Notice tone="problem" detail={failure.detail} action={<Button onClick={() => void linked.refetch()}>{t("common.retry")}</Button>}>{t(failure.text, failure.values)}</Notice>;
  }
  if (!linked.data) return <Spinner label={t("common.loading")} />;
  if (linked.data.length === 0)
    return <Empty icon={AtSign} title={t("account.none")} action={<Button kind="primary" onClick={() => navigate(LINKING)}>{t("account.add")}</Button>}>{t("account.noneHint")}</Empty>;
  return <div className="cards">{linked.data.map((account) => <AccountCard key={account.id} account={account} />)}</div>;
}

export function AccountsPage({ linking, address, failure }: { readonly linking: boolean; readonly address: string; readonly failure?: ReactNode }) {
  const t = useT();
  const desk = useDesk();
  const some = (useQuery(linkedQuery(desk.userAccount)).data?.length ?? 0) > 0;
  if (linking) return <SettingsFrame current="accounts"><Suspense fallback={<Spinner label={t("common.loading")} />}><LinkWizard address={address} failure={failure} /></Suspense></SettingsFrame>;
  return (
    <SettingsFrame current="accounts">
      <div className="page-title">
        <div><h1>{t("account.title")}</h1><p>{t("account.lead")}</p></div>
        {some && <Button kind="primary" icon={Plus} onClick={() => navigate(LINKING)}>{t("account.add")}</Button>}
      </div>
      <Accounts />
    </SettingsFrame>
  );
}
