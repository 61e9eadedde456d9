import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { jmap, jmapOne, MethodError, resultOf } from "../jmap/client.ts";
import type { ChangesResponse, GetResponse, Id, LinkedAccount } from "../jmap/types.ts";

/* The state of a mailbox as administrators see it; no mail (docs/api.md). */
export type FleetAccount = Pick<LinkedAccount, "id" | "address" | "provider" | "providerType" | "state" | "problem" | "since" | "lastSync" | "nextAttempt" | "canSend" | "sendProblem" | "progress"> & {
  readonly owner: string | null;
  readonly emails: number;
  readonly bytes: number;
  readonly pending: number;
  readonly sharedWith: number;
};

interface Fleet {
  readonly state: string;
  readonly accounts: ReadonlyMap<Id, FleetAccount>;
}

const LOOK_MS = 2_500;
const MOST_CHANGES = 400;

async function fetchFleet(userAccount: Id, signal: AbortSignal): Promise<Fleet> {
  const answer = await jmapOne<GetResponse<FleetAccount>>("FleetAccount/get", { accountId: userAccount, ids: null }, { signal });
  return { state: answer.state, accounts: new Map(answer.list.map((account) => [account.id, account])) };
}

/* What changed since, put into what is known; null: it is easier to ask for all. */
async function fetchNews(userAccount: Id, known: Fleet): Promise<Fleet | null> {
  const results = await jmap([
    ["FleetAccount/changes", { accountId: userAccount, sinceState: known.state, maxChanges: MOST_CHANGES }, "changes"],
    ["FleetAccount/get", { accountId: userAccount, "#ids": resultOf("changes", "FleetAccount/changes", "/updated") }, "updated"],
    ["FleetAccount/get", { accountId: userAccount, "#ids": resultOf("changes", "FleetAccount/changes", "/created") }, "created"],
  ]);
  const changes = results.get<ChangesResponse>("changes");
  const fresh = [...results.get<GetResponse<FleetAccount>>("updated").list, ...results.get<GetResponse<FleetAccount>>("created").list];
  const accounts = new Map(known.accounts);
  for (const id of changes.destroyed) accounts.delete(id);
  for (const account of fresh) accounts.set(account.id, account);
  return { state: changes.newState, accounts };
}

/* All mailboxes, kept up with while the page is looked at. */
export function useFleet(userAccount: Id) {
  const client = useQueryClient();
  const query = useQuery({ queryKey: ["fleet", userAccount], queryFn: ({ signal }) => fetchFleet(userAccount, signal), staleTime: 60_000 });
  useEffect(() => {
    let running = false;
    const look = async (): Promise<void> => {
      const known = client.getQueryData<Fleet>(["fleet", userAccount]);
      if (!known || running || document.hidden) return;
      running = true;
      try {
        const news = await fetchNews(userAccount, known);
        if (news) client.setQueryData(["fleet", userAccount], news);
      } catch (error) {
        if (error instanceof MethodError) await client.invalidateQueries({ queryKey: ["fleet", userAccount] });
      }
      running = false;
    };
    const timer = setInterval(() => void look(), LOOK_MS);
    return () => clearInterval(timer);
  }, [client, userAccount]);
  return query;
}

export type FleetColumn = "address" | "owner" | "state" | "problem" | "lastSync" | "emails" | "pending" | "rate";

/* The worst first. */
const STATE_ORDER: Readonly<Record<FleetAccount["state"], number>> = { "error": 0, "needs-relink": 1, "retrying": 2, "linking": 3, "syncing": 4, "paused": 5, "idle": 6 };

export function hasProblem(account: FleetAccount): boolean {
  return account.problem !== null || account.sendProblem !== null;
}

function valueOf(account: FleetAccount, column: FleetColumn): string | number {
  switch (column) {
    case "address": return account.address;
    case "owner": return account.owner ?? "";
    case "state": return STATE_ORDER[account.state];
    case "problem": return account.problem?.code ?? account.sendProblem?.code ?? "\uFFFF";
    case "lastSync": return account.lastSync ?? "";
    case "emails": return account.emails;
    case "pending": return account.pending;
    case "rate": return account.progress?.bytesPerSecond ?? 0;
  }
}

export function sortFleet(accounts: readonly FleetAccount[], column: FleetColumn, descending: boolean): FleetAccount[] {
  const collator = new Intl.Collator(undefined, { numeric: true });
  const order = (a: FleetAccount, b: FleetAccount): number => {
    const [one, other] = [valueOf(a, column), valueOf(b, column)];
    const by = typeof one === "number" && typeof other === "number" ? one - other : collator.compare(String(one), String(other));
    return by !== 0 ? (descending ? -by : by) : collator.compare(a.address, b.address);
  };
  return [...accounts].sort(order);
}
