//! What travels over the socket, as JSON. The OpenAPI document is made from these types, and the
//! window's types from that. Times are RFC 3339 UTC or null.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use crate::api::said::{Said, SaidCode};
pub use crate::domain::timeline::MarkKind;
use crate::domain::{
    cause::{Action, Cause, Verdict, codes},
    grant::ExpiresSource,
    history::{HistoryKind, Trigger},
    provider::KnownReason,
};

pub use crate::domain::{shape::TrayShape, state::AccountState};

/// `GET /v1/status`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Status {
    /// The worst state of all accounts.
    pub overall: AccountState,
    /// The one sentence that matters: the window's headline and the tray's tooltip.
    pub headline: String,
    pub tray: TrayShape,
    /// What the presenter must be showing now; none: withdraw.
    pub notice: Option<NoticeRow>,
    /// All refreshing is paused by the person.
    pub paused: bool,
    pub online: bool,
    pub vault: VaultRow,
    pub version: String,
    pub pid: u32,
    /// The practice provider's switches are at hand (demo).
    pub demo: bool,
    pub accounts: Vec<AccountRow>,
}

/// The vault, in a row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct VaultRow {
    /// `os`, `sealed`, `file` or `memory`.
    pub kind: String,
    /// Why it cannot be used now; none when it can.
    pub cause: Option<Cause>,
    /// Accounts whose newest grant only the journal holds yet.
    pub unsaved: u32,
}

/// The notification that is wanted. A new `id` or a new text means: show (replace).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct NoticeRow {
    pub id: String,
    pub title: String,
    pub body: String,
    /// Incidents that it covers; acknowledged by `POST /v1/notices/{id}/shown`.
    pub incidents: Vec<String>,
    /// Their accounts, by name.
    pub accounts: Vec<String>,
    /// Why, for each account by its codes: for a presenter in another language than the engine's.
    #[serde(default)]
    pub reasons: Vec<NoticeReason>,
    /// It was shown (and acknowledged) before; a presenter that starts now shows nothing anew.
    pub shown: bool,
}

/// Why the notification names an account.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct NoticeReason {
    pub account: String,
    pub cause: Cause,
    /// The answer to the last refresh was lost, and with it the new refresh token.
    pub lost_reply: bool,
    /// What is known of this provider for such a failure, in the engine's words.
    pub known: Option<String>,
}

