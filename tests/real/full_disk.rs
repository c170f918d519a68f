//! On a disk that is really full or read-only: a small tmpfs in a mount namespace of its own, since
//! root writes through permissions.

use std::{env, fs, path::Path, process::Command, thread, time::Duration};

use serde_json::Value;
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

use crate::support::{
    keyring::{self, Keyring},
    monitor::Monitor,
    provider::Provider,
    session::{Session, name_of_this_test},
    tokentray::Tokentray,
    wait_until,
};

/// Set in the process that runs inside the namespace: the folder of the small disk.
const DISK: &str = "TOKENTRAY_TEST_SMALL_DISK";

/// Runs the calling test again in a namespace where a disk of that many KiB is mounted.
fn on_a_small_disk(size: u32, body: impl FnOnce(&Path)) {
    if let Some(folder) = env::var_os(DISK) {
        return body(Path::new(&folder));
    }
    let folder = TempDir::new().unwrap();
    let this_test = name_of_this_test();
    let script = r#"mount -t tmpfs -o size="$4"k small "$1" && exec "$2" --exact "$3" --nocapture"#;
    let out = Command::new("unshare")
        .args(["-Urm", "sh", "-c", script, "sh"])
        .arg(folder.path())
        .arg(env::current_exe().unwrap())
        .args([&this_test, &size.to_string()])
        .env(DISK, folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&out.stdout);
    println!("{said}{}", String::from_utf8_lossy(&out.stderr));
    assert!(out.status.success(), "{this_test} failed on the small disk");
    assert!(said.contains("1 passed"), "{this_test} did not run there");
}

fn fill(folder: &Path) {
    let full = fs::write(folder.join("ballast"), vec![1; 8 * 1024 * 1024]).unwrap_err();
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
fn on_a_full_disk_nothing_begins_without_its_space_and_what_has_it_goes_on() {
    on_a_small_disk(512, |disk| {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        runtime.block_on(async {
            let [begun, new] = [1, 2].map(|number| AccountId(format!("{number:032x}")));
            let journal = FileJournal::new(disk.join("journal"), "v");
            journal.open(SealKey([7; 32]));
            // One account has its space, then the disk fills up.
            journal.write(begun.clone(), entry(1, false)).await.unwrap();
            fill(disk);

            // No refresh of another account can begin …
            let refused = journal.write(new.clone(), entry(1, true)).await;
            assert!(matches!(refused, Err(JournalError::Full(_))), "{refused:?}");
            assert_eq!(journal.read(new).await, Ok(None));
            // … but here intents and answers are saved, as often as there are any.
            for sends in 2..9 {
                for intent in [true, false] {
                    let written = entry(sends, intent);
                    journal.write(begun.clone(), written.clone()).await.unwrap();
                    assert_eq!(journal.read(begun.clone()).await, Ok(Some(written)));
                }
            }
            // What needs more room than was taken is refused and harms nothing.
            let odd = JournalEntry {
                salvage: Some(Secret::new("s".repeat(200_000))),
                ..entry(9, false)
            };
            let refused = journal.write(begun.clone(), odd).await;
            assert!(matches!(refused, Err(JournalError::Full(_))), "{refused:?}");
            assert_eq!(journal.read(begun).await, Ok(Some(entry(8, false))));
        });
    });
}

#[test]
fn a_state_folder_that_is_full_or_read_only_sends_nothing_and_loses_nothing() {
    on_a_small_disk(2048, |disk| {
        let session = Session::start();
        let _keyring = Keyring::unlocked(&session);
        let provider = Provider::start(&session, 600);
        let monitor = Monitor::start(&session);
        let tokentray = Tokentray::new(&session);
        std::os::unix::fs::symlink(disk, tokentray.state_dir()).unwrap();
        let mut daemon = tokentray.daemon();
        tokentray.set_person("ada");
        tokentray.add("work", &provider);
        let home = Home {
            session: &session,
            tokentray,
            provider: &provider,
        };

        // Full before a refresh: the space for intent and answer was taken long ago.
        fill(disk);
        home.refreshes();
        // Without such space nothing is sent, and the token stays good.
        let id = tokentray.account("work")["id"].clone();
        fs::remove_file(disk.join("journal").join(id.as_str().unwrap())).unwrap();
        fill(disk);
        home.refuses_to_refresh("vault_full");
        fs::remove_file(disk.join("ballast")).unwrap();

        // Full during a refresh: the space for the answer was taken before.
        provider.hold();
        let mut refresh = tokentray.command(&["refresh", "work"]);
        let asking = thread::spawn(move || refresh.output().unwrap());
        wait_until("the provider was asked", SOON, || {
            provider.state().held == 1
        });
        fill(disk);
        provider.release();
        assert!(asking.join().unwrap().status.success());
        home.has_the_newest();
        daemon.kill();
        daemon = tokentray.daemon();
        home.has_the_newest();
        fs::remove_file(disk.join("ballast")).unwrap();

        // Read-only for every file that is opened from now on.
        mount(&["--bind", path(disk), path(disk)]);
        mount(&["-o", "remount,ro,bind", path(disk)]);
        home.refuses_to_refresh("vault_unavailable");
        home.has_the_newest();
        daemon.kill();
        let refused = tokentray.run(&["daemon"]);
        assert!(!refused.status.success(), "{refused:?}");
        let said = String::from_utf8_lossy(&refused.stderr);
        assert!(said.to_lowercase().contains("read-only"), "{said}");
        let out = Command::new("umount").arg(disk).output().unwrap();
        assert!(out.status.success(), "{out:?}");
        daemon = tokentray.daemon();
        home.refreshes();
        assert!(daemon.terminate(SOON).success());
        assert_eq!(monitor.count("Notify"), 0);
        let refused = provider.state().requests.iter().any(|r| r.status >= 400);
        assert!(!refused, "no refresh token was used twice");
    });
}

const SOON: Duration = Duration::from_secs(40);

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn mount(arguments: &[&str]) {
    let out = Command::new("mount").args(arguments).output().unwrap();
    assert!(out.status.success(), "{out:?}");
}

struct Home<'h> {
    session: &'h Session,
    tokentray: Tokentray<'h>,
    provider: &'h Provider,
}

impl Home<'_> {
    fn refuses_to_refresh(&self, cause: &str) {
        let before = self.provider.state().requests.len();
        let (status, problem) = self
            .tokentray
            .ask("POST", "/v1/accounts/work/refresh", None);
        assert_eq!((status, &problem["cause"]), (503, &Value::from(cause)));
        assert_eq!(self.provider.state().requests.len(), before);
        let token = self.tokentray.ok(&["token", "work"]);
        assert_eq!(token.trim_end(), self.provider.state().last("access_token"));
    }

    fn refreshes(&self) {
        let before = self.provider.state().refreshes().len();
        self.tokentray.ok(&["refresh", "work"]);
        assert!(self.provider.state().refreshes().len() > before);
        self.has_the_newest();
    }

    fn has_the_newest(&self) {
        wait_until("the newest grant is in the keychain", SOON, || {
            let found = keyring::search(self.session, &[("service", "tokentray")]);
            found.contains(self.provider.state().last("refresh_token"))
        });
        let token = self.tokentray.ok(&["token", "work"]);
        assert_eq!(token.trim_end(), self.provider.state().last("access_token"));
    }
}
