import { ExternalLink } from "lucide-react";
import type { ReactNode } from "react";
import { LINKING } from "../../app/router.ts";
import { useT, type MessageId } from "../../i18n/i18n.ts";
import type { Cloud } from "../../jmap/types.ts";
import { CopyButton } from "../../ui/CopyButton.tsx";
import { Link } from "../../ui/Link.tsx";
import { adminConsentUrl, type AccountTypes, type MicrosoftValues } from "./microsoft-values.ts";

/* As they are named in the portal, under Microsoft Graph, Delegated permissions. */
const PERMISSIONS = ["openid", "profile", "email", "offline_access", "User.Read", "IMAP.AccessAsUser.All", "SMTP.Send"] as const;

/* Where the portals of each cloud are. */
const PORTALS: Readonly<Record<Cloud, { readonly entra: string; readonly admin: string }>> = {
  global: { entra: "https://entra.microsoft.com", admin: "https://admin.microsoft.com" },
  usgov: { entra: "https://entra.microsoft.us", admin: "https://portal.office365.us" },
  dod: { entra: "https://entra.microsoft.us", admin: "https://portal.apps.mil" },
  china: { entra: "https://entra.microsoftonline.cn", admin: "https://portal.partner.microsoftonline.cn" },
  custom: { entra: "https://entra.microsoft.com", admin: "https://admin.microsoft.com" },
};

const CHOICES: Readonly<Record<AccountTypes, MessageId>> = {
  tenant: "guide.choiceTenant", organizations: "guide.choiceOrganizations", common: "guide.choiceCommon", consumers: "guide.choiceConsumers",
};

const IMAP_ON = "Set-CASMailbox -Identity person@example.com -ImapEnabled $true";
const SMTP_ON = "Set-CASMailbox -Identity person@example.com -SmtpClientAuthenticationDisabled $false";

/* A command breaks between its words only, never behind the hyphen of one. */
function Command({ text }: { readonly text: string }) {
  return (
    <div className="copy-line copy-command">
      <code dir="ltr">{text.split(" ").flatMap((word, at) => [at > 0 ? " " : "", <span key={at}>{word}</span>])}</code>
      <CopyButton text={text} />
    </div>
  );
}

function Value({ text }: { readonly text: string }) {
  return <div className="copy-line"><code dir="ltr">{text}</code><CopyButton text={text} /></div>;
}

function Outside({ href, children }: { readonly href: string; readonly children: ReactNode }) {
  return <a href={href} target="_blank" rel="noopener noreferrer"><ExternalLink size={14} aria-hidden /> {children}</a>;
}

interface Props {
  readonly values: MicrosoftValues;
  readonly redirectUri: string;
}

function Registration({ values, redirectUri }: Props) {
  const t = useT();
  const consent = adminConsentUrl(values, redirectUri);
  const { entra } = PORTALS[values.cloud];
  return (
    <ol>
      <li><p>{t("guide.register")}</p><p className="consent"><Outside href={entra}>{t("guide.openEntra")}</Outside></p><p>{t("guide.name")}</p><Value text="Postroom" /></li>
      <li><p>{t("guide.types", { choice: t(CHOICES[values.accountTypes]) })}</p></li>
      <li><p>{t("guide.redirect")}</p><Value text={redirectUri} /><p>{t("guide.redirectNot")}</p></li>
      <li><p>{t("guide.ids")}</p></li>
      <li><p>{t("guide.secret")}</p><p>{t("guide.secretValue")}</p></li>
      <li><p>{t("guide.permissions")}</p><ul className="permission-list">{PERMISSIONS.map((name) => <li key={name}><code dir="ltr">{name}</code></li>)}</ul><p>{t("guide.permissionsWhy")}</p></li>
      <li><p>{t("guide.consent")}</p>
        <div className="consent">
          {consent ? <><Outside href={consent}>{t("guide.consentLink")}</Outside><CopyButton text={consent} /></> : <span className="muted">{t("guide.consentNeedsId")}</span>}
        </div>
        <p>{t("guide.assignment")}</p>
      </li>
    </ol>
  );
}

/* How the registration is made, step by step through Microsoft's portals, with what goes there filled in. */
export function Guide({ values, redirectUri }: Props) {
  const t = useT();
  const { admin } = PORTALS[values.cloud];
  return (
    <aside className="checklist guide" aria-label={t("guide.title")}>
      <section className="card"><h2>{t("guide.title")}</h2><p className="muted">{t("guide.lead")}</p><Registration values={values} redirectUri={redirectUri} /></section>
      <section className="card">
        <h2>{t("guide.mailboxes")}</h2>
        <p className="guide-links"><Outside href={admin}>{t("guide.openAdmin")}</Outside></p>
        <ol>
          <li><p>{t("guide.imap")}</p><Command text={IMAP_ON} /></li>
          <li><p>{t("guide.smtp")}</p><Command text={SMTP_ON} /></li>
          <li><p>{t("guide.personal")}</p></li>
          <li><p>{t("guide.finish")} <Link to={LINKING}>{t("guide.link")}</Link></p></li>
        </ol>
      </section>
    </aside>
  );
}
