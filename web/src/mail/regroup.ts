import { queryOptions, type QueryClient } from "@tanstack/react-query";
import { jmapOne } from "../jmap/client.ts";
import type { Id, UTCDate } from "../jmap/types.ts";
import { showToast } from "../ui/toasts.ts";
import { refreshLists } from "./cache.ts";
import { failureOf } from "./failures.ts";
import { keys } from "./queries.ts";

/* What ties an email to its conversation (docs/api.md, Organising). */
export interface Tie {
  readonly emailId: Id;
  readonly tie: "first" | "inReplyTo" | "references" | "namedBy" | "shared" | "none";
  readonly toEmailId: Id | null;
  readonly sameSubject: boolean;
  readonly byPerson: { readonly act: "merge" | "split"; readonly person: string | null; readonly at: UTCDate } | null;
}

export function tiesQuery(accountId: Id, threadId: Id) {
  return queryOptions({
    queryKey: ["ties", accountId, threadId],
    queryFn: async ({ signal }) => (await jmapOne<{ readonly ties: readonly Tie[] }>("Conversation/ties", { accountId, threadId }, { signal })).ties,
    staleTime: 0,
    gcTime: 0,
  });
}

interface Split {
  readonly threadId: Id;
  readonly fromThreadId: Id;
  readonly emailIds: readonly Id[];
}

interface Merged {
  readonly threadId: Id;
  readonly moved: readonly { readonly fromThreadId: Id; readonly emailIds: readonly Id[] }[];
}

/* Ids were renewed: what shows them asks again. */
async function refresh(client: QueryClient, accountId: Id): Promise<void> {
  await Promise.all([refreshLists(client, accountId), client.invalidateQueries({ queryKey: keys.threads(accountId) }), client.invalidateQueries({ queryKey: ["notes"] })]);
}

async function attempt(client: QueryClient, accountId: Id, job: () => Promise<void>): Promise<void> {
  try {
    await job();
  } catch (error) {
    showToast({ ...failureOf(error), tone: "problem" });
  }
  await refresh(client, accountId);
}

/* Puts conversations together; Undo takes them apart as they were. onDone: the one that they are now. */
export async function mergeConversations(client: QueryClient, accountId: Id, threadIds: readonly Id[], onDone: (threadId: Id) => void): Promise<void> {
  await attempt(client, accountId, async () => {
    const merged = await jmapOne<Merged>("Conversation/merge", { accountId, threadIds });
    const undo = (): void => void attempt(client, accountId, async () => {
      for (const one of merged.moved) await jmapOne<Split>("Conversation/split", { accountId, emailIds: one.emailIds });
    });
    showToast({ text: "why.merged", values: { count: merged.moved.length + 1 }, undo });
    onDone(merged.threadId);
  });
}

export async function splitConversation(client: QueryClient, accountId: Id, emailIds: readonly Id[], onDone: (threadId: Id) => void): Promise<void> {
  await attempt(client, accountId, async () => {
    const split = await jmapOne<Split>("Conversation/split", { accountId, emailIds });
    const undo = (): void => void attempt(client, accountId, async () => {
      await jmapOne<Merged>("Conversation/merge", { accountId, threadIds: [split.fromThreadId, split.threadId] });
    });
    showToast({ text: "why.split", undo });
    onDone(split.threadId);
  });
}
