import { X } from "lucide-react";
import { useId, useRef, useState, type ClipboardEvent, type KeyboardEvent } from "react";
import { useT } from "../../i18n/i18n.ts";
import type { Address } from "../../jmap/types.ts";
import { formatAddress, isAddress, parseAddresses } from "../../mail/answers.ts";
import { displayName } from "../../mail/conversations.ts";

interface Props {
  readonly label: string;
  readonly value: readonly Address[];
  readonly onChange: (value: readonly Address[]) => void;
  readonly autoFocus?: boolean;
  readonly suggestions: readonly Address[];
}

/* Recipients as chips. Enter, comma, semicolon, Tab and leaving the field take what was typed; Backspace takes the last back. */
export function RecipientField({ label, value, onChange, autoFocus = false, suggestions }: Props) {
  const t = useT();
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
  const [text, setText] = useState("");
  const add = (typed: string): boolean => {
    const known = new Set(value.map((address) => address.email.toLowerCase()));
    const fresh = parseAddresses(typed).filter((address) => !known.has(address.email.toLowerCase()));
    setText("");
    if (fresh.length > 0) onChange([...value, ...fresh]);
    return fresh.length > 0;
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.nativeEvent.isComposing) return;
    const typed = text.trim();
    if (["Enter", ",", ";"].includes(event.key) && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      if (typed) add(typed);
    } else if (event.key === "Tab" && typed && !event.shiftKey) {
      add(typed);
    } else if (event.key === "Backspace" && text === "" && value.length > 0) {
      event.preventDefault();
      setText(formatAddress(value.at(-1)!));
      onChange(value.slice(0, -1));
    }
  };
  const onPaste = (event: ClipboardEvent): void => {
    const pasted = event.clipboardData.getData("text");
    if (!/[,;\n@]/.test(pasted)) return;
    event.preventDefault();
    add(text + pasted);
  };
  return (
    <div className="composer-field" onClick={() => input.current?.focus()}>
      <label htmlFor={id}>{label}</label>
      <div className="chips">
        {value.map((address, index) => {
          const good = isAddress(address.email);
          return (
            <span key={address.email + String(index)} className={good ? "chip" : "chip chip-bad"} title={good ? address.email : t("compose.invalidRecipient", { address: address.email })}>
              <bdi>{displayName(address)}</bdi>
              <button type="button" aria-label={t("compose.removeRecipient", { address: address.email })}
                onClick={(event) => { event.stopPropagation(); onChange(value.filter((_, at) => at !== index)); input.current?.focus(); }}><X size={13} aria-hidden /></button>
            </span>
          );
        })}
        <input ref={input} id={id} value={text} autoFocus={autoFocus} list={`${id}-known`} autoComplete="off" dir="auto"
          onChange={(event) => setText(event.target.value)} onKeyDown={onKeyDown} onPaste={onPaste} onBlur={() => text.trim() && add(text)} />
        <datalist id={`${id}-known`}>
          {suggestions.map((address) => <option key={address.email} value={formatAddress(address)} />)}
        </datalist>
      </div>
    </div>
  );
}
