import { useQueryClient } from "@tanstack/react-query";
import { Merge, Tag } from "lucide-react";
import { useT } from "../../i18n/i18n.ts";
import type { NoteType } from "../../mail/notes.ts";
import { mergeConversations } from "../../mail/regroup.ts";
import { cachedMailboxMap, isUnified } from "../../mail/unified.ts";
import { IconButton } from "../../ui/Button.tsx";
import type { ListState } from "../list/list-state.ts";
import { openOrganise } from "./organise-store.ts";

/* Opens the labels of what is ticked, open or under the cursor: the l key. */
export function openLabels(list: ListState): void {
  const targets = list.targets();
  if (targets.length > 0) openOrganise({ kind: "labels", accountId: list.view.accountId, targets, ...(list.everything ? { everything: { view: list.view, total: list.total } } : {}) });
}

/* A note or to-do beside each of what is ticked. */
export function openNotes(list: ListState, type: NoteType): void {
  const targets = list.targets();
  if (targets.length > 0) openOrganise({ kind: "note", type, accountId: list.view.accountId, targets, ...(list.everything ? { everything: { view: list.view, total: list.total } } : {}) });
}

/* What the bar of a selection has from here. */
export function SelectionTools({ list }: { readonly list: ListState }) {
  const t = useT();
  const client = useQueryClient();
  const merge = (): void => {
    const ids = list.targets().map((row) => row.threadId);
    list.clearSelection();
    void mergeConversations(client, list.view.accountId, ids, (threadId) => list.setCursor(threadId));
  };
  /* Conversations are put together within an account. */
  const oneAccount = (): boolean => {
    if (!isUnified(list.view.accountId)) return true;
    const map = cachedMailboxMap(client);
    return new Set([...list.selected.values()].map((row) => map.accountOf(row.emails[0]!))).size === 1;
  };
  return (
    <>
      <IconButton label={t("label.button")} shortcut="l" icon={Tag} onClick={() => openLabels(list)} />
      {list.selected.size > 1 && !list.everything && oneAccount() && <IconButton label={t("why.mergeSelected")} icon={Merge} onClick={merge} />}
    </>
  );
}
