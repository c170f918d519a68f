// The engine's sentences, in German.

import { sentences } from "../../../src-tauri/engine/words/de.json";
import type {
  AccountRow,
  Cause,
  Finding,
  HistoryRow,
  LaneMark,
  Problem,
  Said,
  Status,
} from "../api/types";
import { de } from "./de";
import { germanAbout, germanCodes, germanMends, germanSaid, germanText } from "./de_said";
import { counted, fill, known, type Counted, type Sentences } from "./sentences";

const SHOWN = 4;

function list(names: readonly string[]): string {
  if (names.length <= SHOWN) return names.join(", ");
  const shown = names.slice(0, SHOWN - 1).join(", ");
  return fill(sentences.and_more, { names: shown, n: names.length - SHOWN + 1 });
}

/** By the rule of the engine's own headline (`domain/words/overall.rs`). */
function headline(status: Status): string {
  const said = sentences.headline;
  const names = (...states: AccountRow["state"][]) =>
    status.accounts.filter((row) => states.includes(row.state)).map((row) => row.name);
  const all = status.accounts.length;
  if (!all) return said.no_account;
  const need = names("sign_in_needed");
  const setup = names("fix_setup");
  const waits = names("waiting", "unclear", "expired");
  const vault = names("vault_locked");
  const troubled = need.length + setup.length + waits.length + vault.length;
  const about = (text: Counted, some: readonly string[]) => {
    const sentence = fill(counted(text, some.length), { n: some.length, names: list(some) });
    const restIsWell = all > troubled && some.length === troubled;
    return restIsWell ? `${sentence} ${said.rest_is_well}` : sentence;
  };
  if (need.length) return about(said.need_you, need);
  if (vault.length) return said.vault_locked;
  if (setup.length) return about(said.setup, setup);
  if (waits.length) return about(said.waiting, waits);
  if (names("paused").length === all) return said.paused;
  if (names("loading").length === all) return said.loading;
  const out = names("signed_out");
  return out.length === all ? fill(said.signed_out, { names: list(out) }) : said.well;
}

function account(row: AccountRow): string {
  const told = row.cause && known(de.meaning.of, row.cause);
  if (told) return told.what;
  return row.state === "ok" ? "Alles ist in Ordnung." : row.message;
}

function why(row: AccountRow): string {
  const cause = row.incident?.cause ?? row.cause;
  const told = cause && known(de.meaning.of, cause);
  if (told) return `${row.name}: ${told.what}`;
  return fill(sentences.headline.need_you.one, { names: row.name });
}

const TRIGGERS: Record<string, string> = {
  hand_out: ", weil ein Programm fragte",
  rejected: ", weil ein Dienst das Token ablehnte",
  person: " von Hand",
  startup: " beim Start",
  resume: " nach dem Aufwachen",
  network: ", als das Netz zurückkam",
  retry: " bei einem weiteren Versuch",
  probe: " bei einem weiteren Versuch",
  confirm: " bei einem weiteren Versuch",
  edit: " nach einer Änderung",
};

/** By its kind, with its cause and how often; nothing for what only a newer engine knows. */
function named<K extends string>(
  kinds: Record<K, string>,
  one: { kind: K; cause?: Cause | null; count: number },
): string | null {
  const kind = known(kinds, one.kind);
  if (!kind) return null;
  const cause = one.cause && known(de.causes, one.cause);
  const times = one.count > 1 ? ` (${one.count}-mal)` : "";
  return `${kind}${cause ? `: ${cause}` : ""}${times}`;
}

function entry(one: HistoryRow): string {
  const times = one.count > 1 ? ` (${one.count}-mal)` : "";
  const who = one.client ?? "ein Programm";
  switch (one.kind) {
    case "refreshed":
      return `Erneuert${one.trigger ? (TRIGGERS[one.trigger] ?? "") : ""}${times}`;
    case "handed_out":
      return `Token ausgegeben an ${who}${times}`;
    case "denied":
      return `Token verweigert für ${who}${times}`;
    case "rejected":
      return `Ein Dienst lehnte das Token ab, sagt ${who}${times}`;
    default:
      return named(de.kinds, one) ?? one.message;
  }
}

function mark(one: LaneMark): string {
  return named(de.marks, one) ?? one.label;
}

/** A newer engine may say what is not known here; then its own sentence stands. */
function said(what: Said): string {
  return germanSaid[what.code]?.(what.params ?? {}) ?? "";
}

function problem(what: Problem): string {
  if (what.said) return said(what.said) || what.detail;
  const told = what.cause && known(de.meaning.of, what.cause);
  if (told) return `${told.what} ${told.you}`;
  return `${germanCodes[what.code]}: ${what.detail}`;
}

function finding(what: Finding): { about: string; found: string; mend: string | null } {
  const mend = what.said && germanMends[what.said.code]?.(what.said.params ?? {});
  return {
    about: germanAbout[what.about] ?? what.about,
    found: (what.said && said(what.said)) || what.found,
    mend: mend ?? what.mend ?? null,
  };
}

export const germanSentences: Sentences = {
  headline,
  account,
  why,
  entry,
  mark,
  said,
  problem,
  finding,
  // A test of the engine finds every reason there; what is missing is left out, not said in English.
  reason: (text) => known(sentences.reasons as Record<string, string>, text) ?? null,
  providerText: germanText,
};
