import { useEffect, useLayoutEffect, useRef, useState } from "react";
import { createPortal } from "react-dom";
import { MenuEntry, moveFocus, type MenuItem } from "./Menu.tsx";

interface Props {
  readonly label: string;
  readonly items: readonly MenuItem[];
  readonly x: number;
  readonly y: number;
  readonly onClose: () => void;
}

const EDGE = 8;

/* A menu where the pointer is, kept within the window. */
export function ContextMenu({ label, items, x, y, onClose }: Props) {
  const list = useRef<HTMLDivElement>(null);
  const [place, setPlace] = useState({ x, y });
  useLayoutEffect(() => {
    const box = list.current?.getBoundingClientRect();
    if (!box) return;
    const inline = document.documentElement.dir === "rtl" ? x - box.width : x;
    setPlace({ x: Math.max(EDGE, Math.min(inline, innerWidth - box.width - EDGE)), y: Math.max(EDGE, Math.min(y, innerHeight - box.height - EDGE)) });
    list.current?.querySelector<HTMLButtonElement>("button:not(:disabled)")?.focus({ preventScroll: true });
  }, [x, y]);
  useEffect(() => {
    const outside = (event: Event): void => { if (!list.current?.contains(event.target as Node)) onClose(); };
    document.addEventListener("pointerdown", outside);
    addEventListener("resize", onClose);
    return () => {
      document.removeEventListener("pointerdown", outside);
      removeEventListener("resize", onClose);
    };
  }, [onClose]);
  return createPortal(
    <div className="menu menu-context" role="menu" aria-label={label} ref={list} style={{ translate: `${place.x}px ${place.y}px` }}
      onContextMenu={(event) => event.preventDefault()}
      onKeyDown={(event) => {
        event.stopPropagation();
        if (event.key === "Escape" || event.key === "Tab") {
          event.preventDefault();
          onClose();
        } else if (list.current && moveFocus(list.current, event)) event.preventDefault();
      }}>
      {items.map((item) => <MenuEntry key={item.key} item={item} onDone={onClose} />)}
    </div>, document.body);
}
