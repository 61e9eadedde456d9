import type { QueryClient } from "@tanstack/react-query";
import { assertAccepted, jmapOne } from "../jmap/client.ts";
import type { Address, Id, Identity, SetResponse } from "../jmap/types.ts";
import { keys } from "./queries.ts";

/* An address may be sent from once it is proven to be one of the mailbox. */
export function isProven(identity: Identity): boolean {
  return !identity["postroom:verification"];
}

export interface IdentityChange {
  readonly name?: string;
  readonly replyTo?: readonly Address[] | null;
  readonly bcc?: readonly Address[] | null;
  readonly "postroom:verification"?: { readonly code: string } | { readonly again: true };
}

async function set(client: QueryClient, accountId: Id, change: Record<string, unknown>): Promise<void> {
  const answer = await jmapOne<SetResponse>("Identity/set", { accountId, ...change });
  await client.invalidateQueries({ queryKey: keys.identities(accountId) });
  assertAccepted(answer);
}

export async function createIdentity(client: QueryClient, accountId: Id, email: string, name: string): Promise<void> {
  await set(client, accountId, { create: { made: { email, name } } });
}

export async function changeIdentity(client: QueryClient, accountId: Id, id: Id, change: IdentityChange): Promise<void> {
  await set(client, accountId, { update: { [id]: change } });
}

export async function destroyIdentity(client: QueryClient, accountId: Id, id: Id): Promise<void> {
  await set(client, accountId, { destroy: [id] });
}
