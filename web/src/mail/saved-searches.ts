import { keepPreviousData, queryOptions, type QueryClient } from "@tanstack/react-query";
import { assertAccepted, jmap, jmapOne, resultOf, type Invocation } from "../jmap/client.ts";
import type { GetResponse, Id, QueryResponse, SetResponse } from "../jmap/types.ts";

/* A search that a person keeps in the sidebar (docs/api.md, Records). */
export interface SavedSearch {
  readonly id: Id;
  readonly name: string;
  readonly text: string;
  readonly inAccount: Id | null;
  readonly sortOrder: number;
  readonly showCount: boolean;
}

export type SavedSearchText = Pick<SavedSearch, "name" | "text" | "inAccount" | "showCount">;

export const savedKeys = {
  list: (userAccount: Id) => ["saved-searches", userAccount] as const,
  counts: ["saved-search-counts"] as const,
};

/* Two calls each, of the 32 that a request may have. */
const COUNTED_AT_ONCE = 14;

export function savedSearchesQuery(userAccount: Id) {
  return queryOptions({
    queryKey: savedKeys.list(userAccount),
    queryFn: async ({ signal }) => {
      const answer = await jmapOne<GetResponse<SavedSearch>>("SavedSearch/get", { accountId: userAccount, ids: null }, { signal });
      return [...answer.list].sort((a, b) => a.sortOrder - b.sortOrder || a.name.localeCompare(b.name));
    },
    staleTime: Infinity,
  });
}

function countCalls(search: SavedSearch, userAccount: Id): Invocation[] {
  const accountId = search.inAccount ?? userAccount;
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  return [
    ["Search/parse", { accountId, text: search.text, timeZone }, `parse ${search.id}`],
    ["Email/query", { accountId, "#filter": resultOf(`parse ${search.id}`, "Search/parse", "/filter"), collapseThreads: true, limit: 1, calculateTotal: true }, search.id],
  ];
}

/* How many conversations each finds; none where that would cost too much, or the search cannot be read any more. */
export function countsQuery(searches: readonly SavedSearch[], userAccount: Id) {
  const counted = searches.filter((search) => search.showCount);
  return queryOptions({
    queryKey: [...savedKeys.counts, userAccount, counted.map((search) => [search.id, search.text, search.inAccount])],
    queryFn: async ({ signal }): Promise<ReadonlyMap<Id, number>> => {
      const counts = new Map<Id, number>();
      for (let at = 0; at < counted.length; at += COUNTED_AT_ONCE) {
        const some = counted.slice(at, at + COUNTED_AT_ONCE);
        const results = await jmap(some.flatMap((search) => countCalls(search, userAccount)), { signal });
        for (const search of some) {
          const total = results.tryGet<QueryResponse>(search.id)?.total;
          if (total !== undefined) counts.set(search.id, total);
        }
      }
      return counts;
    },
    enabled: counted.length > 0,
    staleTime: 20_000,
    /* Counts of before stay until those of now are here. */
    placeholderData: keepPreviousData,
  });
}

async function set(client: QueryClient, userAccount: Id, args: Readonly<Record<string, unknown>>): Promise<SetResponse> {
  const answer = await jmapOne<SetResponse>("SavedSearch/set", { accountId: userAccount, ...args });
  await client.invalidateQueries({ queryKey: savedKeys.list(userAccount) });
  assertAccepted(answer);
  return answer;
}

export async function saveSearch(client: QueryClient, userAccount: Id, search: SavedSearchText & { readonly sortOrder: number }): Promise<void> {
  await set(client, userAccount, { create: { new: search } });
}

export async function updateSearch(client: QueryClient, userAccount: Id, id: Id, change: Partial<SavedSearchText>): Promise<void> {
  await set(client, userAccount, { update: { [id]: change } });
}

export async function destroySearch(client: QueryClient, userAccount: Id, id: Id): Promise<void> {
  await set(client, userAccount, { destroy: [id] });
}

/* Puts a search one place up or down. */
export async function moveSearch(client: QueryClient, userAccount: Id, searches: readonly SavedSearch[], id: Id, by: -1 | 1): Promise<void> {
  const order = searches.map((search) => search.id);
  const at = order.indexOf(id);
  const other = order[at + by];
  if (at < 0 || other === undefined) return;
  order[at] = other;
  order[at + by] = id;
  await set(client, userAccount, { update: Object.fromEntries(order.map((one, index) => [one, { sortOrder: index }])) });
}
