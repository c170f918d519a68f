//! The vault on a real Secret Service: `gnome-keyring` on a private bus, without a display, so
//! that a prompt, were one asked for, could be answered by nobody.

use std::{
    fs,
    future::Future,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};
use tokentray::{
    domain::{
        account::{AccountId, ClientAuth},
        grant::{Binding, ExpiresSource, Grant},
        secret::Secret,
    },
    io::vault::{self, Vault, VaultError, VaultEvent, VaultKind, VaultOptions},
};
use tokio::sync::broadcast;

use crate::support::{
    keyring::{self, Keyring},
    session::{Session, inside},
};

fn account(number: u8) -> AccountId {
    AccountId(format!("{number:032x}"))
}

/// A grant as long as the longest real ones.
fn grant(generation: u64) -> Grant {
    Grant {
        generation,
        access_token: Secret::new(format!("access-{generation}-{}", "a".repeat(4000))),
        token_type: "Bearer".into(),
        refresh_token: Some(Secret::new(format!("refresh-{generation}"))),
        id_token: Some(Secret::new("i".repeat(2000))),
        issued_at: "2026-11-21T10:00:00Z".parse().unwrap(),
        expires_at: None,
        expires_source: ExpiresSource::Unknown,
        refresh_at: None,
        refresh_token_expires_at: None,
        id_token_expires_at: None,
        scopes: vec![],
        binding: Binding {
            issuer: None,
            token_endpoint: "https://issuer.example/token".into(),
            revocation_endpoint: None,
            client_id: "client".into(),
            client_auth: ClientAuth::None,
        },
        subject: None,
        client_secret: None,
    }
}

/// Runs a story in a runtime that is dropped at its end, which must never wait for the keychain.
fn story<F: Future<Output = ()>>(tell: impl FnOnce() -> F) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(tell());
    let since = Instant::now();
    drop(runtime);
    assert!(since.elapsed() < Duration::from_secs(1));
}

fn home(session: &Session, name: &str) -> VaultOptions {
    VaultOptions {
        kind: Some(VaultKind::Os),
        ..VaultOptions::new(session.state_home().join(name))
    }
}

async fn changed(events: &mut broadcast::Receiver<VaultEvent>) {
    let event = tokio::time::timeout(Duration::from_secs(10), events.recv()).await;
    assert_eq!(event.expect("an event"), Ok(VaultEvent::Changed));
}

/// Waits for the keychain to be well again; each try follows something that the vault told.
async fn read_when_well(
    vault: &dyn Vault,
    events: &mut broadcast::Receiver<VaultEvent>,
) -> Option<Grant> {
    loop {
        if let Ok(read) = vault.read_grant(account(1)).await {
            return read;
        }
        changed(events).await;
    }
}

#[test]
fn a_grant_is_one_item_with_the_documented_attributes() {
    inside(|session| {
        let _keyring = Keyring::unlocked(session);
        story(async || {
            let options = home(session, "one");
            let vault = vault::open(&options).unwrap();
            vault.store_grant(account(1), grant(1)).await.unwrap();
            vault.store_grant(account(1), grant(2)).await.unwrap();
            let secret = Some(Secret::new("client secret"));
            let stored = vault.store_client_secret(account(1), secret.clone());
            stored.await.unwrap();
            let id = account(1).0;
            let named = [("service", "tokentray"), ("username", id.as_str())];
            let text = keyring::lookup(session, &named);
            assert_eq!(text.as_deref(), Some(grant(2).to_stored().expose()));
            let vault_id = vault.id();
            let ours = [("service", "tokentray"), ("vault", vault_id.as_str())];
            let all = keyring::search(session, &ours);
            assert_eq!(all.matches("label = Tokentray (").count(), 4, "{all}");
            let everything = keyring::search(session, &[("service", "tokentray")]);
            assert_eq!(everything.matches("label = ").count(), 4, "no staging item");
            let key = vault.key().await.unwrap();
            drop(vault);

            let vault = vault::open(&options).unwrap();
            assert_eq!(vault.key().await, Ok(key));
            assert_eq!(vault.read_grant(account(1)).await, Ok(Some(grant(2))));
            assert_eq!(vault.read_client_secret(account(1)).await, Ok(secret));
            assert_eq!(vault.read_grant(account(2)).await, Ok(None));
            vault.remove_grant(account(1)).await.unwrap();
            assert_eq!(keyring::lookup(session, &named), None);
        });
    });
}

