import { pageUrl } from "./http.ts";
import type { StateChange } from "./types.ts";

export interface PushListener {
  readonly onChange: (change: StateChange) => void;
  /* Changes may have been missed: compare states with the server. */
  readonly onResync: () => void;
  readonly onOnline: (online: boolean) => void;
  /* The server answers, and gives no events: maybe nobody is signed in any more. */
  readonly onRefused: () => void;
}

type Broadcast =
  | { readonly kind: "change"; readonly change: StateChange }
  | { readonly kind: "resync" }
  | { readonly kind: "refused" }
  | { readonly kind: "online"; readonly online: boolean };

let listening = false;

/* Whether this tab is the one that listens for all: what is to be done once for all tabs, it does. */
export function isListening(): boolean {
  return listening;
}

const LOCK = "postroom-events";
const FIRST_RETRY = 1_000;
const LONGEST_RETRY = 30_000;
const EVENTS = "jmap/eventsource?types=*&closeafter=no&ping=30";

/*
 * One EventSource for all tabs of a user: the tab that holds the lock listens and tells the others.
 * Where locks are missing (plain http on another machine) each tab listens for itself.
 */
export function startPush(user: string, listener: PushListener): () => void {
  const channel = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel(`${LOCK}-${user}`);
  const stop = new AbortController();
  const deliver = (message: Broadcast): void => dispatch(listener, message);
  const tell = (message: Broadcast): void => {
    deliver(message);
    channel?.postMessage(message);
  };
  if (channel) channel.onmessage = (event: MessageEvent<Broadcast>) => deliver(event.data);
  const listen = (): Promise<void> => listenUntil(stop.signal, tell);
  if (channel && navigator.locks) {
    navigator.locks.request(`${LOCK}-${user}`, { signal: stop.signal }, listen).catch(() => undefined);
  } else {
    void listen();
  }
  return () => {
    stop.abort();
    channel?.close();
  };
}

function dispatch(listener: PushListener, message: Broadcast): void {
  if (message.kind === "change") listener.onChange(message.change);
  else if (message.kind === "resync") listener.onResync();
  else if (message.kind === "refused") listener.onRefused();
  else listener.onOnline(message.online);
}

/* Keeps a stream open until told to stop. The browser reconnects a broken one; a refused one is ours to retry. */
function listenUntil(signal: AbortSignal, tell: (message: Broadcast) => void): Promise<void> {
  listening = true;
  return new Promise((resolve) => {
    let source: EventSource | null = null;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let wait = FIRST_RETRY;
    let opened = false;
    const connect = (): void => {
      source = new EventSource(pageUrl(EVENTS), { withCredentials: true });
      source.addEventListener("open", () => {
        wait = FIRST_RETRY;
        tell({ kind: "online", online: true });
        if (opened) tell({ kind: "resync" });
        opened = true;
      });
      source.addEventListener("state", (event) => {
        const change = parseChange((event as MessageEvent<string>).data);
        if (change) tell({ kind: "change", change });
      });
      source.addEventListener("error", () => {
        tell({ kind: "online", online: false });
        if (source?.readyState !== EventSource.CLOSED || signal.aborted) return;
        tell({ kind: "refused" });
        timer = setTimeout(connect, wait * (0.75 + Math.random() / 2));
        wait = Math.min(wait * 2, LONGEST_RETRY);
      });
    };
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      source?.close();
      listening = false;
      resolve();
    });
    connect();
  });
}

function parseChange(data: string): StateChange | null {
  try {
    const value = JSON.parse(data) as StateChange;
    return typeof value.changed === "object" && value.changed !== null ? value : null;
  } catch {
    return null;
  }
}
