import { queryOptions } from "@tanstack/react-query";
import { jmapOne, MethodError } from "../jmap/client.ts";
import type { AccountState, GetResponse, Id, Problem, UTCDate } from "../jmap/types.ts";

/* Checks, health and log of linked mailboxes (docs/api.md, "Accounts"). */
export type CheckState = "running" | "ok" | "warn" | "bad" | "skipped";
export type CheckName = "address" | "authorise" | "token" | "imap" | "folders" | "smtp" | "start";
export type Evidence = Readonly<Record<string, unknown>>;

export interface CheckRow {
  readonly check: CheckName;
  readonly state: CheckState;
  readonly milliseconds: number;
  readonly problem: Problem | null;
  readonly evidence: Evidence | null;
}

export interface AccountCheck {
  readonly id: Id;
  readonly account: Id | null;
  readonly state: "running" | "done";
  readonly startedAt: UTCDate | null;
  readonly endedAt: UTCDate | null;
  readonly rows: readonly CheckRow[];
}

export interface Server {
  readonly host: string;
  readonly port: number;
  readonly security: "tls" | "starttls";
}

export interface Servers {
  readonly address: string;
  readonly state: "running" | "done";
  readonly source: "table" | "mx" | "autoconfig" | "well-known" | "srv" | null;
  readonly providerType: "microsoft" | "google" | null;
  readonly imap: Server | null;
  readonly smtp: Server | null;
  readonly loginIsLocalPart: boolean;
  readonly appPassword: boolean;
  readonly tried: readonly { readonly source: string; readonly state: "running" | "found" | "none" | "failed"; readonly problem: string | null }[];
}

export interface HealthFolder {
  readonly mailboxId: Id;
  readonly name: string;
  readonly role: string | null;
  readonly synced: boolean;
  readonly serverCount: number;
  readonly localCount: number;
  readonly pending: number;
  readonly skipped: number;
  readonly comparedAt: UTCDate | null;
  readonly differed: number;
}

export interface AccountHealth {
  readonly id: Id;
  readonly address: string;
  readonly owner: string | null;
  readonly provider: string | null;
  readonly providerType: "microsoft" | "google" | null;
  readonly state: AccountState;
  readonly awaitsStart: boolean;
  readonly problem: Problem | null;
  readonly sendProblem: Problem | null;
  readonly since: UTCDate | null;
  readonly lastSync: UTCDate | null;
  readonly nextAttempt: UTCDate | null;
  readonly emails: number;
  readonly bytes: number;
  readonly pending: number;
  readonly unsent: number;
  readonly bytesToday: number;
  readonly bytesADay: number | null;
  readonly unreadAttachments: number;
  readonly unreadableAttachments: number;
  readonly folders: readonly HealthFolder[];
  readonly quotas: readonly { readonly name: string; readonly of: "octets" | "emails" | "mailboxes"; readonly used: number; readonly limit: number }[];
  /* Octets of one mail that the sending server takes, and when it said so; null: it names no limit, or was not asked yet. */
  readonly maxSizeMessage: number | null;
  readonly maxSizeMessageAt: UTCDate | null;
  readonly imapUrl?: string | null;
  readonly smtpUrl?: string | null;
  readonly mayChange: boolean;
  readonly isOwn: boolean;
  /* Others who linked it themselves; others who may see it. */
  readonly linkedBy: readonly string[];
  readonly sharedWith: readonly string[];
}

export interface SyncLogEntry {
  readonly id: Id;
  readonly at: UTCDate;
  readonly event: string;
  readonly details: Readonly<Record<string, number | string>>;
}

/* What AccountCheck/run looks at: a linked account, or settings that are only tried. */
export type CheckOf =
  | { readonly account: Id; readonly since?: string; readonly onlyStart?: boolean }
  | { readonly address: string; readonly imapUrl: string; readonly smtpUrl: string; readonly password: string; readonly since?: string; readonly onlyStart?: boolean };

export const accountKeys = {
  check: (id: Id) => ["account-check", id] as const,
  health: (id: Id) => ["account-health", id] as const,
  log: (id: Id) => ["account-log", id] as const,
};

const POLL = 400;

export async function runCheck(userAccount: Id, of: CheckOf): Promise<Id> {
  return (await jmapOne<{ id: Id }>("AccountCheck/run", { accountId: userAccount, ...of })).id;
}

/* Asked again while it runs. */
export function checkQuery(userAccount: Id, id: Id | null) {
  return queryOptions({
    queryKey: accountKeys.check(id ?? ""),
    enabled: id !== null,
    queryFn: async ({ signal }) => {
      const { list } = await jmapOne<GetResponse<AccountCheck>>("AccountCheck/get", { accountId: userAccount, ids: [id] }, { signal });
      if (!list[0]) throw new MethodError("notFound", null);
      return list[0];
    },
    refetchInterval: (query) => (query.state.data?.state === "running" && (query.state.data.startedAt !== null) ? POLL : false),
  });
}

export function healthQuery(userAccount: Id, id: Id) {
  return queryOptions({
    queryKey: accountKeys.health(id),
    queryFn: async ({ signal }) => {
      const { list } = await jmapOne<GetResponse<AccountHealth>>("AccountHealth/get", { accountId: userAccount, ids: [id] }, { signal });
      return list[0] ?? null;
    },
    refetchInterval: 15_000,
  });
}

export const LOG_PAGE = 50;

export interface LogPage {
  readonly total: number;
  readonly list: readonly SyncLogEntry[];
}

export function logQuery(userAccount: Id, id: Id, count: number) {
  return queryOptions({
    queryKey: [...accountKeys.log(id), count],
    queryFn: async ({ signal }): Promise<LogPage> => {
      const pages: SyncLogEntry[] = [];
      let total = 0;
      for (let position = 0; position < count; position += 200) {
        const page = await jmapOne<LogPage>("SyncLogEntry/query", { accountId: userAccount, account: id, position, limit: Math.min(200, count - position) }, { signal });
        pages.push(...page.list);
        total = page.total;
        if (page.list.length < 200) break;
      }
      return { total, list: pages };
    },
    refetchInterval: 15_000,
  });
}

/* Asks until it is known, for some seconds at most. */
export async function findServers(userAccount: Id, address: string, signal: AbortSignal): Promise<Servers> {
  for (;;) {
    const found = await jmapOne<Servers>("Autoconfig/find", { accountId: userAccount, address }, { signal });
    if (found.state === "done") return found;
    await new Promise((resolve) => setTimeout(resolve, POLL));
    signal.throwIfAborted();
  }
}

export function rowOf(check: AccountCheck | undefined, name: CheckName): CheckRow | undefined {
  return check?.rows.find((row) => row.check === name);
}

/* Mail can be fetched: whatever sending says. */
export function canFetch(check: AccountCheck | undefined): boolean {
  return check?.state === "done" && rowOf(check, "imap")?.state === "ok" && rowOf(check, "folders")?.state !== "bad";
}
