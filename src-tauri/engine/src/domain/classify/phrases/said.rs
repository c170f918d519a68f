//! Which families of phrases a text holds, found in one pass.
//!
//! There are a thousand phrases. Searching a text for one after the other took milliseconds for a
//! reply of 2 KiB; here each place where a phrase can begin costs one look into a small table.

use std::sync::LazyLock;

use super::{grant, person, setup, subject, waiting};

/// A family of phrases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    Rate,
    Concurrent,
    Transient,
    GrantType,
    AccountGone,
    AccountDisabled,
    Policy,
    Client,
    ClientAlone,
    Request,
    RequestAlone,
    Interaction,
    SessionOver,
    Reused,
    Expired,
    Revoked,
    Invalid,
    RefreshToken,
    Session,
    Scope,
    Code,
    Grant,
    NoGrant,
    Password,
    PasswordChange,
    Clock,
    Rule,
    Act,
    Standard,
}

const FAMILIES: &[(Family, &[&str])] = &[
    (Family::Rate, waiting::RATE),
    (Family::Concurrent, waiting::CONCURRENT),
    (Family::Transient, waiting::TRANSIENT),
    (Family::GrantType, setup::GRANT_TYPE),
    (Family::AccountGone, person::ACCOUNT_GONE),
    (Family::AccountDisabled, person::ACCOUNT_DISABLED),
    (Family::Policy, setup::POLICY),
    (Family::Client, setup::CLIENT),
    (Family::ClientAlone, setup::CLIENT_ALONE),
    (Family::Request, setup::REQUEST),
    (Family::RequestAlone, setup::REQUEST_ALONE),
    (Family::Interaction, person::INTERACTION),
    (Family::SessionOver, person::SESSION_OVER),
    (Family::Reused, grant::REUSED),
    (Family::Expired, grant::EXPIRED),
    (Family::Revoked, grant::REVOKED),
    (Family::Invalid, grant::INVALID),
    (Family::RefreshToken, subject::REFRESH_TOKEN),
    (Family::Session, subject::SESSION),
    (Family::Scope, subject::SCOPE),
    (Family::Code, subject::CODE),
    (Family::Grant, subject::GRANT),
    (Family::NoGrant, subject::NO_GRANT),
    (Family::Password, subject::PASSWORD),
    (Family::PasswordChange, person::PASSWORD_CHANGE),
    (Family::Clock, setup::CLOCK),
    (Family::Rule, setup::RULE),
    (Family::Act, subject::ACT),
    (Family::Standard, subject::STANDARD),
];

/// The families that a text holds a phrase of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Said(u32);

impl Said {
    pub const fn any(self, family: Family) -> bool {
        self.0 & bit(family) != 0
    }
}

const fn bit(family: Family) -> u32 {
    1 << family as u32
}

/// What a text says; the text as `meaning::words` makes it.
pub fn said(text: &str) -> Said {
    static INDEX: LazyLock<Index> = LazyLock::new(Index::new);
    INDEX.search(text.as_bytes())
}

const SLOTS: usize = 2_048;

/// All phrases, grouped by a hash of their first four bytes.
struct Index {
    phrases: Vec<(&'static [u8], u32)>,
    /// Where the group of each slot begins; one more at the end.
    starts: Vec<u16>,
}

impl Index {
    fn new() -> Self {
        let mut phrases: Vec<(&'static [u8], u32)> = FAMILIES
            .iter()
            .flat_map(|(family, phrases)| {
                phrases
                    .iter()
                    .map(|phrase| (phrase.as_bytes(), bit(*family)))
            })
            .collect();
        phrases.sort_by_key(|(phrase, _)| slot(phrase));
        let starts = (0..=SLOTS)
            .map(|at| phrases.partition_point(|(phrase, _)| slot(phrase) < at))
            .map(|at| u16::try_from(at).unwrap_or(u16::MAX))
            .collect();
        Self { phrases, starts }
    }

    fn search(&self, text: &[u8]) -> Said {
        let mut found = 0;
        for (at, byte) in text.iter().enumerate() {
            // A phrase begins at a word, or with a character of a script without spaces.
            if *byte != b' ' && *byte < 0xe3 {
                continue;
            }
            let rest = &text[at..];
            let slot = slot(rest);
            let group = usize::from(self.starts[slot])..usize::from(self.starts[slot + 1]);
            for (phrase, family) in &self.phrases[group] {
                if found & family == 0 && rest.starts_with(phrase) {
                    found |= family;
                }
            }
        }
        Said(found)
    }
}

/// Of the first four bytes; the shortest phrase has as many.
fn slot(text: &[u8]) -> usize {
    let mut key = [0; 4];
    let length = text.len().min(4);
    key[..length].copy_from_slice(&text[..length]);
    // Fibonacci hashing: 2^32 divided by the golden ratio spreads neighbours.
    (u32::from_le_bytes(key).wrapping_mul(0x9e37_79b1) >> 21) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_phrase_can_be_found_by_its_beginning() {
        for (family, phrases) in FAMILIES {
            for phrase in *phrases {
                assert!(phrase.len() >= 4, "{phrase:?} is too short for the table");
                let first = phrase.as_bytes()[0];
                assert!(
                    first == b' ' || first >= 0xe3,
                    "{phrase:?} begins inside a word"
                );
                assert_eq!(*phrase, phrase.to_lowercase(), "words are lower case");
                assert!(said(&format!(" a{phrase} b ")).any(*family), "{phrase:?}");
                assert!(said(phrase).any(*family), "{phrase:?} alone");
            }
        }
        assert_eq!(said(" nothing of this "), Said::default());
    }
}
