// What the page knows: a snapshot that events keep current. Pure; the page only draws it.

import type { AccountRow, ApiEvent, Lane, SignInRow, Status } from "../api/types";
import { headline } from "./facts";

export interface World {
  status: Status | null;
  signIns: Readonly<Record<string, SignInRow>>;
  /** The engine answers. */
  connected: boolean;
}

export const EMPTY: World = { status: null, signIns: {}, connected: true };

/** What must be read anew after an event; the engine alone knows the order of accounts. */
export interface Stale {
  status: boolean;
  timeline: boolean;
  history: boolean;
}

const FRESH: Stale = { status: false, timeline: false, history: false };

export function apply(world: World, event: ApiEvent): { world: World; stale: Stale } {
  switch (event.type) {
    case "overall":
      return {
        world: world.status ? { ...world, status: { ...world.status, ...event.status } } : world,
        stale: { ...FRESH, status: !world.status },
      };
    case "account":
      return account(world, event.row);
    case "removed": {
      const status = world.status && {
        ...world.status,
        accounts: world.status.accounts.filter((row) => row.id !== event.id),
      };
      return { world: { ...world, status }, stale: { ...FRESH, timeline: true } };
    }
    case "history":
      return { world, stale: { ...FRESH, timeline: true, history: true } };
    case "sign_in":
      return {
        world: { ...world, signIns: { ...world.signIns, [event.row.id]: event.row } },
        stale: FRESH,
      };
    case "resync":
      return { world, stale: { status: true, timeline: true, history: true } };
    case "settings":
    case "open_window":
    default:
      // Or what only a newer engine tells.
      return { world, stale: FRESH };
  }
}

function account(world: World, row: AccountRow): { world: World; stale: Stale } {
  if (!world.status) return { world, stale: { ...FRESH, status: true } };
  const before = world.status.accounts.find((candidate) => candidate.id === row.id);
  const accounts = before
    ? world.status.accounts.map((candidate) => (candidate.id === row.id ? row : candidate))
    : [...world.status.accounts, row];
  // A change of state may change the order, and a new plan or token changes the lane.
  const moved = before?.state !== row.state;
  const redrawn =
    moved ||
    before.generation !== row.generation ||
    before.next_refresh_at !== row.next_refresh_at ||
    before.name !== row.name;
  return {
    world: { ...world, status: { ...world.status, accounts } },
    stale: { status: moved, timeline: redrawn, history: false },
  };
}

/** The accounts as they are shown: while all is paused nothing is planned, whatever was. */
export function rowsOf(status: Status | null): AccountRow[] {
  if (!status?.paused) return status?.accounts ?? [];
  return status.accounts.map((row) => ({ ...row, next_refresh_at: null }));
}

/** The same of their lanes. */
export function lanesOf(lanes: Lane[], paused: boolean): Lane[] {
  return paused ? lanes.map((lane) => ({ ...lane, planned_at: null })) : lanes;
}

/** What a screen reader is told when a state changed; null where nothing changed that matters. */
export function announcement(before: Status | null, after: Status | null): string | null {
  if (!before || !after || headline(before) === headline(after)) return null;
  return headline(after);
}

/** The sign-in that the window shows: one that is going on, the newest of this window first. */
export function visibleSignIn(world: World, wanted: string | null): SignInRow | null {
  const own = wanted ? world.signIns[wanted] : undefined;
  if (own && isGoing(own)) return own;
  for (const row of world.status?.accounts ?? []) {
    const going = row.sign_in ? world.signIns[row.sign_in] : undefined;
    if (going && isGoing(going)) return going;
  }
  // How it ended stands until it is closed.
  return own ?? null;
}

export function isGoing(row: SignInRow): boolean {
  return row.phase !== "signed_in" && row.phase !== "failed" && row.phase !== "cancelled";
}
