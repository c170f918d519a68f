//! The versioned JSON inside a journal's seal. It holds tokens, so buffers are wiped.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::domain::{
    grant::{Grant, GrantFormatError},
    journal_entry::{Incident, Intent, JournalEntry, Place, Refusals},
    secret::{Fingerprint, Secret},
};

use super::SealError;

/// The format that this program writes, counted apart from the seal's.
const ENTRY_FORMAT: u32 = 1;

#[derive(Serialize)]
struct Writing<'a> {
    format: u32,
    highest_generation: u64,
    signed_out: bool,
    intent: &'a Option<Intent>,
    /// The text of [`Grant::to_stored`].
    unconfirmed: Option<&'a str>,
    salvage: Option<&'a str>,
    incident: &'a Option<Incident>,
    place: &'a Option<Place>,
    went_on_with: Option<u64>,
    refusals: &'a Option<Refusals>,
    asked_since_end: bool,
    rejected: &'a Option<Fingerprint>,
    not_before: Option<DateTime<Utc>>,
}

#[derive(Deserialize)]
struct Reading {
    highest_generation: u64,
    #[serde(default)]
    signed_out: bool,
    #[serde(default)]
    intent: Option<Intent>,
    #[serde(default)]
    unconfirmed: Option<String>,
    #[serde(default)]
    salvage: Option<String>,
    #[serde(default)]
    incident: Option<Incident>,
    #[serde(default)]
    place: Option<Place>,
    #[serde(default)]
    went_on_with: Option<u64>,
    #[serde(default)]
    refusals: Option<Refusals>,
    #[serde(default)]
    asked_since_end: bool,
    #[serde(default)]
    rejected: Option<Fingerprint>,
    #[serde(default)]
    not_before: Option<DateTime<Utc>>,
}

#[derive(Deserialize)]
struct Version {
    format: u32,
}

pub(super) fn write(entry: &JournalEntry) -> Zeroizing<Vec<u8>> {
    // Named one by one, so that a new member cannot be forgotten here.
    let JournalEntry {
        highest_generation,
        signed_out,
        intent,
        unconfirmed,
        salvage,
        incident,
        place,
        went_on_with,
        refusals,
        asked_since_end,
        rejected,
        not_before,
    } = entry;
    let grant = unconfirmed.as_ref().map(Grant::to_stored);
    let writing = Writing {
        format: ENTRY_FORMAT,
        highest_generation: *highest_generation,
        signed_out: *signed_out,
        intent,
        unconfirmed: grant.as_ref().map(Secret::expose),
        salvage: salvage.as_ref().map(Secret::expose),
        incident,
        place,
        went_on_with: *went_on_with,
        refusals,
        asked_since_end: *asked_since_end,
        rejected,
        not_before: *not_before,
    };
    let secrets = [&writing.unconfirmed, &writing.salvage]
        .into_iter()
        .flatten()
        .map(|text| text.len())
        .sum::<usize>();
    // Room for every character escaped to six: a buffer that grows would leave unwiped copies.
    let mut text = Zeroizing::new(Vec::with_capacity(8192 + 6 * secrets));
    // Plain structs of texts and numbers have no way to fail.
    drop(serde_json::to_writer(&mut *text, &writing));
    text
}

pub(super) fn read(text: &[u8]) -> Result<JournalEntry, SealError> {
    let version: Version = serde_json::from_slice(text).map_err(|_| SealError::Corrupt)?;
    if version.format > ENTRY_FORMAT {
        return Err(SealError::Newer(version.format));
    }
    let reading: Reading = serde_json::from_slice(text).map_err(|_| SealError::Corrupt)?;
    let salvage = reading.salvage.map(Secret::new);
    let unconfirmed = reading
        .unconfirmed
        .map(|grant| Grant::from_stored(&Secret::new(grant)))
        .transpose()
        .map_err(|error| match error {
            GrantFormatError::Corrupt => SealError::Corrupt,
            GrantFormatError::Newer(format) => SealError::Newer(format),
        })?;
    Ok(JournalEntry {
        highest_generation: reading.highest_generation,
        signed_out: reading.signed_out,
        intent: reading.intent,
        unconfirmed,
        salvage,
        incident: reading.incident,
        place: reading.place,
        went_on_with: reading.went_on_with,
        refusals: reading.refusals,
        asked_since_end: reading.asked_since_end,
        rejected: reading.rejected,
        not_before: reading.not_before,
    })
}
