import type { QueryClient } from "@tanstack/react-query";
import { jmapOne, RefusedError } from "../jmap/client.ts";
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

/* Before what was put off is asked for again, where nothing else went on meanwhile. */
const PATIENCE = [500, 1_500, 3_000, 6_000, 10_000];

/* A call takes so much and no more, and a message that is not here as a whole is fetched when it is asked for. */
function isPutOff({ type }: SetError): boolean {
  return type === "rateLimit" || type === "serverUnavailable";
}

/* RFC 8621, 4.7. Gives the copies by their originals; a refusal of one is thrown when the others are done. */
async function copy(from: Id, to: Id, steps: readonly Step[], destroy: boolean, made: Map<Id, Id>): Promise<void> {
  let left = [...steps];
  let refusal: SetError | null = null;
  for (let waits = 0; left.length > 0;) {
    const some = left.slice(0, MOST_PER_CALL);
    const create = Object.fromEntries(some.map((step) => [step.id, step]));
    const answer = await jmapOne<CopyResponse>("Email/copy", { fromAccountId: from, accountId: to, create, onSuccessDestroyOriginal: destroy });
    const created = Object.entries(answer.created ?? {});
    for (const [original, { id }] of created) made.set(original, id);
    const refused = Object.entries(answer.notCreated ?? {});
    const wait = created.length > 0 ? 0 : PATIENCE[waits++];
    const again = new Set(wait === undefined ? [] : refused.filter(([, error]) => isPutOff(error)).map(([id]) => id));
    refusal ??= refused.find(([id]) => !again.has(id))?.[1] ?? null;
    left = [...left.slice(MOST_PER_CALL), ...some.filter((step) => again.has(step.id))];
    if (again.size > 0 && wait) await new Promise((resolve) => setTimeout(resolve, wait));
  }
  if (refusal) throw new RefusedError(refusal);
}

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
      await copy(to, from, steps, true, new Map());
    } else await jmapOne("Email/set", { accountId: to, destroy: [...made.values()] });
  } catch (error) {
    showToast({ ...failureOf(error), tone: "problem" });
  }
  await Promise.all([refreshLists(client, from), refreshLists(client, to)]);
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
    try {
      await copy(from, to, some.map(({ id }) => ({ id, mailboxIds: { [target.id]: true } })), move, made);
    } catch (error) {
      showToast({ ...failureOf(error), tone: "problem" });
    }
    if (made.size > 0) done.push({ from, to, emails: some, made, moved: move });
    await Promise.all([refreshLists(client, from), refreshLists(client, to)]);
  }
  return done;
}
