// What the page says about an account and about all of them, in words made from the rows.

import type { AccountRow, HistoryRow, Status } from "../api/types";
import { clock, day, duration, instant, relative, sameDay } from "./time";
import { SOURCES, whatYouCanDo } from "./words";

export interface Fact {
  term: string;
  words: string;
  /** The exact time for a title, where the words are about one. */
  at?: number;
}

/** Token, next step, sign-in, users and scopes of an account. */
export function facts(row: AccountRow, history: readonly HistoryRow[], now: number): Fact[] {
  const all: (Fact | null)[] = [
    token(row, now),
    idToken(row, now),
    next(row, now),
    signIn(row, now),
    usedBy(row, history, now),
    row.scopes.length ? { term: "Scopes", words: row.scopes.join(", ") } : null,
    row.unsaved
      ? { term: "Saved", words: "in the journal only; moves to the keychain as soon as it can" }
      : null,
  ];
  return all.filter((fact) => fact !== null);
}

function token(row: AccountRow, now: number): Fact {
  const end = instant(row.expires_at);
  if (row.state === "signed_out") return { term: "Token", words: "none" };
  if (end === null) {
    return { term: "Token", words: row.token_valid ? "good, no end known" : "none that works" };
  }
  if (end <= now) {
    return {
      term: "Token",
      words: `over since ${clock(end, now)}, ${relative(end, now)}`,
      at: end,
    };
  }
  if (!row.token_valid) return { term: "Token", words: "rejected by a service", at: end };
  const source =
    row.expires_source && row.expires_source !== "server" ? SOURCES[row.expires_source] : "";
  const until = `good for ${duration(end - now)}, until ${clock(end, now)}`;
  return { term: "Token", words: source ? `${until} (${source})` : until, at: end };
}

function idToken(row: AccountRow, now: number): Fact | null {
  const end = instant(row.id_token_expires_at);
  if (end === null) return null;
  const words = end > now ? `good for ${duration(end - now)}` : `over since ${clock(end, now)}`;
  return { term: "ID token", words, at: end };
}

function next(row: AccountRow, now: number): Fact {
  const at = instant(row.next_refresh_at);
  const term = "Next";
  if (row.state === "refreshing") return { term, words: "refreshing now" };
  if (row.state === "sign_in_needed") {
    return { term, words: "you sign in; until then it is tried now and then" };
  }
  if (row.state === "paused") return { term, words: "nothing while it is paused" };
  if (at === null) {
    return {
      term,
      words: row.has_refresh_token ? "refreshed when a program asks" : "nothing planned",
    };
  }
  const trying = row.state === "ok" || row.state === "expiring" ? "refresh" : "next try";
  if (at <= now) return { term, words: `${trying} now, on its own`, at };
  return { term, words: `${trying} at ${clock(at, now)}, ${relative(at, now)}, on its own`, at };
}

function signIn(row: AccountRow, now: number): Fact {
  const at = instant(row.refresh_token_expires_at);
  const term = "Sign-in";
  if (row.state === "sign_in_needed") return { term, words: "needed now" };
  if (row.state === "signed_out") return { term, words: "not yet" };
  const asks = instant(row.asks_at);
  if (asks !== null)
    return { term, words: `if it persists you will be asked at ${clock(asks, now)}`, at: asks };
  if (!row.has_refresh_token) {
    return { term, words: "needed whenever the token ends: the provider gave no refresh token" };
  }
  if (at === null) return { term, words: "no end known" };
  return {
    term,
    words: at > now ? `holds until ${clock(at, now)}, ${relative(at, now)}` : "over",
    at,
  };
}

function usedBy(row: AccountRow, history: readonly HistoryRow[], now: number): Fact | null {
  const times = history
    .filter((entry) => entry.kind === "handed_out" && sameDay(Date.parse(entry.at), now))
    .reduce((sum, entry) => sum + entry.count, 0);
  if (!row.used_by.length && !times) return { term: "Used by", words: "no program yet" };
  const who = row.used_by.length ? row.used_by.join(", ") : "programs";
  return {
    term: "Used by",
    words: times ? `${who} · ${times} ${times === 1 ? "time" : "times"} today` : who,
  };
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
  const failure = history.find((entry) => entry.kind === "refresh_failed");
  const at = instant(row.next_refresh_at);
  const details: string[] = [];
  if (failure?.http_status) details.push(`HTTP status ${failure.http_status}`);
  if (failure?.provider_code) details.push(`provider's code ${failure.provider_code}`);
  if (row.cause) details.push(`cause ${row.cause}`);
  if (failure?.attempt) details.push(`attempt ${failure.attempt}`);
  if (failure) details.push(`at ${clock(Date.parse(failure.at), now)}`);
  return {
    happened: row.incident?.why ?? row.message,
    next:
      at === null
        ? "It is not tried again by itself."
        : at > now
          ? `Tried again by itself at ${clock(at, now)}, ${relative(at, now)}.`
          : "Being tried again now.",
    you: [whatYouCanDo(row.action), row.incident?.advice].filter(Boolean).join(" "),
    details,
  };
}

/** The line beneath the headline: how many accounts, and the next sign-in that a person must do. */
export function subline(status: Status, now: number): string {
  const count = status.accounts.length;
  const parts = [`${count} ${count === 1 ? "account" : "accounts"}`];
  if (status.paused) parts.push("everything paused");
  if (!status.online) parts.push("offline");
  const expected = status.accounts
    .map((row) => ({ name: row.name, at: instant(row.refresh_token_expires_at) }))
    .filter((row): row is { name: string; at: number } => row.at !== null && row.at > now)
    .sort((a, b) => a.at - b.at)[0];
  if (expected)
    parts.push(
      `next sign-in expected: ${expected.name}, about ${sameDay(expected.at, now) ? clock(expected.at, now) : day(expected.at, now)}`,
    );
  if (status.vault.unsaved) parts.push(`${status.vault.unsaved} not in the keychain yet`);
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
  const why = row.incident?.why ?? row.message;
  return why.includes(row.name) ? why : `${row.name}: ${why}`;
}

/** What the banner says beneath the reason. */
export function consequence(row: AccountRow, now: number): string {
  const end = instant(row.expires_at);
  const effect =
    row.token_valid && end !== null && end > now
      ? `Programs still get a token of ${row.name} for ${duration(end - now)}.`
      : `Programs get no ${row.name} token until you sign in.`;
  return row.incident?.advice ? `${effect} ${row.incident.advice}` : effect;
}
