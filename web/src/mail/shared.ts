import { useQuery } from "@tanstack/react-query";
import { useDesk } from "../app/context.ts";
import type { Id } from "../jmap/types.ts";
import { linkedQuery } from "./queries.ts";

/* Whose mailbox it is, where it is shared with this person; and whether it may only be read. */
export interface Shared {
  readonly owner: string;
  readonly readOnly: boolean;
}

export function useShared(accountId: Id | null): Shared | null {
  const desk = useDesk();
  const { data } = useQuery(linkedQuery(desk.userAccount));
  const account = data?.find((one) => one.id === accountId);
  if (!account || account.isOwner) return null;
  return { owner: account.owner ?? account.address, readOnly: account.access === "read" };
}
