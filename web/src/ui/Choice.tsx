import type { SelectHTMLAttributes } from "react";

interface Props extends SelectHTMLAttributes<HTMLSelectElement> {
  readonly options: readonly { readonly value: string; readonly label: string }[];
}

/* The browser's own list: it opens where there is room, on every device. A form gives it value and onChange. */
export function Choice({ options, className = "", ...rest }: Props) {
  return (
    <select className={`input ${className}`} {...rest}>
      {options.map(({ value, label }) => <option key={value} value={value}>{label}</option>)}
    </select>
  );
}
