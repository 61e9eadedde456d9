import { Check, Copy } from "lucide-react";
import { useEffect, useState } from "react";
import { useT } from "../i18n/i18n.ts";
import { Button } from "./Button.tsx";

async function copy(text: string): Promise<void> {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  /* Plain http on another machine has no clipboard API. */
  const area = document.createElement("textarea");
  area.value = text;
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}

export function CopyButton({ text }: { readonly text: string }) {
  const t = useT();
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), 2_000);
    return () => clearTimeout(timer);
  }, [copied]);
  return (
    <Button kind="plain" icon={copied ? Check : Copy} onClick={() => void copy(text).then(() => setCopied(true), () => undefined)}>
      <span aria-live="polite">{t(copied ? "common.copied" : "common.copy")}</span>
    </Button>
  );
}
