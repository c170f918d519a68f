//! What must not be lost, sent twice, or told wrongly when things happen at a bad moment.

use std::time::Duration;

use tokentray::{
    api::{
        problem::Code,
        types::{AccountState, ImportRequest},
    },
    domain::{
        cause::Cause,
        history::HistoryKind,
        reply::{Sent, TransportKind},
        secret::Secret,
    },
    engine::Caller,
    io::{
        clock::Clock,
        vault::{Vault, VaultError, VaultKind},
        wake::WakeSignal,
    },
};

use super::{
    mins, revoked, secs,
    world::{Answer, HOUR, World, account, grant, id_of, page, refusal, tokens},
};

fn person() -> Caller {
    Caller {
        program: None,
        pid: None,
        person: true,
    }
}

async fn until_sent(world: &World) {
    while world.provider.count() == 0 {
        world.pass(Duration::from_millis(100)).await;
    }
}

/// Whoever looks first must not see an engine that has no accounts and needs nobody.
#[tokio::test(start_paused = true)]
async fn an_engine_knows_its_accounts_from_the_first_moment() {
    let mut world = World::new([(account("work"), Some(grant(mins(0), HOUR)))]);
    world.start_now();
    let first = world.engine().status();
    let states: Vec<_> = first.accounts.iter().map(|row| row.state).collect();
    assert_eq!(states, [AccountState::Loading]);
    assert_eq!((first.headline.as_str(), first.online), ("Loading.", true));
}

