import { useT, type MessageId } from "../../i18n/i18n.ts";
import { Dialog } from "../../ui/Dialog.tsx";

type Line = readonly [keys: string, text: MessageId];

const GROUPS: readonly { readonly title: MessageId; readonly lines: readonly Line[] }[] = [
  { title: "keys.moving", lines: [
    ["j", "keys.next"], ["k", "keys.previous"], ["o", "keys.open"], ["u", "keys.back"], ["/", "keys.search"],
    ["g i", "keys.goInbox"], ["g s", "keys.goSent"], ["g d", "keys.goDrafts"], ["g t", "keys.goTrash"], ["g a", "keys.goAll"], ["Ctrl+K", "palette.title"],
  ] },
  { title: "keys.acting", lines: [
    ["x", "keys.select"], ["Shift+J", "keys.selectDown"], ["Shift+K", "keys.selectUp"], ["*", "selection.all"], ["e", "action.archive"], ["#", "action.delete"], ["!", "action.junk"], ["s", "action.flag"],
    ["v", "action.move"], ["Shift+V", "action.copyTo"], ["l", "keys.label"], ["Shift+F10", "row.menu"], ["Shift+I", "action.markRead"], ["Shift+U", "action.markUnread"], ["z", "common.undo"],
  ] },
  { title: "keys.writing", lines: [
    ["c", "keys.compose"], ["r", "action.reply"], ["a", "action.replyAll"], ["f", "action.forward"], ["Ctrl+Enter", "keys.send"],
    ["?", "keys.sheet"],
  ] },
];

export function KeySheet({ onClose }: { readonly onClose: () => void }) {
  const t = useT();
  return (
    <Dialog title={t("keys.title")} onClose={onClose} wide>
      <div className="key-sheet">
        {GROUPS.map((group) => (
          <section key={group.title}>
            <h3>{t(group.title)}</h3>
            <dl>
              {group.lines.map(([keys, text]) => (
                <div key={keys}>
                  <dt dir="ltr">{keys.split(/[ +]/).map((key) => <kbd key={key}>{key}</kbd>)}</dt>
                  <dd>{t(text)}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}
