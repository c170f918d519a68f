import { expect, it } from "vitest";
import type { SignInRow } from "../api/types";
import { panel } from "./sign_in";

const now = Date.parse("2026-03-10T14:00:00Z");
const row: SignInRow = {
  id: "s",
  account: "Okta",
  phase: "waiting_for_browser",
  url: "https://id.example.com/authorize",
  ends_at: "2026-03-10T14:10:00Z",
  device_possible: true,
};

it("waits for the browser with every way out", () => {
  expect(panel(row, now)).toMatchObject({
    title: "Waiting for your browser…",
    words: "Sign in to Okta there. This lasts for another 10 min.",
    link: "https://id.example.com/authorize",
    canOpen: true,
    canUseCode: true,
    going: true,
  });
});

it("offers a code only where the provider has them", () => {
  expect(panel({ ...row, device_possible: false }, now).canUseCode).toBe(false);
});

it("shows the code and where to type it", () => {
  const device: SignInRow = {
    ...row,
    phase: "waiting_for_code",
    url: null,
    user_code: "WDJB-MJHT",
    verification_url: "https://id.example.com/device",
    verification_url_complete: "https://id.example.com/device?user_code=WDJB-MJHT",
  };
  expect(panel(device, now)).toMatchObject({
    code: "WDJB-MJHT",
    address: "https://id.example.com/device",
    link: "https://id.example.com/device?user_code=WDJB-MJHT",
    canUseCode: false,
  });
});

it("ends with a reason and no stale link", () => {
  expect(
    panel({ ...row, phase: "failed", message: "Another account came back." }, now),
  ).toMatchObject({
    words: "Another account came back.",
    link: null,
    canOpen: false,
    going: false,
    failed: true,
  });
  expect(panel({ ...row, phase: "signed_in", warning: "No refresh token came." }, now).words).toBe(
    "No refresh token came.",
  );
});
