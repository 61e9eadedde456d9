import type { QueryClient } from "@tanstack/react-query";
import { jmapOne, MethodError } from "../jmap/client.ts";
import type { PushListener } from "../jmap/push.ts";
import type { EmailSummary, Id, JmapSession, LinkedAccount, StateChange } from "../jmap/types.ts";
import { cachedEmails, mergeSummaries, refreshLists } from "./cache.ts";
import { labelsKey } from "./labels.ts";
import { noteKeys } from "./notes.ts";
import { preferencesKey } from "./preferences.ts";
import { fetchChanges, fetchSummaries, forgetState, keys, knownState, rememberState } from "./queries.ts";
import { pokeArrivals } from "./arrivals.ts";
import { isUnified } from "./unified.ts";
import { sendWaiting } from "./waiting.ts";
import { savedKeys } from "./saved-searches.ts";
import { trustedKey } from "./trusted.ts";
import { vacationKey } from "./vacation.ts";

const LIST_REFRESH_GAP = 1_500;
/* Saved searches are counted by the server from the beginning. */
const COUNTS_GAP = 15_000;

/* Runs a job soon, but not more often than the gap: a first sync changes mail many times a second. */
function paced(gap: number, job: () => Promise<void>): () => void {
  let running = false;
  let again = false;
  const run = async (): Promise<void> => {
    if (running) {
      again = true;
      return;
    }
    running = true;
    do {
      again = false;
      await job().catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, gap));
    } while (again);
    running = false;
  };
  return () => void run();
}

function sameMailboxes(a: EmailSummary, b: EmailSummary): boolean {
  const left = Object.keys(a.mailboxIds);
  return left.length === Object.keys(b.mailboxIds).length && left.every((id) => b.mailboxIds[id]);
}

/* Follows Email/changes: known emails are patched in place, anything new or gone makes the lists ask again. */
async function followEmails(client: QueryClient, accountId: Id): Promise<void> {
  const since = knownState(accountId, "Email");
  if (since === undefined) return;
  if (!isOnScreen(client, accountId)) return forgetEmails(client, accountId);
  const changes = await fetchChanges("Email", accountId, since).catch((error: unknown) => {
    if (error instanceof MethodError) return null;
    throw error;
  });
  if (changes === null) return startOver(client, accountId);
  rememberState(accountId, "Email", changes.newState);
  const known = cachedEmails(client, accountId);
  const updated = changes.updated.filter((id) => known.has(id));
  const fresh = await fetchSummaries(accountId, updated);
  const moved = fresh.some((email) => !sameMailboxes(known.get(email.id)!, email));
  const becameReady = fresh.filter((email) => known.get(email.id)!["postroom:state"] !== email["postroom:state"]);
  mergeSummaries(client, accountId, fresh);
  for (const email of becameReady) void client.invalidateQueries({ queryKey: ["view", accountId, email.id] });
  const unknownUpdates = changes.updated.length > updated.length;
  if (changes.created.length > 0 || changes.destroyed.length > 0 || moved || unknownUpdates) {
    await refreshLists(client, accountId);
    await refreshThreads(client, accountId);
  }
  if (changes.hasMoreChanges) await followEmails(client, accountId);
}

function isOnScreen(client: QueryClient, accountId: Id): boolean {
  const cache = client.getQueryCache();
  return [keys.lists(accountId), keys.threads(accountId)].some((queryKey) => cache.findAll({ queryKey, type: "active" }).length > 0);
}

/* Of an account that nothing is shown of: asked anew when something is. */
async function forgetEmails(client: QueryClient, accountId: Id): Promise<void> {
  forgetState(accountId, "Email");
  await client.invalidateQueries({ queryKey: keys.lists(accountId) });
  await client.invalidateQueries({ queryKey: keys.threads(accountId) });
}

async function refreshThreads(client: QueryClient, accountId: Id): Promise<void> {
  await client.invalidateQueries({ queryKey: keys.threads(accountId) });
}

/* The server no longer knows our state: everything of the account is asked again. */
async function startOver(client: QueryClient, accountId: Id): Promise<void> {
  rememberState(accountId, "Email", "");
  const latest = await fetchEmailState(accountId);
  rememberState(accountId, "Email", latest);
  await refreshLists(client, accountId);
  await refreshThreads(client, accountId);
}

async function fetchEmailState(accountId: Id): Promise<string> {
  const answer = await jmapOne<{ state: string }>("Email/get", { accountId, ids: [], properties: ["id"] });
  return answer.state;
}

