import { UserPlus } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import { useT } from "../../i18n/i18n.ts";
import type { LinkedAccount } from "../../jmap/types.ts";
import { Button } from "../../ui/Button.tsx";

const ShareDialog = lazy(() => import("./ShareDialog.tsx").then((module) => ({ default: module.ShareDialog })));

/* Beside a linked mailbox: shares it, or says whose it is and what one may do in it. */
export function ShareButton({ account }: { readonly account: LinkedAccount }) {
  const t = useT();
  const [open, setOpen] = useState(false);
  if (!account.isOwner) return <span className="tag">{t(account.access === "read" ? "share.sharedRead" : "share.sharedWork", { owner: account.owner ?? "" })}</span>;
  return (
    <>
      <Button icon={UserPlus} onClick={() => setOpen(true)}>{t("share.open")}</Button>
      {open && <Suspense fallback={null}><ShareDialog accountId={account.id} address={account.address} onClose={() => setOpen(false)} /></Suspense>}
    </>
  );
}
