import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Suspense, useCallback, useEffect, useMemo, useState, type MouseEvent } from "react";
import { useDesk } from "../../app/context.ts";
import { mailboxRoute, navigate, type MailRoute, type Route } from "../../app/router.ts";
import { useT } from "../../i18n/i18n.ts";
import { leadOf, type Conversation } from "../../mail/conversations.ts";
import { byRole } from "../../mail/mailboxes.ts";
import { usePreferences } from "../../mail/preferences.ts";
import { mailboxesQuery, threadQuery, type ListView } from "../../mail/queries.ts";
import { cachedMailboxMap, isUnified } from "../../mail/unified.ts";
import { lazyAhead } from "../../ui/ahead.ts";
import { Spinner } from "../../ui/Notice.tsx";
import { Splitter } from "../../ui/Splitter.tsx";
import { useLetters } from "../compose/composer-store.ts";
import { FIRST_SIZES, LEAST, MOST, useMedia, usePaneSizes } from "../desk/panes.ts";
import { Strip } from "../desk/Strip.tsx";
import { ConversationList } from "../list/ConversationList.tsx";
import { useListState } from "../list/list-state.ts";
import { Reader } from "../reader/Reader.tsx";
import { OrganiseSheets } from "../organise/OrganiseSheets.tsx";
import { AccountBanners } from "./AccountBanner.tsx";
import { KeySheet } from "./KeySheet.tsx";
import { useLoadAhead } from "./load-ahead.ts";
import { MoveDialog } from "./MoveDialog.tsx";
import { NoAccounts } from "./NoAccounts.tsx";
import { Sidebar } from "./Sidebar.tsx";
import { useComposeLink } from "../writing/compose-link.ts";
import { VacationBanner } from "../writing/VacationBanner.tsx";
import { useMailKeys } from "./mail-keys.ts";

const Composer = lazyAhead(() => import("../compose/Composer.tsx").then((module) => module.Composer));
const Palette = lazyAhead(() => import("../desk/Palette.tsx").then((module) => module.Palette));

export type Sheet = { readonly kind: "none" | "keys" | "palette" } | { readonly kind: "move" | "copy"; readonly rows: readonly Conversation[] | null };

const NO_SHEET: Sheet = { kind: "none" };

/* Fills in what the address leaves open: the first account, its inbox. */
function useResolvedRoute(route: Route): MailRoute | null {
  const desk = useDesk();
  const asked = route.screen === "mail" ? route : null;
  const wanted = route.screen === "mail" || route.screen === "account" ? route.accountId : null;
  const accountId = wanted === desk.userAccount && desk.accounts.length > 0 ? desk.userAccount
    : (desk.accounts.find((one) => one.id === wanted) ?? desk.accounts[0])?.id;
  const mailboxes = useQuery({ ...mailboxesQuery(accountId ?? ""), enabled: accountId !== undefined });
  const inbox = mailboxes.data ? (byRole(mailboxes.data, "inbox") ?? mailboxes.data[0]) : undefined;
  const complete = asked !== null && asked.accountId === accountId;
  useEffect(() => {
    if (!complete && accountId !== undefined && inbox) navigate(mailboxRoute(accountId, inbox.id), true);
  }, [complete, accountId, inbox]);
  return complete ? asked : null;
}

/* The account whose mail is open: rows of the unified account are read, answered and changed in their own. */
function useReaderRoute(route: MailRoute, row: Conversation | undefined): MailRoute | null {
  const client = useQueryClient();
  const unified = isUnified(route.accountId);
  const asking = unified && route.threadId !== null && !row;
  const thread = useQuery({ ...threadQuery(route.accountId, route.threadId ?? ""), enabled: asking }).data;
  const email = row ? leadOf(row) : thread?.emails[0];
  const own = !unified ? route.accountId : email ? cachedMailboxMap(client).accountOf(email) : null;
  const found = own ?? (route.threadId === null ? route.accountId : null);
  return useMemo(() => (found === null ? null : { ...route, accountId: found }), [route, found]);
}

/* What has been opened from a list that shows it beside itself, or in its place. */
function useLayout() {
  const { readingPane } = usePreferences();
  const roomy = useMedia("(min-width: 720px)");
  return { readingPane, beside: roomy && readingPane !== "off", wide: useMedia("(min-width: 1100px)") };
}

