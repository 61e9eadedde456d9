import { useQueries } from "@tanstack/react-query";
import { useDesk } from "../../app/context.ts";
import type { Id, Identity } from "../../jmap/types.ts";
import { isProven } from "../../mail/identities.ts";
import { identitiesQuery } from "../../mail/queries.ts";

/* Where a letter can be sent from: every identity of every account the person reaches whose address is proven. */
export interface Sender {
  readonly accountId: Id;
  readonly identity: Identity;
}

export function useSenders(): readonly Sender[] {
  const desk = useDesk();
  const accounts = desk.accounts.filter((account) => account.maySend);
  return useQueries({
    queries: accounts.map((account) => identitiesQuery(account.id)),
    combine: (results) => results.flatMap((result, index) =>
      (result.data ?? []).filter(isProven).map((identity) => ({ accountId: accounts[index]!.id, identity }))),
  });
}

/* Whoever was written to answers; else the account's first. */
export function chooseSender(senders: readonly Sender[], accountId: Id, identityId: Id | null, writtenTo: readonly string[]): Sender | null {
  const here = senders.filter((one) => one.accountId === accountId);
  const asked = identityId === null ? undefined : here.find((one) => one.identity.id === identityId);
  const addressed = here.find((one) => writtenTo.includes(one.identity.email.toLowerCase()));
  return asked ?? addressed ?? here[0] ?? null;
}
