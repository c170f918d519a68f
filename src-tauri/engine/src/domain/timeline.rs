//! Lanes of the timeline: what the history tells of one account, ready to draw.
//!
//! It makes no words (a label is asked for) and knows nothing of pixels: a bar or an incident that
//! reaches out of the window keeps its true ends, for whoever shows them in words. What is held now
//! wins over the history, which may have been lost.

use std::{collections::BTreeMap, time::Duration};

use chrono::{DateTime, NaiveTime, Utc};

use super::{
    cause::{Cause, Verdict, codes},
    grant::ExpiresSource,
    history::{HistoryEntry, HistoryKind},
};

codes! {
    /// What a mark on a lane is: told apart by shape before colour.
    MarkKind {
        Refreshed = "refreshed",
        Waiting = "waiting",
        SignIn = "sign_in",
        Setup = "setup",
        SignedIn = "signed_in",
        Other = "other",
    }
}

/// What is known of the account now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LaneFacts {
    /// When the access token that is held was asked for; none if none is held.
    pub issued_at: Option<DateTime<Utc>>,
    pub expires_at: Option<DateTime<Utc>>,
    pub expires_source: Option<ExpiresSource>,
    /// Planned refresh or next try.
    pub planned_at: Option<DateTime<Utc>>,
    /// The known end of refresh token or session.
    pub sign_in_at: Option<DateTime<Utc>>,
    /// When the open incident began.
    pub incident_at: Option<DateTime<Utc>>,
}

/// One account's lane.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lane {
    /// Oldest first, none over another.
    pub bars: Vec<Bar>,
    /// Oldest first.
    pub marks: Vec<Mark>,
    /// Oldest first; only the last can be open.
    pub incidents: Vec<Span>,
    pub planned_at: Option<DateTime<Utc>>,
    pub sign_in_at: Option<DateTime<Utc>>,
}

/// The life of one access token, until its end or the next one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bar {
    pub from: DateTime<Utc>,
    pub to: DateTime<Utc>,
    pub source: ExpiresSource,
}

/// Something that happened, or a dense stretch of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    pub at: DateTime<Utc>,
    /// End of the stretch; none for a single mark.
    pub until: Option<DateTime<Utc>>,
    pub kind: MarkKind,
    pub count: u32,
    /// Of the last of them.
    pub cause: Option<Cause>,
    pub label: String,
}

/// An incident; an open one has no end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    pub from: DateTime<Utc>,
    pub to: Option<DateTime<Utc>>,
    pub label: String,
}

/// Makes a lane of one account's entries, oldest first, for the window `from..=to`. Marks of one
/// kind that are nearer than `bucket` become one.
pub fn lane(
    entries: &[HistoryEntry],
    facts: &LaneFacts,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    now: DateTime<Utc>,
    bucket: Duration,
    label: &dyn Fn(&HistoryEntry) -> String,
) -> Lane {
    let mut bars = bars(entries, facts, to.max(now));
    bars.retain(|bar| bar.to > from && bar.from <= to);
    let mut incidents = incidents(entries, facts, now, label);
    incidents.retain(|span| span.to.is_none_or(|end| end > from) && span.from <= to);
    let seen: Vec<_> = entries
        .iter()
        .filter(|entry| (from..=to).contains(&entry.at))
        .collect();
    Lane {
        bars,
        marks: marks(&seen, bucket, label),
        incidents,
        planned_at: facts.planned_at,
        sign_in_at: facts.sign_in_at,
    }
}

/// Whether this kind of entry brought a token.
const fn brings_token(kind: HistoryKind) -> bool {
    matches!(
        kind,
        HistoryKind::Refreshed
            | HistoryKind::SignedIn
            | HistoryKind::Imported
            | HistoryKind::Adopted
    )
}

/// Whether the token was given up.
const fn gives_up(kind: HistoryKind) -> bool {
    matches!(kind, HistoryKind::SignedOut | HistoryKind::Removed)
}

/// `horizon` is where a token without a known end is drawn to.
fn bars(entries: &[HistoryEntry], facts: &LaneFacts, horizon: DateTime<Utc>) -> Vec<Bar> {
    let mut bars: Vec<Bar> = Vec::new();
    for entry in entries {
        if gives_up(entry.kind) {
            cut(&mut bars, entry.at);
        } else if brings_token(entry.kind) {
            let from = beginning(entry);
            cut(&mut bars, from);
            bars.push(bar(from, entry.expires_at, entry.expires_source, horizon));
        }
    }
    // The history may have been lost, or written by a clock that was wrong.
    if let Some(issued_at) = facts.issued_at {
        let told = |entry: &HistoryEntry| brings_token(entry.kind) && entry.at >= issued_at;
        if !entries.iter().any(told) {
            cut(&mut bars, issued_at);
            let held = bar(issued_at, facts.expires_at, facts.expires_source, horizon);
            bars.push(held);
        }
    }
    bars.retain(|bar| bar.from < bar.to);
    bars
}

fn bar(
    from: DateTime<Utc>,
    end: Option<DateTime<Utc>>,
    source: Option<ExpiresSource>,
    horizon: DateTime<Utc>,
) -> Bar {
    Bar {
        from,
        to: end.unwrap_or(horizon),
        source: source.unwrap_or(match end {
            Some(_) => ExpiresSource::Server,
            None => ExpiresSource::Unknown,
        }),
    }
}

/// A new token ends the life of those before it, for drawing.
fn cut(bars: &mut [Bar], at: DateTime<Utc>) {
    for bar in bars.iter_mut().rev().take_while(|bar| bar.to > at) {
        bar.to = at;
    }
}

