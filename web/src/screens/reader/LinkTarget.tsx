import { ExternalLink } from "lucide-react";
import { useT } from "../../i18n/i18n.ts";
import type { LinkFacts } from "../../mail/links.ts";

/* The line that says where the link under the pointer, or in focus, goes. */
export function LinkTarget({ facts }: { readonly facts: LinkFacts | null }) {
  const t = useT();
  return (
    <div className="link-target" role="status" hidden={!facts}>
      {facts && (
        <>
          <ExternalLink size={14} aria-hidden />
          <span className="link-target-text">
            <b>{facts.target ? t("reader.linkBy", { via: facts.host, host: facts.target }) : t("reader.linkTo", { host: facts.host })}</b>
            {facts.service && <span>{t("reader.linkCounted", { service: facts.service })}</span>}
            <bdi className="link-target-address" dir="ltr">{facts.href}</bdi>
          </span>
        </>
      )}
    </div>
  );
}
