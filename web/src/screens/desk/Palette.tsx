import { useQueries } from "@tanstack/react-query";
import { Search, type LucideIcon, Archive, Copy, FolderInput, Keyboard, ListTodo, Mail, MailOpen, PenLine, Settings2, ShieldAlert, SlidersHorizontal, SquareCheck, Star, StickyNote, Tag, Trash2, AtSign } from "lucide-react";
import { useState, type KeyboardEvent, type ReactNode } from "react";
import { useDesk } from "../../app/context.ts";
import { ACCOUNTS, mailboxRoute, navigate, settingsRoute, TODOS, type MailRoute } from "../../app/router.ts";
import { useLocale, useT } from "../../i18n/i18n.ts";
import type { Mailbox } from "../../jmap/types.ts";
import { mailboxPath, orderMailboxes, roleName } from "../../mail/mailboxes.ts";
import { usePreferences, useSetPreferences } from "../../mail/preferences.ts";
import { mailboxesQuery } from "../../mail/queries.ts";
import { isUnified } from "../../mail/unified.ts";
import { Dialog } from "../../ui/Dialog.tsx";
import { composeNew } from "../compose/composer-store.ts";
import { useListCommands } from "../list/list-commands.ts";
import type { ListState } from "../list/list-state.ts";
import type { Sheet } from "../mail/MailScreen.tsx";
import { MailboxIcon } from "../mail/MailboxIcon.tsx";
import { openLabels, openNotes } from "../organise/SelectionTools.tsx";

interface Props {
  readonly list: ListState;
  readonly route: MailRoute;
  readonly mailbox: Mailbox | undefined;
  readonly onSheet: (sheet: Sheet) => void;
  readonly onClose: () => void;
}

interface Entry {
  readonly key: string;
  readonly label: string;
  readonly hint?: string;
  readonly icon: ReactNode;
  readonly keys?: string;
  readonly run: () => void;
}

const MOST_SHOWN = 60;

function icon(Icon: LucideIcon): ReactNode {
  return <Icon size={16} aria-hidden />;
}

function useActions({ list, route, mailbox, onSheet }: Props): readonly Entry[] {
  const t = useT();
  const commands = useListCommands(list, route, mailbox);
  const { density, readingPane, conversations } = usePreferences();
  const set = useSetPreferences();
  const copy: Entry = { key: "copy", label: t("action.copyTo"), icon: icon(Copy), keys: "Shift+V", run: () => onSheet({ kind: "copy", rows: null }) };
  const changes: Entry[] = [
    { key: "archive", label: t("action.archive"), icon: icon(Archive), keys: "e", run: commands.archive },
    { key: "delete", label: t("action.delete"), icon: icon(Trash2), keys: "#", run: commands.remove },
    { key: "junk", label: t("action.junk"), icon: icon(ShieldAlert), keys: "!", run: commands.junk },
    { key: "move", label: t("action.move"), icon: icon(FolderInput), keys: "v", run: () => onSheet({ kind: "move", rows: null }) },
    copy,
    { key: "read", label: t("action.markRead"), icon: icon(MailOpen), keys: "Shift+I", run: commands.markRead },
    { key: "unread", label: t("action.markUnread"), icon: icon(Mail), keys: "Shift+U", run: commands.markUnread },
    { key: "flag", label: t("action.flag"), icon: icon(Star), keys: "s", run: commands.toggleFlag },
    { key: "label", label: t("label.button"), icon: icon(Tag), keys: "l", run: () => openLabels(list) },
    { key: "note", label: t("note.add"), icon: icon(StickyNote), run: () => openNotes(list, "Note") },
    { key: "todo", label: t("todo.add"), icon: icon(SquareCheck), run: () => openNotes(list, "Todo") },
  ];
  const about = list.targets().length === 0 && !list.everything ? [] : commands.mayChange ? changes : [copy];
  const looks = icon(SlidersHorizontal);
  return [
    { key: "compose", label: t("compose.new"), icon: icon(PenLine), keys: "c", run: () => composeNew(route.accountId) },
    ...about,
    { key: "all", label: t("selection.all"), icon: icon(SquareCheck), keys: "*", run: list.selectAll },
    { key: "density", label: t(density === "compact" ? "view.comfortable" : "view.compact"), icon: looks, run: () => set({ density: density === "compact" ? "comfortable" : "compact" }) },
    ...(["right", "below", "off"] as const).filter((pane) => pane !== readingPane).map((pane) => ({ key: pane, label: t(`view.${pane}`), icon: looks, run: () => set({ readingPane: pane }) })),
    { key: "conversations", label: t(conversations ? "view.mails" : "view.conversations"), icon: looks, run: () => set({ conversations: !conversations }) },
    { key: "todos", label: t("todo.mine"), icon: icon(ListTodo), run: () => navigate(TODOS) },
    { key: "accounts", label: t("menu.accounts"), icon: icon(AtSign), run: () => navigate(ACCOUNTS) },
    { key: "settings", label: t("menu.settings"), icon: icon(Settings2), run: () => navigate(settingsRoute("general")) },
    { key: "keys", label: t("keys.title"), icon: icon(Keyboard), keys: "?", run: () => onSheet({ kind: "keys" }) },
  ];
}

