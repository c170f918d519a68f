import { describe, expect, it } from "vitest";
import {
  NOW_AT,
  RANGES,
  frameOf,
  panned,
  ranges,
  reading,
  scale,
  serves,
  ticks,
  x,
  zoomed,
} from "./axis";

const h = 3_600_000;
const now = Date.parse("2026-03-10T14:00:00Z"); // 15:00 in Berlin

it("keeps now where it is, whatever the range", () => {
  for (const range of RANGES) {
    const s = scale(now, frameOf(range.length), 600);
    expect(x(s, now)).toBeCloseTo(600 * NOW_AT);
    expect(x(s, s.from)).toBe(0);
    expect(x(s, s.to)).toBe(600);
  }
});

it("offers the shortest range only in the demo", () => {
  expect(ranges(false).map((r) => r.key)).toEqual(["1h", "6h", "24h", "7d", "90d"]);
  expect(ranges(true).map((r) => r.key)).toEqual(["15m", "1h", "6h", "24h", "7d"]);
});

describe("a frame", () => {
  const day = frameOf(24 * h);

  it("zooms from an hour to 90 days and keeps now in its place", () => {
    let near = day;
    for (let step = 0; step < 30; step += 1) near = zoomed(near, 1 / 1.6, 0.1, h);
    expect(near).toEqual({ length: h, offset: 0 });
    let far = day;
    for (let step = 0; step < 30; step += 1) far = zoomed(far, 1.6, 0.1, h);
    expect(far).toEqual({ length: 90 * 24 * h, offset: 0 });
  });

  it("once moved zooms around the pointer", () => {
    const moved = panned(day, 0.5);
    const at = (frame: typeof day) => {
      const s = scale(now, frame, 1000);
      return s.from + 0.3 * (s.to - s.from);
    };
    expect(at(zoomed(moved, 0.5, 0.3, h))).toBeCloseTo(at(moved));
  });

  it("moves with the hand, comes back to rest at now, and has ends", () => {
    expect(panned(day, 0.25)).toEqual({ length: 24 * h, offset: -6 * h });
    expect(panned(panned(day, 0.25), -0.2501).offset).toBe(0);
    expect(panned(day, 1e6).offset).toBe(-366 * 24 * h);
    expect(panned(day, -1e6).offset).toBe(90 * 24 * h);
  });

  it("is served by what was read until it leaves it or wants other detail", () => {
    const read = reading(day, now);
    expect(serves(null, day, now)).toBe(false);
    expect(serves(read, panned(day, 0.9), now)).toBe(true);
    expect(serves(read, panned(day, 1.1), now)).toBe(false);
    expect(serves(read, zoomed(day, 1.3, 0.5, h), now)).toBe(true);
    expect(serves(read, zoomed(day, 2, 0.5, h), now)).toBe(false);
  });
});

describe("ticks", () => {
  it("stand at round local hours and leave room for the word now", () => {
    expect(ticks(scale(now, frameOf(24 * h), 634)).map((t) => t.label)).toEqual([
      "03:00",
      "06:00",
      "09:00",
      "12:00",
      "",
      "18:00",
      "21:00",
      "",
    ]);
  });
  it("are days in a week and dates in a quarter", () => {
    expect(ticks(scale(now, frameOf(7 * 24 * h), 634)).map((t) => t.label)).toContain("Mon 9");
    expect(
      ticks(scale(now, frameOf(90 * 24 * h), 634)).every((t) => /^(\d+ \w{3})?$/.test(t.label)),
    ).toBe(true);
  });
  it("follow the local clock over a change of clocks", () => {
    const spring = Date.parse("2026-03-29T10:00:00Z"); // clocks went forward at 02:00
    const hours = ticks(scale(spring, frameOf(24 * h), 634))
      .map((t) => t.label)
      .filter(Boolean);
    expect(hours).toContain("00:00");
    expect(hours.every((label) => label.endsWith(":00"))).toBe(true);
  });
  it("are none without room", () => expect(ticks(scale(now, frameOf(24 * h), 10))).toEqual([]));
});
