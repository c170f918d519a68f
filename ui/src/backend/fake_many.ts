// A hundred invented accounts with a quarter of a year of history, for measuring. Lanes are made for
// each question as the engine makes them: dense stretches come as one. `fake_worker.ts` makes them.

import type { AccountState, HistoryRow, Lane, LaneBar, LaneMark, MarkKind } from "../api/types";
import type { Story } from "./fake_data";
import { account, entry } from "./fake_world";

const HOUR = 3_600_000;
const ACCOUNTS = 100;
const KEPT = 90 * 24 * HOUR;

/** Repeatable numbers in [0, 1). */
function numbers(seed: number): () => number {
  let state = seed * 2654435761 + 1;
  return () => {
    state = (Math.imul(state ^ (state >>> 15), 2246822519) + 3266489917) >>> 0;
    return state / 4294967296;
  };
}

export function many(now: number): Story[] {
  const at = (hours: number) => new Date(now + hours * HOUR).toISOString();
  return Array.from({ length: ACCOUNTS }, (_, index) => {
    const name = `Account ${String(index + 1).padStart(3, "0")}`;
    const state: AccountState = index < 2 ? "sign_in_needed" : index < 6 ? "waiting" : "ok";
    return {
      row: account({
        name,
        state,
        cause: state === "ok" ? null : state === "waiting" ? "server_error" : "session_ended",
        verdict: state === "ok" ? null : state === "waiting" ? "wait" : "sign_in",
        action: state === "ok" ? null : state === "waiting" ? "wait" : "sign_in",
        message: state === "waiting" ? `${name} answers 503.` : "All is well.",
        incident:
          state === "sign_in_needed"
            ? {
                id: name,
                cause: "session_ended",
                opened_at: at(-1),
                why: `${name} ended the session.`,
                later: false,
              }
            : null,
        expires_at: at(0.2 + (index % 9) / 10),
        next_refresh_at: at(0.1 + (index % 9) / 12),
        sign_in_at: index % 3 ? null : at(24 * (1 + (index % 40))),
        sign_in_about: index % 2 === 0,
      }),
      lane: {
        account_id: name,
        name,
        bars: [],
        marks: [],
        incidents: [],
        planned_at: at(0.1 + (index % 9) / 12),
        signed_in_at: at(-24 * (1 + (index % 30))),
        sign_in_at: index % 3 ? null : at(24 * (1 + (index % 40))),
        sign_in_about: index % 2 === 0,
      },
      history: [],
    };
  });
}

/** Twenty thousand entries: only for whoever asks, since the first picture needs none. */
export function manyEntries(now: number): HistoryRow[] {
  return many(now)
    .flatMap(({ row }, index) =>
      Array.from({ length: 200 }, (_, nth) => {
        const at = new Date(now - (nth + index / 100) * HOUR).toISOString();
        return entry({ at, account: row.name, message: "Refreshed." });
      }),
    )
    .sort((a, b) => Date.parse(b.at) - Date.parse(a.at));
}

interface Run {
  kind: MarkKind;
  from: number;
  to: number;
  count: number;
}

/** An hourly life, a failure now and then. */
export function manyLanes(lanes: readonly Lane[], now: number, search: URLSearchParams): Lane[] {
  const from = Math.max(Date.parse(search.get("from") ?? ""), now - KEPT);
  const to = Math.min(Date.parse(search.get("to") ?? ""), now);
  const bucket = Number(search.get("bucket_s") ?? 60) * 1000;
  const iso = (time: number) => new Date(time).toISOString();
  return lanes.map((lane, index) => {
    const random = numbers(index + 1);
    const lives: { from: number; to: number }[] = [];
    const runs: Run[] = [];
    const last: Partial<Record<MarkKind, Run>> = {};
    const put = (kind: MarkKind, time: number) => {
      const run = last[kind];
      if (run && time - run.to < bucket) {
        run.to = time;
        run.count += 1;
      } else {
        runs.push((last[kind] = { kind, from: time, to: time, count: 1 }));
      }
    };
    const step = HOUR * (0.8 + (index % 7) / 10);
    for (let time = now - Math.ceil((now - from) / step) * step; time <= to; time += step) {
      put("refreshed", time);
      if (random() < 0.03 && time + HOUR / 3 < to) put("waiting", time + HOUR / 3);
      const life = lives.at(-1);
      if (life && bucket > step) life.to = time + HOUR;
      else lives.push({ from: time, to: time + HOUR });
    }
    const bars: LaneBar[] = lives.map((life) => ({
      from: iso(life.from),
      to: iso(life.to),
      source: "server",
    }));
    const marks: LaneMark[] = runs.map(({ kind, from: begin, to: end, count }) => ({
      at: iso(begin),
      kind,
      count,
      label: count > 1 ? `${kind} ${count} times` : kind,
      ...(end > begin ? { until: iso(end) } : {}),
    }));
    return { ...lane, bars, marks };
  });
}
