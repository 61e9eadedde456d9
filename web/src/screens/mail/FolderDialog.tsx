import { useQueryClient } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import { navigate, mailboxRoute, currentRoute } from "../../app/router.ts";
import { useLocale, useT, type MessageId } from "../../i18n/i18n.ts";
import type { Id, Mailbox } from "../../jmap/types.ts";
import { createMailbox, deleteMailbox, nestMailbox, renameMailbox, subtreeOf, updateMailboxes } from "../../mail/mailbox-actions.ts";
import { byRole, isWithin, orderMailboxes, roleName, ROLE_ORDER } from "../../mail/mailboxes.ts";
import { keys } from "../../mail/queries.ts";
import { Button } from "../../ui/Button.tsx";
import { Choice } from "../../ui/Choice.tsx";
import { Dialog } from "../../ui/Dialog.tsx";

/* mailbox: the one it is about, for a new one its parent; null: a new one at the top. */
export type FolderQuestion =
  | { readonly kind: "create"; readonly accountId: Id; readonly mailbox: Mailbox | null }
  | { readonly kind: "rename" | "move" | "role" | "delete"; readonly accountId: Id; readonly mailbox: Mailbox };

interface FormProps {
  readonly accountId: Id;
  readonly mailboxes: readonly Mailbox[];
  readonly onClose: () => void;
}

interface FrameProps {
  readonly title: string;
  readonly action: MessageId;
  readonly danger?: boolean;
  readonly disabled?: boolean;
  readonly onClose: () => void;
  readonly onSubmit: () => void;
  readonly children: React.ReactNode;
}

function Frame({ title, action, danger = false, disabled = false, onClose, onSubmit, children }: FrameProps) {
  const t = useT();
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (disabled) return;
    onClose();
    onSubmit();
  };
  return (
    <Dialog title={title} onClose={onClose}>
      <form className="folder-form" onSubmit={submit}>
        {children}
        <div className="folder-form-foot">
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button type="submit" kind={danger ? "danger" : "primary"} disabled={disabled}>{t(action)}</Button>
        </div>
      </form>
    </Dialog>
  );
}

/* Below which mailbox; except: neither it nor what is below it. */
function ParentField({ mailboxes, value, except, onChange }: { readonly mailboxes: readonly Mailbox[]; readonly value: Id | null; readonly except?: Id; readonly onChange: (id: Id | null) => void }) {
  const t = useT();
  const locale = useLocale();
  const options = orderMailboxes(mailboxes, locale)
    .filter(({ mailbox }) => mailbox.myRights.mayCreateChild && (except === undefined || !isWithin(mailboxes, mailbox, except)))
    .map(({ mailbox, depth }) => {
      const role = roleName(mailbox.role);
      return { value: mailbox.id, label: `${"\u2003".repeat(depth)}${role ? t(role) : mailbox.name}` };
    });
  return (
    <label className="field"><span>{t("folder.parent")}</span>
      <Choice value={value ?? ""} onChange={(event) => onChange(event.target.value || null)} options={[{ value: "", label: t("folder.top") }, ...options]} />
    </label>
  );
}

function NameField({ value, onChange }: { readonly value: string; readonly onChange: (name: string) => void }) {
  const t = useT();
  return (
    <label className="field"><span>{t("folder.name")}</span>
      <input className="input" data-autofocus required maxLength={200} value={value} dir="auto" onChange={(event) => onChange(event.target.value)} />
    </label>
  );
}

function CreateForm({ accountId, mailboxes, parent, onClose }: FormProps & { readonly parent: Mailbox | null }) {
  const t = useT();
  const client = useQueryClient();
  const [name, setName] = useState("");
  const [parentId, setParentId] = useState(parent?.id ?? null);
  return (
    <Frame title={t("folder.createTitle")} action="folder.create" disabled={name.trim() === ""} onClose={onClose}
      onSubmit={() => void createMailbox(client, accountId, name.trim(), parentId)}>
      <NameField value={name} onChange={setName} />
      <ParentField mailboxes={mailboxes} value={parentId} onChange={setParentId} />
    </Frame>
  );
}

function RenameForm({ accountId, mailbox, onClose }: FormProps & { readonly mailbox: Mailbox }) {
  const t = useT();
  const client = useQueryClient();
  const [name, setName] = useState(mailbox.name);
  const wanted = name.trim();
  return (
    <Frame title={t("folder.renameTitle", { mailbox: mailbox.name })} action="folder.rename" disabled={wanted === "" || wanted === mailbox.name} onClose={onClose}
      onSubmit={() => void renameMailbox(client, accountId, mailbox, wanted)}>
      <NameField value={name} onChange={setName} />
    </Frame>
  );
}

