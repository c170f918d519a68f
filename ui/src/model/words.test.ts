import { expect, it } from "vitest";
import type { AccountRow } from "../api/types";
import { account } from "../backend/fake_world";
import { nextTry, stateShape, stateTone, stateWords } from "./words";

const min = 60_000;
const now = Date.parse("2026-03-10T14:00:00Z");
const at = (ms: number) => new Date(now + ms).toISOString();
const words = (part: Partial<AccountRow>) => stateWords(account({ name: "Okta", ...part }), now);

it("counts down what a token is good for, rounded down", () => {
  expect(words({ state: "ok", expires_at: at(72 * min + 59_000) })).toBe("good for 1 h 12 min");
  expect(words({ state: "ok", expires_at: at(90_000) })).toBe("good for 90 s");
});

it("says that an end is assumed, or that none is known", () => {
  expect(words({ state: "ok", expires_at: at(9 * min), expires_source: "assumed" })).toBe(
    "good for about 9 min",
  );
  expect(words({ state: "ok", expires_at: null })).toBe("good, no end known");
});

it("never counts below zero", () => {
  expect(words({ state: "ok", expires_at: at(-3 * min) })).toBe("over for 3 min");
  expect(words({ state: "expired", expires_at: at(-3 * min), cause: null })).toBe("Over for 3 min");
});

it("says why and until when it waits", () => {
  const row = { state: "waiting", cause: "server_error", next_refresh_at: at(4 * min) } as const;
  expect(words(row)).toBe("Waiting: provider is down");
  expect(nextTry(account(row), now)).toBe("in 4 min");
  expect(nextTry(account({ ...row, next_refresh_at: at(-1) }), now)).toBe("now");
  expect(nextTry(account({ ...row, state: "ok" }), now)).toBeNull();
});

it("asks only where signing in helps", () => {
  expect(words({ state: "sign_in_needed", cause: "session_ended" })).toBe("Sign in again");
  expect(words({ state: "fix_setup", cause: "client_rejected" })).toBe(
    "Setup: id or secret refused",
  );
  expect(words({ state: "vault_locked", cause: "vault_locked" })).toBe("Keychain locked");
});

it("tells the states apart by shape and only then by tone", () => {
  expect(stateShape("sign_in_needed")).toBe("triangle");
  expect(stateTone("sign_in_needed")).toBe("ask");
  expect([
    stateShape("ok"),
    stateShape("waiting"),
    stateShape("fix_setup"),
    stateShape("paused"),
  ]).toEqual(["dot", "diamond", "square", "outline"]);
  expect(stateTone("paused")).toBe("calm");
});
