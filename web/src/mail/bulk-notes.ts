import type { QueryClient } from "@tanstack/react-query";
import type { MessageId } from "../i18n/i18n.ts";
import { jmapOne, RefusedError } from "../jmap/client.ts";
import type { EmailSummary, GetResponse, Id, SetError } from "../jmap/types.ts";
import { showToast } from "../ui/toasts.ts";
import { leadsOf, patiently, runJob } from "./bulk.ts";
import { failureOf } from "./failures.ts";
import { createNotes, destroyNotes, type NoteType, type TodoText } from "./notes.ts";
import type { ListView } from "./queries.ts";

const ADDED: Readonly<Record<NoteType, MessageId>> = { Note: "note.added", Todo: "todo.added" };
const BATCH = 100;

/* Says how many there are now, with Undo for all of them, and why others are not. */
function tell(client: QueryClient, type: NoteType, accountId: Id, made: readonly Id[], refusal: SetError | null): void {
  const undo = (): void => void destroyNotes(client, type, accountId, made).catch((error: unknown) => showToast({ ...failureOf(error), tone: "problem" }));
  if (made.length > 0) showToast({ text: ADDED[type], values: { count: made.length }, duration: 12_000, undo });
  if (refusal) showToast({ ...failureOf(new RefusedError(refusal)), tone: "problem" });
}

/* The same note or to-do beside each of the conversations, whichever accounts they are of. False: nothing came of it. */
export async function noteThreads(client: QueryClient, accountId: Id, threadIds: readonly Id[], type: NoteType, values: TodoText): Promise<boolean> {
  try {
    const { made, refusal } = await createNotes(client, type, accountId, [...new Set(threadIds)], values);
    tell(client, type, accountId, made, refusal);
    return made.length > 0;
  } catch (error) {
    showToast({ ...failureOf(error), tone: "problem" });
    return false;
  }
}

/* The same beside all that matches the view, on screen or not. */
export async function noteEverything(client: QueryClient, view: ListView, total: number, type: NoteType, values: TodoText): Promise<void> {
  const { accountId } = view;
  const made: Id[] = [];
  const done = new Set<Id>();
  let refusal: SetError | null = null;
  await runJob(total, async (signal, progress) => {
    const leads = await leadsOf(view, signal);
    for (let at = 0; at < leads.length && !signal.aborted; at += BATCH) {
      const ids = leads.slice(at, at + BATCH);
      const emails = (await patiently(signal, () => jmapOne<GetResponse<EmailSummary>>("Email/get", { accountId, ids, properties: ["threadId"] }, { signal }))).list;
      const threads = [...new Set(emails.map((email) => email.threadId))].filter((id) => !done.has(id));
      for (const id of threads) done.add(id);
      const some = await patiently(signal, () => createNotes(client, type, accountId, threads, values));
      made.push(...some.made);
      refusal ??= some.refusal;
      progress(at + ids.length);
    }
  });
  tell(client, type, accountId, made, refusal);
}
