// Times in words. Everything is rounded down: a token is never called good for longer than it is.

import { locale, words } from "../words/words";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A length of time in words; `ms` below zero counts as zero. */
export function duration(ms: number): string {
  const t = Math.max(0, ms);
  if (t < 2 * MINUTE) return words.time.s(Math.floor(t / SECOND));
  if (t < HOUR) return words.time.min(Math.floor(t / MINUTE));
  const hours = words.time.h(Math.floor(t / HOUR));
  if (t < 10 * HOUR) {
    const minutes = Math.floor((t % HOUR) / MINUTE);
    return minutes ? `${hours} ${words.time.min(minutes)}` : hours;
  }
  if (t < 2 * DAY) return hours;
  return words.time.days(Math.floor(t / DAY));
}

/** "in 4 min", "3 min ago", "now". */
export function relative(at: number, now: number): string {
  const difference = at - now;
  if (Math.abs(difference) < SECOND) return words.time.now;
  return difference > 0
    ? words.time.inside(duration(difference))
    : words.time.ago(duration(-difference));
}

const STYLES = {
  weekdayShort: { weekday: "short" },
  weekdayLong: { weekday: "long" },
  exact: { dateStyle: "full", timeStyle: "long" },
  time: { hour: "2-digit", minute: "2-digit" },
  date: { day: "numeric", month: "short" },
  day: { weekday: "short", day: "numeric" },
} as const satisfies Record<string, Intl.DateTimeFormatOptions>;
type Style = keyof typeof STYLES;

/** Made once for each locale: making one takes longer than using it a hundred times. */
const formats = new Map<string, { format: Intl.DateTimeFormat; said: Map<number, string> }>();
/** The axis says the same few times in every frame of a zoom. */
const MOST_SAID = 500;

function format(at: number, style: Style): string {
  const key = `${locale} ${style}`;
  let made = formats.get(key);
  if (!made) {
    made = { format: new Intl.DateTimeFormat(locale, STYLES[style]), said: new Map() };
    formats.set(key, made);
  }
  let text = made.said.get(at);
  if (text === undefined) {
    if (made.said.size >= MOST_SAID) made.said.clear();
    made.said.set(at, (text = made.format.format(at)));
  }
  return text;
}

/** Makes what the axis and the headline need, while the first answer is waited for. */
export function warmUp(at: number): void {
  for (const style of ["time", "weekdayLong", "weekdayShort", "date", "day"] as const) {
    format(at, style);
  }
}

/** Local clock time as short as it is clear: "16:20", "Tue 16:20", "3 Mar 16:20". */
export function clock(at: number, now: number): string {
  const time = timeOfDay(at);
  if (sameDay(at, now)) return time;
  if (Math.abs(at - now) < 6 * DAY) return `${format(at, "weekdayShort")} ${time}`;
  return `${shortDate(at)} ${time}`;
}

/** The exact local time, for titles and details. */
export function exact(at: number): string {
  return format(at, "exact");
}

/** A day in words, for ends that are only estimates: "today", "tomorrow", "Tuesday", "3 Mar". */
export function day(at: number, now: number): string {
  if (sameDay(at, now)) return words.time.today;
  if (sameDay(at, now + DAY)) return words.time.tomorrow;
  if (at > now && at - now < 6 * DAY) return format(at, "weekdayLong");
  return shortDate(at);
}

/** The heading of a day in a list: "Today", "Yesterday", "Tuesday 17 Nov". */
export function dayHeading(at: number, now: number): string {
  if (sameDay(at, now)) return words.time.headToday;
  if (sameDay(at, now - DAY)) return words.time.headYesterday;
  return `${format(at, "weekdayLong")} ${shortDate(at)}`;
}

export function timeOfDay(at: number): string {
  return format(at, "time");
}

export function shortDate(at: number): string {
  return format(at, "date");
}

export function shortDay(at: number): string {
  return format(at, "day");
}

/** A number as the person writes it. */
export function number(n: number): string {
  return n.toLocaleString(locale);
}

/** An API time as milliseconds; null where there is none or it cannot be read. */
export function instant(text: string | null | undefined): number | null {
  if (!text) return null;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? null : ms;
}

/**
 * Milliseconds until the next word on the screen changes: a second while any end is nearer than two
 * minutes, else the next whole minute of the nearest end. At most a minute, so a resumed laptop
 * shows the truth soon.
 */
export function nextTick(now: number, ends: readonly number[]): number {
  let wait = MINUTE;
  for (const end of ends) {
    const left = end - now;
    if (Math.abs(left) < 2 * MINUTE + SECOND) return SECOND;
    const untilWord = ((left % MINUTE) + MINUTE) % MINUTE;
    wait = Math.min(wait, untilWord + 50);
  }
  return Math.max(SECOND, wait);
}

export function sameDay(a: number, b: number): boolean {
  if (Math.abs(a - b) >= DAY + 2 * HOUR) return false;
  const [one, other] = [new Date(a), new Date(b)];
  return one.getDate() === other.getDate() && one.getMonth() === other.getMonth();
}
