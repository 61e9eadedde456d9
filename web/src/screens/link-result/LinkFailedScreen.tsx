import { useMemo } from "react";
import type { LinkFailedRoute } from "../../app/router.ts";
import { attemptOf } from "../../mail/link-attempt.ts";
import { AccountPage } from "../accounts/AccountPage.tsx";
import { AccountsPage } from "../accounts/AccountsPage.tsx";
import { LinkFailure } from "../link/LinkFailure.tsx";

/* Back where the person set out from: a new link in the wizard, a mailbox linked again in its health. */
export function LinkFailedScreen({ route }: { readonly route: LinkFailedRoute }) {
  const attempt = useMemo(() => attemptOf(route), [route]);
  const failure = <LinkFailure failed={route} attempt={attempt} />;
  const accountId = route.accountId ?? attempt?.accountId;
  if (accountId !== undefined) return <AccountPage key={accountId} accountId={accountId} linkFailure={failure} />;
  return <AccountsPage linking address={route.expected ?? attempt?.address ?? ""} failure={failure} />;
}
