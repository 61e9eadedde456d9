import { useQueries, useQueryClient, type UseQueryResult } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { navigate, type MailRoute } from "../../app/router.ts";
import type { EmailSummary, Id } from "../../jmap/types.ts";
import type { Conversation } from "../../mail/conversations.ts";
import { prefetchRow } from "../../mail/prefetch.ts";
import { PAGE_SIZE, pageQuery, type ListPage, type ListView } from "../../mail/queries.ts";

/* The list as a sparse array: pages are fetched as they come into sight, and only those near it are kept in hand. */
export interface ListState {
  readonly view: ListView;
  readonly total: number;
  readonly loading: boolean;
  readonly error: unknown;
  readonly rowAt: (index: number) => Conversation | undefined;
  readonly indexOf: (key: Id) => number;
  readonly show: (first: number, last: number) => void;
  readonly retry: () => void;
  readonly cursor: Id | null;
  readonly setCursor: (key: Id | null) => void;
  /* The key of the row that is open in the reader. */
  readonly opened: Id | null;
  readonly selected: ReadonlyMap<Id, Conversation>;
  readonly toggle: (key: Id) => void;
  /* Everything between the row that was ticked or marked last and this one. */
  readonly selectRange: (key: Id) => void;
  /* Moves the cursor and takes the rows it passes into the selection. */
  readonly stretch: (by: number) => void;
  /* The rows that are here; all that match when there are more, which only commands for all can change. */
  readonly selectAll: () => void;
  /* Whether all rows in hand are ticked. */
  readonly allHere: boolean;
  readonly everything: boolean;
  readonly selectEverything: () => void;
  readonly clearSelection: () => void;
  /* The conversations that an action is about: the ticked ones, else the open one, else the one under the cursor. */
  readonly targets: () => readonly Conversation[];
  readonly open: (key: Id | null) => void;
  /* Goes on from a conversation that is about to leave the list. */
  readonly leave: (gone: readonly Conversation[]) => void;
}

interface Rows {
  readonly total: number;
  readonly at: (index: number) => Conversation | undefined;
  readonly indexOf: (key: Id) => number;
  readonly known: readonly Conversation[];
}

/*
 * A row's place is its page's, less what has left the pages before it that are in hand. All of it is about the few pages in hand,
 * however long the list is.
 */
export function assemble(pages: ReadonlyMap<number, ListPage>): Rows {
  const total = Math.max(0, ...[...pages.values()].map((page) => page.total));
  const places = new Map<number, Conversation>();
  const indices = new Map<Id, number>();
  const numbers = [...pages.keys()].sort((a, b) => a - b);
  let gone = 0;
  for (const number of numbers) {
    const page = pages.get(number)!;
    let place = number * PAGE_SIZE - gone;
    for (const row of page.rows) {
      if (indices.has(row.key)) continue;
      indices.set(row.key, place);
      places.set(place, row);
      place += 1;
    }
    gone = (number + 1) * PAGE_SIZE - place;
  }
  const last = numbers.at(-1) ?? -1;
  const complete = last >= 0 && numbers.length === last + 1 && (pages.get(last)?.rows.length ?? 0) < PAGE_SIZE;
  return {
    total: complete ? Math.min(total, places.size) : total,
    at: (index) => places.get(index),
    indexOf: (key) => indices.get(key) ?? -1,
    known: [...places.values()],
  };
}

/* Pages above and below those in sight that stay in hand, so that scrolling back is instant. */
const NEARBY = 1;
/* A page that is only passed on the way is not asked for. */
const PASSING = 70;

function pagesAround(first: number, last: number): readonly number[] {
  const from = Math.max(0, Math.floor(first / PAGE_SIZE) - NEARBY);
  const to = Math.floor(Math.max(first, last) / PAGE_SIZE);
  const wanted = new Set([0]);
  for (let page = from; page <= to; page += 1) wanted.add(page);
  return [...wanted].sort((a, b) => a - b);
}

function usePages(view: ListView) {
  const client = useQueryClient();
  const [numbers, setNumbers] = useState<readonly number[]>([0]);
  const [shownView, setShownView] = useState(view);
  if (shownView !== view) {
    setShownView(view);
    setNumbers([0]);
  }
  const combine = useCallback((results: readonly UseQueryResult<ListPage>[]) => {
    const pages = new Map<number, ListPage>();
    results.forEach((result, index) => { if (result.data) pages.set(numbers[index]!, result.data); });
    const failed = results.find((result) => result.isError && !result.data);
    return {
      rows: assemble(pages),
      loading: results.some((result) => result.isPending),
      error: failed?.error ?? null,
      retry: () => results.forEach((result) => { if (result.isError) void result.refetch(); }),
    };
  }, [numbers]);
  const combined = useQueries({ queries: numbers.map((page) => pageQuery(view, page)), combine });
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const show = useCallback((first: number, last: number) => {
    const next = pagesAround(first, last);
    const take = (): void => setNumbers((now) => (now.join() === next.join() ? now : next));
    clearTimeout(timer.current);
    if (next.every((page) => client.getQueryData(pageQuery(view, page).queryKey) !== undefined)) take();
    else timer.current = setTimeout(take, PASSING);
  }, [client, view]);
  return { ...combined, show };
}

