import { UserRound, UsersRound, X } from "lucide-react";
import { useId, useRef, useState, type ClipboardEvent, type DragEvent, type KeyboardEvent, type RefObject } from "react";
import { useT } from "../../i18n/i18n.ts";
import type { Address } from "../../jmap/types.ts";
import { formatAddress } from "../../mail/answers.ts";
import { displayName } from "../../mail/conversations.ts";
import { addRecipients, addressProblem, readPasted, sameAddress, type Pasted } from "../../mail/recipients.ts";
import { PROBLEMS } from "./address-problems.ts";
import { useSuggestions, type Suggestion } from "./suggest.ts";

interface Props {
  readonly label: string;
  readonly value: readonly Address[];
  readonly onChange: (value: readonly Address[]) => void;
  readonly autoFocus?: boolean;
  /* Recipients of the other fields, to notice whom one writes to twice. */
  readonly others: readonly Address[];
}

const DRAGGED = "application/x-postroom-recipient";

interface ChipProps {
  readonly address: Address;
  readonly onRemove: () => void;
  readonly onEdit: () => void;
  readonly onMove: (step: -1 | 1) => void;
}

/* One recipient: the arrow keys go from one to the next, Delete takes it out, Enter opens it for correction, Ctrl+C copies it. */
function Chip({ address, onRemove, onEdit, onMove }: ChipProps) {
  const t = useT();
  const problem = addressProblem(address.email);
  const onKeyDown = (event: KeyboardEvent<HTMLSpanElement>): void => {
    const rtl = getComputedStyle(event.currentTarget).direction === "rtl";
    const job = {
      Delete: onRemove, Backspace: onRemove, Enter: onEdit, F2: onEdit,
      ArrowLeft: () => onMove(rtl ? 1 : -1), ArrowRight: () => onMove(rtl ? -1 : 1),
    }[event.key];
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "c") void navigator.clipboard?.writeText(formatAddress(address));
    if (!job || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    job();
  };
  const onDragStart = (event: DragEvent): void => {
    event.dataTransfer.setData(DRAGGED, JSON.stringify(address));
    event.dataTransfer.setData("text/plain", formatAddress(address));
    event.dataTransfer.effectAllowed = "move";
  };
  return (
    <span className={problem ? "chip chip-bad" : "chip"} tabIndex={-1} role="group" draggable aria-label={problem ? `${address.email}: ${t(PROBLEMS[problem])}` : formatAddress(address)}
      title={problem ? t(PROBLEMS[problem]) : address.email} onKeyDown={onKeyDown} onDoubleClick={onEdit} onDragStart={onDragStart}
      onDragEnd={(event) => { if (event.dataTransfer.dropEffect === "move") onRemove(); }}>
      <bdi>{displayName(address)}</bdi>
      <button type="button" tabIndex={-1} aria-label={t("compose.removeRecipient", { address: address.email })} onClick={(event) => { event.stopPropagation(); onRemove(); }}><X size={13} aria-hidden /></button>
    </span>
  );
}

interface ListProps {
  readonly id: string;
  readonly list: readonly Suggestion[];
  readonly at: number;
  readonly onChoose: (suggestion: Suggestion) => void;
  readonly onHide: (suggestion: Suggestion) => void;
}

function SuggestionList({ id, list, at, onChoose, onHide }: ListProps) {
  const t = useT();
  return (
    <ul className="suggestions" id={id} role="listbox" aria-label={t("compose.suggestions")}>
      {list.map((one, index) => (
        <li key={one.key} id={`${id}-${index}`} role="option" aria-selected={index === at} className="suggestion"
          onMouseDown={(event) => { event.preventDefault(); onChoose(one); }}>
          {one.group === null ? <UserRound size={16} aria-hidden /> : <UsersRound size={16} aria-hidden />}
          <span className="suggestion-text">
            <bdi>{one.group ?? displayName(one.addresses[0]!)}</bdi>
            {one.group === null ? <small dir="ltr">{one.addresses[0]!.email}</small> : <small>{t("compose.groupMembers", { count: one.addresses.length })}</small>}
          </span>
          {one.group === null && <button type="button" tabIndex={-1} className="suggestion-hide" aria-hidden title={t("compose.hideContact")}
            onMouseDown={(event) => { event.preventDefault(); event.stopPropagation(); onHide(one); }}><X size={14} aria-hidden /></button>}
        </li>
      ))}
    </ul>
  );
}

/* What of a pasted list is no address, and why each. */
function Mistakes({ mistakes, onClose }: { readonly mistakes: Pasted["wrong"]; readonly onClose: () => void }) {
  const t = useT();
  return (
    <div className="recipient-mistakes" role="alert">
      <p>{t("compose.pastedWrong", { count: mistakes.length })}</p>
      <ul>{mistakes.slice(0, 20).map((one, index) => <li key={`${one.text} ${index}`}><bdi>{one.text}</bdi>: {t(PROBLEMS[one.problem])}</li>)}</ul>
      <button type="button" className="link-button" onClick={onClose}>{t("common.close")}</button>
    </div>
  );
}

function focusChip(box: RefObject<HTMLDivElement | null>, at: number): boolean {
  const chip = box.current?.querySelectorAll<HTMLElement>(".chip")[at];
  chip?.focus();
  return chip !== undefined;
}

