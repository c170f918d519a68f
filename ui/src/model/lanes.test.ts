import { expect, it } from "vitest";
import type { Lane } from "../api/types";
import { frameOf, scale } from "./axis";
import { items, picture as drawnOf, prepare, storyAt } from "./lanes";

const h = 3_600_000;
const now = Date.parse("2026-03-10T14:00:00Z");
const at = (hours: number) => new Date(now + hours * h).toISOString();
const s = scale(now, frameOf(24 * h), 600); // 25 px an hour, now at 360

function lane(part: Partial<Lane>): Lane {
  return {
    account_id: "1",
    name: "Okta",
    bars: [],
    marks: [],
    incidents: [],
    sign_in_about: false,
    ...part,
  };
}
const picture = (part: Lane, axis: typeof s) => drawnOf(prepare(part), axis);

it("splits the newest token at now and joins the lives before it", () => {
  const drawn = picture(
    lane({
      bars: [
        { from: at(-4), to: at(-2.9), source: "server" },
        { from: at(-3), to: at(-2), source: "server" },
        { from: at(-1), to: at(1), source: "server" },
      ],
    }),
    s,
  );
  expect(drawn.past).toEqual([
    { x: 260, width: 50, assumed: false },
    { x: 335, width: 25, assumed: false },
  ]);
  expect(drawn.ahead).toEqual({ x: 360, width: 25, assumed: false });
});

it("draws no life ahead for a token that is over, and none that ended before the picture", () => {
  const drawn = picture(
    lane({
      bars: [
        { from: at(-40), to: at(-30), source: "server" },
        { from: at(-3), to: at(-1), source: "assumed" },
      ],
    }),
    s,
  );
  expect(drawn.ahead).toBeNull();
  expect(drawn.past).toEqual([{ x: 285, width: 50, assumed: true }]);
});

it("keeps a very short life visible", () => {
  const drawn = picture(lane({ bars: [{ from: at(-0.01), to: at(0.01), source: "server" }] }), s);
  expect(drawn.ahead?.width).toBe(3);
});

it("writes a count on a dense stretch where there is room for it", () => {
  const mark = { kind: "refreshed" as const, count: 224, label: "refreshed 224 times" };
  const wide = picture(lane({ marks: [{ ...mark, at: at(-14), until: at(0) }] }), s);
  const narrow = picture(lane({ marks: [{ ...mark, at: at(-2), until: at(0) }] }), s);
  const tiny = picture(lane({ marks: [{ ...mark, at: at(-0.8), until: at(0) }] }), s);
  expect(wide.dense[0]?.text).toBe("refreshed 224 times");
  expect(narrow.dense[0]?.text).toBe("×224");
  expect(tiny.dense[0]?.text).toBe("");
  expect(wide.marks).toEqual([]);
});

it("draws a stretch that is shorter than a mark as the mark", () => {
  const mark = { kind: "waiting" as const, count: 3, label: "503 (3 times)" };
  const drawn = picture(lane({ marks: [{ ...mark, at: at(-1.2), until: at(-0.8) }] }), s);
  expect(drawn.dense).toEqual([]);
  expect(drawn.marks.map((m) => [m.x, m.kind, m.mark.label])).toEqual([
    [335, "waiting", "503 (3 times)"],
  ]);
});

it("puts what needs a person on top of what does not", () => {
  const drawn = picture(
    lane({
      marks: [
        { at: at(-1), kind: "sign_in", count: 1, label: "asked" },
        { at: at(-1), kind: "refreshed", count: 1, label: "refreshed" },
        { at: at(-1), kind: "waiting", count: 1, label: "503" },
      ],
    }),
    s,
  );
  expect(drawn.marks.map((m) => m.kind)).toEqual(["refreshed", "waiting", "sign_in"]);
});

it("lets an open incident reach to now, and a plan that is late stand at now", () => {
  const drawn = picture(
    lane({ incidents: [{ from: at(-2), label: "x" }], planned_at: at(-0.1), sign_in_at: at(8) }),
    s,
  );
  expect(drawn.incidents).toEqual([{ x: 310, width: 50 }]);
  expect(drawn.planned).toBe(360);
  expect(drawn.horizon?.end).toBe(560);
});

it("leaves out what lies beyond the picture", () => {
  const drawn = picture(lane({ planned_at: at(30), sign_in_at: at(400) }), s);
  expect(drawn.planned).toBeNull();
  expect(drawn.horizon).toEqual({ x: 0, width: 600, about: false, end: null, at: now + 400 * h });
});

it("draws the sign-in's life from its beginning, hatched where the end is only documented", () => {
  const part = { signed_in_at: at(-6), sign_in_at: at(2), sign_in_about: true };
  expect(picture(lane(part), s).horizon).toEqual({
    x: 210,
    width: 200,
    about: true,
    end: 410,
    at: now + 2 * h,
  });
});

it("tells the story of what is pointed at: the nearest mark, else the token that was held", () => {
  const part = prepare(
    lane({
      bars: [{ from: at(-3), to: at(-1), source: "assumed" }],
      marks: [
        { at: at(-2), kind: "waiting", count: 1, label: "GitLab answered 503" },
        { at: at(-1.9), kind: "refreshed", count: 1, label: "Refreshed" },
      ],
      planned_at: at(1),
    }),
  );
  const told = (place: number) => storyAt(part, undefined, s, place)?.words ?? null;
  expect(told(309)).toBe("13:00 · GitLab answered 503");
  expect(told(313)).toBe("13:06 · Refreshed");
  expect(told(385)).toBe("16:00 · Next refresh, on its own");
  expect(told(290)).toBe(
    "Access token · from 12:00 until 14:00 · assumed: the provider does not say",
  );
  expect(told(100)).toBeNull();
  expect(items(part, undefined, s).map((item) => item.x)).toEqual([310, 312.5, 385]);
});
