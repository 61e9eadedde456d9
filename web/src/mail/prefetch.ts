import type { QueryClient } from "@tanstack/react-query";
import type { Id } from "../jmap/types.ts";
import { leadOf, type Conversation } from "./conversations.ts";
import { threadQuery, viewQuery } from "./queries.ts";
import { cachedMailboxMap, isUnified } from "./unified.ts";

/* A conversation is fetched before it is opened, on hover, and the neighbours of the open one: from its own account, as the reader asks for it. */
export function prefetchRow(client: QueryClient, listAccount: Id, row: Conversation): void {
  const accountId = isUnified(listAccount) ? cachedMailboxMap(client).accountOf(leadOf(row)) : listAccount;
  if (accountId === null) return;
  void client.prefetchQuery(threadQuery(accountId, row.threadId));
  void client.prefetchQuery(viewQuery(accountId, row.emails.at(-1)?.id ?? row.leadId, "safe"));
}
