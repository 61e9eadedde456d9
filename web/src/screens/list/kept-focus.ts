import { useCallback, useEffect, useRef, type FocusEvent } from "react";

/*
 * The keyboard stays with the list while its rows go and others come, as in a search: the element that had the focus is
 * another one then, and the browser has given the focus to nobody.
 */
export function useKeptFocus(shown: boolean) {
  const had = useRef(false);
  useEffect(() => {
    if (shown && had.current && document.activeElement === document.body) document.getElementById("list")?.focus({ preventScroll: true });
  }, [shown]);
  const onFocus = useCallback((event: FocusEvent) => { had.current = event.target.id === "list"; }, []);
  const onBlur = useCallback((event: FocusEvent) => { if (event.relatedTarget !== null) had.current = false; }, []);
  return { onFocus, onBlur };
}
