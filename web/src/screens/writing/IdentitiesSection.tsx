import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Plus } from "lucide-react";
import { useId, useState, type FormEvent } from "react";
import { useDesk, type MailAccount } from "../../app/context.ts";
import { useLocale, useT } from "../../i18n/i18n.ts";
import { formatAgo } from "../../i18n/format.ts";
import type { Address, Identity, Verification } from "../../jmap/types.ts";
import { formatAddress, isAddress, parseAddresses } from "../../mail/answers.ts";
import { changeIdentity, createIdentity, destroyIdentity, isProven } from "../../mail/identities.ts";
import { identitiesQuery } from "../../mail/queries.ts";
import { signaturesQuery } from "../../mail/signatures.ts";
import { Button } from "../../ui/Button.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { Notice, Spinner } from "../../ui/Notice.tsx";
import { confirmFirst } from "../../ui/questions.ts";
import { useChange } from "./change.ts";
import { SectionTitle, useAccountChoice } from "./fields.tsx";
import { SignatureSelect } from "./SignaturesSection.tsx";

const REFUSALS = { rateLimit: "writing.aliasTooMany", forbiddenFrom: "writing.aliasForbidden", invalidProperties: "writing.aliasWrongCode", overQuota: "writing.aliasTries" } as const;

interface Of {
  readonly account: MailAccount;
  readonly identity: Identity;
}

/* What is still to be done before an address may be sent from. */
function Proof({ account, identity, verification }: Of & { readonly verification: Verification }) {
  const t = useT();
  const locale = useLocale();
  const client = useQueryClient();
  const change = useChange();
  const refused = verification.state === "refused";
  const again = (): void => void change.run(() => changeIdentity(client, account.id, identity.id, { "postroom:verification": { again: true } }), "writing.aliasSent", REFUSALS);
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const code = String(new FormData(event.currentTarget).get("code")).replace(/\s/g, "");
    void change.run(() => changeIdentity(client, account.id, identity.id, { "postroom:verification": { code } }), "writing.aliasProven", REFUSALS);
  };
  return (
    <div className="writing-proof" aria-live="polite">
      <Notice tone={refused ? "problem" : "hint"} detail={verification.reply} action={<Button disabled={change.busy} onClick={again}>{t("writing.aliasAgain")}</Button>}>
        <strong>{t(refused ? "writing.aliasRefused" : "writing.aliasPending")}</strong>
        <p>{t(refused ? "writing.aliasRefusedText" : "writing.aliasPendingText", { address: identity.email, ago: formatAgo(verification.sentAt, locale) })}</p>
      </Notice>
      {!refused && (
        <form className="writing-code" onSubmit={submit}>
          <label className="field"><span>{t("writing.aliasCode")}</span><input className="input" name="code" required inputMode="numeric" autoComplete="one-time-code" dir="ltr" maxLength={12} /></label>
          <Button type="submit" disabled={change.busy}>{t("writing.aliasConfirm")}</Button>
        </form>
      )}
    </div>
  );
}

function addressesText(list: readonly Address[] | null | undefined): string {
  return (list ?? []).map(formatAddress).join(", ");
}

function Editor({ account, identity, onClose }: Of & { readonly onClose: () => void }) {
  const t = useT();
  const client = useQueryClient();
  const change = useChange();
  const form = useId();
  const [wrong, setWrong] = useState<string | null>(null);
  const submit = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const data = new FormData(event.currentTarget);
    const [replyTo, bcc] = [parseAddresses(String(data.get("replyTo"))), parseAddresses(String(data.get("bcc")))];
    const bad = [...replyTo, ...bcc].find((one) => !isAddress(one.email));
    setWrong(bad?.email ?? null);
    if (bad) return;
    const listed = (list: readonly Address[]): readonly Address[] | null => (list.length > 0 ? list : null);
    if (await change.run(() => changeIdentity(client, account.id, identity.id, { name: String(data.get("name")).trim(), replyTo: listed(replyTo), bcc: listed(bcc) }), "writing.saved")) onClose();
  };
  return (
    <Dialog title={identity.email} onClose={onClose} footer={
      <>
        <Button onClick={onClose}>{t("common.cancel")}</Button>
        <Button kind="primary" type="submit" form={form} disabled={change.busy}>{t("writing.save")}</Button>
      </>
    }>
      <form id={form} className="writing-form" onSubmit={(event) => void submit(event)}>
        <label className="field"><span>{t("writing.senderName")}</span><input className="input" name="name" maxLength={200} defaultValue={identity.name} data-autofocus dir="auto" /></label>
        <label className="field"><span>{t("writing.replyTo")}</span><input className="input" name="replyTo" defaultValue={addressesText(identity.replyTo)} dir="auto" /><small>{t("writing.replyToHint")}</small></label>
        <label className="field"><span>{t("writing.bcc")}</span><input className="input" name="bcc" defaultValue={addressesText(identity.bcc)} dir="auto" /><small>{t("writing.bccHint")}</small></label>
        {wrong && <Notice tone="problem">{t("compose.invalidRecipient", { address: wrong })}</Notice>}
      </form>
    </Dialog>
  );
}

