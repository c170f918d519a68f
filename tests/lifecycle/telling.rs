//! How several accounts are told: one notification for all, which another account joins.

use tokentray::domain::{history::HistoryKind, secret::Secret};

use super::{
    mins, refusal, secs,
    world::{Answer, HOUR, World, account, begin, grant},
};

const WHY: &str = "The refresh token was used twice.";

/// Refused for good, without a confirmation, after so long.
fn refused_after(seconds: u64) -> Answer {
    let used = refusal(400, "invalid_grant", "refresh token already used");
    Answer::After(secs(seconds), Box::new(used))
}

/// Three whose tokens end in five minutes, and one whose token ends in fifty; not started yet.
fn world() -> World {
    World::new(["a", "b", "c", "late"].map(|name| {
        let mut grant = grant(mins(if name == "late" { 10 } else { 55 }), HOUR);
        grant.refresh_token = Some(Secret::new(format!("refresh-{name}")));
        (account(name), Some(grant))
    }))
}

/// A presenter for so long: title and body of each notification that it showed or replaced.
async fn shown(world: &World, seconds: u64) -> Vec<(String, String)> {
    let mut shown = Vec::new();
    for _ in 0..seconds {
        world.pass(secs(1)).await;
        if let Some(notice) = world.engine().status().notice.filter(|n| !n.shown) {
            world
                .engine()
                .notice_shown(&notice.id)
                .await
                .expect("acknowledged");
            shown.push((notice.title, notice.body));
        }
    }
    shown
}

fn needed(names: &[&str]) -> (String, String) {
    let lines: Vec<String> = names.iter().map(|name| format!("{name}: {WHY}")).collect();
    (
        format!("{} accounts need you", names.len()),
        lines.join("\n"),
    )
}

fn times_of(world: &World, kind: HistoryKind) -> Vec<i64> {
    let entries = world.history.0.lock().expect("history");
    entries
        .iter()
        .filter(|entry| entry.kind == kind)
        .map(|entry| (entry.at - begin()).num_seconds())
        .collect()
}

#[tokio::test(start_paused = true)]
async fn those_that_die_within_ten_seconds_are_one_notification_and_one_that_dies_later_joins_it() {
    let mut world = world();
    world.provider.habit(Some(refused_after(4)));
    world.start().await;
    assert_eq!(shown(&world, 600).await, [needed(&["a", "b", "c"])]);
    let died = times_of(&world, HistoryKind::SignInNeeded);
    assert!(
        died.len() == 3 && died[0] < died[2],
        "not all at one moment: {died:?}"
    );
    assert_eq!(
        shown(&world, 3000).await,
        [needed(&["a", "b", "c", "late"])]
    );
    // Each was told once, by whichever of the two named it first.
    assert_eq!(times_of(&world, HistoryKind::Notified).len(), 4);
}

#[tokio::test(start_paused = true)]
async fn one_that_is_still_being_refreshed_holds_the_notification_up_for_ten_seconds_only() {
    let mut world = world();
    world.provider.habit(Some(refused_after(1)));
    world.provider.always("refresh-c", refused_after(28));
    world.start().await;
    assert_eq!(
        shown(&world, 600).await,
        [needed(&["a", "b"]), needed(&["a", "b", "c"])]
    );
    let died = times_of(&world, HistoryKind::SignInNeeded);
    let told = times_of(&world, HistoryKind::Notified);
    let waited = told[0] - died[0];
    assert!((10..=11).contains(&waited), "{waited} s");
    assert!(told[0] < died[2], "{}", world.story());
}

#[tokio::test(start_paused = true)]
async fn those_whose_refusals_are_confirmed_one_after_the_other_are_one_notification() {
    let mut world = World::new([("a", 8), ("b", 0)].map(|(name, age)| {
        let mut grant = grant(secs(age), mins(10));
        grant.refresh_token = Some(Secret::new(format!("refresh-{name}")));
        (account(name), Some(grant))
    }));
    world
        .provider
        .habit(Some(refusal(400, "invalid_grant", "token was revoked")));
    world.start().await;
    let told = shown(&world, 600).await;
    let died = times_of(&world, HistoryKind::SignInNeeded);
    let apart = died[1] - died[0];
    assert!((1..10).contains(&apart), "{apart} s");
    assert_eq!(told.len(), 1, "{told:#?}");
    assert_eq!(told[0].0, "2 accounts need you");
    let waited = times_of(&world, HistoryKind::Notified)[0] - died[1];
    assert!((0..=1).contains(&waited), "{waited} s");
}
