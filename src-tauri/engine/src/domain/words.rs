//! The one table of words: every sentence that window, command line, notification and API show.
//!
//! Pure; codes and parameters come in, English goes out. It is always *sign in again*, nobody is
//! blamed, and no term of the trade stands without its meaning.

mod causes;
mod entries;
mod overall;
mod spans;

use std::time::Duration;

use chrono::{DateTime, FixedOffset, Utc};

use super::{
    cause::{Cause, Verdict},
    diagnosis::Finding,
    grant::ExpiresSource,
    provider::{KnownReason, Provider},
    state::AccountState,
};

pub use entries::history;
pub use overall::{About, Headline, HeadlineRow, NOTICE_LINES, headline, notice, shown, tooltip};
pub use spans::{clock_time, span};

/// What is known about one failure, beside its cause. Provider texts are already cleaned.
#[derive(Clone, Copy, Debug, Default)]
pub struct FailureFacts<'a> {
    /// The provider's name, or its host; none: "the provider".
    pub provider_name: Option<&'a str>,
    pub http_status: Option<u16>,
    pub provider_code: Option<&'a str>,
    pub provider_text: Option<&'a str>,
    /// The refusal came after a refresh whose answer was lost.
    pub after_lost_reply: bool,
    /// What the surroundings add.
    pub finding: Option<Finding>,
    /// A refusal that is not certain yet.
    pub pending: bool,
}

/// A failure in words; each is a whole sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// What happened.
    pub what: String,
    /// What happens next, by itself.
    pub next: String,
    /// What the person can do; "Nothing" where nothing is to be done.
    pub you: String,
}

impl Told {
    /// All three, one after the other.
    pub fn all(&self) -> String {
        format!("{} {} {}", self.what, self.next, self.you)
    }
}

/// A failure in words.
pub fn failure(cause: Cause, facts: &FailureFacts<'_>) -> Told {
    let mut what = sentence(&causes::clause(cause, facts));
    if let Some(quoted) = causes::quote(cause, facts) {
        what.pop();
        what = format!("{what} (it says: {quoted}).");
    }
    if facts.after_lost_reply && cause.verdict() == Verdict::SignIn {
        what.push_str(
            " The answer to the last refresh was lost on the way, so the new refresh token never arrived.",
        );
    }
    if let Some(finding) = facts.finding {
        what = format!("{what} {}", sentence(causes::found(finding)));
    }
    if facts.pending {
        return Told {
            what,
            next: "Tokentray keeps the grant and asks once more; only if it persists it asks you to sign in again.".to_owned(),
            you: causes::you(Cause::Unrecognised).to_owned(),
        };
    }
    let you = facts.finding.map(causes::you_with);
    Told {
        what,
        next: causes::next(cause).to_owned(),
        you: you.unwrap_or(causes::you(cause)).to_owned(),
    }
}

/// All that the sentence about an account's state needs.
#[derive(Clone, Copy, Debug)]
pub struct AccountFacts<'a> {
    pub state: AccountState,
    pub cause: Option<Cause>,
    pub failure: FailureFacts<'a>,
    pub now: DateTime<Utc>,
    /// Where the person is, for times of the day.
    pub zone: FixedOffset,
    pub expires_at: Option<DateTime<Utc>>,
    pub expires_source: Option<ExpiresSource>,
    pub next_attempt_at: Option<DateTime<Utc>>,
    /// `unclear`: when the person will be asked if it persists.
    pub asks_at: Option<DateTime<Utc>>,
    /// `unclear`: how many refusals were counted.
    pub refusals: u32,
}

