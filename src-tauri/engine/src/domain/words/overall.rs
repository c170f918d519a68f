//! All accounts in one sentence: headline, tooltip, notification.

use super::super::state::AccountState;

/// One account, for the headline.
#[derive(Clone, Copy, Debug)]
pub struct HeadlineRow<'a> {
    pub name: &'a str,
    pub state: AccountState,
    /// Setup: its token is over and a tool asked for it.
    pub wanted: bool,
}

/// The sentence that matters, for the head of the window.
pub fn headline(rows: &[HeadlineRow<'_>]) -> String {
    let names = |wanted: &dyn Fn(&HeadlineRow<'_>) -> bool| -> Vec<&str> {
        rows.iter()
            .filter(|row| wanted(row))
            .map(|row| row.name)
            .collect()
    };
    let need = names(&needs_sign_in);
    let setup = names(&|row| row.state == AccountState::FixSetup);
    let vault = names(&|row| row.state == AccountState::VaultLocked);
    let waits = names(&|row| {
        matches!(
            row.state,
            AccountState::Waiting | AccountState::Unclear | AccountState::Expired
        )
    });
    let troubled = need.len() + setup.len() + vault.len() + waits.len();
    let rest = if rows.len() > troubled && troubled > 0 {
        if setup.is_empty() && waits.is_empty() && vault.is_empty() || need.is_empty() {
            " Everything else is well."
        } else {
            ""
        }
    } else {
        ""
    };
    if rows.is_empty() {
        return "No account yet. Add one to begin.".to_owned();
    }
    if !need.is_empty() {
        return format!("{}.{rest}", need_you(&need));
    }
    if !vault.is_empty() {
        return "The keychain is locked. Unlock it to go on.".to_owned();
    }
    if !setup.is_empty() {
        return match setup.as_slice() {
            [one] => format!("The setup of {one} wants a look.{rest}"),
            many => format!(
                "The setup of {} accounts wants a look: {}.{rest}",
                many.len(),
                list(many)
            ),
        };
    }
    match waits.as_slice() {
        [] => {}
        [one] => return format!("Nothing to do. {one} is waiting for its provider.{rest}"),
        many => {
            return format!(
                "Nothing to do. {} accounts are waiting: {}.{rest}",
                many.len(),
                list(many)
            );
        }
    }
    if rows.iter().all(|row| row.state == AccountState::Paused) {
        return "Paused.".to_owned();
    }
    if rows.iter().all(|row| row.state == AccountState::Loading) {
        return "Loading.".to_owned();
    }
    let signed_out = names(&|row| row.state == AccountState::SignedOut);
    if signed_out.len() == rows.len() {
        return format!("Not signed in to {}. Sign in to begin.", list(&signed_out));
    }
    "Nothing to do. Everything is well.".to_owned()
}

/// The tray's tooltip: the same in a few words.
pub fn tooltip(rows: &[HeadlineRow<'_>]) -> String {
    let names = |wanted: &dyn Fn(&HeadlineRow<'_>) -> bool| -> Vec<&str> {
        rows.iter()
            .filter(|row| wanted(row))
            .map(|row| row.name)
            .collect()
    };
    let need = names(&needs_sign_in);
    if !need.is_empty() {
        return need_you(&need);
    }
    let setup = names(&|row| row.state == AccountState::FixSetup && row.wanted);
    if !setup.is_empty() {
        return format!("Setup: {}", list(&setup));
    }
    headline(rows).trim_end_matches('.').to_owned()
}

fn needs_sign_in(row: &HeadlineRow<'_>) -> bool {
    row.state == AccountState::SignInNeeded
}

fn need_you(names: &[&str]) -> String {
    match names {
        [one] => format!("{one} needs you"),
        many => format!("{} need you: {}", many.len(), list(many)),
    }
}

/// At most four names, then how many more.
fn list(names: &[&str]) -> String {
    const SHOWN: usize = 4;
    if names.len() <= SHOWN {
        return names.join(", ");
    }
    format!(
        "{} and {} more",
        names[..SHOWN - 1].join(", "),
        names.len() - (SHOWN - 1)
    )
}

/// Title and body of the one notification; each account comes with its reason in a sentence.
pub fn notice(accounts: &[(&str, &str)]) -> (String, String) {
    match accounts {
        [] => (String::new(), String::new()),
        [(name, why)] => (format!("Sign in again: {name}"), (*why).to_owned()),
        many => {
            let lines: Vec<String> = many
                .iter()
                .take(4)
                .map(|(name, why)| format!("{name}: {why}"))
                .collect();
            let more = many.len().saturating_sub(4);
            let tail = if more > 0 {
                format!("\nand {more} more")
            } else {
                String::new()
            };
            (
                format!("{} accounts need you", many.len()),
                format!("{}{tail}", lines.join("\n")),
            )
        }
    }
}
