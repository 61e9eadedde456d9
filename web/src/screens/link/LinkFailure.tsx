import { useEffect, useRef } from "react";
import { useQuery } from "@tanstack/react-query";
import { useDesk } from "../../app/context.ts";
import { type LinkFailedRoute, settingsRoute } from "../../app/router.ts";
import { useT } from "../../i18n/i18n.ts";
import { problemText, remedyOf } from "../../mail/problems.ts";
import { providersQuery } from "../../mail/queries.ts";
import { goToProvider, type LinkStart } from "../../mail/relink.ts";
import { Button } from "../../ui/Button.tsx";
import { CopyButton } from "../../ui/CopyButton.tsx";
import { Link } from "../../ui/Link.tsx";

interface Props {
  readonly failed: LinkFailedRoute;
  /* What to try again; null where that is not known any more. */
  readonly attempt: LinkStart | null;
}

function Details({ failed }: { readonly failed: LinkFailedRoute }) {
  const t = useT();
  const rows: readonly (readonly [string, string | null])[] = [
    [t("linkFailed.code"), failed.code || null],
    ["AADSTS", failed.aadsts],
    [t("linkFailed.correlation"), failed.correlation],
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

function Compare({ failed }: { readonly failed: LinkFailedRoute }) {
  const t = useT();
  if (!failed.expected && !failed.got) return null;
  return (
    <dl className="result-compare">
      {failed.expected && <div><dt>{t("linkFailed.expected")}</dt><dd><bdi>{failed.expected}</bdi></dd></div>}
      {failed.got && <div><dt>{t("linkFailed.got")}</dt><dd><bdi>{failed.got}</bdi></dd></div>}
    </dl>
  );
}

/* The link comes from the server's settings, never from the address of the page, which anybody can write. */
function ConsentLink({ attempt, otherwise }: { readonly attempt: LinkStart | null; readonly otherwise: string }) {
  const t = useT();
  const desk = useDesk();
  const { data } = useQuery(providersQuery(desk.userAccount));
  const of = data?.find((one) => one.id === attempt?.provider) ?? (attempt === null ? data?.find((one) => one.adminConsentUrl) : undefined);
  if (!of?.adminConsentUrl) return <p>{otherwise}</p>;
  return (
    <div className="link-consent">
      <p>{t("linkFailed.consentLink")}</p>
      <div className="copy-line"><code dir="ltr">{of.adminConsentUrl}</code><CopyButton text={of.adminConsentUrl} /></div>
    </div>
  );
}

/* Back from the provider without success: the cause in plain words, what to do, and the same once more. */
export function LinkFailure({ failed, attempt }: Props) {
  const t = useT();
  const desk = useDesk();
  const heading = useRef<HTMLHeadingElement>(null);
  const text = problemText({ code: failed.code }, t);
  const settings = remedyOf(failed.code) === "settings" && desk.user.admin;
  useEffect(() => heading.current?.focus(), []);
  return (
    <section className="card link-failure" aria-labelledby="link-failure">
      <h2 id="link-failure" ref={heading} tabIndex={-1}>{text.title}</h2>
      {failed.code === "admin-consent" ? <ConsentLink attempt={attempt} otherwise={text.action} /> : <p>{text.action}</p>}
      <Compare failed={failed} />
      <p className="muted">{t("linkFailed.nothingLost")}</p>
      <div className="button-row">
        {settings && <Link className="button button-primary" to={settingsRoute("microsoft")}>{t("account.openSettings")}</Link>}
        {attempt && <Button kind={settings ? "quiet" : "primary"} onClick={() => goToProvider(attempt)}>{t("linkFailed.again")}</Button>}
      </div>
      <Details failed={failed} />
    </section>
  );
}
