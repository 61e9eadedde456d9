import { useT } from "../../i18n/i18n.ts";
import type { LinkFacts } from "../../mail/links.ts";
import { Button } from "../../ui/Button.tsx";
import { Dialog } from "../../ui/Dialog.tsx";

export function LinkWarning({ facts, onClose }: { readonly facts: LinkFacts; readonly onClose: () => void }) {
  const t = useT();
  const host = facts.target ?? facts.host;
  const follow = (): void => {
    onClose();
    window.open(facts.href, "_blank", "noopener,noreferrer");
  };
  return (
    <Dialog title={t("reader.linkTitle")} onClose={onClose} footer={
      <>
        <Button onClick={follow}>{t("reader.linkOpen", { host })}</Button>
        <Button kind="primary" data-autofocus onClick={onClose}>{t("reader.linkStay")}</Button>
      </>
    }>
      <p>{t("reader.linkText", { named: facts.named ?? "", host })}</p>
      <p className="link-warning-address" dir="ltr">{facts.href}</p>
    </Dialog>
  );
}