#[test]
fn two_homes_share_a_keyring_and_not_their_grants() {
    inside(|session| {
        let _keyring = Keyring::unlocked(session);
        story(async || {
            let one = vault::open(&home(session, "one")).unwrap();
            let other = vault::open(&home(session, "other")).unwrap();
            one.store_grant(account(1), grant(1)).await.unwrap();
            assert_eq!(other.read_grant(account(1)).await, Ok(None));
            other.store_grant(account(1), grant(7)).await.unwrap();
            assert_eq!(one.read_grant(account(1)).await, Ok(Some(grant(1))));
            assert_eq!(other.read_grant(account(1)).await, Ok(Some(grant(7))));
            assert_ne!(one.key().await, other.key().await);
        });
    });
}

#[test]
fn a_locked_keyring_is_told_and_never_prompts_by_itself() {
    inside(|session| {
        let keyring = Keyring::unlocked(session);
        story(async || {
            let vault = vault::open(&home(session, "one")).unwrap();
            vault.store_grant(account(1), grant(1)).await.unwrap();
            let mut events = vault.events();
            keyring::lock(session);
            changed(&mut events).await;
            let since = Instant::now();
            for number in [1, 2] {
                let read = vault.read_grant(account(number)).await;
                assert_eq!(read, Err(VaultError::Locked));
            }
            let stored = vault.store_grant(account(1), grant(2)).await;
            assert_eq!(stored, Err(VaultError::Locked));
            assert_eq!(vault.key().await, Err(VaultError::Locked));
            assert!(since.elapsed() < Duration::from_secs(2));
            // A person's click asks; here nobody can show the prompt.
            assert_eq!(vault.unlock().await, Err(VaultError::Denied));

            keyring.kill();
            let _keyring = Keyring::unlocked(session);
            let read = read_when_well(&*vault, &mut events).await;
            assert_eq!(read, Some(grant(1)));
            vault.store_grant(account(1), grant(2)).await.unwrap();
        });
    });
}

#[test]
fn a_keyring_that_is_locked_at_the_first_start_gets_no_second_key() {
    inside(|session| {
        Keyring::unlocked(session).kill();
        let keyring = Keyring::locked(session);
        story(async || {
            let vault = vault::open(&home(session, "one")).unwrap();
            assert_eq!(vault.key().await, Err(VaultError::Locked));
            keyring.kill();
            let _keyring = Keyring::unlocked(session);
            let key = vault.key().await.unwrap();
            let again = vault::open(&home(session, "one")).unwrap();
            assert_eq!(again.key().await, Ok(key));
        });
    });
}

#[test]
fn a_keyring_that_comes_late_dies_or_is_another_is_survived() {
    inside(|session| {
        story(async || {
            let vault = vault::open(&home(session, "one")).unwrap();
            let mut events = vault.events();
            let read = vault.read_grant(account(1)).await;
            assert!(matches!(read, Err(VaultError::Unavailable(_))), "{read:?}");
            let keyring = Keyring::unlocked(session);
            changed(&mut events).await;
            assert_eq!(read_when_well(&*vault, &mut events).await, None);
            vault.store_grant(account(1), grant(1)).await.unwrap();

            keyring.kill();
            changed(&mut events).await;
            let keyring = Keyring::unlocked(session);
            changed(&mut events).await;
            let read = read_when_well(&*vault, &mut events).await;
            assert_eq!(read, Some(grant(1)), "with a session that was made anew");

            keyring.kill();
            fs::remove_dir_all(session.home().join(".local/share/keyrings")).unwrap();
            let _other = Keyring::unlocked(session);
            let read = vault.read_grant(account(1)).await;
            assert!(matches!(read, Err(VaultError::Unavailable(_))), "{read:?}");
            let stored = vault.store_grant(account(1), grant(2)).await;
            assert!(matches!(stored, Err(VaultError::Unavailable(_))));
            let all = keyring::search(session, &[("service", "tokentray")]);
            assert!(!all.contains("label"), "nothing was written: {all}");
        });
    });
}

