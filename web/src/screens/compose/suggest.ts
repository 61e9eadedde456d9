import { queryOptions, useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useState } from "react";
import { useDesk } from "../../app/context.ts";
import { jmapOne } from "../../jmap/client.ts";
import type { Address, GetResponse, Id, SetResponse } from "../../jmap/types.ts";
import { formatAddress } from "../../mail/answers.ts";

export interface ContactGroup {
  readonly id: Id;
  readonly name: string;
  readonly members: readonly Address[];
}

export function groupsQuery(userAccount: Id) {
  return queryOptions({
    queryKey: ["contactGroups", userAccount] as const,
    queryFn: async ({ signal }) => (await jmapOne<GetResponse<ContactGroup>>("ContactGroup/get", { accountId: userAccount, ids: null }, { signal })).list,
    staleTime: 300_000,
  });
}

export interface Suggestion {
  readonly key: string;
  readonly addresses: readonly Address[];
  /* The name of a group. */
  readonly group: string | null;
}

interface Suggested extends Address {
  readonly wrote: boolean;
  readonly automatic: boolean;
}

const WAIT = 90;
const MOST = 8;

function contactsQuery(userAccount: Id, text: string) {
  return queryOptions({
    queryKey: ["contacts", userAccount, text] as const,
    queryFn: async ({ signal }) => (await jmapOne<{ list: readonly Suggested[] }>("Contact/suggest", { accountId: userAccount, text, limit: MOST + 4 }, { signal })).list,
    staleTime: 60_000,
    gcTime: 120_000,
    retry: false,
  });
}

function folded(text: string): string {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLocaleLowerCase();
}

/* Who may be meant by what was typed: groups by name, then people of past mail. taken: recipients already. */
export function useSuggestions(typed: string, taken: readonly Address[]): { readonly list: readonly Suggestion[]; readonly hide: (address: Address) => void } {
  const { userAccount } = useDesk();
  const client = useQueryClient();
  const [text, setText] = useState("");
  useEffect(() => {
    const timer = setTimeout(() => setText(typed.trim()), typed.trim() ? WAIT : 0);
    return () => clearTimeout(timer);
  }, [typed]);
  const groups = useQuery({ ...groupsQuery(userAccount), enabled: text !== "" }).data ?? [];
  const contacts = useQuery({ ...contactsQuery(userAccount, text), enabled: text !== "", placeholderData: (before) => before }).data ?? [];
  const hide = useCallback((address: Address) => {
    void jmapOne<SetResponse>("HiddenContact/set", { accountId: userAccount, create: { hidden: { address: address.email } } })
      .then(() => client.invalidateQueries({ queryKey: ["contacts", userAccount] }), () => undefined);
  }, [client, userAccount]);
  if (typed.trim() === "" || text === "") return { list: [], hide };
  const known = new Set(taken.map((address) => address.email.toLowerCase()));
  const words = folded(text).split(/\s+/);
  const fitting = groups.filter((group) => group.members.length > 0 && words.every((word) => folded(group.name).includes(word)));
  return {
    hide,
    list: [
      ...fitting.slice(0, 3).map((group) => ({ key: `group ${group.id}`, addresses: group.members, group: group.name })),
      ...contacts.filter((one) => !known.has(one.email.toLowerCase())).map(({ name, email }) => ({ key: email, addresses: [{ name, email }], group: null })),
    ].slice(0, MOST),
  };
}

export function suggestionText(suggestion: Suggestion): string {
  return suggestion.group ?? suggestion.addresses.map(formatAddress).join(", ");
}
