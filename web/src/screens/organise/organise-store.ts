import { useSyncExternalStore } from "react";
import type { Id } from "../../jmap/types.ts";
import type { Conversation } from "../../mail/conversations.ts";
import type { NoteType } from "../../mail/notes.ts";
import type { ListView } from "../../mail/queries.ts";
import type { SavedSearch } from "../../mail/saved-searches.ts";

/* All that a view has, on screen or not. */
export interface Everything {
  readonly view: ListView;
  readonly total: number;
}

/* Which of the organising dialogs is open. */
export type OrganiseSheet =
  | { readonly kind: "labels"; readonly accountId: Id; readonly targets: readonly Conversation[]; readonly everything?: Everything }
  | { readonly kind: "note"; readonly type: NoteType; readonly accountId: Id; readonly targets: readonly Conversation[]; readonly everything?: Everything }
  | { readonly kind: "why"; readonly accountId: Id; readonly threadId: Id }
  | { readonly kind: "merge"; readonly accountId: Id; readonly threadId: Id }
  | { readonly kind: "save"; readonly accountId: Id; readonly text: string }
  | { readonly kind: "edit"; readonly search: SavedSearch };

let sheet: OrganiseSheet | null = null;
const listeners = new Set<() => void>();

export function openOrganise(next: OrganiseSheet | null): void {
  sheet = next;
  for (const listener of listeners) listener();
}

export function closeOrganise(): void {
  openOrganise(null);
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function useOrganiseSheet(): OrganiseSheet | null {
  return useSyncExternalStore(subscribe, () => sheet);
}
