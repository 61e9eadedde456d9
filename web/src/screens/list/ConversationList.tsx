import { useQueryClient } from "@tanstack/react-query";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useCallback, useEffect, useRef } from "react";
import { useDesk } from "../../app/context.ts";
import { useT } from "../../i18n/i18n.ts";
import { useMailActions } from "../../mail/actions.ts";
import { factsOf, type Conversation } from "../../mail/conversations.ts";
import { isOutgoing } from "../../mail/mailboxes.ts";
import { prefetchThread } from "../../mail/queries.ts";
import { ConversationRow } from "./ConversationRow.tsx";
import { ListEmpty, ListFailed } from "./ListNotices.tsx";
import { ListHeader, type ListProps } from "./ListHeader.tsx";

const ROW_HEIGHT = 84;
const HOVER_DELAY = 80;

/* Fetches what the pointer rests on, not what it runs across. */
function useHoverPrefetch(accountId: string): (conversation: Conversation) => void {
  const client = useQueryClient();
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  return useCallback((conversation) => {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => prefetchThread(client, accountId, conversation), HOVER_DELAY);
  }, [client, accountId]);
}

function Skeleton({ top }: { readonly top: number }) {
  return (
    <div className="row row-skeleton" style={{ transform: `translateY(${top}px)` }} aria-hidden>
      <span className="avatar" /><div className="row-text"><i /><i /><i /></div>
    </div>
  );
}

function Rows({ list, route, mailbox }: Pick<ListProps, "list" | "route" | "mailbox">) {
  const t = useT();
  const desk = useDesk();
  const own = desk.accounts.find((account) => account.id === route.accountId)?.address ?? "";
  const actions = useMailActions(route.accountId);
  const scroller = useRef<HTMLDivElement>(null);
  const hover = useHoverPrefetch(route.accountId);
  const virtual = useVirtualizer({
    count: list.total, estimateSize: () => ROW_HEIGHT, overscan: 8, getScrollElement: () => scroller.current,
  });
  const items = virtual.getVirtualItems();
  const first = items[0]?.index ?? 0;
  const last = items.at(-1)?.index ?? 0;
  const { show, cursor, indexOf } = list;
  useEffect(() => show(first, last), [show, first, last]);
  const cursorIndex = cursor === null ? -1 : indexOf(cursor);
  useEffect(() => { if (cursorIndex >= 0) virtual.scrollToIndex(cursorIndex, { align: "auto" }); }, [cursorIndex, virtual]);
  const flag = useCallback((row: Conversation) => {
    const on = !factsOf(row).flagged;
    actions.setFlag(on ? row.emails.slice(-1) : row.emails, on);
  }, [actions]);
  return (
    <div className="rows" id="list" ref={scroller} role="listbox" aria-label={t("list.label")} aria-multiselectable tabIndex={0}
      aria-busy={list.loading} aria-activedescendant={cursorIndex >= 0 ? `row-${cursor}` : undefined}>
      <div className="rows-space" style={{ blockSize: virtual.getTotalSize() }}>
        {items.map((item) => {
          const row = list.rowAt(item.index);
          if (!row) return <Skeleton key={item.key} top={item.start} />;
          return (
            <ConversationRow key={row.threadId} conversation={row} own={own} outgoing={isOutgoing(mailbox)} top={item.start}
              position={item.index} total={list.total} active={row.threadId === cursor} open={row.threadId === route.threadId}
              selected={list.selected.has(row.threadId)} onOpen={list.open} onToggle={list.toggle} onRange={list.selectRange}
              onFlag={flag} onHover={hover} />
          );
        })}
      </div>
    </div>
  );
}

function LoadingRows() {
  const t = useT();
  return (
    <div className="rows" role="status" aria-label={t("common.loading")}>
      {[...Array(8).keys()].map((index) => <Skeleton key={index} top={index * ROW_HEIGHT} />)}
    </div>
  );
}

export function ConversationList(props: ListProps) {
  const t = useT();
  const { list, route, mailbox } = props;
  const empty = !list.loading && list.total === 0;
  return (
    <section className="list-pane" aria-label={t("list.region")}>
      <ListHeader {...props} />
      {list.error ? <ListFailed error={list.error} text={route.text} onRetry={list.retry} />
        : empty ? <ListEmpty route={route} mailbox={mailbox} />
        : list.loading && list.total === 0 ? <LoadingRows />
        : <Rows list={list} route={route} mailbox={mailbox} />}
    </section>
  );
}
