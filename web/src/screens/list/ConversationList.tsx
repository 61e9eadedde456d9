import { useQueryClient } from "@tanstack/react-query";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState, type DragEvent } from "react";
import { useDesk, useReadOnly, type MailAccount } from "../../app/context.ts";
import { useT } from "../../i18n/i18n.ts";
import type { Id } from "../../jmap/types.ts";
import { useMailActions } from "../../mail/actions.ts";
import { factsOf, leadOf, type Conversation } from "../../mail/conversations.ts";
import { isOutgoing } from "../../mail/mailboxes.ts";
import { prefetchRow } from "../../mail/prefetch.ts";
import { usePreferences, type Preferences } from "../../mail/preferences.ts";
import { isUnified, useMailboxMap } from "../../mail/unified.ts";
import { startRowDrag } from "../desk/dragging.ts";
import { ConversationRow } from "./ConversationRow.tsx";
import { useKeptFocus } from "./kept-focus.ts";
import { ListEmpty, ListFailed } from "./ListNotices.tsx";
import { ListHeader, type ListProps } from "./ListHeader.tsx";
import { RowMenu, type MenuPlace } from "./RowMenu.tsx";

const HOVER_DELAY = 80;
/* From this width on a row is one line. */
const WIDE = 700;
const HEIGHTS = { comfortable: 84, compact: 56, wideComfortable: 46, wideCompact: 34 } as const;

function heightOf(density: Preferences["density"], wide: boolean): number {
  if (wide) return density === "compact" ? HEIGHTS.wideCompact : HEIGHTS.wideComfortable;
  return HEIGHTS[density];
}

/* Fetches what the pointer rests on, not what it runs across. */
function useHoverPrefetch(accountId: Id): (conversation: Conversation) => void {
  const client = useQueryClient();
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  return useCallback((conversation) => {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => prefetchRow(client, accountId, conversation), HOVER_DELAY);
  }, [client, accountId]);
}

/* The account that a row is of, where several are listed together. */
function useOwner(accountId: Id): (row: Conversation) => MailAccount | undefined {
  const { accounts } = useDesk();
  const ids = useMemo(() => (isUnified(accountId) ? accounts.map((account) => account.id) : []), [accountId, accounts]);
  const map = useMailboxMap(ids);
  const byId = useMemo(() => new Map(accounts.map((account) => [account.id, account])), [accounts]);
  return useCallback((row) => byId.get(isUnified(accountId) ? (map.accountOf(leadOf(row)) ?? "") : accountId), [accountId, map, byId]);
}

/* Where all accounts are of one domain, what stands before it tells them apart. */
function sameDomain(accounts: readonly MailAccount[]): boolean {
  return new Set(accounts.map(({ address }) => address.slice(address.indexOf("@")))).size === 1;
}

function Skeleton({ top }: { readonly top: number }) {
  return (
    <div className="row row-skeleton" style={{ transform: `translateY(${top}px)` }} aria-hidden>
      <span className="avatar" /><div className="row-text"><i /><i /><i /></div>
    </div>
  );
}

function useWide(scroller: { readonly current: HTMLElement | null }): boolean {
  const [wide, setWide] = useState(false);
  useLayoutEffect(() => {
    const node = scroller.current;
    if (!node) return;
    const measure = (): void => setWide(node.clientWidth >= WIDE);
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(node);
    return () => observer.disconnect();
  }, [scroller]);
  return wide;
}

/* Functions that stay the same while the list goes on, so that rows that did not change are not drawn again. */
function useSteady<T extends unknown[]>(act: (...args: T) => void): (...args: T) => void {
  const latest = useRef(act);
  useLayoutEffect(() => { latest.current = act; });
  return useCallback((...args) => latest.current(...args), []);
}

