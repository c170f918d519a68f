//! The life of a grant, one story each, in virtual time: the real engine on a scripted provider.

use std::time::Duration;

use base64::Engine as _;
use tokentray::{
    api::{problem::Code, types::AccountState},
    domain::{
        cause::{Cause, Verdict},
        grant::ExpiresSource,
        history::HistoryKind,
        reply::{Sent, TransportKind},
        secret::Secret,
    },
    engine::Caller,
    io::{
        clock::Clock,
        vault::{VaultError, VaultKind},
    },
};

mod confirming;
mod copies;
mod diagnosis;
mod hazards;
mod log;
mod removal;
mod telling;
mod waking;
mod wishes;
mod world;

use world::{Answer, HOUR, World, account, begin, grant, id_of, page, refusal, tokens};

const fn secs(n: u64) -> Duration {
    Duration::from_secs(n)
}

const fn mins(n: u64) -> Duration {
    Duration::from_mins(n)
}

fn jwt(claims: &serde_json::Value) -> String {
    let part = |text: &str| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text);
    format!(
        "{}.{}.{}",
        part(r#"{"alg":"RS256"}"#),
        part(&claims.to_string()),
        part("signature")
    )
}

fn revoked() -> Answer {
    refusal(400, "invalid_grant", "Token has been expired or revoked.")
}

/// Ten callers at once, each with the same patience; what each was told.
async fn ten_callers(world: &World, name: &str) -> Vec<Result<String, Code>> {
    let ask = || async {
        world
            .token(name, 60)
            .await
            .map(|t| t.access_token)
            .map_err(|p| p.code)
    };
    futures_util::future::join_all((0..10).map(|_| ask())).await
}

#[tokio::test(start_paused = true)]
async fn a_reply_without_an_end_is_assumed_to_last_a_quarter_of_an_hour() {
    let mut world = World::with_grant(mins(55), HOUR).await;
    world
        .provider
        .habit(Some(tokens("endless", Some("refresh-1"), None)));
    world.pass(mins(1)).await;
    let row = world.row("work");
    assert_eq!(row.expires_source, Some(ExpiresSource::Assumed));
    let first = world.provider.count();
    assert_eq!(first, 1);
    // 15 min less 3 min ahead: the assumption schedules the next refresh.
    world.pass(mins(14)).await;
    assert_eq!(world.provider.count(), 2);
    // It schedules only: a provider that is silent for an hour does not make the token over.
    world
        .provider
        .habit(Some(Answer::Fails(TransportKind::Connect, Sent::Never)));
    world.pass(HOUR).await;
    let token = world
        .token("work", 0)
        .await
        .expect("an assumed end is no end");
    assert!(token.short);
    assert_eq!(token.access_token, "endless");
    world.start().await;
}

#[tokio::test(start_paused = true)]
async fn an_end_in_the_jwt_only_is_read_there() {
    let world = World::with_grant(mins(55), HOUR).await;
    let iat = begin().timestamp();
    let token = jwt(&serde_json::json!({"iat": iat, "exp": iat + 1800}));
    world
        .provider
        .habit(Some(tokens(&token, Some("refresh-1"), None)));
    world.pass(mins(1)).await;
    let row = world.row("work");
    assert_eq!(row.expires_source, Some(ExpiresSource::Jwt));
    let left = row.expires_at.expect("an end") - world.clock.now().wall;
    assert!((27..=30).contains(&left.num_minutes()), "{left}");
}

#[tokio::test(start_paused = true)]
async fn a_jwt_that_cannot_be_read_counts_as_no_end() {
    let world = World::with_grant(mins(55), HOUR).await;
    world.provider.habit(Some(tokens(
        "aGVh.bm90IGpzb24.c2ln",
        Some("refresh-1"),
        None,
    )));
    world.pass(mins(1)).await;
    assert_eq!(
        world.row("work").expires_source,
        Some(ExpiresSource::Assumed)
    );
    assert_eq!(
        world.token("work", 0).await.expect("a token").access_token,
        "aGVh.bm90IGpzb24.c2ln"
    );
}

