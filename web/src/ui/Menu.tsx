import type { LucideIcon } from "lucide-react";
import { useEffect, useId, useLayoutEffect, useRef, useState, type KeyboardEvent, type ReactNode } from "react";

export interface MenuItem {
  readonly key: string;
  readonly label: string;
  readonly icon?: LucideIcon;
  readonly checked?: boolean;
  readonly danger?: boolean;
  readonly disabled?: boolean;
  readonly separated?: boolean;
  readonly onSelect: () => void;
}

interface MenuProps {
  readonly label: string;
  readonly items: readonly MenuItem[];
  readonly trigger: (props: { readonly expanded: boolean; readonly toggle: () => void; readonly controls: string }) => ReactNode;
  readonly placement?: "below-start" | "below-end" | "above-start";
  /* Over everything, below the end of its button: where what is around it would cut it off. It closes when that is scrolled. */
  readonly floating?: boolean;
}

export function MenuEntry({ item, onDone }: { readonly item: MenuItem; readonly onDone: () => void }) {
  const Icon = item.icon;
  return (
    <button type="button" role={item.checked === undefined ? "menuitem" : "menuitemradio"} aria-checked={item.checked}
      tabIndex={-1} disabled={item.disabled} onClick={() => { onDone(); item.onSelect(); }}
      className={`menu-item${item.danger ? " menu-danger" : ""}${item.separated ? " menu-separated" : ""}`}>
      {Icon ? <Icon size={16} aria-hidden /> : <span className="menu-mark" aria-hidden>{item.checked ? "✓" : ""}</span>}
      <span>{item.label}</span>
    </button>
  );
}

export function moveFocus(menu: HTMLElement, event: KeyboardEvent): boolean {
  const items = [...menu.querySelectorAll<HTMLButtonElement>("button:not(:disabled)")];
  const at = items.indexOf(document.activeElement as HTMLButtonElement);
  const next = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[event.key];
  if (next === undefined) return false;
  items[(next + items.length) % items.length]?.focus();
  return true;
}

const MARGIN = 8;

/* How far to move what reaches from start to end, so that it is within a window of that size; its start is what matters. */
function into(start: number, end: number, size: number): number {
  const shift = Math.min(0, size - MARGIN - end);
  return Math.max(shift, MARGIN - start);
}

function moveIntoSight(menu: HTMLElement): void {
  const { top, bottom, left, right } = menu.getBoundingClientRect();
  menu.style.translate = `${into(left, right, innerWidth)}px ${into(top, bottom, innerHeight)}px`;
}

function float(menu: HTMLElement, box: HTMLElement): void {
  const { bottom, x, width } = box.getBoundingClientRect();
  const root = document.documentElement;
  menu.showPopover();
  menu.style.insetBlockStart = `${bottom + 4}px`;
  menu.style.insetInlineEnd = `${root.dir === "rtl" ? x : root.clientWidth - x - width}px`;
}

/* A button with a menu, after the ARIA menu button pattern. */
export function Menu({ label, items, trigger, placement = "below-start", floating = false }: MenuProps) {
  const [open, setOpen] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const id = useId();
  useLayoutEffect(() => {
    if (!open || !list.current) return;
    if (floating && box.current) float(list.current, box.current);
    moveIntoSight(list.current);
  }, [open, floating]);
  useEffect(() => {
    if (!open) return;
    list.current?.querySelector<HTMLButtonElement>("button:not(:disabled)")?.focus({ preventScroll: floating });
    const outside = (event: PointerEvent): void => {
      if (!box.current?.contains(event.target as Node)) setOpen(false);
    };
    const scrolled = (event: Event): void => {
      if (floating && !list.current?.contains(event.target as Node)) setOpen(false);
    };
    document.addEventListener("pointerdown", outside);
    document.addEventListener("scroll", scrolled, true);
    return () => {
      document.removeEventListener("pointerdown", outside);
      document.removeEventListener("scroll", scrolled, true);
    };
  }, [open, floating]);
  const close = (): void => {
    setOpen(false);
    box.current?.querySelector<HTMLButtonElement>("[aria-haspopup]")?.focus();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === "Escape" || event.key === "Tab") {
      event.stopPropagation();
      close();
    } else if (list.current && moveFocus(list.current, event)) {
      event.preventDefault();
      event.stopPropagation();
    }
  };
  return (
    <div className="menu-box" ref={box}>
      {trigger({ expanded: open, toggle: () => setOpen(!open), controls: id })}
      {open && (
        <div className={floating ? "menu menu-floating" : `menu menu-${placement}`} popover={floating ? "manual" : undefined} id={id} role="menu" aria-label={label} ref={list} onKeyDown={onKeyDown}>
          {items.map((item) => <MenuEntry key={item.key} item={item} onDone={close} />)}
        </div>
      )}
    </div>
  );
}
