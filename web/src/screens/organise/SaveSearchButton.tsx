import { useQuery } from "@tanstack/react-query";
import { BookmarkPlus } from "lucide-react";
import type { MailRoute } from "../../app/router.ts";
import { useT } from "../../i18n/i18n.ts";
import type { Mailbox } from "../../jmap/types.ts";
import { mailboxesQuery } from "../../mail/queries.ts";
import { openOrganise } from "./organise-store.ts";

/* The search as it is anywhere: one of a folder says so. */
export function textToSave(route: MailRoute, mailbox: Mailbox | undefined): string {
  if (!mailbox || route.mailboxId === null || /(^|[\s(])-?in[:：]/i.test(route.text)) return route.text;
  const name = mailbox.role ?? `"${mailbox.name.replaceAll('"', "")}"`;
  return /\bOR\b/.test(route.text) ? `in:${name} (${route.text})` : `in:${name} ${route.text}`;
}

/* Beside a search that is shown. */
export function SaveSearchButton({ route }: { readonly route: MailRoute }) {
  const t = useT();
  const mailbox = useQuery(mailboxesQuery(route.accountId)).data?.find((one) => one.id === route.mailboxId);
  if (!route.text) return null;
  return (
    <button type="button" className="filter filter-wide save-search" onClick={() => openOrganise({ kind: "save", accountId: route.accountId, text: textToSave(route, mailbox) })}>
      <BookmarkPlus size={14} aria-hidden /><span>{t("saved.save")}</span>
    </button>
  );
}