/// One account, as `status --json` and the window show it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent facts, each shown by itself"
)]
pub struct AccountRow {
    pub id: String,
    pub name: String,
    /// Key of the provider table's row, if any.
    pub provider: Option<String>,
    /// The provider's name, or the host of its token endpoint or issuer.
    pub provider_name: String,
    pub state: AccountState,
    pub verdict: Option<Verdict>,
    pub cause: Option<Cause>,
    pub action: Option<Action>,
    /// The state in a sentence.
    pub message: String,
    pub has_refresh_token: bool,
    /// What is held can be revoked at the provider (RFC 7009), as far as is known, and no other
    /// account's grant would end with it.
    pub revocable: bool,
    pub expires_at: Option<DateTime<Utc>>,
    pub expires_source: Option<ExpiresSource>,
    /// Whether the access token is still good.
    pub token_valid: bool,
    pub issued_at: Option<DateTime<Utc>>,
    pub refresh_token_expires_at: Option<DateTime<Utc>>,
    /// When a person signed in last, as far as the history tells.
    pub signed_in_at: Option<DateTime<Utc>>,
    /// The next sign-in by a person, where its time is known or documented.
    pub sign_in_at: Option<DateTime<Utc>>,
    /// `sign_in_at` is the provider's documented limit, not what it said of this grant.
    pub sign_in_about: bool,
    pub id_token_expires_at: Option<DateTime<Utc>>,
    /// Planned refresh or next try.
    pub next_refresh_at: Option<DateTime<Utc>>,
    pub last_refreshed_at: Option<DateTime<Utc>>,
    pub generation: u64,
    pub scopes: Vec<String>,
    pub incident: Option<IncidentRow>,
    /// What is wrong, in words; none where all is well.
    pub told: Option<Box<ToldRow>>,
    /// A refusal that is not certain yet: when a person will be asked if it persists.
    pub asks_at: Option<DateTime<Utc>>,
    /// The newest grant is only in the journal yet.
    pub unsaved: bool,
    /// A sign-in that is going on.
    pub sign_in: Option<String>,
    /// Programs that fetched a token lately.
    pub used_by: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct IncidentRow {
    pub id: String,
    pub cause: Cause,
    pub opened_at: DateTime<Utc>,
    pub notified_at: Option<DateTime<Utc>>,
    /// Why, in a sentence that a person understands.
    pub why: String,
    /// What would avoid it next time, where there is something.
    pub advice: Option<String>,
    pub later: bool,
}

/// An account's settings: `GET/POST /v1/accounts`, `GET/PATCH /v1/accounts/{name}`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AccountSettings {
    pub name: String,
    pub provider: Option<String>,
    pub issuer: Option<String>,
    pub auth_url: Option<String>,
    pub token_url: Option<String>,
    pub device_url: Option<String>,
    pub revocation_url: Option<String>,
    pub client_id: String,
    /// Only ever received; never sent back.
    #[serde(skip_serializing)]
    pub client_secret: Option<String>,
    /// `none`, `basic` or `post`; absent: by itself.
    pub client_auth: Option<String>,
    pub scopes: Vec<String>,
    pub redirect_host: Option<String>,
    pub redirect_ports: Vec<u16>,
    pub redirect_path: Option<String>,
    /// `browser` or `device`.
    pub flow: Option<String>,
    /// `always` or `when_used`.
    pub refresh: Option<String>,
    pub login_hint: Option<String>,
    pub auth_params: BTreeMap<String, String>,
    /// Program and arguments that open its sign-in page; absent: as the settings say.
    pub browser: Option<Vec<String>>,
}

/// `PATCH /v1/accounts/{name}`: absent members stay as they are.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AccountPatch {
    /// A new name.
    pub name: Option<String>,
    /// Key of the provider table; an empty string goes on without a preset.
    pub provider: Option<String>,
    pub issuer: Option<String>,
    pub auth_url: Option<String>,
    pub token_url: Option<String>,
    pub device_url: Option<String>,
    pub revocation_url: Option<String>,
    pub client_id: Option<String>,
    /// An empty string removes it.
    #[serde(skip_serializing)]
    pub client_secret: Option<String>,
    pub client_auth: Option<String>,
    pub scopes: Option<Vec<String>>,
    pub redirect_host: Option<String>,
    pub redirect_ports: Option<Vec<u16>>,
    pub redirect_path: Option<String>,
    pub flow: Option<String>,
    pub refresh: Option<String>,
    pub login_hint: Option<String>,
    /// All of them anew.
    pub auth_params: Option<BTreeMap<String, String>>,
    /// An empty list: as the settings say.
    pub browser: Option<Vec<String>>,
}

/// Query of `GET /v1/accounts/{name}/token`.
#[derive(
    Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema, utoipa::IntoParams,
)]
#[serde(default, deny_unknown_fields)]
pub struct TokenQuery {
    /// `access` (default) or `id`.
    pub kind: Option<String>,
    /// Seconds that the token must be good for.
    pub min_valid: Option<u64>,
    /// Seconds to wait for a refresh; default 5.
    pub wait: Option<u64>,
    pub scope: Option<String>,
    pub audience: Option<String>,
}

/// A token for a tool. The only type that carries one.
#[derive(Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TokenAnswer {
    pub access_token: String,
    pub token_type: String,
    pub expires_at: Option<DateTime<Utc>>,
    pub scopes: Vec<String>,
    pub fingerprint: String,
    /// It was good, but less than asked for; a refresh failed or is still running.
    pub short: bool,
}

impl std::fmt::Debug for TokenAnswer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TokenAnswer")
            .field("fingerprint", &self.fingerprint)
            .field("expires_at", &self.expires_at)
            .field("short", &self.short)
            .finish_non_exhaustive()
    }
}

