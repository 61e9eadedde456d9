import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useCallback, useEffect, useMemo, useState } from "react";
import { useDesk } from "../../app/context.ts";
import { navigate, type MailRoute, type Route } from "../../app/router.ts";
import { useLocale, useT } from "../../i18n/i18n.ts";
import { byRole, isOutgoing } from "../../mail/mailboxes.ts";
import { mailboxesQuery, type ListView } from "../../mail/queries.ts";
import { Spinner } from "../../ui/Notice.tsx";
import { useComposer } from "../compose/composer-store.ts";
import { ConversationList } from "../list/ConversationList.tsx";
import { Reader } from "../reader/Reader.tsx";
import { AccountBanner } from "./AccountBanner.tsx";
import { KeySheet } from "./KeySheet.tsx";
import { MoveDialog } from "./MoveDialog.tsx";
import { NoAccounts } from "./NoAccounts.tsx";
import { Sidebar } from "./Sidebar.tsx";
import { useListState } from "../list/list-state.ts";
import { useMailKeys } from "./mail-keys.ts";

const Composer = lazy(() => import("../compose/Composer.tsx").then((module) => ({ default: module.Composer })));

type Sheet = "none" | "keys" | "move";

/* Fills in what the address leaves open: the first account, its inbox. */
function useResolvedRoute(route: Route): MailRoute | null {
  const desk = useDesk();
  const asked = route.screen === "mail" ? route : null;
  const wanted = route.screen === "mail" || route.screen === "account" ? route.accountId : null;
  const account = desk.accounts.find((one) => one.id === wanted) ?? desk.accounts[0];
  const mailboxes = useQuery({ ...mailboxesQuery(account?.id ?? ""), enabled: account !== undefined });
  const inbox = mailboxes.data ? (byRole(mailboxes.data, "inbox") ?? mailboxes.data[0]) : undefined;
  const complete = asked !== null && asked.accountId === account?.id;
  useEffect(() => {
    if (complete || !account || !inbox) return;
    navigate({ screen: "mail", accountId: account.id, mailboxId: inbox.id, threadId: null, text: "", only: "all" }, true);
  }, [complete, account, inbox]);
  return complete ? asked : null;
}

function MailPanes({ route }: { readonly route: MailRoute }) {
  const t = useT();
  const locale = useLocale();
  const [sheet, setSheet] = useState<Sheet>("none");
  const [drawer, setDrawer] = useState(false);
  const { accountId, mailboxId, text, only, threadId } = route;
  const mailboxes = useQuery(mailboxesQuery(accountId)).data ?? [];
  const mailbox = mailboxes.find((one) => one.id === mailboxId);
  const view = useMemo<ListView>(() => ({ accountId, mailboxId, text, only }), [accountId, mailboxId, text, only]);
  const list = useListState(view, route);
  const composing = useComposer() !== null;
  const close = useCallback(() => setSheet("none"), []);
  useMailKeys({ route, list, mailboxes, openSheet: setSheet, enabled: sheet === "none" });
  useEffect(() => {
    const unread = mailbox && !isOutgoing(mailbox) ? mailbox.unreadEmails : 0;
    document.title = unread > 0 ? t("app.titleUnread", { count: unread }) : "Postroom";
  }, [mailbox, t, locale]);
  return (
    <div className="mail" data-pane={threadId ? "reader" : "list"} data-drawer={drawer}>
      <a className="skip" href="#list">{t("app.skip")}</a>
      <Sidebar route={route} onNavigate={() => setDrawer(false)} onKeys={() => setSheet("keys")} />
      {drawer && <button type="button" className="scrim" aria-label={t("sidebar.close")} onClick={() => setDrawer(false)} />}
      <div className="mail-main">
        <AccountBanner accountId={accountId} />
        <div className="mail-panes">
          <ConversationList list={list} route={route} mailbox={mailbox} onDrawer={() => setDrawer(true)} onMove={() => setSheet("move")} />
          <Reader list={list} route={route} mailbox={mailbox} onMove={() => setSheet("move")} />
        </div>
      </div>
      {composing && <Suspense fallback={<div className="composer composer-loading"><Spinner label={t("common.loading")} /></div>}><Composer /></Suspense>}
      {sheet === "keys" && <KeySheet onClose={close} />}
      {sheet === "move" && <MoveDialog list={list} mailboxes={mailboxes} current={mailboxId} onClose={close} />}
    </div>
  );
}

export function MailScreen({ route }: { readonly route: Route }) {
  const t = useT();
  const desk = useDesk();
  const resolved = useResolvedRoute(route);
  if (desk.accounts.length === 0) return <NoAccounts />;
  if (!resolved) return <Spinner label={t("common.loading")} />;
  return <MailPanes route={resolved} key={resolved.accountId} />;
}
