import { TriangleAlert } from "lucide-react";
import { useDesk } from "../../app/context.ts";
import { ACCOUNTS, type Route, settingsRoute } from "../../app/router.ts";
import { useT } from "../../i18n/i18n.ts";
import { problemText, remedyOf } from "../../mail/problems.ts";
import { Brand } from "../../ui/Brand.tsx";
import { Link } from "../../ui/Link.tsx";

type FailedRoute = Extract<Route, { screen: "link-failed" }>;

function Details({ route }: { readonly route: FailedRoute }) {
  const t = useT();
  const rows: readonly (readonly [string, string | null])[] = [
    [t("linkFailed.code"), route.code || null],
    ["AADSTS", route.aadsts],
    [t("linkFailed.correlation"), route.correlation],
  ];
  return (
    <details className="result-details">
      <summary>{t("common.details")}</summary>
      <dl dir="auto">
        {rows.map(([name, value]) => value && <div key={name}><dt>{name}</dt><dd><code dir="ltr">{value}</code></dd></div>)}
      </dl>
    </details>
  );
}

function Remedy({ route }: { readonly route: FailedRoute }) {
  const t = useT();
  const desk = useDesk();
  const remedy = remedyOf(route.code);
  if (remedy === "settings" && desk.user.admin)
    return <Link className="button button-primary" to={settingsRoute("microsoft")}>{t("account.openSettings")}</Link>;
  if (remedy === "sign-in") return <Link className="button button-primary" to={{ screen: "home" }}>{t("signIn.submit")}</Link>;
  if (remedy === "settings" || remedy === "none")
    return <Link className="button button-primary" to={ACCOUNTS}>{t("linkFailed.toAccounts")}</Link>;
  return <Link className="button button-primary" to={{ screen: "accounts", linking: true, address: route.expected ?? "" }}>{t("linkFailed.again")}</Link>;
}

/* The way back from the provider when it did not work: the cause in plain words and the next step. */
export function LinkFailedPage({ route }: { readonly route: FailedRoute }) {
  const t = useT();
  const text = problemText({ code: route.code }, t);
  return (
    <div className="page">
      <header className="page-head"><Brand /></header>
      <main className="full-page">
        <div className="result result-bad">
          <TriangleAlert size={36} strokeWidth={1.25} aria-hidden />
          <h1>{text.title}</h1>
          <p>{text.action}</p>
          {(route.expected || route.got) && (
            <dl className="result-compare">
              {route.expected && <div><dt>{t("linkFailed.expected")}</dt><dd><bdi>{route.expected}</bdi></dd></div>}
              {route.got && <div><dt>{t("linkFailed.got")}</dt><dd><bdi>{route.got}</bdi></dd></div>}
            </dl>
          )}
          <p className="muted">{t("linkFailed.nothingLost")}</p>
          <div className="button-row">
            <Remedy route={route} />
            <Link className="button button-quiet" to={{ screen: "home" }}>{t("common.toMail")}</Link>
          </div>
          <Details route={route} />
        </div>
      </main>
    </div>
  );
}
