import { useState } from "react";
import { currentRoute } from "../../app/router.ts";
import { useLocale, useT } from "../../i18n/i18n.ts";
import type { Id, Mailbox } from "../../jmap/types.ts";
import { orderMailboxes, roleName } from "../../mail/mailboxes.ts";
import { Dialog } from "../../ui/Dialog.tsx";
import { useListCommands } from "../list/list-commands.ts";
import type { ListState } from "../list/list-state.ts";
import { MailboxIcon } from "./MailboxIcon.tsx";

interface Props {
  readonly list: ListState;
  readonly mailboxes: readonly Mailbox[];
  readonly current: Id | null;
  readonly onClose: () => void;
}

/* Where to? Type a part of the name, Enter takes the first. */
export function MoveDialog({ list, mailboxes, current, onClose }: Props) {
  const t = useT();
  const locale = useLocale();
  const [text, setText] = useState("");
  const route = currentRoute();
  const commands = useListCommands(list, route.screen === "mail" ? route : { screen: "mail", accountId: list.view.accountId, mailboxId: current, threadId: null, text: "", only: "all" },
    mailboxes.find((mailbox) => mailbox.id === current));
  const named = orderMailboxes(mailboxes, locale).map(({ mailbox, depth }) => {
    const role = roleName(mailbox.role);
    return { mailbox, depth, name: role ? t(role) : mailbox.name };
  });
  const wanted = text.trim().toLocaleLowerCase(locale);
  const found = named.filter(({ mailbox, name }) => mailbox.id !== current && name.toLocaleLowerCase(locale).includes(wanted));
  const choose = (mailbox: Mailbox | undefined): void => {
    if (!mailbox) return;
    onClose();
    commands.move(mailbox);
  };
  return (
    <Dialog title={t("move.title", { count: list.targets().length })} onClose={onClose}>
      <form onSubmit={(event) => { event.preventDefault(); choose(found[0]?.mailbox); }}>
        <input className="input" data-autofocus value={text} onChange={(event) => setText(event.target.value)} placeholder={t("move.filter")} aria-label={t("move.filter")} dir="auto" />
      </form>
      <ul className="move-list">
        {found.map(({ mailbox, depth, name }) => (
          <li key={mailbox.id}>
            <button type="button" style={{ paddingInlineStart: `${12 + (wanted ? 0 : depth * 16)}px` }} onClick={() => choose(mailbox)}>
              <MailboxIcon role={mailbox.role} /><bdi>{name}</bdi>
            </button>
          </li>
        ))}
        {found.length === 0 && <li className="muted">{t("move.none")}</li>}
      </ul>
    </Dialog>
  );
}
