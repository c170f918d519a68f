// The sign-in panel in words: what it waits for, and which buttons make sense now.

import type { SignInRow } from "../api/types";
import { saidOf, words } from "../words/words";
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
  /** The address to show as a QR code. */
  scan: string | null;
  canOpen: boolean;
  canUseCode: boolean;
  going: boolean;
  failed: boolean;
  /** What a sign-in goes through, and how many of these are behind. */
  steps: readonly string[];
  step: number;
}

/** Beyond this a code would be too fine for a phone. */
const QR_LONGEST = 512;

export function panel(row: SignInRow, now: number): Panel {
  const w = words.signIn;
  const ends = instant(row.ends_at) ?? now;
  const left = ends > now ? w.lasts(duration(ends - now)) : "";
  const going = isGoing(row);
  const device = Boolean(row.user_code);
  const steps = device ? w.stepsDevice : w.steps;
  const base: Panel = {
    title: w.to(row.account),
    words: "",
    code: null,
    address: null,
    link: going ? (row.url ?? null) : null,
    scan: null,
    canOpen: going && Boolean(row.url),
    canUseCode: row.phase === "waiting_for_browser" && row.device_possible,
    going,
    failed: row.phase === "failed",
    steps,
    step: 0,
  };
  switch (row.phase) {
    case "starting":
      return { ...base, words: w.preparing };
    case "waiting_for_browser":
      return { ...base, title: w.waiting, words: w.there(row.account, left), step: 1 };
    case "waiting_for_code": {
      const link = row.verification_url_complete ?? row.verification_url ?? null;
      return {
        ...base,
        title: w.enter(row.account),
        words: w.anyDevice(left),
        code: row.user_code ?? null,
        address: row.verification_url ?? null,
        link,
        scan: link && link.length <= QR_LONGEST ? link : null,
        canOpen: true,
        step: 1,
      };
    }
    case "finishing":
      return { ...base, title: w.cameBack, words: w.fetching(row.account), step: 2 };
    case "signed_in":
      return {
        ...base,
        title: w.done(row.account),
        words: row.warning ? saidOf(row.said, row.warning) : w.kept,
        step: 3,
      };
    case "failed":
      return {
        ...base,
        title: w.failed(row.account),
        words: row.message ? saidOf(row.said, row.message) : w.noReason,
      };
    case "cancelled":
      return { ...base, title: w.cancelled(row.account), words: w.unchanged };
    default:
      // A newer engine's.
      return { ...base, words: (row as SignInRow).message ?? "" };
  }
}
