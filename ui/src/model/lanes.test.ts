import { expect, it } from "vitest";
import type { Lane } from "../api/types";
import { scale } from "./axis";
import { picture } from "./lanes";

const h = 3_600_000;
const now = Date.parse("2026-03-10T14:00:00Z");
const at = (hours: number) => new Date(now + hours * h).toISOString();
const s = scale(now, 24 * h, 600); // 25 px an hour, now at 360

function lane(part: Partial<Lane>): Lane {
  return { account_id: "1", name: "Okta", bars: [], marks: [], incidents: [], ...part };
}

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
  expect(drawn.marks).toEqual([{ x: 335, kind: "waiting", title: "503 (3 times)" }]);
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
  expect(drawn.signIn).toBe(560);
});

it("leaves out what lies beyond the picture", () => {
  const drawn = picture(lane({ planned_at: at(30), sign_in_at: at(400) }), s);
  expect(drawn.planned).toBeNull();
  expect(drawn.signIn).toBeNull();
});
