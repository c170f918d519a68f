// What the engine says in whole sentences, in German, by their codes: refusals, what doctor finds,
// how a sign-in ends, what is known of a provider. A code that is missing here does not compile.

import type { Cause, Code, SaidCode } from "../api/types";
import { duration } from "../model/time";
import { germanProviderTexts } from "./de_providers";
import { de } from "./de";
import { known } from "./sentences";

export type Params = Readonly<Record<string, string>>;
type Sentence = (p: Params) => string;

const cause = (p: Params) => p["cause"] as Cause;
const meaning = (p: Params) => known(de.meaning.of, cause(p)) ?? de.meaning.of.unrecognised;
const short = (p: Params) => de.causes[cause(p)] ?? p["cause"] ?? "";
const length = (p: Params) => duration(Number(p["seconds"] ?? 0) * 1000);
const sentence = (text: string) => (text.endsWith(".") ? text : `${text}.`);

/** What the provider said itself stands as it is, in its own language. */
function quoted(words: string, p: Params): string {
  const code = p["code"] && `(${p["code"]})`;
  return [words, p["text"] && `Er sagt: ${p["text"]}`, code].filter(Boolean).join(" ");
}

/** Codes of RFC 6749 §4.1.2.1, OpenID Connect Core §3.1.2.6 and RFC 8628 §3.5. */
const REFUSALS: Record<string, string> = {
  access_denied:
    "Die Anmeldung wurde abgelehnt: Jemand hat sie nicht erlaubt, oder eine Regel des Anbieters verbietet sie.",
  consent_required:
    "Der Anbieter verlangt erst eine Zustimmung, nach der er hier nicht fragen konnte; vielleicht muss ein Administrator sie geben.",
  login_required:
    "Der Anbieter will Sie etwas fragen und durfte es nicht. Entfernen Sie `prompt` aus den weiteren Parametern des Kontos.",
  unauthorized_client:
    "Der Anbieter lässt diese Client-Kennung nicht so anmelden. Prüfen Sie, wie die Anwendung dort registriert ist.",
  invalid_client: "Der Anbieter kennt diese Client-Kennung nicht oder hat ihr Geheimnis abgelehnt.",
  invalid_scope: "Der Anbieter gibt einen der verlangten Scopes nicht. Prüfen Sie die Scopes.",
  invalid_request:
    "Der Anbieter hat die Anfrage nicht verstanden. Vergleichen Sie Rücksprungadresse und weitere Parameter mit der Registrierung.",
  invalid_target: "Der Anbieter kennt die verlangte Ressource oder Audience nicht.",
  server_error: "Der Anbieter hat selbst eine Störung. Versuchen Sie es später.",
  temporarily_unavailable:
    "Der Anbieter ist gerade überlastet. Versuchen Sie es in einigen Minuten.",
};
const ALIKE: Record<string, string> = {
  interaction_required: "login_required",
  account_selection_required: "login_required",
  unsupported_response_type: "invalid_request",
};

/** What a key of the settings may be, where that is more than the field says. */
const KEYS: Record<string, string> = {
  proxy: "Der Proxy ist eine Adresse mit http, https, socks5 oder socks5h.",
  history_days: "Behalten Sie mindestens einen Tag.",
  refresh_ahead_s: "Möglich sind 2 bis 60 Minuten, oder leer.",
  notify_command: "Am Anfang steht ein Programm.",
  browser: "Am Anfang steht ein Programm.",
};

