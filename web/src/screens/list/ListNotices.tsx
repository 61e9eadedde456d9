import { useQuery } from "@tanstack/react-query";
import { CloudOff, Inbox, SearchX } from "lucide-react";
import { useDesk } from "../../app/context.ts";
import { navigate, type MailRoute } from "../../app/router.ts";
import { useT } from "../../i18n/i18n.ts";
import type { Mailbox } from "../../jmap/types.ts";
import { failureOf } from "../../mail/failures.ts";
import { linkedQuery } from "../../mail/queries.ts";
import { Button } from "../../ui/Button.tsx";
import { Empty } from "../../ui/Notice.tsx";

export function ListFailed({ error, onRetry }: { readonly error: unknown; readonly onRetry: () => void }) {
  const t = useT();
  const failure = failureOf(error);
  return (
    <Empty icon={CloudOff} title={t("list.failed")} action={<Button onClick={onRetry}>{t("common.retry")}</Button>}>
      {t(failure.text, failure.values)}
    </Empty>
  );
}

export function ListEmpty({ route, mailbox }: { readonly route: MailRoute; readonly mailbox: Mailbox | undefined }) {
  const t = useT();
  const desk = useDesk();
  const linked = useQuery(linkedQuery(desk.userAccount)).data?.find((account) => account.id === route.accountId);
  const syncing = linked?.state === "linking" || linked?.state === "syncing";
  if (route.text)
    return (
      <Empty icon={SearchX} title={t("list.noHits", { text: route.text })}
        action={<Button onClick={() => navigate({ ...route, mailboxId: null })} hidden={route.mailboxId === null}>{t("search.everywhere")}</Button>}>
        {t(syncing ? "list.noHitsSyncing" : "list.noHitsHint")}
      </Empty>
    );
  if (route.only !== "all")
    return (
      <Empty icon={Inbox} title={t(route.only === "unread" ? "list.noUnread" : "list.noFlagged")}
        action={<Button onClick={() => navigate({ ...route, only: "all" })}>{t("list.showAll")}</Button>} />
    );
  if (syncing) return <Empty icon={Inbox} title={t("list.emptySyncing")}>{t("list.emptySyncingHint")}</Empty>;
  return (
    <Empty icon={Inbox} title={t(mailbox?.role === "inbox" ? "list.emptyInbox" : "list.empty")}>
      {t(mailbox?.role === "inbox" ? "list.emptyInboxHint" : "list.emptyHint")}
    </Empty>
  );
}
