// What a language other than the engine's says instead of the engine's own sentences, made from the
// same codes. What the engine says without a code stays in its language.

import type {
  AccountRow,
  Finding,
  HistoryRow,
  LaneMark,
  Problem,
  Said,
  Status,
} from "../api/types";

/** What a table says, if it does: a newer engine may name what this window does not know. */
export function known<K extends string, V>(table: Record<K, V>, key: K): V | undefined {
  return table[key];
}

/** What a cause means, and what a person can do. */
export interface Meant {
  what: string;
  you: string;
}

/** A text that depends on how many there are. */
export interface Counted {
  one: string;
  many: string;
}

export const counted = (text: Counted, n: number): string => (n === 1 ? text.one : text.many);

/** A text with what belongs at its places, each in braces. */
export function fill(text: string, places: Readonly<Record<string, string | number>>): string {
  return text.replace(/\{(\w+)\}/g, (place, key: string) => String(places[key] ?? place));
}

export interface Sentences {
  headline: (status: Status) => string;
  /** What is the matter with an account, or nothing. */
  account: (row: AccountRow) => string;
  /** Why it is needed that a person signs in. */
  why: (row: AccountRow) => string;
  entry: (entry: HistoryRow) => string;
  mark: (mark: LaneMark) => string;
  /** Any sentence that came with its code. */
  said: (said: Said) => string;
  problem: (problem: Problem) => string;
  finding: (finding: Finding) => { about: string; found: string; mend: string | null };
  /** Why a provider ends a sign-in, or what would avoid it; null where that is not known here. */
  reason: (text: string) => string | null;
  /** What a provider's row says of registering and of its redirect. */
  providerText: (text: string) => string;
}
