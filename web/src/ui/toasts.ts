import { useSyncExternalStore } from "react";
import type { MessageId, MessageValues } from "../i18n/i18n.ts";

export interface Toast {
  readonly key: number;
  readonly text: MessageId;
  readonly values?: MessageValues;
  readonly tone: "quiet" | "problem";
  /* Raw text of the server, shown under Details only. */
  readonly detail?: string | null;
  readonly undo?: () => void;
  /* What the button says when it does something other than undo; the z key leaves it alone then. */
  readonly undoLabel?: MessageId;
  readonly duration: number;
}

export type NewToast = Omit<Toast, "key" | "duration" | "tone"> & { readonly tone?: Toast["tone"]; readonly duration?: number };

let toasts: readonly Toast[] = [];
let nextKey = 1;
const listeners = new Set<() => void>();

function publish(next: readonly Toast[]): void {
  toasts = next;
  for (const listener of listeners) listener();
}

/* Shows a message; at most three at a time, the oldest gives way. Returns what dismisses it. */
export function showToast(toast: NewToast): () => void {
  const tone = toast.tone ?? "quiet";
  const entry: Toast = { ...toast, tone, key: nextKey++, duration: toast.duration ?? (tone === "problem" ? 12_000 : 7_000) };
  publish([...toasts.slice(-2), entry]);
  return () => dismissToast(entry.key);
}

export function dismissToast(key: number): void {
  publish(toasts.filter((toast) => toast.key !== key));
}

/* The newest thing that can be undone: what the z key does. */
export function undoLatest(): boolean {
  const latest = toasts.findLast((toast) => toast.undo && !toast.undoLabel);
  if (!latest?.undo) return false;
  dismissToast(latest.key);
  latest.undo();
  return true;
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function useToasts(): readonly Toast[] {
  return useSyncExternalStore(subscribe, () => toasts);
}
