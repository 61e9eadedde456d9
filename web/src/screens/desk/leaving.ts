import type { Conversation } from "../../mail/conversations.ts";

/* The list on screen is told what leaves it by a way other than its own commands. */
let listener: ((gone: readonly Conversation[]) => void) | null = null;

export function whenRowsLeave(next: typeof listener): () => void {
  listener = next;
  return () => { if (listener === next) listener = null; };
}

export function leaveList(gone: readonly Conversation[]): void {
  listener?.(gone);
}
