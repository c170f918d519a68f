// The time axis: a window of time around a now line that stays where it is, in pixels.

import { sameDay, shortDate, shortDay, timeOfDay } from "./time";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Where the now line stands, as a share of the width. */
export const NOW_AT = 0.6;

export interface Range {
  key: string;
  length: number;
}

/** Lengths to jump to; every length between is reached by zooming. */
export const RANGES: readonly Range[] = [
  { key: "15m", length: 15 * MINUTE },
  { key: "1h", length: HOUR },
  { key: "6h", length: 6 * HOUR },
  { key: "24h", length: DAY },
  { key: "7d", length: 7 * DAY },
  { key: "90d", length: 90 * DAY },
];

/** The ranges on offer: the shortest one only in the demo, whose tokens live for a minute. */
export function ranges(demo: boolean): readonly Range[] {
  return demo ? RANGES.slice(0, 5) : RANGES.slice(1);
}

/** The stretch of time that is shown: how long, and how far now was moved out of its place. */
export interface Frame {
  length: number;
  /** Milliseconds that the frame lies later than with now in its place; negative: in the past. */
  offset: number;
}

const LONGEST = 90 * DAY;
/** Nothing older is kept (failures and sign-ins for a year). */
const OLDEST = 366 * DAY;

export function frameOf(length: number): Frame {
  return { length, offset: 0 };
}

/** Longer or shorter by `factor`, with the time at `share` of the width staying where it is. */
export function zoomed(frame: Frame, factor: number, share: number, shortest: number): Frame {
  const length = Math.min(LONGEST, Math.max(shortest, frame.length * factor));
  // Zooming around now keeps now in its place; a moved frame is zoomed around the pointer.
  if (frame.offset === 0) return { length, offset: 0 };
  const anchor = (at: number) => at * (share - NOW_AT);
  return bounded({ length, offset: frame.offset + anchor(frame.length) - anchor(length) });
}

/** Moved by a share of its width; what was to the left comes into sight with a positive one. */
export function panned(frame: Frame, share: number): Frame {
  return bounded({ length: frame.length, offset: frame.offset - share * frame.length });
}

/** Now can be moved out of sight, but neither beyond what is kept nor far into the unknown. */
function bounded(frame: Frame): Frame {
  const offset = Math.min(LONGEST, Math.max(-OLDEST, frame.offset));
  return { length: frame.length, offset: Math.abs(offset) < frame.length / 500 ? 0 : offset };
}

export interface Scale {
  from: number;
  to: number;
  now: number;
  width: number;
}

export function scale(now: number, frame: Frame, width: number): Scale {
  const from = now - frame.length * NOW_AT + frame.offset;
  return { from, to: from + frame.length, now, width };
}

/** What is read for a frame: as much again on both sides, so that moving finds it there. */
export interface Reading {
  from: number;
  to: number;
  bucketS: number;
}

/** Marks nearer than this many pixels become one line. */
const MARK_ROOM = 9;
/** A usual width of the lanes; the exact one matters little. */
const LANE_WIDTH = 800;
/** Read anew when the detail differs by more than this. */
const COARSER = 1.7;

export function reading(frame: Frame, now: number): Reading {
  const { from, to } = scale(now, frame, LANE_WIDTH);
  return {
    from: from - frame.length,
    to: to + frame.length,
    bucketS: Math.max(1, Math.round(((frame.length / LANE_WIDTH) * MARK_ROOM) / 1000)),
  };
}

/** Whether what was read still serves this frame. */
export function serves(read: Reading | null, frame: Frame, now: number): boolean {
  if (!read) return false;
  const { from, to } = scale(now, frame, LANE_WIDTH);
  const wanted = reading(frame, now).bucketS;
  const fine = wanted / read.bucketS < COARSER && read.bucketS / wanted < COARSER;
  return fine && from >= read.from && Math.min(to, now) <= read.to;
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
/** Pixels at the usual size of text. */
const LABEL_ROOM = 66;
const NOW_ROOM = 44;
const EDGE_ROOM = 20;

/** Ticks at round local times, as dense as their labels allow; `size` is that of the text, 1 usual. */
export function ticks(scale: Scale, size = 1): Tick[] {
  if (scale.width < LABEL_ROOM * size) return [];
  const length = scale.to - scale.from;
  const room = (length / scale.width) * LABEL_ROOM * size;
  const step = STEPS.find((candidate) => candidate >= room) ?? 28 * DAY;
  const result: Tick[] = [];
  for (let at = firstTick(scale.from, step); at < scale.to; at = after(at, step)) {
    const position = x(scale, at);
    const free =
      Math.abs(position - x(scale, scale.now)) >= NOW_ROOM * size &&
      position >= EDGE_ROOM * size &&
      position <= scale.width - EDGE_ROOM * size;
    result.push({ x: position, label: free ? label(at, step, length) : "" });
  }
  return result;
}

function label(at: number, step: number, length: number): string {
  if (step < DAY && !(length > DAY && isMidnight(at))) return timeOfDay(at);
  return length > 8 * DAY ? shortDate(at) : shortDay(at);
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
