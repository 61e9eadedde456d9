import { useSyncExternalStore } from "react";
import type { Id } from "../../jmap/types.ts";

/* Which accounts ("a1") and trees ("a1/mb7") are folded in, kept on this machine. */
const KEY = "postroom.folded";
const MOST = 500;
const listeners = new Set<() => void>();

function stored(): ReadonlySet<string> {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return new Set(Array.isArray(value) ? value.filter((entry): entry is string => typeof entry === "string").slice(-MOST) : []);
  } catch {
    return new Set();
  }
}

let folded = stored();

export function fold(entry: string, on: boolean): void {
  const next = new Set(folded);
  if (on) next.add(entry);
  else next.delete(entry);
  folded = next;
  try {
    localStorage.setItem(KEY, JSON.stringify([...next].slice(-MOST)));
  } catch { /* Not kept then. */ }
  for (const listener of listeners) listener();
}

export function useFolded(): ReadonlySet<string> {
  return useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, () => folded);
}

export function treeEntry(accountId: Id, mailboxId: Id): string {
  return `${accountId}/${mailboxId}`;
}
