import type { QueryClient } from "@tanstack/react-query";
import { jmapOne } from "../jmap/client.ts";
import type { EmailSummary, Id, Mailbox } from "../jmap/types.ts";
import { showToast } from "../ui/toasts.ts";
import { patchCache, refreshLists } from "./cache.ts";
import { copyEmails, type CopyStep } from "./email-copy.ts";
import { failureOf } from "./failures.ts";
import { cachedMailboxMap, isUnified } from "./unified.ts";
import { hasWaiting, isForLater, keepForLater, sendWaiting } from "./waiting.ts";

function ownMailboxes(client: QueryClient, accountId: Id, email: EmailSummary): Record<Id, true> {
  const map = cachedMailboxMap(client);
  return Object.fromEntries(Object.keys(email.mailboxIds).flatMap((id) => {
    const own = map.own(accountId, id);
    return own === null ? [] : [[own, true as const]];
  }));
}

/* What was copied from one account into another; made: the copies by their originals. */
export interface Copied {
  readonly from: Id;
  readonly to: Id;
  readonly emails: readonly EmailSummary[];
  readonly made: ReadonlyMap<Id, Id>;
  readonly moved: boolean;
}

/* Takes copies back: to where they were copied from when the originals went, else away. */
export async function takeBack(client: QueryClient, { from, to, emails, made, moved }: Copied): Promise<void> {
  try {
    if (moved) {
      const steps = emails.flatMap((email) => {
        const id = made.get(email.id);
        return id ? [{ id, mailboxIds: ownMailboxes(client, from, email), keywords: email.keywords }] : [];
      });
      await copyEmails(to, from, steps, true, new Map());
    } else await jmapOne("Email/set", { accountId: to, destroy: [...made.values()] });
  } catch (error) {
    showToast({ ...failureOf(error), tone: "problem" });
  }
  await Promise.all([refreshLists(client, from), refreshLists(client, to)]);
}

/* One account's share: made, or kept for later where the server cannot be asked. */
async function copyOrKeep(client: QueryClient, from: Id, to: Id, steps: readonly CopyStep[], move: boolean, target: Mailbox, made: Map<Id, Id>): Promise<void> {
  const keep = (): boolean => keepForLater({
    accountId: from, patches: [], inverse: [], destroy: [], copy: { to, steps: steps.filter(({ id }) => !made.has(id)), move },
    text: move ? "action.moved" : "action.copied", values: { count: steps.length - made.size, mailbox: target.name },
  });
  try {
    /* What came before goes first. */
    if (hasWaiting() && !(await sendWaiting(client)) && keep()) return;
    await copyEmails(from, to, steps, move, made);
  } catch (error) {
    if (!(isForLater(error) && keep())) showToast({ ...failureOf(error), tone: "problem" });
  }
}

/* Between accounts mail is copied whole, and the original destroyed when it was to move. What does not go stays, and is told. */
export async function copyAcross(client: QueryClient, emails: readonly EmailSummary[], accountId: Id, target: Mailbox, to: Id, move: boolean): Promise<readonly Copied[]> {
  const map = cachedMailboxMap(client);
  const byAccount = new Map<Id, EmailSummary[]>();
  for (const email of emails) {
    const from = isUnified(accountId) ? map.accountOf(email) : accountId;
    if (from !== null && from !== to) byAccount.set(from, [...(byAccount.get(from) ?? []), email]);
  }
  const done: Copied[] = [];
  for (const [from, some] of byAccount) {
    const made = new Map<Id, Id>();
    if (move) patchCache(client, new Map(), new Set(some.map((email) => email.id)));
    await copyOrKeep(client, from, to, some.map(({ id }) => ({ id, mailboxIds: { [target.id]: true } })), move, target, made);
    if (made.size > 0) done.push({ from, to, emails: some, made, moved: move });
    await Promise.all([refreshLists(client, from), refreshLists(client, to)]);
  }
  return done;
}
