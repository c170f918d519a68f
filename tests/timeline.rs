//! Lanes made from stories: a lane is drawn as text, so that a story is asserted whole.

use std::{fmt::Write, time::Duration};

use chrono::{DateTime, TimeDelta, TimeZone, Utc};
use tokentray::domain::{
    cause::Cause,
    grant::ExpiresSource,
    history::{HistoryEntry, HistoryKind, Trigger},
    timeline::{Lane, LaneFacts, lane},
    words,
};

/// That much after midnight of the day of the story.
fn at(hour: i64, minute: i64) -> DateTime<Utc> {
    let midnight = Utc.with_ymd_and_hms(2031, 5, 4, 0, 0, 0).unwrap();
    midnight + TimeDelta::minutes(hour * 60 + minute)
}

fn token(kind: HistoryKind, from: DateTime<Utc>, minutes: i64) -> HistoryEntry {
    HistoryEntry {
        expires_at: Some(from + TimeDelta::minutes(minutes)),
        expires_source: Some(ExpiresSource::Server),
        ..HistoryEntry::new(from, kind)
    }
}

fn refreshed(at: DateTime<Utc>) -> HistoryEntry {
    token(HistoryKind::Refreshed, at, 60)
}

fn failed(at: DateTime<Utc>, cause: Cause) -> HistoryEntry {
    HistoryEntry {
        cause: Some(cause),
        verdict: Some(cause.verdict()),
        ..HistoryEntry::new(at, HistoryKind::RefreshFailed)
    }
}

fn needed(at: DateTime<Utc>) -> HistoryEntry {
    HistoryEntry {
        cause: Some(Cause::RefreshTokenRevoked),
        ..HistoryEntry::new(at, HistoryKind::SignInNeeded)
    }
}

/// The lane of the whole day at noon, with marks nearer than ten minutes drawn together.
fn day(entries: &[HistoryEntry], facts: &LaneFacts) -> Lane {
    let bucket = Duration::from_mins(10);
    lane(
        entries,
        facts,
        at(0, 0),
        at(24, 0),
        at(12, 0),
        bucket,
        &words::history,
    )
}

fn text(lane: &Lane) -> String {
    let clock = |at: DateTime<Utc>| at.format("%H:%M").to_string();
    let mut text = String::new();
    for bar in &lane.bars {
        let (from, to) = (clock(bar.from), clock(bar.to));
        writeln!(text, "bar   {from}-{to} {}", bar.source).unwrap();
    }
    for mark in &lane.marks {
        let until = mark.until.map(|until| format!("-{}", clock(until)));
        let when = format!("{}{}", clock(mark.at), until.unwrap_or_default());
        writeln!(
            text,
            "mark  {when} {} x{}: {}",
            mark.kind, mark.count, mark.label
        )
        .unwrap();
    }
    for span in &lane.incidents {
        let end = span.to.map_or("open".to_owned(), clock);
        writeln!(text, "needs {}-{end}: {}", clock(span.from), span.label).unwrap();
    }
    text
}

