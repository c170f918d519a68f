//! What stands between a provider's answer and safety: the journal's write on the real disk, beside
//! the least that any program must do for it, which is to write the same bytes and to flush them.
//!
//! Both in the same run and in turns, because a disk's mood changes: only their difference says
//! something of this program. Under the working folder, since `/tmp` may be memory.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a bench that cannot do its work has nothing to say"
)]

use std::{
    fs::{self, File, OpenOptions},
    io::{Seek as _, Write as _},
    path::Path,
    time::{Duration, Instant},
};

use criterion::{Criterion, criterion_group, criterion_main};
use tempfile::TempDir;
use tokentray::{
    domain::{
        account::{AccountId, ClientAuth},
        grant::{Binding, ExpiresSource, Grant},
        journal_entry::{Intent, JournalEntry},
        secret::{Fingerprint, Secret},
    },
    io::{
        journal::{FileJournal, Journal},
        vault::SealKey,
    },
};

/// As long as the longest real grants: some 5 kB.
fn grant(generation: u64) -> Grant {
    Grant {
        generation,
        access_token: Secret::new("a".repeat(2_500)),
        refresh_token: Some(Secret::new("r".repeat(1_200))),
        id_token: Some(Secret::new("i".repeat(1_200))),
        token_type: "Bearer".into(),
        scopes: vec!["openid".into(), "offline_access".into()],
        issued_at: chrono::DateTime::UNIX_EPOCH,
        expires_at: None,
        expires_source: ExpiresSource::Unknown,
        id_token_expires_at: None,
        refresh_token_expires_at: None,
        refresh_at: None,
        subject: None,
        client_secret: None,
        binding: Binding {
            issuer: None,
            revocation_endpoint: None,
            token_endpoint: "https://login.example/token".into(),
            client_id: "tokentray".into(),
            client_auth: ClientAuth::None,
        },
    }
}

fn intent(generation: u64) -> JournalEntry {
    JournalEntry {
        highest_generation: generation,
        intent: Some(Intent {
            generation,
            refresh_token: Fingerprint("0123456789abcdef".into()),
            sends: 1,
            first_at: chrono::DateTime::UNIX_EPOCH,
            last_at: None,
        }),
        ..JournalEntry::default()
    }
}

fn answer(generation: u64) -> JournalEntry {
    JournalEntry {
        highest_generation: generation,
        unconfirmed: Some(grant(generation)),
        ..JournalEntry::default()
    }
}

/// One write and one flush over bytes that are there: no program that wants to be safe does less.
fn plain(file: &mut File, bytes: &[u8]) {
    file.rewind().unwrap();
    file.write_all(bytes).unwrap();
    file.sync_data().unwrap();
}

/// What the journal did before: a new file, renamed over the old one, file and folder flushed.
fn renamed(folder: &Path, bytes: &[u8]) {
    let (new, name) = (folder.join("new"), folder.join("name"));
    let mut file = File::create(&new).unwrap();
    file.write_all(bytes).unwrap();
    file.sync_all().unwrap();
    fs::rename(&new, &name).unwrap();
    File::open(folder).unwrap().sync_all().unwrap();
}

/// Every sample's length as well: criterion tells means, and the promise is about the slowest.
fn timed(rounds: u64, lengths: &mut Vec<Duration>, mut work: impl FnMut()) -> Duration {
    let mut all = Duration::ZERO;
    for _ in 0..rounds {
        let began = Instant::now();
        work();
        lengths.push(began.elapsed());
        all += began.elapsed();
    }
    all
}

fn spread(name: &str, mut lengths: Vec<Duration>) {
    lengths.sort();
    let at = |share: usize| lengths[(lengths.len() * share / 100).min(lengths.len() - 1)];
    let (p50, p90, p99) = (at(50), at(90), at(99));
    let writes = lengths.len();
    println!("{name}: {writes} writes, p50 {p50:.2?}, p90 {p90:.2?}, p99 {p99:.2?}");
}

fn journal(c: &mut Criterion) {
    let folder = TempDir::new_in(".").unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .build()
        .unwrap();
    let account = AccountId("0123456789abcdef0123456789abcdef".into());
    let journal = FileJournal::new(folder.path().join("journal"), "bench");
    journal.open(SealKey([7; 32]));
    // Asked inside the runtime, whose threads do the writing from that moment on.
    let write = |entry| {
        let written = async { journal.write(account.clone(), entry).await };
        runtime.block_on(written).unwrap();
    };
    write(intent(1));

    let path = folder.path().join("plain");
    let mut options = OpenOptions::new();
    let mut file = options
        .read(true)
        .write(true)
        .create(true)
        .truncate(true)
        .open(path)
        .unwrap();
    file.write_all(&vec![0; 32 * 1024]).unwrap();
    file.sync_all().unwrap();
    let bytes = vec![7; answer_bytes()];

    let mut group = c.benchmark_group("answer to safety");
    group
        .sample_size(100)
        .measurement_time(Duration::from_secs(8));
    let mut lengths = Vec::new();
    group.bench_function("journal", |b| {
        b.iter_custom(|rounds| timed(rounds, &mut lengths, || write(answer(2))));
    });
    spread("journal", std::mem::take(&mut lengths));
    group.bench_function("plain write and flush", |b| {
        b.iter_custom(|rounds| timed(rounds, &mut lengths, || plain(&mut file, &bytes)));
    });
    spread("plain write and flush", std::mem::take(&mut lengths));
    group.bench_function("new file, rename, two flushes", |b| {
        b.iter_custom(|rounds| timed(rounds, &mut lengths, || renamed(folder.path(), &bytes)));
    });
    spread(
        "new file, rename, two flushes",
        std::mem::take(&mut lengths),
    );
    group.finish();
}

/// What an answer is as text, and the seal with its head.
fn answer_bytes() -> usize {
    const SEAL: usize = 600;
    grant(2).to_stored().expose().len() + SEAL
}

criterion_group!(benches, journal);
criterion_main!(benches);
