import { useQuery } from "@tanstack/react-query";
import { Ban, KeyRound, MoreVertical, ShieldCheck, Trash2, UserPlus, UserRound } from "lucide-react";
import { useState, type FormEvent } from "react";
import { useDesk } from "../../app/context.ts";
import { formatAgo, formatDay } from "../../i18n/format.ts";
import { useLocale, useT, type MessageId } from "../../i18n/i18n.ts";
import { change, invite, listedQuery, type InviteLink, type Person, type Role } from "../../mail/people.ts";
import { Avatar } from "../../ui/Avatar.tsx";
import { Button, IconButton } from "../../ui/Button.tsx";
import { Choice } from "../../ui/Choice.tsx";
import { CopyButton } from "../../ui/CopyButton.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { Menu, type MenuItem } from "../../ui/Menu.tsx";
import { Loaded, Title, useDo } from "./parts.tsx";

const ROLES: Readonly<Record<Role, MessageId>> = { administrator: "people.administrator", member: "people.member" };
const STATES: Readonly<Record<NonNullable<Person["state"]>, readonly [tone: string, label: MessageId]>> = {
  active: ["good", "people.active"], invited: ["wait", "people.invited"], disabled: ["bad", "people.disabled"],
};

/* The link is in this answer only: it stays on screen until it was taken. */
function LinkDialog({ person, link, onClose }: { readonly person: Person; readonly link: InviteLink; readonly onClose: () => void }) {
  const t = useT();
  const locale = useLocale();
  return (
    <Dialog title={t(link.isReset ? "people.resetLink" : "people.inviteLink")} onClose={onClose} footer={<Button kind="primary" onClick={onClose}>{t("common.close")}</Button>}>
      <p>{t(link.sent ? "people.linkSent" : "people.linkCopy", { email: person.email })}</p>
      <div className="copy-line"><code dir="ltr" className="invite-url">{link.url}</code><CopyButton text={link.url} /></div>
      <p className="muted">{t("people.linkOnce", { date: formatDay(link.expiresAt, locale) })}</p>
    </Dialog>
  );
}

interface Shown {
  readonly person: Person;
  readonly link: InviteLink;
}

function InviteDialog({ onClose, onLink }: { readonly onClose: () => void; readonly onLink: (shown: Shown) => void }) {
  const t = useT();
  const desk = useDesk();
  const act = useDo();
  const language = useLocale().split("-")[0] ?? "en";
  const [busy, setBusy] = useState(false);
  const submit = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    const [email, name, role] = ["email", "name", "role"].map((field) => String(fields.get(field)).trim());
    setBusy(true);
    await act(async () => {
      const answer = await change("User", desk.userAccount, { create: { new: { email, name, role } } });
      const id = answer.created?.["new"]?.id ?? "";
      const link = await invite(desk.userAccount, id, fields.get("send") !== null, language);
      onLink({ person: { id, email: email!, name: name!, isSelf: false }, link });
    });
    setBusy(false);
  };
  return (
    <Dialog title={t("people.invite")} onClose={onClose}>
      <form className="form-stack" onSubmit={(event) => void submit(event)}>
        <label className="field"><span>{t("people.email")}</span><input className="input" name="email" type="email" required dir="ltr" autoComplete="off" data-autofocus /></label>
        <label className="field"><span>{t("people.name")}</span><input className="input" name="name" maxLength={100} autoComplete="off" dir="auto" /></label>
        <label className="field"><span>{t("people.role")}</span><Choice name="role" defaultValue="member" options={[{ value: "member", label: t("people.member") }, { value: "administrator", label: t("people.administrator") }]} /></label>
        <label className="check-line"><input type="checkbox" name="send" defaultChecked /><span>{t("people.sendLink")}</span></label>
        <p className="muted">{t("people.sendLinkHint")}</p>
        <div className="form-foot"><Button onClick={onClose}>{t("common.cancel")}</Button><Button kind="primary" type="submit" disabled={busy}>{t("people.inviteDo")}</Button></div>
      </form>
    </Dialog>
  );
}

function RemoveDialog({ person, onClose }: { readonly person: Person; readonly onClose: () => void }) {
  const t = useT();
  const desk = useDesk();
  const act = useDo();
  const sole = person.soleAddresses ?? [];
  const remove = async (): Promise<void> => {
    if (await act(() => change("User", desk.userAccount, { destroy: [person.id] }), "people.removed")) onClose();
  };
  return (
    <Dialog title={t("people.removeTitle", { email: person.email })} onClose={onClose}
      footer={<><Button onClick={onClose}>{t("common.cancel")}</Button><Button kind="danger" onClick={() => void remove()}>{t("people.removeDo")}</Button></>}>
      <p>{t("people.removeText")}</p>
      {sole.length > 0 && (
        <>
          <p>{t("people.removeSole", { count: sole.length })}</p>
          <ul className="bullet-list">{sole.map((address) => <li key={address}><bdi>{address}</bdi></li>)}</ul>
          <p className="muted">{t("people.removeServer")}</p>
        </>
      )}
      <p className="muted">{t("people.removeInstead")}</p>
    </Dialog>
  );
}

