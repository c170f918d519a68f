// A lane as shapes in pixels: what the band of one account draws. No colours, no markup.
//
// `prepare` does once what does not depend on the frame; `picture` is made for every drawn frame.

import type { AccountRow, ExpiresSource, Lane, LaneMark, MarkKind } from "../api/types";
import { markOf, words } from "../words/words";
import { tenth, x, type Scale } from "./axis";
import { clock, day, instant, sameDay } from "./time";

export interface Life {
  from: number;
  to: number;
  source: ExpiresSource;
}

interface Happened {
  from: number;
  /** End of a dense stretch. */
  until: number | null;
  mark: LaneMark;
}

/** A lane with its times as numbers. */
export interface Prepared {
  id: string;
  name: string;
  lives: Life[];
  marks: Happened[];
  incidents: { from: number; to: number | null }[];
  planned: number | null;
  /** The life of the sign-in: its beginning where it is known, and its end. */
  horizon: { from: number | null; to: number; about: boolean } | null;
}

export function prepare(lane: Lane): Prepared {
  const end = instant(lane.sign_in_at);
  return {
    id: lane.account_id,
    name: lane.name,
    lives: lane.bars
      .flatMap((bar) => {
        const [from, to] = [instant(bar.from), instant(bar.to)];
        return from === null || to === null ? [] : [{ from, to, source: bar.source }];
      })
      .sort((a, b) => a.from - b.from),
    marks: lane.marks.flatMap((mark) => {
      const from = instant(mark.at);
      return from === null ? [] : [{ from, until: instant(mark.until), mark }];
    }),
    incidents: lane.incidents.flatMap((span) => {
      const from = instant(span.from);
      return from === null ? [] : [{ from, to: instant(span.to) }];
    }),
    planned: instant(lane.planned_at),
    horizon:
      end === null
        ? null
        : { from: instant(lane.signed_in_at), to: end, about: lane.sign_in_about },
  };
}

const known = new WeakMap<Lane, Prepared>();

/** The lane with its times as numbers, made when it is first drawn: of a hundred few are in sight. */
export function preparedOf(lane: Lane): Prepared {
  let made = known.get(lane);
  if (!made) known.set(lane, (made = prepare(lane)));
  return made;
}

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
  mark: LaneMark;
}

/** A dense stretch that is shorter than a mark is one. */
const MARK = 14;

export interface Dense extends Span {
  kind: MarkKind;
  mark: LaneMark;
  /** Empty where it does not fit. */
  text: string;
}

export interface Horizon extends Span {
  about: boolean;
  /** Where the end stands, if it is in sight. */
  end: number | null;
  at: number;
}

