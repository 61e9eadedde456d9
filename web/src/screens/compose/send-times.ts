import type { MessageId } from "../../i18n/i18n.ts";

export interface SendTime {
  readonly key: string;
  readonly label: MessageId;
  readonly at: Date;
}

function atHour(day: Date, hour: number): Date {
  return new Date(day.getFullYear(), day.getMonth(), day.getDate(), hour);
}

function inDays(day: Date, days: number): Date {
  return new Date(day.getFullYear(), day.getMonth(), day.getDate() + days);
}

/* What people mean by later, in their own time zone: this evening, tomorrow, on Monday. */
export function sendTimes(now: Date): readonly SendTime[] {
  const times: SendTime[] = [];
  const evening = atHour(now, 18);
  if (evening.getTime() - now.getTime() > 3_600_000) times.push({ key: "evening", label: "compose.laterEvening", at: evening });
  times.push({ key: "morning", label: "compose.laterMorning", at: atHour(inDays(now, 1), 8) });
  times.push({ key: "afternoon", label: "compose.laterAfternoon", at: atHour(inDays(now, 1), 13) });
  times.push({ key: "monday", label: "compose.laterMonday", at: atHour(inDays(now, ((8 - now.getDay()) % 7) || 7), 8) });
  return times;
}

/* A UTCDate (RFC 8620, 1.4). */
export function utcDate(at: Date): string {
  return at.toISOString().replace(/\.\d+Z$/, "Z");
}

/* What a date and a time field hold, in the person's zone; null: nothing that is to come. */
export function chosenTime(day: string, time: string, now: Date): Date | null {
  const at = new Date(`${day}T${time}`);
  return Number.isNaN(at.getTime()) || at.getTime() < now.getTime() + 30_000 ? null : at;
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}

export function dayField(at: Date): string {
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}

export function timeField(at: Date): string {
  return `${two(at.getHours())}:${two(at.getMinutes())}`;
}
