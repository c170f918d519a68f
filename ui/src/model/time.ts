// Times in words. Everything is rounded down: a token is never called good for longer than it is.

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A length of time in words; `ms` below zero counts as zero. */
export function duration(ms: number): string {
  const t = Math.max(0, ms);
  if (t < 2 * MINUTE) return `${Math.floor(t / SECOND)} s`;
  if (t < HOUR) return `${Math.floor(t / MINUTE)} min`;
  if (t < 10 * HOUR) {
    const minutes = Math.floor((t % HOUR) / MINUTE);
    return `${Math.floor(t / HOUR)} h${minutes ? ` ${minutes} min` : ""}`;
  }
  if (t < 2 * DAY) return `${Math.floor(t / HOUR)} h`;
  return `${Math.floor(t / DAY)} days`;
}

/** "in 4 min", "3 min ago", "now". */
export function relative(at: number, now: number): string {
  const difference = at - now;
  if (Math.abs(difference) < SECOND) return "now";
  return difference > 0 ? `in ${duration(difference)}` : `${duration(-difference)} ago`;
}

const time = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const weekday = new Intl.DateTimeFormat("en-GB", { weekday: "long" });
const shortDay = new Intl.DateTimeFormat("en-GB", { weekday: "short" });
const date = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });
const exactly = new Intl.DateTimeFormat("en-GB", { dateStyle: "full", timeStyle: "long" });

/** Local clock time as short as it is clear: "16:20", "Tue 16:20", "3 Mar 16:20". */
export function clock(at: number, now: number): string {
  if (sameDay(at, now)) return time.format(at);
  if (Math.abs(at - now) < 6 * DAY) return `${shortDay.format(at)} ${time.format(at)}`;
  return `${date.format(at)} ${time.format(at)}`;
}

/** The exact local time, for titles and details. */
export function exact(at: number): string {
  return exactly.format(at);
}

/** A day in words, for ends that are only estimates: "today", "tomorrow", "Tuesday", "3 Mar". */
export function day(at: number, now: number): string {
  if (sameDay(at, now)) return "today";
  if (sameDay(at, now + DAY)) return "tomorrow";
  if (at > now && at - now < 6 * DAY) return weekday.format(at);
  return date.format(at);
}

/** The heading of a day in a list: "Today", "Yesterday", "Tuesday 17 Nov". */
export function dayHeading(at: number, now: number): string {
  if (sameDay(at, now)) return "Today";
  if (sameDay(at, now - DAY)) return "Yesterday";
  return `${weekday.format(at)} ${date.format(at)}`;
}

export function timeOfDay(at: number): string {
  return time.format(at);
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
  return new Date(a).toDateString() === new Date(b).toDateString();
}
