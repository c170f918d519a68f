//! The pure parts: the menu, the mirror of the owner's status, the notice's life.

use tokentray::{
    api::types::{
        AccountRow, AccountState, Event, NoticeRow, OverallRow, Status, TrayShape, VaultRow,
    },
    io::tray::{TrayAction, TrayRow},
    presenter::{
        mirror::{Heard, hear},
        model::{tray_model, without_engine},
        notice_board::{NoticeBoard, Step},
    },
    speech::Speech,
};

pub(super) fn status(accounts: Vec<AccountRow>) -> Status {
    Status {
        overall: AccountState::Ok,
        headline: "All is well.".into(),
        tray: TrayShape::Fine,
        notice: None,
        paused: false,
        online: true,
        vault: VaultRow {
            kind: "memory".into(),
            cause: None,
            unsaved: 0,
        },
        version: "0".into(),
        pid: 1,
        demo: false,
        accounts,
    }
}

pub(super) fn account(name: &str, state: AccountState) -> AccountRow {
    AccountRow {
        id: format!("id-{name}"),
        name: name.into(),
        provider: None,
        provider_name: "example.com".into(),
        state,
        verdict: None,
        cause: None,
        action: None,
        message: String::new(),
        has_refresh_token: true,
        revocable: true,
        expires_at: None,
        expires_source: None,
        token_valid: false,
        issued_at: None,
        refresh_token_expires_at: None,
        signed_in_at: None,
        sign_in_at: None,
        sign_in_about: false,
        id_token_expires_at: None,
        next_refresh_at: None,
        last_refreshed_at: None,
        generation: 3,
        scopes: Vec::new(),
        incident: None,
        told: None,
        asks_at: None,
        unsaved: false,
        sign_in: None,
        used_by: Vec::new(),
    }
}

pub(super) fn notice(id: &str, accounts: &[&str]) -> NoticeRow {
    NoticeRow {
        id: id.into(),
        title: format!("{} need you", accounts.len()),
        body: accounts.join(", "),
        incidents: accounts
            .iter()
            .map(|name| format!("incident of {name}"))
            .collect(),
        accounts: accounts.iter().map(|&name| name.to_owned()).collect(),
        reasons: Vec::new(),
        shown: false,
    }
}

fn english() -> Speech {
    Speech::new(Vec::new())
}

fn menu(status: &Status) -> String {
    menu_in(status, &english())
}

pub(super) fn menu_in(status: &Status, speech: &Speech) -> String {
    tray_model(status, Some(true), speech)
        .rows
        .iter()
        .map(|row| match row {
            TrayRow::Item { label, .. } => format!("{label}\n"),
            TrayRow::Check { label, checked, .. } => {
                format!("[{}] {label}\n", if *checked { 'x' } else { ' ' })
            }
            TrayRow::Submenu { label, rows } => {
                let within: Vec<&str> = rows.iter().map(label_of).collect();
                format!("{label} > {}\n", within.join(", "))
            }
            TrayRow::Separator => "--\n".to_owned(),
        })
        .collect()
}

fn label_of(row: &TrayRow) -> &str {
    match row {
        TrayRow::Item { label, .. }
        | TrayRow::Check { label, .. }
        | TrayRow::Submenu { label, .. } => label,
        TrayRow::Separator => "--",
    }
}

#[test]
fn the_menu_leads_with_who_needs_a_person() {
    let mut status = status(vec![
        account("Okta", AccountState::SignInNeeded),
        account("Slack", AccountState::SignInNeeded),
        account("Google", AccountState::Ok),
    ]);
    status.accounts[1].generation = 0;
    assert_eq!(
        menu(&status),
        "Sign in again: Okta\nSign in: Slack\n--\nOpen Tokentray\n--\n\
         Okta: sign in again > Sign in again, Show in the window\n\
         Slack: sign in again > Sign in, Show in the window\n\
         Google: well > Refresh now, Pause, Sign in again, Show in the window\n\
         --\nPause all\n[x] Start at login\n--\nQuit\n"
    );
    status.accounts.drain(..2);
    status.paused = true;
    assert_eq!(
        menu(&status),
        "Open Tokentray\n--\n\
         Google: well > Refresh now, Pause, Sign in again, Show in the window\n\
         --\nResume\n[x] Start at login\n--\nQuit\n"
    );
    status.accounts[0].state = AccountState::Paused;
    let google = menu(&status).lines().nth(2).map(str::to_owned);
    assert_eq!(
        google.as_deref(),
        Some("Google: paused > Resume, Sign in again, Show in the window")
    );
}

