//! What the tray shows for a status: pure, the same on every platform.

use crate::{
    api::types::{AccountRow, AccountState, Status},
    io::tray::{TrayAction, TrayModel, TrayRow, TrayShape},
    speech::{
        Speech,
        words::{TrayWords, fill},
    },
};

/// More accounts than this are one row that opens the window: a menu must fit on a screen.
const MOST_SIGN_INS: usize = 8;
const MOST_ACCOUNTS: usize = 12;

/// The tray for this status. `start_at_login` is none where the platform has no such thing.
pub fn tray_model(status: &Status, start_at_login: Option<bool>, speech: &Speech) -> TrayModel {
    let words = &speech.words().tray;
    let needing: Vec<&AccountRow> = status
        .accounts
        .iter()
        .filter(|account| account.state == AccountState::SignInNeeded)
        .collect();
    let mut rows: Vec<TrayRow> = needing
        .iter()
        .take(MOST_SIGN_INS)
        .map(|account| TrayRow::Item {
            label: sign_in_label(account, words),
            action: TrayAction::SignIn(account.name.clone()),
        })
        .collect();
    let more = needing.len().saturating_sub(MOST_SIGN_INS);
    if more > 0 {
        rows.push(TrayRow::Item {
            label: words.more_need_you.fill(more, &[("n", &more.to_string())]),
            action: TrayAction::Open,
        });
    }
    if !rows.is_empty() {
        rows.push(TrayRow::Separator);
    }
    rows.push(TrayRow::Item {
        label: words.open.clone(),
        action: TrayAction::Open,
    });
    rows.extend(account_rows(status, words));
    rows.push(if status.paused {
        TrayRow::Item {
            label: words.resume_all.clone(),
            action: TrayAction::ResumeAll,
        }
    } else {
        TrayRow::Item {
            label: words.pause_all.clone(),
            action: TrayAction::PauseAll,
        }
    });
    rows.extend(end_rows(start_at_login, words));

    let middle = match needing.as_slice() {
        [only] => TrayAction::SignIn(only.name.clone()),
        _ => TrayAction::Open,
    };
    TrayModel {
        shape: status.tray,
        // Beside a person's own icon it must not be taken for that.
        tooltip: if status.demo {
            fill(&words.demo, &[("headline", &speech.headline(status))])
        } else {
            speech.headline(status)
        },
        rows,
        left: TrayAction::Open,
        middle,
    }
}

/// The tray while no engine answers: it must not go on saying that all is well.
pub fn without_engine(start_at_login: Option<bool>, speech: &Speech) -> TrayModel {
    let words = &speech.words().tray;
    let mut rows = vec![TrayRow::Item {
        label: words.open.clone(),
        action: TrayAction::Open,
    }];
    rows.extend(end_rows(start_at_login, words));
    TrayModel {
        shape: TrayShape::Paused,
        tooltip: words.no_engine.clone(),
        rows,
        left: TrayAction::Open,
        middle: TrayAction::Open,
    }
}

/// A submenu for each account: how it is, and what can be done about it without the window.
fn account_rows(status: &Status, words: &TrayWords) -> Vec<TrayRow> {
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
                label: fill(
                    &words.account,
                    &[
                        ("name", &account.name),
                        ("state", words.states.of(account.state)),
                    ],
                ),
                rows: deeds(account, words),
            }),
    );
    let more = status.accounts.len().saturating_sub(MOST_ACCOUNTS);
    if more > 0 {
        rows.push(TrayRow::Item {
            label: fill(&words.more_accounts, &[("n", &more.to_string())]),
            action: TrayAction::Open,
        });
    }
    rows.push(TrayRow::Separator);
    rows
}

fn deeds(account: &AccountRow, words: &TrayWords) -> Vec<TrayRow> {
    let name = || account.name.clone();
    let item = |label: &str, action| TrayRow::Item {
        label: label.to_owned(),
        action,
    };
    let again = if account.generation == 0 {
        &words.sign_in
    } else {
        &words.sign_in_again
    };
    let mut rows = Vec::new();
    match account.state {
        AccountState::Paused => rows.push(item(&words.resume, TrayAction::Resume(name()))),
        AccountState::SignedOut | AccountState::SignInNeeded | AccountState::Loading => {}
        _ => {
            if account.has_refresh_token {
                rows.push(item(&words.refresh, TrayAction::Refresh(name())));
            }
            rows.push(item(&words.pause, TrayAction::Pause(name())));
        }
    }
    let sign_in = item(again, TrayAction::SignIn(name()));
    if account.state == AccountState::SignInNeeded {
        rows.insert(0, sign_in);
    } else {
        rows.push(sign_in);
    }
    rows.push(item(&words.show, TrayAction::Show(name())));
    rows
}

/// An account that was never signed in has nothing to do *again*.
fn sign_in_label(account: &AccountRow, words: &TrayWords) -> String {
    let text = if account.generation == 0 {
        &words.sign_in_to
    } else {
        &words.sign_in_again_to
    };
    fill(text, &[("name", &account.name)])
}

fn end_rows(start_at_login: Option<bool>, words: &TrayWords) -> Vec<TrayRow> {
    let mut rows = Vec::new();
    if let Some(checked) = start_at_login {
        rows.push(TrayRow::Check {
            label: words.start_at_login.clone(),
            checked,
            action: TrayAction::StartAtLogin(!checked),
        });
    }
    rows.push(TrayRow::Separator);
    rows.push(TrayRow::Item {
        label: words.quit.clone(),
        action: TrayAction::Quit,
    });
    rows
}
