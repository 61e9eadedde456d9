import { useQueryClient, type QueryClient } from "@tanstack/react-query";
import { useEffect, useSyncExternalStore } from "react";
import { useDesk } from "../../app/context.ts";
import { jmap, jmapOne, MethodError, RefusedError, resultOf } from "../../jmap/client.ts";
import type { GetResponse, Id, Identity, Submission } from "../../jmap/types.ts";
import { failureOf } from "../../mail/failures.ts";
import { byRole } from "../../mail/mailboxes.ts";
import { mailboxesQuery } from "../../mail/queries.ts";
import { showToast } from "../../ui/toasts.ts";
import { openLetter } from "./composer-store.ts";
import { newAttempt, saveDraft, settle } from "./draft-mail.ts";
import { copiesOf, dropCopy, isLeft, keepCopy, type LocalCopy } from "./local-copy.ts";
import { sendDraft } from "./outbox.ts";

const RETRY_MS = 15_000;

/* What waits on this machine for a connection. */
let waiting: readonly LocalCopy[] = [];
const listeners = new Set<() => void>();
let poke: () => void = () => undefined;

function publish(next: readonly LocalCopy[]): void {
  waiting = next;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function useWaitingCopies(): readonly LocalCopy[] {
  return useSyncExternalStore(subscribe, () => waiting);
}

export function sendLeftCopiesSoon(): void {
  setTimeout(() => poke(), 500);
}

/* Whether the draft went out after all: an answer may have been lost on its way here. */
async function wasSubmitted(accountId: Id, emailId: Id): Promise<boolean> {
  const results = await jmap([
    ["EmailSubmission/query", { accountId, filter: { emailIds: [emailId] } }, "query"],
    ["EmailSubmission/get", { accountId, "#ids": resultOf("query", "EmailSubmission/query", "/ids"), properties: ["undoStatus"] }, "submissions"],
  ]);
  return results.get<GetResponse<Submission>>("submissions").list.some((one) => one.undoStatus !== "canceled");
}

async function sendCopy(client: QueryClient, copy: LocalCopy): Promise<void> {
  const { letter } = copy;
  const { accountId } = letter;
  const { id: draftId } = await settle({ accountId, id: letter.draftId ?? null, unanswered: letter.unanswered ?? null });
  if (draftId && (await wasSubmitted(accountId, draftId))) return;
  const [mailboxes, identities] = await Promise.all([
    client.fetchQuery({ ...mailboxesQuery(accountId), staleTime: 0 }),
    jmapOne<GetResponse<Identity>>("Identity/get", { accountId, ids: null }),
  ]);
  const identity = identities.list.find((one) => one.id === letter.identityId) ?? identities.list[0];
  const draftsId = byRole(mailboxes, "drafts")?.id;
  if (!identity || !draftsId) throw new Error("this account cannot send");
  const attempt = newAttempt({ accountId, identity });
  await keepCopy({ ...copy, letter: { ...letter, draftId, unanswered: attempt } });
  const saved = await saveDraft({
    accountId, draftId, to: letter.to ?? [], cc: letter.cc ?? [], bcc: letter.bcc ?? [], subject: letter.subject ?? "", attachments: letter.attachments ?? [],
    inReplyTo: letter.inReplyTo ?? null, references: letter.references ?? null, answered: letter.answered ?? null, format: letter.format ?? "html", text: letter.text ?? "",
    replyTo: letter.replyTo?.length ? letter.replyTo : (identity.replyTo ?? []), priority: letter.priority ?? "normal", receipt: letter.receipt ?? false,
    identity, ownHtml: letter.html ?? "", quoteHtml: letter.quote?.html ?? null,
  }, draftsId, attempt);
  const next = { ...letter, draftId: saved.id, unanswered: null };
  await keepCopy({ ...copy, letter: next });
  const late = copy.sending?.sendAt && Date.parse(copy.sending.sendAt) > Date.now() ? copy.sending.sendAt : null;
  await sendDraft(client, {
    accountId, emailId: saved.id, identity, recipients: [...(letter.to ?? []), ...(letter.cc ?? []), ...(letter.bcc ?? []), ...(identity.bcc ?? [])], draftsId,
    sentId: byRole(mailboxes, "sent")?.id ?? null, answered: letter.answered ?? null, seconds: 0, sendAt: late,
  }, next);
}

async function withLock(name: string, job: () => Promise<void>): Promise<void> {
  if ("locks" in navigator) await navigator.locks.request(name, { ifAvailable: true }, async (lock) => { if (lock) await job(); });
  else await job();
}

/* One of the pages sends what waits, one after the other; without a connection it is tried again. */
async function sendWaiting(client: QueryClient, userAccount: Id): Promise<boolean> {
  let offline = false;
  await withLock("postroom-outbox", async () => {
    for (const copy of (await copiesOf(userAccount)).filter((one) => one.sending)) {
      try {
        await sendCopy(client, copy);
        await dropCopy(copy.id);
      } catch (error) {
        /* No answer, or a server that is just starting: it is tried again. */
        if (!(error instanceof RefusedError || error instanceof MethodError)) { offline = true; break; }
        /* Refused: it is a letter like any other again. */
        await keepCopy({ ...copy, sending: undefined });
        showToast({ ...failureOf(error), tone: "problem", duration: 60_000, undo: () => reopen(copy), undoLabel: "draft.edit" });
      }
    }
  });
  publish((await copiesOf(userAccount)).filter((one) => one.sending));
  return offline;
}

export function reopen(copy: LocalCopy): void {
  openLetter({ ...copy.letter, copyId: copy.id, recovered: true });
}

export async function dropWaiting(userAccount: Id, copy: LocalCopy, edit: boolean): Promise<void> {
  await dropCopy(copy.id);
  if (edit) reopen(copy);
  publish((await copiesOf(userAccount)).filter((one) => one.sending));
}

/* Whether all of it is in Drafts, though the page died before it was told. */
async function wasSaved({ letter: { accountId, draftId = null, unanswered = null } }: LocalCopy): Promise<boolean> {
  return unanswered !== null && !unanswered.isOutrun && (await settle({ accountId, id: draftId, unanswered })).unanswered === null;
}

/* Letters that a page left behind when it died are offered again; those without a word in them are not. */
async function offerLeft(userAccount: Id): Promise<void> {
  for (const copy of await copiesOf(userAccount)) {
    if (copy.sending || !(await isLeft(copy))) continue;
    if (await wasSaved(copy).catch(() => false)) {
      await dropCopy(copy.id);
      continue;
    }
    showToast({
      text: "compose.recovered", values: { subject: copy.letter.subject?.trim() ? copy.letter.subject : "…" }, duration: 120_000, undo: () => reopen(copy), undoLabel: "draft.edit",
    });
  }
}

/* Looks after what is kept on this machine while the mail is open. */
export function useRecovery(): void {
  const client = useQueryClient();
  const { userAccount } = useDesk();
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let stopped = false;
    const run = async (): Promise<void> => {
      clearTimeout(timer);
      const offline = await sendWaiting(client, userAccount).catch(() => false);
      if (!stopped && offline) timer = setTimeout(() => void run(), RETRY_MS);
    };
    const now = (): void => void run();
    poke = now;
    addEventListener("online", now);
    now();
    offerLeft(userAccount).catch(() => undefined);
    return () => {
      stopped = true;
      clearTimeout(timer);
      removeEventListener("online", now);
    };
  }, [client, userAccount]);
}
