import { queryOptions, useQuery, useQueryClient, type QueryClient } from "@tanstack/react-query";
import { useDesk } from "../app/context.ts";
import { assertAccepted, jmapOne } from "../jmap/client.ts";
import type { GetResponse, Id, SetResponse } from "../jmap/types.ts";
import { showToast } from "../ui/toasts.ts";
import { failureOf } from "./failures.ts";

/* Senders whose remote images are shown without asking; kept on the server for the person. */
export interface TrustedSender {
  readonly id: Id;
  readonly address: string;
}

export const trustedKey = (userAccount: Id) => ["trusted", userAccount] as const;

export function trustedQuery(userAccount: Id) {
  return queryOptions({
    queryKey: trustedKey(userAccount),
    queryFn: async ({ signal }) => (await jmapOne<GetResponse<TrustedSender>>("TrustedSender/get", { accountId: userAccount, ids: null }, { signal })).list,
    staleTime: Infinity,
  });
}

async function change(client: QueryClient, userAccount: Id, set: Record<string, unknown>): Promise<void> {
  try {
    const answer = await jmapOne<SetResponse>("TrustedSender/set", { accountId: userAccount, ...set });
    assertAccepted(answer);
  } catch (error) {
    showToast({ ...failureOf(error), tone: "problem" });
  }
  await client.invalidateQueries({ queryKey: trustedKey(userAccount) });
}

export interface TrustedSenders {
  /* Undefined until they are here. */
  readonly list: readonly TrustedSender[] | undefined;
  readonly find: (address: string) => TrustedSender | undefined;
  readonly trust: (address: string) => Promise<void>;
  readonly forget: (id: Id) => Promise<void>;
}

export function useTrustedSenders(): TrustedSenders {
  const { userAccount } = useDesk();
  const client = useQueryClient();
  const list = useQuery(trustedQuery(userAccount)).data;
  return {
    list,
    find: (address) => list?.find((one) => one.address.toLowerCase() === address.toLowerCase()),
    trust: (address) => change(client, userAccount, { create: { one: { address } } }),
    forget: (id) => change(client, userAccount, { destroy: [id] }),
  };
}
