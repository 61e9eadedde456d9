import type { LucideIcon } from "lucide-react";
import type { ButtonHTMLAttributes, Ref } from "react";

type Kind = "primary" | "quiet" | "plain" | "danger" | "inverse";

export interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  readonly kind?: Kind;
  readonly icon?: LucideIcon;
  readonly ref?: Ref<HTMLButtonElement>;
}

export function Button({ kind = "quiet", icon: Icon, className = "", children, type = "button", ...rest }: ButtonProps) {
  return (
    <button type={type} className={`button button-${kind} ${className}`} {...rest}>
      {Icon && <Icon size={16} aria-hidden />}
      <span>{children}</span>
    </button>
  );
}

export interface IconButtonProps extends Omit<ButtonHTMLAttributes<HTMLButtonElement>, "children"> {
  readonly label: string;
  readonly icon: LucideIcon;
  readonly shortcut?: string;
  readonly filled?: boolean;
  /* The picture points somewhere: mirrored where text runs from right to left. */
  readonly directional?: boolean;
  readonly ref?: Ref<HTMLButtonElement>;
}

export function IconButton(props: IconButtonProps) {
  const { label, icon: Icon, shortcut, filled, directional, className = "", type = "button", ...rest } = props;
  return (
    <button type={type} className={`icon-button ${className}`} aria-label={label}
      title={shortcut ? `${label} (${shortcut})` : label} {...rest}>
      <Icon size={18} aria-hidden className={directional ? "directional" : undefined} fill={filled ? "currentColor" : "none"} />
    </button>
  );
}
