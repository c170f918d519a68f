//! What a person may wish for all accounts: no notifications, and how early tokens are refreshed.

use serde_json::{Value, json};
use tokentray::{
    api::types::{AccountState, TrayShape},
    domain::history::HistoryKind,
};

use super::{
    mins, refusal, secs,
    world::{HOUR, World, begin},
};

async fn wish(world: &World, name: &str, value: Value) {
    let patch = json!({ name: value });
    let patch = patch.as_object().expect("an object").clone();
    world.engine().edit_settings(patch).await.expect("saved");
    world.pass(secs(1)).await;
}

#[tokio::test(start_paused = true)]
async fn without_notifications_tray_and_window_still_tell_and_nothing_is_lost_by_it() {
    let world = World::with_grant(mins(59), HOUR).await;
    wish(&world, "notifications", json!(false)).await;
    world.provider.habit(Some(refusal(
        400,
        "invalid_grant",
        "refresh token has been revoked",
    )));
    world.pass(mins(30)).await;
    let status = world.engine().status();
    assert_eq!(status.notice, None);
    assert_eq!(status.tray, TrayShape::NeedsYou);
    assert_eq!(world.row("work").state, AccountState::SignInNeeded);

    // Wanted again: it was never told, so it is told now; and taken back when they are not.
    wish(&world, "notifications", Value::Null).await;
    world.pass(secs(15)).await;
    let notice = world.engine().status().notice.expect("told");
    assert!(!notice.shown);
    wish(&world, "notifications", json!(false)).await;
    assert_eq!(world.engine().status().notice, None);
    assert!(!world.kinds().contains(&HistoryKind::Notified));
}

#[tokio::test(start_paused = true)]
async fn a_wish_for_an_earlier_refresh_moves_the_plan_at_once_and_back() {
    let world = World::with_grant(mins(1), HOUR).await;
    let planned = || {
        let at = world.row("work").next_refresh_at.expect("planned");
        (at - begin()).num_minutes() + 1
    };
    // A fifth of an hour ahead, and a tenth of that to either side.
    assert!((46..=50).contains(&planned()), "{}", planned());
    wish(&world, "refresh_ahead_s", json!(1800)).await;
    assert!((30..=33).contains(&planned()), "{}", planned());
    world.pass(mins(34)).await;
    assert_eq!(world.provider.count(), 1);
    // The next life is planned so, too: never more than half of it ahead.
    wish(&world, "refresh_ahead_s", json!(3600)).await;
    let left = world.row("work").next_refresh_at.expect("planned") - begin();
    assert!(left.num_minutes() > 55, "{left}");
    wish(&world, "refresh_ahead_s", Value::Null).await;
    let left = world.row("work").next_refresh_at.expect("planned") - begin();
    assert!(left.num_minutes() > 70, "{left}");
}
