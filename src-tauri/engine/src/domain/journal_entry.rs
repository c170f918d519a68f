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
}
