import type { QueryClient } from "@tanstack/react-query";
import { assertAccepted, jmapOne } from "../jmap/client.ts";
import type { EmailSummary, Id, Mailbox, SetError } from "../jmap/types.ts";
import { showToast } from "../ui/toasts.ts";
import { patchCache, refreshLists } from "./cache.ts";
import { failureOf } from "./failures.ts";
import { cachedMailboxMap, isUnified } from "./unified.ts";

interface CopyResponse {
  readonly created?: Readonly<Record<string, { readonly id: Id }>> | null;
  readonly notCreated?: Readonly<Record<string, SetError>> | null;
}

const MOST_PER_CALL = 50;

interface Step {
  readonly id: Id;
  readonly mailboxIds: Readonly<Record<Id, true>>;
  /* Without: the original's, labels under the keywords that they have there. */
  readonly keywords?: Readonly<Record<string, true>>;
}

/* RFC 8621, 4.7. Answers the copies by their originals; a refusal ends it. */
async function copy(from: Id, to: Id, steps: readonly Step[], destroy: boolean, made: Map<Id, Id>): Promise<void> {
  for (let at = 0; at < steps.length; at += MOST_PER_CALL) {
    const create = Object.fromEntries(steps.slice(at, at + MOST_PER_CALL).map((step) => [step.id, step]));
    const answer = await jmapOne<CopyResponse>("Email/copy", { fromAccountId: from, accountId: to, create, onSuccessDestroyOriginal: destroy });
    for (const [original, { id }] of Object.entries(answer.created ?? {})) made.set(original, id);
    assertAccepted(answer);
  }
}

function ownMailboxes(client: QueryClient, accountId: Id, email: EmailSummary): Record<Id, true> {
  const map = cachedMailboxMap(client);
  return Object.fromEntries(Object.keys(email.mailboxIds).flatMap((id) => {
    const own = map.own(accountId, id);
    return own === null ? [] : [[own, true as const]];
  }));
}

/* Takes copies back: to where they were copied from when the originals went, else away. */
async function takeBack(client: QueryClient, from: Id, to: Id, emails: readonly EmailSummary[], made: ReadonlyMap<Id, Id>, moved: boolean): Promise<void> {
  try {
    if (moved) {
      const steps = emails.flatMap((email) => {
        const id = made.get(email.id);
        return id ? [{ id, mailboxIds: ownMailboxes(client, from, email), keywords: email.keywords }] : [];
      });
      await copy(to, from, steps, true, new Map());
    } else await jmapOne("Email/set", { accountId: to, destroy: [...made.values()] });
  } catch (error) {
    showToast({ ...failureOf(error), tone: "problem" });
  }
  await Promise.all([refreshLists(client, from), refreshLists(client, to)]);
}

/* Between accounts mail is copied whole, and the original destroyed when it was to move. */
export async function copyAcross(client: QueryClient, emails: readonly EmailSummary[], accountId: Id, target: Mailbox, targetAccount: Id, move: boolean): Promise<void> {
  const map = cachedMailboxMap(client);
  const byAccount = new Map<Id, EmailSummary[]>();
  for (const email of emails) {
    const from = isUnified(accountId) ? map.accountOf(email) : accountId;
    if (from !== null && from !== targetAccount) byAccount.set(from, [...(byAccount.get(from) ?? []), email]);
  }
  for (const [from, some] of byAccount) {
    const made = new Map<Id, Id>();
    if (move) patchCache(client, new Map(), new Set(some.map((email) => email.id)));
    try {
      await copy(from, targetAccount, some.map(({ id }) => ({ id, mailboxIds: { [target.id]: true } })), move, made);
    } catch (error) {
      showToast({ ...failureOf(error), tone: "problem" });
    }
    if (made.size > 0)
      showToast({ text: move ? "action.moved" : "action.copied", values: { mailbox: target.name }, undo: () => void takeBack(client, from, targetAccount, some, made, move) });
    await Promise.all([refreshLists(client, from), refreshLists(client, targetAccount)]);
  }
}
