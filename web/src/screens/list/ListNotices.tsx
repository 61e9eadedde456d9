import { useQuery } from "@tanstack/react-query";
import { CloudOff, Inbox, SearchX } from "lucide-react";
import { useDesk } from "../../app/context.ts";
import { navigate, type MailRoute } from "../../app/router.ts";
import { useT } from "../../i18n/i18n.ts";
import type { Mailbox } from "../../jmap/types.ts";
import { searchMistakeOf, type SearchMistake } from "../../mail/search.ts";
import { failureOf } from "../../mail/failures.ts";
import { linkedQuery } from "../../mail/queries.ts";
import { Button } from "../../ui/Button.tsx";
import { Widen } from "../search/Widen.tsx";
import { Empty } from "../../ui/Notice.tsx";

/* The search as it was written, with what is wrong in it underlined. */
function Mistake({ mistake }: { readonly mistake: SearchMistake }) {
  const t = useT();
  return (
    <Empty icon={SearchX} title={t("mistake.title")} action={t(mistake.advice)}>
      <span className="mistake" dir="auto">{mistake.before}<em>{mistake.word || "\u00a0"}</em>{mistake.after}</span>
    </Empty>
  );
}

export function ListFailed({ error, text, onRetry }: { readonly error: unknown; readonly text: string; readonly onRetry: () => void }) {
  const t = useT();
  const mistake = searchMistakeOf(error, text);
  if (mistake) return <Mistake mistake={mistake} />;
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
        action={<Widen route={route} />}>
        {syncing ? t("list.noHitsSyncing") : route.mailboxId !== null && t("list.noHitsHint")}
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
