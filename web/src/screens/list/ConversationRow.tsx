import { Clock, Paperclip, Star } from "lucide-react";
import { memo, type DragEvent, type MouseEvent } from "react";
import { useLocale, useT, type Translate } from "../../i18n/i18n.ts";
import { formatFullDate, formatListDate } from "../../i18n/format.ts";
import type { Id } from "../../jmap/types.ts";
import { displayName, factsOf, leadOf, participantsOf, shortName, type Conversation, type ConversationFacts, type Participant } from "../../mail/conversations.ts";
import { snippetPieces } from "../../mail/search.ts";
import { useRowWords } from "../organise/LabelChips.tsx";
import { Avatar } from "../../ui/Avatar.tsx";
import { ROW_MARKS } from "../desk/slots.ts";

export interface RowProps {
  readonly conversation: Conversation;
  readonly accountId: Id;
  readonly own: string;
  /* In a list of several accounts' mail: which one this is of. */
  readonly account: string | null;
  readonly readOnly: boolean;
  readonly outgoing: boolean;
  readonly active: boolean;
  readonly open: boolean;
  readonly selected: boolean;
  readonly position: number;
  readonly top: number;
  readonly onOpen: (key: Id) => void;
  readonly onToggle: (key: Id) => void;
  readonly onRange: (key: Id) => void;
  readonly onFlag: (conversation: Conversation) => void;
  readonly onHover: (conversation: Conversation) => void;
  readonly onMenu: (key: Id, x: number, y: number) => void;
  readonly onDrag: (event: DragEvent, key: Id) => void;
}

function nameOf(person: Participant, alone: boolean, t: Translate): string {
  if (person.me) return t("row.me");
  return alone ? displayName(person.address) : shortName(person.address);
}

function People({ people, outgoing, draft }: { readonly people: readonly Participant[]; readonly outgoing: boolean; readonly draft: boolean }) {
  const t = useT();
  const alone = people.length === 1;
  return (
    <span className="row-people">
      {outgoing && people.length > 0 && <span className="row-to">{t("row.to")} </span>}
      {people.slice(0, 4).map((person, index) => (
        <span key={person.address.email}>
          {index > 0 && t("row.separator")}
          <bdi className={person.unread ? "row-new" : undefined}>{nameOf(person, alone, t)}</bdi>
        </span>
      ))}
      {people.length > 4 && <> <bdi dir="ltr">+{people.length - 4}</bdi></>}
      {people.length === 0 && !draft && <span>{t(outgoing ? "row.noRecipient" : "row.noSender")}</span>}
      {draft && <span className="row-draft">{people.length > 0 ? t("row.separator") : ""}{t("row.draft")}</span>}
    </span>
  );
}

/* What a screen reader says of a row, in one sentence. */
function labelOf(props: RowProps, facts: ConversationFacts, people: readonly Participant[], t: Translate, locale: string): string {
  const parts = [
    facts.unread ? t("row.unread") : "",
    people.map((person) => nameOf(person, true, t)).join(t("row.separator")),
    facts.subject || t("row.noSubject"),
    formatFullDate(facts.date, locale),
    props.account ? t("row.account", { account: props.account }) : "",
    facts.hasAttachment ? t("row.hasAttachment") : "",
    facts.flagged ? t("row.flagged") : "",
  ];
  return parts.filter(Boolean).join(". ");
}

/* Text in which the words of a search are marked, where the server found them. */
function Marked({ snippet, plain }: { readonly snippet: string | null | undefined; readonly plain: string }) {
  if (!snippet) return plain;
  return snippetPieces(snippet).map((piece, index) => (piece.marked ? <mark key={index}>{piece.text}</mark> : piece.text));
}

