import { describe, expect, it } from "vitest";
import { NOW_AT, RANGES, ranges, scale, ticks, x } from "./axis";

const h = 3_600_000;
const now = Date.parse("2026-03-10T14:00:00Z"); // 15:00 in Berlin

it("keeps now where it is, whatever the range", () => {
  for (const range of RANGES) {
    const s = scale(now, range.length, 600);
    expect(x(s, now)).toBeCloseTo(600 * NOW_AT);
    expect(x(s, s.from)).toBe(0);
    expect(x(s, s.to)).toBe(600);
  }
});

it("offers the shortest range only in the demo", () => {
  expect(ranges(false).map((r) => r.key)).toEqual(["6h", "24h", "7d", "90d"]);
  expect(ranges(true).map((r) => r.key)).toEqual(["15m", "6h", "24h", "7d"]);
});

describe("ticks", () => {
  it("stand at round local hours and leave room for the word now", () => {
    expect(ticks(scale(now, 24 * h, 634)).map((t) => t.label)).toEqual([
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
    expect(ticks(scale(now, 7 * 24 * h, 634)).map((t) => t.label)).toContain("Mon 9");
    expect(ticks(scale(now, 90 * 24 * h, 634)).every((t) => /^(\d+ \w{3})?$/.test(t.label))).toBe(
      true,
    );
  });
  it("follow the local clock over a change of clocks", () => {
    const spring = Date.parse("2026-03-29T10:00:00Z"); // clocks went forward at 02:00
    const hours = ticks(scale(spring, 24 * h, 634))
      .map((t) => t.label)
      .filter(Boolean);
    expect(hours).toContain("00:00");
    expect(hours.every((label) => label.endsWith(":00"))).toBe(true);
  });
  it("are none without room", () => expect(ticks(scale(now, 24 * h, 10))).toEqual([]));
});
