import { i18n } from "@lingui/core";
import { I18nProvider } from "@lingui/react";
import { QueryClient, QueryClientProvider, useQuery, useQueryClient } from "@tanstack/react-query";
import { Suspense, useCallback, useEffect, useMemo, useState } from "react";
import { useT } from "../i18n/i18n.ts";
import { currentUser, signOut, type User } from "../jmap/auth.ts";
import { HttpProblem, whenSignedOut } from "../jmap/http.ts";
import { startPush } from "../jmap/push.ts";
import { liveListener } from "../mail/live.ts";
import { forgetStates, sessionQuery } from "../mail/queries.ts";
import { startWaiting } from "../mail/waiting.ts";
import { Signals } from "../screens/desk/Signals.tsx";
import { MailScreen } from "../screens/mail/MailScreen.tsx";
import { SignInPage } from "../screens/sign-in/SignInPage.tsx";
import { lazyAhead } from "../ui/ahead.ts";
import { Spinner } from "../ui/Notice.tsx";
import { QuestionDialog } from "../ui/QuestionDialog.tsx";
import { ToastRegion } from "../ui/ToastRegion.tsx";
import { DeskProvider, mailAccountsOf, maxUploadOf, publicUrlOf, userAccountOf, type Desk } from "./context.ts";
import { Failed, NotFound } from "./Failed.tsx";
import { lazyPage } from "./lazy-page.ts";
import { navigate, useRoute } from "./router.ts";

const AccountsPage = lazyPage(() => import("../screens/accounts/AccountsPage.tsx").then((module) => module.AccountsPage));
const AccountPage = lazyPage(() => import("../screens/accounts/AccountPage.tsx").then((module) => module.AccountPage));
const SettingsPage = lazyPage(() => import("../screens/settings/SettingsPage.tsx").then((module) => module.SettingsPage));
const LinkDonePage = lazyPage(() => import("../screens/link-result/LinkDonePage.tsx").then((module) => module.LinkDonePage));
const LinkFailedScreen = lazyPage(() => import("../screens/link-result/LinkFailedScreen.tsx").then((module) => module.LinkFailedScreen));
const TodosScreen = lazyAhead(() => import("../screens/organise/TodosScreen.tsx").then((module) => module.TodosScreen));

const InvitePage = lazyPage(() => import("../screens/invite/InvitePage.tsx").then((module) => module.InvitePage));

type Who = { readonly kind: "unknown" } | { readonly kind: "nobody" } | { readonly kind: "user"; readonly user: User } | { readonly kind: "failed"; readonly error: unknown };

function useWho(client: QueryClient) {
  const [who, setWho] = useState<Who>({ kind: "unknown" });
  const ask = useCallback(() => {
    setWho({ kind: "unknown" });
    currentUser().then(
      (user) => setWho({ kind: "user", user }),
      (error: unknown) => setWho(error instanceof HttpProblem && error.status === 401 ? { kind: "nobody" } : { kind: "failed", error }),
    );
  }, []);
  const leave = useCallback(() => {
    client.clear();
    forgetStates();
    setWho({ kind: "nobody" });
  }, [client]);
  useEffect(ask, [ask]);
  useEffect(() => whenSignedOut(leave), [leave]);
  return { who, ask, leave, enter: (user: User) => setWho({ kind: "user", user }) };
}

function Screens() {
  const route = useRoute();
  switch (route.screen) {
    case "home":
    case "account":
    case "mail": return <MailScreen route={route} />;
    case "todos": return <TodosScreen route={route} />;
    case "accounts": return <AccountsPage linking={route.linking} address={route.address} />;
    case "account-health": return <AccountPage key={route.accountId} accountId={route.accountId} />;
    case "settings": return <SettingsPage section={route.section} />;
    case "link-done": return <LinkDonePage accountId={route.accountId} />;
    case "link-failed": return <LinkFailedScreen route={route} />;
    default: return <NotFound />;
  }
}

function SignedIn({ user, onSignedOut }: { readonly user: User; readonly onSignedOut: () => void }) {
  const t = useT();
  const client = useQueryClient();
  const session = useQuery(sessionQuery());
  const [online, setOnline] = useState(true);
  useEffect(() => startWaiting(client, user.id), [client, user.id]);
  useEffect(() => startPush(user.id, liveListener(client, setOnline)), [client, user.id]);
  const leave = useCallback(() => {
    signOut().finally(onSignedOut).catch(() => undefined);
    navigate({ screen: "home" }, true);
  }, [onSignedOut]);
  const data = session.data;
  const desk = useMemo<Desk | null>(
    () => data ? { user, userAccount: userAccountOf(data), accounts: mailAccountsOf(data), maxUpload: maxUploadOf(data), publicUrl: publicUrlOf(data), online, signOut: leave } : null,
    [data, user, online, leave],
  );
  if (session.isError && !desk) return <Failed error={session.error} onRetry={() => void session.refetch()} />;
  if (!desk) return <Spinner label={t("common.loading")} />;
  return (
    <DeskProvider value={desk}>
      <Signals />
      <Suspense fallback={<Spinner label={t("common.loading")} />}><Screens /></Suspense>
    </DeskProvider>
  );
}

function Door() {
  const t = useT();
  const client = useQueryClient();
  const { who, ask, leave, enter } = useWho(client);
  const route = useRoute();
  if (route.screen === "invite")
    return <Suspense fallback={<Spinner label={t("common.loading")} />}><InvitePage token={route.token} onSignedIn={(user) => { client.clear(); enter(user); }} /></Suspense>;
  if (who.kind === "unknown") return <Spinner label={t("common.loading")} />;
  if (who.kind === "failed") return <Failed error={who.error} onRetry={ask} />;
  if (who.kind === "nobody") return <SignInPage onSignedIn={enter} />;
  return <SignedIn user={who.user} onSignedOut={leave} />;
}

export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: { queries: { retry: 1, refetchOnWindowFocus: false, refetchOnReconnect: true, networkMode: "always" } },
  });
}

export function App({ client }: { readonly client: QueryClient }) {
  return (
    <I18nProvider i18n={i18n}>
      <QueryClientProvider client={client}>
        <Door />
        <QuestionDialog />
        <ToastRegion />
      </QueryClientProvider>
    </I18nProvider>
  );
}