/* By hand: because of <base>, the address alone would lead to the front page. */
function skipToList(event: MouseEvent): void {
  event.preventDefault();
  document.getElementById("list")?.focus();
}

function MailPanes({ route }: { readonly route: MailRoute }) {
  const t = useT();
  const [sheet, setSheet] = useState<Sheet>(NO_SHEET);
  const [drawer, setDrawer] = useState(false);
  const [sizes, setSizes] = usePaneSizes();
  const { conversations } = usePreferences();
  const { readingPane, beside, wide } = useLayout();
  const { accountId, mailboxId, text, only, threadId, sort = "date" } = route;
  const mailboxes = useQuery(mailboxesQuery(accountId)).data ?? [];
  const mailbox = mailboxes.find((one) => one.id === mailboxId);
  const view = useMemo<ListView>(() => ({ accountId, mailboxId, text, only, conversations, sort }), [accountId, mailboxId, text, only, conversations, sort]);
  const list = useListState(view, route, beside);
  const readerRoute = useReaderRoute(route, list.opened === null ? undefined : list.rowAt(list.indexOf(list.opened)));
  const composing = useLetters().length > 0;
  useComposeLink(accountId);
  useLoadAhead();
  const close = useCallback(() => setSheet(NO_SHEET), []);
  const ask = (kind: "move" | "copy") => (rows?: readonly Conversation[]): void => setSheet({ kind, rows: rows ?? null });
  useMailKeys({ route, list, mailboxes, openSheet: setSheet, enabled: sheet.kind === "none" });
  const below = readingPane === "below";
  const size = { "--sidebar-size": `${sizes.sidebar}px`, "--list-size": `${sizes.list}px`, "--list-below-size": `${sizes.listBelow}px` } as Record<string, string>;
  return (
    <div className="mail" data-pane={threadId ? "reader" : "list"} data-drawer={drawer} data-reading={readingPane} style={size}>
      <a className="skip" href="#list" onClick={skipToList}>{t("app.skip")}</a>
      <Sidebar route={route} onNavigate={() => setDrawer(false)} onKeys={() => setSheet({ kind: "keys" })} />
      {drawer && <button type="button" className="scrim" aria-label={t("sidebar.close")} onClick={() => setDrawer(false)} />}
      <div className="mail-main">
        {wide && <Splitter label={t("panes.sidebar")} axis="inline" value={sizes.sidebar} initial={FIRST_SIZES.sidebar} least={LEAST.sidebar} most={MOST.sidebar} onChange={(sidebar) => setSizes({ sidebar })} />}
        <Strip />
        <AccountBanners accountId={accountId} />
        {!isUnified(accountId) && <VacationBanner accountId={accountId} />}
        <div className="mail-panes">
          <ConversationList list={list} route={route} mailbox={mailbox} onDrawer={() => setDrawer(true)} onMove={ask("move")} onCopy={ask("copy")} />
          {beside && (below
            ? <Splitter label={t("panes.list")} axis="block" value={sizes.listBelow} initial={FIRST_SIZES.listBelow} least={LEAST.listBelow} most={MOST.listBelow} onChange={(listBelow) => setSizes({ listBelow })} />
            : <Splitter label={t("panes.list")} axis="inline" value={sizes.list} initial={FIRST_SIZES.list} least={LEAST.list} most={MOST.list} onChange={(next) => setSizes({ list: next })} />)}
          {readerRoute ? <Reader list={list} route={readerRoute} mailbox={mailbox} onMove={() => ask("move")()} />
            : <section className="reader-pane" aria-label={t("reader.region")}><Spinner label={t("common.loading")} /></section>}
        </div>
      </div>
      {composing && <Suspense fallback={<div className="composer composer-loading"><Spinner label={t("common.loading")} /></div>}><Composer /></Suspense>}
      <OrganiseSheets route={route} />
      {sheet.kind === "keys" && <KeySheet onClose={close} />}
      {(sheet.kind === "move" || sheet.kind === "copy") && <MoveDialog list={list} route={route} mailbox={mailbox} rows={sheet.rows} copy={sheet.kind === "copy"} onClose={close} />}
      {sheet.kind === "palette" && <Suspense><Palette list={list} route={route} mailbox={mailbox} onSheet={setSheet} onClose={close} /></Suspense>}
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