#[test]
fn a_demo_is_not_taken_for_the_persons_own() {
    let mut status = status(vec![]);
    assert_eq!(
        tray_model(&status, None, &english()).tooltip,
        "All is well."
    );
    status.demo = true;
    assert_eq!(
        tray_model(&status, None, &english()).tooltip,
        "Demo: All is well."
    );
}

#[test]
fn a_menu_stays_on_the_screen() {
    let many = (0..30)
        .map(|n| account(&format!("a{n}"), AccountState::SignInNeeded))
        .collect();
    let text = menu(&status(many));
    assert!(
        text.contains("Sign in again: a7\n22 more need you…\n--\n"),
        "{text}"
    );
    assert_eq!(text.matches(" > ").count(), 12, "{text}");
    assert!(text.contains("\n18 more…\n--\n"), "{text}");
}

#[test]
fn a_middle_click_signs_in_only_where_one_needs_it() {
    let one = status(vec![
        account("Okta", AccountState::SignInNeeded),
        account("Google", AccountState::FixSetup),
    ]);
    let model = tray_model(&one, None, &english());
    assert_eq!(model.middle, TrayAction::SignIn("Okta".into()));
    assert_eq!(model.left, TrayAction::Open);
    let two = status(vec![
        account("Okta", AccountState::SignInNeeded),
        account("Slack", AccountState::SignInNeeded),
    ]);
    assert_eq!(tray_model(&two, None, &english()).middle, TrayAction::Open);
    assert_eq!(
        tray_model(&status(vec![]), None, &english()).middle,
        TrayAction::Open
    );
}

#[test]
fn without_an_engine_nothing_claims_to_be_well() {
    let model = without_engine(None, &english());
    assert_eq!(model.shape, TrayShape::Paused);
    assert!(model.tooltip.contains("does not answer"));
}

#[test]
fn events_keep_the_status_current() {
    let mut known = status(vec![account("Okta", AccountState::Ok)]);
    let row = account("Okta", AccountState::SignInNeeded);
    assert_eq!(hear(&mut known, Event::Account { row }), Heard::Changed);
    let row = account("Slack", AccountState::Ok);
    hear(&mut known, Event::Account { row });
    let names: Vec<_> = known
        .accounts
        .iter()
        .map(|a| (a.name.as_str(), a.state))
        .collect();
    assert_eq!(
        names,
        [
            ("Okta", AccountState::SignInNeeded),
            ("Slack", AccountState::Ok)
        ]
    );
    let overall = OverallRow {
        overall: AccountState::SignInNeeded,
        headline: "Okta needs you.".into(),
        tray: TrayShape::NeedsYou,
        notice: Some(notice("n", &["Okta"])),
        paused: false,
        online: true,
        vault: known.vault.clone(),
    };
    hear(&mut known, Event::Overall { status: overall });
    assert_eq!(
        (known.tray, known.notice.is_some()),
        (TrayShape::NeedsYou, true)
    );
    let gone = Event::Removed {
        id: "id-Okta".into(),
        name: "Okta".into(),
    };
    hear(&mut known, gone);
    assert_eq!(known.accounts.len(), 1);
    assert_eq!(hear(&mut known, Event::Resync), Heard::ReadAnew);
}

