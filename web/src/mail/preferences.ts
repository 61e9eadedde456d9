import { queryOptions, useQuery, useQueryClient, type QueryClient } from "@tanstack/react-query";
import { useCallback } from "react";
import { useDesk } from "../app/context.ts";
import { assertAccepted, jmapOne } from "../jmap/client.ts";
import type { GetResponse, Id, SetResponse } from "../jmap/types.ts";
import { showToast } from "../ui/toasts.ts";
import { failureOf } from "./failures.ts";

/* What a person chose, on every machine they sign in to (docs/api.md, Records). */
export interface Preferences {
  readonly language: string | null;
  readonly theme: "system" | "light" | "dark";
  readonly density: "comfortable" | "compact";
  readonly readingPane: "right" | "below" | "off";
  readonly conversations: boolean;
  readonly composeFormat: "html" | "text";
  readonly undoSendSeconds: number;
  readonly recentSearches: readonly string[];
  /* Mailboxes as "a1/mb7". */
  readonly favourites: readonly string[];
}

const DEFAULTS: Preferences = {
  language: null, theme: "system", density: "comfortable", readingPane: "right", conversations: true, composeFormat: "html", undoSendSeconds: 10, recentSearches: [], favourites: [],
};

export const preferencesKey = (userAccount: Id) => ["preferences", userAccount] as const;

export function preferencesQuery(userAccount: Id) {
  return queryOptions({
    queryKey: preferencesKey(userAccount),
    queryFn: async ({ signal }) => {
      const answer = await jmapOne<GetResponse<Preferences>>("Preferences/get", { accountId: userAccount, ids: ["singleton"] }, { signal });
      return answer.list[0] ?? DEFAULTS;
    },
    staleTime: Infinity,
  });
}

/* The defaults until they are here. */
export function usePreferences(): Preferences {
  const desk = useDesk();
  return useQuery(preferencesQuery(desk.userAccount)).data ?? DEFAULTS;
}

/* Shows the choice at once; what the server refuses is put back, with the reason. */
export async function setPreferences(client: QueryClient, userAccount: Id, change: Partial<Preferences>): Promise<void> {
  const key = preferencesKey(userAccount);
  const before = client.getQueryData<Preferences>(key);
  client.setQueryData<Preferences>(key, { ...DEFAULTS, ...before, ...change });
  try {
    const answer = await jmapOne<SetResponse>("Preferences/set", { accountId: userAccount, update: { singleton: change } });
    assertAccepted(answer);
  } catch (error) {
    client.setQueryData(key, before);
    showToast({ ...failureOf(error), tone: "problem" });
  }
}

export function useSetPreferences(): (change: Partial<Preferences>) => void {
  const desk = useDesk();
  const client = useQueryClient();
  return useCallback((change) => void setPreferences(client, desk.userAccount, change), [client, desk.userAccount]);
}
