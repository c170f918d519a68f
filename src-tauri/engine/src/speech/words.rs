//! The catalogues: every word that tray and notifications need, in each language.
//!
//! The files lie beside the engine's sources (`words/en.json`, `words/de.json`); the window takes
//! the words that it shares from the same files. Surprising: a key that is missing or too many is
//! found when a file is read, so a test reads both.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::domain::{cause::Cause, state::AccountState};

/// A language that Tokentray speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    English,
    German,
}

impl Language {
    pub const ALL: [Self; 2] = [Self::English, Self::German];

    /// What the setting says (`system`, `en` or `de`); `wanted` are the system's languages, best
    /// first. English where none is known. The window chooses alike (`ui/src/words/words.ts`).
    pub fn of(setting: &str, wanted: &[String]) -> Self {
        Self::from_tag(setting)
            .or_else(|| wanted.iter().find_map(|tag| Self::from_tag(tag)))
            .unwrap_or(Self::English)
    }

    /// By the primary subtag (RFC 5646 §2.2.1).
    fn from_tag(tag: &str) -> Option<Self> {
        match tag.split('-').next()?.to_ascii_lowercase().as_str() {
            "en" => Some(Self::English),
            "de" => Some(Self::German),
            _ => None,
        }
    }

    const fn file(self) -> &'static str {
        match self {
            Self::English => include_str!("../../words/en.json"),
            Self::German => include_str!("../../words/de.json"),
        }
    }
}

/// Everything that is said in one language.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Words {
    pub tray: TrayWords,
    pub notification: Buttons,
    pub meaning: BTreeMap<Cause, Meaning>,
    /// None: the engine's own are in this language.
    pub sentences: Option<Sentences>,
}

impl Words {
    /// # Panics
    ///
    /// If the file is not whole, which a test rules out.
    #[expect(
        clippy::expect_used,
        reason = "the files are part of the program, and a test reads each"
    )]
    pub fn of(language: Language) -> Self {
        serde_json::from_str(language.file()).expect("the catalogue is whole")
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrayWords {
    pub open: String,
    pub sign_in: String,
    pub sign_in_to: String,
    pub sign_in_again: String,
    pub sign_in_again_to: String,
    pub more_need_you: Counted,
    pub more_accounts: String,
    pub account: String,
    pub demo: String,
    pub refresh: String,
    pub pause: String,
    pub resume: String,
    pub show: String,
    pub pause_all: String,
    pub resume_all: String,
    pub start_at_login: String,
    pub quit: String,
    pub no_engine: String,
    pub states: StateWords,
}

/// A few words without a time: a menu may be looked at long after it was made.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StateWords {
    well: String,
    sign_in_needed: String,
    signed_out: String,
    paused: String,
    expired: String,
    waiting: String,
    unclear: String,
    fix_setup: String,
    vault_locked: String,
    loading: String,
}

impl StateWords {
    pub fn of(&self, state: AccountState) -> &str {
        match state {
            AccountState::Ok | AccountState::Expiring | AccountState::Refreshing => &self.well,
            AccountState::SignInNeeded => &self.sign_in_needed,
            AccountState::SignedOut => &self.signed_out,
            AccountState::Paused => &self.paused,
            AccountState::Expired => &self.expired,
            AccountState::Waiting => &self.waiting,
            AccountState::Unclear => &self.unclear,
            AccountState::FixSetup => &self.fix_setup,
            AccountState::VaultLocked => &self.vault_locked,
            AccountState::Loading => &self.loading,
        }
    }
}

/// What the notification's buttons say, and what stands where there are none.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Buttons {
    pub sign_in: String,
    pub later: String,
    pub elsewhere: String,
}

/// What a cause means, and what a person can do.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Meaning {
    pub what: String,
    pub you: String,
}

/// What a language says instead of the engine's sentences.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sentences {
    pub and_more: String,
    pub headline: HeadlineWords,
    pub notification: NoticeWords,
    /// Why a provider ends a sign-in, or what would avoid it, by the engine's own text.
    pub reasons: BTreeMap<String, String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeadlineWords {
    pub no_account: String,
    pub need_you: Counted,
    pub vault_locked: String,
    pub setup: Counted,
    pub waiting: Counted,
    pub paused: String,
    pub loading: String,
    pub signed_out: String,
    pub well: String,
    pub rest_is_well: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoticeWords {
    pub title: Counted,
    pub line: String,
    pub more: Counted,
    pub lost_reply: String,
}

/// A text that depends on how many there are.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counted {
    one: String,
    many: String,
}

impl Counted {
    pub fn fill(&self, n: usize, places: &[(&str, &str)]) -> String {
        fill(if n == 1 { &self.one } else { &self.many }, places)
    }
}

/// A text with what belongs at its places, each in braces. Braces in what is put there stay: an
/// account may be named anything.
pub fn fill(text: &str, places: &[(&str, &str)]) -> String {
    let mut filled = String::with_capacity(text.len() + 32);
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let place = after.split_once('}').and_then(|(key, after)| {
            let known = places.iter().find(|(name, _)| *name == key)?;
            Some((known.1, after))
        });
        rest = if let Some((value, after)) = place {
            filled.push_str(value);
            after
        } else {
            filled.push('{');
            after
        };
    }
    filled.push_str(rest);
    filled
}
