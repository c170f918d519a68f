//! What happened: codes and parameters, never words, never a secret.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{
    account::AccountId,
    cause::{Cause, Verdict, codes},
    grant::ExpiresSource,
};

codes! {
    /// What kind of thing happened.
    HistoryKind {
        SignedIn = "signed_in",
        SignedOut = "signed_out",
        Imported = "imported",
        Refreshed = "refreshed",
        RefreshFailed = "refresh_failed",
        Adopted = "adopted",
        SignInNeeded = "sign_in_needed",
        Notified = "notified",
        NotificationWithdrawn = "notification_withdrawn",
        SignInStarted = "sign_in_started",
        SignInFailed = "sign_in_failed",
        HandedOut = "handed_out",
        Denied = "denied",
        Rejected = "rejected",
        Unsaved = "unsaved",
        Saved = "saved",
        Paused = "paused",
        Resumed = "resumed",
        Woke = "woke",
        NetworkChanged = "network_changed",
        Removed = "removed",
    }
}

codes! {
    /// Why a refresh was started.
    Trigger {
        Schedule = "schedule",
        HandOut = "hand_out",
        Rejected = "rejected",
        Person = "person",
        Startup = "startup",
        Resume = "resume",
        Network = "network",
        Retry = "retry",
        Probe = "probe",
        Confirm = "confirm",
        Edit = "edit",
    }
}

/// One entry of the history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryEntry {
    pub at: DateTime<Utc>,
    /// None for entries about the machine (`woke`, `network_changed`).
    pub account_id: Option<AccountId>,
    /// The account's name at that time.
    pub account: Option<String>,
    pub kind: HistoryKind,
    pub trigger: Option<Trigger>,
    pub cause: Option<Cause>,
    /// Kept beside the cause, as the rule of that day decided it.
    pub verdict: Option<Verdict>,
    pub http_status: Option<u16>,
    /// The provider's own code, such as `invalid_grant` or `AADSTS50173`; cleaned and cut.
    pub provider_code: Option<String>,
    /// The provider's own text, cleaned and cut to 500 characters.
    pub provider_text: Option<String>,
    pub attempt: Option<u32>,
    pub duration_ms: Option<u64>,
    pub next_attempt_at: Option<DateTime<Utc>>,
    /// End of the access token that this entry brought, for the timeline's bars.
    pub expires_at: Option<DateTime<Utc>>,
    /// Where that end is known from.
    #[serde(default)]
    pub expires_source: Option<ExpiresSource>,
    pub generation: Option<u64>,
    /// The program that asked, for `handed_out`, `rejected` and `denied`.
    pub client: Option<String>,
    /// How many of the kind this row stands for (folded rows).
    pub count: u32,
    /// When the first of several happened, where they were read as one for drawing; never stored.
    #[serde(skip)]
    pub since: Option<DateTime<Utc>>,
}

impl HistoryEntry {
    /// An entry with nothing but time, account and kind.
    pub fn new(at: DateTime<Utc>, kind: HistoryKind) -> Self {
        Self {
            at,
            account_id: None,
            account: None,
            kind,
            trigger: None,
            cause: None,
            verdict: None,
            http_status: None,
            provider_code: None,
            provider_text: None,
            attempt: None,
            duration_ms: None,
            next_attempt_at: None,
            expires_at: None,
            expires_source: None,
            generation: None,
            client: None,
            count: 1,
            since: None,
        }
    }
}
