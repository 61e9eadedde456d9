import { useQueryClient } from "@tanstack/react-query";
import { CalendarDays, CalendarX, Clock, MapPin, Repeat, UserRound, Users, type LucideIcon } from "lucide-react";
import { useMemo, useState, type ReactNode } from "react";
import { useLocale, useT, type MessageId } from "../../i18n/i18n.ts";
import type { Answer, Attendee, EmailDetail, EmailView, Id, Invitation } from "../../jmap/types.ts";
import { keys } from "../../mail/queries.ts";
import { recurrenceWords, whenOf } from "./invitation-words.ts";

const MOST_SHOWN = 8;
const ANSWERS: Readonly<Record<Answer, MessageId>> = { accepted: "reader.accepted", declined: "reader.declined", tentative: "reader.tentative", delegated: "reader.delegated", "needs-action": "reader.noAnswer" };

function nameOf(person: Attendee): string {
  return person.name || person.email;
}

function isCancelled(invitation: Invitation): boolean {
  return invitation.method === "cancel" || invitation.status === "cancelled";
}

/* A later word on the same event, in another mail that is on the screen or was lately. */
function useSuperseded(invitation: Invitation, accountId: Id): boolean {
  const client = useQueryClient();
  return useMemo(() => {
    if (invitation.uid === null || invitation.method === "reply") return false;
    return client.getQueriesData<EmailView>({ queryKey: keys.views(accountId) }).some(([, view]) => {
      const other = view?.calendar;
      if (!other || other.uid !== invitation.uid || other.method === "reply" || other.instance !== invitation.instance) return false;
      if (other.sequence !== invitation.sequence) return other.sequence > invitation.sequence;
      return (other.stamp ?? "") > (invitation.stamp ?? "");
    });
  }, [client, invitation, accountId]);
}

function headingOf(invitation: Invitation): MessageId {
  if (isCancelled(invitation)) return "reader.inviteCancelled";
  if (invitation.method === "reply") return "reader.inviteReply";
  if (invitation.method === "counter") return "reader.inviteCounter";
  if (invitation.method === "decline-counter") return "reader.inviteCounterDeclined";
  if (invitation.method === "request") return invitation.sequence > 0 ? "reader.inviteUpdated" : "reader.invite";
  return "reader.inviteEvent";
}

function Line({ icon: Icon, label, children }: { readonly icon: LucideIcon; readonly label: string; readonly children: ReactNode }) {
  return <div className="invite-line"><dt><Icon size={16} aria-hidden /><span className="visually-hidden">{label}</span></dt><dd>{children}</dd></div>;
}

function People({ invitation }: { readonly invitation: Invitation }) {
  const t = useT();
  const [all, setAll] = useState(false);
  const shown = all ? invitation.attendees : invitation.attendees.slice(0, MOST_SHOWN);
  const left = invitation.attendeesTotal - shown.length;
  return (
    <ul className="invite-people">
      {shown.map((person, index) => (
        <li key={person.email + String(index)}>
          <bdi title={person.email}>{nameOf(person)}</bdi>
          <span className={`invite-answer invite-${person.answer}`}>{t(ANSWERS[person.answer])}</span>
          {person.optional && <span className="muted">{t("reader.optional")}</span>}
        </li>
      ))}
      {left > 0 && (shown.length < invitation.attendees.length
        ? <li><button type="button" className="fold" onClick={() => setAll(true)}>{t("reader.morePeople", { count: left })}</button></li>
        : <li className="muted">{t("reader.morePeople", { count: left })}</li>)}
    </ul>
  );
}

/* What a reply says: who answered what. */
function ReplyLine({ invitation }: { readonly invitation: Invitation }) {
  const t = useT();
  const person = invitation.attendees[0];
  if (invitation.method !== "reply" || !person) return null;
  return <p className="invite-said"><bdi>{nameOf(person)}</bdi>: <span className={`invite-answer invite-${person.answer}`}>{t(ANSWERS[person.answer])}</span></p>;
}

interface Props {
  readonly invitation: Invitation;
  readonly accountId: Id;
  readonly email: EmailDetail;
}

/* An invitation's details on top of its mail. */
export function InvitationCard({ invitation, accountId, email }: Props) {
  const t = useT();
  const locale = useLocale();
  const superseded = useSuperseded(invitation, accountId);
  const when = whenOf(invitation, locale);
  const cancelled = isCancelled(invitation);
  const past = invitation.recurrence === null && invitation.end !== null && new Date(invitation.end) < new Date();
  return (
    <section className="invite" data-cancelled={cancelled} aria-label={t(headingOf(invitation))}>
      <header>
        {cancelled ? <CalendarX size={22} aria-hidden /> : <CalendarDays size={22} aria-hidden />}
        <div>
          <p className="invite-kind">
            {t(headingOf(invitation))}
            {superseded && <span className="invite-mark">{t("reader.inviteOld")}</span>}
            {!cancelled && past && <span className="invite-mark">{t("reader.invitePast")}</span>}
          </p>
          <h3 dir="auto">{invitation.summary ?? email.subject ?? t("row.noSubject")}</h3>
        </div>
      </header>
      <ReplyLine invitation={invitation} />
      <dl>
        {when && (
          <Line icon={Clock} label={t("reader.when")}>
            <span className="invite-when">{when.text}</span>
            {when.there !== null && <span className="invite-there">{t("reader.inZone", { zone: invitation.timeZone ?? "", when: when.there })}</span>}
            {!invitation.allDay && invitation.start === null && <span className="invite-there">{invitation.timeZone ? t("reader.zoneUnknown", { zone: invitation.timeZone }) : t("reader.zoneNone")}</span>}
            {invitation.allDay && <span className="invite-there">{t("reader.allDay")}</span>}
          </Line>
        )}
        {invitation.recurrence && <Line icon={Repeat} label={t("reader.repeats")}>{recurrenceWords(invitation.recurrence, locale, t)}</Line>}
        {invitation.instance !== null && <Line icon={Repeat} label={t("reader.repeats")}>{t("reader.oneOfSeries")}</Line>}
        {invitation.location && <Line icon={MapPin} label={t("reader.where")}><span dir="auto">{invitation.location}</span></Line>}
        {invitation.organizer && <Line icon={UserRound} label={t("reader.organizer")}>{t("reader.organizedBy", { name: nameOf(invitation.organizer) })}</Line>}
        {invitation.method !== "reply" && invitation.attendees.length > 0 && <Line icon={Users} label={t("reader.attendees")}><People invitation={invitation} /></Line>}
      </dl>
      {invitation.comment && <p className="invite-text" dir="auto">{invitation.comment}</p>}
    </section>
  );
}
