// Short words for codes: labels of rows, filters and marks. Whole sentences come from the engine;
// this table only names. The words themselves stand in the catalogue.

import type { AccountRow, AccountState, Action, Cause, Verdict } from "../api/types";
import { known } from "../words/sentences";
import { words } from "../words/words";
import { duration, instant } from "./time";

/** The shapes that tell states and marks apart, before any colour does. */
export type Shape =
  "dot" | "ringed" | "diamond" | "triangle" | "square" | "planned" | "outline" | "line";

const STATE_SHAPES: Record<AccountState, Shape> = {
  sign_in_needed: "triangle",
  vault_locked: "diamond",
  fix_setup: "square",
  unclear: "diamond",
  expired: "diamond",
  waiting: "diamond",
  refreshing: "dot",
  expiring: "dot",
  ok: "dot",
  paused: "outline",
  signed_out: "outline",
  loading: "planned",
};

/** How much a state concerns the person: colours the words of a row. */
export type Tone = "calm" | "wait" | "ask" | "setup";

export function stateShape(state: AccountState): Shape {
  return known(STATE_SHAPES, state) ?? "outline";
}

export function stateTone(state: AccountState): Tone {
  switch (STATE_SHAPES[state]) {
    case "triangle":
      return "ask";
    case "square":
      return "setup";
    case "diamond":
      return "wait";
    default:
      return "calm";
  }
}

/** Less than this share of a token's life left is soon, whatever its length. */
const SOON = 0.1;

/** Whether a token nears its end without having been refreshed as planned. */
export function endsSoon(row: AccountRow, now: number): boolean {
  const [from, end] = [instant(row.issued_at), instant(row.expires_at)];
  if (from === null || end === null || end <= now) return false;
  return (end - now) / (end - from) < SOON;
}

/** The state in a few words with a live countdown, for the row of an account. */
export function stateWords(row: AccountRow, now: number): string {
  const w = words.state;
  const end = instant(row.expires_at);
  const why = row.cause ? words.causes[row.cause] : null;
  switch (row.state) {
    case "ok":
    case "expiring":
      return goodFor(row, end, now);
    case "refreshing":
      return w.refreshing;
    case "waiting":
      return w.waiting(why ?? w.tryingAgain);
    case "expired":
      return why ? w.over(why) : w.overFor(duration(now - (end ?? now)));
    case "sign_in_needed":
      return w.signIn;
    case "fix_setup":
      return w.setup(why ?? w.needsChange);
    case "unclear":
      return w.unclear;
    case "vault_locked":
      return why ? upper(why) : w.locked;
    case "paused":
      return w.paused;
    case "signed_out":
      return w.signedOut;
    case "loading":
      return w.loading;
    default:
      // A newer engine's: it says itself what it is.
      return (row as AccountRow).message;
  }
}

function goodFor(row: AccountRow, end: number | null, now: number): string {
  const w = words.state;
  if (end === null) return w.goodNoEnd;
  if (end <= now) return w.endedFor(duration(now - end));
  if (endsSoon(row, now)) return w.soonOver(duration(end - now));
  return w.good(duration(end - now), row.expires_source === "assumed");
}

const TRIES: readonly AccountState[] = ["waiting", "expired", "fix_setup", "unclear"];

/** When a failing account is tried again: "in 4 min"; null where there is nothing to wait for. */
export function nextTry(row: AccountRow, now: number): string | null {
  const next = instant(row.next_refresh_at);
  if (next === null || !TRIES.includes(row.state)) return null;
  return next <= now ? words.state.now : words.time.inside(duration(next - now));
}

/** What a person can do, in a sentence. */
export function whatYouCanDo(action: Action | null | undefined): string {
  switch (action) {
    case "sign_in":
      return words.can.signIn;
    case "edit_account":
      return words.can.edit;
    case "check_network":
      return words.can.network;
    case "unlock_keychain":
      return words.can.unlock;
    case "refresh":
      return words.can.refresh;
    default:
      return words.can.nothing;
  }
}

export function upper(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** The three sentences behind "What does this mean?". */
export interface Meaning {
  happened: string;
  next: string;
  you: string;
}

export function meaning(cause: Cause, verdict: Verdict | null | undefined): Meaning {
  const { of, nextBy } = words.meaning;
  const { what, you } = known(of, cause) ?? of.unrecognised;
  return { happened: what, next: known(nextBy, verdict ?? "wait") ?? nextBy.wait, you };
}
