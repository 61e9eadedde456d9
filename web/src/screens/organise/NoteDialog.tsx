import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useMemo } from "react";
import { useDesk } from "../../app/context.ts";
import { useT } from "../../i18n/i18n.ts";
import type { Id } from "../../jmap/types.ts";
import { noteEverything, noteThreads } from "../../mail/bulk-notes.ts";
import type { Conversation } from "../../mail/conversations.ts";
import { peopleQuery, type NoteType, type TodoText } from "../../mail/notes.ts";
import { isUnified, useMailboxMap } from "../../mail/unified.ts";
import { Dialog } from "../../ui/Dialog.tsx";
import { NoteEditor } from "./NoteEditor.tsx";
import { closeOrganise, type Everything } from "./organise-store.ts";

interface Props {
  readonly type: NoteType;
  readonly accountId: Id;
  readonly targets: readonly Conversation[];
  readonly everything?: Everything | undefined;
}

/* The same note or to-do beside several conversations, of several accounts too; for who sees all of them. */
export function NoteDialog({ type, accountId, targets, everything }: Props) {
  const t = useT();
  const desk = useDesk();
  const client = useQueryClient();
  const all = useMemo(() => desk.accounts.map((account) => account.id), [desk.accounts]);
  const map = useMailboxMap(all);
  const people = useQuery(peopleQuery(desk.userAccount)).data ?? [];
  const homes = everything ? all : targets.flatMap((row) => map.accountOf(row.emails[0]!) ?? []);
  const accounts = new Set(isUnified(accountId) ? homes : [accountId]);
  const count = everything?.total ?? new Set(targets.map((row) => row.threadId)).size;
  const save = async (values: TodoText): Promise<boolean> => {
    if (everything) {
      closeOrganise();
      void noteEverything(client, everything.view, everything.total, type, values);
      return true;
    }
    const done = await noteThreads(client, accountId, targets.map((row) => row.threadId), type, values);
    if (done) closeOrganise();
    return done;
  };
  return (
    <Dialog title={t(type === "Note" ? "note.title" : "todo.title", { count })} onClose={closeOrganise}>
      <NoteEditor type={type} initial={type === "Todo" ? { text: "", due: null, personId: desk.userAccount } : { text: "" }} onSave={save} onCancel={closeOrganise}
        people={people.filter((person) => [...accounts].every((id) => person.accountIds.includes(id)))} />
    </Dialog>
  );
}
