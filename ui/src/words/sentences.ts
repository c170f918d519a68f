// What a language other than the engine's says instead of the engine's own sentences, made from the
// same codes. Not everything can be said so: doctor's findings and why a sign-in failed stay in its
// language, and so does what a refusal without a cause says beside its code.

import type { AccountRow, HistoryRow, LaneMark, Problem, Status } from "../api/types";

export interface Sentences {
  headline: (status: Status) => string;
  /** What is the matter with an account, or nothing. */
  account: (row: AccountRow) => string;
  /** Why it is needed that a person signs in. */
  why: (row: AccountRow) => string;
  entry: (entry: HistoryRow) => string;
  mark: (mark: LaneMark) => string;
  problem: (problem: Problem) => string;
  /** What a provider's row says of registering and of its redirect. */
  providerText: (text: string) => string;
}
