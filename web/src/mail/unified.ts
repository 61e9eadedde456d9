import { useQueries, type QueryClient, type UseQueryResult } from "@tanstack/react-query";
import { useCallback } from "react";
import type { EmailSummary, Id, Mailbox } from "../jmap/types.ts";
import { pointer, unescapePointer, type EmailPatch } from "./patches.ts";
import { keys, mailboxesQuery } from "./queries.ts";

/* The account that spans the mail of all others (docs/jmap.md, "The unified account"). */
export function isUnified(accountId: Id): boolean {
  return accountId.startsWith("u");
}

/* Which account a mailbox is of, and which mailbox of an account a role's mailbox of the unified account stands for. */
export interface MailboxMap {
  readonly accountOf: (email: Pick<EmailSummary, "mailboxIds">) => Id | null;
  /* An email as the unified account has it: in its account's mailboxes, and in the roles of these. */
  readonly unified: <T extends EmailSummary>(email: T) => T;
  /* The account's own mailbox; null where it has none of that role. */
  readonly own: (accountId: Id, mailboxId: Id) => Id | null;
}

export function mailboxMap(accounts: ReadonlyMap<Id, readonly Mailbox[]>): MailboxMap {
  const accountOfMailbox = new Map<Id, Id>();
  const byRole = new Map<string, Id>();
  const roleOf = new Map<Id, string>();
  const shared = new Map<string, Id>();
  for (const [accountId, mailboxes] of accounts)
    for (const mailbox of mailboxes) {
      if (isUnified(accountId)) {
        if (mailbox.role !== null) shared.set(mailbox.role, mailbox.id);
        continue;
      }
      accountOfMailbox.set(mailbox.id, accountId);
      if (mailbox.role === null) continue;
      roleOf.set(mailbox.id, mailbox.role);
      byRole.set(`${accountId} ${mailbox.role}`, mailbox.id);
    }
  const roleOfShared = new Map([...shared].map(([role, id]) => [id, role]));
  return {
    accountOf: (email) => {
      for (const id of Object.keys(email.mailboxIds)) {
        const account = accountOfMailbox.get(id);
        if (account) return account;
      }
      return null;
    },
    unified: (email) => {
      const mailboxIds: Record<Id, true> = {};
      for (const id of Object.keys(email.mailboxIds)) {
        if (roleOfShared.has(id)) continue;
        mailboxIds[id] = true;
        const both = shared.get(roleOf.get(id) ?? "");
        if (both) mailboxIds[both] = true;
      }
      return { ...email, mailboxIds };
    },
    own: (accountId, mailboxId) => {
      const role = roleOfShared.get(mailboxId);
      return role === undefined ? mailboxId : (byRole.get(`${accountId} ${role}`) ?? null);
    },
  };
}

/* Of all mailboxes that are in the cache. */
export function cachedMailboxMap(client: QueryClient): MailboxMap {
  const accounts = new Map<Id, readonly Mailbox[]>();
  for (const [key, mailboxes] of client.getQueriesData<readonly Mailbox[]>({ queryKey: keys.allMailboxes }))
    if (mailboxes) accounts.set(String(key[1]), mailboxes);
  return mailboxMap(accounts);
}

/*
 * A patch said of the unified account's mailboxes, as one of an account's own: null where the account has no mailbox of a role that
 * the email is to go to. What is to be there wins over what is to go.
 */
export function ownPatch(map: MailboxMap, accountId: Id, patch: EmailPatch): EmailPatch | null {
  const result: Record<string, true | null> = {};
  for (const [path, value] of Object.entries(patch)) {
    if (!path.startsWith("mailboxIds/")) {
      result[path] = value;
      continue;
    }
    const own = map.own(accountId, unescapePointer(path.slice("mailboxIds/".length)));
    if (own === null && value === true) return null;
    if (own === null) continue;
    const target = `mailboxIds/${pointer(own)}`;
    if (result[target] !== true) result[target] = value;
  }
  return result;
}

/* Which account each mailbox of these accounts is of, for rows that tell it. */
export function useMailboxMap(accountIds: readonly Id[]): MailboxMap {
  /* The same function as long as the accounts are the same: the map is made anew only when mailboxes change. */
  const combine = useCallback((results: readonly UseQueryResult<readonly Mailbox[]>[]) => {
    const accounts = new Map<Id, readonly Mailbox[]>();
    results.forEach((result, index) => { if (result.data) accounts.set(accountIds[index]!, result.data); });
    return mailboxMap(accounts);
  }, [accountIds]);
  return useQueries({ queries: accountIds.map((id) => mailboxesQuery(id)), combine });
}
