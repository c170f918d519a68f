//! The presenter between an owner and a desk.

use tempfile::TempDir;
use tokentray::{
    api::{
        client::Client,
        types::{AccountState, Event, Status, TrayShape},
    },
    io::{
        notifier::NoticeEvent,
        tray::{TrayAction, TrayRow},
    },
    paths::Paths,
    presenter::{Ended, lock::PresenterLock},
};

use super::{
    desk::{Desk, Did},
    models::{account, notice, status},
    owner::Owner,
};

fn needs(status: &mut Status, names: &[&str]) {
    status.tray = TrayShape::NeedsYou;
    status.headline = format!("{} need you.", names.join(", "));
    status.accounts = names
        .iter()
        .map(|name| account(name, AccountState::SignInNeeded))
        .collect();
    let id = format!("notice of {}", names.len());
    status.notice = Some(notice(&id, names));
}

fn well(status: &mut Status) {
    status.tray = TrayShape::Fine;
    status.headline = "All is well.".into();
    for account in &mut status.accounts {
        account.state = AccountState::Ok;
    }
    status.notice = None;
}

#[tokio::test]
async fn a_revocation_is_shown_once_acknowledged_signed_in_again_and_withdrawn() {
    let folder = TempDir::new().unwrap();
    let mut owner = Owner::start(folder.path(), status(vec![]));
    let mut desk = Desk::start(folder.path());
    desk.shows(|model| model.shape == TrayShape::Fine).await;

    owner.change(|status| needs(status, &["My work/Okta"]));
    desk.shows(|model| model.tooltip == "My work/Okta need you.")
        .await;
    assert_eq!(desk.did().await, Did::Show("My work/Okta".into()));
    assert_eq!(
        owner.asked().await,
        "POST /v1/notices/notice%20of%201/shown"
    );
    owner.change(|status| status.notice.as_mut().unwrap().shown = true);

    desk.answer(NoticeEvent::SignIn {
        activation_token: Some("t".into()),
    });
    assert_eq!(
        owner.asked().await,
        r#"POST /v1/accounts/My%20work%2FOkta/sign-in {"activation_token":"t"}"#
    );
    owner.change(well);
    assert_eq!(desk.did().await, Did::Withdraw);
    desk.shows(|model| model.shape == TrayShape::Fine).await;
    assert!(owner.is_asked_nothing() && desk.did_nothing_more());
}

#[tokio::test]
async fn what_a_killed_presenter_left_goes_once_it_is_known_that_nobody_is_needed() {
    for needed in [true, false] {
        let folder = TempDir::new().unwrap();
        let loading = account("Okta", AccountState::Loading);
        let owner = Owner::start(folder.path(), status(vec![loading]));
        let mut desk = Desk::start(folder.path());
        desk.shows(|_| true).await;
        if needed {
            owner.change(|status| needs(status, &["Okta"]));
            // It replaces what was left, and is withdrawn as itself.
            assert_eq!(desk.did().await, Did::Show("Okta".into()));
            owner.change(well);
            assert_eq!(desk.did().await, Did::Withdraw);
            assert_eq!(desk.left_withdrawn(), 0);
        } else {
            owner.change(well);
            desk.withdraws_left().await;
            assert_eq!(desk.left_withdrawn(), 1);
        }
        assert!(desk.did_nothing_more());
    }
}

#[tokio::test]
async fn several_accounts_open_the_window_and_later_is_told_for_each() {
    let folder = TempDir::new().unwrap();
    let mut owner = Owner::start(folder.path(), status(vec![]));
    let mut desk = Desk::start(folder.path());
    owner.change(|status| needs(status, &["Okta", "Slack"]));
    assert_eq!(desk.did().await, Did::Show("Okta, Slack".into()));
    owner.asked().await;

    let click = NoticeEvent::SignIn {
        activation_token: None,
    };
    desk.answer(click);
    assert_eq!(desk.did().await, Did::Open);
    desk.answer(NoticeEvent::Later);
    let mut told = [owner.asked().await, owner.asked().await];
    told.sort();
    assert_eq!(
        told,
        [
            "POST /v1/incidents/incident%20of%20Okta/later",
            "POST /v1/incidents/incident%20of%20Slack/later"
        ]
    );
}

