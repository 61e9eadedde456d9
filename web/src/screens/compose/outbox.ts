import type { QueryClient } from "@tanstack/react-query";
import { useSyncExternalStore } from "react";
import { formatFullDate } from "../../i18n/format.ts";
import { i18n, regionalLocale } from "../../i18n/i18n.ts";
import { NetworkProblem } from "../../jmap/http.ts";
import type { Id } from "../../jmap/types.ts";
import { refreshLists } from "../../mail/cache.ts";
import { failureOf } from "../../mail/failures.ts";
import { keys } from "../../mail/queries.ts";
import { showToast } from "../../ui/toasts.ts";
import { openLetter, type Letter, type NewLetter } from "./composer-store.ts";
import { cancelSending, submitDraft, type Sending } from "./draft-mail.ts";
import { submissionsKey } from "./submissions.ts";

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

async function refresh(client: QueryClient, accountId: Id): Promise<void> {
  await Promise.all([
    refreshLists(client, accountId),
    client.invalidateQueries({ queryKey: keys.threads(accountId) }),
    client.invalidateQueries({ queryKey: submissionsKey(accountId) }),
  ]);
}

/* Takes a sending back and opens the mail again as it was. false: it was too late. */
export async function undoSending(client: QueryClient, accountId: Id, submissionId: Id, letter: NewLetter | null, answered: Letter["answered"]): Promise<boolean> {
  try {
    if (!(await cancelSending(accountId, submissionId, answered))) {
      showToast({ text: "compose.tooLateToUndo", tone: "problem" });
      return false;
    }
    if (letter) {
      openLetter(letter);
      showToast({ text: "compose.sendUndone" });
    }
    return true;
  } catch (error) {
    showToast({ ...failureOf(error), tone: "problem" });
    return false;
  } finally {
    await refresh(client, accountId);
  }
}

/*
 * Hands the draft to the server, which holds it for the time in which sending can be taken back; closing the page changes
 * nothing. Throws when the server could not be asked.
 */
export async function sendDraft(client: QueryClient, sending: Sending, letter: NewLetter): Promise<void> {
  const { accountId, emailId, seconds, sendAt, answered } = sending;
  setSending(emailId, true);
  try {
    const submissionId = await submitDraft(sending);
    const undo = { undo: () => void undoSending(client, accountId, submissionId, letter, answered) };
    if (sendAt !== null) showToast({ text: "compose.scheduled", values: { at: formatFullDate(sendAt, regionalLocale(i18n.locale)) }, duration: 8_000, ...undo });
    else showToast({ text: seconds > 0 ? "compose.sending" : "compose.sent", duration: seconds > 0 ? seconds * 1000 : 4_000, ...(seconds > 0 ? undo : {}) });
  } catch (error) {
    if (error instanceof NetworkProblem) throw error;
    showToast({ ...failureOf(error), tone: "problem", duration: 60_000, undo: () => openLetter(letter), undoLabel: "draft.edit" });
  } finally {
    setSending(emailId, false);
    void refresh(client, accountId);
  }
}

