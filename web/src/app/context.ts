import { createContext, useContext } from "react";
import type { User } from "../jmap/auth.ts";
import { MAIL, MANAGE, SUBMISSION, type Id, type JmapSession } from "../jmap/types.ts";

export interface MailAccount {
  readonly id: Id;
  readonly address: string;
  /* One's own, not somebody else's who shares it. */
  readonly personal: boolean;
  readonly readOnly: boolean;
  readonly maySend: boolean;
}

/* Who is signed in and which mailboxes they reach. */
export interface Desk {
  readonly user: User;
  readonly userAccount: Id;
  readonly accounts: readonly MailAccount[];
  readonly maxUpload: number;
  /* Where the server says it is reached, with a slash at the end; others may have opened the page elsewhere. */
  readonly publicUrl: string;
  readonly online: boolean;
  readonly signOut: () => void;
}

const DeskContext = createContext<Desk | null>(null);

export const DeskProvider = DeskContext.Provider;

export function useDesk(): Desk {
  const desk = useContext(DeskContext);
  if (!desk) throw new Error("no desk around this component");
  return desk;
}

export function mailAccountsOf(session: JmapSession): MailAccount[] {
  return Object.entries(session.accounts)
    .filter(([id, account]) => id.startsWith("a") && MAIL in account.accountCapabilities)
    .map(([id, account]) => ({ id, address: account.name, personal: account.isPersonal, readOnly: account.isReadOnly, maySend: SUBMISSION in account.accountCapabilities }))
    .sort((a, b) => Number(a.id.slice(1)) - Number(b.id.slice(1)));
}

export function userAccountOf(session: JmapSession): Id {
  const primary = session.primaryAccounts[MANAGE];
  if (primary !== undefined) return primary;
  return Object.keys(session.accounts).find((id) => MANAGE in session.accounts[id]!.accountCapabilities && id.startsWith("u")) ?? "";
}

export function publicUrlOf(session: JmapSession): string {
  return new URL(".", new URL(session.apiUrl, document.baseURI)).href;
}

export function maxUploadOf(session: JmapSession): number {
  const core = session.capabilities["urn:ietf:params:jmap:core"] as { maxSizeUpload?: number } | undefined;
  return core?.maxSizeUpload ?? 50_000_000;
}

/* Whether a mailbox may only be read, by its account or by the one that its mail is listed for. */
export function useReadOnly(accountId: Id): boolean {
  return useDesk().accounts.find((account) => account.id === accountId)?.readOnly ?? false;
}
