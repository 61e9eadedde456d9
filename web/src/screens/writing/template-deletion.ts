import type { QueryClient } from "@tanstack/react-query";
import { useSyncExternalStore } from "react";
import type { Id } from "../../jmap/types.ts";
import { failureOf } from "../../mail/failures.ts";
import { destroyTemplate, type Template } from "../../mail/templates.ts";
import { showToast } from "../../ui/toasts.ts";

/* How long it can be undone: as long as the toast stands. */
const WAIT = 7_000;

/* Those that go when their time is up; with its files a template could not be made anew. */
let leaving: ReadonlyMap<Id, () => void> = new Map();
const listeners = new Set<() => void>();

function publish(next: ReadonlyMap<Id, () => void>): void {
  leaving = next;
  for (const listener of listeners) listener();
}

function forget(id: Id): void {
  publish(new Map([...leaving].filter(([one]) => one !== id)));
}

export function deleteWithUndo(client: QueryClient, userAccount: Id, template: Template): void {
  const { id, name } = template;
  const finish = (keepalive: boolean): void => {
    clearTimeout(timer);
    destroyTemplate(client, userAccount, id, keepalive).catch((error: unknown) => showToast({ ...failureOf(error), tone: "problem" })).finally(() => forget(id));
  };
  const timer = setTimeout(() => finish(false), WAIT);
  publish(new Map(leaving).set(id, () => finish(true)));
  showToast({ text: "writing.templateDeleted", values: { name }, duration: WAIT - 300, undo: () => { clearTimeout(timer); forget(id); } });
}

addEventListener("pagehide", () => { for (const finish of leaving.values()) finish(); });

export function useLeaving(): ReadonlyMap<Id, () => void> {
  return useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, () => leaving);
}
