import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useDeferredValue, useState } from "react";
import { navigate, type MailRoute } from "../../app/router.ts";
import { formatListDate } from "../../i18n/format.ts";
import { useLocale, useT } from "../../i18n/i18n.ts";
import type { Id } from "../../jmap/types.ts";
import { displayName, factsOf, leadOf } from "../../mail/conversations.ts";
import { pageQuery } from "../../mail/queries.ts";
import { mergeConversations } from "../../mail/regroup.ts";
import { Dialog } from "../../ui/Dialog.tsx";
import { closeOrganise } from "./organise-store.ts";

interface Props {
  readonly accountId: Id;
  readonly threadId: Id;
  readonly route: MailRoute;
}

const SHOWN = 12;

/* With which conversation? Found by the same search as everywhere. */
export function MergeDialog({ accountId, threadId, route }: Props) {
  const t = useT();
  const locale = useLocale();
  const client = useQueryClient();
  const [text, setText] = useState("");
  const wanted = useDeferredValue(text.trim());
  const page = useQuery({ ...pageQuery({ accountId, mailboxId: null, text: wanted, only: "all", conversations: true, sort: "date" }, 0), placeholderData: (before) => before });
  const rows = (page.data?.rows ?? []).filter((row) => row.threadId !== threadId).slice(0, SHOWN);
  const choose = (other: Id): void => {
    closeOrganise();
    void mergeConversations(client, accountId, [threadId, other], (merged) => { if (route.threadId === threadId) navigate({ ...route, threadId: merged }, true); });
  };
  return (
    <Dialog title={t("why.mergeTitle")} onClose={closeOrganise}>
      <input className="input" data-autofocus value={text} onChange={(event) => setText(event.target.value)} placeholder={t("why.mergeSearch")} aria-label={t("why.mergeSearch")} dir="auto" />
      <ul className="move-list merge-list" aria-busy={page.isFetching}>
        {rows.map((row) => (
          <li key={row.threadId}>
            <button type="button" onClick={() => choose(row.threadId)}>
              <span className="merge-subject" dir="auto">{factsOf(row).subject || t("row.noSubject")}</span>
              <span className="merge-from"><bdi>{leadOf(row).from?.[0] ? displayName(leadOf(row).from![0]!) : t("row.noSender")}</bdi> <time>{formatListDate(factsOf(row).date, locale)}</time></span>
            </button>
          </li>
        ))}
        {page.isSuccess && rows.length === 0 && <li className="muted">{t("why.mergeNone")}</li>}
        {page.isError && <li className="muted">{t("why.mergeMistake")}</li>}
      </ul>
    </Dialog>
  );
}