function usePlaces(): readonly Entry[] {
  const t = useT();
  const locale = useLocale();
  const { accounts, userAccount } = useDesk();
  const ids = [...(accounts.length > 1 ? [userAccount] : []), ...accounts.map((account) => account.id)];
  const all = useQueries({ queries: ids.map((id) => mailboxesQuery(id)) });
  return ids.flatMap((accountId, index) => {
    const mailboxes = (all[index]?.data ?? []).filter((mailbox) => !isUnified(accountId) || mailbox.role !== null);
    const hint = isUnified(accountId) ? t("unified.name") : (accounts.find((account) => account.id === accountId)?.address ?? "");
    return orderMailboxes(mailboxes, locale).map(({ mailbox }) => {
      const role = roleName(mailbox.role);
      return { key: `${accountId}/${mailbox.id}`, label: role ? t(role) : mailboxPath(mailboxes, mailbox), hint, icon: <MailboxIcon role={mailbox.role} />, run: () => navigate(mailboxRoute(accountId, mailbox.id)) };
    });
  });
}

/* Whatever can be reached or done, by a part of its name. */
export function Palette(props: Props) {
  const t = useT();
  const locale = useLocale();
  const { route, onClose } = props;
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const entries = [...useActions(props), ...usePlaces()];
  const fold = (value: string): string => value.normalize("NFKD").replace(/\p{M}/gu, "").toLocaleLowerCase(locale);
  const words = fold(text).split(/\s+/).filter(Boolean);
  const matching = entries.filter((entry) => words.every((word) => fold(`${entry.label} ${entry.hint ?? ""}`).includes(word))).slice(0, MOST_SHOWN);
  const wanted = text.trim();
  const search: Entry[] = wanted ? [{ key: "search", label: t("palette.search", { text: wanted }), icon: icon(Search), keys: "/", run: () => navigate({ ...mailboxRoute(route.accountId, null), text: wanted }) }] : [];
  const shown = [...matching, ...search];
  const current = Math.min(at, shown.length - 1);
  const run = (entry: Entry | undefined): void => {
    if (!entry) return;
    onClose();
    entry.run();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step === undefined || shown.length === 0) return;
    event.preventDefault();
    setAt((current + step + shown.length) % shown.length);
  };
  return (
    <Dialog title={t("palette.title")} onClose={onClose}>
      <form onSubmit={(event) => { event.preventDefault(); run(shown[current]); }}>
        <input className="input" data-autofocus value={text} onChange={(event) => { setText(event.target.value); setAt(0); }} onKeyDown={onKeyDown} placeholder={t("palette.hint")} aria-label={t("palette.hint")} dir="auto"
          role="combobox" aria-expanded aria-controls="palette-entries" aria-activedescendant={shown[current] ? `palette-${current}` : undefined} />
      </form>
      <ul className="move-list" id="palette-entries" role="listbox" aria-label={t("palette.title")}>
        {shown.map((entry, index) => (
          <li key={entry.key} role="presentation">
            <button type="button" id={`palette-${index}`} role="option" aria-selected={index === current} tabIndex={-1} className={index === current ? "move-current" : undefined}
              ref={(node) => { if (index === current) node?.scrollIntoView({ block: "nearest" }); }} onClick={() => run(entry)}>
              {entry.icon}<bdi>{entry.label}</bdi>
              {entry.hint && <bdi className="palette-hint">{entry.hint}</bdi>}
              {entry.keys && <kbd dir="ltr">{entry.keys}</kbd>}
            </button>
          </li>
        ))}
        {shown.length === 0 && <li className="muted">{t("palette.none")}</li>}
      </ul>
    </Dialog>
  );
}
