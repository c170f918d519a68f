// The history view: filters as a query, marks as shapes, entries by day.

import type { Cause, HistoryKind, HistoryRow } from "../api/types";
import { words } from "../words/words";
import type { Shape, Tone } from "./words";
import { clock, dayHeading, duration, sameDay } from "./time";

export interface Filter {
  account: string;
  group: string;
  cause: string;
  /** Days to look back; 0 is everything. */
  days: number;
  text: string;
}

export const ALL: Filter = { account: "", group: "", cause: "", days: 7, text: "" };

export const DAYS: readonly number[] = [1, 7, 30, 90, 0];

/** Kinds as a person thinks of them; each is a filter. */
export const GROUPS: readonly { key: string; kinds: readonly HistoryKind[] }[] = [
  { key: "refreshes", kinds: ["refreshed", "adopted", "saved"] },
  { key: "failures", kinds: ["refresh_failed", "sign_in_failed", "unsaved"] },
  {
    key: "sign-ins",
    kinds: [
      "signed_in",
      "signed_out",
      "imported",
      "sign_in_needed",
      "sign_in_started",
      "sign_in_failed",
      "notified",
      "notification_withdrawn",
    ],
  },
  { key: "programs", kinds: ["handed_out", "denied", "rejected"] },
  { key: "machine", kinds: ["woke", "network_changed", "paused", "resumed", "removed"] },
];

export const PAGE = 50;

/** A filter as the history's query. */
export function historyQuery(filter: Filter, now: number): URLSearchParams {
  const query = new URLSearchParams();
  if (filter.account) query.set("account", filter.account);
  const group = GROUPS.find((candidate) => candidate.key === filter.group);
  if (group) query.set("kind", group.kinds.join(","));
  if (filter.cause) query.set("cause", filter.cause);
  if (filter.days) query.set("since", new Date(now - filter.days * 86_400_000).toISOString());
  const text = filter.text.trim();
  if (text) query.set("text", text);
  return query;
}

/** The path of a page of the history. */
export function historyPath(
  filter: Filter,
  now: number,
  cursor: number | null,
  limit = PAGE,
): string {
  const query = historyQuery(filter, now);
  if (cursor !== null) query.set("cursor", String(cursor));
  query.set("limit", String(limit));
  return `/v1/history?${query.toString()}`;
}

export interface Glyph {
  shape: Shape;
  tone: Tone;
}

/** The mark of an entry: the same shapes as on the timeline. */
export function glyph(entry: HistoryRow): Glyph {
  switch (entry.kind) {
    case "refreshed":
    case "adopted":
    case "saved":
      return { shape: "dot", tone: "calm" };
    case "signed_in":
    case "imported":
      return { shape: "ringed", tone: "calm" };
    case "sign_in_needed":
    case "notified":
      return { shape: "triangle", tone: "ask" };
    case "refresh_failed":
    case "sign_in_failed":
      return failed(entry);
    case "rejected":
    case "unsaved":
    case "denied":
      return { shape: "diamond", tone: "wait" };
    case "paused":
    case "signed_out":
    case "removed":
      return { shape: "outline", tone: "calm" };
    default:
      return { shape: "line", tone: "calm" };
  }
}

function failed(entry: HistoryRow): Glyph {
  switch (entry.verdict) {
    case "sign_in":
      return { shape: "triangle", tone: "ask" };
    case "fix_setup":
      return { shape: "square", tone: "setup" };
    default:
      return { shape: "diamond", tone: "wait" };
  }
}

/** The small line beneath an entry: how long, what next, in the provider's own code. */
export function aside(entry: HistoryRow, now: number): string {
  const parts: string[] = [];
  if (entry.kind === "refresh_failed" && entry.http_status)
    parts.push(words.history.status(entry.http_status));
  if (entry.provider_code) parts.push(entry.provider_code);
  if (entry.attempt && entry.attempt > 1) parts.push(words.history.attempt(entry.attempt));
  if (entry.duration_ms && entry.duration_ms >= 2000)
    parts.push(words.history.took(duration(entry.duration_ms)));
  // The engine's own sentence ends with it.
  if (entry.next_attempt_at && words.sentences)
    parts.push(words.history.nextTry(clock(Date.parse(entry.next_attempt_at), now)));
  if (entry.client && entry.kind !== "handed_out") parts.push(entry.client);
  return parts.join(" · ");
}

/** This many refreshes in a row are told as one. */
const ROW = 3;

/** An entry, or several refreshes that are told as one. */
export interface Told extends HistoryRow {
  refreshes?: { times: number; since: number };
}

/** Entries, newest first, with refreshes that nobody asked for and nothing interrupted told as one. */
export function calm(entries: readonly HistoryRow[]): Told[] {
  const plain = (entry: HistoryRow | undefined) =>
    entry?.kind === "refreshed" && entry.trigger !== "person";
  const told: Told[] = [];
  for (let at = 0; at < entries.length;) {
    let end = at;
    while (plain(entries[end])) end += 1;
    const run = entries.slice(at, Math.max(end, at + 1));
    const [newest] = run;
    const oldest = run.at(-1);
    if (newest && oldest && run.length >= ROW) {
      const times = run.reduce((sum, entry) => sum + entry.count, 0);
      told.push({ ...newest, refreshes: { times, since: Date.parse(oldest.at) } });
    } else {
      told.push(...run);
    }
    at += run.length;
  }
  return told;
}

export interface Day {
  heading: string;
  entries: Told[];
}

/** Entries, newest first, under the heading of their local day. */
export function byDay(entries: readonly Told[], now: number): Day[] {
  const days: Day[] = [];
  let last: Told | undefined;
  for (const entry of entries) {
    if (!last || !sameDay(Date.parse(last.at), Date.parse(entry.at))) {
      days.push({ heading: dayHeading(Date.parse(entry.at), now), entries: [] });
    }
    days.at(-1)?.entries.push(entry);
    last = entry;
  }
  return days;
}

/** Causes for the filter, by name. */
export function causeChoices(): { cause: Cause; label: string }[] {
  return (Object.keys(words.causes) as Cause[])
    .map((cause) => ({ cause, label: words.causes[cause] }))
    .sort((a, b) => a.label.localeCompare(b.label));
}

/** Beside a failure these tell what came of it, and need not explain it once more. */
const NOT_EXPLAINED: readonly string[] = ["denied", "notified", "notification_withdrawn"];

/** Whether an entry is a failure that can be explained further. */
export function isExplained(entry: HistoryRow): boolean {
  return entry.cause !== null && entry.cause !== undefined && !NOT_EXPLAINED.includes(entry.kind);
}
