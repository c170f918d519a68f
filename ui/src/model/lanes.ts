// A lane as shapes in pixels: what the band of one account draws. No colours, no markup.

import type { Lane, LaneMark, MarkKind } from "../api/types";
import { tenth, x, type Scale } from "./axis";
import { instant } from "./time";

export interface Span {
  x: number;
  width: number;
}

export interface Bar extends Span {
  /** The end was assumed, not told by the provider. */
  assumed: boolean;
}

export interface Mark {
  x: number;
  kind: MarkKind;
  title: string;
}

/** A dense stretch that is shorter than a mark is one. */
const MARK = 14;

export interface Dense extends Span {
  kind: MarkKind;
  title: string;
  /** Empty where it does not fit. */
  text: string;
}

export interface Picture {
  past: Bar[];
  ahead: Bar | null;
  incidents: Span[];
  dense: Dense[];
  marks: Mark[];
  planned: number | null;
  signIn: number | null;
}

/** The width that a short life still has, so that it can be seen at all. */
const SEEN = 3;
/** Average width of a letter of the small text; a text that does not fit is left out. */
const LETTER = 5.9;
/** Later kinds are drawn over earlier ones. */
const ORDER: readonly MarkKind[] = [
  "refreshed",
  "other",
  "waiting",
  "signed_in",
  "setup",
  "sign_in",
];

export function picture(lane: Lane, scale: Scale): Picture {
  const nowX = x(scale, scale.now);
  const bars = lane.bars
    .map((bar) => ({
      from: instant(bar.from),
      to: instant(bar.to),
      assumed: bar.source === "assumed",
    }))
    .filter(
      (bar): bar is { from: number; to: number; assumed: boolean } =>
        bar.from !== null && bar.to !== null,
    )
    .sort((a, b) => a.from - b.from);
  const newest = bars.at(-1);
  return {
    past: pastBars(bars, scale),
    ahead:
      newest && newest.to > scale.now
        ? { ...between(nowX, x(scale, newest.to), scale), assumed: newest.assumed }
        : null,
    incidents: lane.incidents.flatMap((span) => {
      const from = instant(span.from);
      const to = instant(span.to) ?? scale.now;
      if (from === null || to <= scale.from || from >= scale.to) return [];
      return [between(x(scale, from), x(scale, to), scale)];
    }),
    dense: lane.marks.flatMap((mark) => dense(mark, scale)),
    marks: lane.marks.flatMap((mark) => single(mark, scale)).sort((a, b) => rank(a) - rank(b)),
    planned: inside(instant(lane.planned_at), scale, scale.now),
    signIn: inside(instant(lane.sign_in_at), scale, scale.now),
  };
}

/** Lives that touch become one bar: the gaps that are left are when programs got nothing. */
function pastBars(bars: { from: number; to: number; assumed: boolean }[], scale: Scale): Bar[] {
  const touch = (scale.to - scale.from) / scale.width;
  const joined: { from: number; to: number; assumed: boolean }[] = [];
  for (const bar of bars) {
    const to = Math.min(bar.to, scale.now);
    if (to <= scale.from || bar.from >= scale.now) continue;
    const last = joined.at(-1);
    if (last && last.assumed === bar.assumed && bar.from <= last.to + touch) {
      last.to = Math.max(last.to, to);
    } else {
      joined.push({ from: bar.from, to, assumed: bar.assumed });
    }
  }
  return joined.map((bar) => ({
    ...between(x(scale, bar.from), x(scale, bar.to), scale),
    assumed: bar.assumed,
  }));
}

function dense(mark: LaneMark, scale: Scale): Dense[] {
  const from = instant(mark.at);
  const until = instant(mark.until);
  if (from === null || until === null || until <= scale.from || from >= scale.to) return [];
  if (isShort(from, until, scale)) return [];
  const span = between(x(scale, from), x(scale, until), scale);
  const short = `×${mark.count}`;
  const fits = (text: string) => text.length * LETTER <= span.width - 8;
  return [
    {
      ...span,
      kind: mark.kind,
      title: mark.label,
      text: fits(mark.label) ? mark.label : fits(short) ? short : "",
    },
  ];
}

function single(mark: LaneMark, scale: Scale): Mark[] {
  const from = instant(mark.at);
  if (from === null) return [];
  const until = instant(mark.until);
  if (until !== null && !isShort(from, until, scale)) return [];
  const at = until === null ? from : (from + until) / 2;
  if (at < scale.from || at > scale.to) return [];
  return [{ x: x(scale, at), kind: mark.kind, title: mark.label }];
}

function isShort(from: number, until: number, scale: Scale): boolean {
  return x(scale, until) - x(scale, from) < MARK;
}

function inside(at: number | null, scale: Scale, notBefore: number): number | null {
  if (at === null || at > scale.to) return null;
  return x(scale, Math.max(at, notBefore));
}

function between(from: number, to: number, scale: Scale): Span {
  const start = Math.max(0, from);
  const end = Math.min(scale.width, to);
  return { x: start, width: Math.max(SEEN, tenth(end - start)) };
}

function rank(mark: Mark): number {
  return ORDER.indexOf(mark.kind);
}