function RowText({ facts, people, ...props }: RowProps & { readonly facts: ConversationFacts; readonly people: readonly Participant[] }) {
  const t = useT();
  const locale = useLocale();
  const { conversation, outgoing, account, accountId } = props;
  const count = conversation.emails.length;
  return (
    <div className="row-text" role="gridcell">
      <div className="row-line">
        <People people={people} outgoing={outgoing} draft={facts.hasDraft && !outgoing} />
        {count > 1 && <span className="row-count">{count}</span>}
        <time className="row-date" dateTime={facts.date}>{formatListDate(facts.date, locale)}</time>
      </div>
      <div className="row-line">
        <span className="row-subject" dir="auto"><Marked snippet={conversation.snippet?.subject} plain={facts.subject || t("row.noSubject")} /></span>
        <span className="row-marks">
          {ROW_MARKS.map((Mark, index) => <Mark key={index} accountId={accountId} conversation={conversation} />)}
          {facts.pending && <Clock size={14} className="row-mark" aria-hidden />}
          {facts.hasAttachment && <Paperclip size={14} className="row-mark" aria-hidden />}
          {account && <span className="row-account" title={account}><bdi>{account}</bdi></span>}
        </span>
      </div>
      <div className="row-line">
        <span className="row-preview" dir="auto"><Marked snippet={conversation.snippet?.preview} plain={facts.preview || " "} /></span>
      </div>
    </div>
  );
}

export const ConversationRow = memo(function ConversationRow(props: RowProps) {
  const t = useT();
  const locale = useLocale();
  const { conversation, active, open, selected, onOpen, onToggle, onRange, onFlag, onHover } = props;
  const { key } = conversation;
  const facts = factsOf(conversation);
  const people = participantsOf(conversation, props.own, props.outgoing);
  const face = people.find((person) => !person.me)?.address ?? people[0]?.address ?? leadOf(conversation).from?.[0];
  const words = useRowWords(conversation.emails);
  const click = (event: MouseEvent): void => {
    if (event.shiftKey) onRange(key);
    else if (event.metaKey || event.ctrlKey) onToggle(key);
    else onOpen(key);
  };
  const names = ["row", facts.unread && "row-unread", active && "row-active", open && "row-open", selected && "row-selected"];
  return (
    <div role="row" id={`row-${key}`} aria-selected={selected || open} aria-rowindex={props.position + 1}
      aria-label={[labelOf(props, facts, people, t, locale), ...words].join(". ")} className={names.filter(Boolean).join(" ")}
      style={{ transform: `translateY(${props.top}px)` }} onClick={click} onMouseEnter={() => onHover(conversation)}
      onMouseDown={(event) => { if (event.shiftKey) event.preventDefault(); }}
      onContextMenu={(event) => { event.preventDefault(); props.onMenu(key, event.clientX, event.clientY); }}
      draggable onDragStart={(event) => props.onDrag(event, key)}>
      <span className="row-cell" role="gridcell">
        <button type="button" tabIndex={-1} className="row-face" aria-label={t(selected ? "row.deselect" : "row.select")}
          aria-pressed={selected} onClick={(event) => { event.stopPropagation(); if (event.shiftKey) onRange(key); else onToggle(key); }}>
          <Avatar address={face ?? { name: null, email: "?" }} />
          <span className="row-tick" aria-hidden>{selected ? "✓" : ""}</span>
        </button>
      </span>
      <RowText {...props} facts={facts} people={people} />
      <span className="row-cell" role="gridcell">
        {props.readOnly ? facts.flagged && <span className="row-star row-starred"><Star size={16} fill="currentColor" aria-hidden /></span> : (
          <button type="button" tabIndex={-1} className={facts.flagged ? "row-star row-starred" : "row-star"} aria-pressed={facts.flagged}
            aria-label={t(facts.flagged ? "action.unflag" : "action.flag")}
            onClick={(event) => { event.stopPropagation(); onFlag(conversation); }}>
            <Star size={16} fill={facts.flagged ? "currentColor" : "none"} aria-hidden />
          </button>
        )}
      </span>
    </div>
  );
});
