//! The machine that sleeps, wakes and looks for its network; and what is asked while it loads.

use std::time::Duration;

use tokentray::{
    api::{problem::Code, types::AccountState},
    domain::{
        history::HistoryKind,
        reply::{Sent, TransportKind},
        secret::Secret,
    },
    io::wake::WakeSignal,
};

use super::{
    mins, secs,
    world::{Answer, HOUR, World, account, grant, id_of, refusal},
};

#[tokio::test(start_paused = true)]
async fn after_a_resume_the_network_is_waited_for_and_accounts_follow_one_another() {
    let names = ["one", "two", "three", "four", "five"];
    let mut world = World::new(names.map(|name| (account(name), Some(grant(mins(5), HOUR)))));
    world.start().await;
    world.signal(WakeSignal::Sleeping).await;
    world.signal(WakeSignal::NetworkDown).await;
    world.pass(secs(1)).await;
    world.clock.suspend(HOUR * 9);
    world.signal(WakeSignal::Resumed).await;
    world.pass(secs(20)).await;
    assert_eq!(
        world.provider.count(),
        0,
        "nothing is sent without a network"
    );
    world.signal(WakeSignal::NetworkUp).await;
    world.pass(secs(4)).await;
    assert_eq!(world.provider.count(), 0, "nor in its first seconds");
    let mut seen = Vec::new();
    for _ in 0..20 {
        world.pass(secs(1)).await;
        seen.push(world.provider.count());
    }
    assert_eq!(seen.last(), Some(&5));
    let steps = seen.windows(2).map(|pair| pair[1] - pair[0]);
    assert!(steps.max().expect("steps") <= 2, "all at once: {seen:?}");
}

#[tokio::test(start_paused = true)]
async fn a_resume_without_any_word_of_a_network_goes_on_after_a_minute() {
    let world = World::with_grant(mins(5), HOUR).await;
    world.signal(WakeSignal::NetworkDown).await;
    world.pass(secs(1)).await;
    world.clock.suspend(HOUR * 9);
    world.pass(mins(2)).await;
    assert_eq!(world.row("work").state, AccountState::Ok);
}

#[tokio::test(start_paused = true)]
async fn a_gap_and_a_signal_tell_of_one_wake() {
    let world = World::with_grant(mins(5), HOUR).await;
    let woke = |world: &World| {
        let kinds = world.kinds();
        kinds.iter().filter(|k| **k == HistoryKind::Woke).count()
    };
    for nights in 1..4 {
        world.signal(WakeSignal::Sleeping).await;
        world.pass(secs(1)).await;
        world.clock.suspend(HOUR * 9);
        world.pass(secs(31)).await;
        world.signal(WakeSignal::Resumed).await;
        world.pass(mins(5)).await;
        assert_eq!(woke(&world), nights);
    }
}

#[tokio::test(start_paused = true)]
async fn failures_of_the_first_minute_after_a_wake_close_no_host() {
    let names = ["one", "two", "three"];
    let mut world = World::new(names.map(|name| (account(name), Some(grant(mins(5), HOUR)))));
    world.start().await;
    world.clock.suspend(HOUR * 9);
    world
        .provider
        .habit(Some(Answer::Fails(TransportKind::Dns, Sent::Never)));
    world.pass(secs(50)).await;
    world.provider.habit(None);
    world.pass(secs(25)).await;
    for name in names {
        assert_eq!(world.row(name).state, AccountState::Ok, "{}", world.story());
    }
}