#[test]
fn a_day_with_an_outage_and_a_revocation() {
    let held = LaneFacts {
        issued_at: Some(at(11, 20)),
        expires_at: Some(at(12, 20)),
        expires_source: Some(ExpiresSource::Server),
        planned_at: Some(at(12, 8)),
        sign_in_at: Some(at(48, 0)),
        ..LaneFacts::default()
    };
    let entries = [
        token(HistoryKind::SignedIn, at(6, 0), 60),
        refreshed(at(6, 48)),
        HistoryEntry::new(at(7, 0), HistoryKind::HandedOut),
        failed(at(7, 36), Cause::ServerError),
        failed(at(7, 37), Cause::ServerError),
        failed(at(7, 40), Cause::NetworkDns),
        refreshed(at(8, 10)),
        failed(at(8, 58), Cause::RefreshTokenRevoked),
        failed(at(8, 59), Cause::RefreshTokenRevoked),
        needed(at(8, 59)),
        token(HistoryKind::SignedIn, at(11, 20), 60),
    ];
    let lane = day(&entries, &held);
    assert_eq!(
        (lane.planned_at, lane.sign_in_at),
        (Some(at(12, 8)), Some(at(48, 0)))
    );
    insta::assert_snapshot!(text(&lane), @r"
    bar   06:00-06:48 server
    bar   06:48-07:48 server
    bar   08:10-09:10 server
    bar   11:20-12:20 server
    mark  06:00 signed_in x1: Signed in
    mark  06:48 refreshed x1: Refreshed, good for 1 h
    mark  07:36-07:40 waiting x3: The provider has a fault of its own. (2 times) · The provider's name cannot be looked up.
    mark  08:10 refreshed x1: Refreshed, good for 1 h
    mark  08:58-08:59 sign_in x3: Refused: the refresh token was revoked. (2 times) · Sign in again: the refresh token was revoked
    mark  11:20 signed_in x1: Signed in
    needs 08:59-11:20: Sign in again: the refresh token was revoked
    ");
}

#[test]
fn dense_refreshes_become_one_line_with_a_count() {
    let entries: Vec<_> = (0..60)
        .map(|minute| HistoryEntry {
            trigger: Some(if minute == 30 {
                Trigger::HandOut
            } else {
                Trigger::Schedule
            }),
            ..token(HistoryKind::Refreshed, at(9, minute), 2)
        })
        .chain([refreshed(at(10, 9)), refreshed(at(10, 30))])
        .collect();
    let lane = day(&entries, &LaneFacts::default());
    assert_eq!(lane.bars.len(), 62);
    assert!(lane.bars.is_sorted_by(|a, b| a.to <= b.from));
    let marks: Vec<_> = lane
        .marks
        .iter()
        .map(|m| (m.at, m.until, m.count))
        .collect();
    assert_eq!(
        marks,
        [
            (at(9, 0), Some(at(9, 59)), 60),
            (at(10, 9), None, 1),
            (at(10, 30), None, 1)
        ]
    );
}

#[test]
fn a_folded_day_stands_for_the_day_up_to_its_last_refresh() {
    let folded = HistoryEntry {
        count: 20,
        ..refreshed(at(-1, 0))
    };
    let from = at(-48, 0);
    let entries = [refreshed(at(-25, 0)), folded, refreshed(at(1, 0))];
    let lane = lane(
        &entries,
        &LaneFacts::default(),
        from,
        at(24, 0),
        at(12, 0),
        Duration::from_mins(10),
        &words::history,
    );
    let bars: Vec<_> = lane.bars.iter().map(|bar| (bar.from, bar.to)).collect();
    assert_eq!(
        bars,
        [
            (at(-25, 0), at(-24, 0)),
            (at(-24, 0), at(0, 0)),
            (at(1, 0), at(2, 0))
        ]
    );
    let stretch = &lane.marks[1];
    assert_eq!(
        (stretch.at, stretch.until, stretch.count),
        (at(-24, 0), Some(at(-1, 0)), 20)
    );
}

#[test]
fn what_began_before_the_window_keeps_its_beginning_and_what_is_over_is_gone() {
    let entries = [
        refreshed(at(-5, 0)),
        needed(at(-4, 0)),
        token(HistoryKind::Refreshed, at(-1, 0), 90),
        needed(at(0, -20)),
        needed(at(2, 0)),
    ];
    let facts = LaneFacts {
        incident_at: Some(at(0, -20)),
        ..LaneFacts::default()
    };
    insta::assert_snapshot!(text(&day(&entries, &facts)), @r"
    bar   23:00-00:30 server
    mark  02:00 sign_in x1: Sign in again: the refresh token was revoked
    needs 23:40-open: Sign in again: the refresh token was revoked
    ");
}

#[test]
fn a_lost_history_does_not_hide_what_is_held_and_what_is_open() {
    let facts = LaneFacts {
        issued_at: Some(at(11, 0)),
        expires_at: Some(at(11, 15)),
        expires_source: Some(ExpiresSource::Assumed),
        incident_at: Some(at(11, 30)),
        ..LaneFacts::default()
    };
    insta::assert_snapshot!(text(&day(&[], &facts)), @r"
    bar   11:00-11:15 assumed
    needs 11:30-open: Sign in again
    ");
    // And the history of an incident that is closed does not keep it open.
    let closed = day(&[needed(at(9, 0))], &LaneFacts::default());
    assert_eq!(closed.incidents[0].to, Some(at(12, 0)));
}

#[test]
fn a_token_without_an_end_is_drawn_to_the_edge_until_it_is_given_up() {
    let endless = HistoryEntry::new(at(6, 0), HistoryKind::SignedIn);
    let facts = LaneFacts {
        issued_at: Some(at(6, 0)),
        expires_source: Some(ExpiresSource::Unknown),
        ..LaneFacts::default()
    };
    let held = day(std::slice::from_ref(&endless), &facts);
    assert_eq!(
        (held.bars[0].to, held.bars[0].source),
        (at(24, 0), ExpiresSource::Unknown)
    );
    let out = HistoryEntry::new(at(9, 0), HistoryKind::SignedOut);
    let given_up = day(&[endless, out], &LaneFacts::default());
    assert_eq!(given_up.bars[0].to, at(9, 0));
}
