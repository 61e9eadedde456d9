import { Images, X } from "lucide-react";
import { useT } from "../../i18n/i18n.ts";
import { useTrustedSenders } from "../../mail/trusted.ts";
import { IconButton } from "../../ui/Button.tsx";
import { Empty, Spinner } from "../../ui/Notice.tsx";

/* Whose remote images are shown without asking, and an end to it. */
export function PrivacySection() {
  const t = useT();
  const trusted = useTrustedSenders();
  return (
    <>
      <div className="page-title"><div><h1>{t("reader.privacy")}</h1><p>{t("reader.privacyLead")}</p></div></div>
      <section className="card" aria-labelledby="trusted-title">
        <h2 id="trusted-title">{t("reader.trusted")}</h2>
        {!trusted.list && <Spinner label={t("common.loading")} />}
        {trusted.list?.length === 0 && <Empty icon={Images} title={t("reader.trustedNone")}>{t("reader.trustedHint")}</Empty>}
        <ul className="trusted-list">
          {[...(trusted.list ?? [])].sort((a, b) => a.address.localeCompare(b.address)).map(({ id, address }) => (
            <li key={id}><bdi>{address}</bdi><IconButton icon={X} label={t("reader.trustedRemove", { address })} onClick={() => void trusted.forget(id)} /></li>
          ))}
        </ul>
      </section>
    </>
  );
}
