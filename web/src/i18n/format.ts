/* Dates, sizes and durations in the reader's language. All of Intl, so nothing is shipped for it. */
const DAY = 86_400_000;
const cache = new Map<string, Intl.DateTimeFormat>();

function formatter(locale: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = locale + JSON.stringify(options);
  const known = cache.get(key);
  if (known) return known;
  const made = new Intl.DateTimeFormat(locale, options);
  cache.set(key, made);
  return made;
}

function startOfDay(date: Date): number {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
}

/* For a row of the list: the time today, the weekday within a week, else the date. */
export function formatListDate(iso: string, locale: string, now: Date = new Date()): string {
  const date = new Date(iso);
  const age = startOfDay(now) - startOfDay(date);
  if (age === 0) return formatter(locale, { hour: "numeric", minute: "2-digit" }).format(date);
  if (age > 0 && age < 6 * DAY) return formatter(locale, { weekday: "short" }).format(date);
  if (date.getFullYear() === now.getFullYear())
    return formatter(locale, { day: "numeric", month: "short" }).format(date);
  return formatter(locale, { day: "numeric", month: "short", year: "numeric" }).format(date);
}

/* For the head of a mail: the day and the time, the year only when it is another one. */
export function formatShortDate(iso: string, locale: string, now: Date = new Date()): string {
  const date = new Date(iso);
  const time = { hour: "numeric", minute: "2-digit" } as const;
  if (startOfDay(now) === startOfDay(date)) return formatter(locale, time).format(date);
  if (date.getFullYear() === now.getFullYear())
    return formatter(locale, { weekday: "short", day: "numeric", month: "short", ...time }).format(date);
  return formatter(locale, { day: "numeric", month: "short", year: "numeric", ...time }).format(date);
}

export function formatFullDate(iso: string, locale: string): string {
  return formatter(locale, {
    weekday: "short", day: "numeric", month: "long", year: "numeric", hour: "numeric", minute: "2-digit",
  }).format(new Date(iso));
}

export function formatDay(iso: string, locale: string): string {
  return formatter(locale, { day: "numeric", month: "long", year: "numeric" }).format(new Date(iso));
}

/* A line of a log. */
export function formatMoment(iso: string, locale: string): string {
  return formatter(locale, { day: "numeric", month: "short", year: "numeric", hour: "numeric", minute: "2-digit" }).format(new Date(iso));
}

/* Of a day that is kept as its midnight in UTC, such as a start date: the same day everywhere. */
export function formatStartDay(iso: string, locale: string): string {
  return formatter(locale, { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" }).format(new Date(iso));
}

export function formatNumber(value: number, locale: string): string {
  return new Intl.NumberFormat(locale).format(value);
}

const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte"] as const;

export function formatBytes(bytes: number, locale: string): string {
  let value = Math.max(0, bytes);
  let unit = 0;
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit > 0 && value < 10 ? 1 : 0;
  return new Intl.NumberFormat(locale, {
    style: "unit", unit: UNITS[unit]!, unitDisplay: unit === 0 ? "long" : "short", maximumFractionDigits: digits,
  }).format(value);
}

export function formatDuration(seconds: number, locale: string): string {
  const [value, unit] =
    seconds < 60 ? [Math.max(1, Math.round(seconds)), "second"]
    : seconds < 5400 ? [Math.round(seconds / 60), "minute"]
    : [Math.round(seconds / 3600), "hour"];
  return new Intl.NumberFormat(locale, { style: "unit", unit: String(unit), unitDisplay: "long" }).format(Number(value));
}

/* "5 minutes ago", for last-worked lines. */
export function formatAgo(iso: string, locale: string, now: Date = new Date()): string {
  const seconds = Math.round((new Date(iso).getTime() - now.getTime()) / 1000);
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });
  if (Math.abs(seconds) < 60) return relative.format(0, "minute");
  if (Math.abs(seconds) < 3600) return relative.format(Math.round(seconds / 60), "minute");
  if (Math.abs(seconds) < 86_400) return relative.format(Math.round(seconds / 3600), "hour");
  return relative.format(Math.round(seconds / 86_400), "day");
}

/* One after the other, as the language sets them: Chinese puts nothing behind its full stops. */
export function sentences(texts: readonly string[], locale: string): string {
  return texts.join(/^zh\b/.test(locale) ? "" : " ");
}
