//! When a refusal is certain: confirmed, counted over restarts, and told while it is pending.

use tokentray::{
    api::{problem::Code, types::AccountState},
    domain::{
        account::RefreshWhen,
        cause::Cause,
        grant::ExpiresSource,
        history::HistoryKind,
        reply::{Sent, TransportKind},
    },
    io::wake::WakeSignal,
};

use super::{
    mins, revoked, secs,
    world::{Answer, HOUR, World, account, begin, grant, refusal},
};

fn no() -> Answer {
    refusal(400, "computer_says_no", "No.")
}

/// Minutes since the world began.
fn minute(world: &World) -> i64 {
    use tokentray::io::clock::Clock;
    (world.clock.now().wall - begin()).num_minutes()
}

async fn until_asked(world: &World, most: i64) -> i64 {
    while world.row("work").state != AccountState::SignInNeeded {
        assert!(minute(world) < most, "not asked in time\n{}", world.story());
        world.pass(secs(20)).await;
    }
    minute(world)
}

async fn crash(world: &mut World) {
    world.engine().shut_down().await;
    world.start().await;
}

#[tokio::test(start_paused = true)]
async fn a_crash_loop_neither_hurries_a_confirmation_nor_forgets_it() {
    let mut world = World::with_grant(mins(40), HOUR).await;
    world.provider.habit(Some(revoked()));
    while world.provider.count() == 0 {
        world.pass(secs(1)).await;
    }
    world.pass(secs(3)).await;
    let row = world.row("work");
    assert_eq!(row.state, AccountState::Waiting);
    // One table tells it to window, command line and API; nothing is to be done yet.
    let told = row.told.expect("in words");
    assert_eq!(
        (told.next.as_str(), told.you.as_str()),
        (
            "Tokentray keeps the grant and asks once more; only if it persists it asks you to sign in again.",
            "Nothing is to be done now."
        )
    );
    assert_eq!(row.action, Some(tokentray::domain::cause::Action::Wait));
    let at = row.asks_at.expect("told").format("%H:%M");
    assert_eq!(
        row.message,
        format!(
            "The provider refused: the refresh token is no longer accepted; you will be asked at {at} if it persists"
        )
    );
    // Started anew every twelve seconds: each start would have tried again at once.
    crash(&mut world).await;
    world.pass(secs(12)).await;
    assert_eq!(
        (world.provider.count(), &world.row("work").incident),
        (1, &None)
    );
    for _ in 0..4 {
        crash(&mut world).await;
        world.pass(secs(12)).await;
    }
    assert_eq!(world.provider.count(), 2, "{}", world.story());
    assert_eq!(world.row("work").state, AccountState::SignInNeeded);
}

#[tokio::test(start_paused = true)]
async fn an_unclear_refusal_is_timed_over_a_crash_loop() {
    let mut world = World::with_grant(mins(60), HOUR).await;
    world.provider.habit(Some(no()));
    let mut asked = None;
    for _ in 0..30 {
        world.pass(mins(3)).await;
        if world.row("work").state == AccountState::SignInNeeded {
            asked = Some(minute(&world));
            break;
        }
        crash(&mut world).await;
    }
    let asked = asked.unwrap_or_else(|| panic!("never asked\n{}", world.story()));
    assert!((30..=60).contains(&asked), "asked after {asked} min");
    assert!(
        (3..=5).contains(&world.provider.count()),
        "{}",
        world.story()
    );
}

#[tokio::test(start_paused = true)]
async fn an_unclear_refusal_says_when_it_will_ask_and_keeps_to_it() {
    let world = World::with_grant(mins(60), HOUR).await;
    world.provider.habit(Some(no()));
    world.pass(mins(15)).await;
    let row = world.row("work");
    let at = row.asks_at.expect("told").timestamp() - begin().timestamp();
    let clock = (begin() + chrono::TimeDelta::seconds(at)).format("%H:%M");
    assert_eq!(
        row.message,
        format!(
            "The provider refused for an unknown reason: “No”; refused twice, you will be asked at {clock} if it persists"
        )
    );
    let asked = until_asked(&world, 60).await;
    assert!(
        (asked - at / 60).abs() <= 1,
        "said {} min, asked after {asked}",
        at / 60
    );
}

