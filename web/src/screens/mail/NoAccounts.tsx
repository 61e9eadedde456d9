import { useQuery } from "@tanstack/react-query";
import { Mailbox } from "lucide-react";
import { useDesk } from "../../app/context.ts";
import { LINKING, settingsRoute } from "../../app/router.ts";
import { useT } from "../../i18n/i18n.ts";
import { providersQuery } from "../../mail/queries.ts";
import { Button } from "../../ui/Button.tsx";
import { Brand } from "../../ui/Brand.tsx";
import { Link } from "../../ui/Link.tsx";
import { Empty } from "../../ui/Notice.tsx";
import { LanguageMenu, ThemeMenu } from "../../ui/Preferences.tsx";

/* The first visit: nothing is linked yet. */
export function NoAccounts() {
  const t = useT();
  const desk = useDesk();
  const providers = useQuery(providersQuery(desk.userAccount)).data;
  const settingsFirst = desk.user.admin && providers !== undefined && !providers.some((provider) => provider.ready);
  return (
    <div className="page">
      <header className="page-head">
        <Brand />
        <span className="page-head-tools">
          <LanguageMenu placement="below-end" /><ThemeMenu placement="below-end" />
          <Button onClick={desk.signOut}>{t("menu.signOut")}</Button>
        </span>
      </header>
      <main className="full-page">
        <Empty icon={Mailbox} title={t("welcome.title")} action={
          <span className="button-row">
            {desk.user.admin && <Link className={`button button-${settingsFirst ? "primary" : "quiet"}`} to={settingsRoute("microsoft")}>{t("menu.microsoft")}</Link>}
            <Link className={`button button-${settingsFirst ? "quiet" : "primary"}`} to={LINKING}>{t("welcome.link")}</Link>
          </span>
        }>
          {t(settingsFirst ? "welcome.adminText" : "welcome.text")}
        </Empty>
      </main>
    </div>
  );
}
