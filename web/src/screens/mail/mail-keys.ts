import { useEffect, useRef } from "react";
import { tinykeys, type KeybindingsMap } from "tinykeys";
import { mailboxRoute, navigate, type MailRoute } from "../../app/router.ts";
import type { Mailbox } from "../../jmap/types.ts";
import { byRole, type Role } from "../../mail/mailboxes.ts";
import { undoLatest } from "../../ui/toasts.ts";
import { answerOpenEmail, composeNew, isComposerOpening } from "../compose/composer-store.ts";
import { refuseChange, useListCommands, type ListCommands } from "../list/list-commands.ts";
import { openLabels } from "../organise/SelectionTools.tsx";
import type { ListState } from "../list/list-state.ts";
import type { Sheet } from "./MailScreen.tsx";

export interface KeyContext {
  readonly route: MailRoute;
  readonly list: ListState;
  readonly mailboxes: readonly Mailbox[];
  readonly openSheet: (sheet: Sheet) => void;
  readonly enabled: boolean;
}

/* Whether keys are meant for what has the focus: a field, a dialog, or a letter, whose buttons are no place to archive mail from. */
export function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement &&
    (target.isContentEditable || target.matches("input, textarea, select, [role=menu] *") || target.closest("dialog, .ant-modal, .composer") !== null);
}

function step({ list, route }: KeyContext, by: number): void {
  const at = list.cursor === null ? -1 : list.indexOf(list.cursor);
  const next = list.rowAt(at < 0 ? 0 : at + by);
  if (!next) return;
  if (route.threadId === null) list.setCursor(next.key);
  else list.open(next.key);
}

function goTo({ route, mailboxes }: KeyContext, role: Role): void {
  const mailbox = byRole(mailboxes, role);
  if (mailbox) navigate(mailboxRoute(route.accountId, mailbox.id));
}

type Command = (context: KeyContext, commands: ListCommands) => void;

const toList: Command = ({ route, list }) => {
  if (list.selected.size > 0) list.clearSelection();
  else if (route.threadId !== null) list.open(null);
  document.getElementById("list")?.focus();
};

const openCursor: Command = ({ list }) => list.cursor !== null && list.open(list.cursor);
const toggleCursor: Command = ({ list }) => list.cursor !== null && list.toggle(list.cursor);

/* As in Gmail. Letters are given by the key's face; the wrapper below adds the key's place for other alphabets. */
const LETTERS: Readonly<Record<string, Command>> = {
  j: (context) => step(context, 1),
  k: (context) => step(context, -1),
  o: openCursor,
  u: toList,
  x: toggleCursor,
  c: ({ route }) => composeNew(route.accountId),
  r: () => answerOpenEmail("reply"),
  a: () => answerOpenEmail("replyAll"),
  f: () => answerOpenEmail("forward"),
  e: (_, commands) => commands.archive(),
  s: (_, commands) => commands.toggleFlag(),
  v: ({ openSheet, list }, { mayChange }) => (mayChange ? list.targets().length > 0 && openSheet({ kind: "move", rows: null }) : refuseChange()),
  z: () => void undoLatest(),
  "g i": (context) => goTo(context, "inbox"),
  "g s": (context) => goTo(context, "sent"),
  "g d": (context) => goTo(context, "drafts"),
  "g t": (context) => goTo(context, "trash"),
  "g a": ({ route }) => navigate(mailboxRoute(route.accountId, null)),
  l: ({ list }, { mayChange }) => (mayChange ? openLabels(list) : refuseChange()),
  "Shift+j": ({ list }) => list.stretch(1),
  "Shift+k": ({ list }) => list.stretch(-1),
  "Shift+v": ({ openSheet, list }) => list.targets().length > 0 && openSheet({ kind: "copy", rows: null }),
  "Shift+i": (_, commands) => commands.markRead(),
  "Shift+u": (_, commands) => commands.markUnread(),
};

const SIGNS: Readonly<Record<string, Command>> = {
  Enter: openCursor,
  ArrowDown: (context) => step(context, 1),
  ArrowUp: (context) => step(context, -1),
  Escape: toList,
  "#": (_, commands) => commands.remove(),
  Delete: (_, commands) => commands.remove(),
  "!": ({ list, mailboxes, route }, commands) => {
    const here = mailboxes.find((mailbox) => mailbox.id === (list.view.mailboxId ?? route.mailboxId));
    if (here?.role === "junk") commands.notJunk();
    else commands.junk();
  },
  "*": ({ list }) => list.selectAll(),
  "/": () => document.getElementById("search")?.focus(),
  "?": ({ openSheet }) => openSheet({ kind: "keys" }),
};

/* "g i" becomes "KeyG KeyI": the same keys on a keyboard that writes another alphabet. */
function byPlace(binding: string): string {
  return binding.replace(/(^|\s|\+)([a-z])(?=\s|$)/g, (_, before: string, letter: string) => `${before}Key${letter.toUpperCase()}`);
}

function isLatin(event: KeyboardEvent): boolean {
  return /^[a-z]$/i.test(event.key);
}

/* Arrow keys and Enter belong to whatever has the focus, unless that is the list or nothing. */
function isForeign(event: KeyboardEvent): boolean {
  const target = event.target;
  if (target instanceof HTMLElement && target.closest("[role=tree], [role=separator]")) return /^(Arrow|Enter|Home|End|Delete|\*)/.test(event.key);
  if (!/^(Arrow|Enter)/.test(event.key) || !(target instanceof HTMLElement)) return false;
  return target !== document.body && target.id !== "list";
}

export function keyBindings(run: (command: Command, event: KeyboardEvent) => void): KeybindingsMap {
  const bindings: KeybindingsMap = {};
  /* The first binding that matches wins, so "g s" has to stand before the s that flags. */
  const letters = Object.entries(LETTERS).sort(([left], [right]) => Number(right.includes(" ")) - Number(left.includes(" ")));
  for (const [keys, command] of letters) {
    bindings[keys] = (event) => run(command, event);
    bindings[byPlace(keys)] = (event) => { if (!isLatin(event)) run(command, event); };
  }
  for (const [key, command] of Object.entries(SIGNS)) {
    bindings[key] = (event) => run(command, event);
    if (key.length === 1) bindings[`Shift+${key}`] = (event) => run(command, event);
  }
  bindings["$mod+a"] = (event) => { if ((event.target as Element | null)?.id === "list") run(({ list }) => list.selectAll(), event); };
  return bindings;
}

export function useMailKeys(context: KeyContext): void {
  const mailbox = context.mailboxes.find((one) => one.id === context.route.mailboxId);
  const commands = useListCommands(context.list, context.route, mailbox);
  const latest = useRef({ context, commands });
  useEffect(() => { latest.current = { context, commands }; });
  useEffect(() => tinykeys(window, keyBindings((command, event) => {
    const now = latest.current;
    if (!now.context.enabled || isComposerOpening() || isTyping(event.target) || isForeign(event) || event.defaultPrevented) return;
    event.preventDefault();
    command(now.context, now.commands);
  }), { ignore: (event) => event.isComposing }), []);
  /* Also while a search is being written; not over a dialog. */
  useEffect(() => tinykeys(window, { "$mod+k": (event) => {
    const now = latest.current;
    if (!now.context.enabled || event.defaultPrevented || (event.target instanceof Element && event.target.closest("dialog, .composer"))) return;
    event.preventDefault();
    now.context.openSheet({ kind: "palette" });
  } }), []);
}
