import { pageUrl } from "../jmap/http.ts";
import type { Id, LinkedAccount } from "../jmap/types.ts";
import { rememberAttempt } from "./link-attempt.ts";

export interface LinkStart {
  readonly provider: Id;
  readonly address: string;
  /* YYYY-MM-DD; none where the mailbox keeps the one it has. */
  readonly since?: string;
  /* Nothing is fetched before the person agreed to the start date. */
  readonly hold?: boolean;
  /* Given to link the same mailbox again in place. */
  readonly accountId?: Id;
}

export function startAddress(start: LinkStart): string {
  const query = new URLSearchParams({ login_hint: start.address });
  if (start.since !== undefined) query.set("since", start.since);
  if (start.hold) query.set("hold", "1");
  if (start.accountId !== undefined) query.set("account", start.accountId);
  return pageUrl(`oauth/${encodeURIComponent(start.provider)}/start?${query.toString()}`);
}

/* Leaves the page for the provider's own sign-in; the way back is link/done or link/failed. */
export function goToProvider(start: LinkStart): void {
  rememberAttempt(start);
  location.assign(startAddress(start));
}

export function canRelink(account: LinkedAccount): boolean {
  return account.provider !== null;
}

export function relink(account: LinkedAccount): void {
  if (account.provider === null) return;
  goToProvider({ provider: account.provider, address: account.address, accountId: account.id });
}
