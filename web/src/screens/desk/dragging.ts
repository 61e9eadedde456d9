import { useSyncExternalStore, type DragEvent } from "react";
import type { MessageId, Translate } from "../../i18n/i18n.ts";
import type { Id } from "../../jmap/types.ts";
import type { Conversation } from "../../mail/conversations.ts";

/* What is being dragged from the list over the mailboxes. */
export interface RowDrag {
  readonly accountId: Id;
  readonly rows: readonly Conversation[];
  /* They may not leave where they are. */
  readonly copyOnly: boolean;
}

let current: RowDrag | null = null;
const listeners = new Set<() => void>();

function publish(next: RowDrag | null): void {
  current = next;
  for (const listener of listeners) listener();
}

export function useRowDrag(): RowDrag | null {
  return useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, () => current);
}

export const ROW_TYPE = "application/x-postroom-rows";

/* The picture under the pointer says how many. */
export function startRowDrag(event: DragEvent, rows: readonly Conversation[], accountId: Id, copyOnly: boolean, t: Translate): void {
  const picture = document.createElement("div");
  picture.className = "drag-image";
  picture.textContent = t("drag.count", { count: rows.length });
  document.body.append(picture);
  event.dataTransfer.setDragImage(picture, -12, -8);
  event.dataTransfer.setData(ROW_TYPE, String(rows.length));
  event.dataTransfer.effectAllowed = copyOnly ? "copy" : "copyMove";
  setTimeout(() => picture.remove());
  publish({ accountId, rows, copyOnly });
  document.addEventListener("dragend", () => publish(null), { once: true });
}

/* What letting go here would do, in words for those who listen. */
export interface DropWord {
  readonly text: MessageId;
  readonly place: string;
}

let word: DropWord | null = null;
const hearers = new Set<() => void>();

export function sayDrop(next: DropWord | null): void {
  if (word === next || (word && next && word.text === next.text && word.place === next.place)) return;
  word = next;
  for (const hearer of hearers) hearer();
}

export function useDropWord(): DropWord | null {
  return useSyncExternalStore((hearer) => {
    hearers.add(hearer);
    return () => hearers.delete(hearer);
  }, () => word);
}
