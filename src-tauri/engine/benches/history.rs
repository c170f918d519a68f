//! What a full history costs to look at: a million rows of a hundred accounts, not yet folded.
//!
//! On a file, as at home; the first frame of the window is what nobody wants to wait for.

#![expect(
    clippy::unwrap_used,
    reason = "a bench that cannot do its work has nothing to say"
)]

use std::{collections::BTreeMap, hint::black_box, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use criterion::{Criterion, criterion_group, criterion_main};
use tempfile::TempDir;
use tokentray::{
    domain::{
        account::AccountId,
        cause::Cause,
        grant::ExpiresSource,
        history::{HistoryEntry, HistoryKind, Trigger},
        timeline, words,
    },
    io::history::{History, HistoryFilter, sqlite::SqliteHistory},
};
use tokio::runtime::Runtime;

const ACCOUNTS: usize = 100;
/// Below the cap of a million, at which the oldest are forgotten.
const ROWS: usize = 996_400;
const DAYS: i64 = 90;

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_772_366_400, 0).unwrap_or_default()
}

fn account(number: usize) -> AccountId {
    AccountId(format!("{number:032x}"))
}

/// The rows from the oldest to the newest: of ten, seven refreshes, one failure, two hand-outs.
fn entry(number: usize) -> HistoryEntry {
    let step = TimeDelta::days(DAYS) / i32::try_from(ROWS).unwrap_or(i32::MAX);
    let at = now() - step * i32::try_from(ROWS - number).unwrap_or(i32::MAX);
    let (account_number, turn) = (number % ACCOUNTS, number / ACCOUNTS);
    let kind = match turn % 1_000 {
        0 => HistoryKind::SignedIn,
        999 => HistoryKind::SignInNeeded,
        other => match other % 10 {
            0..7 => HistoryKind::Refreshed,
            7 => HistoryKind::RefreshFailed,
            _ => HistoryKind::HandedOut,
        },
    };
    let failed = kind == HistoryKind::RefreshFailed;
    HistoryEntry {
        account_id: Some(account(account_number)),
        account: Some(format!("account-{account_number}")),
        trigger: Some(Trigger::Schedule),
        cause: failed.then_some(Cause::NetworkTimeout),
        duration_ms: Some(180),
        expires_at: (kind == HistoryKind::Refreshed).then(|| at + TimeDelta::minutes(20)),
        expires_source: (kind == HistoryKind::Refreshed).then_some(ExpiresSource::Server),
        generation: Some(turn as u64),
        // Another one each time: hand-outs of one program fold into an hour.
        client: (kind == HistoryKind::HandedOut).then(|| format!("tool-{turn}")),
        ..HistoryEntry::new(at, kind)
    }
}

fn full(runtime: &Runtime, folder: &TempDir) -> SqliteHistory {
    const AT_ONCE: usize = 5_000;
    let history = SqliteHistory::open(&folder.path().join("history.sqlite")).unwrap();
    for number in 0..ROWS {
        history.append(entry(number));
        if number % AT_ONCE == AT_ONCE - 1 {
            runtime.block_on(history.flush());
        }
    }
    runtime.block_on(history.flush());
    history
}

/// What the engine makes of a frame of that length around now: a lane for each account.
fn frame(runtime: &Runtime, history: &SqliteHistory, length: Duration) -> usize {
    let (from, to) = (now() - length * 5 / 8, now() + length * 3 / 8);
    let dense = length / 160;
    let entries = runtime
        .block_on(history.between(from, now(), dense))
        .unwrap();
    let mut of: BTreeMap<String, Vec<HistoryEntry>> = BTreeMap::new();
    for entry in entries {
        if let Some(id) = &entry.account_id {
            of.entry(id.0.clone()).or_default().push(entry);
        }
    }
    let facts = timeline::LaneFacts::default();
    of.values()
        .map(|entries| {
            let say = &words::history;
            let lane = timeline::lane(entries, &facts, from, to, now(), dense, say);
            lane.bars.len() + lane.marks.len()
        })
        .sum()
}

fn history(c: &mut Criterion) {
    let folder = TempDir::new_in(".").unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let history = full(&runtime, &folder);
    let mut group = c.benchmark_group("a million rows");
    group.sample_size(10);
    for (name, days) in [("24 hours", 1), ("30 days", 30), ("90 days", 90)] {
        let length = Duration::from_hours(24 * days);
        assert!(frame(&runtime, &history, length) >= ACCOUNTS);
        group.bench_function(format!("frame of {name}"), |b| {
            b.iter(|| black_box(frame(&runtime, &history, length)));
        });
    }
    group.bench_function("figures of 7 and 30 days", |b| {
        b.iter(|| {
            for days in [7, 30] {
                let since = now() - TimeDelta::days(days);
                for number in 0..ACCOUNTS {
                    let counts = history.counts(Some(account(number)), since);
                    black_box(runtime.block_on(counts).unwrap());
                }
            }
        });
    });
    group.bench_function("newest page", |b| {
        b.iter(|| {
            runtime
                .block_on(history.page(HistoryFilter::default()))
                .unwrap()
        });
    });
    let search = HistoryFilter {
        text: Some("no row says this".into()),
        ..HistoryFilter::default()
    };
    group.bench_function("search without a hit", |b| {
        b.iter(|| runtime.block_on(history.page(search.clone())).unwrap());
    });
    group.finish();
}

criterion_group!(benches, history);
criterion_main!(benches);