#[tokio::test(start_paused = true)]
async fn a_cut_success_still_brings_the_new_refresh_token() {
    for (body, access) in [
        (
            r#"{"access_token":"new","refresh_token":"refresh-1","expires_in":3600,"scope":"re"#,
            "new",
        ),
        (
            r#"{"refresh_token":"refresh-1","access_token":"ne"#,
            "access-0",
        ),
    ] {
        let world = World::with_grant(mins(50), HOUR).await;
        world.provider.will([Answer::Http {
            status: 200,
            headers: vec![("content-type", "application/json".into())],
            body: body.into(),
        }]);
        until_sent(&world).await;
        world.pass(Duration::from_millis(10)).await;
        let stored = world.stored("work").expect("stored");
        assert_eq!(stored.refresh_token, Some(Secret::new("refresh-1")));
        assert_eq!(stored.access_token, Secret::new(access));
        world.pass(HOUR).await;
        let sent: Vec<String> = world
            .provider
            .requests()
            .into_iter()
            .map(|r| r.refresh_token)
            .take(2)
            .collect();
        assert_eq!(sent, ["refresh-0", "refresh-1"]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_success_whose_new_refresh_token_was_cut_is_asked_for_again_at_once() {
    let world = World::with_grant(mins(50), HOUR).await;
    world.provider.will([Answer::Http {
        status: 200,
        headers: vec![("content-type", "application/json".into())],
        body: r#"{"access_token":"half","refresh_token":"refre"#.into(),
    }]);
    until_sent(&world).await;
    world.pass(secs(2)).await;
    assert_eq!(world.provider.count(), 2);
    assert_eq!(world.row("work").state, AccountState::Ok);
}

#[tokio::test(start_paused = true)]
async fn a_removal_that_is_undone_keeps_the_answer_that_came_meanwhile() {
    let world = World::with_grant(mins(50), HOUR).await;
    let slow = tokens("new", Some("refresh-1"), Some(3600));
    world
        .provider
        .will([Answer::After(secs(2), Box::new(slow))]);
    until_sent(&world).await;
    let engine = world.engine();
    engine.remove_account("work", false).await.expect("removed");
    world.pass(secs(4)).await;
    engine.restore_account("work").await.expect("restored");
    world.pass(secs(1)).await;
    // The provider rotated: the old refresh token is spent, and must not be sent again.
    assert_eq!(
        world.stored("work").expect("saved").refresh_token,
        Some(Secret::new("refresh-1"))
    );
    let token = world.token("work", 5).await.expect("the new one");
    assert_eq!(token.access_token, "new");
    assert_eq!(world.provider.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_arrives_before_the_vault_was_read_is_the_newest() {
    let mut old = grant(mins(5), HOUR);
    old.generation = 5;
    let mut world = World::new([(account("work"), Some(old))]);
    *world.vault.takes.lock().expect("takes") = secs(1);
    world.start().await;
    let import = ImportRequest {
        token_response: r#"{"access_token":"brought","refresh_token":"r","expires_in":3600}"#
            .into(),
        take_over: Some("the old program".into()),
    };
    world
        .engine()
        .import("work", import)
        .await
        .expect("imported");
    let stored = world.stored("work").expect("stored");
    assert_eq!(
        (stored.generation, stored.access_token),
        (6, Secret::new("brought"))
    );
    assert!(!world.row("work").unsaved);
}

#[tokio::test(start_paused = true)]
async fn a_tool_that_asks_while_the_key_is_being_read_waits_for_it() {
    let mut world = World::new([(account("work"), Some(grant(mins(5), HOUR)))]);
    *world.vault.takes.lock().expect("takes") = secs(1);
    world.start().await;
    assert_eq!(world.row("work").state, AccountState::Loading);
    let token = world.token("work", 5).await.expect("a token");
    assert_eq!(token.access_token, "access-0");
}

#[tokio::test(start_paused = true)]
async fn signing_out_counts_although_the_vault_is_locked() {
    let mut world = World::new([(account("work"), Some(grant(mins(5), HOUR)))]);
    *world.vault.read_fails.lock().expect("read") = Some(VaultError::Locked);
    world.start().await;
    world.engine().sign_out("work").await.expect("signed out");
    world.vault.set(None, None);
    world.pass(secs(30)).await;
    assert_eq!(world.row("work").state, AccountState::SignedOut);
    assert_eq!(world.stored("work"), None);
    world.start().await;
    assert_eq!(world.row("work").state, AccountState::SignedOut);
}

#[tokio::test(start_paused = true)]
async fn a_portal_is_no_lost_reply() {
    let world = World::with_grant(mins(50), HOUR).await;
    let portal = page(200, "<html><title>Hotel Wi-Fi</title></html>");
    world.provider.will([portal.clone(), portal]);
    world.provider.habit(Some(revoked()));
    while world.provider.count() < 3 {
        world.pass(secs(1)).await;
    }
    world.pass(secs(5)).await;
    // The first refusal is confirmed by another, and nothing was lost before.
    assert_eq!(world.row("work").incident, None);
    world.pass(mins(2)).await;
    let incident = world.row("work").incident.expect("an incident");
    assert!(!incident.why.contains("lost"), "{}", incident.why);
}

#[tokio::test(start_paused = true)]
async fn nobody_is_told_to_sign_in_without_a_network() {
    let world = World::with_grant(HOUR, HOUR * 2).await;
    world.provider.habit(Some(revoked()));
    world.pass(mins(40)).await;
    assert_eq!(world.row("work").state, AccountState::SignInNeeded);
    world.signal(WakeSignal::NetworkDown).await;
    world.pass(mins(30)).await;
    assert_eq!(world.engine().status().notice, None);
    world.signal(WakeSignal::NetworkUp).await;
    world.pass(secs(30)).await;
    assert!(world.engine().status().notice.is_some());
}

#[tokio::test(start_paused = true)]
async fn later_said_in_the_window_is_followed_by_one_reminder() {
    let world = World::with_grant(mins(59), HOUR).await;
    world.provider.habit(Some(revoked()));
    world.pass(mins(3)).await;
    let incident = world.row("work").incident.expect("an incident").id;
    world
        .engine()
        .incident_later(&incident)
        .await
        .expect("later");
    world.pass(HOUR * 25).await;
    let _ = world.token("work", 0).await;
    world.pass(secs(5)).await;
    let reminder = world.engine().status().notice.expect("the reminder");
    world
        .engine()
        .notice_shown(&reminder.id)
        .await
        .expect("shown");
    world.pass(HOUR).await;
    assert!(world.engine().status().notice.expect("stands").shown);
    let told = |k: &&HistoryKind| **k == HistoryKind::Notified;
    assert_eq!(world.kinds().iter().filter(told).count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_pause_of_all_is_a_pause_for_a_person_as_well() {
    let world = World::with_grant(mins(5), HOUR).await;
    world.engine().pause_all().await.expect("paused");
    let problem = world.engine().refresh("work", person()).await;
    assert_eq!(problem.expect_err("paused").code, Code::Paused);
    world.pass(HOUR).await;
    assert_eq!(world.provider.count(), 0);
    world.engine().resume_all().await.expect("resumed");
    world.pass(secs(30)).await;
    assert_eq!(world.provider.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_a_provider_asked_for_stands_when_the_vault_changes() {
    let world = World::with_grant(mins(50), HOUR).await;
    world
        .provider
        .habit(Some(refusal(401, "invalid_client", "wrong secret")));
    world.pass(mins(5)).await;
    let before = world.provider.count();
    for _ in 0..20 {
        world.vault.set(None, None);
        world.pass(secs(1)).await;
    }
    assert!(world.provider.count() <= before + 1);
}

#[tokio::test(start_paused = true)]
async fn a_life_of_a_second_makes_no_storm() {
    let world = World::with_grant(mins(50), HOUR).await;
    world
        .provider
        .habit(Some(tokens("blink", Some("refresh-1"), Some(1))));
    world.pass(mins(2)).await;
    assert!(world.provider.count() <= 13, "{}", world.provider.count());
}

#[tokio::test(start_paused = true)]
async fn a_client_secret_is_not_sent_for_a_grant_of_another_client() {
    for (client, sent) in [("client", Some("hush")), ("another", None)] {
        let mut account = account("work");
        account.client_id = client.into();
        let mut world = World::new([(account, Some(grant(mins(50), HOUR)))]);
        let secret = Some(Secret::new("hush"));
        world
            .vault
            .store_client_secret(id_of("work"), secret)
            .await
            .expect("kept");
        world.start().await;
        until_sent(&world).await;
        assert_eq!(world.provider.requests()[0].client_secret.as_deref(), sent);
    }
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_set_back_makes_no_token_live_longer() {
    let world = World::with_grant(mins(50), HOUR).await;
    world.pass(mins(1)).await;
    assert_eq!(world.provider.count(), 1);
    world.clock.jump(-chrono::TimeDelta::days(1));
    world
        .provider
        .habit(Some(Answer::Fails(TransportKind::Connect, Sent::Never)));
    world.pass(mins(50)).await;
    assert!(world.provider.count() > 1, "it was due all the same");
    world.pass(mins(20)).await;
    let problem = world.token("work", 0).await.expect_err("over");
    assert_eq!(problem.code, Code::RefreshFailed);
    let row = world.row("work");
    assert_eq!(row.state, AccountState::Expired);
    assert!(row.expires_at.expect("an end") <= world.clock.now().wall);
}

#[tokio::test(start_paused = true)]
async fn a_grant_stored_by_a_clock_that_was_a_year_ahead_is_renewed_and_lives_its_own_life() {
    let mut ahead = grant(Duration::ZERO, HOUR);
    ahead.issued_at += chrono::TimeDelta::days(365);
    ahead.expires_at = ahead
        .expires_at
        .map(|end| end + chrono::TimeDelta::days(365));
    let mut world = World::new([(account("work"), Some(ahead))]);
    world.start().await;
    world.pass(mins(5)).await;
    assert_eq!(world.provider.count(), 1, "nobody knows how old it is");
    world.pass(mins(50)).await;
    assert_eq!(world.provider.count(), 2, "then by its own hour");
}

/// Whenever its turn comes, and however the other's tries fall: each account more rolls the dice anew.
#[tokio::test(start_paused = true)]
async fn an_account_that_fails_alone_makes_no_other_late() {
    let short = mins(10);
    let mut late = Vec::new();
    for (others, age) in
        (0..4).flat_map(|others| (336..384).step_by(16).map(move |at| (others, at)))
    {
        let mut ill = grant(mins(59), HOUR);
        ill.refresh_token = Some(Secret::new("refresh-ill"));
        let well = grant(secs(age), short);
        let mut accounts = vec![(account("ill"), Some(ill)), (account("well"), Some(well))];
        let more = (0..others).map(|number| (account(&format!("other-{number}")), None));
        accounts.splice(0..0, more);
        let mut world = World::new(accounts);
        let down = refusal(503, "server_error", "");
        world.provider.always("refresh-ill", down);
        world
            .provider
            .habit(Some(tokens("renewed", None, Some(short.as_secs()))));
        world.start().await;
        for _ in 0..5 * 30 {
            world.pass(secs(2)).await;
            let end = world.row("well").expires_at.expect("an end");
            if end <= world.clock.now().wall {
                late.push((others, age));
                break;
            }
        }
    }
    let none: [(u32, u64); 0] = [];
    assert_eq!(late, none, "where the token ended before it was renewed");
}

#[tokio::test(start_paused = true)]
async fn slow_probes_are_counted_over_restarts() {
    let mut world = World::with_grant(mins(59), HOUR).await;
    world.provider.habit(Some(revoked()));
    world.pass(mins(40)).await;
    assert_eq!(world.provider.count(), 2);
    world.engine().shut_down().await;
    world.start().await;
    world.pass(mins(25)).await;
    assert_eq!(world.provider.count(), 3, "an hour after it began");
}

#[tokio::test(start_paused = true)]
async fn what_is_adopted_and_over_is_renewed_for_whoever_waits() {
    let world = World::with_grant(mins(59), HOUR).await;
    let used = refusal(400, "invalid_grant", "refresh token already used");
    world
        .provider
        .will([Answer::After(secs(1), Box::new(used))]);
    until_sent(&world).await;
    let mut theirs = grant(HOUR * 2, HOUR);
    theirs.generation = 2;
    theirs.refresh_token = Some(Secret::new("refresh-theirs"));
    world.vault.put(&id_of("work"), theirs);
    let token = world.token("work", 60).await.expect("renewed");
    assert_eq!(token.access_token, "access-2");
    assert_eq!(world.provider.requests()[1].refresh_token, "refresh-theirs");
}

#[tokio::test(start_paused = true)]
async fn a_word_of_sleep_without_one_of_waking_is_not_for_ever() {
    let world = World::with_grant(mins(40), HOUR).await;
    world.signal(WakeSignal::Sleeping).await;
    world.pass(mins(15)).await;
    assert_eq!(world.provider.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_vault_is_not_moved_while_a_refresh_is_out_or_a_lock_is_held() {
    let world = World::with_grant(mins(50), HOUR).await;
    let slow = tokens("new", Some("refresh-1"), Some(3600));
    world
        .provider
        .will([Answer::After(secs(30), Box::new(slow))]);
    until_sent(&world).await;
    let moved = world.engine().vault_move(VaultKind::Os).await;
    let problem = moved.expect_err("busy");
    assert_eq!(
        (problem.code, problem.detail.as_str()),
        (
            Code::Busy,
            "a refresh or a save is still going on; nothing was moved, try again"
        )
    );
    world.pass(mins(1)).await;
    assert_eq!(world.row("work").state, AccountState::Ok);
    let held = &world.locks.held_elsewhere;
    held.store(true, std::sync::atomic::Ordering::SeqCst);
    let moved = world.engine().vault_move(VaultKind::Os).await;
    let problem = moved.expect_err("busy");
    assert_eq!(problem.code, Code::Busy);
    assert!(problem.detail.contains("another process holds the lock"));
    held.store(false, std::sync::atomic::Ordering::SeqCst);
    let moved = world.engine().vault_move(VaultKind::Os).await;
    moved.expect("moved");
}

#[tokio::test(start_paused = true)]
async fn signing_out_waits_for_a_vault_move() {
    let world = World::with_grant(mins(5), HOUR).await;
    // The world's move takes five seconds.
    let (moved, signed_out) =
        futures_util::join!(world.engine().vault_move(VaultKind::Os), async {
            world.pass(secs(1)).await;
            let signing_out = world.engine().sign_out("work");
            let early = tokio::time::timeout(secs(2), signing_out).await;
            assert!(early.is_err(), "the grants are being copied");
            assert!(world.stored("work").is_some());
        });
    moved.expect("moved");
    let () = signed_out;
    // Its caller went away; it counts all the same.
    world.pass(secs(1)).await;
    assert_eq!(world.stored("work"), None);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_cannot_be_read_is_kept_and_told_until_the_next_success() {
    let world = World::with_grant(mins(50), HOUR).await;
    let half = r#"{"access_token":"half","refresh_token":"refre"#;
    world.provider.habit(Some(Answer::Http {
        status: 200,
        headers: vec![("content-type", "application/json".into())],
        body: half.into(),
    }));
    world.pass(mins(2)).await;
    let kept = world.journaled("work").salvage;
    assert_eq!(kept, Some(Secret::new(half)));
    let told = world.engine().doctor().await.expect("findings");
    assert!(
        told.iter()
            .any(|f| f.about == "work" && f.found.contains("an answer that could not be read")),
        "{told:?}"
    );
    world.provider.habit(None);
    world.pass(HOUR).await;
    assert_eq!(world.journaled("work").salvage, None);
    assert_eq!(world.row("work").state, AccountState::Ok);
}

#[tokio::test(start_paused = true)]
async fn a_keychain_that_stays_locked_for_minutes_costs_nothing() {
    let mut world = World::new([(account("work"), Some(grant(mins(20), HOUR)))]);
    *world.vault.read_fails.lock().expect("read") = Some(VaultError::Locked);
    world.start().await;
    world.pass(mins(17)).await;
    assert_eq!(world.row("work").state, AccountState::VaultLocked);
    assert_eq!(
        world.engine().status().vault.cause,
        Some(Cause::VaultLocked)
    );
    assert_eq!(world.provider.count(), 0);
    assert_eq!(world.kinds(), []);
    world.vault.set(None, None);
    world.pass(secs(1)).await;
    assert_eq!(world.engine().status().vault.cause, None);
    assert_eq!(
        world.token("work", 5).await.expect("read").access_token,
        "access-0"
    );
    world.pass(mins(20)).await;
    assert_eq!(world.kinds(), [HistoryKind::Refreshed]);
}

#[tokio::test(start_paused = true)]
async fn a_vault_move_goes_on_when_its_caller_goes_away() {
    let world = World::with_grant(mins(40), HOUR).await;
    let moving = world.engine().vault_move(VaultKind::Os);
    assert!(tokio::time::timeout(secs(1), moving).await.is_err());
    world.pass(mins(15)).await;
    assert_eq!(world.provider.count(), 1);
}