function Rows({ list, route, mailbox, onMove, onCopy }: Pick<ListProps, "list" | "route" | "mailbox" | "onMove" | "onCopy">) {
  const t = useT();
  const { density } = usePreferences();
  const unified = isUnified(route.accountId);
  const ownerOf = useOwner(route.accountId);
  const short = sameDomain(useDesk().accounts);
  const actions = useMailActions(route.accountId);
  const readOnlyList = useReadOnly(route.accountId);
  const scroller = useRef<HTMLDivElement>(null);
  const [menu, setMenu] = useState<MenuPlace | null>(null);
  const hover = useHoverPrefetch(route.accountId);
  const wide = useWide(scroller);
  const height = heightOf(density, wide);
  const virtual = useVirtualizer({
    count: list.total, estimateSize: () => height, overscan: 8, getScrollElement: () => scroller.current,
  });
  useLayoutEffect(() => virtual.measure(), [height, virtual]);
  const items = virtual.getVirtualItems();
  const first = items[0]?.index ?? 0;
  const last = items.at(-1)?.index ?? 0;
  const { show, cursor, indexOf } = list;
  useEffect(() => show(first, last), [show, first, last]);
  const cursorIndex = cursor === null ? -1 : indexOf(cursor);
  useEffect(() => { if (cursorIndex >= 0) virtual.scrollToIndex(cursorIndex, { align: "auto" }); }, [cursorIndex, virtual]);
  const flag = useSteady((row: Conversation) => {
    const on = !factsOf(row).flagged;
    actions.setFlag(on ? row.emails.slice(-1) : row.emails, on);
  });
  const open = useSteady(list.open);
  const toggle = useSteady(list.toggle);
  const range = useSteady(list.selectRange);
  const openMenu = useSteady((key: Id, x: number, y: number) => {
    if (!list.selected.has(key)) {
      list.clearSelection();
      list.setCursor(key);
    }
    setMenu({ key, x, y });
  });
  const drag = useSteady((event: DragEvent, key: Id) => {
    const row = list.rowAt(list.indexOf(key));
    if (row) startRowDrag(event, list.selected.has(key) ? [...list.selected.values()] : [row], list.view.accountId, readOnlyList, t);
  });
  return (
    <div className="rows" id="list" ref={scroller} role="grid" aria-rowcount={list.total} aria-label={t("list.label")} aria-multiselectable tabIndex={0} data-density={density} data-wide={wide}
      style={{ "--row-height": `${height}px` } as Record<string, string>}
      aria-busy={list.loading} aria-activedescendant={cursorIndex >= 0 ? `row-${cursor}` : undefined}
      onKeyDown={(event) => {
        if (!(event.key === "ContextMenu" || (event.key === "F10" && event.shiftKey)) || cursor === null) return;
        event.preventDefault();
        const box = document.getElementById(`row-${cursor}`)?.getBoundingClientRect();
        if (box) openMenu(cursor, box.left + box.width / 3, box.top + box.height / 2);
      }}>
      <div className="rows-space" style={{ blockSize: virtual.getTotalSize() }}>
        {items.map((item) => {
          const row = list.rowAt(item.index);
          if (!row) return <Skeleton key={item.key} top={item.start} />;
          const { address: owner = "", readOnly = false } = ownerOf(row) ?? {};
          const chip = short && owner ? owner.slice(0, owner.indexOf("@")) : owner;
          return (
            <ConversationRow key={row.key} conversation={row} accountId={route.accountId} own={owner} account={unified ? chip : null} readOnly={readOnly} outgoing={isOutgoing(mailbox)} top={item.start}
              position={item.index} active={row.key === cursor} open={row.key === list.opened}
              selected={list.everything || list.selected.has(row.key)} onOpen={open} onToggle={toggle} onRange={range}
              onFlag={flag} onHover={hover} onMenu={openMenu} onDrag={drag} />
          );
        })}
      </div>
      {menu && <RowMenu place={menu} list={list} route={route} mailbox={mailbox} onMove={onMove} onCopy={onCopy} onClose={() => { setMenu(null); scroller.current?.focus(); }} />}
    </div>
  );
}

function LoadingRows() {
  const t = useT();
  const { density } = usePreferences();
  const height = heightOf(density, false);
  return (
    <div className="rows" role="status" aria-label={t("common.loading")} data-density={density} style={{ "--row-height": `${height}px` } as Record<string, string>}>
      {[...Array(8).keys()].map((index) => <Skeleton key={index} top={index * height} />)}
    </div>
  );
}

export function ConversationList(props: ListProps) {
  const t = useT();
  const { list, route, mailbox } = props;
  const empty = !list.loading && list.total === 0;
  const focus = useKeptFocus(list.error === null && list.total > 0);
  return (
    <section className="list-pane" aria-label={t("list.region")} {...focus}>
      <ListHeader {...props} />
      {list.error ? <ListFailed error={list.error} text={route.text} onRetry={list.retry} />
        : empty ? <ListEmpty route={route} mailbox={mailbox} />
        : list.loading && list.total === 0 ? <LoadingRows />
        : <Rows list={list} route={route} mailbox={mailbox} onMove={props.onMove} onCopy={props.onCopy} />}
    </section>
  );
}
