import type { QueryClient } from "@tanstack/react-query";
import { assertAccepted, jmapOne } from "../jmap/client.ts";
import type { Id, LinkedAccount, SetResponse } from "../jmap/types.ts";
import { keys } from "./queries.ts";

export interface PlainAccount {
  readonly address: string;
  readonly imapUrl: string;
  readonly smtpUrl: string;
  readonly password: string;
  readonly since: string;
}

async function refresh(client: QueryClient, userAccount: Id): Promise<void> {
  await client.invalidateQueries({ queryKey: keys.linked(userAccount) });
  await client.invalidateQueries({ queryKey: keys.session });
}

export async function createPlainAccount(client: QueryClient, userAccount: Id, account: PlainAccount): Promise<Id> {
  const answer = await jmapOne<SetResponse>("LinkedAccount/set", { accountId: userAccount, create: { plain: account } });
  assertAccepted(answer);
  await refresh(client, userAccount);
  return answer.created?.["plain"]?.id ?? "";
}

export type LinkedUpdate = Partial<Pick<LinkedAccount, "since"> & { readonly paused: boolean; readonly refused: readonly []; readonly awaitsStart: false; readonly resync: true }>;

export async function updateLinked(client: QueryClient, userAccount: Id, id: Id, update: LinkedUpdate): Promise<void> {
  assertAccepted(await jmapOne<SetResponse>("LinkedAccount/set", { accountId: userAccount, update: { [id]: update } }));
  await refresh(client, userAccount);
}

/* Ends the wait of a link: mail is fetched from that day on. */
export async function startAccount(client: QueryClient, userAccount: Id, id: Id, since: string): Promise<void> {
  await updateLinked(client, userAccount, id, { awaitsStart: false, since });
}

export async function unlinkAccount(client: QueryClient, userAccount: Id, id: Id): Promise<void> {
  assertAccepted(await jmapOne<SetResponse>("LinkedAccount/set", { accountId: userAccount, destroy: [id] }));
  await refresh(client, userAccount);
}
