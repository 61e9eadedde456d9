import { jmapOne, RefusedError } from "../jmap/client.ts";
import type { Id, SetError } from "../jmap/types.ts";

interface CopyResponse {
  readonly created?: Readonly<Record<string, { readonly id: Id }>> | null;
  readonly notCreated?: Readonly<Record<string, SetError>> | null;
}

const MOST_PER_CALL = 50;

export interface CopyStep {
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
export async function copyEmails(from: Id, to: Id, steps: readonly CopyStep[], destroy: boolean, made: Map<Id, Id>): Promise<void> {
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
