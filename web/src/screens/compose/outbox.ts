import type { QueryClient } from "@tanstack/react-query";
import { useSyncExternalStore } from "react";
import type { Id } from "../../jmap/types.ts";
import { refreshLists } from "../../mail/cache.ts";
import { failureOf } from "../../mail/failures.ts";
import { keys } from "../../mail/queries.ts";
import { showToast } from "../../ui/toasts.ts";
import { openLetter, type NewLetter } from "./composer-store.ts";
import { submitDraft, type Sending } from "./draft-mail.ts";

export const UNDO_SECONDS = 8;

/* The drafts on their way out: nobody should go on writing in one of them. */
let sendingIds: ReadonlySet<Id> = new Set();
const listeners = new Set<() => void>();

function setSending(emailId: Id, on: boolean): void {
  const next = new Set(sendingIds);
  if (on) next.add(emailId);
  else next.delete(emailId);
  sendingIds = next;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function useIsSending(emailId: Id): boolean {
  return useSyncExternalStore(subscribe, () => sendingIds.has(emailId));
}

/*
 * The time in which sending can be taken back. The mail is in Drafts all the while, so nothing is lost; a page that is
 * left meanwhile sends at once.
 */
export function sendSoon(client: QueryClient, sending: Sending, letter: NewLetter, seconds: number = UNDO_SECONDS): void {
  let settled = false;
  const onLeave = (): void => {
    if (settled) return;
    settled = true;
    void submitDraft(sending, { keepalive: true });
  };
  const finish = (): boolean => {
    if (settled) return false;
    settled = true;
    removeEventListener("pagehide", onLeave);
    return true;
  };
  const timer = setTimeout(() => { if (finish()) void send(client, sending, letter); }, seconds * 1000);
  addEventListener("pagehide", onLeave);
  setSending(sending.emailId, true);
  showToast({
    text: "compose.sending",
    duration: seconds * 1000,
    undo: () => {
      clearTimeout(timer);
      if (!finish()) return;
      setSending(sending.emailId, false);
      openLetter(letter);
      showToast({ text: "compose.sendUndone" });
    },
  });
}

async function send(client: QueryClient, sending: Sending, letter: NewLetter): Promise<void> {
  try {
    await submitDraft(sending);
    showToast({ text: "compose.sent", duration: 4_000 });
  } catch (error) {
    const failure = failureOf(error);
    showToast({ ...failure, tone: "problem", duration: 60_000, undo: () => openLetter(letter), undoLabel: "draft.edit" });
  }
  await refreshLists(client, sending.accountId);
  await client.invalidateQueries({ queryKey: keys.threads(sending.accountId) });
  setSending(sending.emailId, false);
}

