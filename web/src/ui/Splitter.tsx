import { useRef, type KeyboardEvent, type PointerEvent } from "react";

interface Props {
  readonly label: string;
  /* The size of what stands before it, in pixels. */
  readonly value: number;
  readonly least: number;
  readonly most: number;
  readonly initial: number;
  /* block: it lies between what is above and what is below. */
  readonly axis: "inline" | "block";
  readonly onChange: (value: number) => void;
}

const STEP = 24;

/* The edge between two panes, after the ARIA window splitter pattern: dragged, or moved by arrow keys; a double click takes the first size. */
export function Splitter({ label, value, least, most, initial, axis, onChange }: Props) {
  const start = useRef<{ readonly at: number; readonly value: number } | null>(null);
  const sign = (): number => (axis === "inline" && document.documentElement.dir === "rtl" ? -1 : 1);
  const place = (event: PointerEvent): number => (axis === "inline" ? event.clientX : event.clientY);
  const change = (wanted: number): void => onChange(Math.round(Math.min(most, Math.max(least, wanted))));
  const onKeyDown = (event: KeyboardEvent): void => {
    const [less, more] = axis === "block" ? ["ArrowUp", "ArrowDown"] : sign() > 0 ? ["ArrowLeft", "ArrowRight"] : ["ArrowRight", "ArrowLeft"];
    const wanted = { [less]: value - STEP, [more]: value + STEP, Home: least, End: most, Enter: initial }[event.key];
    if (wanted === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    change(wanted);
  };
  return (
    <div className={`splitter splitter-${axis}`} role="separator" aria-label={label} aria-orientation={axis === "inline" ? "vertical" : "horizontal"} tabIndex={0}
      aria-valuenow={value} aria-valuemin={least} aria-valuemax={most} onKeyDown={onKeyDown} onDoubleClick={() => change(initial)}
      onPointerDown={(event) => { start.current = { at: place(event), value }; event.currentTarget.setPointerCapture(event.pointerId); }}
      onPointerMove={(event) => { if (start.current) change(start.current.value + sign() * (place(event) - start.current.at)); }}
      onPointerUp={() => { start.current = null; }} onLostPointerCapture={() => { start.current = null; }} />
  );
}
