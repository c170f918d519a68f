//! What must outlive a crash about one account, beside what the vault holds.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{
    cause::Cause,
    grant::Grant,
    secret::{Fingerprint, Secret},
};

/// A refresh that is about to be sent, or was sent and not answered for certain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intent {
    /// Generation of the grant whose refresh token is sent. A newer stored one makes this void.
    pub generation: u64,
    pub refresh_token: Fingerprint,
    /// How often it was sent, over all restarts.
    pub sends: u32,
    pub first_at: DateTime<Utc>,
    /// When it was sent last: the back-off goes on from there after a restart.
    #[serde(default)]
    pub last_at: Option<DateTime<Utc>>,
}

/// From "sign-in needed" to any success. One incident, one notification.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incident {
    /// Random, so that it stays the same over restarts and a lost history.
    pub id: String,
    pub cause: Cause,
    pub opened_at: DateTime<Utc>,
    /// The provider's own words, cleaned; parameters for the sentence that tells why.
    pub provider_code: Option<String>,
    pub provider_text: Option<String>,
    /// The refusal came after a refresh whose answer was lost.
    pub after_lost_reply: bool,
    pub notified_at: Option<DateTime<Utc>>,
    pub later_at: Option<DateTime<Utc>>,
    pub reminded_at: Option<DateTime<Utc>>,
    /// A tool was refused a token after "Later".
    pub refused_since_later: bool,
    /// How many slow probes were made (after 1, 6, 24 h, then daily).
    pub probes: u32,
}

/// A removal that is not finished.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Removal {
    /// The provider is to be told.
    pub revoke: bool,
}

/// Where state belongs, as keyed hashes: another value is the mark of a copy.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The machine; none where it cannot be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub machine: Option<String>,
    /// Changes whenever the state folder turns out to be an older one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epoch: Option<String>,
}

impl Place {
    /// Whether state of this place was brought to the other one.
    pub fn is_elsewhere(&self, here: &Self) -> bool {
        let moved = matches!((&self.machine, &here.machine), (Some(a), Some(b)) if a != b);
        moved || self.epoch != here.epoch
    }
}

/// Refusals that are not certain yet. Kept, so that a crash loop can neither ask a person early nor
/// never, and asks the provider no more often than the pauses say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusals {
    /// Generation of the grant that was refused; a newer one makes this void.
    pub generation: u64,
    /// The last of them, as it is shown.
    pub cause: Cause,
    pub http_status: Option<u16>,
    pub provider_code: Option<String>,
    pub provider_text: Option<String>,
    /// It came after a refresh whose answer was lost.
    pub after_lost_reply: bool,
    /// How many there were since the last success, by what followed from them.
    pub definitive: u32,
    pub unclear: u32,
    pub setup: u32,
    /// Unclear ones that count towards asking.
    pub alike: Option<AlikeRefusals>,
    /// When the next try is.
    pub next_at: Option<DateTime<Utc>>,
}

/// Unclear refusals of one shape in a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlikeRefusals {
    pub shape: String,
    pub count: u32,
    /// Seconds since the first in which the machine was awake and online and the token over.
    pub over_s: u64,
    /// Until when these were counted.
    pub noted_at: DateTime<Utc>,
    /// Other accounts at that host were refused alike in the same hour.
    pub elsewhere: bool,
}

/// The sealed file of one account in the state folder (`journal/ID`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JournalEntry {
    /// The highest generation ever stored or journaled for this account; 0 = never signed in.
    pub highest_generation: u64,
    /// A person signed out; no grant is expected.
    pub signed_out: bool,
    pub intent: Option<Intent>,
    /// The newest grant, while the vault has not confirmed it.
    pub unconfirmed: Option<Grant>,
    /// A 2xx body that could not be read: it may hold the only new refresh token.
    pub salvage: Option<Secret>,
    pub incident: Option<Incident>,
    /// Where this was written.
    pub place: Option<Place>,
    /// The generation that a person went on with although it looked like a copy.
    pub went_on_with: Option<u64>,
    pub refusals: Option<Refusals>,
    /// A tool asked since the access token was over.
    pub asked_since_end: bool,
    /// A tool reported this access token, and its refresh was refused for good.
    pub rejected: Option<Fingerprint>,
    /// From the provider's `Retry-After`: nothing is sent before.
    pub not_before: Option<DateTime<Utc>>,
}