interface Selection {
  readonly rows: ReadonlyMap<Id, Conversation>;
  readonly everything: boolean;
}

const NOTHING: Selection = { rows: new Map(), everything: false };

function useSelection(view: ListView) {
  const [selection, setSelection] = useState<Selection>(NOTHING);
  const [shownView, setShownView] = useState(view);
  if (shownView !== view) {
    setShownView(view);
    setSelection(NOTHING);
  }
  const toggle = useCallback((row: Conversation) => {
    setSelection((now) => {
      const rows = new Map(now.rows);
      if (!rows.delete(row.key)) rows.set(row.key, row);
      return { rows, everything: false };
    });
  }, []);
  const add = useCallback((more: readonly Conversation[]) => setSelection((now) => ({ ...now, rows: new Map([...now.rows, ...more.map((row) => [row.key, row] as const)]) })), []);
  const everything = useCallback(() => setSelection((now) => ({ ...now, everything: true })), []);
  const clear = useCallback(() => setSelection((now) => (now.rows.size === 0 ? now : NOTHING)), []);
  return { selection, toggle, add, everything, clear };
}

function between(rows: Rows, from: Id | null, to: Id): Conversation[] {
  const b = rows.indexOf(to);
  const a = from === null ? b : rows.indexOf(from);
  const range: Conversation[] = [];
  for (let index = Math.min(a < 0 ? b : a, b); index <= Math.max(a, b); index += 1) {
    const row = rows.at(index);
    if (row) range.push(row);
  }
  return range;
}

/* The nearest row that stays when these go: below if there is one, else above. */
function neighbourOf(rows: Rows, key: Id, gone: ReadonlySet<Id>): Conversation | null {
  const at = rows.indexOf(key);
  const stays = (row: Conversation | undefined): row is Conversation => row !== undefined && !gone.has(row.key);
  for (let index = at + 1; rows.at(index); index += 1) if (stays(rows.at(index))) return rows.at(index)!;
  for (let index = at - 1; rows.at(index); index -= 1) if (stays(rows.at(index))) return rows.at(index)!;
  return null;
}

export function useListState(view: ListView, route: MailRoute, beside: boolean): ListState {
  const client = useQueryClient();
  const { rows, loading, error, retry, show } = usePages(view);
  const { selection, toggle, add, everything, clear } = useSelection(view);
  const [mark, setMark] = useState<Id | null>(null);
  const [anchor, setAnchor] = useState<Id | null>(null);
  const opened = (view.conversations ? route.threadId : route.emailId ?? route.threadId) ?? null;
  const cursor = mark ?? opened;
  const addressOf = useCallback((row: Conversation | undefined, key: Id | null): MailRoute =>
    ({ ...route, threadId: row?.threadId ?? key, emailId: row && !view.conversations ? row.leadId : null }), [route, view.conversations]);
  return useMemo<ListState>(() => {
    const rowOf = (key: Id): Conversation | undefined => rows.at(rows.indexOf(key)) ?? selection.rows.get(key);
    const open = (key: Id | null): void => {
      setMark(key ?? opened);
      navigate(addressOf(key === null ? undefined : rowOf(key), key));
    };
    const targets = (): readonly Conversation[] => {
      /* As they are now, where they are in hand. */
      if (selection.rows.size > 0) return [...selection.rows.values()].map((row) => rows.at(rows.indexOf(row.key)) ?? row);
      const single = opened ?? cursor;
      const row = single === null ? undefined : rowOf(single);
      return row ? [row] : [];
    };
    const leave = (gone: readonly Conversation[]): void => {
      const ids = new Set(gone.map((row) => row.key));
      const here = opened ?? cursor;
      if (here !== null && ids.has(here)) {
        const next = neighbourOf(rows, here, ids);
        setMark(next?.key ?? null);
        if (opened !== null) navigate(addressOf(beside ? next ?? undefined : undefined, null), true);
        if (next) prefetchRow(client, view.accountId, next);
      }
      clear();
    };
    const toggleRow = (key: Id): void => {
      const row = rowOf(key);
      setAnchor(key);
      if (row) toggle(row);
    };
    const stretch = (by: number): void => {
      const at = cursor === null ? -1 : rows.indexOf(cursor);
      const next = rows.at(at < 0 ? 0 : at + by);
      if (!next) return;
      add(between(rows, cursor, next.key));
      setMark(next.key);
    };
    return {
      view, total: rows.total, loading, error, retry, show, cursor, open, targets, leave, opened, stretch,
      rowAt: rows.at,
      indexOf: rows.indexOf,
      setCursor: setMark,
      selected: selection.rows,
      everything: selection.everything,
      allHere: selection.rows.size > 0 && rows.known.every((row) => selection.rows.has(row.key)),
      selectAll: () => add(rows.known),
      selectEverything: everything,
      toggle: toggleRow,
      selectRange: (key) => { add(between(rows, anchor ?? cursor, key)); setAnchor(key); setMark(key); },
      clearSelection: () => { setAnchor(null); clear(); },
    };
  }, [view, rows, loading, error, retry, show, selection, toggle, add, everything, clear, cursor, anchor, opened, addressOf, beside, client]);
}

export function emailsOf(conversations: readonly Conversation[]): EmailSummary[] {
  return conversations.flatMap((row) => row.emails);
}