/// The state of an account in a sentence.
pub fn account_message(facts: &AccountFacts<'_>) -> String {
    let left = facts
        .expires_at
        .and_then(|at| (at - facts.now).to_std().ok());
    let clause = facts.cause.map(|cause| {
        let clause = causes::clause(cause, &facts.failure);
        match facts.failure.finding {
            Some(finding) => format!("{clause}; {}", causes::found(finding)),
            None => clause,
        }
    });
    let why = clause.as_deref().unwrap_or("the provider did not answer");
    match facts.state {
        AccountState::Ok | AccountState::Expiring => good(facts, left.is_some()),
        AccountState::Refreshing => match facts.expires_at.filter(|_| left.is_some()) {
            Some(end) => format!("Refreshing now; the token is good {}", until(end, facts)),
            None => "Refreshing now".to_owned(),
        },
        AccountState::Waiting | AccountState::Expired if is_pending(facts) => {
            let over = match facts.state {
                AccountState::Expired => "The token is over. ",
                _ => "",
            };
            format!("{over}The provider refused: {why}; {}", pending(facts))
        }
        AccountState::Waiting => format!("Waiting: {why}.{}", next_try(facts)),
        AccountState::Expired => match &clause {
            Some(why) => format!("The token is over; waiting: {why}.{}", next_try(facts)),
            None => format!("The token is over.{}", next_try(facts)),
        },
        AccountState::SignInNeeded => format!(
            "Sign in again: {}.",
            clause.as_deref().unwrap_or("the provider asks for it")
        ),
        AccountState::FixSetup => format!("Setup: {why}."),
        AccountState::Unclear => unclear(facts),
        AccountState::VaultLocked => match facts.cause {
            Some(vault) if vault.is_vault() => format!("{} {}", sentence(why), causes::you(vault)),
            _ => format!(
                "The keychain is locked. {}",
                causes::you(Cause::VaultLocked)
            ),
        },
        AccountState::Paused => "Paused".to_owned(),
        AccountState::SignedOut => match &clause {
            Some(why) => format!(
                "Signed out; the old grant could not be deleted yet: {why}.{}",
                next_try(facts)
            ),
            None => "Signed out".to_owned(),
        },
        AccountState::Loading => "Loading".to_owned(),
    }
}

fn good(facts: &AccountFacts<'_>, lasts: bool) -> String {
    match (facts.expires_at, facts.expires_source) {
        (Some(end), Some(ExpiresSource::Assumed)) if lasts => format!(
            "Good; the provider names no end, so it is renewed as if it ended {}",
            clock_time(end, facts.now, facts.zone)
        ),
        (Some(end), _) if lasts => format!("Good {}", until(end, facts)),
        (Some(_), _) => "The token is over".to_owned(),
        (None, _) => "Good; no end is known".to_owned(),
    }
}

/// "until 14:20": a time of the day stays true for as long as the sentence stands there.
fn until(end: DateTime<Utc>, facts: &AccountFacts<'_>) -> String {
    let at = clock_time(end, facts.now, facts.zone);
    let bare = at.strip_prefix("at ").or(at.strip_prefix("on "));
    format!("until {}", bare.unwrap_or(&at))
}

fn next_try(facts: &AccountFacts<'_>) -> String {
    match facts.next_attempt_at {
        None if facts.cause == Some(Cause::StateRestored) => {
            format!(" {}", causes::you(Cause::StateRestored))
        }
        None => String::new(),
        Some(at) if at > facts.now => {
            format!(" Next try {}.", clock_time(at, facts.now, facts.zone))
        }
        Some(_) => " Trying now.".to_owned(),
    }
}

/// A definitive refusal is not certain yet: it is asked once more before the person is.
fn is_pending(facts: &AccountFacts<'_>) -> bool {
    facts.asks_at.is_some() && facts.cause.is_some_and(|c| c.verdict() == Verdict::SignIn)
}

/// How often it was heard so far, and when the person is asked.
fn pending(facts: &AccountFacts<'_>) -> String {
    let times = match facts.refusals {
        0 | 1 => String::new(),
        2 => "refused twice, ".to_owned(),
        n => format!("refused {n} times, "),
    };
    match facts.asks_at {
        Some(at) => format!(
            "{times}you will be asked {} if it persists",
            clock_time(at, facts.now, facts.zone)
        ),
        None => format!("{times}it is tried again by itself"),
    }
}

