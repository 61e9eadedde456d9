import { Forward, PenLine, Reply, ReplyAll, Star } from "lucide-react";
import { useState } from "react";
import { useDesk, useReadOnly } from "../../app/context.ts";
import { useLocale, useT } from "../../i18n/i18n.ts";
import { formatFullDate, formatListDate, formatShortDate } from "../../i18n/format.ts";
import { formatBytes } from "../../i18n/format.ts";
import type { Address, EmailDetail, Id } from "../../jmap/types.ts";
import { useMailActions } from "../../mail/actions.ts";
import { displayName, shortName } from "../../mail/conversations.ts";
import { Avatar } from "../../ui/Avatar.tsx";
import { Button, IconButton } from "../../ui/Button.tsx";
import { answer, openDraft } from "../compose/composer-store.ts";
import { useIsSending } from "../compose/outbox.ts";
import { MessageBody } from "./MessageBody.tsx";
import { MessageMenu } from "./MessageMenu.tsx";
import { useViewControl, type ViewControl } from "./view-state.ts";

interface Props {
  readonly accountId: Id;
  readonly email: EmailDetail;
  /* The whole conversation, in order. */
  readonly emails: readonly EmailDetail[];
  readonly initiallyOpen: boolean;
  readonly last: boolean;
}

const UNKNOWN: Address = { name: null, email: "?" };

function CollapsedMessage({ email, onOpen }: { readonly email: EmailDetail; readonly onOpen: () => void }) {
  const t = useT();
  const locale = useLocale();
  const from = email.from?.[0] ?? UNKNOWN;
  return (
    <button type="button" className="message-line" aria-expanded={false} onClick={onOpen}>
      <Avatar address={from} small />
      <bdi className="message-line-name">{shortName(from)}</bdi>
      <span className="message-line-preview" dir="auto">{email.preview || t(email["postroom:state"] === "pending" ? "reader.waiting" : "row.noText")}</span>
      {email.keywords["$flagged"] && <Star size={14} fill="currentColor" className="starred" aria-label={t("row.flagged")} />}
      <time dateTime={email.receivedAt}>{formatListDate(email.receivedAt, locale)}</time>
    </button>
  );
}

function DraftMessage({ accountId, email }: { readonly accountId: Id; readonly email: EmailDetail }) {
  const t = useT();
  const sending = useIsSending(email.id);
  return (
    <div className="message-draft">
      <PenLine size={16} aria-hidden />
      <span className="row-draft">{t("row.draft")}</span>
      <span className="message-line-preview" dir="auto">{email.preview || t("row.noText")}</span>
      {sending ? <span>{t("compose.sending")}</span> : <Button onClick={() => void openDraft(accountId, email.id)}>{t("draft.edit")}</Button>}
    </div>
  );
}

function AddressList({ label, addresses }: { readonly label: string; readonly addresses: readonly Address[] | null }) {
  if (!addresses || addresses.length === 0) return null;
  return (
    <div className="address-line">
      <dt>{label}</dt>
      <dd>{addresses.map((address, index) => (
        <span key={address.email + String(index)} className="address">
          <bdi>{displayName(address)}</bdi>{address.name && <> <bdi className="muted">&lt;{address.email}&gt;</bdi></>}
        </span>
      ))}</dd>
    </div>
  );
}

function recipientsLine(email: EmailDetail, own: string, me: string, separator: string): string {
  const all = [...(email.to ?? []), ...(email.cc ?? [])];
  const names = all.slice(0, 4).map((address) => (address.email.toLowerCase() === own.toLowerCase() ? me : shortName(address)));
  return names.join(separator) + (all.length > 4 ? ` +${all.length - 4}` : "");
}

function FactLine({ label, children }: { readonly label: string; readonly children: string | null | undefined }) {
  if (!children) return null;
  return <div className="address-line"><dt>{label}</dt><dd><bdi>{children}</bdi></dd></div>;
}

interface HeadProps extends Pick<Props, "accountId" | "email" | "emails"> {
  readonly control: ViewControl;
  readonly onClose: () => void;
}

