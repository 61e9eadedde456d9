import { queryOptions, type QueryClient } from "@tanstack/react-query";
import { assertAccepted, jmapOne } from "../jmap/client.ts";
import type { GetResponse, Id, SetResponse, UTCDate } from "../jmap/types.ts";

/* RFC 8621, 8. */
export interface Vacation {
  readonly isEnabled: boolean;
  readonly fromDate: UTCDate | null;
  readonly toDate: UTCDate | null;
  readonly subject: string | null;
  readonly textBody: string | null;
  readonly htmlBody: string | null;
}

export const vacationKey = (accountId: Id) => ["vacation", accountId] as const;

export function vacationQuery(accountId: Id) {
  return queryOptions({
    queryKey: vacationKey(accountId),
    queryFn: async ({ signal }) => (await jmapOne<GetResponse<Vacation>>("VacationResponse/get", { accountId, ids: ["singleton"] }, { signal })).list[0] ?? null,
    staleTime: Infinity,
  });
}

export async function saveVacation(client: QueryClient, accountId: Id, change: Partial<Vacation>): Promise<void> {
  const answer = await jmapOne<SetResponse>("VacationResponse/set", { accountId, update: { singleton: change } });
  await client.invalidateQueries({ queryKey: vacationKey(accountId) });
  assertAccepted(answer);
}

/* Whether mail that comes now is answered. */
export function isAnswering(vacation: Vacation, now: Date = new Date()): boolean {
  return vacation.isEnabled && (vacation.fromDate === null || new Date(vacation.fromDate) <= now) && (vacation.toDate === null || now < new Date(vacation.toDate));
}

/* "2026-11-22T09:30" of the person's zone, as date fields have it, and back to UTC; "" is no date. */
export function localTime(date: UTCDate | null): string {
  if (date === null) return "";
  const at = new Date(date);
  const two = (value: number): string => String(value).padStart(2, "0");
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}T${two(at.getHours())}:${two(at.getMinutes())}`;
}

export function utcTime(local: string): UTCDate | null {
  const at = new Date(local);
  return local === "" || Number.isNaN(at.getTime()) ? null : at.toISOString().replace(/\.\d+Z$/, "Z");
}