/// dunst and xfce do no more than that on a click on the body.
#[tokio::test]
async fn closing_the_notification_is_no_answer_and_leaves_tray_and_window_as_they_are() {
    let folder = TempDir::new().unwrap();
    let mut owner = Owner::start(folder.path(), status(vec![]));
    let mut desk = Desk::start(folder.path());
    owner.change(|status| needs(status, &["Okta"]));
    assert_eq!(desk.did().await, Did::Show("Okta".into()));
    owner.asked().await;
    owner.change(|status| status.notice.as_mut().unwrap().shown = true);

    desk.answer(NoticeEvent::Dismissed);
    // Whatever the presenter asks for because of that, it asks for before this.
    desk.click(TrayAction::PauseAll);
    assert_eq!(owner.asked().await, "POST /v1/pause");
    owner.change(|status| {
        status.headline = "Okta still needs you.".into();
        status.notice.as_mut().unwrap().body = "Okta, in other words".into();
    });
    desk.shows(|model| {
        let first = TrayRow::Item {
            label: "Sign in again: Okta".into(),
            action: TrayAction::SignIn("Okta".into()),
        };
        model.tooltip == "Okta still needs you."
            && model.shape == TrayShape::NeedsYou
            && model.rows[0] == first
    })
    .await;
    assert!(owner.is_asked_nothing() && desk.did_nothing_more());
}

#[tokio::test]
async fn the_tray_does_what_its_rows_say() {
    let folder = TempDir::new().unwrap();
    let mut owner = Owner::start(folder.path(), status(vec![]));
    let mut desk = Desk::start(folder.path());
    desk.shows(|_| true).await;
    let signs_in = r#"POST /v1/accounts/Okta/sign-in {"activation_token":"from the click"}"#;
    for (action, asked) in [
        (TrayAction::PauseAll, "POST /v1/pause"),
        (TrayAction::ResumeAll, "POST /v1/resume"),
        (TrayAction::SignIn("Okta".into()), signs_in),
    ] {
        desk.click(action);
        assert_eq!(owner.asked().await, asked);
    }
    desk.click(TrayAction::Open);
    assert_eq!(desk.did().await, Did::Open);

    let entry = folder.path().join("autostart/tokentray.desktop");
    for on in [true, false] {
        desk.click(TrayAction::StartAtLogin(on));
        desk.shows(|model| {
            let checked = |row: &TrayRow| matches!(row, TrayRow::Check { checked: true, .. });
            model.rows.iter().any(checked) == on
        })
        .await;
        assert_eq!(entry.exists(), on);
    }
    desk.click(TrayAction::Quit);
    desk.icon_is_gone().await;
    assert_eq!(desk.ended().await, Ended::Quit);
}

#[tokio::test]
async fn a_click_that_is_refused_opens_the_window_which_says_why() {
    let folder = TempDir::new().unwrap();
    let mut owner = Owner::start(folder.path(), status(vec![]));
    let mut desk = Desk::start(folder.path());
    desk.shows(|_| true).await;
    owner.refuse(true);
    desk.click(TrayAction::SignIn("Okta".into()));
    owner.asked().await;
    assert_eq!(desk.did().await, Did::Open);
}

#[tokio::test]
async fn a_window_that_is_open_is_brought_to_the_front_by_the_owner_and_opened_on_its_word() {
    let folder = TempDir::new().unwrap();
    let mut owner = Owner::start(folder.path(), status(vec![]));
    let mut desk = Desk::start(folder.path());
    desk.shows(|_| true).await;
    owner.send(Event::OpenWindow { account: None });
    assert_eq!(desk.did().await, Did::Open);
    assert!(owner.is_asked_nothing());
    desk.window_is_open();
    desk.click(TrayAction::Open);
    assert_eq!(owner.asked().await, "POST /v1/window/open");
    desk.did().await;
    // What that makes of the owner must not come round for ever.
    owner.send(Event::OpenWindow { account: None });
    assert_eq!(desk.did().await, Did::Open);
    desk.click(TrayAction::PauseAll);
    assert_eq!(owner.asked().await, "POST /v1/pause");
}

#[tokio::test]
async fn an_account_is_shown_in_a_window_that_opens_and_in_one_that_is_open() {
    let folder = TempDir::new().unwrap();
    let mut owner = Owner::start(folder.path(), status(vec![]));
    let mut desk = Desk::start(folder.path());
    desk.shows(|_| true).await;
    desk.click(TrayAction::Show("Okta".into()));
    assert_eq!(desk.did().await, Did::OpenAt("Okta".into()));
    assert!(owner.is_asked_nothing());
    desk.window_is_open();
    desk.click(TrayAction::Show("Okta".into()));
    assert_eq!(
        owner.asked().await,
        r#"POST /v1/window/open {"account":"Okta"}"#
    );
    assert_eq!(desk.did().await, Did::OpenAt("Okta".into()));
    let account = Some("Slack".into());
    owner.send(Event::OpenWindow { account });
    assert_eq!(desk.did().await, Did::OpenAt("Slack".into()));
}

