import type { QueryClient } from "@tanstack/react-query";
import type { Address } from "../jmap/types.ts";
import { cachedEmails } from "./cache.ts";

/* Finds people by a part of their name or address. */
export type PeopleSource = (client: QueryClient, text: string) => Promise<readonly Address[]>;

const MOST = 8;

/* Whoever the mail at hand is from or to, the more often the earlier. */
export const peopleAtHand: PeopleSource = (client, text) => {
  const wanted = text.toLocaleLowerCase();
  const found = new Map<string, { readonly address: Address; count: number }>();
  for (const email of cachedEmails(client).values())
    for (const address of [...(email.from ?? []), ...(email.to ?? [])]) {
      if (!`${address.name ?? ""} ${address.email}`.toLocaleLowerCase().includes(wanted)) continue;
      const key = address.email.toLowerCase();
      const known = found.get(key);
      if (known) known.count += 1;
      else found.set(key, { address, count: 1 });
    }
  return Promise.resolve([...found.values()].sort((a, b) => b.count - a.count).slice(0, MOST).map(({ address }) => address));
};

let source: PeopleSource = peopleAtHand;

/* Where there is more to ask than the mail at hand: past correspondents as the server ranks them. */
export function setPeopleSource(next: PeopleSource): void {
  source = next;
}

export async function findPeople(client: QueryClient, text: string): Promise<readonly Address[]> {
  const people = await source(client, text).catch(() => []);
  return people.length > 0 || source === peopleAtHand ? people.slice(0, MOST) : peopleAtHand(client, text);
}
