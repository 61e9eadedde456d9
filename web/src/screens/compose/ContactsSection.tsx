import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Pencil, Plus, Trash2, Undo2 } from "lucide-react";
import { useId, useState, type FormEvent } from "react";
import { useDesk } from "../../app/context.ts";
import { useT, type MessageId } from "../../i18n/i18n.ts";
import { assertAccepted, jmapOne } from "../../jmap/client.ts";
import type { GetResponse, Id, SetResponse } from "../../jmap/types.ts";
import { formatAddress } from "../../mail/answers.ts";
import { failureOf } from "../../mail/failures.ts";
import { readPasted } from "../../mail/recipients.ts";
import { Button, IconButton } from "../../ui/Button.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { confirmFirst } from "../../ui/questions.ts";
import { showToast } from "../../ui/toasts.ts";
import { PROBLEMS } from "./address-problems.ts";
import { groupsQuery, type ContactGroup } from "./suggest.ts";

interface Hidden {
  readonly id: Id;
  readonly address: string;
}

/* One change of records; what is refused is told. true: it was made. */
async function change(type: string, accountId: Id, args: Readonly<Record<string, unknown>>): Promise<boolean> {
  try {
    const answer = await jmapOne<SetResponse>(`${type}/set`, { accountId, ...args });
    assertAccepted(answer);
    return true;
  } catch (error) {
    showToast({ ...failureOf(error), tone: "problem" });
    return false;
  }
}

interface GroupProps {
  readonly group: ContactGroup | null;
  readonly others: readonly ContactGroup[];
  readonly onClose: () => void;
}

function GroupDialog({ group, others, onClose }: GroupProps) {
  const t = useT();
  const id = useId();
  const { userAccount } = useDesk();
  const client = useQueryClient();
  const [name, setName] = useState(group?.name ?? "");
  const [list, setList] = useState((group?.members ?? []).map(formatAddress).join("\n"));
  const [taken, setTaken] = useState(false);
  const { addresses, wrong } = readPasted(list);
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (others.some((other) => other.id !== group?.id && other.name.toLocaleLowerCase() === name.trim().toLocaleLowerCase())) {
      setTaken(true);
      return;
    }
    if (wrong.length > 0 || !name.trim()) return;
    const record = { name: name.trim(), members: addresses };
    if (!(await change("ContactGroup", userAccount, group ? { update: { [group.id]: record } } : { create: { group: record } }))) return;
    await client.invalidateQueries({ queryKey: ["contactGroups", userAccount] });
    onClose();
  };
  return (
    <Dialog title={group ? t("compose.groupEdit", { name: group.name }) : t("compose.groupNew")} onClose={onClose}
      footer={<Button kind="primary" type="submit" form={`${id}-form`} disabled={!name.trim() || wrong.length > 0}>{t("compose.groupSave")}</Button>}>
      <form id={`${id}-form`} onSubmit={(event) => void submit(event)}>
        <label className="field"><span>{t("compose.groupName")}</span>
          <input className="input" value={name} maxLength={100} dir="auto" data-autofocus required aria-invalid={taken} onChange={(event) => { setName(event.target.value); setTaken(false); }} /></label>
        {taken && <p role="alert" className="field-error">{t("compose.groupTaken")}</p>}
        <label className="field"><span>{t("compose.groupList")}</span>
          <textarea className="input" rows={8} value={list} dir="auto" spellCheck={false} aria-invalid={wrong.length > 0} onChange={(event) => setList(event.target.value)} /></label>
        {wrong.length > 0 && <ul role="alert" className="field-error">{wrong.slice(0, 10).map((one, index) => <li key={`${one.text} ${index}`}><bdi>{one.text}</bdi>: {t(PROBLEMS[one.problem] satisfies MessageId)}</li>)}</ul>}
      </form>
    </Dialog>
  );
}

function Groups() {
  const t = useT();
  const { userAccount } = useDesk();
  const client = useQueryClient();
  const groups = useQuery(groupsQuery(userAccount)).data ?? [];
  const [editing, setEditing] = useState<ContactGroup | "new" | null>(null);
  const remove = async (group: ContactGroup): Promise<void> => {
    if (!(await confirmFirst({ title: "compose.groupDelete", values: { name: group.name }, action: "compose.groupDelete", danger: true }))) return;
    if (await change("ContactGroup", userAccount, { destroy: [group.id] })) await client.invalidateQueries({ queryKey: ["contactGroups", userAccount] });
  };
  return (
    <section className="card">
      <header className="card-head"><h2>{t("compose.groups")}</h2><div className="card-tools"><Button icon={Plus} onClick={() => setEditing("new")}>{t("compose.groupNew")}</Button></div></header>
      {groups.length === 0 && <p className="muted">{t("compose.groupNone")}</p>}
      <ul className="plain-list">
        {[...groups].sort((a, b) => a.name.localeCompare(b.name)).map((group) => (
          <li key={group.id}>
            <span><strong dir="auto">{group.name}</strong> <span className="muted">{t("compose.groupMembers", { count: group.members.length })}</span></span>
            <IconButton label={t("compose.groupEdit", { name: group.name })} icon={Pencil} onClick={() => setEditing(group)} />
            <IconButton label={t("compose.groupDelete", { name: group.name })} icon={Trash2} onClick={() => void remove(group)} />
          </li>
        ))}
      </ul>
      {editing && <GroupDialog group={editing === "new" ? null : editing} others={groups} onClose={() => setEditing(null)} />}
    </section>
  );
}

function HiddenAddresses() {
  const t = useT();
  const { userAccount } = useDesk();
  const client = useQueryClient();
  const hidden = useQuery({
    queryKey: ["hiddenContacts", userAccount] as const,
    queryFn: async ({ signal }) => (await jmapOne<GetResponse<Hidden>>("HiddenContact/get", { accountId: userAccount, ids: null }, { signal })).list,
  }).data ?? [];
  const show = async (one: Hidden): Promise<void> => {
    if (!(await change("HiddenContact", userAccount, { destroy: [one.id] }))) return;
    await client.invalidateQueries({ queryKey: ["hiddenContacts", userAccount] });
    await client.invalidateQueries({ queryKey: ["contacts", userAccount] });
  };
  return (
    <section className="card">
      <h2>{t("compose.hidden")}</h2>
      {hidden.length === 0 && <p className="muted">{t("compose.hiddenNone")}</p>}
      <ul className="plain-list">
        {hidden.map((one) => <li key={one.id}><bdi>{one.address}</bdi><IconButton label={t("compose.hiddenShow", { address: one.address })} icon={Undo2} onClick={() => void show(one)} /></li>)}
      </ul>
    </section>
  );
}

export function ContactsSection() {
  const t = useT();
  return (
    <>
      <div className="page-title"><div><h1>{t("compose.contacts")}</h1><p>{t("compose.contactsLead")}</p></div></div>
      <div className="cards">
        <Groups />
        <HiddenAddresses />
      </div>
    </>
  );
}
