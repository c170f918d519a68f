// What the page says about an account and about all of them, in words made from the rows.

import type { AccountRow, HistoryRow, Status } from "../api/types";
import { clock, day, duration, instant, relative, sameDay } from "./time";
import { whatYouCanDo } from "./words";
import { adviceOf, headlineOf, messageOf, whyOf, words } from "../words/words";

export interface Fact {
  term: string;
  words: string;
  /** The exact time for a title, where the words are about one. */
  at?: number;
}

/** Token, next step, sign-in, users and scopes of an account. */
export function facts(
  row: AccountRow,
  history: readonly HistoryRow[],
  now: number,
  allPaused = false,
): Fact[] {
  const w = words.facts;
  if (isUnread(row)) {
    const used = usedBy(row, history, now);
    const token = { term: w.token, words: words.axis.table.notKnown };
    return used ? [token, used] : [token];
  }
  const all: (Fact | null)[] = [
    token(row, now),
    idToken(row, now),
    next(row, now, allPaused),
    last(row, now),
    signIn(row, now),
    usedBy(row, history, now),
    row.scopes.length ? { term: w.scopes, words: row.scopes.join(", ") } : null,
    row.unsaved ? { term: w.saved, words: w.journalOnly } : null,
  ];
  return all.filter((fact) => fact !== null);
}

/** Nothing of its grant could be read since the start: what is held is not known. */
function isUnread(row: AccountRow): boolean {
  return row.generation === 0 && (row.state === "vault_locked" || row.state === "loading");
}

function token(row: AccountRow, now: number): Fact {
  const w = words.facts;
  const term = w.token;
  const end = instant(row.expires_at);
  if (row.state === "signed_out") return { term, words: w.none };
  if (end === null) return { term, words: row.token_valid ? w.goodNoEnd : w.noneWorks };
  if (end <= now) {
    return { term, words: w.overSince(clock(end, now), relative(end, now)), at: end };
  }
  if (!row.token_valid) return { term, words: w.rejected, at: end };
  const source =
    row.expires_source && row.expires_source !== "server"
      ? ` (${words.sources[row.expires_source]})`
      : "";
  return { term, words: w.goodUntil(duration(end - now), clock(end, now)) + source, at: end };
}

function idToken(row: AccountRow, now: number): Fact | null {
  const w = words.facts;
  const end = instant(row.id_token_expires_at);
  if (end === null) return null;
  const told = end > now ? w.good(duration(end - now)) : w.ended(clock(end, now));
  return { term: w.idToken, words: told, at: end };
}

/** Of a trouble it is told there what is done about it. */
function next(row: AccountRow, now: number, allPaused: boolean): Fact | null {
  if (TROUBLED.has(row.state)) return null;
  const w = words.facts;
  const at = instant(row.next_refresh_at);
  const term = w.next;
  if (row.state === "refreshing") return { term, words: w.refreshingNow };
  if (row.state === "signed_out") return { term, words: w.nothingPlanned };
  if (row.state === "paused" || allPaused) return { term, words: w.paused };
  if (at === null) return { term, words: row.has_refresh_token ? w.onDemand : w.nothingPlanned };
  if (at <= now) return { term, words: w.refreshNow, at };
  return { term, words: w.refreshAt(clock(at, now), relative(at, now)), at };
}

function last(row: AccountRow, now: number): Fact | null {
  const at = instant(row.last_refreshed_at);
  if (at === null) return null;
  const told = `${clock(at, now)}, ${relative(at, now)} · ${words.facts.generation(row.generation)}`;
  return { term: words.facts.last, words: told, at };
}

function signIn(row: AccountRow, now: number): Fact {
  const w = words.facts;
  const at = instant(row.sign_in_at);
  const term = w.signIn;
  if (row.state === "sign_in_needed") return { term, words: w.neededNow };
  if (row.state === "signed_out") return { term, words: w.notYet };
  const asks = instant(row.asks_at);
  if (asks !== null) return { term, words: w.asksAt(clock(asks, now)), at: asks };
  if (!row.has_refresh_token) return { term, words: w.noRefreshToken };
  if (at === null) return { term, words: w.noEnd };
  if (at <= now) return { term, words: w.isOver, at };
  const told = row.sign_in_about
    ? w.holdsAbout(day(at, now))
    : w.holds(clock(at, now), relative(at, now));
  return { term, words: told, at };
}

