//! Copies and restored backups: a refresh token that may be spent waits for a person.

use tokentray::{
    api::{
        problem::Code,
        types::{AccountState, ImportRequest},
    },
    domain::{
        account::Account,
        cause::{Action, Cause, Verdict},
        grant::Grant,
        history::HistoryKind,
        journal_entry::{JournalEntry, Place},
        secret::Secret,
    },
    engine::Caller,
    io::vault::VaultError,
};

use super::{
    mins, secs,
    world::{HOUR, World, account, grant, id_of, refusal},
};

fn person() -> Caller {
    Caller {
        person: true,
        ..Caller::default()
    }
}

fn place(machine: &str) -> Place {
    Place {
        machine: Some(machine.into()),
        epoch: None,
    }
}

/// A grant of generation 5 where generation 9 was seen once: an older keychain came back.
async fn restored(account: Account) -> World {
    let mut old = grant(mins(50), HOUR);
    old.generation = 5;
    let mut world = World::new([(account, Some(old))]);
    let seen = JournalEntry {
        highest_generation: 9,
        ..JournalEntry::default()
    };
    let entries = &world.journal.entries;
    entries.lock().expect("entries").insert(id_of("work"), seen);
    world.start().await;
    world
}

/// A home that was used on machine "here" and is started on another one.
async fn copied(account: Account, grant: Grant) -> World {
    let mut world = World::new([(account, Some(grant))]);
    *world.vault.place.lock().expect("place") = Some(place("here"));
    world.start().await;
    world.engine().shut_down().await;
    *world.vault.place.lock().expect("place") = Some(place("there"));
    world.start().await;
    world
}

#[tokio::test(start_paused = true)]
async fn an_older_keychain_spends_no_refresh_token_until_a_person_says_so() {
    let world = restored(account("work")).await;
    // While it lives the access token is handed out.
    let token = world.token("work", 0).await.expect("still good");
    assert_eq!(token.access_token, "access-0");
    world.pass(HOUR * 30).await;
    assert_eq!(world.provider.count(), 0);
    let row = world.row("work");
    assert_eq!(
        (row.state, row.cause, row.verdict, row.action),
        (
            AccountState::Expired,
            Some(Cause::StateRestored),
            Some(Verdict::Wait),
            Some(Action::Refresh)
        )
    );
    assert_eq!(
        row.message,
        "The token is over; waiting: this looks like a copy or a restored backup, so its refresh \
         token may be spent. Refresh it by hand if no other copy is in use, or sign in again."
    );
    let problem = world.token("work", 5).await.expect_err("over");
    assert_eq!(problem.code, Code::RefreshFailed);
    assert_eq!(problem.hint.as_deref(), Some("tokentray refresh work"));
    let problem = world.rejected("work", "access-0").await.expect_err("over");
    assert_eq!(problem.cause, Some(Cause::StateRestored));
    assert_eq!(world.provider.count(), 0);
    // It asks in the row; nobody is notified.
    assert_eq!(world.engine().status().notice, None);
    assert_eq!(
        world.kinds(),
        [HistoryKind::RefreshFailed, HistoryKind::Rejected]
    );

    world.engine().refresh("work", person()).await.expect("on");
    assert_eq!(world.provider.requests()[0].refresh_token, "refresh-0");
    let stored = world.stored("work").expect("stored");
    assert_eq!(stored.generation, 10, "above everything that was seen");
    world.pass(HOUR).await;
    assert_eq!(world.row("work").state, AccountState::Ok);
}

#[tokio::test(start_paused = true)]
async fn a_person_who_went_on_once_is_not_asked_again_when_the_provider_is_down() {
    let mut world = restored(account("work")).await;
    let down = refusal(503, "server_error", "");
    world.provider.habit(Some(down));
    let refreshed = world.engine().refresh("work", person()).await;
    assert_eq!(refreshed.expect_err("down").cause, Some(Cause::ServerError));
    world.engine().shut_down().await;
    world.provider.habit(None);
    world.start().await;
    world.pass(mins(20)).await;
    assert_eq!(world.row("work").state, AccountState::Ok);
}

#[tokio::test(start_paused = true)]
async fn signing_in_again_ends_the_question() {
    let world = restored(account("work")).await;
    let import = ImportRequest {
        token_response: r#"{"access_token":"new","refresh_token":"r","expires_in":3600}"#.into(),
        take_over: Some("the old program".into()),
    };
    world.engine().import("work", import).await.expect("saved");
    let row = world.row("work");
    assert_eq!((row.state, row.generation), (AccountState::Ok, 10));
    world.pass(HOUR).await;
    assert_eq!(world.provider.requests()[0].refresh_token, "r");
}

