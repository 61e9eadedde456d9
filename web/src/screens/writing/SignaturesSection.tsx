import { useQueries, useQuery, useQueryClient } from "@tanstack/react-query";
import { PenLine, Plus } from "lucide-react";
import { useId, useRef, useState, type FormEvent } from "react";
import { useDesk } from "../../app/context.ts";
import { useT } from "../../i18n/i18n.ts";
import { htmlToText } from "../../mail/answers.ts";
import { identitiesQuery } from "../../mail/queries.ts";
import { chooseSignature, destroySignature, saveSignature, signaturesQuery, type LetterKind, type Signature } from "../../mail/signatures.ts";
import { Button } from "../../ui/Button.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { Empty, Spinner } from "../../ui/Notice.tsx";
import { confirmFirst } from "../../ui/questions.ts";
import { useChange } from "./change.ts";
import { LazyRichField, Preview, SectionTitle } from "./fields.tsx";

interface EditorProps {
  readonly signature: Signature | null;
  readonly onClose: () => void;
}

function SignatureEditor({ signature, onClose }: EditorProps) {
  const t = useT();
  const desk = useDesk();
  const client = useQueryClient();
  const change = useChange();
  const form = useId();
  const html = useRef(signature?.html ?? "");
  const submit = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const name = String(new FormData(event.currentTarget).get("name")).trim();
    const text = { name, html: html.current, text: htmlToText(html.current) };
    if (await change.run(() => saveSignature(client, desk.userAccount, signature?.id ?? null, text), "writing.saved", { invalidProperties: "writing.signatureRefused" })) onClose();
  };
  return (
    <Dialog wide title={t(signature ? "writing.signatureEdit" : "writing.signatureNew")} onClose={onClose} footer={
      <>
        <Button onClick={onClose}>{t("common.cancel")}</Button>
        <Button kind="primary" type="submit" form={form} disabled={change.busy}>{t("writing.save")}</Button>
      </>
    }>
      <form id={form} className="writing-form" onSubmit={(event) => void submit(event)}>
        <label className="field"><span>{t("writing.name")}</span><input className="input" name="name" required maxLength={100} defaultValue={signature?.name} data-autofocus dir="auto" autoComplete="off" /></label>
        <div className="field"><span>{t("writing.signatureText")}</span><LazyRichField label={t("writing.signatureText")} html={html.current} onChange={(now) => { html.current = now; }} /></div>
      </form>
    </Dialog>
  );
}

function SignatureCard({ signature, onEdit }: { readonly signature: Signature; readonly onEdit: () => void }) {
  const t = useT();
  const desk = useDesk();
  const client = useQueryClient();
  const change = useChange();
  const remove = async (): Promise<void> => {
    const sure = await confirmFirst({ title: "writing.signatureDelete", values: { name: signature.name }, text: "writing.signatureDeleteText", action: "writing.delete", danger: true });
    if (sure) await change.run(() => destroySignature(client, desk.userAccount, signature.id), "writing.deleted");
  };
  return (
    <li className="card">
      <div className="card-head">
        <h2><bdi>{signature.name}</bdi></h2>
        <div className="card-tools">
          <Button aria-label={t("writing.editNamed", { name: signature.name })} onClick={onEdit}>{t("writing.edit")}</Button>
          <Button aria-label={t("writing.deleteNamed", { name: signature.name })} disabled={change.busy} onClick={() => void remove()}>{t("writing.delete")}</Button>
        </div>
      </div>
      <Preview html={signature.html} title={signature.name} />
    </li>
  );
}

interface SelectProps {
  readonly identityId: string;
  readonly email: string;
  readonly kind: LetterKind;
  readonly all: readonly Signature[];
}

export function SignatureSelect({ identityId, email, kind, all }: SelectProps) {
  const t = useT();
  const desk = useDesk();
  const client = useQueryClient();
  const change = useChange();
  const property = kind === "new" ? "defaultFor" : "answersFor";
  const chosen = all.find((one) => one[property].includes(identityId))?.id ?? "";
  return (
    <label className="field">
      <span>{t(kind === "new" ? "writing.signatureForNew" : "writing.signatureForAnswers")}</span>
      <select className="input" aria-description={email} value={chosen} disabled={change.busy}
        onChange={(event) => void change.run(() => chooseSignature(client, desk.userAccount, all, identityId, kind, event.target.value || null), null)}>
        <option value="">{t("writing.signatureNone")}</option>
        {all.map((one) => <option key={one.id} value={one.id}>{one.name}</option>)}
      </select>
    </label>
  );
}

/* Which signature each address begins with. */
function Defaults({ all }: { readonly all: readonly Signature[] }) {
  const t = useT();
  const { accounts } = useDesk();
  const identities = useQueries({ queries: accounts.map((account) => identitiesQuery(account.id)), combine: (results) => results.flatMap((result) => result.data ?? []) });
  if (identities.length === 0 || all.length === 0) return null;
  return (
    <section className="card">
      <h2>{t("writing.signatureDefaults")}</h2>
      {identities.map((identity) => (
        <fieldset key={identity.id} className="writing-defaults">
          <legend><bdi>{identity.name ? `${identity.name} <${identity.email}>` : identity.email}</bdi></legend>
          <SignatureSelect identityId={identity.id} email={identity.email} kind="new" all={all} />
          <SignatureSelect identityId={identity.id} email={identity.email} kind="answer" all={all} />
        </fieldset>
      ))}
    </section>
  );
}

export function SignaturesSection() {
  const t = useT();
  const desk = useDesk();
  const signatures = useQuery(signaturesQuery(desk.userAccount));
  const [editing, setEditing] = useState<Signature | "new" | null>(null);
  const add = <Button kind="primary" icon={Plus} onClick={() => setEditing("new")}>{t("writing.signatureNew")}</Button>;
  const all = signatures.data;
  return (
    <>
      <SectionTitle title={t("writing.signatures")} lead={t("writing.signaturesLead")} action={all && all.length > 0 && add} />
      {!all && <Spinner label={t("common.loading")} />}
      {all?.length === 0 && <Empty icon={PenLine} title={t("writing.signaturesNone")} action={add}>{t("writing.signaturesNoneHint")}</Empty>}
      {all && all.length > 0 && (
        <div className="cards">
          <ul className="cards writing-list">{all.map((one) => <SignatureCard key={one.id} signature={one} onEdit={() => setEditing(one)} />)}</ul>
          <Defaults all={all} />
        </div>
      )}
      {editing && <SignatureEditor signature={editing === "new" ? null : editing} onClose={() => setEditing(null)} />}
    </>
  );
}
