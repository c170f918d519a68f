// Makers of rows for the invented backend and for tests: everything at rest unless it is said.

import type { AccountRow, HistoryRow, Status } from "../api/types";

export function account(part: Partial<AccountRow>): AccountRow {
  return {
    id: part.name ?? "1",
    name: "Account",
    provider_name: part.name ?? "Provider",
    state: "ok",
    message: "All is well.",
    has_refresh_token: true,
    revocable: true,
    expires_source: "server",
    token_valid: true,
    generation: 1,
    scopes: [],
    sign_in_about: false,
    unsaved: false,
    used_by: [],
    ...part,
  };
}

export function entry(part: Partial<HistoryRow>): HistoryRow {
  return {
    at: "2026-03-10T14:00:00Z",
    kind: "refreshed",
    message: "Refreshed.",
    count: 1,
    ...part,
  };
}

export function overall(accounts: AccountRow[], headline = "Nothing to do."): Status {
  const needs = accounts.some((row) => row.state === "sign_in_needed");
  return {
    overall: accounts[0]?.state ?? "ok",
    headline,
    tray: needs ? "needs_you" : "fine",
    paused: false,
    online: true,
    vault: { kind: "os", unsaved: 0 },
    version: "0.1.0",
    pid: 4711,
    demo: false,
    accounts,
  };
}