#[tokio::test(start_paused = true)]
async fn the_right_keychain_answers_the_question_by_itself() {
    let world = restored(account("work")).await;
    let mut newest = grant(mins(1), HOUR);
    newest.generation = 9;
    newest.refresh_token = Some(Secret::new("refresh-9"));
    world.vault.put(&id_of("work"), newest);
    world.vault.set(None, None);
    world.pass(HOUR).await;
    assert_eq!(world.provider.requests()[0].refresh_token, "refresh-9");
    assert_eq!(
        world.kinds(),
        [
            HistoryKind::RefreshFailed,
            HistoryKind::Adopted,
            HistoryKind::Refreshed
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_grant_that_another_program_stores_meanwhile_answers_the_question_as_well() {
    for asked in [true, false] {
        let world = restored(account("work")).await;
        world.pass(HOUR * 2).await;
        let mut newest = grant(mins(0), HOUR * 8);
        newest.generation = 9;
        newest.access_token = Secret::new("access-9");
        newest.refresh_token = Some(Secret::new("refresh-9"));
        // Nothing says that the vault has changed.
        world.vault.put(&id_of("work"), newest);
        if asked {
            world.token("work", 0).await.expect_err("not seen yet");
            world.pass(mins(1)).await;
        } else {
            world.pass(HOUR).await;
        }
        let token = world.token("work", 0).await.expect("adopted");
        assert_eq!(token.access_token, "access-9");
        let told = [HistoryKind::RefreshFailed, HistoryKind::Adopted];
        assert_eq!(world.kinds(), told, "asked: {asked}");
        assert_eq!(world.provider.count(), 0, "reading is no sending");
    }
}

#[tokio::test(start_paused = true)]
async fn a_home_that_was_copied_to_another_machine_asks_first() {
    let world = copied(account("work"), grant(mins(5), HOUR)).await;
    world.pass(HOUR * 2).await;
    assert_eq!(world.provider.count(), 0);
    assert_eq!(world.row("work").cause, Some(Cause::StateRestored));
    world.engine().refresh("work", person()).await.expect("on");
    world.pass(HOUR).await;
    assert_eq!(world.row("work").state, AccountState::Ok);
    assert_eq!(world.journaled("work").place, Some(place("there")));
}

#[tokio::test(start_paused = true)]
async fn a_copy_carries_on_where_the_provider_never_rotates() {
    let mut google = account("work");
    google.provider = Some("google".into());
    let world = copied(google.clone(), grant(mins(55), HOUR)).await;
    world.pass(mins(2)).await;
    assert_eq!(world.row("work").state, AccountState::Ok);
    assert_eq!(world.provider.count(), 1);
    let world = restored(google).await;
    world.pass(mins(2)).await;
    assert_eq!(world.provider.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_home_at_its_place_and_one_of_before_places_were_known_are_not_asked_about() {
    for first in [None, Some(place("here"))] {
        let mut world = World::new([(account("work"), Some(grant(mins(55), HOUR)))]);
        *world.vault.place.lock().expect("place") = first;
        world.start().await;
        world.engine().shut_down().await;
        *world.vault.place.lock().expect("place") = Some(place("here"));
        world.start().await;
        world.pass(mins(2)).await;
        assert_eq!(world.row("work").state, AccountState::Ok);
    }
}

#[tokio::test(start_paused = true)]
async fn a_vault_that_lost_what_it_had_confirmed_gets_it_back_before_anything_is_sent() {
    let world = World::with_grant(mins(5), HOUR).await;
    let down = refusal(503, "server_error", "");
    world.provider.habit(Some(down));
    let held = world.stored("work").expect("stored");
    let mut older = held.clone();
    older.generation = 0;
    world.vault.put(&id_of("work"), older);
    world.pass(HOUR).await;
    assert_eq!(world.stored("work"), Some(held));
}

#[tokio::test(start_paused = true)]
async fn signing_out_deletes_the_grant_although_the_keychain_refused_at_first() {
    let mut world = World::with_grant(mins(5), HOUR).await;
    *world.vault.remove_fails.lock().expect("remove") = Some(VaultError::Denied);
    world.engine().sign_out("work").await.expect("signed out");
    world.pass(secs(1)).await;
    let row = world.row("work");
    assert_eq!(row.state, AccountState::SignedOut);
    assert!(
        row.message.starts_with(
            "Signed out; the old grant could not be deleted yet: the keychain does not let \
             Tokentray in. Next try at"
        ),
        "{}",
        row.message
    );
    // Over a restart as well.
    world.engine().shut_down().await;
    world.start().await;
    assert!(world.stored("work").is_some());
    *world.vault.remove_fails.lock().expect("remove") = None;
    world.pass(mins(1)).await;
    assert_eq!(world.stored("work"), None);
    assert_eq!(world.row("work").message, "Signed out");
}