function MoveForm({ accountId, mailboxes, mailbox, onClose }: FormProps & { readonly mailbox: Mailbox }) {
  const t = useT();
  const client = useQueryClient();
  const [parentId, setParentId] = useState(mailbox.parentId);
  return (
    <Frame title={t("folder.moveTitle", { mailbox: mailbox.name })} action="folder.moveNow" disabled={parentId === mailbox.parentId} onClose={onClose}
      onSubmit={() => void nestMailbox(client, accountId, mailbox, parentId)}>
      <ParentField mailboxes={mailboxes} value={parentId} except={mailbox.id} onChange={setParentId} />
    </Frame>
  );
}

function RoleForm({ accountId, mailboxes, mailbox, onClose }: FormProps & { readonly mailbox: Mailbox }) {
  const t = useT();
  const client = useQueryClient();
  const [role, setRole] = useState(mailbox.role ?? "");
  const roles = ROLE_ORDER.filter((one) => one !== "inbox");
  const holder = mailboxes.find((one) => one.role === role && one.id !== mailbox.id);
  const change = (): void => {
    const updates = new Map([[mailbox.id, { role: role || null }]]);
    if (holder) updates.set(holder.id, { role: null });
    void updateMailboxes(client, accountId, updates, { text: "folder.roleSet", values: { mailbox: mailbox.name } });
  };
  return (
    <Frame title={t("folder.roleTitle", { mailbox: mailbox.name })} action="folder.roleNow" disabled={role === (mailbox.role ?? "")} onClose={onClose} onSubmit={change}>
      <p className="muted">{t("folder.roleHint")}</p>
      <label className="field"><span>{t("folder.role")}</span>
        <Choice data-autofocus value={role} onChange={(event) => setRole(event.target.value)}
          options={[{ value: "", label: t("folder.noRole") }, ...roles.map((one) => ({ value: one, label: t(`mailbox.${one}`) }))]} />
      </label>
      {holder && <p>{t("folder.roleTaken", { mailbox: holder.name })}</p>}
    </Frame>
  );
}

function DeleteForm({ accountId, mailboxes, mailbox, onClose }: FormProps & { readonly mailbox: Mailbox }) {
  const t = useT();
  const client = useQueryClient();
  const doomed = subtreeOf(mailboxes, mailbox);
  const mails = doomed.reduce((sum, one) => sum + one.totalEmails, 0);
  const trash = byRole(mailboxes, "trash");
  const inTrash = trash !== undefined && isWithin(mailboxes, mailbox, trash.id);
  const [keep, setKeep] = useState(trash !== undefined && !inTrash);
  const remove = (): void => {
    const route = currentRoute();
    if (route.screen === "mail" && doomed.some((one) => one.id === route.mailboxId)) {
      const inbox = byRole(mailboxes, "inbox");
      if (inbox) navigate(mailboxRoute(accountId, inbox.id), true);
    }
    void deleteMailbox(client, accountId, mailboxes, mailbox, keep && trash ? trash : null);
  };
  return (
    <Frame title={t("folder.deleteTitle", { mailbox: mailbox.name })} action="folder.delete" danger onClose={onClose} onSubmit={remove}>
      {doomed.length > 1 && <p>{t("folder.deleteBelow", { count: doomed.length - 1 })}</p>}
      <p>{t(mails === 0 ? "folder.deleteEmpty" : keep ? "folder.deleteToTrash" : "folder.deleteForGood", { count: mails })}</p>
      {mails > 0 && trash && !inTrash && (
        <label className="folder-check"><input type="checkbox" checked={keep} onChange={(event) => setKeep(event.target.checked)} />{t("folder.keepInTrash")}</label>
      )}
    </Frame>
  );
}

export function FolderDialog({ question, onClose }: { readonly question: FolderQuestion; readonly onClose: () => void }) {
  const client = useQueryClient();
  const { accountId } = question;
  const mailboxes = client.getQueryData<readonly Mailbox[]>(keys.mailboxes(accountId)) ?? [];
  const form = { accountId, mailboxes, onClose };
  switch (question.kind) {
    case "create": return <CreateForm {...form} parent={question.mailbox} />;
    case "rename": return <RenameForm {...form} mailbox={question.mailbox} />;
    case "move": return <MoveForm {...form} mailbox={question.mailbox} />;
    case "role": return <RoleForm {...form} mailbox={question.mailbox} />;
    case "delete": return <DeleteForm {...form} mailbox={question.mailbox} />;
  }
}