function IdentityCard({ account, identity }: Of) {
  const t = useT();
  const desk = useDesk();
  const client = useQueryClient();
  const change = useChange();
  const [editing, setEditing] = useState(false);
  const signatures = useQuery(signaturesQuery(desk.userAccount)).data ?? [];
  const verification = identity["postroom:verification"];
  const remove = async (): Promise<void> => {
    const sure = await confirmFirst({ title: "writing.identityDelete", values: { address: identity.email }, text: "writing.identityDeleteText", action: "writing.delete", danger: true });
    if (sure) await change.run(() => destroyIdentity(client, account.id, identity.id), "writing.deleted");
  };
  return (
    <li className="card">
      <div className="card-head">
        <h2><bdi>{identity.email}</bdi></h2>
        {verification && <span className={`state ${verification.state === "refused" ? "state-bad" : "state-wait"}`}>{t(verification.state === "refused" ? "writing.aliasRefusedState" : "writing.aliasPendingState")}</span>}
        <div className="card-tools">
          <Button aria-label={t("writing.editNamed", { name: identity.email })} disabled={account.readOnly} onClick={() => setEditing(true)}>{t("writing.edit")}</Button>
          {identity.mayDelete && <Button aria-label={t("writing.deleteNamed", { name: identity.email })} disabled={change.busy} onClick={() => void remove()}>{t("writing.delete")}</Button>}
        </div>
      </div>
      <dl className="card-facts writing-facts">
        <div><dt>{t("writing.senderName")}</dt><dd><bdi>{identity.name || "–"}</bdi></dd></div>
        {identity.replyTo && <div><dt>{t("writing.replyTo")}</dt><dd><bdi>{addressesText(identity.replyTo)}</bdi></dd></div>}
        {identity.bcc && <div><dt>{t("writing.bcc")}</dt><dd><bdi>{addressesText(identity.bcc)}</bdi></dd></div>}
      </dl>
      {verification && <Proof account={account} identity={identity} verification={verification} />}
      {isProven(identity) && signatures.length > 0 && (
        <div className="writing-pair">
          <SignatureSelect identityId={identity.id} email={identity.email} kind="new" all={signatures} />
          <SignatureSelect identityId={identity.id} email={identity.email} kind="answer" all={signatures} />
        </div>
      )}
      {editing && <Editor account={account} identity={identity} onClose={() => setEditing(false)} />}
    </li>
  );
}

function NewIdentity({ account, onClose }: { readonly account: MailAccount; readonly onClose: () => void }) {
  const t = useT();
  const client = useQueryClient();
  const change = useChange();
  const form = useId();
  const [wrong, setWrong] = useState(false);
  const submit = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const data = new FormData(event.currentTarget);
    const email = String(data.get("email")).trim();
    setWrong(!isAddress(email));
    if (!isAddress(email)) return;
    const own = email.toLowerCase() === account.address.toLowerCase();
    if (await change.run(() => createIdentity(client, account.id, email, String(data.get("name")).trim()), own ? "writing.saved" : "writing.aliasSent", REFUSALS)) onClose();
  };
  return (
    <Dialog title={t("writing.identityNew")} onClose={onClose} footer={
      <>
        <Button onClick={onClose}>{t("common.cancel")}</Button>
        <Button kind="primary" type="submit" form={form} disabled={change.busy}>{t("writing.identityAdd")}</Button>
      </>
    }>
      <form id={form} className="writing-form" onSubmit={(event) => void submit(event)} noValidate>
        <p>{t("writing.identityNewText", { address: account.address })}</p>
        <label className="field"><span>{t("writing.address")}</span><input className="input" name="email" type="email" required data-autofocus dir="ltr" autoComplete="off" aria-invalid={wrong} /></label>
        <label className="field"><span>{t("writing.senderName")}</span><input className="input" name="name" maxLength={200} dir="auto" autoComplete="off" /></label>
        {wrong && <Notice tone="problem">{t("writing.addressWrong")}</Notice>}
      </form>
    </Dialog>
  );
}

export function IdentitiesSection() {
  const t = useT();
  const { accounts } = useDesk();
  const { account, choice } = useAccountChoice();
  const identities = useQuery({ ...identitiesQuery(account?.id ?? ""), enabled: account !== null });
  const [adding, setAdding] = useState(false);
  return (
    <>
      <SectionTitle title={t("writing.identities")} lead={t("writing.identitiesLead")}
        action={account && !account.readOnly && <Button kind="primary" icon={Plus} onClick={() => setAdding(true)}>{t("writing.identityNew")}</Button>} />
      <div className="cards">
        {accounts.length === 0 && <Notice tone="hint">{t("writing.noAccounts")}</Notice>}
        {choice}
        {account && !identities.data && <Spinner label={t("common.loading")} />}
        {account && <ul className="cards writing-list">{identities.data?.map((one) => <IdentityCard key={one.id} account={account} identity={one} />)}</ul>}
      </div>
      {adding && account && <NewIdentity account={account} onClose={() => setAdding(false)} />}
    </>
  );
}
