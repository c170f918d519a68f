//! Removals: undone, cut short by a crash, or told to the provider; nothing is left of them.

use std::time::Duration;

use tokentray::{
    api::types::AccountPatch,
    domain::{grant::Grant, secret::Secret},
    io::vault::{Vault, VaultError, VaultKind},
};

use super::{
    mins, secs,
    world::{Answer, HOUR, World, account, grant, id_of, tokens},
};

const REVOCATION: &str = "https://id.example.com/revoke";

fn revocable(age: Duration) -> Grant {
    let mut grant = grant(age, HOUR);
    grant.binding.revocation_endpoint = Some(REVOCATION.into());
    grant
}

/// What the provider was told to revoke.
fn revoked(world: &World) -> Vec<String> {
    let requests = world.provider.requests().into_iter();
    requests
        .filter(|r| r.url == REVOCATION)
        .filter_map(|r| r.token)
        .collect()
}

fn nothing_is_left(world: &World) -> bool {
    world.stored("work").is_none()
        && world.journal.entries.lock().expect("entries").is_empty()
        && world.journal.removed.lock().expect("removed").is_empty()
}

async fn until_sent(world: &World) {
    while world.provider.count() == 0 {
        world.pass(Duration::from_millis(100)).await;
    }
}

/// Runs as a process does: when it returns, everything that it began has ended.
fn process(work: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime");
    runtime.block_on(work);
}

#[tokio::test(start_paused = true)]
async fn a_removal_tells_the_provider_after_the_undo_time_only() {
    let mut world = World::new([(account("work"), Some(revocable(mins(5))))]);
    world.start().await;
    let engine = world.engine();
    engine.remove_account("work", true).await.expect("removed");
    world.pass(secs(9)).await;
    assert_eq!(revoked(&world), [] as [&str; 0]);
    world.pass(secs(2)).await;
    assert_eq!(revoked(&world), ["refresh-0"]);
    assert!(nothing_is_left(&world));
}

