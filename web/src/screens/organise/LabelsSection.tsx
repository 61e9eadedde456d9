import { useQueryClient } from "@tanstack/react-query";
import { ArrowDown, ArrowUp, Plus, Trash2 } from "lucide-react";
import { useState, type FormEvent } from "react";
import { useDesk, type MailAccount } from "../../app/context.ts";
import { useT, type MessageId } from "../../i18n/i18n.ts";
import { RefusedError } from "../../jmap/client.ts";
import { failureOf } from "../../mail/failures.ts";
import { COLORS, createLabel, destroyLabel, updateLabel, useLabels, type Label, type LabelColor } from "../../mail/labels.ts";
import { Button, IconButton } from "../../ui/Button.tsx";
import { confirmFirst } from "../../ui/questions.ts";
import { showToast } from "../../ui/toasts.ts";
import { LabelChip } from "./LabelChips.tsx";
import "../../styles/organise-settings.css";

function tell(error: unknown): void {
  const taken = error instanceof RefusedError && (error.refusal.properties ?? []).includes("name");
  showToast(taken ? { text: "label.taken", tone: "problem" } : { ...failureOf(error), tone: "problem" });
}

const COLOR_NAMES: Readonly<Record<LabelColor, MessageId>> = {
  gray: "label.color.gray", red: "label.color.red", orange: "label.color.orange", yellow: "label.color.yellow", olive: "label.color.olive", green: "label.color.green",
  teal: "label.color.teal", blue: "label.color.blue", indigo: "label.color.indigo", purple: "label.color.purple", pink: "label.color.pink", brown: "label.color.brown",
};

function ColorChoice({ color, name, onChange }: { readonly color: LabelColor; readonly name: string; readonly onChange: (color: LabelColor) => void }) {
  const t = useT();
  return (
    <span className="color-choice" role="radiogroup" aria-label={t("label.colorOf", { name })}>
      {COLORS.map((one) => (
        <label key={one} className="color-swatch label-chip" data-color={one} title={t(COLOR_NAMES[one])}>
          <input type="radio" name={`color-${name}`} checked={one === color} onChange={() => onChange(one)} aria-label={t(COLOR_NAMES[one])} />
          <span aria-hidden>{one === color ? "✓" : ""}</span>
        </label>
      ))}
    </span>
  );
}

function LabelRow({ label, labels }: { readonly label: Label; readonly labels: readonly Label[] }) {
  const t = useT();
  const desk = useDesk();
  const client = useQueryClient();
  const [name, setName] = useState(label.name);
  const at = labels.indexOf(label);
  const change = (values: Partial<Pick<Label, "name" | "color" | "sortOrder">>): void => {
    updateLabel(client, desk.userAccount, label, values).catch((error: unknown) => { setName(label.name); tell(error); });
  };
  const rename = (): void => {
    const wanted = name.trim();
    if (!wanted || wanted === label.name) setName(label.name);
    else change({ name: wanted });
  };
  const move = async (by: -1 | 1): Promise<void> => {
    const order = [...labels];
    order.splice(at, 1);
    order.splice(at + by, 0, label);
    for (const [index, one] of order.entries()) if (one.sortOrder !== index) await updateLabel(client, desk.userAccount, one, { sortOrder: index });
  };
  const remove = async (): Promise<void> => {
    const sure = await confirmFirst({ title: "label.removeTitle", text: "label.removeText", values: { name: label.name }, action: "label.remove", danger: true });
    if (!sure) return;
    await destroyLabel(client, desk.userAccount, label).then(() => showToast({ text: "label.gone", values: { name: label.name } }), tell);
  };
  return (
    <li className="label-row">
      <span className="label-sample"><LabelChip label={{ ...label, name: name || label.name }} /></span>
      <input className="input" value={name} maxLength={60} dir="auto" aria-label={t("label.nameOf", { name: label.name })} onChange={(event) => setName(event.target.value)} onBlur={rename}
        onKeyDown={(event) => { if (event.key === "Enter") rename(); }} />
      <ColorChoice color={label.color} name={label.name} onChange={(color) => change({ color })} />
      <code className="label-keyword" title={t("label.keyword")}>{label.keyword}</code>
      <span className="label-tools">
        <IconButton label={t("label.up", { name: label.name })} icon={ArrowUp} disabled={at === 0} onClick={() => void move(-1).catch(tell)} />
        <IconButton label={t("label.down", { name: label.name })} icon={ArrowDown} disabled={at === labels.length - 1} onClick={() => void move(1).catch(tell)} />
        <IconButton label={t("label.removeNamed", { name: label.name })} icon={Trash2} onClick={() => void remove()} />
      </span>
    </li>
  );
}

function AccountLabels({ account }: { readonly account: MailAccount }) {
  const t = useT();
  const desk = useDesk();
  const client = useQueryClient();
  const labels = useLabels(account.id);
  const [name, setName] = useState("");
  const create = (event: FormEvent): void => {
    event.preventDefault();
    if (!name.trim()) return;
    createLabel(client, desk.userAccount, account.id, name.trim(), COLORS[(labels.length + 1) % COLORS.length]!).then(() => setName(""), tell);
  };
  return (
    <section className="card" aria-label={account.address}>
      <h2 className="label-account"><bdi>{account.address}</bdi></h2>
      {labels.length === 0 && <p className="muted">{t("label.none")}</p>}
      <ul className="label-rows">{labels.map((label) => <LabelRow key={`${label.id} ${label.name}`} label={label} labels={labels} />)}</ul>
      {!account.readOnly && (
        <form className="label-create" onSubmit={create}>
          <input className="input" value={name} maxLength={60} dir="auto" placeholder={t("label.newName")} aria-label={t("label.newName")} onChange={(event) => setName(event.target.value)} />
          <Button kind="primary" icon={Plus} type="submit" disabled={!name.trim()}>{t("label.new")}</Button>
        </form>
      )}
    </section>
  );
}

export function LabelsSection() {
  const t = useT();
  const desk = useDesk();
  return (
    <>
      <div className="page-title"><div><h1>{t("label.section")}</h1><p>{t("label.sectionLead")}</p></div></div>
      <div className="cards">{desk.accounts.map((account) => <AccountLabels key={account.id} account={account} />)}</div>
    </>
  );
}