export interface Picture {
  past: Bar[];
  ahead: Bar | null;
  incidents: Span[];
  dense: Dense[];
  marks: Mark[];
  planned: number | null;
  horizon: Horizon | null;
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

export function picture(lane: Prepared, scale: Scale): Picture {
  const nowX = x(scale, scale.now);
  const newest = lane.lives.at(-1);
  const ahead = newest && newest.to > scale.now && newest.to > scale.from && scale.now < scale.to;
  return {
    past: pastBars(lane.lives, scale),
    ahead:
      newest && ahead
        ? { ...between(nowX, x(scale, newest.to), scale), assumed: newest.source === "assumed" }
        : null,
    incidents: lane.incidents.flatMap((span) => {
      const to = span.to ?? scale.now;
      if (to <= scale.from || span.from >= scale.to) return [];
      return [between(x(scale, span.from), x(scale, to), scale)];
    }),
    dense: lane.marks.flatMap((one) => dense(one, scale)),
    marks: lane.marks.flatMap((one) => single(one, scale)).sort((a, b) => rank(a) - rank(b)),
    planned: planned(lane.planned, scale),
    horizon: horizon(lane.horizon, scale),
  };
}

/** Lives that touch become one bar: the gaps that are left are when programs got nothing. */
function pastBars(lives: readonly Life[], scale: Scale): Bar[] {
  const touch = (scale.to - scale.from) / scale.width;
  const joined: { from: number; to: number; assumed: boolean }[] = [];
  for (const life of lives) {
    const to = Math.min(life.to, scale.now);
    if (to <= scale.from || life.from >= Math.min(scale.now, scale.to)) continue;
    const assumed = life.source === "assumed";
    const last = joined.at(-1);
    if (last && last.assumed === assumed && life.from <= last.to + touch) {
      last.to = Math.max(last.to, to);
    } else {
      joined.push({ from: life.from, to, assumed });
    }
  }
  return joined.map((bar) => ({
    ...between(x(scale, bar.from), x(scale, bar.to), scale),
    assumed: bar.assumed,
  }));
}

function dense(one: Happened, scale: Scale): Dense[] {
  const { from, until, mark } = one;
  if (until === null || until <= scale.from || from >= scale.to) return [];
  if (isShort(from, until, scale)) return [];
  const span = between(x(scale, from), x(scale, until), scale);
  const short = words.axis.times(mark.count);
  const label = markOf(mark);
  const fits = (text: string) => text.length * LETTER <= span.width - 8;
  return [{ ...span, kind: mark.kind, mark, text: fits(label) ? label : fits(short) ? short : "" }];
}

function single({ from, until, mark }: Happened, scale: Scale): Mark[] {
  if (until !== null && !isShort(from, until, scale)) return [];
  const at = until === null ? from : (from + until) / 2;
  if (at < scale.from || at > scale.to) return [];
  return [{ x: x(scale, at), kind: mark.kind, mark }];
}

function isShort(from: number, until: number, scale: Scale): boolean {
  return x(scale, until) - x(scale, from) < MARK;
}

/** Never before now: what is due now stands at now. */
function planned(at: number | null, scale: Scale): number | null {
  if (at === null) return null;
  const shown = Math.max(at, scale.now);
  return shown < scale.from || shown > scale.to ? null : x(scale, shown);
}

function horizon(life: Prepared["horizon"], scale: Scale): Horizon | null {
  if (!life) return null;
  const from = Math.max(life.from ?? scale.from, scale.from);
  if (life.to <= scale.from || from >= scale.to) return null;
  const end = life.to <= scale.to ? x(scale, life.to) : null;
  return {
    ...between(x(scale, from), x(scale, life.to), scale),
    about: life.about,
    end,
    at: life.to,
  };
}

function between(from: number, to: number, scale: Scale): Span {
  const start = Math.max(0, from);
  const end = Math.min(scale.width, to);
  return { x: start, width: Math.max(SEEN, tenth(end - start)) };
}

function rank(mark: Mark): number {
  return ORDER.indexOf(mark.kind);
}

/** Something on a lane that has a story: where it is and its words. */
export interface Item {
  x: number;
  at: number;
  words: string;
  /** A mark, around which a ring can be drawn; a bar has none. */
  ring: boolean;
}

/** What can be stepped through on a lane with the arrow keys, oldest first. */
export function items(lane: Prepared, row: AccountRow | undefined, scale: Scale): Item[] {
  const drawn = picture(lane, scale);
  const now = scale.now;
  const all: Item[] = lane.marks.flatMap(({ from, until, mark }) => {
    const at = until === null ? from : (from + until) / 2;
    if ((until ?? from) < scale.from || from > scale.to) return [];
    return [{ x: clamped(x(scale, at), scale), at: from, words: markStory(mark, now), ring: true }];
  });
  if (drawn.planned !== null && lane.planned !== null) {
    all.push({
      x: drawn.planned,
      at: lane.planned,
      words: plannedStory(lane.planned, row, now),
      ring: true,
    });
  }
  if (drawn.horizon?.end != null && lane.horizon) {
    all.push({
      x: drawn.horizon.end,
      at: lane.horizon.to,
      words: horizonStory(lane.horizon, now),
      ring: true,
    });
  }
  return all.sort((a, b) => a.at - b.at);
}

function clamped(at: number, scale: Scale): number {
  return Math.min(scale.width, Math.max(0, at));
}

const NEAR = 8;

/** The story of what lies at a place of a lane: the nearest mark, else a span or a bar. */
export function storyAt(
  lane: Prepared,
  row: AccountRow | undefined,
  scale: Scale,
  at: number,
): Item | null {
  let best: Item | null = null;
  for (const item of items(lane, row, scale)) {
    const near = Math.abs(item.x - at);
    if (near <= NEAR && (!best || near <= Math.abs(best.x - at))) best = item;
  }
  if (best) return best;
  const time = scale.from + (at / scale.width) * (scale.to - scale.from);
  const over = (from: number, to: number) => from <= time && time <= to;
  const stretch = lane.marks.find((one) => one.until !== null && over(one.from, one.until));
  if (stretch)
    return { x: at, at: stretch.from, words: markStory(stretch.mark, scale.now), ring: false };
  const incident = lane.incidents.find((span) => over(span.from, span.to ?? scale.now));
  if (incident) {
    const when = incident.to
      ? words.axis.holdUntil(clock(incident.from, scale.now), clock(incident.to, scale.now))
      : words.axis.since(clock(incident.from, scale.now));
    return { x: at, at: incident.from, words: `${words.axis.incident} · ${when}`, ring: false };
  }
  const life = lane.lives.find((bar) => over(bar.from, bar.to));
  if (life) {
    const when = words.axis.holdUntil(clock(life.from, scale.now), clock(life.to, scale.now));
    return {
      x: at,
      at: life.from,
      words: `${words.axis.held} · ${when} · ${words.sources[life.source]}`,
      ring: false,
    };
  }
  if (lane.horizon && over(lane.horizon.from ?? scale.from, lane.horizon.to)) {
    return {
      x: at,
      at: lane.horizon.to,
      words: horizonStory(lane.horizon, scale.now),
      ring: false,
    };
  }
  return null;
}

function markStory(mark: LaneMark, now: number): string {
  const from = instant(mark.at) ?? now;
  const until = instant(mark.until);
  const when =
    until === null
      ? clock(from, now)
      : `${clock(from, now)} – ${clock(until, sameDay(from, until) ? until : now)}`;
  return `${when} · ${markOf(mark)}`;
}

function plannedStory(at: number, row: AccountRow | undefined, now: number): string {
  const healthy = !row || row.state === "ok" || row.state === "expiring";
  const what = healthy ? words.axis.planned : words.axis.plannedTry;
  return `${clock(Math.max(at, now), now)} · ${what}`;
}

function horizonStory(life: { to: number; about: boolean }, now: number): string {
  return life.about
    ? `${words.axis.aboutLabel(day(life.to, now))} · ${words.axis.signInAbout}`
    : `${clock(life.to, now)} · ${words.axis.signInEnds}`;
}