function useRecipients({ value, onChange, others }: Props) {
  const t = useT();
  const [text, setText] = useState("");
  const [note, setNote] = useState("");
  const [mistakes, setMistakes] = useState<Pasted["wrong"]>([]);
  const take = (fresh: readonly Address[]): void => {
    const { all, doubles } = addRecipients(value, fresh);
    const twice = [...doubles, ...fresh.filter((address) => others.some((other) => sameAddress(other, address)))];
    setNote(twice.length > 0 ? t("compose.alreadyThere", { address: twice[0]!.email, count: twice.length }) : "");
    setText("");
    if (all.length > value.length) onChange(all);
  };
  const add = (typed: string): void => {
    const { addresses, wrong } = readPasted(typed);
    setMistakes(addresses.length > 1 ? wrong : []);
    take(addresses);
  };
  return { text, setText, note, mistakes, setMistakes, take, add };
}

/* Recipients as chips. Enter, comma, semicolon, Tab and leaving the field take what was typed. */
export function RecipientField(props: Props) {
  const { label, value, onChange, autoFocus = false, others } = props;
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
  const box = useRef<HTMLDivElement>(null);
  const { text, setText, note, mistakes, setMistakes, take, add } = useRecipients(props);
  const [at, setAt] = useState(0);
  const [shown, setShown] = useState(false);
  const { list, hide } = useSuggestions(shown ? text : "", [...value, ...others]);
  const open = shown && list.length > 0;
  const choose = (suggestion: Suggestion): void => {
    setShown(false);
    take(suggestion.addresses);
    input.current?.focus();
  };
  const remove = (index: number): void => {
    onChange(value.filter((_, which) => which !== index));
    setTimeout(() => focusChip(box, Math.min(index, value.length - 2)) || input.current?.focus());
  };
  const edit = (index: number): void => {
    setText(formatAddress(value[index]!));
    onChange(value.filter((_, which) => which !== index));
    input.current?.focus();
  };
  const inList = (event: KeyboardEvent): boolean => {
    if (!open) return false;
    if (event.key === "ArrowDown") setAt((at + 1) % list.length);
    else if (event.key === "ArrowUp") setAt((at + list.length - 1) % list.length);
    else if (event.key === "Escape") setShown(false);
    else if ((event.key === "Enter" && !event.ctrlKey && !event.metaKey) || (event.key === "Tab" && !event.shiftKey)) choose(list[Math.min(at, list.length - 1)]!);
    else if (event.key === "Delete" && event.shiftKey && list[at]?.group === null) hide(list[at].addresses[0]!);
    else return false;
    return true;
  };
  const onKeyDown = (event: KeyboardEvent<HTMLInputElement>): void => {
    if (event.nativeEvent.isComposing) return;
    const typed = text.trim();
    const atStart = event.currentTarget.selectionStart === 0 && event.currentTarget.selectionEnd === 0;
    const back = getComputedStyle(event.currentTarget).direction === "rtl" ? "ArrowRight" : "ArrowLeft";
    if (inList(event)) {
      event.preventDefault();
      event.stopPropagation();
    } else if (["Enter", ",", ";"].includes(event.key) && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      if (typed) add(typed);
    } else if (event.key === "Tab" && typed && !event.shiftKey) {
      add(typed);
    } else if ((event.key === "Backspace" || event.key === back) && atStart && value.length > 0) {
      event.preventDefault();
      focusChip(box, value.length - 1);
    }
  };
  const onPaste = (event: ClipboardEvent): void => {
    const pasted = event.clipboardData.getData("text");
    if (!/[,;\n\t@]/.test(pasted)) return;
    event.preventDefault();
    add(text + pasted);
  };
  const onDrop = (event: DragEvent): void => {
    const dragged = event.dataTransfer.getData(DRAGGED);
    if (!dragged) return;
    event.preventDefault();
    event.stopPropagation();
    const address = JSON.parse(dragged) as Address;
    /* Within one field nothing moves. */
    if (value.some((one) => sameAddress(one, address))) event.dataTransfer.dropEffect = "none";
    else onChange([...value, address]);
  };
  return (
    <div className="composer-field composer-recipient" onClick={(event) => { if (event.target === event.currentTarget || event.target === box.current) input.current?.focus(); }}
      onDragOver={(event) => { if (event.dataTransfer.types.includes(DRAGGED)) { event.preventDefault(); event.dataTransfer.dropEffect = "move"; } }} onDrop={onDrop}>
      <label htmlFor={id}>{label}</label>
      <div className="chips" ref={box}>
        {value.map((address, index) => (
          <Chip key={address.email + String(index)} address={address} onRemove={() => remove(index)} onEdit={() => edit(index)}
            onMove={(step) => { if (index + step < 0 || !focusChip(box, index + step)) (index + step < 0 ? undefined : input.current?.focus()); }} />
        ))}
        <input ref={input} id={id} value={text} autoFocus={autoFocus} autoComplete="off" autoCapitalize="none" spellCheck={false} dir="auto"
          role="combobox" aria-expanded={open} aria-controls={`${id}-list`} aria-autocomplete="list" aria-activedescendant={open ? `${id}-list-${Math.min(at, list.length - 1)}` : undefined}
          onChange={(event) => { setText(event.target.value); setShown(true); setAt(0); }} onKeyDown={onKeyDown} onPaste={onPaste}
          onBlur={() => { setShown(false); if (text.trim()) add(text); }} />
      </div>
      {open && <SuggestionList id={`${id}-list`} list={list} at={Math.min(at, list.length - 1)} onChoose={choose} onHide={(one) => hide(one.addresses[0]!)} />}
      <span role="status" className={note ? "recipient-note" : "visually-hidden"}>{note}</span>
      {mistakes.length > 0 && <Mistakes mistakes={mistakes} onClose={() => setMistakes([])} />}
    </div>
  );
}
