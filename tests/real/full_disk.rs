//! The journal on a disk that is really full: a small tmpfs in a mount namespace of its own.

use std::{env, fs, path::Path, process::Command, thread};

use tempfile::TempDir;
use tokentray::{
    domain::{
        account::AccountId,
        journal_entry::{Intent, JournalEntry},
        secret::{Fingerprint, Secret},
    },
    io::{
        journal::{FileJournal, Journal, JournalError},
        vault::SealKey,
    },
};

/// Set in the process that runs inside the namespace: the folder of the small disk.
const DISK: &str = "TOKENTRAY_TEST_SMALL_DISK";

/// Runs the calling test again in a namespace where a disk of 512 KiB is mounted.
fn on_a_small_disk(body: impl FnOnce(&Path)) {
    if let Some(folder) = env::var_os(DISK) {
        return body(Path::new(&folder));
    }
    let folder = TempDir::new().unwrap();
    let this_test = thread::current().name().unwrap().to_owned();
    let script = r#"mount -t tmpfs -o size=512k small "$1" && exec "$2" --exact "$3" --nocapture"#;
    let out = Command::new("unshare")
        .args(["-Urm", "sh", "-c", script, "sh"])
        .arg(folder.path())
        .arg(env::current_exe().unwrap())
        .arg(&this_test)
        .env(DISK, folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&out.stdout);
    println!("{said}{}", String::from_utf8_lossy(&out.stderr));
    assert!(out.status.success(), "{this_test} failed on the small disk");
    assert!(said.contains("1 passed"), "{this_test} did not run there");
}

fn fill(folder: &Path) {
    let full = fs::write(folder.join("ballast"), vec![1; 1024 * 1024]).unwrap_err();
    assert_eq!(full.kind(), std::io::ErrorKind::StorageFull);
}

fn entry(sends: u32, intent: bool) -> JournalEntry {
    JournalEntry {
        highest_generation: u64::from(sends),
        intent: intent.then(|| Intent {
            generation: 1,
            refresh_token: Fingerprint("00".into()),
            sends,
            first_at: "2026-11-21T10:00:00Z".parse().unwrap(),
            last_at: None,
        }),
        // As long as the longest real grants.
        salvage: Some(Secret::new("s".repeat(6000))),
        ..JournalEntry::default()
    }
}

#[test]
fn on_a_full_disk_nothing_is_begun_and_what_was_begun_is_saved() {
    on_a_small_disk(|disk| {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        runtime.block_on(async {
            let [begun, idle] = [1, 2].map(|number| AccountId(format!("{number:032x}")));
            let journal = FileJournal::new(disk.join("journal"), "v");
            journal.open(SealKey([7; 32]));
            // A refresh has begun, then the disk fills up.
            journal.write(begun.clone(), entry(1, true)).await.unwrap();
            fill(disk);

            // No other refresh can begin …
            let refused = journal.write(idle.clone(), entry(1, true)).await;
            assert!(matches!(refused, Err(JournalError::Full(_))), "{refused:?}");
            assert_eq!(journal.read(idle).await, Ok(None));
            // … but the answer to the one that had begun is saved.
            journal.write(begun.clone(), entry(2, false)).await.unwrap();
            let read = journal.read(begun.clone()).await;
            assert_eq!(read, Ok(Some(entry(2, false))));
            // And a refusal to begin again leaves it whole.
            let refused = journal.write(begun.clone(), entry(3, true)).await;
            assert!(matches!(refused, Err(JournalError::Full(_))), "{refused:?}");
            assert_eq!(journal.read(begun).await, Ok(Some(entry(2, false))));
        });
    });
}
