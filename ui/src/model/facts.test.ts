import { describe, expect, it } from "vitest";
import type { HistoryRow } from "../api/types";
import { account, entry, overall } from "../backend/fake_world";
import { asking, consequence, facts, subline, trouble } from "./facts";

const min = 60_000;
const h = 60 * min;
const now = Date.parse("2026-03-10T14:08:00Z");
const at = (ms: number) => new Date(now + ms).toISOString();

it("tells an account's story as a person reads it", () => {
  const row = account({
    name: "GitLab (work)",
    state: "ok",
    token_valid: true,
    expires_at: at(72 * min),
    next_refresh_at: at(48 * min),
    scopes: ["read_user", "api"],
    used_by: ["git", "glab"],
  });
  const history: HistoryRow[] = [
    entry({ at: at(-h), kind: "handed_out", count: 40 }),
    entry({ at: at(-2 * h), kind: "handed_out", count: 1 }),
    entry({ at: at(-30 * h), kind: "handed_out", count: 9 }),
  ];
  expect(facts(row, history, now).map((f) => `${f.term}: ${f.words}`)).toEqual([
    "Token: good for 1 h 12 min, until 16:20",
    "Next: refresh at 15:56, in 48 min, on its own",
    "Sign-in: no end known",
    "Used by: git, glab · 41 times today",
    "Scopes: read_user, api",
  ]);
});

it("says who used it before the engine was started anew", () => {
  const handed = (client: string | null, ago: number) =>
    entry({ at: at(-ago), kind: "handed_out", client });
  const uses = [handed("git", min), handed(null, h), handed("glab", 26 * h), handed("git", 27 * h)];
  const used = (history: HistoryRow[]) =>
    facts(account({ state: "ok" }), history, now).find((fact) => fact.term === "Used by")?.words;
  expect(used(uses)).toBe("git, glab · 2 times today");
  expect(used(uses.slice(1, 2))).toBe("programs · 1 time today");
  expect(used([])).toBe("no program yet");
});

it("never calls a rejected token good", () => {
  const row = account({ token_valid: false, expires_at: at(h) });
  expect(facts(row, [], now)[0]?.words).toBe("rejected by a service");
});

it("says that an assumed end is one", () => {
  const row = account({ token_valid: true, expires_at: at(15 * min), expires_source: "assumed" });
  expect(facts(row, [], now)[0]?.words).toContain("assumed: the provider does not say");
});

describe("trouble", () => {
  it("is what happened, what we do, what you can do", () => {
    const row = account({
      state: "waiting",
      cause: "server_error",
      action: "wait",
      message: "GitLab answers 503.",
      next_refresh_at: at(4 * min),
    });
    const failed = entry({ at: at(-min), kind: "refresh_failed", http_status: 503, attempt: 3 });
    expect(trouble(row, [failed], now)).toEqual({
      happened: "GitLab answers 503.",
      next: "Tried again by itself at 15:12, in 4 min.",
      you: "Nothing. It is tried again by itself.",
      details: ["HTTP status 503", "cause server_error", "attempt 3", "at 15:07"],
    });
    // When it is tried next is told once.
    expect(facts(row, [failed], now).map((f) => f.term)).toEqual(["Token", "Sign-in", "Used by"]);
  });
  it("is none where all is well", () =>
    expect(trouble(account({ state: "ok" }), [], now)).toBeNull());
});

it("sums up in one line, with the sign-in that ends first", () => {
  const status = overall([
    account({ name: "Google", sign_in_at: at(5 * 24 * h), sign_in_about: true }),
    account({ name: "Slack", sign_in_at: at(9 * 24 * h) }),
    account({ name: "Okta", sign_in_at: at(-h) }),
  ]);
  expect(subline(status, now)).toBe("3 accounts · next sign-in expected: Google, about Sunday");
});

it("asks for nobody who said later or is signing in already", () => {
  const incident = {
    id: "i",
    cause: "session_ended" as const,
    opened_at: at(-h),
    why: "Ended.",
    later: false,
  };
  const status = overall([
    account({ name: "A", state: "sign_in_needed", incident }),
    account({ name: "B", state: "sign_in_needed", incident: { ...incident, later: true } }),
    account({ name: "C", state: "sign_in_needed", incident, sign_in: "s1" }),
    account({ name: "D", state: "fix_setup" }),
  ]);
  expect(asking(status).map((row) => row.name)).toEqual(["A"]);
});

it("says what the programs get meanwhile", () => {
  expect(consequence(account({ name: "Okta", token_valid: false }), now)).toBe(
    "Programs get no Okta token until you sign in.",
  );
  expect(
    consequence(account({ name: "Okta", token_valid: true, expires_at: at(8 * min) }), now),
  ).toBe("Programs still get a token of Okta for 8 min.");
});

it("claims nothing about a grant that a locked keychain still hides", () => {
  const row = account({
    name: "Okta",
    state: "vault_locked",
    cause: "vault_locked",
    generation: 0,
    has_refresh_token: false,
    token_valid: false,
  });
  expect(facts(row, [], now).map((f) => `${f.term}: ${f.words}`)).toEqual([
    "Token: not known",
    "Used by: no program yet",
  ]);
  expect(trouble(row, [], now)?.next).toBe(
    "Nothing is lost; it goes on by itself once it is open.",
  );
});

it("promises no refresh while everything is paused", () => {
  const row = account({ name: "Okta", expires_at: at(h), next_refresh_at: at(48 * min) });
  const told = facts(row, [], now, true).map((f) => `${f.term}: ${f.words}`);
  expect(told).toContain("Next: nothing while it is paused");
});