#[tokio::test(start_paused = true)]
async fn an_undone_removal_tells_nobody_and_loses_nothing() {
    let mut world = World::new([(account("work"), Some(revocable(mins(5))))]);
    world.start().await;
    let engine = world.engine();
    engine.remove_account("work", true).await.expect("removed");
    world.pass(secs(5)).await;
    engine.restore_account("WORK").await.expect("restored");
    // Removed again at once: the first removal's time must not end the second's.
    engine.remove_account("work", true).await.expect("removed");
    world.pass(secs(7)).await;
    engine.restore_account("work").await.expect("restored");
    world.pass(mins(5)).await;
    assert_eq!(revoked(&world), [] as [&str; 0]);
    assert!(world.stored("work").is_some());
    assert!(world.journal.removed.lock().expect("removed").is_empty());
    assert!(world.token("work", 0).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_grant_that_another_account_shares_is_not_revoked() {
    let shared = [
        (account("work"), Some(revocable(mins(5)))),
        (account("play"), Some(revocable(mins(5)))),
    ];
    let mut world = World::new(shared);
    world.start().await;
    let engine = world.engine();
    let offered = |name| engine.account(name).expect("an account").revocable;
    assert_eq!([offered("work"), offered("play")], [false, false]);
    engine.remove_account("work", true).await.expect("removed");
    world.pass(mins(1)).await;
    assert_eq!(revoked(&world), [] as [&str; 0]);
    // The other one goes last.
    assert!(offered("play"));
    engine.remove_account("play", true).await.expect("removed");
    world.pass(mins(1)).await;
    assert_eq!(revoked(&world), ["refresh-0"]);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_comes_after_the_removal_is_revoked_and_leaves_nothing() {
    let mut world = World::new([(account("work"), Some(revocable(mins(50))))]);
    let slow = tokens("new", Some("refresh-1"), Some(3600));
    world
        .provider
        .will([Answer::After(secs(25), Box::new(slow))]);
    world.start().await;
    until_sent(&world).await;
    let engine = world.engine();
    engine.remove_account("work", false).await.expect("removed");
    world.pass(secs(20)).await;
    assert!(!nothing_is_left(&world), "its answer is awaited");
    world.pass(secs(10)).await;
    // Nobody asked to revoke what was held; what came later nobody else has.
    assert_eq!(revoked(&world), ["refresh-1"]);
    assert!(nothing_is_left(&world));
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_is_down_is_told_again() {
    let mut world = World::new([(account("work"), Some(revocable(mins(5))))]);
    let down = super::refusal(503, "temporarily_unavailable", "");
    world.provider.will([down]);
    world.start().await;
    let engine = world.engine();
    engine.remove_account("work", true).await.expect("removed");
    world.pass(secs(30)).await;
    assert_eq!(revoked(&world), ["refresh-0", "refresh-0"]);
}

#[tokio::test(start_paused = true)]
async fn a_locked_vault_only_delays_a_removal() {
    let world = World::with_grant(mins(5), HOUR).await;
    *world.vault.remove_fails.lock().expect("remove") = Some(VaultError::Locked);
    let engine = world.engine();
    engine.remove_account("work", false).await.expect("removed");
    world.pass(mins(10)).await;
    assert!(!nothing_is_left(&world));
    *world.vault.remove_fails.lock().expect("remove") = None;
    world.pass(mins(10)).await;
    assert!(nothing_is_left(&world));
}

/// Within the time in which it could be undone.
fn removes_and_dies(world: &mut World) {
    process(async {
        world.start().await;
        let engine = world.engine();
        engine.remove_account("work", true).await.expect("removed");
        world.pass(secs(3)).await;
    });
}

fn disk_fails(world: &World, fails: bool) {
    let disk = &world.journal.disk_fails;
    disk.store(fails, std::sync::atomic::Ordering::SeqCst);
}

#[tokio::test(start_paused = true)]
async fn a_disk_that_fails_only_delays_a_removal() {
    let world = World::with_grant(mins(5), HOUR).await;
    disk_fails(&world, true);
    let engine = world.engine();
    engine.remove_account("work", false).await.expect("removed");
    world.pass(mins(10)).await;
    assert_eq!(world.stored("work"), None);
    assert!(!nothing_is_left(&world), "the journal is still there");
    disk_fails(&world, false);
    world.pass(mins(10)).await;
    assert!(nothing_is_left(&world));
}

#[test]
fn a_removal_that_no_disk_took_note_of_is_noted_as_soon_as_one_can() {
    let mut world = World::new([(account("work"), Some(revocable(mins(5))))]);
    *world.vault.remove_fails.lock().expect("remove") = Some(VaultError::Locked);
    process(async {
        world.start().await;
        disk_fails(&world, true);
        let engine = world.engine();
        engine.remove_account("work", false).await.expect("removed");
        world.pass(mins(1)).await;
        disk_fails(&world, false);
        world.pass(mins(10)).await;
        assert!(world.stored("work").is_some(), "the vault is locked");
    });
    *world.vault.remove_fails.lock().expect("remove") = None;
    process(async {
        world.start().await;
        world.pass(mins(2)).await;
    });
    assert!(nothing_is_left(&world));
}

#[test]
fn a_disk_that_fails_at_the_start_only_delays_what_a_crash_cut_short() {
    let mut world = World::new([(account("work"), Some(revocable(mins(5))))]);
    removes_and_dies(&mut world);
    disk_fails(&world, true);
    process(async {
        world.start().await;
        world.pass(mins(5)).await;
        assert!(world.stored("work").is_some());
        disk_fails(&world, false);
        world.pass(mins(10)).await;
    });
    assert!(nothing_is_left(&world));
    assert_eq!(revoked(&world), ["refresh-0"]);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_deleted_while_the_vault_is_moved() {
    let world = World::with_grant(mins(5), HOUR).await;
    *world.vault.remove_fails.lock().expect("remove") = Some(VaultError::Locked);
    let engine = world.engine();
    engine.remove_account("work", false).await.expect("removed");
    // Ten seconds to undo it, a try, five seconds, a try; ten seconds later comes the next.
    world.pass(secs(24)).await;
    *world.vault.remove_fails.lock().expect("remove") = None;
    // The world's move takes five seconds.
    let (moved, ()) = futures_util::join!(engine.vault_move(VaultKind::Os), async {
        world.pass(Duration::from_millis(4_900)).await;
        assert!(world.stored("work").is_some(), "it may be copied just now");
    });
    moved.expect("moved");
    world.pass(mins(1)).await;
    assert!(nothing_is_left(&world));
}

#[test]
fn a_crash_within_the_undo_time_leaves_nothing_for_good() {
    let mut world = World::new([(account("work"), Some(revocable(mins(5))))]);
    removes_and_dies(&mut world);
    assert!(world.stored("work").is_some());
    process(async {
        world.start().await;
        world.pass(mins(2)).await;
    });
    assert!(nothing_is_left(&world));
    assert_eq!(revoked(&world), ["refresh-0"]);
}

#[test]
fn a_crash_before_the_settings_were_edited_keeps_the_account() {
    let mut world = World::new([(account("work"), Some(revocable(mins(5))))]);
    let removal = tokentray::domain::journal_entry::Removal { revoke: true };
    let removed = &world.journal.removed;
    removed
        .lock()
        .expect("removed")
        .insert(id_of("work"), removal);
    process(async {
        world.start().await;
        world.pass(mins(2)).await;
        assert!(world.token("work", 0).await.is_ok());
    });
    assert!(world.stored("work").is_some());
    assert!(world.journal.removed.lock().expect("removed").is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_change_goes_on_when_its_caller_goes_away() {
    let world = World::with_grant(mins(5), HOUR).await;
    {
        // As hyper does when the connection ends: asked once, then dropped.
        let removal = world.engine().remove_account("work", false);
        let removal = std::pin::pin!(removal);
        assert!(futures_util::poll!(removal).is_pending());
    }
    world.pass(mins(1)).await;
    assert!(nothing_is_left(&world));
    assert_eq!(world.engine().accounts(), []);
}

#[tokio::test(start_paused = true)]
async fn another_client_in_the_settings_takes_the_old_grant_no_secret_away() {
    let mut confidential = grant(mins(5), HOUR);
    confidential.client_secret = Some(Secret::new("hush"));
    let mut world = World::new([(account("work"), Some(confidential))]);
    let secret = Some(Secret::new("hush"));
    let kept = world.vault.store_client_secret(id_of("work"), secret);
    kept.await.expect("kept");
    world.start().await;
    let patch = AccountPatch {
        client_id: Some("another".into()),
        client_secret: Some("whisper".into()),
        ..AccountPatch::default()
    };
    world
        .engine()
        .edit_account("work", patch)
        .await
        .expect("edited");
    world.pass(HOUR * 2).await;
    let requests = world.provider.requests();
    assert!(requests.len() > 1);
    for request in requests {
        assert_eq!(request.client_secret.as_deref(), Some("hush"));
    }
    // The right secret of the same client counts at once.
    let patch = AccountPatch {
        client_id: Some("client".into()),
        client_secret: Some("shout".into()),
        ..AccountPatch::default()
    };
    world
        .engine()
        .edit_account("work", patch)
        .await
        .expect("edited");
    world.pass(HOUR).await;
    let last = world.provider.requests().pop().expect("a request");
    assert_eq!(last.client_secret.as_deref(), Some("shout"));
}
