//! When the notification comes: only when signing in is required, once per incident.

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::{grant::ExpiresSource, journal_entry::Incident, lifecycle::AccountFacts, policy};

/// When an open incident is told to the person by a notification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Telling {
    /// It is due, for the first time or as the one reminder.
    Due { reminder: bool },
    /// It was told and stands unresolved.
    Told,
    /// Not before this wall time.
    At(DateTime<Utc>),
    /// Only an event can make it due: a tool that asks, or nothing at all.
    NotNow,
}

/// Decides for one incident. Machine and session are looked at by the caller.
pub fn telling(
    incident: &Incident,
    facts: &AccountFacts,
    notify_ahead: Duration,
    now: DateTime<Utc>,
) -> Telling {
    if let Some(later) = incident.later_at {
        if incident.reminded_at.is_some() {
            return Telling::Told;
        }
        let reminder = policy::plus(later, policy::REMINDER);
        return match incident.refused_since_later {
            true if reminder <= now => Telling::Due { reminder: true },
            true => Telling::At(reminder),
            false => Telling::NotNow,
        };
    }
    if incident.notified_at.is_some() {
        return Telling::Told;
    }
    if facts.generation > 0 && !facts.has_refresh_token {
        // Nobody may be using it: told only after a tool has asked since the end, never ahead.
        return if facts.over && facts.asked_since_end {
            Telling::Due { reminder: false }
        } else {
            Telling::NotNow
        };
    }
    if facts.over {
        return Telling::Due { reminder: false };
    }
    match (facts.expires_at, facts.expires_source) {
        // An assumed end only schedules: whether the token is over is not known.
        (Some(end), Some(ExpiresSource::Server | ExpiresSource::Jwt)) => {
            let from = end - chrono::TimeDelta::from_std(notify_ahead).unwrap_or_default();
            if from <= now {
                Telling::Due { reminder: false }
            } else {
                Telling::At(from)
            }
        }
        _ => Telling::NotNow,
    }
}
