import { createElement, lazy, useState, type ComponentType } from "react";

const waiting: (() => Promise<unknown>)[] = [];
let begun = false;

function inBackground(load: () => Promise<unknown>): void {
  load().catch(() => undefined);
}

/* To be loaded by loadAhead(), or now when that has been called. */
export function ahead(load: () => Promise<unknown>): void {
  if (begun) inBackground(load);
  else waiting.push(load);
}

/*
 * As React's lazy(), for what is loaded ahead of its first use (loadAhead()): it is drawn at once then. lazy() suspends the first
 * time in any case, and React shows what has suspended no sooner than 300 ms after its fallback.
 */
export function lazyAhead<P extends object>(load: () => Promise<ComponentType<P>>): ComponentType<P> {
  let ready: ComponentType<P> | null = null;
  const loaded = async () => ({ default: (ready = await load()) });
  const Later = lazy(loaded);
  ahead(loaded);
  return function Ahead(props: P) {
    const [Shown] = useState<ComponentType<P>>(() => ready ?? (Later as unknown as ComponentType<P>));
    return createElement(Shown, props);
  };
}

/* Loads what is wanted soon, once the screen is there; without a connection nothing could be loaded any more. */
export function loadAhead(): void {
  begun = true;
  waiting.splice(0).forEach(inBackground);
}