/// Body of `POST /v1/accounts/{name}/token/rejected`: one of the two.
#[derive(Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RejectedToken {
    pub fingerprint: Option<String>,
    pub token: Option<String>,
}

/// Body of `POST /v1/accounts/{name}/sign-in`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SignInRequest {
    /// Device code instead of the browser.
    pub device: bool,
    /// Only give the URL; the caller opens it.
    pub no_browser: bool,
    /// From the click that started it: lets a Wayland compositor bring the browser to the front.
    pub activation_token: Option<String>,
}

codes! {
    /// How far a sign-in is.
    SignInPhase {
        Starting = "starting",
        /// The browser was asked to open the URL; waiting for it to come back.
        WaitingForBrowser = "waiting_for_browser",
        /// The person must enter the code on any device.
        WaitingForCode = "waiting_for_code",
        /// The browser came back; the code is being exchanged.
        Finishing = "finishing",
        SignedIn = "signed_in",
        Failed = "failed",
        Cancelled = "cancelled",
    }
}

/// `GET /v1/sign-ins/{id}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SignInRow {
    pub id: String,
    pub account: String,
    pub phase: SignInPhase,
    /// Browser flow: the URL to open.
    pub url: Option<String>,
    /// Device flow: what to type, where, and a URL that holds both.
    pub user_code: Option<String>,
    pub verification_url: Option<String>,
    pub verification_url_complete: Option<String>,
    pub ends_at: DateTime<Utc>,
    /// What went wrong, in words, with the way out.
    pub message: Option<String>,
    /// Signed in, but something is worth knowing (no refresh token came).
    pub warning: Option<String>,
    /// `message` or `warning` by its code, for a window in another language.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub said: Option<Said>,
    /// Device code is possible for this account.
    pub device_possible: bool,
}

/// Query of `GET /v1/history`.
#[derive(
    Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema, utoipa::IntoParams,
)]
#[serde(default, deny_unknown_fields)]
pub struct HistoryQuery {
    /// Account by name.
    pub account: Option<String>,
    /// Kinds, separated by commas.
    pub kind: Option<String>,
    /// Causes, separated by commas.
    pub cause: Option<String>,
    pub since: Option<DateTime<Utc>>,
    pub until: Option<DateTime<Utc>>,
    pub text: Option<String>,
    /// `next` of the page before.
    pub cursor: Option<i64>,
    pub limit: Option<u32>,
}

/// One line of `history --json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct HistoryRow {
    pub at: DateTime<Utc>,
    pub account: Option<String>,
    pub kind: HistoryKind,
    pub trigger: Option<Trigger>,
    pub cause: Option<Cause>,
    pub verdict: Option<Verdict>,
    pub http_status: Option<u16>,
    pub provider_code: Option<String>,
    /// The entry in a sentence, made now.
    pub message: String,
    pub attempt: Option<u32>,
    pub duration_ms: Option<u64>,
    pub next_attempt_at: Option<DateTime<Utc>>,
    /// End of the access token that this brought.
    pub expires_at: Option<DateTime<Utc>>,
    pub generation: Option<u64>,
    pub client: Option<String>,
    pub count: u32,
    /// What is known of the account's provider for such a failure.
    #[serde(default)]
    pub known: Option<KnownRow>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct HistoryAnswer {
    /// Newest first.
    pub entries: Vec<HistoryRow>,
    pub next: Option<i64>,
}

/// Query of `GET /v1/timeline`.
#[derive(
    Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema, utoipa::IntoParams,
)]
#[serde(default, deny_unknown_fields)]
pub struct TimelineQuery {
    pub from: Option<DateTime<Utc>>,
    pub to: Option<DateTime<Utc>>,
    /// Marks of one kind nearer than this are drawn as one line with a count.
    pub bucket_s: Option<u64>,
}