#[tokio::test]
async fn what_no_server_takes_is_not_acknowledged_until_one_comes() {
    let folder = TempDir::new().unwrap();
    let mut owner = Owner::start(folder.path(), status(vec![]));
    let mut desk = Desk::start(folder.path());
    desk.server_is_there(false);
    owner.change(|status| needs(status, &["Okta"]));
    desk.shows(|model| model.shape == TrayShape::NeedsYou).await;
    desk.click(TrayAction::PauseAll);
    assert_eq!(owner.asked().await, "POST /v1/pause");
    assert!(owner.is_asked_nothing());
    desk.answer(NoticeEvent::Shown);
    assert_eq!(
        owner.asked().await,
        "POST /v1/notices/notice%20of%201/shown"
    );
}

#[tokio::test]
async fn an_acknowledgement_that_got_lost_is_sent_with_the_next_status() {
    let folder = TempDir::new().unwrap();
    let mut owner = Owner::start(folder.path(), status(vec![]));
    let mut desk = Desk::start(folder.path());
    owner.refuse(true);
    owner.change(|status| needs(status, &["Okta"]));
    assert_eq!(desk.did().await, Did::Show("Okta".into()));
    let acknowledged = owner.asked().await;
    owner.refuse(false);
    // The refusal is on its way to the presenter; any later status brings the next try.
    loop {
        owner.change(|_| {});
        tokio::task::yield_now().await;
        if let Ok(asked) = tokio::time::timeout(super::MOMENT, owner.asked()).await {
            assert_eq!(asked, acknowledged);
            break;
        }
    }
    assert!(desk.did_nothing_more(), "shown once all the same");
}

#[tokio::test]
async fn after_a_restart_of_the_presenter_nothing_is_shown_twice() {
    let folder = TempDir::new().unwrap();
    let owner = Owner::start(folder.path(), status(vec![]));
    owner.change(|status| {
        needs(status, &["Okta"]);
        status.notice.as_mut().unwrap().shown = true;
    });
    let mut desk = Desk::start(folder.path());
    desk.shows(|model| model.shape == TrayShape::NeedsYou).await;
    owner.change(|status| status.headline = "Okta still needs you.".into());
    desk.shows(|model| model.tooltip == "Okta still needs you.")
        .await;
    assert!(desk.did_nothing_more());
}

#[tokio::test]
async fn when_the_owner_ends_the_tray_goes_on_with_its_successor() {
    let folder = TempDir::new().unwrap();
    let owner = Owner::start(folder.path(), status(vec![]));
    let mut desk = Desk::start(folder.path());
    owner.change(|status| needs(status, &["Okta"]));
    assert_eq!(desk.did().await, Did::Show("Okta".into()));

    let elsewhere = TempDir::new().unwrap();
    let mut new_status = status(vec![]);
    needs(&mut new_status, &["Okta"]);
    new_status.notice.as_mut().unwrap().shown = true;
    new_status.headline = "Told by the successor.".into();
    let mut successor = Owner::start(elsewhere.path(), new_status);
    let client = Client::socket(Paths::below(elsewhere.path()).socket);
    desk.heirs.0.lock().unwrap().push_back(client);
    owner.end().await;

    desk.shows(|model| model.tooltip == "Told by the successor.")
        .await;
    desk.click(TrayAction::PauseAll);
    assert_eq!(successor.asked().await, "POST /v1/pause");
    assert!(
        desk.did_nothing_more(),
        "the notification stood all the time"
    );
}

#[tokio::test]
async fn without_an_owner_the_tray_says_so_and_can_be_quit() {
    let folder = TempDir::new().unwrap();
    let owner = Owner::start(folder.path(), status(vec![]));
    let mut desk = Desk::start(folder.path());
    desk.shows(|model| model.shape == TrayShape::Fine).await;
    owner.end().await;
    desk.shows(|model| model.tooltip.contains("does not answer"))
        .await;

    // The same socket, another process.
    let _again = Owner::start(folder.path(), status(vec![]));
    desk.shows(|model| model.shape == TrayShape::Fine).await;
    assert_eq!(desk.shut_down().await, Ended::ShutDown);
}

#[test]
fn there_is_one_presenter_and_its_place_is_free_when_it_ends() {
    let folder = TempDir::new().unwrap();
    let locks = folder.path().join("locks");
    let first = PresenterLock::take(&locks).unwrap();
    assert!(first.is_some());
    assert!(PresenterLock::take(&locks).unwrap().is_none());
    drop(first);
    assert!(PresenterLock::take(&locks).unwrap().is_some());
    assert!(locks.join("presenter").exists(), "a lock file stays");
}
