import { X } from "lucide-react";
import { useEffect, useState } from "react";
import { useT } from "../i18n/i18n.ts";
import { Button, IconButton } from "./Button.tsx";
import { dismissToast, useToasts, type Toast } from "./toasts.ts";

function ToastCard({ toast }: { readonly toast: Toast }) {
  const t = useT();
  const [held, setHeld] = useState(false);
  const { key, duration, undo } = toast;
  useEffect(() => {
    if (held) return;
    const timer = setTimeout(() => dismissToast(key), duration);
    return () => clearTimeout(timer);
  }, [held, key, duration]);
  return (
    <div className={`toast toast-${toast.tone}`} onMouseEnter={() => setHeld(true)} onMouseLeave={() => setHeld(false)}
      onFocus={() => setHeld(true)} onBlur={() => setHeld(false)}>
      <div className="toast-body">
        <span>{t(toast.text, toast.values)}</span>
        {toast.detail && (
          <details className="toast-details">
            <summary>{t("common.details")}</summary>
            <code dir="auto">{toast.detail}</code>
          </details>
        )}
      </div>
      {undo && (
        <Button kind="inverse" onClick={() => { dismissToast(key); undo(); }}>{t(toast.undoLabel ?? "common.undo")}</Button>
      )}
      <IconButton label={t("common.dismiss")} icon={X} onClick={() => dismissToast(key)} />
    </div>
  );
}

export function ToastRegion() {
  const toasts = useToasts();
  return (
    <div className="toasts" role="status" aria-live="polite" aria-atomic="false">
      {toasts.map((toast) => <ToastCard key={toast.key} toast={toast} />)}
    </div>
  );
}