/// `GET /v1/timeline`: lanes ready to draw.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Timeline {
    pub now: DateTime<Utc>,
    pub from: DateTime<Utc>,
    pub to: DateTime<Utc>,
    /// In the order of `status`: who needs a person first.
    pub lanes: Vec<Lane>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Lane {
    pub account_id: String,
    pub name: String,
    pub bars: Vec<LaneBar>,
    pub marks: Vec<LaneMark>,
    /// Incidents as spans; an open one has no end.
    pub incidents: Vec<LaneSpan>,
    pub planned_at: Option<DateTime<Utc>>,
    /// When a person signed in last, as far as the history tells.
    pub signed_in_at: Option<DateTime<Utc>>,
    /// The next sign-in by a person, where its time is known or documented.
    pub sign_in_at: Option<DateTime<Utc>>,
    /// `sign_in_at` is the provider's documented limit, not what it said of this grant.
    pub sign_in_about: bool,
}

/// The life of one access token.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LaneBar {
    pub from: DateTime<Utc>,
    pub to: DateTime<Utc>,
    pub source: ExpiresSource,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LaneMark {
    pub at: DateTime<Utc>,
    /// End of a dense stretch that became one line; none for a single mark.
    pub until: Option<DateTime<Utc>>,
    pub kind: MarkKind,
    pub count: u32,
    /// Of the last of them.
    pub cause: Option<Cause>,
    /// The story in words.
    pub label: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LaneSpan {
    pub from: DateTime<Utc>,
    pub to: Option<DateTime<Utc>>,
    pub label: String,
}

/// Server-sent events: the name of the event is `type`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    /// Everything outside the accounts: headline, tray, notice, paused, vault.
    Overall {
        status: OverallRow,
    },
    /// An account's whole row.
    Account {
        row: AccountRow,
    },
    Removed {
        id: String,
        name: String,
    },
    History {
        entry: HistoryRow,
    },
    SignIn {
        row: SignInRow,
    },
    /// Settings changed, wherever that happened.
    Settings {
        settings: SettingsRow,
    },
    /// Events were missed: read `status` anew.
    Resync,
    /// Asks whoever shows a window to open it (second start, `tokentray open`), at an account if one
    /// is named.
    OpenWindow {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        account: Option<String>,
    },
}

/// What is wrong, from the one table of words; each is a sentence or two.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ToldRow {
    /// What happened.
    pub what: String,
    /// What happens next, by itself.
    pub next: String,
    /// What the person can do, in one sentence.
    pub you: String,
    /// What is known of this provider for such a failure.
    pub known: Option<KnownRow>,
}

/// [`Status`] without its accounts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct OverallRow {
    pub overall: AccountState,
    pub headline: String,
    pub tray: TrayShape,
    pub notice: Option<NoticeRow>,
    pub paused: bool,
    pub online: bool,
    pub vault: VaultRow,
}

/// One record of `POST /v1/explain` and of `explain --jsonl`: the corpus's fields.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct ExplainRequest {
    pub id: Option<String>,
    pub provider: Option<String>,
    /// `http` (default), `dns`, `connect`, `timeout`, `tls`, `proxy`, `captive_portal`.
    pub transport: Option<String>,
    pub http_status: Option<u16>,
    pub headers: BTreeMap<String, String>,
    pub body: Option<String>,
    pub client_error: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ExplainAnswer {
    pub id: Option<String>,
    pub cause: Option<Cause>,
    /// `ok` for a success, else the verdict's code.
    pub verdict: String,
    pub retry_after_s: Option<u64>,
    /// What the person can do, in one sentence.
    pub advice: String,
    /// What happened.
    pub what: String,
    /// What happens next, by itself.
    pub next: String,
    /// What is known of this provider for such a reply.
    pub known: Option<KnownRow>,
}

/// A reason that a provider documents for such a failure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct KnownRow {
    /// A sentence.
    pub why: String,
    /// What would avoid it next time, where there is something.
    pub avoid: Option<String>,
    /// Where it is documented.
    pub source: String,
}

impl From<&KnownReason> for KnownRow {
    fn from(reason: &KnownReason) -> Self {
        Self {
            why: reason.why.to_owned(),
            avoid: reason.advice.map(str::to_owned),
            source: reason.source.to_owned(),
        }
    }
}