function usedBy(row: AccountRow, history: readonly HistoryRow[], now: number): Fact | null {
  const w = words.facts;
  const uses = history.filter((entry) => entry.kind === "handed_out");
  const times = uses
    .filter((entry) => sameDay(Date.parse(entry.at), now))
    .reduce((sum, entry) => sum + entry.count, 0);
  // An engine that was started anew remembers nobody; its history does.
  const known = row.used_by.length ? row.used_by : uses.flatMap((entry) => entry.client ?? []);
  if (!known.length && !times) return { term: w.usedBy, words: w.noProgram };
  const who = known.length ? [...new Set(known)].join(", ") : w.programs;
  return { term: w.usedBy, words: times ? `${who} · ${w.timesToday(times)}` : who };
}

export interface Trouble {
  happened: string;
  next: string;
  you: string;
  /** Raw parts of the provider's answer, behind "Details". */
  details: string[];
}

const TROUBLED = new Set([
  "sign_in_needed",
  "vault_locked",
  "fix_setup",
  "unclear",
  "expired",
  "waiting",
]);

/** What happened, what we do, what you can do; null where all is well. */
export function trouble(
  row: AccountRow,
  history: readonly HistoryRow[],
  now: number,
): Trouble | null {
  if (!TROUBLED.has(row.state)) return null;
  const w = words.trouble;
  const failure = history.find((entry) => entry.kind === "refresh_failed");
  const at = instant(row.next_refresh_at);
  const details: string[] = [];
  if (failure?.http_status) details.push(w.status(failure.http_status));
  if (failure?.provider_code) details.push(w.code(failure.provider_code));
  if (row.cause) details.push(w.cause(row.cause));
  if (failure?.attempt) details.push(w.attempt(failure.attempt));
  if (failure) details.push(w.at(clock(Date.parse(failure.at), now)));
  return {
    happened: row.incident ? whyOf(row) : messageWithoutTimes(row),
    next:
      at === null
        ? row.cause === "vault_locked"
          ? words.app.lockedVaultHow
          : w.notTried
        : at > now
          ? w.triedAt(clock(at, now), relative(at, now))
          : w.tryingNow,
    you: [whatYouCanDo(row.action), adviceOf(row)].filter(Boolean).join(" "),
    details,
  };
}

/**
 * The engine's sentence ends with when it is tried next, as it was when the row was made; beside a
 * live countdown that grows stale, so the page says that part by itself.
 */
function messageWithoutTimes(row: AccountRow): string {
  const message = messageOf(row);
  const told = message.replace(/ (?:Next try|Next refresh) (?:in|at) [^.]*\.?$/, "");
  return told || message;
}

/** The whole state in a sentence; that all is paused goes before what would be well otherwise. */
export function headline(status: Status): string {
  return isResting(status) ? words.app.isPaused : headlineOf(status);
}

/** All is paused, and nobody is asked for anything. */
function isResting(status: Status): boolean {
  return status.paused && status.accounts.length > 0 && status.overall !== "sign_in_needed";
}

/** The line beneath the headline: how many accounts, and the next sign-in that a person must do. */
export function subline(status: Status, now: number): string {
  const w = words.app;
  const parts = [w.accounts(status.accounts.length)];
  if (status.paused && !isResting(status)) parts.push(w.allPaused);
  if (!status.online) parts.push(w.offline);
  // Who needs a sign-in now is in the headline.
  const expected = status.accounts
    .filter((row) => row.state !== "sign_in_needed")
    .map((row) => ({ name: row.name, at: instant(row.sign_in_at), about: row.sign_in_about }))
    .filter((row): row is typeof row & { at: number } => row.at !== null && row.at > now)
    .sort((a, b) => a.at - b.at)[0];
  if (expected) {
    const when = sameDay(expected.at, now) ? clock(expected.at, now) : day(expected.at, now);
    parts.push(w.nextSignIn(expected.name, when, expected.about));
  }
  if (status.vault.unsaved) parts.push(w.unsaved(status.vault.unsaved));
  return parts.join(" · ");
}

/** Accounts whose incident still asks, in the order of `status`. */
export function asking(status: Status): AccountRow[] {
  return status.accounts.filter(
    (row) => row.state === "sign_in_needed" && row.incident && !row.incident.later && !row.sign_in,
  );
}

/** Why a person is needed, naming the account. */
export function reason(row: AccountRow): string {
  const why = whyOf(row);
  return why.includes(row.name) ? why : `${row.name}: ${why}`;
}

/** What the banner says beneath the reason. */
export function consequence(row: AccountRow, now: number): string {
  const end = instant(row.expires_at);
  const effect =
    row.token_valid && end !== null && end > now
      ? words.ask.still(row.name, duration(end - now))
      : words.ask.none(row.name);
  const advice = adviceOf(row);
  return advice ? `${effect} ${advice}` : effect;
}
