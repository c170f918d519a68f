import { describe, expect, it } from "vitest";
import { clock, day, duration, instant, nextTick, relative } from "./time";

const s = 1000;
const min = 60 * s;
const h = 60 * min;
const now = Date.parse("2026-03-10T14:08:00Z"); // Tuesday 15:08 in Berlin

describe("duration", () => {
  it.each([
    [-5 * s, "0 s"],
    [119.9 * s, "119 s"],
    [2 * min, "2 min"],
    [59 * min + 59 * s, "59 min"],
    [h, "1 h"],
    [72 * min, "1 h 12 min"],
    [10 * h + 59 * min, "10 h"],
    [47 * h, "47 h"],
    [49 * h, "2 days"],
  ])("rounds %d ms down to %s", (ms, words) => expect(duration(ms)).toBe(words));
});

it("tells past from future without negative numbers", () => {
  expect(relative(now + 4 * min, now)).toBe("in 4 min");
  expect(relative(now - 3 * min, now)).toBe("3 min ago");
  expect(relative(now + 300, now)).toBe("now");
});

it("names the day only when it is another one", () => {
  expect(clock(now + 72 * min, now)).toBe("16:20");
  expect(clock(now + 24 * h, now)).toBe("Wed 15:08");
  expect(clock(now + 20 * 24 * h, now)).toBe("30 Mar 16:08");
});

it("speaks of days where an end is an estimate", () => {
  expect(day(now + h, now)).toBe("today");
  expect(day(now + 24 * h, now)).toBe("tomorrow");
  expect(day(now + 5 * 24 * h, now)).toBe("Sunday");
  expect(day(now + 30 * 24 * h, now)).toBe("9 Apr");
});

it("ticks each second only near an end, and with the minute otherwise", () => {
  expect(nextTick(now, [])).toBe(min);
  expect(nextTick(now, [now + 90 * s])).toBe(s);
  expect(nextTick(now, [now + 10 * min + 20 * s])).toBe(20 * s + 50);
  expect(nextTick(now, [now - 90 * s])).toBe(s);
});

it("reads API times, and says null for what is none", () => {
  expect(instant("2026-03-10T14:08:00Z")).toBe(now);
  expect(instant(null)).toBeNull();
  expect(instant("soon")).toBeNull();
});
