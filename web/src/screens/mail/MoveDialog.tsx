import { useQueries, useQueryClient } from "@tanstack/react-query";
import { useState, type KeyboardEvent } from "react";
import { useDesk } from "../../app/context.ts";
import type { MailRoute } from "../../app/router.ts";
import { useLocale, useT } from "../../i18n/i18n.ts";
import type { Mailbox } from "../../jmap/types.ts";
import type { Conversation } from "../../mail/conversations.ts";
import { mailboxPath, orderMailboxes, roleName } from "../../mail/mailboxes.ts";
import { mailboxesQuery } from "../../mail/queries.ts";
import { isUnified } from "../../mail/unified.ts";
import { Dialog } from "../../ui/Dialog.tsx";
import { commandsFor, useListCommands } from "../list/list-commands.ts";
import type { Target } from "../../mail/transfer.ts";
import type { ListState } from "../list/list-state.ts";
import { MailboxIcon } from "./MailboxIcon.tsx";

interface Props {
  readonly list: ListState;
  readonly route: MailRoute;
  readonly mailbox: Mailbox | undefined;
  /* Null: those that are selected, open or marked. */
  readonly rows: readonly Conversation[] | null;
  readonly copy: boolean;
  readonly onClose: () => void;
}

interface Choice extends Target {
  readonly key: string;
  readonly depth: number;
  readonly name: string;
  readonly path: string;
  readonly account: string;
}

/* The list's own account first, then the others; of the unified account its roles. */
function useChoices(route: MailRoute): readonly Choice[] {
  const t = useT();
  const locale = useLocale();
  const desk = useDesk();
  const unified = isUnified(route.accountId);
  const ids = [...(unified ? [route.accountId] : []), ...desk.accounts.filter((account) => !account.readOnly).map((account) => account.id)]
    .sort((a, b) => Number(b === route.accountId) - Number(a === route.accountId));
  const all = useQueries({ queries: ids.map((id) => mailboxesQuery(id)) });
  return ids.flatMap((accountId, index) => {
    const mailboxes = (all[index]?.data ?? []).filter((mailbox) => !isUnified(accountId) || mailbox.role !== null);
    const address = isUnified(accountId) ? t("unified.name") : (desk.accounts.find((account) => account.id === accountId)?.address ?? "");
    return orderMailboxes(mailboxes, locale).filter(({ mailbox }) => mailbox.myRights.mayAddItems).map(({ mailbox, depth }) => {
      const role = roleName(mailbox.role);
      return { key: `${accountId} ${mailbox.id}`, accountId, mailbox, depth, name: role ? t(role) : mailbox.name, path: mailboxPath(mailboxes, mailbox), account: address };
    });
  });
}

const MOST_SHOWN = 200;

/* Where to? Type a part of the name, Enter takes the first; arrow keys choose. */
export function MoveDialog({ list, route, mailbox, rows, copy, onClose }: Props) {
  const t = useT();
  const locale = useLocale();
  const client = useQueryClient();
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const choices = useChoices(route);
  const usual = useListCommands(list, route, mailbox);
  const commands = rows ? commandsFor(client, list, route, mailbox, () => rows) : usual;
  const fold = (value: string): string => value.normalize("NFKD").replace(/\p{M}/gu, "").toLocaleLowerCase(locale);
  const wanted = fold(text.trim());
  const found = choices.filter(({ mailbox: one, accountId, name, path }) =>
    !(one.id === route.mailboxId && accountId === route.accountId) && (fold(name).includes(wanted) || fold(path).includes(wanted))).slice(0, MOST_SHOWN);
  const shown = new Set(found.map((choice) => choice.key));
  /* Below its parent, or by its path where that is not offered: it would seem to be below another. */
  const isBelow = ({ accountId, mailbox: one }: Choice): boolean => one.parentId === null || shown.has(`${accountId} ${one.parentId}`);
  const several = new Set(found.map((choice) => choice.account)).size > 1;
  const choose = (choice: Choice | undefined): void => {
    if (!choice) return;
    onClose();
    if (copy) commands.copyTo(choice);
    else commands.moveTo(choice);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step === undefined || found.length === 0) return;
    event.preventDefault();
    setAt((now) => (now + step + found.length) % found.length);
  };
  const count = rows?.length ?? (list.everything ? list.total : list.targets().length);
  const current = Math.min(at, found.length - 1);
  const marked = found[current];
  const place = marked && (several ? t("drag.place", { mailbox: marked.name, account: marked.account }) : marked.name);
  const spoken = place ? t(copy ? "drag.copyTo" : "drag.moveTo", { place }) : t("move.none");
  return (
    <Dialog title={t(copy ? "copy.title" : "move.title", { count })} onClose={onClose}>
      <form onSubmit={(event) => { event.preventDefault(); choose(found[current]); }}>
        <input className="input" data-autofocus value={text} onChange={(event) => { setText(event.target.value); setAt(0); }} onKeyDown={onKeyDown} placeholder={t("move.filter")} aria-label={t("move.filter")} dir="auto"
          role="combobox" aria-expanded aria-controls="move-choices" aria-activedescendant={found[current] ? `move-${current}` : undefined} />
      </form>
      <ul className="move-list" id="move-choices" role="listbox" aria-label={t("move.filter")}>
        {found.map((choice, index) => (
          <li key={choice.key} role="presentation">
            {several && choice.account !== found[index - 1]?.account && <span className="move-account" role="presentation"><bdi>{choice.account}</bdi></span>}
            <button type="button" id={`move-${index}`} role="option" aria-selected={index === current} tabIndex={-1} className={index === current ? "move-current" : undefined}
              ref={(node) => { if (index === current) node?.scrollIntoView({ block: "nearest" }); }}
              style={{ paddingInlineStart: `${12 + (!wanted && isBelow(choice) ? choice.depth * 16 : 0)}px` }} onClick={() => choose(choice)}>
              <MailboxIcon role={choice.mailbox.role} /><bdi>{!wanted && isBelow(choice) ? choice.name : choice.path || choice.name}</bdi>
            </button>
          </li>
        ))}
        {found.length === 0 && <li className="muted">{t("move.none")}</li>}
      </ul>
      <p className="visually-hidden" role="status">{spoken}</p>
    </Dialog>
  );
}
