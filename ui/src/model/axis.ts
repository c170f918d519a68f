// The time axis: a window of time around a now line that stays where it is, in pixels.

import { sameDay } from "./time";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Where the now line stands, as a share of the width. */
export const NOW_AT = 0.6;

export interface Range {
  key: string;
  label: string;
  /** What a screen reader says. */
  name: string;
  length: number;
}

export const RANGES: readonly Range[] = [
  { key: "15m", label: "15 min", name: "15 minutes", length: 15 * MINUTE },
  { key: "6h", label: "6 h", name: "6 hours", length: 6 * HOUR },
  { key: "24h", label: "24 h", name: "24 hours", length: DAY },
  { key: "7d", label: "7 d", name: "7 days", length: 7 * DAY },
  { key: "90d", label: "90 d", name: "90 days", length: 90 * DAY },
];

/** The ranges on offer: the shortest one only in the demo, whose tokens live for a minute. */
export function ranges(demo: boolean): readonly Range[] {
  return demo ? RANGES.slice(0, 4) : RANGES.slice(1);
}

export interface Scale {
  from: number;
  to: number;
  now: number;
  width: number;
}

export function scale(now: number, length: number, width: number): Scale {
  const from = now - length * NOW_AT;
  return { from, to: from + length, now, width };
}

/** Position of a time in pixels, to a tenth; may lie outside of the picture. */
export function x(scale: Scale, at: number): number {
  return tenth(((at - scale.from) / (scale.to - scale.from)) * scale.width);
}

export function tenth(pixels: number): number {
  return Math.round(pixels * 10) / 10;
}

export interface Tick {
  x: number;
  /** Empty where a label would touch the word "now". */
  label: string;
}

const STEPS = [
  MINUTE,
  2 * MINUTE,
  5 * MINUTE,
  15 * MINUTE,
  30 * MINUTE,
  HOUR,
  2 * HOUR,
  3 * HOUR,
  6 * HOUR,
  12 * HOUR,
  DAY,
  2 * DAY,
  7 * DAY,
  14 * DAY,
  28 * DAY,
];
const LABEL_ROOM = 62;
const NOW_ROOM = 44;
const EDGE_ROOM = 20;

const time = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const dayOfWeek = new Intl.DateTimeFormat("en-GB", { weekday: "short", day: "numeric" });
const dayOfMonth = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });

/** Ticks at round local times, as dense as their labels allow. */
export function ticks(scale: Scale): Tick[] {
  if (scale.width < LABEL_ROOM) return [];
  const length = scale.to - scale.from;
  const room = (length / scale.width) * LABEL_ROOM;
  const step = STEPS.find((candidate) => candidate >= room) ?? 28 * DAY;
  const result: Tick[] = [];
  for (let at = firstTick(scale.from, step); at < scale.to; at = after(at, step)) {
    const position = x(scale, at);
    const free =
      Math.abs(position - x(scale, scale.now)) >= NOW_ROOM &&
      position >= EDGE_ROOM &&
      position <= scale.width - EDGE_ROOM;
    result.push({ x: position, label: free ? label(at, step, length) : "" });
  }
  return result;
}

function label(at: number, step: number, length: number): string {
  const format =
    step < DAY && !(length > DAY && isMidnight(at))
      ? time
      : length > 8 * DAY
        ? dayOfMonth
        : dayOfWeek;
  return format.format(at);
}

function isMidnight(at: number): boolean {
  return !sameDay(at, at - 1);
}

function firstTick(from: number, step: number): number {
  const midnight = new Date(from);
  midnight.setHours(0, 0, 0, 0);
  let at = midnight.getTime();
  while (at < from) at = after(at, step);
  return at;
}

/** The next tick; whole days follow the local calendar, so that a change of clocks shifts nothing. */
function after(at: number, step: number): number {
  if (step < DAY) {
    const next = new Date(at + step);
    const midnight = new Date(at);
    midnight.setHours(24, 0, 0, 0);
    return Math.min(next.getTime(), midnight.getTime() > at ? midnight.getTime() : Infinity);
  }
  const next = new Date(at);
  next.setDate(next.getDate() + Math.round(step / DAY));
  return next.getTime();
}
