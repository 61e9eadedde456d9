import { useQueries, useQueryClient } from "@tanstack/react-query";
import { useCallback, useMemo, useState } from "react";
import { navigate, type MailRoute } from "../../app/router.ts";
import type { EmailSummary, Id } from "../../jmap/types.ts";
import type { Conversation } from "../../mail/conversations.ts";
import { PAGE_SIZE, pageQuery, prefetchThread, type ListPage, type ListView } from "../../mail/queries.ts";

/* The list as a sparse array: pages are fetched as they come into sight. */
export interface ListState {
  readonly view: ListView;
  readonly total: number;
  readonly loading: boolean;
  readonly error: unknown;
  readonly rowAt: (index: number) => Conversation | undefined;
  readonly indexOf: (threadId: Id) => number;
  readonly show: (first: number, last: number) => void;
  readonly retry: () => void;
  readonly cursor: Id | null;
  readonly setCursor: (threadId: Id | null) => void;
  readonly selected: ReadonlySet<Id>;
  readonly toggle: (threadId: Id) => void;
  readonly selectRange: (threadId: Id) => void;
  readonly clearSelection: () => void;
  /* The conversations that an action is about: the ticked ones, else the open one, else the one under the cursor. */
  readonly targets: () => readonly Conversation[];
  readonly open: (threadId: Id | null) => void;
  /* Goes on from a conversation that is about to leave the list. */
  readonly leave: (gone: readonly Conversation[]) => void;
}

interface Rows {
  readonly total: number;
  readonly at: (index: number) => Conversation | undefined;
  readonly indexOf: (threadId: Id) => number;
  readonly known: readonly Conversation[];
}

/* Pages shrink when rows leave them, so a row's place is counted over the pages before it. */
export function assemble(pages: ReadonlyMap<number, ListPage>): Rows {
  const total = Math.max(0, ...[...pages.values()].map((page) => page.total));
  const places = new Map<number, Conversation>();
  const indices = new Map<Id, number>();
  const last = Math.max(-1, ...pages.keys());
  let start = 0;
  for (let number = 0; number <= last; number += 1) {
    const page = pages.get(number);
    if (!page) {
      start += PAGE_SIZE;
      continue;
    }
    for (const row of page.rows) {
      if (indices.has(row.threadId)) continue;
      indices.set(row.threadId, start);
      places.set(start, row);
      start += 1;
    }
  }
  const complete = last >= 0 && pages.size === last + 1 && (pages.get(last)?.rows.length ?? 0) < PAGE_SIZE;
  return {
    total: complete ? Math.min(total, start) : total,
    at: (index) => places.get(index),
    indexOf: (threadId) => indices.get(threadId) ?? -1,
    known: [...places.values()],
  };
}

function usePages(view: ListView) {
  const [numbers, setNumbers] = useState<readonly number[]>([0]);
  const [shownView, setShownView] = useState(view);
  if (shownView !== view) {
    setShownView(view);
    setNumbers([0]);
  }
  const combined = useQueries({
    queries: numbers.map((page) => pageQuery(view, page)),
    combine: (results) => {
      const pages = new Map<number, ListPage>();
      results.forEach((result, index) => result.data && pages.set(numbers[index]!, result.data));
      const failed = results.find((result) => result.isError && !result.data);
      return {
        rows: assemble(pages),
        loading: results.some((result) => result.isPending),
        error: failed?.error ?? null,
        retry: () => results.forEach((result) => result.isError && void result.refetch()),
      };
    },
  });
  const show = useCallback((first: number, last: number) => {
    const from = Math.max(0, Math.floor(first / PAGE_SIZE));
    const to = Math.floor(Math.max(first, last) / PAGE_SIZE);
    const wanted = new Set([0]);
    for (let page = from; page <= to; page += 1) wanted.add(page);
    /* The page above stays, so that scrolling back is instant. */
    if (from > 0) wanted.add(from - 1);
    const next = [...wanted].sort((a, b) => a - b);
    setNumbers((now) => (now.join() === next.join() ? now : next));
  }, []);
  return { ...combined, show };
}

function useSelection(view: ListView) {
  const [selected, setSelected] = useState<ReadonlySet<Id>>(new Set());
  const [shownView, setShownView] = useState(view);
  if (shownView !== view) {
    setShownView(view);
    setSelected(new Set());
  }
  const toggle = useCallback((threadId: Id) => {
    setSelected((now) => {
      const next = new Set(now);
      if (!next.delete(threadId)) next.add(threadId);
      return next;
    });
  }, []);
  const add = useCallback((ids: readonly Id[]) => setSelected((now) => new Set([...now, ...ids])), []);
  const clear = useCallback(() => setSelected((now) => (now.size === 0 ? now : new Set())), []);
  return { selected, toggle, add, clear };
}

function between(rows: Rows, from: Id | null, to: Id): Id[] {
  const a = from === null ? -1 : rows.indexOf(from);
  const b = rows.indexOf(to);
  if (a < 0 || b < 0) return [to];
  const ids: Id[] = [];
  for (let index = Math.min(a, b); index <= Math.max(a, b); index += 1) {
    const row = rows.at(index);
    if (row) ids.push(row.threadId);
  }
  return ids;
}

export function useListState(view: ListView, route: MailRoute): ListState {
  const client = useQueryClient();
  const { rows, loading, error, retry, show } = usePages(view);
  const selection = useSelection(view);
  const [mark, setMark] = useState<Id | null>(null);
  const cursor = mark ?? route.threadId;
  const open = useCallback((threadId: Id | null) => {
    setMark(threadId ?? route.threadId);
    navigate({ ...route, threadId });
  }, [route]);
  return useMemo<ListState>(() => {
    const targets = (): readonly Conversation[] => {
      if (selection.selected.size > 0) return rows.known.filter((row) => selection.selected.has(row.threadId));
      const single = route.threadId ?? cursor;
      const row = single === null ? undefined : rows.at(rows.indexOf(single));
      return row ? [row] : [];
    };
    const leave = (gone: readonly Conversation[]): void => {
      const ids = new Set(gone.map((row) => row.threadId));
      const here = route.threadId ?? cursor;
      if (here !== null && ids.has(here)) {
        const at = rows.indexOf(here);
        const rest = [...Array(6).keys()].flatMap((step) => [rows.at(at + step + 1), rows.at(at - step - 1)]);
        const next = rest.find((row) => row && !ids.has(row.threadId)) ?? null;
        setMark(next?.threadId ?? null);
        if (route.threadId !== null) {
          const wide = matchMedia("(min-width: 720px)").matches;
          navigate({ ...route, threadId: wide ? (next?.threadId ?? null) : null }, true);
        }
        if (next) prefetchThread(client, view.accountId, next);
      }
      selection.clear();
    };
    return {
      view, total: rows.total, loading, error, retry, show, cursor, open, targets, leave,
      rowAt: rows.at,
      indexOf: rows.indexOf,
      setCursor: setMark,
      selected: selection.selected,
      toggle: selection.toggle,
      selectRange: (threadId) => selection.add(between(rows, cursor, threadId)),
      clearSelection: selection.clear,
    };
  }, [view, rows, loading, error, retry, show, selection, cursor, open, route, client]);
}

export function emailsOf(conversations: readonly Conversation[]): EmailSummary[] {
  return conversations.flatMap((row) => row.emails);
}