#[tokio::test(start_paused = true)]
async fn who_asks_while_the_store_is_read_is_told_so_and_a_401_is_remembered() {
    let mut world = World::new([(account("work"), Some(grant(mins(5), HOUR)))]);
    *world.vault.takes.lock().expect("takes") = secs(3);
    world.start().await;
    let problem = world.token("work", 1).await.expect_err("not read yet");
    assert_eq!((problem.code, problem.exit_code()), (Code::Loading, 4));
    let token = world
        .rejected("work", "access-0")
        .await
        .expect("a newer one");
    assert_eq!(token.access_token, "access-1");
    assert!(world.kinds().contains(&HistoryKind::Rejected));
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_set_ahead_ends_no_id_token() {
    use tokentray::api::types::TokenQuery;
    let mut with_id = grant(mins(5), HOUR);
    with_id.id_token = Some(Secret::new("id-0"));
    with_id.id_token_expires_at = with_id.expires_at;
    let mut world = World::new([(account("work"), Some(with_id))]);
    world.start().await;
    world.clock.jump(chrono::TimeDelta::days(1));
    let query = || TokenQuery {
        kind: Some("id".into()),
        wait: Some(0),
        ..TokenQuery::default()
    };
    let tool = tokentray::engine::Caller::default();
    let token = world.engine().token("work", query(), tool.clone()).await;
    assert_eq!(token.expect("still good").access_token, "id-0");
    world.clock.jump(-chrono::TimeDelta::days(2));
    world
        .provider
        .habit(Some(Answer::Fails(TransportKind::Connect, Sent::Never)));
    world.pass(Duration::from_secs(3_400)).await;
    let late = world.engine().token("work", query(), tool).await;
    late.expect_err("over, whatever the clock says");
}

#[tokio::test(start_paused = true)]
async fn what_was_read_by_a_clock_that_was_behind_is_renewed_when_it_is_set_right() {
    let behind = chrono::TimeDelta::hours(2);
    // At a start, and where another program stored it.
    for adopted in [false, true] {
        let mut old = grant(HOUR * 3, HOUR * 4);
        let world = if adopted {
            let world = World::with_grant(mins(59), HOUR).await;
            world.clock.jump(-behind);
            let used = refusal(400, "invalid_grant", "refresh token already used");
            world
                .provider
                .will([Answer::After(Duration::from_secs(1), Box::new(used))]);
            while world.provider.count() == 0 {
                world.pass(Duration::from_millis(100)).await;
            }
            old.generation = 2;
            old.access_token = Secret::new("theirs");
            world.vault.put(&id_of("work"), old);
            world
        } else {
            let mut world = World::new([(account("work"), Some(old))]);
            world.clock.jump(-behind);
            world.start().await;
            world
        };
        world.pass(mins(30)).await;
        let before = world.provider.count();
        assert_eq!(before, usize::from(adopted), "it seems good for hours");
        world.clock.jump(behind);
        world.pass(mins(1)).await;
        assert_eq!(world.provider.count(), before + 1, "half an hour is left");
        let token = world.token("work", 0).await.expect("renewed");
        assert_eq!(token.access_token, format!("access-{}", before + 1));
    }
}

#[tokio::test(start_paused = true)]
async fn what_came_while_the_clock_was_ahead_is_read_by_its_true_age_after_a_restart() {
    let ahead = chrono::TimeDelta::minutes(30);
    let mut world = World::with_grant(mins(49), HOUR).await;
    world.clock.jump(ahead);
    while world.provider.count() == 0 {
        world.pass(secs(1)).await;
    }
    world.clock.jump(-ahead);
    world.pass(mins(40)).await;
    world.engine().shut_down().await;
    world.start().await;
    world.pass(mins(10)).await;
    let counted = world.provider.count();
    assert_eq!(counted, 2, "ten minutes before its true end");
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_set_ahead_renews_what_was_read_and_ends_nothing() {
    let world = World::with_grant(mins(5), HOUR).await;
    world
        .provider
        .habit(Some(Answer::Fails(TransportKind::Connect, Sent::Never)));
    world.clock.jump(chrono::TimeDelta::days(1));
    world.pass(mins(2)).await;
    assert!(world.provider.count() > 0, "perhaps it is over");
    let token = world.token("work", 0).await.expect("perhaps it is not");
    assert_eq!(
        (token.access_token.as_str(), token.short),
        ("access-0", true)
    );
    assert_eq!(world.engine().status().notice, None);
    world.pass(HOUR).await;
    world.token("work", 0).await.expect_err("over by both");
}
