import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Merge, Scissors, Split } from "lucide-react";
import { useReadOnly } from "../../app/context.ts";
import { navigate, type MailRoute } from "../../app/router.ts";
import { formatShortDate } from "../../i18n/format.ts";
import { useLocale, useT, type MessageId, type Translate } from "../../i18n/i18n.ts";
import type { EmailDetail, Id } from "../../jmap/types.ts";
import { displayName } from "../../mail/conversations.ts";
import { failureOf } from "../../mail/failures.ts";
import { threadQuery } from "../../mail/queries.ts";
import { splitConversation, tiesQuery, type Tie } from "../../mail/regroup.ts";
import { Button } from "../../ui/Button.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { Spinner } from "../../ui/Notice.tsx";
import { closeOrganise, openOrganise } from "./organise-store.ts";

interface Props {
  readonly accountId: Id;
  readonly threadId: Id;
  readonly route: MailRoute;
}

const TIES: Readonly<Record<Tie["tie"], MessageId>> = {
  first: "why.first", inReplyTo: "why.inReplyTo", references: "why.references", namedBy: "why.namedBy", shared: "why.shared", none: "why.none",
};

function nameOf(email: EmailDetail | undefined, t: Translate): string {
  const from = email?.from?.[0];
  return from ? displayName(from) : t("row.noSender");
}

/* The ties in words: what the mail itself says, then what a person did. */
function Reasons({ tie, emails }: { readonly tie: Tie; readonly emails: readonly EmailDetail[] }) {
  const t = useT();
  const locale = useLocale();
  const to = emails.find((email) => email.id === tie.toEmailId);
  const values = { name: nameOf(to, t), date: to ? formatShortDate(to.receivedAt, locale) : "" };
  const person = tie.byPerson;
  return (
    <>
      {(tie.tie !== "none" || !person) && <p>{t(TIES[tie.tie], values)}{tie.toEmailId && ` ${t(tie.sameSubject ? "why.sameSubject" : "why.otherSubject")}`}</p>}
      {person && <p>{t(person.act === "merge" ? "why.byMerge" : "why.bySplit", { name: person.person ?? t("why.gonePerson"), date: formatShortDate(person.at, locale) })}</p>}
    </>
  );
}

/* Why is this grouped here? And what to do where it should not be. */
export function WhyDialog({ accountId, threadId, route }: Props) {
  const t = useT();
  const locale = useLocale();
  const client = useQueryClient();
  const thread = useQuery(threadQuery(accountId, threadId)).data;
  const ties = useQuery(tiesQuery(accountId, threadId));
  const readOnly = useReadOnly(accountId);
  const emails = thread?.emails ?? [];
  const split = (ids: readonly Id[]): void => {
    closeOrganise();
    void splitConversation(client, accountId, ids, (fresh) => { if (route.threadId === threadId) navigate({ ...route, threadId: fresh }, true); });
  };
  const failure = ties.isError ? failureOf(ties.error) : null;
  return (
    <Dialog title={t("why.title")} onClose={closeOrganise} wide footer={
      <>
        {!readOnly && <Button icon={Merge} onClick={() => openOrganise({ kind: "merge", accountId, threadId })}>{t("why.merge")}</Button>}
        <span className="reader-bar-space" />
        <Button kind="primary" data-autofocus onClick={closeOrganise}>{t("common.close")}</Button>
      </>
    }>
      <p className="muted">{t("why.lead")}</p>
      {failure && <p role="alert">{t(failure.text, failure.values)}</p>}
      {!ties.data && !failure && <Spinner label={t("common.loading")} />}
      <ol className="ties">
        {(ties.data ?? []).map((tie, index) => {
          const email = emails.find((one) => one.id === tie.emailId);
          const rest = (ties.data ?? []).slice(index).map((one) => one.emailId);
          return (
            <li key={tie.emailId} className="tie">
              <div className="tie-head">
                <bdi className="note-author">{nameOf(email, t)}</bdi>
                {email && <time dateTime={email.receivedAt}>{formatShortDate(email.receivedAt, locale)}</time>}
              </div>
              <div className="tie-subject" dir="auto">{email?.subject || t("row.noSubject")}</div>
              <Reasons tie={tie} emails={emails} />
              {!readOnly && (ties.data?.length ?? 0) > 1 && (
                <span className="button-row">
                  {index > 0 && rest.length > 1 && <Button kind="plain" icon={Scissors} onClick={() => split(rest)}>{t("why.splitFrom")}</Button>}
                  <Button kind="plain" icon={Split} onClick={() => split([tie.emailId])}>{t("why.splitThis")}</Button>
                </span>
              )}
            </li>
          );
        })}
      </ol>
    </Dialog>
  );
}
