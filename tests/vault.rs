//! Vault, journal and locks on a scripted keychain and real files.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path, sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use tempfile::TempDir;
use tokentray::{
    domain::{
        account::{AccountId, ClientAuth},
        grant::{Binding, ExpiresSource, Grant},
        journal_entry::{Intent, JournalEntry, Removal},
        secret::{Fingerprint, Secret},
    },
    io::{
        journal::{FileJournal, Journal, JournalError},
        locks::{AccountLocks, FileLocks, LockError, try_lock_for_certain, try_lock_named},
        sealed_file::{Label, SealingKey},
        vault::{
            self, SealKey, Vault, VaultError, VaultEvent, VaultKind, VaultMoveError,
            VaultOpenError, VaultOptions,
        },
    },
};

mod copies;
mod moves;
mod scripted_keychain;
use scripted_keychain::ScriptedKeychain;

fn account(number: u8) -> AccountId {
    AccountId(format!("{number:032x}"))
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn grant(generation: u64) -> Grant {
    Grant {
        generation,
        access_token: Secret::new(format!("access-token-{generation}")),
        token_type: "Bearer".into(),
        refresh_token: Some(Secret::new(format!("refresh-token-{generation}"))),
        id_token: Some(Secret::new("id-token \"quoted\" ü")),
        issued_at: at("2026-11-21T10:00:00Z"),
        expires_at: Some(at("2026-11-21T11:00:00Z")),
        expires_source: ExpiresSource::Server,
        refresh_at: None,
        refresh_token_expires_at: None,
        id_token_expires_at: None,
        scopes: vec!["openid".into()],
        binding: Binding {
            issuer: Some("https://issuer.example".into()),
            token_endpoint: "https://issuer.example/token".into(),
            revocation_endpoint: None,
            client_id: "client".into(),
            client_auth: ClientAuth::None,
        },
        subject: None,
        client_secret: None,
    }
}

/// A home in a folder of its own, with a keychain that does as it is told.
struct House {
    folder: TempDir,
    keychain: ScriptedKeychain,
}

impl House {
    fn new() -> Self {
        Self {
            folder: TempDir::new().unwrap(),
            keychain: ScriptedKeychain::default(),
        }
    }

    fn state(&self) -> &Path {
        self.folder.path()
    }

    fn options(&self, kind: Option<VaultKind>) -> VaultOptions {
        VaultOptions {
            kind,
            keychain: Arc::new(self.keychain.clone()),
            ..VaultOptions::new(self.state())
        }
    }

    fn open(&self, kind: VaultKind) -> Arc<dyn Vault> {
        vault::open(&self.options(Some(kind))).unwrap()
    }

    /// As after a restart: whatever kind the home has.
    fn reopen(&self) -> Arc<dyn Vault> {
        vault::open(&self.options(None)).unwrap()
    }
}

const KINDS_ON_DISK: [VaultKind; 3] = [VaultKind::Os, VaultKind::Sealed, VaultKind::File];

#[tokio::test]
async fn what_is_stored_is_there_after_a_restart() {
    for kind in KINDS_ON_DISK {
        let house = House::new();
        let vault = house.open(kind);
        let key = vault.key().await.unwrap();
        vault.store_grant(account(1), grant(7)).await.unwrap();
        let secret = Secret::new("client \"secret\" \\ é");
        vault
            .store_client_secret(account(1), Some(secret.clone()))
            .await
            .unwrap();
        let id = vault.id();
        drop(vault);

        let vault = house.reopen();
        assert_eq!(vault.kind(), kind);
        assert_eq!(vault.id(), id);
        assert_eq!(vault.key().await, Ok(key), "{kind}");
        assert_eq!(vault.read_grant(account(1)).await, Ok(Some(grant(7))));
        assert_eq!(vault.read_client_secret(account(1)).await, Ok(Some(secret)));
        assert_eq!(vault.read_grant(account(2)).await, Ok(None));

        vault.remove_grant(account(1)).await.unwrap();
        vault.store_client_secret(account(1), None).await.unwrap();
        assert_eq!(vault.read_grant(account(1)).await, Ok(None), "{kind}");
        assert_eq!(vault.read_client_secret(account(1)).await, Ok(None));
    }
}

#[tokio::test]
async fn memory_keeps_what_it_got_and_shares_it_with_nobody() {
    let (one, other) = (vault::memory(), vault::memory());
    one.store_grant(account(1), grant(1)).await.unwrap();
    assert_eq!(one.read_grant(account(1)).await, Ok(Some(grant(1))));
    assert_eq!(other.read_grant(account(1)).await, Ok(None));
    assert_ne!(one.key().await, other.key().await);
    assert_eq!(
        one.store_grant(account(1), grant(0)).await,
        Err(VaultError::Older(1))
    );
}

#[tokio::test]
async fn a_memory_vault_leaves_nothing_in_the_home() {
    let house = House::new();
    let vault = house.open(VaultKind::Memory);
    vault.store_grant(account(1), grant(1)).await.unwrap();
    assert_eq!(fs::read_dir(house.state()).unwrap().count(), 0);
}

#[tokio::test]
async fn no_file_holds_a_token_and_all_are_private() {
    for kind in KINDS_ON_DISK {
        let house = House::new();
        let vault = house.open(kind);
        vault.store_grant(account(1), grant(7)).await.unwrap();
        let journal = FileJournal::new(house.state().join("journal"), vault.id());
        journal.open(vault.key().await.unwrap());
        journal.write(account(1), entry(7)).await.unwrap();
        let mut seen = 0;
        let mut folders = vec![house.state().to_path_buf()];
        while let Some(folder) = folders.pop() {
            for found in fs::read_dir(folder).unwrap() {
                let found = found.unwrap();
                let mode = found.metadata().unwrap().permissions().mode() & 0o777;
                if found.file_type().unwrap().is_dir() {
                    assert_eq!(mode, 0o700, "{}", found.path().display());
                    folders.push(found.path());
                    continue;
                }
                assert_eq!(mode, 0o600, "{}", found.path().display());
                let bytes = fs::read(found.path()).unwrap();
                let text = String::from_utf8_lossy(&bytes);
                assert!(!text.contains("-token"), "{}", found.path().display());
                seen += 1;
            }
        }
        assert!(seen >= 2, "{seen} files of kind {kind}");
    }
}

#[tokio::test]
async fn an_unchanged_grant_is_not_written_again() {
    let house = House::new();
    let vault = house.open(VaultKind::Os);
    vault.store_grant(account(1), grant(1)).await.unwrap();
    let sets = house.keychain.sets();
    vault.store_grant(account(1), grant(1)).await.unwrap();
    assert_eq!(house.keychain.sets(), sets);
    vault.store_grant(account(1), grant(2)).await.unwrap();
    assert_eq!(house.keychain.sets(), sets + 1);
}

#[tokio::test]
async fn a_write_that_the_keychain_does_not_keep_is_no_success() {
    let house = House::new();
    let vault = house.open(VaultKind::Os);
    vault.store_grant(account(1), grant(1)).await.unwrap();
    house.keychain.forget_sets(true);
    let stored = vault.store_grant(account(1), grant(2)).await;
    assert!(
        matches!(stored, Err(VaultError::Unavailable(_))),
        "{stored:?}"
    );
}

#[tokio::test]
async fn missing_is_not_believed_where_the_sentinel_is_missing() {
    for kind in [VaultKind::Os, VaultKind::Sealed] {
        let house = House::new();
        let vault = house.open(kind);
        vault.store_grant(account(1), grant(1)).await.unwrap();
        drop(vault);
        house.keychain.replace_by_an_empty_one();

        let vault = house.reopen();
        let sets = house.keychain.sets();
        let unavailable = |error: VaultError| matches!(error, VaultError::Unavailable(_));
        assert!(unavailable(vault.read_grant(account(1)).await.unwrap_err()));
        assert!(unavailable(vault.key().await.unwrap_err()), "no new key");
        let stored = vault.store_grant(account(1), grant(2)).await;
        assert!(unavailable(stored.unwrap_err()));
        assert_eq!(house.keychain.sets(), sets, "nothing was written");
    }
}

#[tokio::test]
async fn a_keyring_that_is_emptied_under_a_session_is_not_believed() {
    let house = House::new();
    let vault = house.open(VaultKind::Os);
    vault.store_grant(account(1), grant(1)).await.unwrap();
    house.keychain.replace_by_an_empty_one();
    let read = vault.read_grant(account(1)).await;
    assert!(matches!(read, Err(VaultError::Unavailable(_))), "{read:?}");
    let stored = vault.store_grant(account(1), grant(2)).await;
    assert!(matches!(stored, Err(VaultError::Unavailable(_))));
    assert_eq!(house.keychain.items(), 0);
}

#[tokio::test]
async fn a_first_start_that_was_cut_short_keeps_its_key() {
    let house = House::new();
    let vault = house.open(VaultKind::Os);
    house.keychain.fail_sets_of("sentinel", true);
    assert!(vault.key().await.is_err());
    let key = house.keychain.text_of("key");
    assert!(key.is_some());
    drop(vault);
    house.keychain.fail_sets_of("sentinel", false);
    let vault = house.reopen();
    vault.key().await.unwrap();
    assert_eq!(house.keychain.text_of("key"), key);
}

#[tokio::test]
async fn the_four_answers_are_kept_apart() {
    let house = House::new();
    let vault = house.open(VaultKind::Os);
    vault.store_grant(account(1), grant(1)).await.unwrap();
    assert_eq!(vault.read_grant(account(2)).await, Ok(None));
    house.keychain.lock(true);
    assert_eq!(vault.read_grant(account(1)).await, Err(VaultError::Locked));
    assert_eq!(vault.read_grant(account(2)).await, Err(VaultError::Locked));
    assert_eq!(
        vault.store_grant(account(1), grant(2)).await,
        Err(VaultError::Locked)
    );
    house.keychain.lock(false);
    house.keychain.deny(true);
    assert_eq!(vault.read_grant(account(1)).await, Err(VaultError::Denied));
    house.keychain.deny(false);
    house.keychain.fail(true);
    let failed = vault.read_grant(account(1)).await;
    assert!(
        matches!(failed, Err(VaultError::Unavailable(_))),
        "{failed:?}"
    );
    house.keychain.fail(false);
    assert_eq!(vault.read_grant(account(1)).await, Ok(Some(grant(1))));
}

#[tokio::test]
async fn only_a_call_for_it_unlocks_and_the_change_is_told() {
    let house = House::new();
    let vault = house.open(VaultKind::Os);
    vault.store_grant(account(1), grant(1)).await.unwrap();
    let mut events = vault.events();
    house.keychain.lock(true);
    assert_eq!(events.recv().await, Ok(VaultEvent::Changed));
    assert_eq!(vault.read_grant(account(1)).await, Err(VaultError::Locked));
    assert_eq!(house.keychain.prompts(), 0);
    vault.unlock().await.unwrap();
    assert_eq!(house.keychain.prompts(), 1);
    assert_eq!(events.recv().await, Ok(VaultEvent::Changed));
    assert_eq!(vault.read_grant(account(1)).await, Ok(Some(grant(1))));
    house.keychain.lock(true);
    house.keychain.dismiss_prompts();
    assert_eq!(vault.unlock().await, Err(VaultError::Denied));
}

#[tokio::test]
async fn a_lost_session_is_opened_again_and_recognised_again() {
    let house = House::new();
    let vault = house.open(VaultKind::Os);
    vault.store_grant(account(1), grant(1)).await.unwrap();
    let opened = house.keychain.opened();
    house.keychain.lose_sessions();
    assert_eq!(vault.read_grant(account(1)).await, Ok(Some(grant(1))));
    assert_eq!(house.keychain.opened(), opened + 1);
    house.keychain.lose_sessions();
    house.keychain.replace_by_an_empty_one();
    let read = vault.read_grant(account(1)).await;
    assert!(matches!(read, Err(VaultError::Unavailable(_))), "{read:?}");
}

#[tokio::test]
async fn a_call_that_hangs_frees_its_caller_and_its_late_answer_counts() {
    let house = House::new();
    let vault = house.open(VaultKind::Os);
    vault.store_grant(account(1), grant(1)).await.unwrap();
    vault.store_grant(account(2), grant(1)).await.unwrap();
    let mut events = vault.events();
    let gate = house.keychain.hang_at(&account(1).0);
    assert_eq!(
        vault.store_grant(account(1), grant(2)).await,
        Err(VaultError::Unanswered)
    );
    // Another account is served meanwhile, by another thread and session.
    assert_eq!(vault.read_grant(account(2)).await, Ok(Some(grant(1))));
    assert_eq!(house.keychain.calls_inside(&account(1).0), 1);
    // The same item is not touched a second time: what wants it waits.
    let later = tokio::spawn(vault.store_grant(account(1), grant(3)));
    assert_eq!(vault.read_grant(account(2)).await, Ok(Some(grant(1))));
    assert_eq!(house.keychain.calls_inside(&account(1).0), 1);
    gate.open();
    assert_eq!(
        events.recv().await,
        Ok(VaultEvent::Stored {
            account: account(1),
            generation: 2,
            result: Ok(()),
        })
    );
    later.await.unwrap().unwrap();
    assert_eq!(vault.read_grant(account(1)).await, Ok(Some(grant(3))));
}

#[tokio::test]
async fn of_the_writes_that_wait_only_the_newest_is_made() {
    let house = House::new();
    let vault = house.open(VaultKind::Os);
    vault.store_grant(account(1), grant(1)).await.unwrap();
    let gate = house.keychain.hang_at(&account(2).0);
    let busy = tokio::spawn(vault.read_grant(account(2)));
    house.keychain.until_inside(&account(2).0).await;
    let sets = house.keychain.sets();
    // The last is an older one that comes late: it must not win.
    let waiting = [2, 3, 5, 4].map(|generation| vault.store_grant(account(1), grant(generation)));
    gate.open();
    for stored in waiting {
        stored.await.unwrap();
    }
    busy.await.unwrap().unwrap();
    assert_eq!(house.keychain.sets(), sets + 1);
    assert_eq!(vault.read_grant(account(1)).await, Ok(Some(grant(5))));
}

#[tokio::test]
async fn an_older_grant_never_replaces_a_newer_one() {
    for kind in KINDS_ON_DISK {
        let house = House::new();
        let vault = house.open(kind);
        vault.store_grant(account(1), grant(5)).await.unwrap();
        assert_eq!(
            vault.store_grant(account(1), grant(4)).await,
            Err(VaultError::Older(5)),
            "{kind}"
        );
        assert_eq!(vault.read_grant(account(1)).await, Ok(Some(grant(5))));
    }
}

#[tokio::test]
async fn a_broken_item_is_set_aside_and_not_deleted() {
    let house = House::new();
    let vault = house.open(VaultKind::Os);
    vault.store_grant(account(1), grant(1)).await.unwrap();
    for broken in ["no grant at all", "{}"] {
        house.keychain.put(&account(1).0, broken);
        assert_eq!(vault.read_grant(account(1)).await, Err(VaultError::Corrupt));
        assert!(house.keychain.holds_aside(&account(1).0, broken));
        assert_eq!(vault.read_grant(account(1)).await, Ok(None));
    }
    house.keychain.put(&account(1).0, "something else");
    vault.store_grant(account(1), grant(2)).await.unwrap();
    assert!(house.keychain.holds_aside(&account(1).0, "something else"));
    assert_eq!(vault.read_grant(account(1)).await, Ok(Some(grant(2))));
}

#[tokio::test]
async fn what_a_newer_program_wrote_is_left_alone() {
    let house = House::new();
    let vault = house.open(VaultKind::Os);
    vault.key().await.unwrap();
    house
        .keychain
        .put(&account(1).0, r#"{"format":9,"more":1}"#);
    let newer = VaultError::Newer(9);
    assert_eq!(vault.read_grant(account(1)).await, Err(newer.clone()));
    assert_eq!(
        vault.store_grant(account(1), grant(2)).await,
        Err(newer.clone())
    );
    assert_eq!(vault.remove_grant(account(1)).await, Err(newer));
    let text = house.keychain.text_of(&account(1).0);
    assert_eq!(text.as_deref(), Some(r#"{"format":9,"more":1}"#));
}

#[tokio::test]
async fn two_homes_with_the_same_account_do_not_see_each_other() {
    let (one, mut other) = (House::new(), House::new());
    other.keychain = one.keychain.clone();
    let (first, second) = (one.open(VaultKind::Os), other.open(VaultKind::Os));
    first.store_grant(account(1), grant(1)).await.unwrap();
    assert_eq!(second.read_grant(account(1)).await, Ok(None));
    second.store_grant(account(1), grant(9)).await.unwrap();
    assert_eq!(first.read_grant(account(1)).await, Ok(Some(grant(1))));
    assert_ne!(first.key().await, second.key().await);
}

#[test]
fn a_contradicting_kind_is_refused_with_the_way_out() {
    let house = House::new();
    drop(house.open(VaultKind::Sealed));
    let refused = vault::open(&house.options(Some(VaultKind::Os)))
        .err()
        .unwrap();
    assert_eq!(
        refused.to_string(),
        "this home's vault is of kind `sealed`, not `os`: leave out `--vault os`, or move it with \
         `tokentray vault move os`"
    );
    let refused = vault::open(&house.options(Some(VaultKind::Memory))).err();
    assert!(matches!(refused, Some(VaultOpenError::OtherKind { .. })));
}

#[test]
fn a_vault_file_that_is_newer_broken_or_lost_is_not_made_anew() {
    let house = House::new();
    drop(house.open(VaultKind::Sealed));
    let file = house.state().join("vault");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace("\"format\": 1", "\"format\": 2")).unwrap();
    let open = || vault::open(&house.options(None)).err();
    assert_eq!(open(), Some(VaultOpenError::Newer(2)));
    fs::write(&file, "not at all").unwrap();
    assert_eq!(open(), Some(VaultOpenError::Unreadable));
    fs::write(house.state().join("grants/x"), "").unwrap();
    fs::remove_file(&file).unwrap();
    assert_eq!(open(), Some(VaultOpenError::Orphaned));
}

#[tokio::test]
async fn a_passphrase_unlocks_once_and_a_wrong_one_is_recognised() {
    let house = House::new();
    let mut options = house.options(Some(VaultKind::File));
    options.passphrase = Some(Secret::new("right"));
    let vault = vault::open(&options).unwrap();
    let key = vault.key().await.unwrap();
    vault.store_grant(account(1), grant(1)).await.unwrap();
    assert!(!house.state().join("vault.key").exists());
    drop(vault);

    options.passphrase = Some(Secret::new("wrong"));
    let refused = vault::open(&options).err();
    assert_eq!(refused, Some(VaultOpenError::WrongPassphrase));

    let vault = house.reopen();
    let mut events = vault.events();
    assert_eq!(vault.read_grant(account(1)).await, Err(VaultError::Locked));
    assert_eq!(vault.unlock().await, Err(VaultError::Locked));
    let wrong = vault.unlock_with(Secret::new("wrong")).await;
    assert_eq!(wrong, Err(VaultError::Denied));
    vault.unlock_with(Secret::new("right")).await.unwrap();
    assert_eq!(events.recv().await, Ok(VaultEvent::Changed));
    assert_eq!(vault.key().await, Ok(key));
    assert_eq!(vault.read_grant(account(1)).await, Ok(Some(grant(1))));
}

#[test]
fn a_key_file_that_others_may_read_is_refused() {
    let house = House::new();
    drop(house.open(VaultKind::File));
    let file = house.state().join("vault.key");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    let refused = vault::open(&house.options(None)).err();
    assert!(
        matches!(refused, Some(VaultOpenError::KeyFile(_))),
        "{refused:?}"
    );
    fs::remove_file(&file).unwrap();
    let refused = vault::open(&house.options(None)).err();
    assert!(
        matches!(refused, Some(VaultOpenError::KeyFile(_))),
        "{refused:?}"
    );
    assert!(!file.exists(), "no new key");
}

#[tokio::test]
async fn a_sealed_file_opens_for_its_own_account_only() {
    let house = House::new();
    let vault = house.open(VaultKind::Sealed);
    vault.store_grant(account(1), grant(1)).await.unwrap();
    let file = |number| {
        let name = format!("grants/{}.grant", account(number));
        house.state().join(name)
    };
    fs::copy(file(1), file(2)).unwrap();
    assert_eq!(vault.read_grant(account(2)).await, Err(VaultError::Corrupt));
    assert!(!file(2).exists());
    let aside = house
        .state()
        .join(format!("grants/{}.grant.aside-1", account(2)));
    assert!(aside.exists());
    assert_eq!(vault.read_grant(account(1)).await, Ok(Some(grant(1))));

    let bytes = fs::read(file(1)).unwrap();
    let newer = [b"tokentray-sealed 2 1\n", &bytes[21..]].concat();
    fs::write(file(1), &newer).unwrap();
    assert_eq!(
        vault.read_grant(account(1)).await,
        Err(VaultError::Newer(2))
    );
    let stored = vault.store_grant(account(1), grant(2)).await;
    assert_eq!(stored, Err(VaultError::Newer(2)));
    assert_eq!(fs::read(file(1)).unwrap(), newer);
}

#[tokio::test]
async fn a_missing_folder_of_grants_is_no_missing_grant() {
    let house = House::new();
    let vault = house.open(VaultKind::Sealed);
    vault.store_grant(account(1), grant(1)).await.unwrap();
    fs::remove_dir_all(house.state().join("grants")).unwrap();
    let read = vault.read_grant(account(1)).await;
    assert!(matches!(read, Err(VaultError::Unavailable(_))), "{read:?}");
}

#[tokio::test]
async fn a_vault_moves_through_all_kinds_and_leaves_nothing_behind() {
    let house = House::new();
    let mut vault = house.open(VaultKind::Os);
    let (key, id) = (vault.key().await.unwrap(), vault.id());
    let accounts = [account(1), account(2)];
    let secret = Some(Secret::new("client secret"));
    vault.store_grant(account(1), grant(3)).await.unwrap();
    let stored = vault.store_client_secret(account(1), secret.clone());
    stored.await.unwrap();
    for kind in [
        VaultKind::Sealed,
        VaultKind::File,
        VaultKind::Os,
        VaultKind::File,
        VaultKind::Sealed,
        VaultKind::Os,
    ] {
        let options = house.options(None);
        vault::move_to(&options, &vault, kind, &accounts)
            .await
            .unwrap();
        vault = house.reopen();
        assert_eq!((vault.kind(), vault.id()), (kind, id.clone()));
        assert_eq!(vault::finish_move(&options, &vault).await, Ok(true));
        assert_eq!(vault::finish_move(&options, &vault).await, Ok(false));
        drop(vault);

        vault = house.reopen();
        assert_eq!(vault.key().await, Ok(key.clone()), "{kind}");
        assert_eq!(vault.read_grant(account(1)).await, Ok(Some(grant(3))));
        assert_eq!(vault.read_grant(account(2)).await, Ok(None));
        let kept = vault.read_client_secret(account(1)).await;
        assert_eq!(kept, Ok(secret.clone()));
        let items = match kind {
            VaultKind::Os => 4,
            VaultKind::Sealed => 2,
            _ => 0,
        };
        assert_eq!(house.keychain.items(), items, "{kind}");
        assert_eq!(house.state().join("grants").exists(), kind != VaultKind::Os);
        let has_key_file = house.state().join("vault.key").exists();
        assert_eq!(has_key_file, kind == VaultKind::File);
    }
}

#[tokio::test]
async fn a_move_that_fails_leaves_the_old_place_in_force() {
    let house = House::new();
    let vault = house.open(VaultKind::Sealed);
    vault.store_grant(account(1), grant(1)).await.unwrap();
    house.keychain.fail_sets_of(&account(1).0, true);
    let options = house.options(None);
    let moved = vault::move_to(&options, &vault, VaultKind::Os, &[account(1)]).await;
    assert!(matches!(moved.err(), Some(VaultMoveError::Target(_))));
    assert_eq!(house.reopen().kind(), VaultKind::Sealed);
    assert_eq!(vault::finish_move(&options, &vault).await, Ok(false));
    // The old place went on; the copy that a later move finds there is the older one.
    house.keychain.fail_sets_of(&account(1).0, false);
    house
        .keychain
        .put(&account(1).0, grant(1).to_stored().expose());
    vault.store_grant(account(1), grant(2)).await.unwrap();
    let moved = vault::move_to(&options, &vault, VaultKind::Os, &[account(1)]).await;
    assert_eq!(
        moved.unwrap().read_grant(account(1)).await,
        Ok(Some(grant(2)))
    );
    let again = vault::move_to(&options, &house.reopen(), VaultKind::File, &[]).await;
    assert_eq!(again.err(), Some(VaultMoveError::Unfinished));
}

fn entry(generation: u64) -> JournalEntry {
    JournalEntry {
        highest_generation: generation,
        intent: Some(Intent {
            generation,
            refresh_token: Fingerprint("00".into()),
            sends: 1,
            first_at: at("2026-11-21T10:00:00Z"),
            last_at: None,
        }),
        unconfirmed: Some(grant(generation)),
        salvage: Some(Secret::new("{\"access-token\": \u{1}")),
        ..JournalEntry::default()
    }
}

fn journal(folder: &Path, vault: &str) -> FileJournal {
    let journal = FileJournal::new(folder, vault);
    journal.open(SealKey([7; 32]));
    journal
}

#[tokio::test]
async fn a_journal_without_its_key_says_so() {
    let folder = TempDir::new().unwrap();
    let journal = FileJournal::new(folder.path(), "v");
    assert_eq!(journal.read(account(1)).await, Err(JournalError::NoKey));
    let written = journal.write(account(1), entry(1)).await;
    assert_eq!(written, Err(JournalError::NoKey));
    journal.open(SealKey([7; 32]));
    assert_eq!(journal.read(account(1)).await, Ok(None));
}

#[tokio::test]
async fn a_journal_entry_comes_back_whole_and_goes_without_a_trace() {
    let folder = TempDir::new().unwrap();
    let first = journal(folder.path(), "v");
    for generation in 1..4 {
        first.write(account(1), entry(generation)).await.unwrap();
    }
    let second = journal(folder.path(), "v");
    assert_eq!(second.read(account(1)).await, Ok(Some(entry(3))));
    assert_eq!(second.read(account(2)).await, Ok(None));
    second.remove(account(1)).await.unwrap();
    assert_eq!(second.read(account(1)).await, Ok(None));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn an_intent_and_its_answer_are_written_where_space_was_taken_before() {
    use std::os::unix::fs::MetadataExt;
    let folder = TempDir::new().unwrap();
    let journal = journal(folder.path(), "v");
    let taken = || {
        let file = fs::metadata(folder.path().join(account(1).0)).unwrap();
        (file.ino(), file.len(), file.blocks())
    };
    journal.write(account(1), entry(1)).await.unwrap();
    let at_first = taken();
    assert!(at_first.1 >= 64 * 1024 && at_first.2 * 512 >= at_first.1);
    for generation in 2..7 {
        let answer = JournalEntry {
            intent: None,
            ..entry(generation)
        };
        for written in [entry(generation), answer] {
            journal.write(account(1), written.clone()).await.unwrap();
            assert_eq!(journal.read(account(1)).await, Ok(Some(written)));
            assert_eq!(taken(), at_first);
        }
    }
    // A salvaged reply of any size gets a larger file, which is written in turns again.
    let odd = JournalEntry {
        salvage: Some(Secret::new("\u{1}".repeat(50_000))),
        ..entry(7)
    };
    for written in [odd.clone(), entry(8), odd] {
        journal.write(account(1), written.clone()).await.unwrap();
        assert_eq!(journal.read(account(1)).await, Ok(Some(written)));
    }
    assert!(taken().1 > at_first.1);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[tokio::test]
async fn a_journal_that_was_cut_while_it_was_written_says_what_it_said_before() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join(account(1).0);
    let journal = journal(folder.path(), "v");
    journal.write(account(1), entry(1)).await.unwrap();
    let before = fs::read(&file).unwrap();
    journal.write(account(1), entry(2)).await.unwrap();
    let after = fs::read(&file).unwrap();
    let differ = |(one, other): &(&u8, &u8)| one != other;
    let first = before.iter().zip(&after).position(|two| differ(&two));
    let last = before.iter().zip(&after).rposition(|two| differ(&two));
    let (first, last) = (first.unwrap(), last.unwrap());
    // Death or a power cut left a part of it, or another part.
    for cut in (first + 1..=last).step_by(97).chain([last]) {
        for (head, tail) in [(&after, &before), (&before, &after)] {
            let torn = [&head[..cut], &tail[cut..]].concat();
            fs::write(&file, &torn).unwrap();
            assert_eq!(journal.read(account(1)).await, Ok(Some(entry(1))), "{cut}");
        }
    }
    // And goes on from there; what could not be opened was kept.
    for generation in 3..6 {
        let written = journal.write(account(1), entry(generation)).await;
        assert_eq!(written, Ok(()));
        assert_eq!(journal.read(account(1)).await, Ok(Some(entry(generation))));
    }
    assert!(file.with_extension("aside-1").exists());
}

#[tokio::test]
async fn the_two_places_of_a_journal_cannot_be_exchanged() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join(account(1).0);
    let journal = journal(folder.path(), "v");
    for generation in 1..3 {
        journal.write(account(1), entry(generation)).await.unwrap();
    }
    // The older place claims to be the newer one.
    let mut bytes = fs::read(&file).unwrap();
    let claim = b"tokentray-journal 1 ";
    assert!(bytes.starts_with(&[claim.as_slice(), b"1 "].concat()));
    bytes[claim.len()] = b'3';
    fs::write(&file, bytes).unwrap();
    assert_eq!(journal.read(account(1)).await, Ok(Some(entry(2))));
}

#[tokio::test]
async fn the_journal_of_an_earlier_program_is_read_and_goes_on() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join(account(1).0);
    let sealed = SealingKey::derive(&SealKey([7; 32]), "journal").seal(
        Label {
            purpose: "journal",
            vault: "v",
            account: &account(1).0,
        },
        4,
        br#"{"format":1,"highest_generation":4,"signed_out":true}"#,
    );
    fs::write(&file, sealed).unwrap();
    fs::write(file.with_extension("spare"), [0; 9]).unwrap();
    let journal = journal(folder.path(), "v");
    let theirs = JournalEntry {
        highest_generation: 4,
        signed_out: true,
        ..JournalEntry::default()
    };
    assert_eq!(journal.read(account(1)).await, Ok(Some(theirs)));
    for generation in 5..8 {
        journal.write(account(1), entry(generation)).await.unwrap();
        assert_eq!(journal.read(account(1)).await, Ok(Some(entry(generation))));
    }
    journal.remove(account(1)).await.unwrap();
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn a_journal_entry_of_another_vault_account_or_key_is_set_aside() {
    let folder = TempDir::new().unwrap();
    let ours = journal(folder.path(), "v");
    let file = |number| folder.path().join(account(number).0);
    let other_key = FileJournal::new(folder.path(), "v");
    other_key.open(SealKey([8; 32]));
    for (case, reader, damage) in [
        ("vault", journal(folder.path(), "w"), None),
        ("key", other_key, None),
        ("bit", ours.clone(), Some(40)),
        ("header", ours.clone(), Some(0)),
    ] {
        ours.write(account(1), entry(1)).await.unwrap();
        if let Some(place) = damage {
            let mut bytes = fs::read(file(1)).unwrap();
            bytes[place] ^= 1;
            fs::write(file(1), bytes).unwrap();
        }
        let bytes = fs::read(file(1)).unwrap();
        let read = reader.read(account(1)).await;
        assert_eq!(read, Err(JournalError::Corrupt), "{case}");
        assert_eq!(reader.read(account(1)).await, Ok(None));
        let kept = fs::read_dir(folder.path())
            .unwrap()
            .filter(|found| fs::read(found.as_ref().unwrap().path()).unwrap() == bytes);
        assert_eq!(kept.count(), 1, "{case}");
    }
}

#[tokio::test]
async fn a_journal_entry_of_a_newer_program_is_left_alone() {
    let folder = TempDir::new().unwrap();
    let journal = journal(folder.path(), "v");
    for newer in [
        "tokentray-sealed 2 1\nwhatever",
        "tokentray-journal 2 for us unknown\n",
    ] {
        fs::write(folder.path().join(account(1).0), newer).unwrap();
        let refused = JournalError::Newer(2);
        assert_eq!(journal.read(account(1)).await, Err(refused.clone()));
        assert_eq!(journal.write(account(1), entry(1)).await, Err(refused));
        let kept = fs::read_to_string(folder.path().join(account(1).0));
        assert_eq!(kept.unwrap(), newer);
    }
}

#[test]
fn a_named_lock_has_one_holder_and_its_file_stays() {
    let folder = TempDir::new().unwrap();
    let locks = folder.path().join("locks");
    let guard = try_lock_named(&locks, "owner").unwrap();
    assert_eq!(try_lock_named(&locks, "owner").err(), Some(LockError::Busy));
    drop(try_lock_named(&locks, "presenter").unwrap());
    drop(guard);
    assert!(locks.join("owner").exists());
    drop(try_lock_named(&locks, "owner").unwrap());
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&locks), 0o700);
    assert_eq!(mode(&locks.join("owner")), 0o600);
}

#[tokio::test(start_paused = true)]
async fn an_account_lock_is_tried_for_about_a_second() {
    let folder = TempDir::new().unwrap();
    let locks = FileLocks::new(folder.path());
    let held = locks.lock(account(1)).await.unwrap();
    drop(locks.lock(account(2)).await.unwrap());
    let since = tokio::time::Instant::now();
    assert_eq!(locks.lock(account(1)).await.err(), Some(LockError::Busy));
    let waited = since.elapsed();
    assert!(
        (Duration::from_millis(800)..=Duration::from_millis(1200)).contains(&waited),
        "{waited:?}"
    );
    let next = tokio::spawn(locks.lock(account(1)));
    tokio::time::sleep(Duration::from_millis(300)).await;
    drop(held);
    drop(next.await.unwrap().unwrap());
}
