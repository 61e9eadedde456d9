import { ExternalLink } from "lucide-react";
import { LINKING } from "../../app/router.ts";
import { useT } from "../../i18n/i18n.ts";
import { CopyButton } from "../../ui/CopyButton.tsx";
import { Link } from "../../ui/Link.tsx";
import { adminConsentUrl, type MicrosoftValues } from "./microsoft-values.ts";

/* As they are named in the portal, under Microsoft Graph, Delegated permissions. */
const PERMISSIONS = ["openid", "profile", "email", "offline_access", "User.Read", "IMAP.AccessAsUser.All", "SMTP.Send"] as const;

interface Props {
  readonly values: MicrosoftValues;
  readonly redirectUri: string;
}

/* What to do in Microsoft's portal, beside the form that takes the results. */
export function Checklist({ values, redirectUri }: Props) {
  const t = useT();
  const consent = adminConsentUrl(values, redirectUri);
  return (
    <aside className="checklist">
      <section className="card">
        <h2>{t("ms.checklist")}</h2>
        <ol>
          <li>{t("ms.stepRegister")}</li>
          <li>{t("ms.stepRedirect")}</li>
          <li>{t("ms.stepIds")}</li>
          <li>{t("ms.stepSecret")}</li>
          <li>{t("ms.stepPermissions")}
            <ul className="permission-list">{PERMISSIONS.map((name) => <li key={name}><code dir="ltr">{name}</code></li>)}</ul>
          </li>
          <li>{t("ms.stepConsent")}
            <div className="consent">
              {consent ? (
                <>
                  <a href={consent} target="_blank" rel="noopener noreferrer"><ExternalLink size={14} aria-hidden /> {t("ms.consentLink")}</a>
                  <CopyButton text={consent} />
                </>
              ) : <span className="muted">{t("ms.consentNeedsId")}</span>}
            </div>
          </li>
        </ol>
      </section>
      <section className="card">
        <h2>{t("ms.mailboxChecklist")}</h2>
        <ol>
          <li>{t("ms.stepImap")}</li>
          <li>{t("ms.stepSmtp")}</li>
          <li>{t("ms.stepLink")} <Link to={LINKING}>{t("ms.testLink")}</Link></li>
        </ol>
      </section>
    </aside>
  );
}