#[test]
fn a_notice_is_shown_once_and_acknowledged_once() {
    let mut board = NoticeBoard::default();
    let mut wish = notice("n1", &["Okta"]);
    assert_eq!(board.wanted(Some(&wish)), Step::Show);
    // Any number of other events in between.
    assert_eq!(board.wanted(Some(&wish)), Step::Nothing);
    assert_eq!(board.taken("n1"), Step::Acknowledge);
    assert_eq!(board.taken("n1"), Step::Nothing);
    assert_eq!(board.wanted(Some(&wish)), Step::Nothing);
    board.told("n1", true);
    assert_eq!(board.wanted(Some(&wish)), Step::Nothing);
    wish.shown = true;
    assert_eq!(board.wanted(Some(&wish)), Step::Nothing);
    assert_eq!(board.wanted(None), Step::Withdraw);
    assert_eq!(board.wanted(None), Step::Nothing);
}

#[test]
fn a_notice_that_no_server_took_is_not_acknowledged_until_one_does() {
    let mut board = NoticeBoard::default();
    let wish = notice("n1", &["Okta"]);
    assert_eq!(board.wanted(Some(&wish)), Step::Show);
    assert_eq!(board.wanted(Some(&wish)), Step::Nothing);
    assert_eq!(board.taken("n1"), Step::Acknowledge);
}

#[test]
fn a_lost_acknowledgement_is_sent_again_and_nothing_is_shown_again() {
    let mut board = NoticeBoard::default();
    let wish = notice("n1", &["Okta"]);
    board.wanted(Some(&wish));
    board.taken("n1");
    board.told("n1", false);
    assert_eq!(board.wanted(Some(&wish)), Step::Acknowledge);
    board.told("n1", true);
    assert_eq!(board.wanted(Some(&wish)), Step::Nothing);
}

#[test]
fn what_an_earlier_presenter_showed_is_not_shown_again() {
    let mut board = NoticeBoard::default();
    let mut wish = notice("n1", &["Okta"]);
    wish.shown = true;
    assert_eq!(board.wanted(Some(&wish)), Step::Nothing);
    // Its text changes: still nothing of ours is on the screen.
    wish.body = "Okta, again".into();
    assert_eq!(board.wanted(Some(&wish)), Step::Nothing);
    // A reminder.
    wish.shown = false;
    assert_eq!(board.wanted(Some(&wish)), Step::Show);
}

#[test]
fn a_text_that_changes_on_the_screen_is_replaced_and_not_acknowledged_twice() {
    let mut board = NoticeBoard::default();
    let mut wish = notice("n1", &["Okta", "Slack"]);
    board.wanted(Some(&wish));
    board.taken("n1");
    board.told("n1", true);
    wish.shown = true;
    board.wanted(Some(&wish));
    wish.body = "Okta".into();
    assert_eq!(board.wanted(Some(&wish)), Step::Show);
    assert_eq!(board.taken("n1"), Step::Nothing);
}

#[test]
fn an_answered_notice_comes_back_only_as_a_reminder() {
    let mut board = NoticeBoard::default();
    let mut wish = notice("n1", &["Okta"]);
    board.wanted(Some(&wish));
    board.taken("n1");
    board.answered();
    // The owner's status still lags.
    assert_eq!(board.wanted(Some(&wish)), Step::Nothing);
    wish.shown = true;
    wish.body = "Okta: the sign-in page is open".into();
    assert_eq!(board.wanted(Some(&wish)), Step::Nothing);
    wish.shown = false;
    assert_eq!(board.wanted(Some(&wish)), Step::Show);
    assert_eq!(board.taken("n1"), Step::Acknowledge);
}

#[test]
fn another_notice_replaces_the_one_before() {
    let mut board = NoticeBoard::default();
    board.wanted(Some(&notice("n1", &["Okta"])));
    board.taken("n1");
    let wider = notice("n2", &["Okta", "Slack"]);
    assert_eq!(board.wanted(Some(&wider)), Step::Show);
    // The answer for the first one comes late and changes nothing.
    board.told("n1", true);
    assert_eq!(board.taken("n1"), Step::Nothing);
    assert_eq!(board.taken("n2"), Step::Acknowledge);
}