#[tokio::test(start_paused = true)]
async fn time_asleep_or_offline_does_not_count_towards_asking() {
    for offline in [false, true] {
        let world = World::with_grant(mins(60), HOUR).await;
        world.provider.habit(Some(no()));
        world.pass(mins(1)).await;
        assert_eq!(world.provider.count(), 1);
        // Two hours in which nobody could have been helped.
        if offline {
            world.signal(WakeSignal::NetworkDown).await;
            world
                .provider
                .habit(Some(Answer::Fails(TransportKind::Connect, Sent::Never)));
            world.pass(HOUR * 2).await;
            world.provider.habit(Some(no()));
            world.signal(WakeSignal::NetworkUp).await;
        } else {
            world.clock.suspend(HOUR * 2);
        }
        let asked = until_asked(&world, 240).await;
        assert!(
            asked >= 149,
            "asked after {asked} min, offline {offline}\n{}",
            world.story()
        );
    }
}

#[tokio::test(start_paused = true)]
async fn accounts_at_one_host_that_are_refused_alike_are_given_six_hours() {
    let mut world = World::new([
        (account("work"), Some(grant(mins(60), HOUR))),
        (account("home"), Some(grant(mins(60), HOUR))),
    ]);
    world.provider.habit(Some(no()));
    world.start().await;
    world.pass(mins(45)).await;
    let row = world.row("work");
    assert_eq!(row.state, AccountState::Unclear);
    let at = (row.asks_at.expect("told") - begin()).num_minutes();
    assert!((350..=430).contains(&at), "said {at}");
    let asked = until_asked(&world, 480).await;
    assert!(asked >= 360, "asked after {asked} min\n{}", world.story());
}

#[tokio::test(start_paused = true)]
async fn an_outage_before_a_refusal_changes_none_of_its_pauses() {
    let world = World::with_grant(mins(55), HOUR).await;
    world
        .provider
        .habit(Some(Answer::Fails(TransportKind::Connect, Sent::Never)));
    world.pass(HOUR * 2).await;
    for (answer, state, most) in [
        (no(), AccountState::Unclear, 11),
        (
            refusal(401, "invalid_client", "The client secret is wrong."),
            AccountState::FixSetup,
            2,
        ),
    ] {
        world.provider.habit(Some(answer));
        while world.row("work").state != state {
            world.pass(secs(10)).await;
        }
        let next = world.row("work").next_refresh_at.expect("planned");
        let at = (next - begin()).num_minutes() - minute(&world);
        assert!(at <= most, "{at} min");
    }
}

