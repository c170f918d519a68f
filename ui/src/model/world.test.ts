import { describe, expect, it } from "vitest";
import type { SignInRow } from "../api/types";
import { account, entry, overall } from "../backend/fake_world";
import { EMPTY, announcement, apply, lanesOf, rowsOf, visibleSignIn, type World } from "./world";

const okta = account({ id: "1", name: "Okta", state: "ok" });
const slack = account({ id: "2", name: "Slack", state: "ok" });
const world: World = { ...EMPTY, status: overall([okta, slack]) };

describe("an event about an account", () => {
  it("replaces its whole row in place", () => {
    const row = { ...okta, used_by: ["git"] };
    const next = apply(world, { type: "account", row });
    expect(next.world.status?.accounts).toEqual([row, slack]);
    expect(next.stale).toEqual({ status: false, timeline: false, history: false });
  });
  it("asks for the order anew when the state changed", () => {
    const row = { ...okta, state: "sign_in_needed" as const };
    expect(apply(world, { type: "account", row }).stale).toEqual({
      status: true,
      timeline: true,
      history: false,
    });
  });
  it("adds an account that was not known", () => {
    const row = account({ id: "3", name: "Google" });
    expect(apply(world, { type: "account", row }).world.status?.accounts).toHaveLength(3);
  });
  it("is no reason to invent a status that was never read", () => {
    const next = apply(EMPTY, { type: "account", row: okta });
    expect(next.world.status).toBeNull();
    expect(next.stale.status).toBe(true);
  });
});

it("forgets a removed account", () => {
  const next = apply(world, { type: "removed", id: "1", name: "Okta" });
  expect(next.world.status?.accounts).toEqual([slack]);
});

it("keeps the accounts when the overall state changes", () => {
  const { accounts: _, ...rest } = overall([]);
  const next = apply(world, { type: "overall", status: { ...rest, headline: "Okta needs you." } });
  expect(next.world.status?.headline).toBe("Okta needs you.");
  expect(next.world.status?.accounts).toHaveLength(2);
});

it("reads everything anew after missed events, and the lanes after each entry", () => {
  expect(apply(world, { type: "resync" }).stale).toEqual({
    status: true,
    timeline: true,
    history: true,
  });
  expect(apply(world, { type: "history", entry: entry({}) }).stale.timeline).toBe(true);
});

it("announces a changed headline and nothing else", () => {
  const after = overall([slack], "Okta needs you.");
  expect(announcement(world.status, after)).toBe("Okta needs you.");
  expect(announcement(after, { ...after, accounts: [okta] })).toBeNull();
  expect(announcement(null, after)).toBeNull();
});

it("shows the sign-in of this window, else any that is going on", () => {
  const row = (id: string, phase: SignInRow["phase"]): SignInRow => ({
    id,
    account: "Okta",
    phase,
    ends_at: "2026-03-10T14:00:00Z",
    device_possible: false,
  });
  const busy: World = {
    status: overall([{ ...okta, sign_in: "b" }]),
    signIns: { a: row("a", "failed"), b: row("b", "waiting_for_browser") },
    connected: true,
  };
  expect(visibleSignIn(busy, "a")?.id).toBe("b");
  expect(visibleSignIn({ ...busy, status: overall([okta]) }, "a")?.id).toBe("a");
  expect(visibleSignIn(busy, null)?.id).toBe("b");
  expect(visibleSignIn({ ...busy, status: overall([okta]) }, null)).toBeNull();
});

it("plans nothing while all is paused, and says so", () => {
  const at = "2026-03-10T15:00:00Z";
  const status = overall([{ ...okta, next_refresh_at: at }]);
  expect(rowsOf(status)).toEqual(status.accounts);
  const paused = { ...status, paused: true };
  const lane = { account_id: "1", name: "Okta", bars: [], marks: [], incidents: [] };
  const planned = [{ ...lane, sign_in_about: false, planned_at: at }];
  expect(lanesOf(planned, false)).toBe(planned);
  expect(lanesOf(planned, true)[0]?.planned_at).toBeNull();
  expect(rowsOf(paused)[0]?.next_refresh_at).toBeNull();
  expect(announcement(status, paused)).toBe("Everything is paused.");
});
