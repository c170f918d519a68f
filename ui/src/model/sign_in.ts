// The sign-in panel in words: what it waits for, and which buttons make sense now.

import type { SignInRow } from "../api/types";
import { duration, instant } from "./time";
import { isGoing } from "./world";

export interface Panel {
  title: string;
  words: string;
  /** Large, to be read from across the desk. */
  code: string | null;
  /** The address that goes with the code. */
  address: string | null;
  link: string | null;
  canOpen: boolean;
  canUseCode: boolean;
  going: boolean;
  failed: boolean;
}

export function panel(row: SignInRow, now: number): Panel {
  const ends = instant(row.ends_at) ?? now;
  const left = ends > now ? ` This lasts for another ${duration(ends - now)}.` : "";
  const going = isGoing(row);
  const base: Panel = {
    title: `Signing in to ${row.account}`,
    words: "",
    code: null,
    address: null,
    link: going ? (row.url ?? null) : null,
    canOpen: going && Boolean(row.url),
    canUseCode: row.phase === "waiting_for_browser" && row.device_possible,
    going,
    failed: row.phase === "failed",
  };
  switch (row.phase) {
    case "starting":
      return { ...base, words: "Preparing the sign-in." };
    case "waiting_for_browser":
      return {
        ...base,
        title: "Waiting for your browser…",
        words: `Sign in to ${row.account} there.${left}`,
      };
    case "waiting_for_code":
      return {
        ...base,
        title: `Enter this code to sign in to ${row.account}`,
        words: `On this or any other device.${left}`,
        code: row.user_code ?? null,
        address: row.verification_url ?? null,
        link: row.verification_url_complete ?? row.verification_url ?? null,
        canOpen: true,
      };
    case "finishing":
      return {
        ...base,
        title: "Your browser came back.",
        words: `Fetching the tokens of ${row.account}.`,
      };
    case "signed_in":
      return {
        ...base,
        title: `Signed in to ${row.account}.`,
        words: row.warning ?? "From now on it is kept alive by itself.",
      };
    case "failed":
      return {
        ...base,
        title: `Signing in to ${row.account} did not work.`,
        words: row.message ?? "The provider gave no reason.",
      };
    case "cancelled":
      return {
        ...base,
        title: `Signing in to ${row.account} was cancelled.`,
        words: "Nothing has changed.",
      };
  }
}
