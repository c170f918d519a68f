// What strains a layout: names as long as they may be, many accounts that need a person at once, one
// in each state, and an engine that is newer than the window.

import type { AccountRow } from "../api/types";
import type { Story } from "./fake_data";
import { account, entry } from "./fake_world";

const LONG = [
  "Okta (Arbeitsgemeinschaft der Landesverbände, Test)",
  "https://gitlab.internal.example.com/groups/infrastructure/pla",
  "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunter",
];

function named(story: Story, name: string): Story {
  return {
    row: { ...story.row, id: name, name, scopes: [...story.row.scopes, name.replace(/\W/g, "")] },
    lane: { ...story.lane, account_id: name, name },
    history: story.history.map((entry) => ({ ...entry, account: name })),
  };
}

export function longNames(stories: Story[]): Story[] {
  return stories.map((story, index) => named(story, LONG[index] ?? story.row.name));
}

/** The first of them five times: all need a person. */
export function crowd(stories: Story[]): Story[] {
  const [first, ...rest] = stories;
  if (!first) return [];
  const all = ["Okta", "Slack (work)", "Jira", "Company mail", "Files"].map((name) => {
    const story = named(first, name);
    const { incident } = story.row;
    return {
      ...story,
      row: account({ ...story.row, incident: incident && { ...incident, id: name } }),
    };
  });
  return [...all, ...rest.slice(0, 2)];
}

/** Each state that the day does not show. */
export function eachState(stories: Story[], now: number): Story[] {
  const at = (hours: number) => new Date(now + hours * 3_600_000).toISOString();
  const trouble = { expires_at: at(-0.3), token_valid: false, next_refresh_at: at(0.2) };
  const all: Record<string, Partial<AccountRow>> = {
    Unclear: {
      ...trouble,
      state: "unclear",
      verdict: "unclear",
      cause: "unrecognised",
      action: "wait",
      message: "The provider refused for an unknown reason: status 400, oops.",
      asks_at: at(0.9),
    },
    Expired: {
      ...trouble,
      state: "expired",
      verdict: "wait",
      cause: "captive_portal",
      action: "check_network",
      message: "A sign-in page of the network answers instead of the provider.",
    },
    Locked: {
      ...trouble,
      state: "vault_locked",
      verdict: "wait",
      cause: "vault_locked",
      action: "unlock_keychain",
      message: "The keychain is locked.",
      unsaved: true,
    },
    Refreshing: { state: "refreshing", expires_at: at(0.1), next_refresh_at: at(0) },
    Expiring: { state: "expiring", issued_at: at(-0.96), expires_at: at(0.04) },
    Endless: { expires_source: null },
    "No refresh token": {
      has_refresh_token: false,
      expires_source: "assumed",
      expires_at: at(3),
      id_token_expires_at: at(-1),
      last_refreshed_at: at(-5),
    },
    Paused: { state: "paused", expires_at: at(0.5) },
    "Signed out": { state: "signed_out", token_valid: false },
    Loading: { state: "loading", token_valid: false },
  };
  const [first] = stories;
  if (!first) return [];
  return Object.entries(all).map(([name, row]) => ({
    row: account({ name, provider_name: "id.example.com", ...row }),
    lane: { ...first.lane, account_id: name, name, incidents: [], marks: [] },
    history: [],
  }));
}

/** Nothing can be read yet, as at a start before anybody unlocked the keychain. */
export function locked(stories: Story[]): Story[] {
  return stories.map(({ row, lane, history }) => ({
    row: account({
      id: row.id,
      name: row.name,
      provider_name: row.provider_name,
      state: "vault_locked",
      verdict: "wait",
      cause: "vault_locked",
      action: "unlock_keychain",
      message: "The keychain is locked.",
      has_refresh_token: false,
      revocable: false,
      token_valid: false,
      generation: 0,
    }),
    lane: { ...lane, bars: [], planned_at: null, sign_in_at: null },
    history,
  }));
}

/** Codes that this window has no words for; whatever it does, it shows the engine's own. */
export function newer(stories: Story[]): Story[] {
  const unknown = (text: string) => text as never;
  return stories.map(({ row, lane, history }, index) => ({
    row: index
      ? row
      : account({
          ...row,
          state: unknown("resting"),
          cause: unknown("solar_flare"),
          verdict: unknown("rest"),
          action: unknown("look_up"),
          message: "Resting: the sun flares. It goes on by itself.",
          incident: null,
        }),
    lane: { ...lane, marks: lane.marks.map((mark) => ({ ...mark, kind: unknown("flare") })) },
    history: [
      entry({
        at: history[0]?.at ?? row.expires_at ?? "",
        account: row.name,
        kind: unknown("flared"),
        cause: unknown("solar_flare"),
        message: "The sun flared.",
      }),
      ...history,
    ],
  }));
}
