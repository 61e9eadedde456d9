import { Archive, ArrowLeft, ChevronDown, ChevronUp, EllipsisVertical, FolderInput, Mail, ShieldAlert, ShieldCheck, Star, Trash2 } from "lucide-react";
import type { MailRoute } from "../../app/router.ts";
import { useT } from "../../i18n/i18n.ts";
import type { Mailbox } from "../../jmap/types.ts";
import { factsOf } from "../../mail/conversations.ts";
import { IconButton } from "../../ui/Button.tsx";
import { Menu, type MenuItem } from "../../ui/Menu.tsx";
import { useListCommands } from "../list/list-commands.ts";
import type { ListState } from "../list/list-state.ts";

interface Props {
  readonly list: ListState;
  readonly route: MailRoute;
  readonly mailbox: Mailbox | undefined;
  readonly onMove: () => void;
}

export function ReaderBar({ list, route, mailbox, onMove }: Props) {
  const t = useT();
  const commands = useListCommands(list, route, mailbox);
  const at = list.opened === null ? -1 : list.indexOf(list.opened);
  const row = at >= 0 ? list.rowAt(at) : undefined;
  const flagged = row ? factsOf(row).flagged : false;
  const neighbour = (step: number) => (at < 0 ? undefined : list.rowAt(at + step));
  const more: MenuItem[] = [
    mailbox?.role === "junk"
      ? { key: "notJunk", label: t("action.notJunk"), icon: ShieldCheck, onSelect: commands.notJunk }
      : { key: "junk", label: t("action.junk"), icon: ShieldAlert, onSelect: commands.junk },
  ];
  return (
    <div className="reader-bar" role="toolbar" aria-label={t("reader.actions")}>
      <IconButton label={t("reader.back")} shortcut="u" icon={ArrowLeft} directional className="reader-back" onClick={() => list.open(null)} />
      {commands.mayChange && (
        <>
          <IconButton label={t("action.archive")} shortcut="e" icon={Archive} onClick={commands.archive} />
          <IconButton label={t("action.delete")} shortcut="#" icon={Trash2} onClick={commands.remove} />
          <IconButton label={t("action.move")} shortcut="v" icon={FolderInput} onClick={() => onMove()} />
          <IconButton label={t("action.markUnread")} shortcut="Shift+U" icon={Mail} onClick={commands.markUnread} />
          <IconButton label={t(flagged ? "action.unflag" : "action.flag")} shortcut="s" icon={Star} filled={flagged} aria-pressed={flagged}
            className={flagged ? "starred" : ""} onClick={commands.toggleFlag} />
          <Menu label={t("action.more")} items={more} placement="below-end" trigger={({ expanded, toggle, controls }) => (
            <IconButton label={t("action.more")} icon={EllipsisVertical} aria-haspopup="menu" aria-expanded={expanded} aria-controls={controls} onClick={toggle} />
          )} />
        </>
      )}
      <span className="reader-bar-space" />
      <IconButton label={t("keys.previous")} shortcut="k" icon={ChevronUp} disabled={!neighbour(-1)} onClick={() => list.open(neighbour(-1)?.key ?? null)} />
      <IconButton label={t("keys.next")} shortcut="j" icon={ChevronDown} disabled={!neighbour(1)} onClick={() => list.open(neighbour(1)?.key ?? null)} />
    </div>
  );
}
