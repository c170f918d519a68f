//! A vault move that a crash cuts short, at every step; the higher generation wins.

use std::{future::poll_fn, pin::pin, task::Poll};

use super::*;

/// Runs until it was woken so often, then drops it where it stands, as a crash would.
async fn cut_short<T>(work: impl Future<Output = T>, polls: usize) -> Option<T> {
    let mut work = pin!(work);
    let mut left = polls;
    let ended = poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        work.as_mut().poll(context).map(Some)
    });
    let ended = ended.await;
    // What was handed to a thread ends there.
    tokio::time::sleep(Duration::from_millis(3)).await;
    ended
}

async fn furnished(kind: VaultKind) -> (House, SealKey) {
    let house = House::new();
    let vault = house.open(kind);
    for number in [1, 2] {
        vault.store_grant(account(number), grant(3)).await.unwrap();
    }
    let secret = Some(Secret::new("client secret"));
    let stored = vault.store_client_secret(account(1), secret);
    stored.await.unwrap();
    let key = vault.key().await.unwrap();
    (house, key)
}

async fn all_is_there(house: &House, key: &SealKey, step: &str) {
    let vault = house.reopen();
    assert_eq!(vault.key().await.as_ref(), Ok(key), "{step}");
    for number in [1, 2] {
        let read = vault.read_grant(account(number)).await;
        assert_eq!(read, Ok(Some(grant(3))), "{step}, account {number}");
    }
    let secret = vault.read_client_secret(account(1)).await;
    assert_eq!(secret, Ok(Some(Secret::new("client secret"))), "{step}");
}

#[tokio::test]
async fn a_crash_at_any_step_of_a_move_loses_nothing() {
    let accounts = [account(1), account(2)];
    let mut crashes = 0;
    for from in KINDS_ON_DISK {
        for to in KINDS_ON_DISK.into_iter().filter(|to| *to != from) {
            for polls in 1.. {
                let (house, key) = furnished(from).await;
                let options = house.options(None);
                let vault = house.reopen();
                let work = vault::move_to(&options, &vault, to, &accounts);
                let moved = cut_short(work, polls).await;
                drop(vault);
                let step = format!("{from} to {to}, step {polls}");
                all_is_there(&house, &key, &step).await;
                // The next start finishes, or the move is made again.
                let vault = house.reopen();
                if vault.kind() == from {
                    let again = vault::move_to(&options, &vault, to, &accounts).await;
                    assert!(again.is_ok(), "{step}: {:?}", again.err());
                }
                let vault = house.reopen();
                assert_eq!(vault.kind(), to, "{step}");
                let finished = vault::finish_move(&options, &vault).await;
                assert_eq!(finished, Ok(true), "{step}");
                all_is_there(&house, &key, &step).await;
                if moved.is_some() {
                    break;
                }
                crashes += 1;
            }
        }
    }
    assert!(crashes > 30, "{crashes}");
}

#[tokio::test]
async fn a_crash_while_the_former_place_is_cleared_loses_nothing() {
    let accounts = [account(1), account(2)];
    let mut crashes = 0;
    for from in KINDS_ON_DISK {
        for to in KINDS_ON_DISK.into_iter().filter(|to| *to != from) {
            for polls in 1.. {
                let (house, key) = furnished(from).await;
                let options = house.options(None);
                let old = house.reopen();
                let moved = vault::move_to(&options, &old, to, &accounts);
                moved.await.unwrap();
                let vault = house.reopen();
                let finished = cut_short(vault::finish_move(&options, &vault), polls).await;
                drop(vault);
                let step = format!("{from} to {to}, step {polls}");
                all_is_there(&house, &key, &step).await;
                let again = vault::finish_move(&options, &house.reopen()).await;
                assert!(again.is_ok(), "{step}: {again:?}");
                all_is_there(&house, &key, &step).await;
                if finished.is_some() {
                    break;
                }
                crashes += 1;
            }
        }
    }
    assert!(crashes > 10, "{crashes}");
}

#[tokio::test]
async fn a_newer_grant_at_the_former_place_is_taken_along() {
    let (house, _) = furnished(VaultKind::Os).await;
    let options = house.options(None);
    let accounts = [account(1), account(2)];
    let old = house.reopen();
    let moved = vault::move_to(&options, &old, VaultKind::Sealed, &accounts);
    moved.await.unwrap();
    // An older program that did not know of the move went on.
    house
        .keychain
        .put(&account(1).0, grant(9).to_stored().expose());
    let vault = house.reopen();
    assert_eq!(vault::finish_move(&options, &vault).await, Ok(true));
    assert_eq!(vault.read_grant(account(1)).await, Ok(Some(grant(9))));
    assert_eq!(vault.read_grant(account(2)).await, Ok(Some(grant(3))));
}

#[tokio::test]
async fn a_note_of_a_removal_needs_no_key_and_goes_with_the_account() {
    let folder = TempDir::new().unwrap();
    let journal = FileJournal::new(folder.path().join("journal"), "vault");
    assert_eq!(journal.removed().await, Ok(vec![]));
    let removal = Removal { revoke: true };
    let noted = journal.mark_removed(account(1), Some(removal));
    noted.await.unwrap();
    // Whatever the note says, it is one.
    fs::write(folder.path().join("journal/other.removed"), "?").unwrap();
    let mut removed = journal.removed().await.unwrap();
    removed.sort_by(|(one, _), (other, _)| one.cmp(other));
    let other = AccountId("other".into());
    let expected = [(account(1), removal), (other.clone(), Removal::default())];
    assert_eq!(removed, expected);
    journal.open(SealKey([1; 32]));
    journal.remove(account(1)).await.unwrap();
    journal.mark_removed(other, None).await.unwrap();
    assert_eq!(journal.removed().await, Ok(vec![]));
}

#[tokio::test]
async fn the_note_of_a_removal_goes_last() {
    let folder = TempDir::new().unwrap();
    let journal = FileJournal::new(folder.path().join("journal"), "vault");
    journal.open(SealKey([1; 32]));
    let removal = Removal { revoke: true };
    let noted = journal.mark_removed(account(1), Some(removal));
    noted.await.unwrap();
    // An entry that cannot be deleted.
    let entry = folder.path().join("journal").join(&account(1).0);
    fs::create_dir(&entry).unwrap();
    journal.remove(account(1)).await.expect_err("a folder");
    assert_eq!(journal.removed().await, Ok(vec![(account(1), removal)]));
    fs::remove_dir(entry).unwrap();
    journal.remove(account(1)).await.unwrap();
    assert_eq!(journal.removed().await, Ok(vec![]));
}