#[tokio::test(start_paused = true)]
async fn an_expired_refresh_token_asks_once_after_it_was_confirmed() {
    let world = World::with_grant(HOUR, HOUR * 2).await;
    world.provider.habit(Some(refusal(
        400,
        "invalid_grant",
        "refresh token is expired",
    )));
    world.pass(mins(40)).await;
    // Refused, and refused again half a minute later: now it is certain.
    assert_eq!(world.provider.count(), 2);
    let row = world.row("work");
    assert_eq!(row.state, AccountState::SignInNeeded);
    assert_eq!(row.cause, Some(Cause::RefreshTokenExpired));
    // The access token is good for twenty minutes: tools get it, nobody is disturbed.
    assert_eq!(
        world
            .token("work", 0)
            .await
            .expect("still valid")
            .access_token,
        "access-0"
    );
    assert_eq!(world.engine().status().notice, None);
    world.pass(mins(11)).await;
    let notice = world
        .engine()
        .status()
        .notice
        .expect("ten minutes before the end it is told");
    assert_eq!(notice.accounts, ["work"]);
    world
        .engine()
        .notice_shown(&notice.id)
        .await
        .expect("acknowledged");
    world.pass(mins(10)).await;
    let problem = world.token("work", 0).await.expect_err("over");
    assert_eq!(problem.code, Code::ReauthRequired);
    assert_eq!(problem.hint.as_deref(), Some("tokentray sign-in work"));
    // Slow probes only: after 1, 6 and 24 h.
    world.pass(HOUR * 25).await;
    assert_eq!(world.provider.count(), 5);
    let told = world
        .kinds()
        .iter()
        .filter(|k| **k == HistoryKind::Notified)
        .count();
    assert_eq!(told, 1);
}

#[tokio::test(start_paused = true)]
async fn a_revoked_grant_is_one_story_from_refusal_to_recovery() {
    let world = World::with_grant(mins(59), HOUR).await;
    world.provider.habit(Some(revoked()));
    world.pass(mins(3)).await;
    let notice = world.engine().status().notice.expect("over: told at once");
    world
        .engine()
        .notice_shown(&notice.id)
        .await
        .expect("acknowledged");
    world.pass(mins(1)).await;
    assert!(world.engine().status().notice.expect("stands").shown);
    // The provider relents: a slow probe succeeds and everything is withdrawn by itself.
    world.provider.habit(None);
    world.pass(HOUR).await;
    assert_eq!(world.row("work").state, AccountState::Ok);
    assert_eq!(world.engine().status().notice, None);
    insta::assert_snapshot!(world.story());
}

#[tokio::test(start_paused = true)]
async fn a_time_out_leaves_the_outcome_open_and_the_same_token_is_sent_again() {
    let world = World::with_grant(mins(50), HOUR).await;
    let timeout = Answer::After(
        secs(60),
        Box::new(Answer::Fails(TransportKind::Timeout, Sent::Maybe)),
    );
    world.provider.will([timeout.clone(), timeout]);
    world.pass(secs(100)).await;
    let intent = world
        .journaled("work")
        .intent
        .expect("the outcome is not known yet");
    assert_eq!(intent.sends, 2);
    world.pass(mins(2)).await;
    let requests = world.provider.requests();
    let sent: Vec<&str> = requests.iter().map(|r| r.refresh_token.as_str()).collect();
    assert_eq!(sent, ["refresh-0", "refresh-0", "refresh-0"]);
    assert!(requests.iter().all(|r| r.url == world::ENDPOINT));
    assert_eq!(world.row("work").state, AccountState::Ok);
    assert_eq!(world.journaled("work").intent, None);
}

