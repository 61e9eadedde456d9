import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo, useRef } from "react";
import { CloudOff, MailOpen, MailX, Users } from "lucide-react";
import type { MailRoute } from "../../app/router.ts";
import { useT } from "../../i18n/i18n.ts";
import type { Mailbox } from "../../jmap/types.ts";
import { useMailActions } from "../../mail/actions.ts";
import { isUnread } from "../../mail/conversations.ts";
import { failureOf } from "../../mail/failures.ts";
import { threadQuery, type Thread } from "../../mail/queries.ts";
import { Button } from "../../ui/Button.tsx";
import { Empty, Spinner } from "../../ui/Notice.tsx";
import { setOpenEmail } from "../compose/composer-store.ts";
import type { ListState } from "../list/list-state.ts";
import { NotesPanel } from "../organise/NotesPanel.tsx";
import { useShared } from "../../mail/shared.ts";
import { cachedMailboxMap, isUnified } from "../../mail/unified.ts";
import { Message } from "./Message.tsx";
import { ReaderBar } from "./ReaderBar.tsx";

const DRAWN_MS = 60;

interface Props {
  readonly list: ListState;
  readonly route: MailRoute;
  readonly mailbox: Mailbox | undefined;
  readonly onMove: () => void;
}

interface FirstOpen {
  readonly id: string;
  readonly open: ReadonlySet<string>;
  /* What was known when it was opened is all there is, or has been asked for again. */
  readonly settled: boolean;
}

/* What is open at first: everything unread and the newest. Decided once, so that reading closes nothing; but not before it is known what there is. */
function useFirstOpen(thread: Thread, refreshing: boolean): FirstOpen {
  const first = useRef<FirstOpen | null>(null);
  const before = first.current?.id === thread.id ? first.current : null;
  if (!before?.settled) {
    const sent = thread.emails.filter((email) => !email.keywords["$draft"]);
    const newest = sent.at(-1) ?? thread.emails.at(-1);
    const open = new Set([...(before?.open ?? []), ...sent.filter(isUnread).map((email) => email.id)]);
    if (newest) open.add(newest.id);
    first.current = { id: thread.id, open, settled: !refreshing };
  }
  return first.current!;
}

function ConversationView({ thread, route, refreshing }: { readonly thread: Thread; readonly route: MailRoute; readonly refreshing: boolean }) {
  const t = useT();
  const { open, settled } = useFirstOpen(thread, refreshing);
  const client = useQueryClient();
  const first = thread.emails[0];
  const shared = useShared(isUnified(route.accountId) && first ? cachedMailboxMap(client).accountOf(first) : route.accountId);
  const readOnly = shared?.readOnly ?? false;
  const actions = useMailActions(route.accountId);
  const heading = useRef<HTMLHeadingElement>(null);
  const scroller = useRef<HTMLDivElement>(null);
  const newest = thread.emails.findLast((email) => !email.keywords["$draft"]) ?? thread.emails.at(-1);
  const subject = thread.emails.find((email) => email.subject)?.subject ?? "";
  useEffect(() => {
    const unread = thread.emails.filter(isUnread);
    /* After the mail has been drawn: the list is drawn again for it. */
    if (unread.length === 0 || readOnly) return;
    const timer = setTimeout(() => actions.markRead(unread), DRAWN_MS);
    return () => clearTimeout(timer);
    /* Only on opening: marking unread again must not be undone by looking. */
  }, [thread.id, settled]);
  useEffect(() => {
    setOpenEmail(newest ? { accountId: route.accountId, emailId: newest.id } : null);
    return () => setOpenEmail(null);
  }, [route.accountId, newest]);
  useEffect(() => {
    /* Where the list has given way to the reader, the focus goes with it. */
    if (document.getElementById("list")?.offsetParent === null) heading.current?.focus();
  }, [thread.id]);
  useEffect(() => {
    const first = scroller.current?.querySelector<HTMLElement>(".message[data-open=true]");
    if (first && first.offsetTop > 160) scroller.current?.scrollTo({ top: first.offsetTop - 72 });
    else scroller.current?.scrollTo({ top: 0 });
  }, [thread.id, settled]);
  return (
    <div className="reader-scroll" ref={scroller}>
      <h2 className="reader-subject" dir="auto" ref={heading} tabIndex={-1}>{subject || t("row.noSubject")}</h2>
      {shared && <p className="reader-shared"><Users size={14} aria-hidden />{t(readOnly ? "reader.sharedRead" : "reader.sharedWork", { owner: shared.owner })}</p>}
      <NotesPanel accountId={route.accountId} threadId={thread.id} emails={thread.emails} />
      <div className="messages" role="list" aria-label={t("reader.messages", { count: thread.emails.length })}>
        {thread.emails.map((email) => (
          <Message key={email.id} accountId={route.accountId} email={email} emails={thread.emails} initiallyOpen={open.has(email.id)} last={email.id === newest?.id} />
        ))}
      </div>
    </div>
  );
}

function ReaderBody({ route }: { readonly route: MailRoute }) {
  const t = useT();
  const threadId = route.threadId ?? "";
  const thread = useQuery({ ...threadQuery(route.accountId, threadId), enabled: threadId !== "" });
  const { emailId } = route;
  /* Where mails are listed one by one, one is read. */
  const data = useMemo(() => (thread.data && emailId ? { ...thread.data, id: emailId, emails: thread.data.emails.filter((email) => email.id === emailId) } : thread.data), [thread.data, emailId]);
  if (thread.isError && !data) {
    const failure = failureOf(thread.error);
    return <Empty icon={CloudOff} title={t(failure.text, failure.values)} action={<Button onClick={() => void thread.refetch()}>{t("common.retry")}</Button>} />;
  }
  if (!data) return <Spinner label={t("common.loading")} />;
  if (data.emails.length === 0) return <Empty icon={MailX} title={t("reader.gone")}>{t("reader.goneHint")}</Empty>;
  return <ConversationView key={data.id} thread={data} route={route} refreshing={thread.isFetching} />;
}

export function Reader(props: Props) {
  const t = useT();
  const { list, route } = props;
  if (route.threadId === null)
    return (
      <section className="reader-pane reader-idle" aria-label={t("reader.region")}>
        <Empty icon={MailOpen} title={list.selected.size > 0 ? t("selection.count", { count: list.selected.size }) : t("reader.nothing")}>
          {list.selected.size === 0 && t("reader.nothingHint")}
        </Empty>
      </section>
    );
  return (
    <section className="reader-pane" aria-label={t("reader.region")}>
      <ReaderBar {...props} />
      <ReaderBody route={route} />
    </section>
  );
}
