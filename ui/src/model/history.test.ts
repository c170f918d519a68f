import { expect, it } from "vitest";
import type { HistoryKind } from "../api/types";
import { entry } from "../backend/fake_world";
import { en } from "../words/en";
import { speak } from "../words/words";
import { ALL, GROUPS, aside, byDay, calm, glyph, historyPath } from "./history";

const now = Date.parse("2026-03-10T14:08:00Z");

it("turns filters into a query and leaves out what is not set", () => {
  expect(historyPath({ ...ALL, days: 0 }, now, null)).toBe("/v1/history?limit=50");
  const path = historyPath(
    { account: "GitLab (work)", group: "failures", cause: "server_error", days: 1, text: " 503 " },
    now,
    17,
  );
  expect(Object.fromEntries(new URLSearchParams(path.split("?")[1]))).toEqual({
    account: "GitLab (work)",
    kind: "refresh_failed,sign_in_failed,unsaved",
    cause: "server_error",
    since: "2026-03-09T14:08:00.000Z",
    text: "503",
    cursor: "17",
    limit: "50",
  });
});

it("has every kind in some group", () => {
  const grouped = new Set(GROUPS.flatMap((group) => group.kinds));
  expect((Object.keys(en.kinds) as HistoryKind[]).filter((kind) => !grouped.has(kind))).toEqual([]);
});

it("tells refreshes in a row as one, but not what a person asked for or what failed", () => {
  const at = (time: string) => `2026-03-10T${time}:00Z`;
  const refreshed = (time: string, trigger: "schedule" | "person" = "schedule") =>
    entry({ at: at(time), trigger, kind: "refreshed" });
  const told = calm([
    refreshed("16:00"),
    refreshed("15:00"),
    { ...refreshed("14:00"), count: 7 },
    entry({ at: at("11:00"), kind: "refresh_failed" }),
    refreshed("10:00"),
    refreshed("09:00"),
    refreshed("08:00", "person"),
  ]);
  expect(told.map((one) => [one.at, one.refreshes])).toEqual([
    [at("16:00"), { times: 9, since: Date.parse(at("14:00")) }],
    [at("11:00"), undefined],
    [at("10:00"), undefined],
    [at("09:00"), undefined],
    [at("08:00"), undefined],
  ]);
  expect(calm([])).toEqual([]);
});

it("marks a failure by its verdict", () => {
  const failed = (verdict: "wait" | "sign_in" | "fix_setup" | "unclear") =>
    glyph(entry({ kind: "refresh_failed", verdict })).shape;
  expect([failed("wait"), failed("sign_in"), failed("fix_setup"), failed("unclear")]).toEqual([
    "diamond",
    "triangle",
    "square",
    "diamond",
  ]);
});

it("adds the provider's code, and the next try where the sentence does not tell it", () => {
  const failed = entry({
    kind: "refresh_failed",
    http_status: 503,
    provider_code: "temporarily_unavailable",
    attempt: 3,
    count: 1,
    next_attempt_at: "2026-03-10T14:12:00Z",
  });
  expect(aside(failed, now)).toBe("status 503 · temporarily_unavailable · attempt 3");
  speak("de", ["de-DE"]);
  expect(aside(failed, now)).toContain("nächster Versuch 15:12");
  speak("en", []);
});

it("stands under the local day, not the universal one", () => {
  const days = byDay(
    [
      entry({ at: "2026-03-10T13:00:00Z" }),
      entry({ at: "2026-03-09T23:30:00Z" }), // 00:30 on the 10th in Berlin
      entry({ at: "2026-03-09T22:30:00Z" }),
    ],
    now,
  );
  expect(days.map((day) => [day.heading, day.entries.length])).toEqual([
    ["Today", 2],
    ["Yesterday", 1],
  ]);
});
