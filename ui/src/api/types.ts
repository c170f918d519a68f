// The names under which the window uses the API's types, all made from the OpenAPI document.
// Times are RFC 3339 strings or null.

import type { components } from "./generated";

type Schemas = components["schemas"];

export type AccountPatch = Partial<Schemas["AccountPatch"] & Received>;
export type AccountRow = Schemas["AccountRow"];
export type AccountSettings = Partial<Schemas["AccountSettings"] & Received>;
export type AccountState = Schemas["AccountState"];
export type Action = Schemas["Action"];
export type ApiEvent = Schemas["Event"];
export type BrowserRow = Schemas["BrowserRow"];
export type Cause = Schemas["Cause"];
export type Code = Schemas["Code"];
export type Discovered = Schemas["Discovered"];
export type ExpiresSource = Schemas["ExpiresSource"];
export type Finding = Schemas["Finding"];
export type HistoryAnswer = Schemas["HistoryAnswer"];
export type HistoryKind = Schemas["HistoryKind"];
export type HistoryRow = Schemas["HistoryRow"];
export type IncidentRow = Schemas["IncidentRow"];
export type KnownRow = Schemas["KnownRow"];
export type Lane = Schemas["Lane"];
export type LaneBar = Schemas["LaneBar"];
export type LaneMark = Schemas["LaneMark"];
export type MarkKind = Schemas["MarkKind"];
export type OverallRow = Schemas["OverallRow"];
export type PracticeSwitches = Partial<Schemas["PracticeSwitches"]>;
export type Problem = Schemas["Problem"];
export type ProviderFact = Schemas["ProviderFact"];
export type ProviderRow = Schemas["ProviderRow"];
export type Said = Schemas["Said"];
export type SaidCode = Schemas["SaidCode"];
export type SettingsRow = Schemas["SettingsRow"];
export type SignInPhase = Schemas["SignInPhase"];
export type SignInRow = Schemas["SignInRow"];
export type Stats = Schemas["Stats"];
export type StatsRow = Schemas["StatsRow"];
export type Status = Schemas["Status"];
export type Timeline = Schemas["Timeline"];
export type Verdict = Schemas["Verdict"];

/** The engine receives a client secret and never sends one, so the document of answers lacks it. */
interface Received {
  client_secret: string | null;
}