#[tokio::test(start_paused = true)]
async fn a_ninety_second_token_is_fresh_after_slow_work() {
    let world = World::with_grant(secs(80), secs(90)).await;
    world
        .provider
        .habit(Some(tokens("short-lived", Some("refresh-1"), Some(90))));
    let first = world.token("work", 30).await.expect("a token");
    assert_eq!(first.access_token, "short-lived");
    // The tool works for two minutes and asks again: it must not get what is over.
    world.pass(mins(2)).await;
    let before = world.clock.now().wall;
    let second = world.token("work", 30).await.expect("a token");
    assert!(second.expires_at.expect("an end") > before + chrono::TimeDelta::seconds(20));
    // Half its life is the ahead: about every 45 s one request, never a storm.
    let count = world.provider.count();
    assert!((3..=5).contains(&count), "{count} requests in two minutes");
}

#[tokio::test(start_paused = true)]
async fn ten_callers_share_one_refresh_and_its_one_outcome() {
    for (name, age, refused, requests) in [
        ("valid", mins(5), false, 0),
        ("over", mins(61), false, 1),
        ("refused", mins(61), true, 1),
    ] {
        let mut world = World::new([(account("work"), Some(grant(age, HOUR)))]);
        let slow = if refused {
            revoked()
        } else {
            tokens("new", Some("refresh-1"), Some(3600))
        };
        world
            .provider
            .will([Answer::After(secs(1), Box::new(slow))]);
        world.start().await;
        let told = ten_callers(&world, "work").await;
        assert_eq!(world.provider.count(), requests, "{name}");
        assert!(told.iter().all(|t| *t == told[0]), "{name}: {told:?}");
        match (name, &told[0]) {
            ("valid", Ok(token)) => assert_eq!(token, "access-0"),
            ("over", Ok(token)) => assert_eq!(token, "new"),
            ("refused", Err(code)) => assert_eq!(*code, Code::RefreshFailed),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn one_valid_and_one_expired_token_cost_one_request() {
    let mut world = World::new([
        (account("valid"), Some(grant(mins(5), HOUR))),
        (account("over"), Some(grant(mins(61), HOUR))),
    ]);
    world.start().await;
    assert_eq!(
        world.token("valid", 5).await.expect("valid").access_token,
        "access-0"
    );
    assert_eq!(world.provider.count(), 0);
    assert_eq!(
        world
            .token("over", 5)
            .await
            .expect("refreshed")
            .access_token,
        "access-1"
    );
    assert_eq!(world.provider.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn already_used_while_a_newer_token_lies_in_the_store_is_adopted() {
    let world = World::with_grant(mins(59), HOUR).await;
    let used = refusal(400, "invalid_grant", "refresh token already used");
    world
        .provider
        .will([Answer::After(secs(1), Box::new(used))]);
    while world.provider.count() == 0 {
        world.pass(Duration::from_millis(100)).await;
    }
    // Another program was quicker: it stores its grant while our request is on its way.
    let mut newer = grant(secs(30), HOUR);
    newer.generation = 2;
    newer.access_token = Secret::new("theirs");
    newer.refresh_token = Some(Secret::new("refresh-theirs"));
    world.vault.put(&id_of("work"), newer);
    assert_eq!(
        world.token("work", 60).await.expect("theirs").access_token,
        "theirs"
    );
    world.pass(mins(2)).await;
    assert_eq!(world.provider.count(), 1);
    assert!(
        world.kinds().contains(&HistoryKind::Adopted),
        "{}",
        world.story()
    );
    assert!(!world.kinds().contains(&HistoryKind::SignInNeeded));
}

#[tokio::test(start_paused = true)]
async fn a_401_that_is_about_age_heals_with_one_request() {
    let world = World::with_grant(mins(20), HOUR).await;
    let token = world
        .rejected("work", "access-0")
        .await
        .expect("a newer one");
    assert_eq!(token.access_token, "access-1");
    assert_eq!(world.provider.count(), 1);
    // Another tool reports the old one late: it gets the newer token, nothing is sent.
    assert_eq!(
        world
            .rejected("work", "access-0")
            .await
            .expect("newer")
            .access_token,
        "access-1"
    );
    assert_eq!(world.provider.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_401_that_no_refresh_heals_is_bounded() {
    let world = World::with_grant(mins(20), HOUR).await;
    let (mut limited, mut current) = (0, "access-0".to_owned());
    // A tool that reports whatever it gets, every two seconds, for half an hour.
    for _ in 0..900 {
        match world.rejected("work", &current).await {
            Ok(token) => current = token.access_token,
            Err(problem) => {
                assert_eq!(problem.code, Code::RateLimited);
                assert!(problem.retry_after_s.is_some());
                limited += 1;
            }
        }
        world.pass(secs(2)).await;
    }
    let count = world.provider.count();
    assert!((2..=8).contains(&count), "{count} requests in half an hour");
    assert!(limited > 800, "{limited}");
}

#[tokio::test(start_paused = true)]
async fn a_token_endpoint_that_answers_401_is_about_the_client() {
    let world = World::with_grant(mins(59), HOUR).await;
    world.provider.habit(Some(refusal(
        401,
        "invalid_client",
        "The client secret is wrong.",
    )));
    world.pass(mins(5)).await;
    let row = world.row("work");
    assert_eq!(
        (row.state, row.cause),
        (AccountState::FixSetup, Some(Cause::ClientRejected))
    );
    assert_eq!(world.engine().status().notice, None);
    let problem = world.token("work", 0).await.expect_err("over and refused");
    assert_eq!(
        (problem.code, problem.exit_code()),
        (Code::RefreshFailed, 8)
    );
    // 1 min doubling: not once per question.
    let count = world.provider.count();
    assert!((2..=4).contains(&count), "{count}");
}

#[tokio::test(start_paused = true)]
async fn an_unreachable_provider_fails_every_waiter_and_the_next_try_succeeds() {
    let mut world = World::new([(account("work"), Some(grant(mins(61), HOUR)))]);
    world
        .provider
        .will(vec![Answer::Fails(TransportKind::Dns, Sent::Never); 4]);
    world.start().await;
    let told = ten_callers(&world, "work").await;
    assert!(
        told.iter().all(|t| *t == Err(Code::RefreshFailed)),
        "{told:?}"
    );
    // One try and three quick ones, for all ten.
    assert_eq!(world.provider.count(), 4);
    let problem = world.token("work", 0).await.expect_err("waiting");
    assert_eq!(
        (problem.verdict, problem.cause),
        (Some(Verdict::Wait), Some(Cause::NetworkDns))
    );
    world.pass(mins(1)).await;
    assert_eq!(world.provider.count(), 5);
    assert_eq!(world.row("work").state, AccountState::Ok);
    assert!(!world.kinds().contains(&HistoryKind::SignInNeeded));
}

#[tokio::test(start_paused = true)]
async fn a_corrupt_stored_grant_asks_to_sign_in_and_is_never_sent() {
    let mut world = World::new([(account("work"), Some(grant(mins(5), HOUR)))]);
    *world.vault.read_fails.lock().expect("read") = Some(VaultError::Corrupt);
    world.start().await;
    world.pass(mins(1)).await;
    let row = world.row("work");
    assert_eq!(
        (row.state, row.cause),
        (AccountState::SignInNeeded, Some(Cause::GrantCorrupt))
    );
    assert_eq!(world.provider.count(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_grant_that_expired_while_nothing_ran_is_refreshed_after_the_start() {
    let world = World::with_grant(HOUR * 72, HOUR).await;
    assert_eq!(
        world.token("work", 30).await.expect("fresh").access_token,
        "access-1"
    );
    assert_eq!(world.provider.count(), 1);
}

#[test]
fn a_grant_in_an_older_format_is_read_and_a_newer_one_is_left_alone() {
    use tokentray::domain::grant::{Grant, GrantFormatError};
    let text = grant(mins(5), HOUR).to_stored().expose().to_owned();
    let older = text.replacen(r#""format":1"#, r#""format":0"#, 1);
    assert_eq!(
        Grant::from_stored(&Secret::new(older)),
        Ok(grant(mins(5), HOUR))
    );
    let newer = text.replacen(r#""format":1"#, r#""format":7"#, 1);
    assert_eq!(
        Grant::from_stored(&Secret::new(newer)),
        Err(GrantFormatError::Newer(7))
    );
}

#[tokio::test(start_paused = true)]
async fn a_locked_vault_waits_and_says_so_and_nothing_is_sent() {
    let mut world = World::new([(account("work"), Some(grant(mins(61), HOUR)))]);
    *world.vault.read_fails.lock().expect("read") = Some(VaultError::Locked);
    world.start().await;
    let problem = world.token("work", 5).await.expect_err("locked");
    assert_eq!((problem.code, problem.exit_code()), (Code::VaultLocked, 7));
    world.pass(mins(10)).await;
    assert_eq!(world.row("work").state, AccountState::VaultLocked);
    assert_eq!(
        (world.provider.count(), world.engine().status().notice),
        (0, None)
    );
    world.vault.set(None, None);
    world.pass(secs(30)).await;
    assert_eq!(world.row("work").state, AccountState::Ok);
}

#[tokio::test(start_paused = true)]
async fn a_lost_reply_is_named_when_the_token_turns_out_to_be_spent() {
    let world = World::with_grant(mins(50), HOUR).await;
    world.provider.will([
        Answer::Fails(TransportKind::Reset, Sent::Maybe),
        refusal(400, "invalid_grant", "Token is not active"),
    ]);
    world.pass(mins(1)).await;
    // No third request: the refusal needs no confirmation, it is plain what happened.
    assert_eq!(world.provider.count(), 2);
    let incident = world.row("work").incident.expect("an incident");
    assert!(incident.why.contains("lost"), "{}", incident.why);
}

#[tokio::test(start_paused = true)]
async fn a_lost_reply_is_remembered_over_a_restart() {
    let mut world = World::with_grant(mins(50), HOUR).await;
    world
        .provider
        .habit(Some(Answer::Fails(TransportKind::Timeout, Sent::Maybe)));
    world.pass(secs(30)).await;
    let sends = world.journaled("work").intent.expect("open").sends;
    assert!(sends >= 1);
    world.provider.habit(None);
    let before = world.provider.count();
    world.start().await;
    world.pass(secs(2)).await;
    // The open intent is retried first, before anything is due.
    assert_eq!(world.provider.count(), before + 1);
    assert_eq!(
        world.provider.requests().last().expect("one").refresh_token,
        "refresh-0"
    );
    assert_eq!(world.journaled("work").intent, None);
}

#[tokio::test(start_paused = true)]
async fn a_vault_that_cannot_write_costs_nothing() {
    let mut world = World::with_grant(mins(50), HOUR).await;
    *world.vault.store_fails.lock().expect("store") = Some(VaultError::Full("no space".into()));
    world.pass(secs(30)).await;
    // Served from memory, safe in the journal, and said.
    assert_eq!(
        world.token("work", 5).await.expect("new").access_token,
        "access-1"
    );
    assert!(world.row("work").unsaved);
    let kept = world.journaled("work").unconfirmed.expect("in the journal");
    assert_eq!(kept.refresh_token, Some(Secret::new("refresh-1")));
    assert_eq!(world.stored("work").expect("the old one").generation, 1);
    // A restart finds it there, and saves it when the vault can write again.
    world.start().await;
    assert_eq!(
        world.token("work", 5).await.expect("new").access_token,
        "access-1"
    );
    world.vault.set(None, None);
    world.pass(secs(30)).await;
    assert_eq!(world.stored("work").expect("saved").generation, 2);
    assert_eq!(world.journaled("work").unconfirmed, None);
    assert_eq!(world.provider.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_saved_while_the_vault_is_moved() {
    let world = World::with_grant(mins(50), HOUR).await;
    *world.vault.store_fails.lock().expect("store") = Some(VaultError::Full("no space".into()));
    world.pass(mins(2)).await;
    let newest = world.journaled("work").unconfirmed;
    assert_eq!(newest.map(|g| g.generation), Some(2));
    // The world's move takes five seconds; the vault has room again in the middle of it.
    let engine = world.engine();
    let (moved, ()) = futures_util::join!(engine.vault_move(VaultKind::Os), async {
        world.pass(secs(2)).await;
        world.vault.set(None, None);
        world.pass(secs(2)).await;
        assert_eq!(world.stored("work").expect("the older").generation, 1);
        assert!(world.journaled("work").unconfirmed.is_some());
    });
    moved.expect("moved");
    world.pass(mins(1)).await;
    assert_eq!(world.stored("work").expect("saved").generation, 2);
    assert_eq!(world.journaled("work").unconfirmed, None);
}

#[tokio::test(start_paused = true)]
async fn a_full_disk_sends_nothing() {
    use tokentray::io::journal::JournalError;
    let world = World::with_grant(mins(50), HOUR).await;
    *world.journal.write_fails.lock().expect("write") = Some(JournalError::Full("no space".into()));
    world.pass(mins(2)).await;
    assert_eq!(world.provider.count(), 0);
    let row = world.row("work");
    assert_eq!(
        (row.state, row.cause),
        (AccountState::VaultLocked, Some(Cause::VaultFull))
    );
    *world.journal.write_fails.lock().expect("write") = None;
    world.pass(mins(2)).await;
    assert_eq!(
        (world.provider.count(), world.row("work").state),
        (1, AccountState::Ok)
    );
}

#[tokio::test(start_paused = true)]
async fn a_success_without_a_refresh_token_keeps_the_old_one() {
    let world = World::with_grant(mins(50), HOUR).await;
    world.provider.will([
        tokens("new", None, Some(3600)),
        tokens("newer", Some(""), Some(3600)),
    ]);
    world.pass(mins(55)).await;
    let sent: Vec<String> = world
        .provider
        .requests()
        .into_iter()
        .map(|r| r.refresh_token)
        .collect();
    assert_eq!(sent, ["refresh-0", "refresh-0"]);
    assert_eq!(
        world.stored("work").expect("stored").refresh_token,
        Some(Secret::new("refresh-0"))
    );
}

#[tokio::test(start_paused = true)]
async fn retry_after_binds_everyone_and_the_cooldown_binds_tools() {
    let world = World::with_grant(mins(61), HOUR).await;
    let limited = Answer::Http {
        status: 429,
        headers: vec![
            ("retry-after", "300".into()),
            ("content-type", "application/json".into()),
        ],
        body: r#"{"error":"slow_down"}"#.into(),
    };
    world.provider.will([limited]);
    let problem = world.token("work", 30).await.expect_err("limited");
    assert_eq!(problem.code, Code::RateLimited);
    let person = Caller {
        program: None,
        pid: None,
        person: true,
    };
    let problem = world
        .engine()
        .refresh("work", person.clone())
        .await
        .expect_err("a person, too");
    assert_eq!(problem.code, Code::RateLimited);
    assert!((290..=300).contains(&problem.retry_after_s.expect("seconds")));
    world.pass(secs(299)).await;
    assert_eq!(world.provider.count(), 1);
    world.pass(mins(1)).await;
    assert_eq!(
        (world.provider.count(), world.row("work").state),
        (2, AccountState::Ok)
    );
    // Cooldown: the token is a minute old at most; a tool cannot force another so soon …
    let now = world.token("work", 0).await.expect("fresh").access_token;
    assert_eq!(
        world
            .rejected("work", &now)
            .await
            .expect_err("cooldown")
            .code,
        Code::RateLimited
    );
    assert_eq!(world.provider.count(), 2);
    // … a person can, three times in ten minutes.
    for _ in 0..3 {
        world
            .engine()
            .refresh("work", person.clone())
            .await
            .expect("by hand");
    }
    assert_eq!(
        world
            .engine()
            .refresh("work", person)
            .await
            .expect_err("enough")
            .code,
        Code::RateLimited
    );
    assert_eq!(world.provider.count(), 5);
}

#[tokio::test(start_paused = true)]
async fn a_hotel_portal_is_waited_out_without_a_word() {
    let world = World::with_grant(mins(50), HOUR).await;
    world.provider.habit(Some(page(
        200,
        "<html><title>Hotel Wi-Fi</title><form>Room</form></html>",
    )));
    world.pass(HOUR * 5).await;
    let row = world.row("work");
    assert_eq!(row.verdict, Some(Verdict::Wait));
    assert_eq!(world.engine().status().notice, None);
    assert_eq!(world.stored("work").expect("kept").generation, 1);
    world.provider.habit(None);
    world.pass(mins(16)).await;
    assert_eq!(world.row("work").state, AccountState::Ok);
}

#[tokio::test(start_paused = true)]
async fn an_unknown_refusal_asks_only_when_it_persists() {
    let world = World::with_grant(mins(59), HOUR).await;
    world
        .provider
        .habit(Some(refusal(400, "computer_says_no", "No.")));
    world.pass(mins(20)).await;
    let row = world.row("work");
    assert_eq!((row.state, row.incident), (AccountState::Unclear, None));
    assert!(row.asks_at.is_some());
    assert_eq!(world.engine().status().notice, None);
    world.pass(mins(45)).await;
    assert_eq!(world.row("work").state, AccountState::SignInNeeded);
    assert!(world.engine().status().notice.is_some());
}

#[tokio::test(start_paused = true)]
async fn a_laptop_that_slept_for_a_night_refreshes_after_it_woke() {
    let world = World::with_grant(mins(5), HOUR).await;
    world.clock.suspend(HOUR * 9);
    world.pass(mins(2)).await;
    assert_eq!(
        (world.provider.count(), world.row("work").state),
        (1, AccountState::Ok)
    );
    assert!(world.kinds().contains(&HistoryKind::Woke));
}

#[tokio::test(start_paused = true)]
async fn an_account_without_a_refresh_token_is_told_only_when_a_tool_asked() {
    let mut lone = grant(mins(50), HOUR);
    lone.refresh_token = None;
    let mut world = World::new([(account("work"), Some(lone))]);
    world.start().await;
    world.pass(mins(30)).await;
    assert_eq!(world.row("work").state, AccountState::SignInNeeded);
    assert_eq!(world.engine().status().notice, None);
    let problem = world.token("work", 0).await.expect_err("over");
    assert_eq!(
        (problem.code, problem.has_refresh_token),
        (Code::ReauthRequired, Some(false))
    );
    world.pass(secs(1)).await;
    assert!(world.engine().status().notice.is_some());
    assert_eq!(world.provider.count(), 0);
}

#[tokio::test(start_paused = true)]
async fn later_withdraws_and_reminds_once_after_a_day_if_a_tool_was_refused() {
    let world = World::with_grant(mins(59), HOUR).await;
    world.provider.habit(Some(refusal(
        400,
        "invalid_grant",
        "refresh token has been revoked",
    )));
    world.pass(mins(3)).await;
    let notice = world.engine().status().notice.expect("told");
    world
        .engine()
        .notice_shown(&notice.id)
        .await
        .expect("shown");
    world
        .engine()
        .incident_later(&notice.incidents[0])
        .await
        .expect("later");
    world.pass(HOUR * 30).await;
    assert_eq!(world.engine().status().notice, None, "no tool asked");
    let _ = world.token("work", 0).await;
    world.pass(secs(5)).await;
    let reminder = world.engine().status().notice.expect("the one reminder");
    assert!(!reminder.shown);
    world
        .engine()
        .notice_shown(&reminder.id)
        .await
        .expect("shown");
    world.pass(HOUR * 60).await;
    assert!(world.engine().status().notice.expect("stands").shown);
    let told = world
        .kinds()
        .iter()
        .filter(|k| **k == HistoryKind::Notified)
        .count();
    assert_eq!(told, 2);
}
