//! What the tray shows for a status: pure, the same on every platform.

use crate::{
    api::types::{AccountRow, AccountState, Status},
    io::tray::{TrayAction, TrayModel, TrayRow, TrayShape},
};

/// More accounts than this are one row that opens the window: a menu must fit on a screen.
const MOST_SIGN_INS: usize = 8;
const MOST_ACCOUNTS: usize = 12;

/// The tray for this status. `start_at_login` is none where the platform has no such thing.
pub fn tray_model(status: &Status, start_at_login: Option<bool>) -> TrayModel {
    let needing: Vec<&AccountRow> = status
        .accounts
        .iter()
        .filter(|account| account.state == AccountState::SignInNeeded)
        .collect();
    let mut rows: Vec<TrayRow> = needing
        .iter()
        .take(MOST_SIGN_INS)
        .map(|account| TrayRow::Item {
            label: sign_in_label(account),
            action: TrayAction::SignIn(account.name.clone()),
        })
        .collect();
    if needing.len() > MOST_SIGN_INS {
        rows.push(TrayRow::Item {
            label: format!("{} more need you…", needing.len() - MOST_SIGN_INS),
            action: TrayAction::Open,
        });
    }
    if !rows.is_empty() {
        rows.push(TrayRow::Separator);
    }
    rows.push(TrayRow::Item {
        label: "Open Tokentray".into(),
        action: TrayAction::Open,
    });
    rows.extend(account_rows(status));
    rows.push(if status.paused {
        TrayRow::Item {
            label: "Resume".into(),
            action: TrayAction::ResumeAll,
        }
    } else {
        TrayRow::Item {
            label: "Pause all".into(),
            action: TrayAction::PauseAll,
        }
    });
    rows.extend(end_rows(start_at_login));

    let middle = match needing.as_slice() {
        [only] => TrayAction::SignIn(only.name.clone()),
        _ => TrayAction::Open,
    };
    TrayModel {
        shape: status.tray,
        // Beside a person's own icon it must not be taken for that.
        tooltip: if status.demo {
            format!("Demo: {}", status.headline)
        } else {
            status.headline.clone()
        },
        rows,
        left: TrayAction::Open,
        middle,
    }
}

/// The tray while no engine answers: it must not go on saying that all is well.
pub fn without_engine(start_at_login: Option<bool>) -> TrayModel {
    let mut rows = vec![TrayRow::Item {
        label: "Open Tokentray".into(),
        action: TrayAction::Open,
    }];
    rows.extend(end_rows(start_at_login));
    TrayModel {
        shape: TrayShape::Paused,
        tooltip: "Tokentray's engine does not answer; trying again.".into(),
        rows,
        left: TrayAction::Open,
        middle: TrayAction::Open,
    }
}

/// A submenu for each account: how it is, and what can be done about it without the window.
fn account_rows(status: &Status) -> Vec<TrayRow> {
    if status.accounts.is_empty() {
        return Vec::new();
    }
    let mut rows = vec![TrayRow::Separator];
    rows.extend(
        status
            .accounts
            .iter()
            .take(MOST_ACCOUNTS)
            .map(|account| TrayRow::Submenu {
                label: format!("{}: {}", account.name, state_words(account)),
                rows: deeds(account),
            }),
    );
    if status.accounts.len() > MOST_ACCOUNTS {
        rows.push(TrayRow::Item {
            label: format!("{} more…", status.accounts.len() - MOST_ACCOUNTS),
            action: TrayAction::Open,
        });
    }
    rows.push(TrayRow::Separator);
    rows
}

fn deeds(account: &AccountRow) -> Vec<TrayRow> {
    let name = || account.name.clone();
    let item = |label: &str, action| TrayRow::Item {
        label: label.to_owned(),
        action,
    };
    let again = if account.generation == 0 {
        "Sign in"
    } else {
        "Sign in again"
    };
    let mut rows = Vec::new();
    match account.state {
        AccountState::Paused => rows.push(item("Resume", TrayAction::Resume(name()))),
        AccountState::SignedOut | AccountState::SignInNeeded | AccountState::Loading => {}
        _ => {
            if account.has_refresh_token {
                rows.push(item("Refresh now", TrayAction::Refresh(name())));
            }
            rows.push(item("Pause", TrayAction::Pause(name())));
        }
    }
    let sign_in = item(again, TrayAction::SignIn(name()));
    if account.state == AccountState::SignInNeeded {
        rows.insert(0, sign_in);
    } else {
        rows.push(sign_in);
    }
    rows.push(item("Show in the window", TrayAction::Show(name())));
    rows
}

/// A few words without a time: a menu may be looked at long after it was made.
const fn state_words(account: &AccountRow) -> &'static str {
    match account.state {
        AccountState::Ok | AccountState::Expiring | AccountState::Refreshing => "well",
        AccountState::SignInNeeded => "sign in again",
        AccountState::SignedOut => "signed out",
        AccountState::Paused => "paused",
        AccountState::Expired => "over",
        AccountState::Waiting => "waiting for its provider",
        AccountState::Unclear => "refused, reason unknown",
        AccountState::FixSetup => "the setup wants a look",
        AccountState::VaultLocked => "keychain locked",
        AccountState::Loading => "loading",
    }
}

/// An account that was never signed in has nothing to do *again*.
fn sign_in_label(account: &AccountRow) -> String {
    if account.generation == 0 {
        format!("Sign in: {}", account.name)
    } else {
        format!("Sign in again: {}", account.name)
    }
}

fn end_rows(start_at_login: Option<bool>) -> Vec<TrayRow> {
    let mut rows = Vec::new();
    if let Some(checked) = start_at_login {
        rows.push(TrayRow::Check {
            label: "Start at login".into(),
            checked,
            action: TrayAction::StartAtLogin(!checked),
        });
    }
    rows.push(TrayRow::Separator);
    rows.push(TrayRow::Item {
        label: "Quit".into(),
        action: TrayAction::Quit,
    });
    rows
}