function MessageHead({ accountId, email, emails, control, onClose }: HeadProps) {
  const t = useT();
  const locale = useLocale();
  const desk = useDesk();
  const actions = useMailActions(accountId);
  const { details } = control;
  const own = desk.accounts.find((account) => account.id === accountId)?.address ?? "";
  const from = email.from?.[0] ?? UNKNOWN;
  const flagged = email.keywords["$flagged"] === true;
  const readOnly = useReadOnly(accountId);
  return (
    <header className="message-head">
      <button type="button" className="message-face" aria-label={t("reader.collapse")} aria-expanded onClick={onClose}><Avatar address={from} /></button>
      <div className="message-who">
        <div className="message-from">
          <bdi className="message-name">{displayName(from)}</bdi>
          {from.name && <bdi className="message-address">{from.email}</bdi>}
        </div>
        <button type="button" className="message-to" aria-expanded={details} onClick={() => control.change({ details: !details })}>
          {t("reader.to", { names: recipientsLine(email, own, t("row.me"), t("row.separator")) || t("row.noRecipient") })}
          <span aria-hidden className={details ? "caret caret-open" : "caret"} />
          <span className="visually-hidden">{t("reader.allAddresses")}</span>
        </button>
      </div>
      <time className="message-date" dateTime={email.receivedAt} title={formatFullDate(email.receivedAt, locale)}>{formatShortDate(email.receivedAt, locale)}</time>
      <span className="message-tools">
        {!readOnly && <IconButton label={t(flagged ? "action.unflag" : "action.flag")} icon={Star} filled={flagged} aria-pressed={flagged}
          className={flagged ? "starred" : ""} onClick={() => actions.setFlag([email], !flagged)} />}
        <IconButton label={t("action.reply")} icon={Reply} directional onClick={() => answer("reply", accountId, email.id)} />
        <MessageMenu accountId={accountId} email={email} emails={emails} control={control} />
      </span>
      {details && (
        <dl className="address-list">
          <AddressList label={t("compose.from")} addresses={email.from} />
          <AddressList label={t("compose.replyTo")} addresses={email.replyTo} />
          <AddressList label={t("compose.to")} addresses={email.to} />
          <AddressList label={t("compose.cc")} addresses={email.cc} />
          <AddressList label={t("compose.bcc")} addresses={email.bcc} />
          <FactLine label={t("reader.dateSent")}>{email.sentAt && formatFullDate(email.sentAt, locale)}</FactLine>
          <FactLine label={t("reader.dateReceived")}>{formatFullDate(email.receivedAt, locale)}</FactLine>
          <FactLine label={t("reader.size")}>{formatBytes(email.size, locale)}</FactLine>
          <FactLine label={t("reader.messageId")}>{email.messageId?.join(" ")}</FactLine>
        </dl>
      )}
    </header>
  );
}

function AnswerButtons({ accountId, emailId }: { readonly accountId: Id; readonly emailId: Id }) {
  const t = useT();
  return (
    <footer className="message-foot">
      <Button icon={Reply} className="directional-first" onClick={() => answer("reply", accountId, emailId)}>{t("action.reply")}</Button>
      <Button icon={ReplyAll} className="directional-first" onClick={() => answer("replyAll", accountId, emailId)}>{t("action.replyAll")}</Button>
      <Button icon={Forward} className="directional-first" onClick={() => answer("forward", accountId, emailId)}>{t("action.forward")}</Button>
    </footer>
  );
}

export function Message({ accountId, email, emails, initiallyOpen, last }: Props) {
  const control = useViewControl();
  const [open, setOpen] = useState(initiallyOpen);
  /* What somebody else is writing can only be read. */
  const draft = email.keywords["$draft"] === true && !useReadOnly(accountId);
  return (
    <article className="message" role="listitem" data-open={open && !draft}>
      {draft ? <DraftMessage accountId={accountId} email={email} />
        : open ? (
          <>
            <MessageHead accountId={accountId} email={email} emails={emails} control={control} onClose={() => setOpen(false)} />
            <MessageBody accountId={accountId} email={email} control={control} />
            {last && <AnswerButtons accountId={accountId} emailId={email.id} />}
          </>
        ) : <CollapsedMessage email={email} onOpen={() => setOpen(true)} />}
    </article>
  );
}
