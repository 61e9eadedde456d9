import { useQueryClient } from "@tanstack/react-query";
import { Check, Minus, Plus, Settings2 } from "lucide-react";
import { useRef, useState, type KeyboardEvent } from "react";
import { useDesk } from "../../app/context.ts";
import { navigate, settingsRoute } from "../../app/router.ts";
import { useT } from "../../i18n/i18n.ts";
import type { EmailSummary, Id } from "../../jmap/types.ts";
import { changeEverything } from "../../mail/bulk.ts";
import { cachedEmails } from "../../mail/cache.ts";
import type { Conversation } from "../../mail/conversations.ts";
import { failureOf } from "../../mail/failures.ts";
import { COLORS, createLabel, setLabel, stateOf, useLabels, type Label } from "../../mail/labels.ts";
import { keywordPatch } from "../../mail/patches.ts";
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

function folded(text: string): string {
  return text.normalize("NFKC").toLocaleLowerCase();
}

/* Where several accounts have a label of one name, one of them stands for all. */
function byName(labels: readonly Label[]): readonly Label[] {
  const seen = new Set<string>();
  return labels.filter((label) => !seen.has(folded(label.name)) && seen.add(folded(label.name)));
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
  const labels = byName(useLabels(accountId));
  const box = useRef<HTMLDivElement>(null);
  const [text, setText] = useState("");
  /* What was ticked here: the conversations are those of when the dialog opened. */
  const [ticked, setTicked] = useState<ReadonlyMap<string, boolean>>(new Map());
  const emails = targets.flatMap((row) => row.emails);
  const wanted = text.trim();
  const found = labels.filter((label) => folded(label.name).includes(folded(wanted)));
  const exact = labels.some((label) => folded(label.name) === folded(wanted));
  const now = (): EmailSummary[] => {
    const known = cachedEmails(client);
    return emails.map((email) => known.get(email.id) ?? email);
  };
  const stateNow = (label: Label): boolean | "mixed" => ticked.get(label.keyword) ?? stateOf(label, targets);
  const apply = (label: Label, on: boolean): void => {
    setTicked(new Map([...ticked, [label.keyword, on]]));
    if (everything) void changeEverything(client, everything.view, everything.total, (email) => ((email.keywords[label.keyword] === true) === on ? null : keywordPatch(label.keyword, on)), { text: on ? "label.added" : "label.removed", values: { name: label.name } });
    else setLabel(client, accountId, label, now(), on);
  };
  const toggle = (label: Label): void => {
    const on = stateNow(label) !== true;
    apply(label, on);
  };
  const create = async (): Promise<void> => {
    try {
      const account = accountId === desk.userAccount ? (desk.accounts[0]?.id ?? accountId) : accountId;
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
