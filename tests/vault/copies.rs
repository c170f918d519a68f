//! Where a vault says that it is; what comes late; what stays of a secret.

use super::*;

/// A folder with everything in it, as a backup takes it.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

impl House {
    fn on(&self, machine: &str) -> Arc<dyn Vault> {
        vault::open(&VaultOptions {
            machine: Some(machine.into()),
            ..self.options(None)
        })
        .unwrap()
    }
}

#[tokio::test]
async fn a_state_folder_of_an_earlier_day_is_told_by_the_keychain() {
    let house = House::new();
    drop(house.open(VaultKind::Sealed));
    let place = async || house.on("here").place().await.unwrap().unwrap();
    let first = place().await;
    assert_eq!(first.epoch, None);
    let backup = TempDir::new().unwrap();
    copy(house.state(), backup.path());
    assert_eq!(place().await, first, "a start is no copy");
    copy(backup.path(), house.state());
    let restored = place().await;
    assert!(first.is_elsewhere(&restored));
    assert_eq!(place().await, restored, "said once");
    // An older keychain beside a newer folder takes nothing away: the grants are in the folder.
    house.keychain.put("starts", r#"{"format":1,"starts":1}"#);
    assert_eq!(place().await, restored);
}

#[tokio::test]
async fn another_machine_is_told_and_its_id_is_stored_nowhere() {
    for kind in KINDS_ON_DISK {
        let house = House::new();
        drop(house.open(kind));
        let place = async |machine| house.on(machine).place().await.unwrap().unwrap();
        let here = place("4c1d7e0b5a").await;
        assert_eq!(place("4c1d7e0b5a").await, here, "{kind}");
        assert!(here.is_elsewhere(&place("another").await), "{kind}");
        let hash = here.machine.clone().unwrap();
        assert!(!hash.contains("4c1d7e0b5a"), "{hash}");
        let unknown = vault::open(&VaultOptions {
            machine: None,
            ..house.options(None)
        });
        let unknown = unknown.unwrap().place().await.unwrap().unwrap();
        assert!(!here.is_elsewhere(&unknown), "not known is not another");
    }
}

#[tokio::test]
async fn a_keychain_that_asks_a_person_is_asked_once() {
    let house = House::new();
    let vault = house.open(VaultKind::Os);
    vault.store_grant(account(1), grant(1)).await.unwrap();
    let mut events = vault.events();
    // The person looks at the prompt for longer than anybody waits.
    let gate = house.keychain.hang_at(&account(1).0);
    let read = vault.read_grant(account(1)).await;
    assert_eq!(read, Err(VaultError::Unanswered));
    gate.open();
    assert_eq!(events.recv().await, Ok(VaultEvent::Changed));
    // Their answer counts: this read makes no call, or it would hang at the next prompt.
    let prompt = house.keychain.hang_at(&account(1).0);
    assert_eq!(vault.read_grant(account(1)).await, Ok(Some(grant(1))));
    assert_eq!(house.keychain.calls_inside(&account(1).0), 0);
    // It serves once.
    let next = tokio::spawn(vault.read_grant(account(1)));
    house.keychain.until_inside(&account(1).0).await;
    prompt.open();
    assert_eq!(next.await.unwrap(), Ok(Some(grant(1))));
}

#[tokio::test]
async fn a_keychain_that_asks_for_everything_still_gets_a_start_done() {
    let house = House::new();
    drop(house.open(VaultKind::Sealed));
    let vault = house.on("here");
    vault.key().await.unwrap();
    let gate = house.keychain.hang_at("starts");
    assert_eq!(vault.place().await, Err(VaultError::Unanswered));
    gate.open();
    let mut place = vault.place().await;
    while place == Err(VaultError::Unanswered) {
        place = vault.place().await;
    }
    assert_eq!(place.unwrap().unwrap().epoch, None);
    assert_eq!(
        house.keychain.text_of("starts").as_deref(),
        Some(r#"{"format":1,"starts":1}"#)
    );
}

#[tokio::test]
async fn what_was_read_late_does_not_outlive_a_change() {
    let house = House::new();
    let vault = house.open(VaultKind::Os);
    vault.store_grant(account(1), grant(1)).await.unwrap();
    let gate = house.keychain.hang_at(&account(1).0);
    let read = vault.read_grant(account(1)).await;
    assert_eq!(read, Err(VaultError::Unanswered));
    let stored = tokio::spawn(vault.store_grant(account(1), grant(2)));
    gate.open();
    stored.await.unwrap().unwrap();
    assert_eq!(vault.read_grant(account(1)).await, Ok(Some(grant(2))));
}

#[test]
fn a_lock_is_tried_against_itself() {
    let folder = TempDir::new().unwrap();
    let held = try_lock_for_certain(folder.path(), "owner").unwrap();
    let second = try_lock_for_certain(folder.path(), "owner").err();
    assert_eq!(second, Some(LockError::Busy));
    drop(held);
    try_lock_for_certain(folder.path(), "owner").unwrap();
}

/// Reads its own memory as a debugger would.
#[cfg(target_os = "linux")]
#[test]
fn a_dropped_secret_is_gone_from_memory() {
    use std::os::unix::fs::FileExt as _;

    let memory = fs::File::open("/proc/self/mem").unwrap();
    let read = |address: u64| {
        let mut bytes = [0_u8; 48];
        let found = memory.read_exact_at(&mut bytes, address);
        found.map(|()| String::from_utf8_lossy(&bytes).into_owned())
    };
    let secret = Secret::new("canary-".repeat(9));
    let address = secret.expose().as_ptr() as u64;
    assert!(read(address).unwrap().contains("canary-canary-"));
    drop(secret);
    // Unmapped would be as good.
    let left = read(address).unwrap_or_default();
    assert!(!left.contains("canary"), "{left:?}");
}
