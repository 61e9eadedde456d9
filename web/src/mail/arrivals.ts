import { jmap, MethodError, resultOf } from "../jmap/client.ts";
import type { Address, ChangesResponse, GetResponse, Id, Mailbox } from "../jmap/types.ts";

/* A mail that has just come into an inbox and that nobody has read. */
export interface Arrival {
  readonly id: Id;
  readonly threadId: Id;
  readonly mailboxIds: Readonly<Record<Id, true>>;
  readonly keywords: Readonly<Record<string, true>>;
  readonly from: readonly Address[] | null;
  readonly subject: string | null;
  readonly receivedAt: string;
}

const PROPERTIES = ["id", "threadId", "mailboxIds", "keywords", "from", "subject", "receivedAt"];
/* What a first sync or a long absence brings in is no news. */
const FRESH = 15 * 60_000;
const MOST = 100;
const GAP = 1_500;

export function isNews(arrival: Arrival, inbox: Id, now: number): boolean {
  return arrival.mailboxIds[inbox] === true && !arrival.keywords["$seen"] && !arrival.keywords["$draft"] && now - Date.parse(arrival.receivedAt) < FRESH;
}

let current: (() => void) | null = null;

/* There may be something new. */
export function pokeArrivals(): void {
  current?.();
}

type Listener = (arrivals: readonly Arrival[], inbox: Id) => void;

/* Follows what comes into the inboxes of all accounts, by the unified account's changes; a state that is too old is left behind. Answers what ends it. */
export function watchArrivals(userAccount: Id, listener: Listener): () => void {
  let state: string | null = null;
  let inbox: Id | null = null;
  let running = false;
  let again = false;
  let stopped = false;
  const begin = async (): Promise<void> => {
    const results = await jmap([
      ["Email/get", { accountId: userAccount, ids: [], properties: ["id"] }, "state"],
      ["Mailbox/get", { accountId: userAccount, ids: null, properties: ["role"] }, "mailboxes"],
    ]);
    state = results.get<{ state: string }>("state").state;
    inbox = results.get<GetResponse<Pick<Mailbox, "id" | "role">>>("mailboxes").list.find((mailbox) => mailbox.role === "inbox")?.id ?? null;
  };
  const look = async (): Promise<void> => {
    if (state === null || inbox === null) return begin();
    const results = await jmap([
      ["Email/changes", { accountId: userAccount, sinceState: state, maxChanges: MOST }, "changes"],
      ["Email/get", { accountId: userAccount, "#ids": resultOf("changes", "Email/changes", "/created"), properties: PROPERTIES }, "emails"],
    ]);
    const changes = results.get<ChangesResponse>("changes");
    state = changes.newState;
    const now = Date.now();
    const news = results.get<GetResponse<Arrival>>("emails").list.filter((arrival) => isNews(arrival, inbox!, now));
    if (news.length > 0 && !stopped) listener(news, inbox);
    again ||= changes.hasMoreChanges;
  };
  const run = async (): Promise<void> => {
    if (running) {
      again = true;
      return;
    }
    running = true;
    do {
      again = false;
      await look().catch((error: unknown) => {
        if (error instanceof MethodError) state = null;
      });
      await new Promise((resolve) => setTimeout(resolve, GAP));
    } while (again && !stopped);
    running = false;
  };
  const poke = (): void => void run();
  current = poke;
  poke();
  return () => {
    stopped = true;
    if (current === poke) current = null;
  };
}