function PersonMenu({ person, onRemove, onLink }: { readonly person: Person; readonly onRemove: () => void; readonly onLink: (shown: Shown) => void }) {
  const t = useT();
  const desk = useDesk();
  const act = useDo();
  const language = useLocale().split("-")[0] ?? "en";
  const update = (patch: Readonly<Record<string, string>>, done: MessageId) => void act(() => change("User", desk.userAccount, { update: { [person.id]: patch } }), done);
  const admin = person.role === "administrator";
  const disabled = person.state === "disabled";
  const items: MenuItem[] = [
    { key: "role", icon: admin ? UserRound : ShieldCheck, label: t(admin ? "people.makeMember" : "people.makeAdmin"), onSelect: () => update({ role: admin ? "member" : "administrator" }, "people.saved") },
    { key: "link", icon: KeyRound, disabled, label: t(person.state === "invited" ? "people.inviteAgain" : "people.reset"),
      onSelect: () => void act(async () => onLink({ person, link: await invite(desk.userAccount, person.id, true, language) })) },
    { key: "state", icon: Ban, label: t(disabled ? "people.enable" : "people.disable"), onSelect: () => update({ state: disabled ? "active" : "disabled" }, disabled ? "people.enabledDone" : "people.disabledDone") },
    { key: "remove", icon: Trash2, danger: true, separated: true, label: t("people.remove"), onSelect: onRemove },
  ];
  return (
    <Menu label={t("people.menu", { email: person.email })} items={items} floating
      trigger={({ expanded, toggle, controls }) => <IconButton label={t("people.menu", { email: person.email })} icon={MoreVertical} aria-haspopup="menu" aria-expanded={expanded} aria-controls={controls} onClick={toggle} />} />
  );
}

function PersonRow({ person, ...rest }: { readonly person: Person; readonly onRemove: () => void; readonly onLink: (shown: Shown) => void }) {
  const t = useT();
  const locale = useLocale();
  const [tone, label] = STATES[person.state ?? "active"];
  return (
    <tr data-user={person.email}>
      <td>
        <div className="person-cell"><Avatar address={{ name: person.name || null, email: person.email }} small />
          <div><strong dir="auto">{person.name || person.email}</strong>{person.name && <small><bdi>{person.email}</bdi></small>}</div>
          {person.isSelf && <span className="tag">{t("people.self")}</span>}
        </div>
      </td>
      <td>{t(ROLES[person.role ?? "member"])}</td>
      <td><span className={`state state-${tone}`}>{t(label)}</span></td>
      <td className="muted">{person.seenAt ? formatAgo(person.seenAt, locale) : t("people.never")}</td>
      <td className="table-tools"><PersonMenu person={person} {...rest} /></td>
    </tr>
  );
}

export function UsersSection() {
  const t = useT();
  const desk = useDesk();
  const people = useQuery(listedQuery("User", desk.userAccount));
  const [inviting, setInviting] = useState(false);
  const [removing, setRemoving] = useState<Person | null>(null);
  const [shown, setShown] = useState<Shown | null>(null);
  return (
    <>
      <Title heading="people.title" lead="people.lead" action={<Button kind="primary" icon={UserPlus} onClick={() => setInviting(true)}>{t("people.invite")}</Button>} />
      <Loaded query={people}>{(list) => (
        <div className="table-scroll" role="region" aria-label={t("people.title")} tabIndex={0}>
          <table className="quiet-table stacked-table people-table">
            <thead><tr><th scope="col">{t("people.person")}</th><th scope="col">{t("people.role")}</th><th scope="col">{t("people.state")}</th><th scope="col">{t("people.seen")}</th><th><span className="visually-hidden">{t("people.actions")}</span></th></tr></thead>
            <tbody>{list.map((person) => <PersonRow key={person.id} person={person} onRemove={() => setRemoving(person)} onLink={setShown} />)}</tbody>
          </table>
        </div>
      )}</Loaded>
      {inviting && <InviteDialog onClose={() => setInviting(false)} onLink={(link) => { setInviting(false); setShown(link); }} />}
      {removing && <RemoveDialog person={removing} onClose={() => setRemoving(null)} />}
      {shown && <LinkDialog {...shown} onClose={() => setShown(null)} />}
    </>
  );
}