export const germanSaid: Record<SaidCode, Sentence> = {
  name_form: () => "Ein Name hat 1 bis 64 Zeichen, kein / und keine Leerzeichen am Rand.",
  name_taken: (p) => `Ein Konto namens ${p["name"]} gibt es schon.`,
  account_unknown: (p) => `Ein Konto namens ${p["name"]} gibt es nicht.`,
  client_id_missing: () => "Die Client-Kennung fehlt: So nennt der Anbieter dieses Programm.",
  address_form: (p) =>
    `${p["address"]} geht nicht: Adressen beginnen mit https:// (http:// nur auf diesem Rechner).`,
  no_place: () => "Es fehlt, wo angemeldet wird: ein Anbieter, ein Issuer oder die Endpunkte.",
  not_removed: (p) => `${p["name"]} wurde nicht in den letzten Sekunden entfernt.`,
  removed_meanwhile: () => "Das Konto wurde inzwischen entfernt.",
  import_text: () => "In der Zwischenablage ist keine Token-Antwort (JSON mit access_token).",
  rate_limited: (p) => `${p["name"]} darf in ${p["seconds"]} s wieder erneuert werden.`,
  paused: (p) => `${p["name"]} ist angehalten, und sein Token ist abgelaufen.`,
  no_refresh_token: (p) =>
    `${p["name"]} lässt sich nicht erneuern: Der Anbieter gab nichts, womit es ginge.`,
  signed_out: (p) => `${p["name"]} ist abgemeldet.`,
  loading: (p) => `${p["name"]} wird noch aus dem Schlüsselbund gelesen; gleich noch einmal.`,
  busy: (p) => `${p["name"]} wird gerade erneuert; gleich noch einmal.`,
  shutting_down: () => "Tokentray wird gerade beendet.",
  incident_over: () => "Das hat sich erledigt: Es ist nichts mehr zu tun.",
  sign_in_over: () => "Diese Anmeldung ist vorbei.",
  secret_not_kept: (p) => `Das Client-Geheimnis lässt sich nicht aufbewahren: ${short(p)}.`,
  setting_wrong: (p) =>
    KEYS[p["key"] ?? ""] ??
    (p["key"]
      ? `In der Einstellungsdatei passt ${p["key"]} nicht; der letzte gute Stand gilt weiter.`
      : "In der Einstellungsdatei passt etwas nicht; der letzte gute Stand gilt weiter."),
  settings_newer: () =>
    "Die Einstellungsdatei stammt von einem neueren Tokentray: Installieren Sie dieses.",
  settings_failed: () => "Die Einstellungsdatei lässt sich nicht lesen oder schreiben.",
  vault_trouble: (p) => sentence(`Schlüsselbund: ${meaning(p).what}`),
  vault_same: () => "Dort liegt schon alles.",
  vault_in_memory: () => "Alles liegt nur im Arbeitsspeicher; es gibt nichts umzuziehen.",
  vault_busy: () => "Es wird noch erneuert oder gesichert; nichts wurde umgezogen.",
  vault_not_moved: () => "Der Umzug ist nicht gelungen; alles blieb, wo es war.",
  clipboard_empty: () => "In der Zwischenablage ist kein Text.",
  not_copied: () => "Das Kopieren ist nicht gelungen.",

  vault_readable: (p) =>
    `lesbar, in ${de.settings.vaults[p["kind"] ?? ""] ?? p["kind"]}`.replace("in dem ", "im "),
  settings_in_use: (p) => `${p["file"]} ist in Gebrauch`,
  clock_off: (p) => {
    const off = Number(p["seconds"] ?? 0);
    const by = duration(Math.abs(off) * 1000);
    return `Die Uhr dieses Rechners geht ${by} ${off > 0 ? "vor" : "nach"}.`;
  },
  unsaved: (p) => `Die neueste Anmeldung liegt erst im Journal (${short(p)}).`,
  salvage: () => "Eine Antwort, die nicht zu lesen war, liegt versiegelt in seinem Journal.",
  trouble: (p) => meaning(p).what,
  odd_sign_ins: (p) => `Sie haben sich in 7 Tagen ${p["times"]}-mal angemeldet`,
  odd_failures: (p) =>
    `In 7 Tagen scheiterten ${p["now"]} % der Versuche, in den Wochen davor ${p["before"]} %`,
  odd_refreshes: (p) =>
    `In 7 Tagen ${p["times"]}-mal erneuert; zu erwarten waren etwa ${p["planned"]}`,
  accounts_well: (p) => `${p["well"]} von ${p["all"]} geht es gut`,

  sign_in_cancelled: () => "Die Anmeldung wurde abgebrochen.",
  sign_in_timed_out: () =>
    "Innerhalb von 10 Minuten hat niemand die Anmeldung beendet. Beginnen Sie neu.",
  code_expired: () => "Der Code wurde nicht rechtzeitig eingegeben. Beginnen Sie neu.",
  setup_redirect: () =>
    "Die Rücksprungadresse passt nicht: Der Rechner ist 127.0.0.1 oder localhost, der Pfad beginnt mit / und hat weder ? noch #.",
  setup_address: (p) =>
    `Eine Adresse des Kontos ist nicht brauchbar (${p["address"]}). Bearbeiten Sie das Konto.`,
  setup_no_address: () =>
    "Die Adressen des Anbieters sind nicht bekannt. Geben Sie dem Konto einen Issuer oder seine Adressen.",
  setup_no_device: () =>
    "Dieser Anbieter bietet kein Anmelden mit einem Code an, oder die Adresse dafür ist nicht bekannt. Melden Sie sich im Browser an.",
  port_taken: (p) =>
    p["ports"]
      ? `Der Anbieter kommt nur zu ${p["ports"]} zurück, und dort lauscht ein anderes Programm. Beenden Sie es und versuchen Sie es erneut.`
      : "Auf diesem Rechner war kein freier Port zu finden.",
  port_refused: (p) => `Dieser Rechner lässt Tokentray nicht auf Port ${p["port"]} lauschen.`,
  issuer_form: () =>
    "Der Issuer ist eine https-Adresse ohne Abfrage und Anker (http nur auf diesem Rechner).",
  issuer_unreachable: (p) => `Der Issuer ${p["host"]} ist nicht erreichbar: ${short(p)}.`,
  issuer_status: (p) =>
    `${p["host"]} antwortet mit ${p["status"]}, wo seine Anmelde-Einstellungen sein sollten. Prüfen Sie den Issuer, oder geben Sie die Adressen an.`,
  issuer_not_metadata: (p) =>
    `${p["host"]} hat nicht mit seinen Anmelde-Einstellungen geantwortet. Prüfen Sie den Issuer; hat Ihr Netz eine eigene Anmeldeseite, melden Sie sich erst dort an.`,
  issuer_other: (p) =>
    `Der Anbieter nennt sich ${p["found"]}, nicht ${p["asked"]}. Nehmen Sie genau seinen eigenen Namen.`,
  issuer_endpoint: (p) =>
    `Die Einstellungen des Anbieters nennen eine Adresse, die nicht erlaubt ist (${p["member"]}).`,
  provider_refused: (p) => {
    const code = p["code"] ?? "";
    return quoted(REFUSALS[ALIKE[code] ?? code] ?? "Der Anbieter hat die Anmeldung abgelehnt.", p);
  },
  wrong_issuer: (p) =>
    `Die Antwort kam von einem anderen Anbieter als dem gefragten (${p["received"]} statt ${p["expected"]}). Sie wurde nicht verwendet.`,
  issuer_missing: () =>
    "Der Anbieter hat versprochen, sich in seiner Antwort zu nennen, und tat es nicht. Sie wurde nicht verwendet.",
  exchange_refused: (p) =>
    quoted(`Der Anbieter gab kein Token: ${short(p)}. ${meaning(p).you}`.trim(), p),
  id_token_wrong: () =>
    "Das ID-Token des Anbieters passt nicht zu dieser Anmeldung. Es wurde nicht verwendet.",
  wrong_account: (p) =>
    `${p["who"]} hat sich angemeldet, aber dieses Konto gehört jemand anderem. Die alte Anmeldung blieb. Melden Sie sich als die richtige Person an, oder fügen Sie ein eigenes Konto für ${p["who"]} hinzu.`,
  who_unknown: (p) =>
    `Der Anbieter sagte nicht, wer sich angemeldet hat; ${p["name"]} behält, was es hat. War es die richtige Person, melden Sie ${p["name"]} ab und dann wieder an.`,
  browser_not_opened: () =>
    "Der Browser ließ sich nicht öffnen. Kopieren Sie den Link und öffnen Sie ihn selbst.",
  no_refresh_token_came: () =>
    "Der Anbieter gab kein Refresh-Token: Sie melden sich wieder an, sobald das Token endet. Der Scope offline_access hilft vielleicht.",
  not_compared: () =>
    "Der Anbieter sagte nicht, wer sich angemeldet hat; es ließ sich nicht mit vorher vergleichen.",

  fact_unknown: () => "Unbekannt.",
  fact_plain: (p) => sentence(germanText((p["text"] ?? "").replace(/\.$/, ""))),
  fact_found_through: (p) => `Wird über ${p["issuer"]} gefunden.`,
  fact_own_server: () => "Die Ihres Servers oder Ihrer Organisation; geben Sie den Issuer an.",
  fact_no_scopes: () => "Von sich aus wird keiner verlangt.",
  rotation_never: () => "Das Refresh-Token bleibt dasselbe.",
  rotation_sometimes: () =>
    "Eine Erneuerung kann ein neues Refresh-Token bringen; dann endet das alte vielleicht.",
  rotation_single_use: () => "Jedes Refresh-Token gilt einmal und bringt ein neues.",
  grace_none: () => "Keine: Ein benutztes Refresh-Token gilt nie wieder.",
  grace: (p) => `Ein benutztes Refresh-Token gilt noch ${length(p)}.`,
  idle_never: () => "Das Refresh-Token endet nicht, wenn es unbenutzt bleibt.",
  idle_after: (p) => `Unbenutzt endet das Refresh-Token nach ${dative(length(p))}.`,
  absolute_never: () => "Das Refresh-Token endet nie durch Alter.",
  absolute_after: (p) => `Das Refresh-Token endet nach ${dative(length(p))}, benutzt oder nicht.`,
  end_configured: () => "Der Administrator des Servers legt es fest.",
  idle_configured: (p) =>
    `Der Administrator des Servers legt es fest; sonst endet das Refresh-Token unbenutzt nach ${dative(length(p))}.`,
  absolute_configured: (p) =>
    `Der Administrator des Servers legt es fest; sonst endet das Refresh-Token nach ${dative(length(p))}.`,
  voids_token: () => "Eine Erneuerung beendet das vorige Token.",
  keeps_token: () => "Das vorige Token gilt bis zu seinem eigenen Ende.",
  device_offered: () => "Wird angeboten.",
  device_not_offered: () => "Wird nicht angeboten.",
  confirmations: (p) =>
    `Lehnt manchmal fälschlich ab: geglaubt wird es nach ${p["times"]} Ablehnungen.`,
};

