import { useEffect } from "react";
import { loadAhead } from "../../ui/ahead.ts";

const AHEAD_MS = 2_000;

/* Once the list is there, the browser has time to load what comes next. */
export function useLoadAhead(): void {
  useEffect(() => {
    const timer = setTimeout(loadAhead, AHEAD_MS);
    return () => clearTimeout(timer);
  }, []);
}
