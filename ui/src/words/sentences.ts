// What a language other than the engine's says instead of the engine's own sentences, made from the
// same codes. Not everything can be said so: doctor's findings, a provider's registering text and
// refusals of the engine stay in its language.

import type { AccountRow, HistoryRow, LaneMark, Status } from "../api/types";

export interface Sentences {
  headline: (status: Status) => string;
  /** What is the matter with an account, or nothing. */
  account: (row: AccountRow) => string;
  /** Why it is needed that a person signs in. */
  why: (row: AccountRow) => string;
  entry: (entry: HistoryRow) => string;
  mark: (mark: LaneMark) => string;
}