fn unclear(facts: &AccountFacts<'_>) -> String {
    let said = causes::quote(Cause::Unrecognised, &facts.failure)
        .map_or_else(String::new, |quoted| format!(": {quoted}"));
    match facts.cause {
        Some(Cause::NoTokenInReply) => format!(
            "The provider answered without a token; it is tried again by itself.{}",
            next_try(facts)
        ),
        _ => format!(
            "The provider refused for an unknown reason{said}; {}",
            pending(facts)
        ),
    }
}

/// Why an incident is there.
#[derive(Clone, Copy, Debug)]
pub enum Why {
    /// A refresh whose answer was lost spent the refresh token.
    LostReply,
    /// The cause says it, and the provider's own known reason where its row has one that fits.
    Cause(Option<&'static KnownReason>),
}

/// Why an incident is there.
pub fn why(cause: Cause, facts: &FailureFacts<'_>, provider: Option<&Provider>) -> Why {
    let may_be_spent = matches!(
        cause,
        Cause::RefreshTokenInvalid
            | Cause::RefreshTokenReused
            | Cause::RefreshTokenRevoked
            | Cause::RefreshTokenExpired
    );
    if facts.after_lost_reply && may_be_spent {
        Why::LostReply
    } else {
        Why::Cause(known_reason(cause, facts, provider))
    }
}

/// Why an incident is there, in a sentence, and what would avoid it next time.
///
/// The provider's own known reason wins over the general one, where its row has one that fits.
pub fn incident_why(
    cause: Cause,
    facts: &FailureFacts<'_>,
    provider: Option<&Provider>,
) -> (String, Option<String>) {
    let general = || sentence(&causes::clause(cause, facts));
    match why(cause, facts, provider) {
        Why::LostReply => (
            "The answer to the last refresh was lost on the way, and with it the new refresh token."
                .to_owned(),
            None,
        ),
        Why::Cause(Some(reason)) => (
            format!("{} {}", general(), reason.why),
            reason.advice.map(str::to_owned),
        ),
        Why::Cause(None) => (general(), causes::advice(cause).map(str::to_owned)),
    }
}

/// The reason that is known of this provider for such a failure, with its source.
pub fn known_reason(
    cause: Cause,
    facts: &FailureFacts<'_>,
    provider: Option<&Provider>,
) -> Option<&'static KnownReason> {
    provider?.reasons.iter().find(|reason| {
        reason.causes.contains(&cause)
            && reason.text.is_none_or(|part| {
                [facts.provider_code, facts.provider_text]
                    .iter()
                    .flatten()
                    .any(|said| said.to_lowercase().contains(part))
            })
    })
}

/// A success, for `explain`.
pub fn tokens(expires_in: Option<Duration>, has_refresh_token: bool) -> Told {
    let end = expires_in.map_or_else(
        || "it names no end, so 15 min are assumed for planning".to_owned(),
        |life| format!("the access token is good for {}", span(life)),
    );
    let next = if has_refresh_token {
        "The new refresh token that came with it replaces the old one."
    } else {
        "No refresh token came with it, so the one that is held is kept."
    };
    Told {
        what: format!("This is a success: {end}."),
        next: next.to_owned(),
        you: "Nothing is to be done.".to_owned(),
    }
}

/// By how much this computer's clock is wrong; `off_s` is positive where it is ahead.
pub fn clock_off(off_s: i64) -> String {
    let way = if off_s < 0 { "behind" } else { "ahead of" };
    let length = span(Duration::from_secs(off_s.unsigned_abs()));
    format!("this computer's clock is about {length} {way} the clocks of its providers")
}

/// A clause as a sentence.
fn sentence(clause: &str) -> String {
    let mut chars = clause.chars();
    let first: String = chars
        .next()
        .map(|c| c.to_uppercase().collect())
        .unwrap_or_default();
    format!("{first}{}.", chars.as_str())
}

#[cfg(test)]
mod tests;