/// A row that stands for a day's refreshes stands for the day up to the last of them.
pub fn beginning(entry: &HistoryEntry) -> DateTime<Utc> {
    if let Some(since) = entry.since {
        since
    } else if entry.kind == HistoryKind::Refreshed && entry.count > 1 {
        entry.at.date_naive().and_time(NaiveTime::MIN).and_utc()
    } else {
        entry.at
    }
}

fn incidents(
    entries: &[HistoryEntry],
    facts: &LaneFacts,
    now: DateTime<Utc>,
    label: &dyn Fn(&HistoryEntry) -> String,
) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    let is_open = |spans: &[Span]| spans.last().is_some_and(|span| span.to.is_none());
    for entry in entries {
        if entry.kind == HistoryKind::SignInNeeded && !is_open(&spans) {
            spans.push(Span {
                from: entry.at,
                to: None,
                label: label(entry),
            });
        } else if (brings_token(entry.kind) || gives_up(entry.kind)) && is_open(&spans) {
            close(&mut spans, entry.at);
        }
    }
    match facts.incident_at {
        None if is_open(&spans) => close(&mut spans, now),
        Some(opened_at) if !is_open(&spans) => spans.push(Span {
            from: opened_at,
            to: None,
            label: label(&HistoryEntry::new(opened_at, HistoryKind::SignInNeeded)),
        }),
        _ => {}
    }
    spans
}

fn close(spans: &mut [Span], at: DateTime<Utc>) {
    if let Some(span) = spans.last_mut() {
        span.to = Some(at.max(span.from));
    }
}

/// The mark that an entry leaves, if it leaves one.
fn mark_kind(entry: &HistoryEntry) -> Option<MarkKind> {
    Some(match entry.kind {
        HistoryKind::Refreshed | HistoryKind::Adopted => MarkKind::Refreshed,
        HistoryKind::SignedIn | HistoryKind::Imported => MarkKind::SignedIn,
        HistoryKind::SignInNeeded => MarkKind::SignIn,
        HistoryKind::RefreshFailed => match entry.verdict.or(entry.cause.map(Cause::verdict)) {
            Some(Verdict::SignIn) => MarkKind::SignIn,
            Some(Verdict::FixSetup) => MarkKind::Setup,
            Some(Verdict::Wait | Verdict::Unclear) | None => MarkKind::Waiting,
        },
        HistoryKind::SignedOut
        | HistoryKind::SignInFailed
        | HistoryKind::Rejected
        | HistoryKind::Removed => MarkKind::Other,
        HistoryKind::Notified
        | HistoryKind::NotificationWithdrawn
        | HistoryKind::SignInStarted
        | HistoryKind::HandedOut
        | HistoryKind::Denied
        | HistoryKind::Unsaved
        | HistoryKind::Saved
        | HistoryKind::Paused
        | HistoryKind::Resumed
        | HistoryKind::Woke
        | HistoryKind::NetworkChanged => return None,
    })
}

/// Entries that become one mark.
struct Stretch<'a> {
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    entries: Vec<&'a HistoryEntry>,
}

fn marks(
    entries: &[&HistoryEntry],
    bucket: Duration,
    label: &dyn Fn(&HistoryEntry) -> String,
) -> Vec<Mark> {
    let mut by_kind: BTreeMap<MarkKind, Vec<Stretch<'_>>> = BTreeMap::new();
    for entry in entries {
        let Some(kind) = mark_kind(entry) else {
            continue;
        };
        let from = beginning(entry);
        let stretches = by_kind.entry(kind).or_default();
        match stretches.last_mut() {
            Some(last)
                if from
                    .signed_duration_since(last.to)
                    .to_std()
                    .unwrap_or_default()
                    < bucket =>
            {
                last.to = entry.at;
                last.entries.push(entry);
            }
            _ => stretches.push(Stretch {
                from,
                to: entry.at,
                entries: vec![entry],
            }),
        }
    }
    let mut marks: Vec<Mark> = by_kind
        .into_iter()
        .flat_map(|(kind, stretches)| stretches.into_iter().map(move |s| (kind, s)))
        .map(|(kind, stretch)| Mark {
            at: stretch.from,
            until: Some(stretch.to).filter(|to| *to > stretch.from),
            kind,
            count: stretch.entries.iter().map(|entry| entry.count).sum(),
            cause: stretch.entries.last().and_then(|entry| entry.cause),
            label: story(&stretch.entries, label),
        })
        .collect();
    marks.sort_by_key(|mark| (mark.at, mark.kind));
    marks
}

/// Each different thing of a stretch once, with its count, in the order in which it first happened.
fn story(entries: &[&HistoryEntry], label: &dyn Fn(&HistoryEntry) -> String) -> String {
    let mut told: Vec<HistoryEntry> = Vec::new();
    for entry in entries {
        let same = |other: &&mut HistoryEntry| {
            (other.kind, other.cause, &other.provider_code)
                == (entry.kind, entry.cause, &entry.provider_code)
        };
        match told.iter_mut().find(same) {
            Some(one) => {
                let trigger = one
                    .trigger
                    .filter(|trigger| entry.trigger == Some(*trigger));
                *one = HistoryEntry {
                    count: one.count.saturating_add(entry.count),
                    trigger,
                    ..(*entry).clone()
                };
            }
            None => told.push((*entry).clone()),
        }
    }
    told.iter().map(label).collect::<Vec<_>>().join(" · ")
}