/* The session lists the accounts, so it is asked again when one was linked or unlinked, not at each step of a sync. */
function accountsDiffer(client: QueryClient, userAccount: Id): boolean {
  const linked = client.getQueryData<readonly LinkedAccount[]>(keys.linked(userAccount));
  const session = client.getQueryData<JmapSession>(keys.session);
  if (!linked || !session) return true;
  const known = Object.keys(session.accounts).filter((id) => id.startsWith("a"));
  return linked.some((account) => !session.accounts[account.id]) || known.some((id) => !linked.some((account) => account.id === id));
}

/* What one may do in an account is said by the session, its folders and its identities: they are asked again when it changed. */
async function followLinked(client: QueryClient, userAccount: Id): Promise<void> {
  const linked = () => client.getQueryData<readonly LinkedAccount[]>(keys.linked(userAccount)) ?? [];
  const before = new Map(linked().map((account) => [account.id, account.access]));
  await client.invalidateQueries({ queryKey: keys.linked(userAccount) });
  const changed = linked().filter((account) => before.has(account.id) && before.get(account.id) !== account.access);
  if (changed.length > 0 || accountsDiffer(client, userAccount)) await client.invalidateQueries({ queryKey: keys.session });
  for (const { id } of changed) {
    await client.invalidateQueries({ queryKey: keys.mailboxes(id) });
    await client.invalidateQueries({ queryKey: keys.identities(id) });
  }
}

type Handler = (accountId: Id) => void;

/* What each type's change sets going. */
export function liveListener(client: QueryClient, onOnline: (online: boolean) => void): PushListener {
  const pacers = new Map<string, () => void>();
  const pace = (key: string, gap: number, job: () => Promise<void>): void => {
    let pacer = pacers.get(key);
    if (!pacer) pacers.set(key, (pacer = paced(gap, job)));
    pacer();
  };
  const refetch = (key: readonly unknown[]) => () => client.invalidateQueries({ queryKey: key });
  const handlers: Readonly<Record<string, Handler>> = {
    Email: (id) => {
      if (isUnified(id)) pokeArrivals();
      pace(`Email ${id}`, LIST_REFRESH_GAP, () => followEmails(client, id));
      pace("counts", COUNTS_GAP, refetch(savedKeys.counts));
    },
    Mailbox: (id) => pace(`Mailbox ${id}`, 1_000, refetch(keys.mailboxes(id))),
    Thread: () => undefined,
    LinkedAccount: (id) => pace(`LinkedAccount ${id}`, 500, () => followLinked(client, id)),
    Provider: (id) => pace(`Provider ${id}`, 500, refetch(keys.providers(id))),
    Preferences: (id) => pace(`Preferences ${id}`, 500, refetch(preferencesKey(id))),
    Label: (id) => pace(`Label ${id}`, 500, refetch(labelsKey(id))),
    Note: (id) => pace(`Note ${id}`, 500, refetch(noteKeys.notes(id))),
    Todo: (id) => pace(`Todo ${id}`, 500, async () => {
      await Promise.all([client.invalidateQueries({ queryKey: noteKeys.notes(id) }), client.invalidateQueries({ queryKey: noteKeys.mine(id) })]);
    }),
    SavedSearch: (id) => pace(`SavedSearch ${id}`, 500, refetch(savedKeys.list(id))),
    TrustedSender: (id) => pace(`TrustedSender ${id}`, 500, refetch(trustedKey(id))),
    EmailSubmission: (id) => pace(`EmailSubmission ${id}`, 500, refetch(["submissions", id])),
    ContactGroup: (id) => pace(`ContactGroup ${id}`, 500, refetch(["contactGroups", id])),
    Signature: (id) => pace(`Signature ${id}`, 500, refetch(["signatures", id])),
    Template: (id) => pace(`Template ${id}`, 500, refetch(["templates", id])),
    VacationResponse: (id) => pace(`VacationResponse ${id}`, 500, refetch(vacationKey(id))),
    Identity: (id) => pace(`Identity ${id}`, 500, refetch(keys.identities(id))),
  };
  const onChange = (change: StateChange): void => {
    for (const [accountId, types] of Object.entries(change.changed))
      for (const [type, state] of Object.entries(types))
        if (knownState(accountId, type) !== state) handlers[type]?.(accountId);
  };
  /* What was done meanwhile goes first, so that nothing on screen jumps back. */
  const onResync = (): void => {
    pokeArrivals();
    void sendWaiting(client).then(() => client.invalidateQueries());
  };
  /* Whoever is signed out is told so by the answer. */
  const onRefused = (): void => void client.invalidateQueries({ queryKey: keys.session });
  return { onChange, onResync, onOnline, onRefused };
}
