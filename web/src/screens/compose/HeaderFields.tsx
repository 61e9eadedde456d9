import { useId, useState } from "react";
import { useT } from "../../i18n/i18n.ts";
import { parseAddresses } from "../../mail/answers.ts";
import { outsiders } from "../../mail/recipients.ts";
import { Button } from "../../ui/Button.tsx";
import type { Letter } from "./composer-store.ts";
import type { LetterState } from "./letter-state.ts";
import { RecipientField } from "./RecipientField.tsx";

/* More than so many in To see each other's addresses, which is seldom meant. */
const MANY = 15;

interface Props {
  readonly letter: Letter;
  readonly state: LetterState;
}

function FromField({ letter, state }: Props) {
  const t = useT();
  const id = useId();
  const { fields, senders, sender, change } = state;
  /* An answer stays in its account; so does a letter whose files are already there. */
  const bound = letter.answered !== null || letter.inReplyTo !== null || fields.attachments.length > 0;
  const choices = bound ? senders.filter((one) => one.accountId === fields.accountId) : senders;
  if (choices.length < 2) return null;
  const keyOf = (accountId: string, identityId: string): string => `${accountId} ${identityId}`;
  return (
    <div className="composer-field">
      <label htmlFor={id}>{t("compose.from")}</label>
      <select id={id} value={sender ? keyOf(sender.accountId, sender.identity.id) : ""}
        onChange={(event) => {
          const chosen = choices.find((one) => keyOf(one.accountId, one.identity.id) === event.target.value);
          if (chosen) change({ accountId: chosen.accountId, identityId: chosen.identity.id });
        }}>
        {choices.map((one) => (
          <option key={keyOf(one.accountId, one.identity.id)} dir="auto" value={keyOf(one.accountId, one.identity.id)}>
            {one.identity.name ? `${one.identity.name} <${one.identity.email}>` : one.identity.email}
          </option>
        ))}
      </select>
    </div>
  );
}

function ReplyToField({ state }: { readonly state: LetterState }) {
  const t = useT();
  const id = useId();
  const [text, setText] = useState(() => state.fields.replyTo.map((one) => one.email).join(", "));
  return (
    <div className="composer-field">
      <label htmlFor={id}>{t("compose.replyTo")}</label>
      <input id={id} type="email" multiple dir="ltr" value={text} onChange={(event) => { setText(event.target.value); state.change({ replyTo: parseAddresses(event.target.value) }); }} />
    </div>
  );
}

/* What one may not have noticed about whom this goes to. */
function RecipientHints({ letter, state }: Props) {
  const t = useT();
  const { to, cc } = state.fields;
  const outside = letter.answered !== null ? outsiders([...to, ...cc], state.senders.map((one) => one.identity.email)) : [];
  const many = to.length > MANY;
  if (outside.length === 0 && !many) return null;
  return (
    <div className="recipient-hint" role="status">
      {outside.length > 0 && <p>{t("compose.outside", { count: outside.length, address: outside[0]!.email })}</p>}
      {many && <p>{t("compose.manyInTo", { count: to.length })} <Button kind="plain" onClick={() => state.change({ to: [], bcc: [...state.fields.bcc, ...to] })}>{t("compose.moveToBcc")}</Button></p>}
    </div>
  );
}

export function HeaderFields({ letter, state, withReplyTo }: Props & { readonly withReplyTo: boolean }) {
  const t = useT();
  const { fields, change } = state;
  const { to, cc, bcc } = fields;
  const [more, setMore] = useState({ cc: false, bcc: false });
  const shown = { cc: more.cc || cc.length > 0, bcc: more.bcc || bcc.length > 0 };
  return (
    <div className="composer-fields">
      <FromField letter={letter} state={state} />
      <div className="composer-recipients">
        <RecipientField label={t("compose.to")} value={to} onChange={(next) => change({ to: next })} autoFocus={letter.to.length === 0} others={[...cc, ...bcc]} />
        {(!shown.cc || !shown.bcc) && (
          <span className="composer-more">
            {!shown.cc && <Button kind="plain" aria-label={t("compose.showCc")} onClick={() => setMore({ ...more, cc: true })}>{t("compose.cc")}</Button>}
            {!shown.bcc && <Button kind="plain" aria-label={t("compose.showBcc")} onClick={() => setMore({ ...more, bcc: true })}>{t("compose.bcc")}</Button>}
          </span>
        )}
      </div>
      {shown.cc && <RecipientField label={t("compose.cc")} value={cc} onChange={(next) => change({ cc: next })} others={[...to, ...bcc]} autoFocus={more.cc} />}
      {shown.bcc && <RecipientField label={t("compose.bcc")} value={bcc} onChange={(next) => change({ bcc: next })} others={[...to, ...cc]} autoFocus={more.bcc} />}
      {(withReplyTo || fields.replyTo.length > 0) && <ReplyToField state={state} />}
      <RecipientHints letter={letter} state={state} />
      <div className="composer-field composer-subject">
        <input value={fields.subject} onChange={(event) => change({ subject: event.target.value })} placeholder={t("compose.subject")} aria-label={t("compose.subject")} dir="auto" />
      </div>
    </div>
  );
}
