import { useCallback, useState, useSyncExternalStore } from "react";

/* How the window is divided, kept on this machine: another screen has another size. */
export interface PaneSizes {
  readonly sidebar: number;
  readonly list: number;
  readonly listBelow: number;
}

export const FIRST_SIZES: PaneSizes = { sidebar: 264, list: 400, listBelow: 320 };
export const LEAST: PaneSizes = { sidebar: 200, list: 300, listBelow: 140 };
export const MOST: PaneSizes = { sidebar: 420, list: 760, listBelow: 900 };
const KEY = "postroom.panes";

function bounded(name: keyof PaneSizes, value: unknown): number {
  return typeof value === "number" && Number.isFinite(value) ? Math.min(MOST[name], Math.max(LEAST[name], value)) : FIRST_SIZES[name];
}

function stored(): PaneSizes {
  let value: Partial<Record<keyof PaneSizes, unknown>> = {};
  try {
    value = (JSON.parse(localStorage.getItem(KEY) ?? "{}") ?? {}) as typeof value;
  } catch { /* Whatever else wrote there: the first sizes do. */ }
  return { sidebar: bounded("sidebar", value.sidebar), list: bounded("list", value.list), listBelow: bounded("listBelow", value.listBelow) };
}

export function usePaneSizes(): readonly [PaneSizes, (change: Partial<PaneSizes>) => void] {
  const [sizes, setSizes] = useState(stored);
  const change = useCallback((wanted: Partial<PaneSizes>) => setSizes((now) => {
    const next = { ...now, ...wanted };
    localStorage.setItem(KEY, JSON.stringify(next));
    return next;
  }), []);
  return [sizes, change];
}

export function useMedia(query: string): boolean {
  return useSyncExternalStore(
    (listener) => {
      const media = matchMedia(query);
      media.addEventListener("change", listener);
      return () => media.removeEventListener("change", listener);
    },
    () => matchMedia(query).matches,
  );
}
