// The words that the page uses now. A live binding: the page is mounted anew when they change.

import type {
  AccountRow,
  Finding,
  HistoryRow,
  KnownRow,
  LaneMark,
  Problem,
  Said,
  Status,
} from "../api/types";
import { de } from "./de";
import { en, type Catalogue } from "./en";

export type Language = "en" | "de";

export const CATALOGUES: Record<Language, Catalogue> = { en, de };

export let words: Catalogue = en;
/** For dates and numbers: the person's own variety of the language, where it is one. */
export let locale: string = en.tag;

/** The language of a tag without its region (RFC 5646 §2.2.1). */
const primary = (tag: string): string => tag.toLowerCase().split("-", 1)[0] ?? "";

/** What an environment names need not be a tag that dates and numbers can be written by. */
function isTag(tag: string): boolean {
  try {
    return Intl.getCanonicalLocales(tag).length === 1;
  } catch {
    return false;
  }
}

/** `system`, or a language's code; `wanted` are the system's, best first. */
export function languageOf(setting: string, wanted: readonly string[]): Language {
  if (setting === "en" || setting === "de") return setting;
  return wanted.map(primary).find((code): code is Language => code in CATALOGUES) ?? "en";
}

export function speak(language: Language, wanted: readonly string[]): void {
  words = CATALOGUES[language];
  locale = wanted.find((tag) => primary(tag) === language && isTag(tag)) ?? words.tag;
}

// The engine's sentences, or what this language says instead.

export const headlineOf = (status: Status): string =>
  words.sentences?.headline(status) ?? status.headline;
export const messageOf = (row: AccountRow): string => words.sentences?.account(row) ?? row.message;
export const whyOf = (row: AccountRow): string =>
  words.sentences?.why(row) ?? row.incident?.why ?? row.message;
/** What the engine knows of a reason; nothing where this language has no words for it. */
const reasonIn = (text: string | null | undefined): string | null =>
  text && words.sentences ? words.sentences.reason(text) : (text ?? null);
/** What would avoid it next time. */
export const adviceOf = (row: AccountRow): string | null => reasonIn(row.incident?.advice);
/** What a provider documents of such a failure. */
export const knownOf = (known: KnownRow): string =>
  [reasonIn(known.why), reasonIn(known.avoid)].filter(Boolean).join(" ");
export const entryOf = (entry: HistoryRow): string =>
  words.sentences?.entry(entry) ?? entry.message;
export const markOf = (mark: LaneMark): string => words.sentences?.mark(mark) ?? mark.label;
export const problemOf = (problem: Problem): string => {
  if (words.sentences) return words.sentences.problem(problem);
  return problem.hint ? `${problem.detail} (${problem.hint})` : problem.detail;
};
/** A sentence that may have come with its code. */
export const saidOf = (said: Said | null | undefined, sentence: string): string =>
  (said && words.sentences?.said(said)) || sentence;
export const findingOf = (
  finding: Finding,
): { about: string; found: string; mend: string | null } =>
  words.sentences?.finding(finding) ?? { ...finding, mend: finding.mend ?? null };
export const providerTextOf = (text: string): string => words.sentences?.providerText(text) ?? text;
