import { jmap, resultOf } from "../jmap/client.ts";
import type { GetResponse, Id, QueryResponse, UTCDate } from "../jmap/types.ts";

export interface AuditEntry {
  readonly id: Id;
  readonly at: UTCDate;
  readonly userId: Id | null;
  readonly actor: string | null;
  readonly act: string;
  readonly linkedAccountId: Id | null;
  readonly address: string | null;
  readonly subject: string | null;
  readonly detail: string | null;
}

export interface AuditFilter {
  readonly userId?: Id;
  readonly act?: string;
  readonly after?: UTCDate;
  readonly before?: UTCDate;
}

export interface AuditPage {
  readonly total: number;
  readonly entries: readonly AuditEntry[];
}

export const AUDIT_PAGE = 100;
/* As many as one request may bring. */
const CHUNK = 500;
const MOST = 100_000;

export async function fetchAudit(userAccount: Id, filter: AuditFilter, position: number, limit: number, signal?: AbortSignal): Promise<AuditPage> {
  const results = await jmap([
    ["AuditEntry/query", { accountId: userAccount, filter, position, limit, calculateTotal: true }, "query"],
    ["AuditEntry/get", { accountId: userAccount, "#ids": resultOf("query", "AuditEntry/query", "/ids") }, "get"],
  ], signal ? { signal } : {});
  return { total: results.get<QueryResponse>("query").total ?? 0, entries: results.get<GetResponse<AuditEntry>>("get").list };
}

/* All that match, for a file. */
export async function fetchAllAudit(userAccount: Id, filter: AuditFilter): Promise<readonly AuditEntry[]> {
  const all: AuditEntry[] = [];
  for (;;) {
    const page = await fetchAudit(userAccount, filter, all.length, CHUNK);
    all.push(...page.entries);
    if (page.entries.length === 0 || all.length >= page.total || all.length >= MOST) return all;
  }
}

/* A cell of a CSV file (RFC 4180). What a spreadsheet would take for a formula begins with an apostrophe. */
export function csvCell(value: string | null): string {
  const text = value ?? "";
  const safe = /^[\s]*[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/* The byte order mark lets spreadsheets read it as UTF-8. */
export function csvOf(head: readonly string[], entries: readonly AuditEntry[]): string {
  const rows = entries.map(({ at, actor, act, address, subject, detail }) => [at, actor, act, address, subject, detail]);
  return `\uFEFF${[head, ...rows].map((row) => row.map(csvCell).join(",")).join("\r\n")}\r\n`;
}
