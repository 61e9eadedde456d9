import type { Id } from "../jmap/types.ts";
import type { LinkStart } from "./relink.ts";

const PLACE = "postroom-link-attempt";

/* What this tab went to the provider for. The way back may know nothing of it any more: a state that has expired, a server that was restarted. */
export function rememberAttempt(start: LinkStart, storage: Storage = sessionStorage): void {
  try {
    storage.setItem(PLACE, JSON.stringify(start));
  } catch {
    /* A browser that keeps nothing: the way back asks again. */
  }
}

function isStart(value: unknown): value is LinkStart {
  if (typeof value !== "object" || value === null) return false;
  const given = value as Readonly<Record<string, unknown>>;
  const account = given.accountId;
  return typeof given.provider === "string" && typeof given.address === "string" && (given.since === undefined || typeof given.since === "string")
    && (account === undefined || (typeof account === "string" && /^a\d+$/.test(account)));
}

export function lastAttempt(storage: Storage = sessionStorage): LinkStart | null {
  try {
    const value: unknown = JSON.parse(storage.getItem(PLACE) ?? "null");
    return isStart(value) ? value : null;
  } catch {
    return null;
  }
}

interface Failed {
  readonly accountId: Id | null;
  readonly expected: string | null;
}

/* The attempt that failed: as this tab remembers it, unless the way back names another account or address. */
export function attemptOf(failed: Failed, last: LinkStart | null = lastAttempt()): LinkStart | null {
  if (last === null) return null;
  if (failed.accountId !== null && failed.accountId !== last.accountId) return null;
  if (failed.expected !== null && last.accountId === undefined && failed.expected !== last.address) return null;
  return last;
}
