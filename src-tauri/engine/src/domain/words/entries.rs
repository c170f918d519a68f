//! Entries of the history in words, made when they are read.

use super::{
    super::{
        cause::Verdict,
        history::{HistoryEntry, HistoryKind, Trigger},
    },
    FailureFacts, causes, sentence, span,
};

/// One entry in a sentence, without its time and without the account's name.
pub fn history(entry: &HistoryEntry) -> String {
    let facts = FailureFacts {
        provider_name: None,
        http_status: entry.http_status,
        provider_code: entry.provider_code.as_deref(),
        provider_text: entry.provider_text.as_deref(),
        after_lost_reply: false,
        finding: None,
        pending: false,
    };
    let clause = entry.cause.map(|cause| causes::clause(cause, &facts));
    let because = clause
        .as_ref()
        .map_or_else(String::new, |why| format!(": {why}"));
    let by = entry
        .client
        .as_ref()
        .map_or_else(String::new, |who| format!(" {who}"));
    let times = if entry.count > 1 {
        format!(" ({} times)", entry.count)
    } else {
        String::new()
    };
    match entry.kind {
        HistoryKind::SignedIn => "Signed in".to_owned(),
        HistoryKind::SignedOut => "Signed out".to_owned(),
        HistoryKind::Imported => "Imported".to_owned(),
        HistoryKind::Refreshed => format!(
            "Refreshed{}{}{times}",
            why_started(entry.trigger),
            good_for(entry)
        ),
        HistoryKind::RefreshFailed => {
            let head = match (entry.verdict, clause) {
                (Some(Verdict::SignIn), Some(why)) => format!("Refused: {why}."),
                (Some(Verdict::FixSetup), Some(why)) => format!("Setup: {why}."),
                (_, Some(why)) => sentence(&why),
                (_, None) => "The refresh failed.".to_owned(),
            };
            format!("{head}{}{times}", next_try(entry))
        }
        HistoryKind::Adopted => {
            "Took over a newer grant that another program had stored".to_owned()
        }
        HistoryKind::SignInNeeded => format!("Sign in again{because}"),
        HistoryKind::Notified => "Told you by a notification".to_owned(),
        HistoryKind::NotificationWithdrawn => "The notification was withdrawn".to_owned(),
        HistoryKind::SignInStarted => "Sign-in started".to_owned(),
        HistoryKind::SignInFailed => match (&entry.provider_text, &entry.cause) {
            (Some(text), _) => format!("The sign-in did not succeed: {text}"),
            (None, Some(_)) => format!("The sign-in did not succeed{because}"),
            (None, None) => "The sign-in did not succeed".to_owned(),
        },
        HistoryKind::HandedOut => match entry.count {
            0 | 1 => format!("Token handed to{}", named(&by)),
            n => format!("Token handed to{} {n} times", named(&by)),
        },
        HistoryKind::Denied => format!("Refused a token to{}{times}", named(&by)),
        HistoryKind::Rejected => format!("A server rejected the token, says{}{times}", named(&by)),
        HistoryKind::Unsaved => {
            format!("New tokens are safe on disk but not yet in the keychain{because}")
        }
        HistoryKind::Saved => "New tokens are in the keychain now".to_owned(),
        HistoryKind::Paused => "Paused".to_owned(),
        HistoryKind::Resumed => "Goes on".to_owned(),
        HistoryKind::Woke => "The computer woke up".to_owned(),
        HistoryKind::NetworkChanged => "The network changed".to_owned(),
        HistoryKind::Removed => "Removed".to_owned(),
    }
}

fn named(by: &str) -> &str {
    if by.is_empty() { " a program" } else { by }
}

const fn why_started(trigger: Option<Trigger>) -> &'static str {
    match trigger {
        Some(Trigger::Schedule) => " ahead of time",
        Some(Trigger::HandOut) => " because a program asked",
        Some(Trigger::Rejected) => " because a server rejected the token",
        Some(Trigger::Person) => " by hand",
        Some(Trigger::Startup) => " at start",
        Some(Trigger::Resume) => " after waking up",
        Some(Trigger::Network) => " when the network came back",
        Some(Trigger::Retry | Trigger::Probe | Trigger::Confirm) => " at another try",
        Some(Trigger::Edit) => " after an edit",
        None => "",
    }
}

fn good_for(entry: &HistoryEntry) -> String {
    entry
        .expires_at
        .and_then(|end| (end - entry.at).to_std().ok())
        .map_or_else(String::new, |life| format!(", good for {}", span(life)))
}

fn next_try(entry: &HistoryEntry) -> String {
    entry
        .next_attempt_at
        .and_then(|next| (next - entry.at).to_std().ok())
        .map_or_else(String::new, |wait| format!(" Next try in {}.", span(wait)))
}
