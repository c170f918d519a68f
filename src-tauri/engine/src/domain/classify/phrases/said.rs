//! Which families of phrases a text holds, found in one pass.
//!
//! There are a thousand phrases. Searching a text for one after the other took milliseconds for a
//! reply of 2 KiB; here each place where a phrase can begin costs one look into a small table.

use std::{collections::BTreeMap, sync::LazyLock};

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
    Token,
    ClockAlone,
    NotYours,
    Edge,
    Fault,
    ServerPart,
    Early,
    Advice,
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
    (Family::Token, subject::TOKEN),
    (Family::ClockAlone, setup::CLOCK_ALONE),
    (Family::NotYours, setup::NOT_YOURS),
    (Family::Edge, waiting::EDGE),
    (Family::Fault, waiting::FAULT),
    (Family::ServerPart, setup::SERVER_PART),
    (Family::Early, waiting::EARLY),
    (Family::Advice, waiting::ADVICE),
];

/// The families that a text holds a phrase of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Said(u64);

impl Said {
    pub const fn any(self, family: Family) -> bool {
        self.0 & bit(family) != 0
    }
}

const fn bit(family: Family) -> u64 {
    1 << family as u32
}

/// What a text says; the text as [`super::super::spoken`] makes it.
pub fn said(text: &str) -> Said {
    static INDEX: LazyLock<Index> = LazyLock::new(Index::new);
    INDEX.search(text.as_bytes())
}

/// All phrases, so that most places where one can begin cost two looks and no comparison.
struct Index {
    /// Phrases of eight bytes and more, by their first eight.
    long: Table,
    /// The others, by their first four; the shortest has as many.
    short: Table,
}

/// Phrases, grouped by a hash of how they begin.
struct Table {
    phrases: Vec<Phrase>,
    /// Where the group of each slot begins; one more at the end.
    starts: Vec<u16>,
}

/// A phrase; its first eight bytes as a number, because a comparison of those settles nearly all.
struct Phrase {
    head: u64,
    /// Ones where the phrase has a byte of the eight.
    mask: u64,
    rest: &'static [u8],
    families: u64,
}

impl Index {
    fn new() -> Self {
        let mut families: BTreeMap<&[u8], u64> = BTreeMap::new();
        for (family, phrases) in FAMILIES {
            for phrase in *phrases {
                *families.entry(phrase.as_bytes()).or_default() |= bit(*family);
            }
        }
        let (long, short): (Vec<Phrase>, Vec<Phrase>) = families
            .into_iter()
            .map(|(phrase, families)| Phrase {
                head: head(phrase),
                mask: head(&[u8::MAX; 8][..phrase.len().min(8)]),
                rest: phrase.get(8..).unwrap_or_default(),
                families,
            })
            .partition(|phrase| phrase.mask == u64::MAX);
        Self {
            long: Table::new(long, long_slot),
            short: Table::new(short, short_slot),
        }
    }

    fn search(&self, text: &[u8]) -> Said {
        let mut found = 0;
        for (at, byte) in text.iter().enumerate() {
            // A phrase begins at a word, or with a character of a script without spaces.
            if *byte != b' ' && *byte < 0xe3 {
                continue;
            }
            let rest = &text[at..];
            let head = head(rest);
            for phrase in self.long.group(long_slot(head)) {
                if phrase.head == head
                    && found & phrase.families != phrase.families
                    && rest[rest.len().min(8)..].starts_with(phrase.rest)
                {
                    found |= phrase.families;
                }
            }
            for phrase in self.short.group(short_slot(head)) {
                if phrase.head == head & phrase.mask {
                    found |= phrase.families;
                }
            }
        }
        Said(found)
    }
}

impl Table {
    fn new(mut phrases: Vec<Phrase>, slot: fn(u64) -> usize) -> Self {
        phrases.sort_by_key(|phrase| slot(phrase.head));
        let starts = (0..=SLOTS)
            .map(|at| phrases.partition_point(|phrase| slot(phrase.head) < at))
            .map(|at| u16::try_from(at).unwrap_or(u16::MAX))
            .collect();
        Self { phrases, starts }
    }

    fn group(&self, slot: usize) -> &[Phrase] {
        &self.phrases[usize::from(self.starts[slot])..usize::from(self.starts[slot + 1])]
    }
}

const SLOTS: usize = 1 << SLOT_BITS;
const SLOT_BITS: u32 = 11;

/// Fibonacci hashing: 2^64 divided by the golden ratio spreads neighbours.
const fn long_slot(head: u64) -> usize {
    (head.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - SLOT_BITS)) as usize
}

const fn short_slot(head: u64) -> usize {
    long_slot(head << 32)
}

/// The first eight bytes as a number; zeros stand for what is not there.
fn head(text: &[u8]) -> u64 {
    if let Some(head) = text.first_chunk() {
        return u64::from_le_bytes(*head);
    }
    let mut head = [0; 8];
    head[..text.len()].copy_from_slice(text);
    u64::from_le_bytes(head)
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
