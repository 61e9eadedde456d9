import { useEffect, type KeyboardEvent as ReactKeyboardEvent } from "react";
import { navigate } from "../../app/router.ts";
import type { Id } from "../../jmap/types.ts";
import { composeNew } from "../compose/composer-store.ts";
import { isTyping } from "../mail/mail-keys.ts";

const TICK = ".todos .todo-tick input";
const STEPS: Readonly<Record<string, number>> = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1 };

/* Moves the focus among the ticks; Space ticks off, as anywhere, and Enter opens what the marked one is about. */
export function onTodoKey(event: ReactKeyboardEvent<HTMLElement>): void {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const item = event.target instanceof Element ? event.target.closest("li") : null;
  const tick = event.target instanceof HTMLInputElement ? event.target : null;
  const act = { Enter: item?.querySelector<HTMLElement>(".todo-link"), o: item?.querySelector<HTMLElement>(".todo-link"), x: tick }[event.key];
  if (!tick || !act) return;
  event.preventDefault();
  act.click();
}

/* The keys that need no place: to the first or next to-do, back to the mail, a new mail. */
export function useTodoKeys(accountId: Id, onHelp: () => void, enabled: boolean): void {
  useEffect(() => {
    if (!enabled) return undefined;
    const onKey = (event: KeyboardEvent): void => {
      const tick = event.target instanceof HTMLInputElement && event.target.matches(TICK);
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || (isTyping(event.target) && !tick)) return;
      if (event.target instanceof Element && event.target.closest(".sidebar, [role=menu]")) return;
      const step = STEPS[event.key];
      if (step !== undefined) {
        const ticks = [...document.querySelectorAll<HTMLElement>(TICK)];
        const at = ticks.indexOf(document.activeElement as HTMLElement);
        ticks[Math.max(0, Math.min(ticks.length - 1, at < 0 ? 0 : at + step))]?.focus();
      } else if (event.key === "c") composeNew(accountId);
      else if (event.key === "u" || event.key === "Escape") navigate({ screen: "home" });
      else if (event.key === "?") onHelp();
      else return;
      event.preventDefault();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, [accountId, enabled, onHelp]);
}