#[tokio::test(start_paused = true)]
async fn setup_is_tried_again_at_once_after_an_edit_or_another_network() {
    let world = World::with_grant(mins(60), HOUR).await;
    let wrong = refusal(401, "invalid_client", "The client secret is wrong.");
    world.provider.habit(Some(wrong));
    world.pass(HOUR * 3).await;
    // 1 min doubling to an hour: seven tries in about two hours, then hourly.
    let before = world.provider.count();
    assert!((7..=9).contains(&before), "{before}");
    world.signal(WakeSignal::NetworkUp).await;
    world.pass(secs(2)).await;
    assert_eq!(world.provider.count(), before + 1);
    let edit = serde_json::from_value(serde_json::json!({"scopes": ["read", "write"]}));
    let edit = edit.expect("a patch");
    world
        .engine()
        .edit_account("work", edit)
        .await
        .expect("edited");
    world.pass(secs(2)).await;
    assert_eq!(world.provider.count(), before + 2);
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_is_known_to_refuse_falsely_is_asked_more_often() {
    let mut account = account("work");
    account.provider = Some("salesforce".into());
    let mut world = World::new([(account, Some(grant(mins(40), HOUR)))]);
    world.provider.habit(Some(revoked()));
    world.start().await;
    while world.provider.count() < 2 {
        world.pass(secs(1)).await;
    }
    world.pass(secs(5)).await;
    let row = world.row("work");
    assert_eq!(row.incident, None);
    let at = row.asks_at.expect("told").format("%H:%M");
    assert!(
        row.message.ends_with(&format!(
            "; refused twice, you will be asked at {at} if it persists"
        )),
        "{}",
        row.message
    );
    world.pass(mins(12)).await;
    assert_eq!(world.provider.count(), 3);
    assert_eq!(world.row("work").state, AccountState::SignInNeeded);
}

#[tokio::test(start_paused = true)]
async fn a_refresh_token_that_was_used_twice_is_never_probed() {
    let world = World::with_grant(mins(40), HOUR).await;
    let used = refusal(400, "invalid_grant", "refresh token already used");
    world.provider.habit(Some(used));
    world.pass(HOUR * 72).await;
    let row = world.row("work");
    assert_eq!(row.cause, Some(Cause::RefreshTokenReused));
    assert_eq!(
        (row.state, row.next_refresh_at),
        (AccountState::SignInNeeded, None)
    );
    assert_eq!(world.provider.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_assumed_end_is_no_end_for_a_prompt() {
    let mut unsaid = grant(mins(10), mins(15));
    unsaid.expires_source = ExpiresSource::Assumed;
    let mut world = World::new([(account("work"), Some(unsaid))]);
    world.provider.habit(Some(revoked()));
    world.start().await;
    world.pass(HOUR).await;
    assert_eq!(world.row("work").state, AccountState::SignInNeeded);
    assert_eq!(world.engine().status().notice, None);
    let token = world.token("work", 0).await.expect("perhaps still good");
    assert!(token.short);
    // A tool knows better, although nothing is sent for it any more.
    let problem = world.rejected("work", "access-0").await.expect_err("over");
    assert_eq!(problem.code, Code::ReauthRequired);
    world.pass(secs(1)).await;
    assert!(world.engine().status().notice.is_some());
    let problem = world.token("work", 0).await.expect_err("over");
    assert_eq!(problem.code, Code::ReauthRequired);
}

#[tokio::test(start_paused = true)]
async fn a_token_that_a_lost_refresh_may_have_voided_counts_as_over() {
    for (preset, told) in [(None, false), (Some("gitlab"), true)] {
        let voids = preset
            .and_then(tokentray::domain::provider::by_key)
            .is_some_and(|p| p.voids_access_token == Some(true));
        let mut account = account("work");
        account.provider = preset.map(str::to_owned);
        let mut world = World::new([(account, Some(grant(mins(10), HOUR * 3)))]);
        world.start().await;
        world.provider.will([
            Answer::Fails(TransportKind::Reset, Sent::Maybe),
            refusal(400, "invalid_grant", "Token is not active"),
        ]);
        let person = tokentray::engine::Caller {
            program: None,
            pid: None,
            person: true,
        };
        world
            .engine()
            .refresh("work", person)
            .await
            .expect_err("refused");
        world.pass(secs(15)).await;
        assert_eq!(world.row("work").state, AccountState::SignInNeeded);
        assert_eq!(voids, told, "the row of the provider");
        assert_eq!(world.engine().status().notice.is_some(), told, "{preset:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_tool_that_asked_before_a_restart_still_counts() {
    let mut lone = grant(mins(50), HOUR);
    lone.refresh_token = None;
    let mut world = World::new([(account("work"), Some(lone))]);
    world.start().await;
    world.signal(WakeSignal::SessionAway).await;
    world.pass(mins(30)).await;
    world.token("work", 0).await.expect_err("over");
    world.pass(secs(1)).await;
    crash(&mut world).await;
    world.pass(secs(1)).await;
    assert!(world.engine().status().notice.is_some());
}

#[tokio::test(start_paused = true)]
async fn an_account_that_is_refreshed_when_used_rests_until_it_is_used() {
    let mut rarely = account("work");
    rarely.refresh = RefreshWhen::WhenUsed;
    let mut world = World::new([(rarely, Some(grant(mins(61), HOUR)))]);
    world.start().await;
    world
        .provider
        .habit(Some(Answer::Fails(TransportKind::Connect, Sent::Never)));
    world.token("work", 20).await.expect_err("unreachable");
    let before = world.provider.count();
    world.pass(HOUR * 5).await;
    assert_eq!(world.provider.count(), before);
    world.provider.habit(None);
    world.token("work", 20).await.expect("used again");
}

#[tokio::test(start_paused = true)]
async fn a_retry_after_binds_over_a_restart() {
    let mut world = World::with_grant(mins(61), HOUR).await;
    let limited = Answer::Http {
        status: 429,
        headers: vec![
            ("retry-after", "600".into()),
            ("content-type", "application/json".into()),
        ],
        body: r#"{"error":"slow_down"}"#.into(),
    };
    world.provider.will([limited]);
    world.pass(secs(20)).await;
    assert_eq!(world.provider.count(), 1);
    crash(&mut world).await;
    world.pass(mins(9)).await;
    assert_eq!(world.provider.count(), 1);
    world.pass(mins(2)).await;
    assert_eq!(world.row("work").state, AccountState::Ok);
}

#[tokio::test(start_paused = true)]
async fn a_wanted_nonce_is_answered_by_one_more_request_at_once() {
    let world = World::with_grant(mins(40), HOUR).await;
    let nonce = || refusal(400, "use_dpop_nonce", "nonce required");
    world.provider.will([nonce(), nonce()]);
    while world.provider.count() == 0 {
        world.pass(secs(1)).await;
    }
    world.pass(secs(1)).await;
    assert_eq!(world.provider.count(), 2);
    assert_eq!(world.row("work").state, AccountState::Waiting);
    world.pass(secs(20)).await;
    assert_eq!(world.provider.count(), 2);
    // Nothing was spent: a refusal after it is not taken for a lost reply.
    world.provider.habit(Some(revoked()));
    world.pass(secs(15)).await;
    assert_eq!(world.provider.count(), 3);
    assert_eq!(world.row("work").incident, None);
}

#[tokio::test(start_paused = true)]
async fn what_all_accounts_mean_is_said_only_when_it_differs() {
    use tokentray::api::types::Event;
    let mut world = World::new([
        (account("work"), Some(grant(mins(10), HOUR))),
        (account("away"), None),
        (account("setup"), Some(grant(mins(61), HOUR))),
    ]);
    let wrong = refusal(401, "invalid_client", "The client secret is wrong.");
    world.provider.will([wrong]);
    world.start().await;
    world.pass(secs(30)).await;
    assert_eq!(world.row("setup").state, AccountState::FixSetup);
    let (_, mut live) = world.engine().events(None);
    let person = tokentray::engine::Caller {
        person: true,
        ..tokentray::engine::Caller::default()
    };
    world
        .engine()
        .refresh("work", person)
        .await
        .expect("refreshed");
    world.pass(secs(1)).await;
    let (mut rows, mut overall) = (0, 0);
    while let Ok((_, event)) = live.try_recv() {
        rows += usize::from(matches!(event, Event::Account { .. }));
        overall += usize::from(matches!(event, Event::Overall { .. }));
    }
    assert!(rows >= 2, "{rows}");
    assert_eq!(overall, 0, "the worst stays what it was");
}

#[tokio::test(start_paused = true)]
async fn an_open_intent_backs_off_over_a_crash_loop() {
    let mut world = World::with_grant(mins(50), HOUR).await;
    let lost = Answer::Fails(TransportKind::Timeout, Sent::Maybe);
    world.provider.habit(Some(lost));
    for _ in 0..60 {
        world.pass(secs(20)).await;
        crash(&mut world).await;
    }
    let count = world.provider.count();
    // Twenty minutes: four at once, then 30 s doubling; each start may take up its quick tries.
    assert!(
        (5..=16).contains(&count),
        "{count} requests in twenty minutes"
    );
    assert!(!world.kinds().contains(&HistoryKind::SignInNeeded));
    assert_eq!(
        world.row("work").cause,
        Some(Cause::NetworkTimeout).filter(|_| world.row("work").cause.is_some())
    );
}