const dative = (text: string) => text.replace(/Tage$/, "Tagen").replace(/Monate$/, "Monaten");

/** What to do about a finding; a command stands as it is. */
export const germanMends: Partial<Record<SaidCode, Sentence>> = {
  setting_wrong: () => "Verbessern Sie die Zeile; die Datei wird von selbst wieder gelesen.",
  clock_off: () => "Stellen Sie Datum und Uhrzeit dieses Rechners.",
  unsaved: () => "Nichts zu tun: Sie wird gesichert, sobald es geht.",
  salvage: () => "Nichts zu tun: Sie geht mit dem nächsten Erfolg.",
  trouble: (p) => meaning(p).you,
};

/** What doctor looked at; accounts by their names. */
export const germanAbout: Record<string, string> = {
  vault: "Schlüsselbund",
  clock: "Uhr",
  accounts: "Konten",
};

/** Refusals without a sentence of their own. */
export const germanCodes: Record<Code, string> = {
  INVALID_REQUEST: "Das geht so nicht",
  UNAUTHORIZED: "Das darf dieses Fenster nicht",
  DENIED: "Das wurde verweigert",
  NOT_FOUND: "Das gibt es nicht",
  CONFLICT: "Das passt nicht zum jetzigen Stand",
  REFRESH_NOT_AVAILABLE: "Das lässt sich nicht erneuern",
  PROVIDER_NOT_CONFIGURED: "Der Anbieter ist nicht vollständig angegeben",
  REAUTH_REQUIRED: "Dafür ist eine neue Anmeldung nötig",
  PAUSED: "Das ist angehalten",
  RATE_LIMITED: "Das war zu oft; versuchen Sie es später",
  REFRESH_FAILED: "Das Erneuern ist nicht gelungen",
  BUSY: "Es ist noch etwas im Gange; gleich noch einmal",
  LOADING: "Es wird noch gelesen; gleich noch einmal",
  VAULT_LOCKED: "Der Schlüsselbund ist gesperrt",
  VAULT_DENIED: "Der Schlüsselbund hat es verweigert",
  VAULT_UNAVAILABLE: "Der Schlüsselbund ist nicht erreichbar",
  VAULT_FULL: "Es ließ sich nicht sichern",
  NOT_RUNNING: "Tokentrays Dienst läuft nicht",
  INTERNAL: "Etwas ist schiefgegangen",
};

/** A text of a provider's row. */
export function germanText(text: string): string {
  return germanProviderTexts[text] ?? text;
}