/// `POST /v1/discover`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DiscoverRequest {
    pub issuer: String,
}

/// What discovery found.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Discovered {
    pub issuer: String,
    pub authorization_endpoint: Option<String>,
    pub token_endpoint: Option<String>,
    pub device_authorization_endpoint: Option<String>,
    pub revocation_endpoint: Option<String>,
    pub scopes_supported: Vec<String>,
    pub token_endpoint_auth_methods: Vec<String>,
    /// RFC 9207: `iss` is always in the authorization response.
    pub iss_in_response: bool,
}

/// A row of the provider picker.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ProviderRow {
    pub key: String,
    pub name: String,
    pub issuer: Option<String>,
    pub scopes: Vec<String>,
    pub device_flow: Option<bool>,
    pub loopback: String,
    pub register: String,
    pub docs: String,
    /// Whether a client secret is usual.
    pub needs_secret: bool,
    /// What is known of it, in the order in which to show it.
    pub facts: Vec<ProviderFact>,
}

/// One thing that is known, or said to be unknown, of a provider.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ProviderFact {
    /// `endpoints`, `scopes`, `rotation`, `reuse_grace`, `refresh_idle`, `refresh_absolute`,
    /// `voids_access_token`, `device_flow`, `loopback`, `register` or `confirmations`.
    pub fact: String,
    /// A sentence.
    pub words: String,
    /// The page where it stands; none where it is unknown.
    pub source: Option<String>,
    /// `words` by its code, for a window in another language.
    pub said: Said,
}

/// Counts of 7 and 30 days.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Stats {
    pub days_7: BTreeMap<String, StatsRow>,
    pub days_30: BTreeMap<String, StatsRow>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StatsRow {
    pub refreshed: u64,
    pub failed: u64,
    pub signed_in: u64,
    pub handed_out: u64,
}

/// One line of `tokentray doctor`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Finding {
    /// `ok`, `note` or `problem`.
    pub level: String,
    /// What was looked at.
    pub about: String,
    pub found: String,
    /// What to do about it.
    pub mend: Option<String>,
    /// `found` by its code, for a window in another language.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub said: Option<Said>,
}

/// Standard input of `tokentray import`: a token response (RFC 6749 §5.1) and a little more.
#[derive(Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct ImportRequest {
    /// The text as it stood on standard input.
    pub token_response: String,
    /// `--take-over PROGRAM`: the other program was stopped; its refresh token moves here.
    pub take_over: Option<String>,
}

/// A browser of this computer, or one of its profiles: `GET /v1/browsers`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BrowserRow {
    pub name: String,
    /// None for the browser with whatever profile it opens by itself.
    pub profile: Option<String>,
    /// Program and arguments, as `browser` takes them.
    pub command: Vec<String>,
}

/// `GET/PATCH /v1/settings`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SettingsRow {
    /// Whether a notification is ever sent; tray and window tell in any case.
    pub notifications: bool,
    pub notify_ahead_s: u64,
    pub notify_command: Option<Vec<String>>,
    /// So long before its end a token is refreshed (120 to 3600); absent: a fifth of its life.
    pub refresh_ahead_s: Option<u64>,
    pub history_days: u32,
    pub log_level: String,
    /// `system`, `light` or `dark`.
    pub theme: String,
    /// `system`, `en` or `de`: the words of window, tray and notifications.
    pub language: String,
    pub ca_file: Option<String>,
    pub proxy: Option<String>,
    pub browser: Option<Vec<String>>,
    pub vault: String,
    pub config_file: String,
    pub state_folder: String,
}

/// The practice provider's switches (demo and tests).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PracticeSwitches {
    pub outage: Option<bool>,
    pub rate_limit: Option<bool>,
    pub rotate: Option<bool>,
    pub slow: Option<bool>,
    pub portal: Option<bool>,
    /// Revokes every grant once.
    pub revoke: Option<bool>,
}

/// Where the window is to be opened.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WindowPlace {
    /// The account to show, by name.
    #[serde(default)]
    pub account: Option<String>,
}
