import { useQuery } from "@tanstack/react-query";
import { CircleCheck } from "lucide-react";
import { useDesk } from "../../app/context.ts";
import { useT } from "../../i18n/i18n.ts";
import { linkedQuery } from "../../mail/queries.ts";
import { Brand } from "../../ui/Brand.tsx";
import { Link } from "../../ui/Link.tsx";
import { Empty } from "../../ui/Notice.tsx";
import { ProgressLine } from "../mail/ProgressLine.tsx";

/* The way back from the provider: it worked, and this is how far the first sync is. */
export function LinkDonePage({ accountId }: { readonly accountId: string }) {
  const t = useT();
  const desk = useDesk();
  const account = useQuery(linkedQuery(desk.userAccount)).data?.find((one) => one.id === accountId);
  return (
    <div className="page">
      <header className="page-head"><Brand /></header>
      <main className="full-page">
        <div className="result result-good">
          <Empty icon={CircleCheck} title={account ? t("linkDone.title", { address: account.address }) : t("linkDone.titlePlain")}
            action={<Link className="button button-primary" to={{ screen: "account", accountId }}>{t("linkDone.open")}</Link>}>
            {t("linkDone.text")}
          </Empty>
          {account?.progress && <ProgressLine progress={account.progress} state={account.state} wide />}
        </div>
      </main>
    </div>
  );
}
