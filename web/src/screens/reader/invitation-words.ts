import type { MessageId, Translate } from "../../i18n/i18n.ts";
import type { Invitation, Recurrence } from "../../jmap/types.ts";

/* A local time of the sender as a moment that Intl shows unchanged: everything is said in UTC. */
function asUtc(local: string): Date {
  return new Date(local.length === 10 ? `${local}T00:00:00Z` : `${local}Z`);
}

/* A zone as Intl knows it; what only the sender's program knows is shown by its name. */
export function knownZone(name: string | null): string | null {
  if (name === null) return null;
  const zone = /[A-Z][A-Za-z_]+\/[A-Z][A-Za-z_]+(?:\/[A-Z][A-Za-z_]+)?$/.exec(name)?.[0] ?? name;
  try {
    new Intl.DateTimeFormat("en", { timeZone: zone });
    return zone;
  } catch {
    return null;
  }
}

const DAY: Intl.DateTimeFormatOptions = { weekday: "long", day: "numeric", month: "long", year: "numeric" };
const TIME: Intl.DateTimeFormatOptions = { hour: "numeric", minute: "2-digit" };

function days(invitation: Invitation, locale: string): string {
  const start = asUtc(invitation.startLocal!);
  const format = new Intl.DateTimeFormat(locale, { ...DAY, timeZone: "UTC" });
  if (invitation.endLocal === null) return format.format(start);
  /* The end is the day after the last one. */
  const last = new Date(asUtc(invitation.endLocal).getTime() - 86_400_000);
  return last > start ? format.formatRange(start, last) : format.format(start);
}

export interface When {
  readonly text: string;
  /* In the zone that the sender wrote, where the reader's clock shows another time. */
  readonly there: string | null;
}

/* When it takes place: by the reader's clock, and by the sender's where that differs. */
export function whenOf(invitation: Invitation, locale: string): When | null {
  if (invitation.startLocal === null) return null;
  if (invitation.allDay) return { text: days(invitation, locale), there: null };
  if (invitation.start === null) {
    const format = new Intl.DateTimeFormat(locale, { ...DAY, ...TIME, timeZone: "UTC" });
    const start = asUtc(invitation.startLocal);
    return { text: invitation.endLocal === null ? format.format(start) : format.formatRange(start, asUtc(invitation.endLocal)), there: null };
  }
  const range = (timeZone: string | undefined): string => {
    const format = new Intl.DateTimeFormat(locale, { ...DAY, ...TIME, timeZoneName: "short", ...(timeZone ? { timeZone } : {}) });
    return invitation.end === null ? format.format(new Date(invitation.start!)) : format.formatRange(new Date(invitation.start!), new Date(invitation.end));
  };
  const zone = knownZone(invitation.timeZone);
  const here = new Intl.DateTimeFormat(locale).resolvedOptions().timeZone;
  const same = zone === null || zone === here || range(zone).replace(/\S+$/, "") === range(here).replace(/\S+$/, "");
  return { text: range(undefined), there: same ? null : range(zone) };
}

const ORDINALS: Readonly<Record<number, MessageId>> = { 1: "reader.first", 2: "reader.second", 3: "reader.third", 4: "reader.fourth", 5: "reader.fifth", [-1]: "reader.last" };

/* The 4th of January 1970 was a Sunday. */
function weekday(day: number, locale: string): string {
  return new Intl.DateTimeFormat(locale, { weekday: "long", timeZone: "UTC" }).format(new Date(Date.UTC(1970, 0, 4 + day)));
}

function dayList(rule: Recurrence, locale: string): string {
  return new Intl.ListFormat(locale, { type: "conjunction" }).format(rule.days.map((day) => weekday(day, locale)));
}

function placesOf(rule: Recurrence, locale: string, t: Translate): string | null {
  const ordinal = ORDINALS[rule.ordinal];
  if (rule.frequency === "weekly" && rule.days.length > 0) return t("reader.onDays", { days: dayList(rule, locale) });
  if (rule.days.length === 1 && ordinal) return t("reader.onOrdinal", { ordinal: t(ordinal), day: weekday(rule.days[0]!, locale) });
  if (rule.monthDays.length > 0 && rule.monthDays.every((day) => day > 0)) return t("reader.onMonthDays", { days: new Intl.ListFormat(locale).format(rule.monthDays.map(String)) });
  return null;
}

const EVERY: Readonly<Record<Recurrence["frequency"], MessageId>> = {
  daily: "reader.everyDays", weekly: "reader.everyWeeks", monthly: "reader.everyMonths", yearly: "reader.everyYears", hourly: "reader.often", minutely: "reader.often", secondly: "reader.often",
};

/* "Every 2 weeks on Monday, until 31 December 2026". */
export function recurrenceWords(rule: Recurrence, locale: string, t: Translate): string {
  const parts = [t(EVERY[rule.frequency], { count: rule.interval })];
  const place = placesOf(rule, locale, t);
  if (place) parts.push(place);
  if (rule.until !== null) parts.push(t("reader.untilDay", { day: new Intl.DateTimeFormat(locale, { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" }).format(asUtc(rule.until)) }));
  if (rule.count > 0) parts.push(t("reader.times", { count: rule.count }));
  if (rule.moreDates) parts.push(t("reader.withExceptions"));
  return parts.join(t("row.separator"));
}
