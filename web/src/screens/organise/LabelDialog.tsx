import { useQueryClient } from "@tanstack/react-query";
import { Check, Minus, Plus, Settings2 } from "lucide-react";
import { useMemo, useRef, useState, type KeyboardEvent } from "react";
import { useDesk } from "../../app/context.ts";
import { navigate, settingsRoute } from "../../app/router.ts";
import { useT } from "../../i18n/i18n.ts";
import type { EmailSummary, Id } from "../../jmap/types.ts";
import { changeEverything } from "../../mail/bulk.ts";
import { cachedEmails } from "../../mail/cache.ts";
import type { Conversation } from "../../mail/conversations.ts";
import { failureOf } from "../../mail/failures.ts";
import { COLORS, createLabel, foldedName, keywordByAccount, labelStep, setLabel, stateOf, useLabels, type Label } from "../../mail/labels.ts";
import { isUnified, useMailboxMap } from "../../mail/unified.ts";
import { Button } from "../../ui/Button.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { showToast } from "../../ui/toasts.ts";
import { LabelChip } from "./LabelChips.tsx";
import { closeOrganise, type Everything } from "./organise-store.ts";

interface Props {
  readonly accountId: Id;
  readonly targets: readonly Conversation[];
  readonly everything?: Everything | undefined;
}

/* Where several accounts have a label of one name, one of them stands for all. */
function byName(labels: readonly Label[]): readonly Label[] {
  const seen = new Set<string>();
  return labels.filter((label) => !seen.has(foldedName(label.name)) && seen.add(foldedName(label.name)));
}

interface EntryProps {
  readonly label: Label;
  readonly state: boolean | "mixed";
  readonly onToggle: () => void;
}

function Entry({ label, state, onToggle }: EntryProps) {
  return (
    <li>
      <button type="button" role="checkbox" aria-checked={state} onClick={onToggle}>
        <span className="tick-box" data-state={state} aria-hidden>{state === true ? <Check size={14} /> : state === "mixed" ? <Minus size={14} /> : null}</span>
        <LabelChip label={label} />
      </button>
    </li>
  );
}

/* Moves the focus among the field and the entries. */
function moveFocus(box: HTMLElement | null, event: KeyboardEvent): void {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!box || step === undefined) return;
  const items = [...box.querySelectorAll<HTMLElement>("input, .label-list button")];
  const at = items.indexOf(document.activeElement as HTMLElement);
  event.preventDefault();
  items[(at + step + items.length) % items.length]?.focus();
}

/* Which labels? Type a part of the name; Enter ticks the first, or makes a new one. */
export function LabelDialog({ accountId, targets, everything }: Props) {
  const t = useT();
  const desk = useDesk();
  const client = useQueryClient();
  const all = useLabels(accountId);
  const labels = byName(all);
  const accounts = useMemo(() => desk.accounts.map((account) => account.id), [desk.accounts]);
  const map = useMailboxMap(accounts);
  const homeOf = isUnified(accountId) ? map.accountOf : () => accountId;
  const box = useRef<HTMLDivElement>(null);
  const [text, setText] = useState("");
  /* What was ticked here: the conversations are those of when the dialog opened. */
  const [ticked, setTicked] = useState<ReadonlyMap<string, boolean>>(new Map());
  const emails = targets.flatMap((row) => row.emails);
  const wanted = text.trim();
  const found = labels.filter((label) => foldedName(label.name).includes(foldedName(wanted)));
  const exact = labels.some((label) => foldedName(label.name) === foldedName(wanted));
  const now = (): EmailSummary[] => {
    const known = cachedEmails(client);
    return emails.map((email) => known.get(email.id) ?? email);
  };
  const stateNow = (label: Label): boolean | "mixed" => ticked.get(foldedName(label.name)) ?? stateOf(label, targets, keywordByAccount(all, label, homeOf));
  const apply = (label: Label, on: boolean): void => {
    setTicked(new Map([...ticked, [foldedName(label.name), on]]));
    const job = everything
      ? changeEverything(client, everything.view, everything.total, labelStep(client, desk.userAccount, accountId, label, on), { text: on ? "label.added" : "label.removed", values: { name: label.name } })
      : setLabel(client, desk.userAccount, accountId, label, now(), on);
    job.catch((error: unknown) => showToast({ ...failureOf(error), tone: "problem" }));
  };
  const toggle = (label: Label): void => {
    const on = stateNow(label) !== true;
    apply(label, on);
  };
  const create = async (): Promise<void> => {
    try {
      const account = emails.map(homeOf).find((id) => id !== null) ?? accounts[0] ?? accountId;
      const label = await createLabel(client, desk.userAccount, account, wanted, COLORS[(labels.length + 1) % COLORS.length]!);
      setText("");
      apply(label, true);
    } catch (error) {
      showToast({ ...failureOf(error), tone: "problem" });
    }
  };
  const submit = (): void => {
    if (wanted && !exact && found.length === 0) void create();
    else if (found[0]) toggle(found[0]);
  };
  return (
    <Dialog title={t("label.title", { count: everything?.total ?? targets.length })} onClose={closeOrganise} footer={
      <>
        <Button kind="plain" icon={Settings2} onClick={() => { closeOrganise(); navigate(settingsRoute("labels")); }}>{t("label.manage")}</Button>
        <span className="reader-bar-space" />
        <Button kind="primary" onClick={closeOrganise}>{t("label.done")}</Button>
      </>
    }>
      <div ref={box} onKeyDown={(event) => moveFocus(box.current, event)}>
        <form onSubmit={(event) => { event.preventDefault(); submit(); }}>
          <input className="input" data-autofocus value={text} maxLength={100} onChange={(event) => setText(event.target.value)} placeholder={t("label.filter")} aria-label={t("label.filter")} dir="auto" />
        </form>
        <ul className="move-list label-list" aria-label={t("label.list")}>
          {found.map((label) => <Entry key={label.id} label={label} state={stateNow(label)} onToggle={() => toggle(label)} />)}
          {found.length === 0 && !wanted && <li className="muted">{t("label.none")}</li>}
          {wanted && !exact && (
            <li><button type="button" className="label-new" onClick={() => void create()}><Plus size={16} aria-hidden /><span>{t("label.create", { name: wanted })}</span></button></li>
          )}
        </ul>
      </div>
    </Dialog>
  );
}
