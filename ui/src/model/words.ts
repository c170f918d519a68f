// Short words for codes: labels of rows, filters and marks. Whole sentences come from the engine;
// this table only names. A code without a name does not compile.

import type {
  AccountRow,
  AccountState,
  Action,
  Cause,
  ExpiresSource,
  HistoryKind,
} from "../api/types";
import { duration, instant } from "./time";

export const CAUSES: Record<Cause, string> = {
  network_dns: "name not found",
  network_connect: "no connection",
  network_timeout: "no answer in time",
  network_tls: "secure connection failed",
  network_proxy: "proxy failed",
  captive_portal: "network asks to log in",
  edge_block: "blocked on the way",
  rate_limited: "asked to slow down",
  server_error: "provider is down",
  malformed_response: "answer not understood",
  concurrent_refresh: "refreshed elsewhere",
  clock_wrong: "this computer's clock is wrong",
  vault_locked: "keychain locked",
  vault_denied: "keychain refused",
  vault_unavailable: "keychain not available",
  vault_full: "could not be saved",
  interrupted: "interrupted",
  state_restored: "copy or restored backup",
  refresh_token_expired: "sign-in expired",
  refresh_token_revoked: "sign-in revoked",
  refresh_token_reused: "token used twice",
  refresh_token_invalid: "sign-in no longer accepted",
  password_changed: "password changed",
  session_ended: "session ended",
  interaction_required: "provider wants to see you",
  account_disabled: "account disabled",
  no_refresh_token: "no refresh token",
  grant_missing: "sign-in missing",
  grant_corrupt: "sign-in unreadable",
  client_forgotten: "client forgotten",
  client_rejected: "id or secret refused",
  scope_rejected: "scope refused",
  grant_not_allowed: "refreshing not allowed",
  endpoint_wrong: "wrong address",
  policy_blocked: "blocked by policy",
  unrecognised: "refused, reason unknown",
  no_token_in_reply: "answer without a token",
};

export const KINDS: Record<HistoryKind, string> = {
  signed_in: "Signed in",
  signed_out: "Signed out",
  imported: "Imported",
  refreshed: "Refreshed",
  refresh_failed: "Refresh failed",
  adopted: "Taken over from another program",
  sign_in_needed: "Sign-in needed",
  notified: "Notified",
  notification_withdrawn: "Notification withdrawn",
  sign_in_started: "Sign-in started",
  sign_in_failed: "Sign-in failed",
  handed_out: "Handed out",
  denied: "Denied",
  rejected: "Rejected by a service",
  unsaved: "Not saved yet",
  saved: "Saved",
  paused: "Paused",
  resumed: "Resumed",
  woke: "Woke from sleep",
  network_changed: "Network changed",
  removed: "Removed",
};

export const SOURCES: Record<ExpiresSource, string> = {
  server: "as the provider said",
  jwt: "read from the token",
  assumed: "assumed: the provider does not say",
  unknown: "",
};

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
  return STATE_SHAPES[state];
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

/** The state in a few words with a live countdown, for the row of an account. */
export function stateWords(row: AccountRow, now: number): string {
  const end = instant(row.expires_at);
  const why = row.cause ? CAUSES[row.cause] : null;
  switch (row.state) {
    case "ok":
    case "expiring":
      return goodFor(row, end, now);
    case "refreshing":
      return "Refreshing now";
    case "waiting":
      return `Waiting: ${why ?? "trying again"}`;
    case "expired":
      return why ? `Over: ${why}` : `Over for ${duration(now - (end ?? now))}`;
    case "sign_in_needed":
      return "Sign in again";
    case "fix_setup":
      return `Setup: ${why ?? "needs a change"}`;
    case "unclear":
      return "Refused, reason unknown";
    case "vault_locked":
      return why ? upper(why) : "Keychain locked";
    case "paused":
      return "Paused";
    case "signed_out":
      return "Not signed in";
    case "loading":
      return "Loading";
  }
}

function goodFor(row: AccountRow, end: number | null, now: number): string {
  if (end === null) return "good, no end known";
  if (end <= now) return `over for ${duration(now - end)}`;
  return `good for ${row.expires_source === "assumed" ? "about " : ""}${duration(end - now)}`;
}

const TRIES: readonly AccountState[] = ["waiting", "expired", "fix_setup", "unclear"];

/** When a failing account is tried again: "in 4 min"; null where there is nothing to wait for. */
export function nextTry(row: AccountRow, now: number): string | null {
  const next = instant(row.next_refresh_at);
  if (next === null || !TRIES.includes(row.state)) return null;
  return next <= now ? "now" : `in ${duration(next - now)}`;
}

/** What a person can do, in a sentence. */
export function whatYouCanDo(action: Action | null | undefined): string {
  switch (action) {
    case "sign_in":
      return "Sign in again; one sign-in in the browser and all is well.";
    case "edit_account":
      return "Edit the account. Signing in again would not help.";
    case "check_network":
      return "Nothing, unless the network is yours to mend.";
    case "unlock_keychain":
      return "Unlock the keychain.";
    case "refresh":
      return "Refresh it by hand if no other copy is in use, or sign in again.";
    default:
      return "Nothing. It is tried again by itself.";
  }
}

export function upper(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
