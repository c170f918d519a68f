//! The main job from end to end: signed in once with a real browser, kept alive by the schedule,
//! revoked by the provider, told once, signed in again.

use std::{thread, time::Duration};

use serde_json::{Value, json};

use crate::support::{
    keyring::{self, Keyring},
    monitor::Monitor,
    notifications::Notifications,
    provider::{self, Provider, State},
    session::Session,
    tokentray::Tokentray,
    wait_for, wait_until,
};

const LIFETIME_S: u32 = 20;

#[test]
fn a_grant_is_kept_alive_and_its_end_is_told_once() {
    let session = Session::start();
    let _keyring = Keyring::unlocked(&session);
    let notifications = Notifications::start(&session);
    let monitor = Monitor::start(&session);
    let provider = Provider::start(&session, LIFETIME_S);
    let tokentray = Tokentray::new(&session);
    let mut daemon = tokentray.daemon();
    let mut presenter = tokentray.tray();
    tokentray.set_browser("ada", "browser-signed-in");

    tokentray.add("work", &provider);
    stays_well_for_five_refreshes(tokentray, &provider);
    the_keychain_holds_the_last_grant(&session, &provider);
    assert_eq!(
        tokentray.files_with(&provider.state().issued),
        Vec::<String>::new()
    );
    assert_eq!(monitor.count("Notify"), 0);

    provider.revoke_everything();
    let notice = notifications.wait_open(Duration::from_secs(90));
    assert!(
        notice.body.contains("work") || notice.title.contains("work"),
        "{notice:?}"
    );
    let refused = tokentray.run(&["token", "work"]);
    assert_eq!(refused.status.code(), Some(3), "{refused:?}");
    assert_eq!(tokentray.state("work"), "sign_in_needed");

    // The button, not the body: the body is another story's.
    let (button, _) = notice
        .actions
        .iter()
        .find(|(key, label)| key != "default" && label.contains("Sign in again"))
        .unwrap_or_else(|| panic!("a button to sign in again: {notice:?}"));
    notifications.press(notice.id, button);
    tokentray.wait_state("work", "ok", Duration::from_mins(1));
    wait_until("the notification is gone", Duration::from_secs(10), || {
        notifications.open().is_empty()
    });
    the_token_is_the_providers(tokentray, &provider);
    the_keychain_holds_the_last_grant(&session, &provider);

    // Well again, and quiet: two more refreshes, and still that one notification.
    let before = provider.state().refreshes().len();
    wait_until("two more refreshes", Duration::from_mins(1), || {
        provider.state().refreshes().len() >= before + 2
    });
    tokentray.wait_state("work", "ok", Duration::from_secs(5));
    assert_eq!(monitor.notifies().len(), 1, "{:#?}", monitor.notifies());
    let issued = provider.state().issued;
    assert_eq!(tokentray.files_with(&issued), Vec::<String>::new());
    assert!(presenter.terminate(Duration::from_secs(15)).success());
    assert!(daemon.terminate(Duration::from_secs(15)).success());
}

#[test]
fn a_notification_without_buttons_says_where_to_sign_in_and_goes_with_a_sign_in_by_a_command() {
    const SOON: Duration = Duration::from_secs(40);
    let session = Session::start();
    let _keyring = Keyring::unlocked(&session);
    let notifications = Notifications::without_buttons(&session);
    let provider = Provider::start(&session, 3600);
    let tokentray = Tokentray::new(&session);
    let mut daemon = tokentray.daemon();
    let mut presenter = tokentray.tray();
    tokentray.set_person("ada");
    let client = ["add", "work", "--client-id", provider::CLIENT_ID];
    let scopes = ["--scope", "openid", "--scope", "offline_access"];
    let at = ["--issuer", &provider.issuer, "--no-sign-in"];
    tokentray.ok(&[&client[..], &scopes, &at].concat());
    // A token that is soon over and that nothing renews is asked for: a person is needed at once.
    let grant = json!({ "access_token": "short", "token_type": "bearer", "expires_in": 1 });
    let import = json!({ "token_response": grant.to_string() });
    let (status, answer) = tokentray.ask("POST", "/v1/accounts/work/import", Some(&import));
    assert_eq!(status, 200, "{answer}");
    wait_until("the token is over", SOON, || {
        tokentray.run(&["token", "work"]).status.code() == Some(3)
    });
    let shown = notifications.wait_open(SOON);
    assert_eq!(shown.title, "Sign in again: work");
    assert_eq!(shown.actions, []);
    let said = shown.body.lines().last();
    assert_eq!(said, Some("Sign in from Tokentray's tray icon or window."));

    tokentray.ok(&["sign-in", "work"]);
    tokentray.wait_state("work", "ok", SOON);
    wait_until("the notification is gone", SOON, || {
        notifications.open().is_empty()
    });
    assert_eq!(notifications.all().len(), 1);
    assert!(presenter.terminate(SOON).success());
    assert!(daemon.terminate(SOON).success());
}

/// Watches while the schedule refreshes five times, each before the former token's end.
fn stays_well_for_five_refreshes(tokentray: Tokentray<'_>, provider: &Provider) {
    let history_before = tokentray.count("work", "refreshed");
    let mut states = Vec::new();
    let seen = wait_for("five refreshes", Duration::from_mins(3), || {
        let state = tokentray.state("work");
        if states.last() != Some(&state) {
            states.push(state);
        }
        thread::sleep(Duration::from_millis(200));
        Some(provider.state()).filter(|state| state.refreshes().len() >= 5)
    });
    assert!(!states.contains(&"expired".to_owned()), "{states:?}");
    each_was_in_time(&seen);
    wait_until("the history has them all", Duration::from_secs(5), || {
        tokentray.count("work", "refreshed") >= history_before + 5
    });
    let history = tokentray.history("work");
    let refreshed = history.iter().filter(|row| row["kind"] == "refreshed");
    let triggers: Vec<&Value> = refreshed.map(|row| &row["trigger"]).collect();
    assert!(
        triggers.iter().all(|trigger| *trigger == "schedule"),
        "{triggers:?}"
    );
    the_token_is_the_providers(tokentray, provider);
}

fn each_was_in_time(seen: &State) {
    let answered: Vec<i64> = seen.requests.iter().map(|request| request.at).collect();
    for pair in answered.windows(2) {
        assert!(
            pair[1] - pair[0] < i64::from(LIFETIME_S) * 1000,
            "a refresh came after the token's end: {answered:?}"
        );
    }
    assert!(seen.requests.iter().all(|request| request.status == 200));
}

/// A refresh may come between the two questions, so they are asked until they agree.
fn the_token_is_the_providers(tokentray: Tokentray<'_>, provider: &Provider) {
    wait_until(
        "the token is the provider's last",
        Duration::from_secs(5),
        || tokentray.ok(&["token", "work"]).trim_end() == provider.state().last("access_token"),
    );
}

fn the_keychain_holds_the_last_grant(session: &Session, provider: &Provider) {
    let mut found = String::new();
    wait_until(
        "the keychain holds the last grant",
        Duration::from_secs(5),
        || {
            found = keyring::search(session, &[("service", "tokentray")]);
            let state = provider.state();
            found.contains(state.last("refresh_token"))
                && found.contains(state.last("access_token"))
        },
    );
    // Older tokens are nowhere in it.
    let issued = provider.state().issued;
    let refresh_tokens: Vec<_> = issued
        .iter()
        .filter(|i| i.kind == "refresh_token")
        .collect();
    let held = refresh_tokens.iter().filter(|i| found.contains(&i.value));
    assert_eq!(held.count(), 1);
}