#[test]
fn a_frozen_keyring_frees_its_callers_and_answers_late() {
    inside(|session| {
        let mut keyring = Keyring::unlocked(session);
        let pid = i32::try_from(keyring.process().child().id()).unwrap();
        let pid = Pid::from_raw(pid).unwrap();
        let mut thawed = None;
        story(async || {
            let vault = vault::open(&home(session, "one")).unwrap();
            vault.store_grant(account(1), grant(1)).await.unwrap();
            let mut events = vault.events();
            kill_process(pid, Signal::STOP).unwrap();
            let since = Instant::now();
            let (stored, read) = tokio::join!(
                vault.store_grant(account(1), grant(2)),
                vault.read_grant(account(2)),
            );
            assert_eq!(stored, Err(VaultError::Unanswered));
            assert_eq!(read, Err(VaultError::Unanswered));
            assert!(since.elapsed() < Duration::from_secs(4));
            kill_process(pid, Signal::CONT).unwrap();
            let late = VaultEvent::Stored {
                account: account(1),
                generation: 2,
                result: Ok(()),
            };
            let told = tokio::time::timeout(Duration::from_secs(10), async {
                while events.recv().await.unwrap() != late {}
            });
            told.await.expect("the late answer");
            assert_eq!(vault.read_grant(account(1)).await, Ok(Some(grant(2))));

            // Frozen at the end: the runtime goes all the same.
            kill_process(pid, Signal::STOP).unwrap();
            let stored = vault.store_grant(account(1), grant(3)).await;
            assert_eq!(stored, Err(VaultError::Unanswered));
            thawed = Some(pid);
        });
        kill_process(thawed.unwrap(), Signal::CONT).unwrap();
    });
}

#[test]
fn a_broken_item_is_set_aside_in_the_keyring() {
    inside(|session| {
        let _keyring = Keyring::unlocked(session);
        story(async || {
            let vault = vault::open(&home(session, "one")).unwrap();
            vault.key().await.unwrap();
            let (id, vault_id) = (account(1).0, vault.id());
            let mut command = session.command("secret-tool");
            command.args(["store", "--label", "Broken", "service", "tokentray"]);
            command.args(["username", &id, "vault", &vault_id]);
            let mut child = command.stdin(std::process::Stdio::piped()).spawn().unwrap();
            std::io::Write::write_all(child.stdin.as_mut().unwrap(), b"no grant").unwrap();
            drop(child.stdin.take());
            assert!(child.wait().unwrap().success());

            assert_eq!(vault.read_grant(account(1)).await, Err(VaultError::Corrupt));
            assert_eq!(vault.read_grant(account(1)).await, Ok(None));
            vault.store_grant(account(1), grant(1)).await.unwrap();
            assert_eq!(vault.read_grant(account(1)).await, Ok(Some(grant(1))));
            let kept = keyring::search(session, &[("service", "tokentray")]);
            assert!(kept.contains("secret = no grant"), "{kept}");
            assert!(kept.contains(&format!("{id}:aside-")), "{kept}");
        });
    });
}

#[test]
fn a_sealed_vault_moves_into_the_keyring_and_back() {
    inside(|session| {
        let _keyring = Keyring::unlocked(session);
        story(async || {
            let options = VaultOptions {
                kind: None,
                ..home(session, "one")
            };
            let sealed = VaultOptions {
                kind: Some(VaultKind::Sealed),
                ..options.clone()
            };
            let mut vault = vault::open(&sealed).unwrap();
            vault.store_grant(account(1), grant(1)).await.unwrap();
            let key = vault.key().await;
            for kind in [VaultKind::Os, VaultKind::File, VaultKind::Sealed] {
                vault = vault::move_to(&options, &vault, kind, &[account(1)])
                    .await
                    .unwrap();
                assert_eq!(vault::finish_move(&options, &vault).await, Ok(true));
                assert_eq!(vault.key().await, key);
                assert_eq!(vault.read_grant(account(1)).await, Ok(Some(grant(1))));
                let items = keyring::search(session, &[("service", "tokentray")]);
                let expected = match kind {
                    VaultKind::Os => 3,
                    VaultKind::Sealed => 2,
                    _ => 0,
                };
                assert_eq!(items.matches("label = ").count(), expected, "{items}");
            }
        });
    });
}
