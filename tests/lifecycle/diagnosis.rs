//! What surrounds a failure is told with it, and never makes a prompt come sooner.

use tokentray::{
    api::types::AccountState,
    domain::{
        cause::{Cause, Verdict},
        diagnosis::Connectivity,
        grant::Grant,
        reply::{Sent, TransportKind},
    },
    io::wake::WakeSignal,
};

use super::{
    mins, secs,
    world::{Answer, ENDPOINT, HOUR, ISSUER, World, account, grant, page},
};

fn unreachable() -> Answer {
    Answer::Fails(TransportKind::Connect, Sent::Never)
}

fn of_issuer() -> Grant {
    let mut grant = grant(mins(40), HOUR);
    grant.binding.issuer = Some(ISSUER.into());
    grant
}

#[tokio::test(start_paused = true)]
async fn the_surroundings_of_a_silent_provider_are_told() {
    for (signal, cause, told) in [
        (
            WakeSignal::NetworkDown,
            Cause::NetworkConnect,
            "Waiting: the provider cannot be reached; this computer has no network.",
        ),
        (
            WakeSignal::Connectivity(Connectivity::Limited),
            Cause::NetworkConnect,
            "Waiting: the provider cannot be reached; this network does not reach the internet.",
        ),
        (
            WakeSignal::Connectivity(Connectivity::Full),
            Cause::NetworkConnect,
            "Waiting: the provider cannot be reached; the network works, so the fault is at the provider.",
        ),
        (
            WakeSignal::Connectivity(Connectivity::Portal),
            Cause::CaptivePortal,
            "Waiting: this network wants you to open its welcome page first.",
        ),
    ] {
        let world = World::with_grant(mins(40), HOUR).await;
        world.signal(signal).await;
        world.provider.habit(Some(unreachable()));
        while world.row("work").state != AccountState::Waiting {
            world.pass(secs(1)).await;
        }
        let row = world.row("work");
        assert_eq!(row.cause, Some(cause));
        assert!(row.message.starts_with(told), "{}", row.message);
        assert_eq!(row.verdict, Some(Verdict::Wait));
    }
}

#[tokio::test(start_paused = true)]
async fn nobody_is_told_to_sign_in_behind_a_portal() {
    let world = World::with_grant(mins(59), HOUR).await;
    world.signal(WakeSignal::SessionAway).await;
    world.provider.habit(Some(super::revoked()));
    world.pass(mins(5)).await;
    world
        .signal(WakeSignal::Connectivity(Connectivity::Portal))
        .await;
    world.signal(WakeSignal::SessionBack).await;
    world.pass(mins(5)).await;
    assert_eq!(world.row("work").state, AccountState::SignInNeeded);
    assert_eq!(world.engine().status().notice, None);
    world
        .signal(WakeSignal::Connectivity(Connectivity::Full))
        .await;
    world.pass(secs(30)).await;
    assert!(world.engine().status().notice.is_some());
}

#[tokio::test(start_paused = true)]
async fn only_the_accounts_own_issuer_is_asked_whether_it_is_there() {
    let mut world = World::new([(account("work"), Some(of_issuer()))]);
    world.provider.says_its_endpoint_is(ENDPOINT);
    world.provider.habit(Some(page(503, "<h1>Down</h1>")));
    world.start().await;
    world.pass(mins(15)).await;
    let row = world.row("work");
    assert_eq!(row.cause, Some(Cause::ServerError));
    assert!(
        row.message
            .contains("the provider's other addresses answer"),
        "{}",
        row.message
    );
    world.pass(HOUR * 3).await;
    let fetched = world.provider.fetched.lock().expect("fetched").clone();
    assert!((1..=5).contains(&fetched.len()), "{fetched:?}");
    assert!(fetched.iter().all(|url| url.starts_with(ISSUER)));
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_moves_by_validated_discovery_of_the_same_issuer_only() {
    const MOVED: &str = "https://id.example.com/v2/token";
    for (issuer, moves) in [
        (Some(ISSUER), true),
        (Some("https://other.example"), false),
        (None, false),
    ] {
        let mut bound = of_issuer();
        bound.binding.issuer = issuer.map(str::to_owned);
        let mut world = World::new([(account("work"), Some(bound))]);
        world.provider.says_its_endpoint_is(MOVED);
        world.provider.will([page(404, "<h1>Not found</h1>")]);
        world.start().await;
        while world.provider.count() < 2 {
            world.pass(secs(1)).await;
        }
        world.pass(secs(1)).await;
        let sent: Vec<String> = world
            .provider
            .requests()
            .into_iter()
            .map(|r| r.url)
            .collect();
        let second = if moves { MOVED } else { ENDPOINT };
        assert_eq!(sent, [ENDPOINT, second]);
        let stored = world.stored("work").expect("renewed");
        assert_eq!(stored.binding.token_endpoint, second);
    }
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_hours_off_is_told_and_asks_nobody() {
    let mut world = World::new([
        (account("work"), Some(grant(mins(40), HOUR))),
        (account("home"), Some(grant(mins(30), HOUR))),
    ]);
    let dated = Answer::Http {
        status: 200,
        headers: vec![
            ("content-type", "application/json".into()),
            ("date", "Fri, 20 Nov 2026 18:00:00 GMT".into()),
        ],
        body: r#"{"access_token":"new","refresh_token":"refresh-1","expires_in":3600}"#.into(),
    };
    world.provider.will([dated]);
    world.start().await;
    world.pass(mins(12)).await;
    assert_eq!(world.provider.count(), 1);
    let doctor = world.engine().doctor().await.expect("findings");
    let clock = doctor.iter().find(|f| f.about == "clock").expect("told");
    assert!(clock.found.contains("behind"), "{}", clock.found);
    // A certificate that is refused now is refused for the clock.
    world
        .provider
        .habit(Some(Answer::Fails(TransportKind::Tls, Sent::Never)));
    world.pass(mins(10)).await;
    let row = world.row("home");
    assert_eq!(
        (row.cause, row.verdict),
        (Some(Cause::ClockWrong), Some(Verdict::Wait))
    );
    assert_eq!(world.engine().status().notice, None);
}

#[tokio::test(start_paused = true)]
async fn what_is_being_tried_again_is_not_said_to_be_left_alone() {
    let world = World::with_grant(mins(50), HOUR).await;
    world.provider.habit(Some(unreachable()));
    while world.row("work").state != AccountState::Waiting {
        world.pass(secs(1)).await;
    }
    let planned = world.row("work").next_refresh_at.expect("a plan");
    let silent = Answer::After(secs(20), Box::new(unreachable()));
    world.provider.habit(Some(silent));
    let before = world.provider.count();
    while world.provider.count() == before {
        world.pass(secs(1)).await;
    }
    let row = world.row("work");
    assert_eq!(row.state, AccountState::Waiting);
    assert_eq!(row.next_refresh_at, Some(planned));
    assert_eq!(
        row.message,
        "Waiting: the provider cannot be reached. Trying now."
    );
}
