import { useQuery } from "@tanstack/react-query";
import { UserMinus } from "lucide-react";
import { useState } from "react";
import { useDesk } from "../../app/context.ts";
import { formatDay } from "../../i18n/format.ts";
import { useLocale, useT, type MessageId } from "../../i18n/i18n.ts";
import type { Id } from "../../jmap/types.ts";
import { change, listedQuery, type Person, type Share, type ShareRight } from "../../mail/people.ts";
import { Button, IconButton } from "../../ui/Button.tsx";
import { Choice } from "../../ui/Choice.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { Loaded, useDo } from "../people/parts.tsx";

const RIGHTS: readonly (readonly [ShareRight, MessageId])[] = [["read", "share.read"], ["work", "share.work"], ["send", "share.send"]];

function useRights() {
  const t = useT();
  return RIGHTS.map(([value, label]) => ({ value, label: t(label) }));
}

function ShareRow({ share }: { readonly share: Share }) {
  const t = useT();
  const desk = useDesk();
  const locale = useLocale();
  const act = useDo();
  const rights = useRights();
  return (
    <li className="share-row" data-user={share.email}>
      <div><strong><bdi>{share.email}</bdi></strong>
        {share.isOwner ? <small>{t("share.owner")}</small>
          : share.grantedBy && share.grantedAt && <small>{t("share.grantedBy", { who: share.grantedBy, date: formatDay(share.grantedAt, locale) })}</small>}
      </div>
      {!share.isOwner && (
        <>
          <Choice options={rights} value={share.access} aria-label={t("share.rightOf", { email: share.email })}
            onChange={(event) => void act(() => change("AccountShare", desk.userAccount, { update: { [share.id]: { access: event.target.value } } }), "share.saved")} />
          <IconButton label={t("share.take", { email: share.email })} icon={UserMinus} onClick={() => void act(() => change("AccountShare", desk.userAccount, { destroy: [share.id] }), "share.taken")} />
        </>
      )}
    </li>
  );
}

function AddShare({ accountId, people }: { readonly accountId: Id; readonly people: readonly Person[] }) {
  const t = useT();
  const desk = useDesk();
  const act = useDo();
  const rights = useRights();
  const [access, setAccess] = useState<string>("read");
  const [chosen, setChosen] = useState<Id>("");
  const userId = people.some((person) => person.id === chosen) ? chosen : people[0]?.id ?? "";
  if (people.length === 0) return <p className="muted">{t("share.nobodyLeft")}</p>;
  return (
    <form className="share-add" onSubmit={(event) => {
      event.preventDefault();
      void act(() => change("AccountShare", desk.userAccount, { create: { new: { linkedAccountId: accountId, userId, access } } }), "share.given");
    }}>
      <Choice aria-label={t("share.with")} value={userId} onChange={(event) => setChosen(event.target.value)} options={people.map((person) => ({ value: person.id, label: person.name ? `${person.name} (${person.email})` : person.email }))} />
      <Choice aria-label={t("share.right")} value={access} onChange={(event) => setAccess(event.target.value)} options={rights} />
      <Button kind="primary" type="submit">{t("share.add")}</Button>
    </form>
  );
}

/* Who may see a mailbox: private until somebody is added here. */
export function ShareDialog({ accountId, address, onClose }: { readonly accountId: Id; readonly address: string; readonly onClose: () => void }) {
  const t = useT();
  const desk = useDesk();
  const shares = useQuery(listedQuery("AccountShare", desk.userAccount));
  const people = useQuery(listedQuery("User", desk.userAccount));
  return (
    <Dialog title={t("share.title", { address })} onClose={onClose} wide>
      <p className="muted">{t("share.lead")}</p>
      <Loaded query={shares}>{(all) => {
        const here = all.filter((share) => share.linkedAccountId === accountId);
        const left = (people.data ?? []).filter((person) => person.state !== "disabled" && !here.some((share) => share.userId === person.id));
        return (
          <>
            <ul className="share-list" aria-label={t("share.list")}>{here.map((share) => <ShareRow key={share.id} share={share} />)}</ul>
            <AddShare accountId={accountId} people={left} />
          </>
        );
      }}</Loaded>
    </Dialog>
  );
}
