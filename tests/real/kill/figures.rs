//! How long the gap is: from the provider's answer to our fsync, and from the request to the
//! answer, by the provider's log and the engine's own, beside what the disk takes for as many bytes
//! in the same minute. Prints; judges nothing but that it measured.

use std::{
    fs::{self, File},
    io::{Seek as _, Write as _},
    thread,
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};
use serde_json::json;

use crate::support::{
    keyring::Keyring,
    provider::{Provider, Seen},
    session::Session,
    tokentray::Tokentray,
    wait_for,
};

const ACCOUNTS: usize = 8;

/// About as long as a grant of this provider in the journal.
const ENTRY_BYTES: usize = 1_500;

#[test]
#[ignore = "it measures: `make kill` runs it"]
fn the_gap_between_the_providers_answer_and_the_journal_is_measured() {
    let rounds = super::rounds(2).min(40);
    let session = Session::start();
    session.set_variable("TOKENTRAY_LOG", "trace");
    let _keyring = Keyring::unlocked(&session);
    // So short that asking for a token is asking for a refresh.
    let provider = Provider::with(&session, &json!({ "access_token_seconds": 1 }));
    let tokentray = Tokentray::new(&session);
    let mut daemon = tokentray.daemon();
    tokentray.set_person("ada");
    let names: Vec<String> = (0..ACCOUNTS)
        .map(|number| format!("work-{number}"))
        .collect();
    for name in &names {
        tokentray.add_when_used(name, &provider);
    }
    let from = provider.log(usize::MAX).total;
    let mut disk = Disk::new(&session);
    for _ in 0..rounds {
        thread::sleep(Duration::from_millis(300));
        for name in &names {
            let path = format!("/v1/accounts/{name}/token");
            let (status, answer) = tokentray.ask("GET", &path, None);
            assert_eq!(status, 200, "{answer}");
            disk.write();
        }
    }
    let seen = wait_for("the provider is done", Duration::from_secs(10), || {
        let seen = provider.log(from).requests;
        seen.iter()
            .all(|one| one.answered_at.is_some())
            .then_some(seen)
    });
    assert!(daemon.terminate(Duration::from_secs(15)).success());

    let (answered, journaled) = (
        moments(tokentray, "answered"),
        moments(tokentray, "journaled"),
    );
    let until = |moments: &[f64]| {
        let lengths = seen
            .iter()
            .map(|one| first_after(moments, one.answered_at.unwrap()));
        lengths.collect::<Vec<f64>>()
    };
    let waits = |one: &Seen| one.answered_at.unwrap() - one.received_at;
    println!("{} refreshes, one at a time", seen.len());
    println!(
        "request to answer  {}",
        spread(seen.iter().map(waits).collect())
    );
    println!("answer to engine   {}", spread(until(&answered)));
    println!("answer to fsync    {}", spread(until(&journaled)));
    println!("the disk alone     {}", spread(disk.took));
    assert!(seen.len() >= rounds * ACCOUNTS / 2);
}

/// The least that safety takes: bytes over bytes that are there, and one flush.
struct Disk {
    file: File,
    took: Vec<f64>,
}

impl Disk {
    fn new(session: &Session) -> Self {
        let mut file = File::create(session.dir().join("plain")).unwrap();
        file.write_all(&[0; ENTRY_BYTES]).unwrap();
        file.sync_all().unwrap();
        let took = Vec::new();
        Self { file, took }
    }

    fn write(&mut self) {
        let began = Instant::now();
        self.file.rewind().unwrap();
        self.file.write_all(&[7; ENTRY_BYTES]).unwrap();
        self.file.sync_data().unwrap();
        self.took.push(began.elapsed().as_secs_f64() * 1000.0);
    }
}

/// When the engine's log has this event, in Unix milliseconds.
fn moments(tokentray: Tokentray<'_>, event: &str) -> Vec<f64> {
    let folder = tokentray.state_dir().join("log");
    let mut found = Vec::new();
    for file in fs::read_dir(folder).unwrap().flatten() {
        let text = fs::read_to_string(file.path()).unwrap();
        for line in text
            .lines()
            .filter(|line| line.contains(&format!(": {event} ")))
        {
            let at: DateTime<Utc> = line.split(' ').next().unwrap().parse().unwrap();
            found.push(
                f64::from(u32::try_from(at.timestamp() % 1_000_000).unwrap()) * 1000.0
                    + f64::from(at.timestamp_subsec_micros()) / 1000.0,
            );
        }
    }
    found.sort_by(f64::total_cmp);
    found
}

fn first_after(sorted: &[f64], at: f64) -> f64 {
    const MILLION_SECONDS: f64 = 1e9;
    let at = at % MILLION_SECONDS;
    let found = sorted.iter().find(|moment| **moment >= at);
    found.expect("every answer was journaled") - at
}

fn spread(mut lengths: Vec<f64>) -> String {
    lengths.sort_by(f64::total_cmp);
    let at = |share: usize| lengths[(lengths.len() * share / 100).min(lengths.len() - 1)];
    format!(
        "p50 {:.1} ms, p90 {:.1} ms, p99 {:.1} ms, longest {:.1} ms",
        at(50),
        at(90),
        at(99),
        lengths[lengths.len() - 1]
    )
}
