import { BookmarkPlus } from "lucide-react";
import type { MailRoute } from "../../app/router.ts";
import { useT } from "../../i18n/i18n.ts";
import { openOrganise } from "./organise-store.ts";

/* Beside a search that is shown. */
export function SaveSearchButton({ route }: { readonly route: MailRoute }) {
  const t = useT();
  if (!route.text) return null;
  return (
    <button type="button" className="filter filter-wide save-search" onClick={() => openOrganise({ kind: "save", accountId: route.accountId, text: route.text })}>
      <BookmarkPlus size={14} aria-hidden /><span>{t("saved.save")}</span>
    </button>
  );
}
