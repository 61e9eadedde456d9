import { CircleAlert, Info, type LucideIcon } from "lucide-react";
import type { ReactNode } from "react";
import { useT } from "../i18n/i18n.ts";

interface EmptyProps {
  readonly icon: LucideIcon;
  readonly title: string;
  readonly children?: ReactNode;
  readonly action?: ReactNode;
}

/* Why there is nothing here, and what next. */
export function Empty({ icon: Icon, title, children, action }: EmptyProps) {
  return (
    <div className="empty">
      <Icon size={36} strokeWidth={1.25} aria-hidden />
      <h2>{title}</h2>
      {children && <p>{children}</p>}
      {action}
    </div>
  );
}

interface NoticeProps {
  readonly tone: "problem" | "hint";
  readonly children: ReactNode;
  readonly action?: ReactNode;
  readonly detail?: string | null;
}

export function Notice({ tone, children, action, detail }: NoticeProps) {
  const t = useT();
  const Icon = tone === "problem" ? CircleAlert : Info;
  return (
    <div className={`notice notice-${tone}`} role={tone === "problem" ? "alert" : "note"}>
      <Icon size={18} aria-hidden />
      <div className="notice-text">
        {children}
        {detail && (
          <details>
            <summary>{t("common.details")}</summary>
            <code dir="auto">{detail}</code>
          </details>
        )}
      </div>
      {action && <div className="notice-action">{action}</div>}
    </div>
  );
}

export function Spinner({ label }: { readonly label: string }) {
  return <div className="spinner" role="status"><span className="spinner-wheel" aria-hidden /><span>{label}</span></div>;
}
