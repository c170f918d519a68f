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

/// What matters most about all accounts: what every language has its own sentence for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Headline<'a> {
    NoAccount,
    NeedYou(About<'a>),
    VaultLocked,
    Setup(About<'a>),
    Waiting(About<'a>),
    Paused,
    Loading,
    SignedOut(Vec<&'a str>),
    Well,
}

/// Whom a headline is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About<'a> {
    pub names: Vec<&'a str>,
    /// There are others, and none of them is in trouble.
    pub rest_is_well: bool,
}

impl<'a> Headline<'a> {
    pub fn of(rows: &[HeadlineRow<'a>]) -> Self {
        use AccountState::{
            Expired, FixSetup, Loading, Paused, SignInNeeded, SignedOut, Unclear, VaultLocked,
            Waiting,
        };
        let names = |states: &[AccountState]| -> Vec<&'a str> {
            let wanted = rows.iter().filter(|row| states.contains(&row.state));
            wanted.map(|row| row.name).collect()
        };
        let need = names(&[SignInNeeded]);
        let setup = names(&[FixSetup]);
        let vault = names(&[VaultLocked]);
        let waits = names(&[Waiting, Unclear, Expired]);
        let troubled = need.len() + setup.len() + vault.len() + waits.len();
        let about = |names: Vec<&'a str>| About {
            rest_is_well: rows.len() > troubled && names.len() == troubled,
            names,
        };
        let all = |state| rows.iter().all(|row| row.state == state);
        if rows.is_empty() {
            Self::NoAccount
        } else if !need.is_empty() {
            Self::NeedYou(about(need))
        } else if !vault.is_empty() {
            Self::VaultLocked
        } else if !setup.is_empty() {
            Self::Setup(about(setup))
        } else if !waits.is_empty() {
            Self::Waiting(about(waits))
        } else if all(Paused) {
            Self::Paused
        } else if all(Loading) {
            Self::Loading
        } else if all(SignedOut) {
            Self::SignedOut(names(&[SignedOut]))
        } else {
            Self::Well
        }
    }
}

/// The sentence that matters, for the head of the window.
pub fn headline(rows: &[HeadlineRow<'_>]) -> String {
    let about = |sentence: String, about: &About<'_>| {
        if about.rest_is_well {
            format!("{sentence} Everything else is well.")
        } else {
            sentence
        }
    };
    match Headline::of(rows) {
        Headline::NoAccount => "No account yet. Add one to begin.".to_owned(),
        Headline::NeedYou(who) => about(format!("{}.", need_you(&who.names)), &who),
        Headline::VaultLocked => "The keychain is locked. Unlock it to go on.".to_owned(),
        Headline::Setup(who) => {
            let sentence = match who.names.as_slice() {
                [one] => format!("The setup of {one} wants a look."),
                many => format!(
                    "The setup of {} accounts wants a look: {}.",
                    many.len(),
                    list(many)
                ),
            };
            about(sentence, &who)
        }
        Headline::Waiting(who) => {
            let sentence = match who.names.as_slice() {
                [one] => format!("Nothing to do. {one} is waiting for its provider."),
                many => format!(
                    "Nothing to do. {} accounts are waiting: {}.",
                    many.len(),
                    list(many)
                ),
            };
            about(sentence, &who)
        }
        Headline::Paused => "Paused.".to_owned(),
        Headline::Loading => "Loading.".to_owned(),
        Headline::SignedOut(names) => {
            format!("Not signed in to {}. Sign in to begin.", list(&names))
        }
        Headline::Well => "Nothing to do. Everything is well.".to_owned(),
    }
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
    match shown(names) {
        (some, 0) => some.join(", "),
        (some, more) => format!("{} and {more} more", some.join(", ")),
    }
}

/// The names that a sentence shows, and how many more there are.
pub fn shown<'n, 'a>(names: &'n [&'a str]) -> (&'n [&'a str], usize) {
    const SHOWN: usize = 4;
    if names.len() <= SHOWN {
        (names, 0)
    } else {
        (&names[..SHOWN - 1], names.len() - (SHOWN - 1))
    }
}

/// So many accounts have a line in the notification; the others are counted.
pub const NOTICE_LINES: usize = 4;

/// Title and body of the one notification; each account comes with its reason in a sentence.
pub fn notice(accounts: &[(&str, &str)]) -> (String, String) {
    match accounts {
        [] => (String::new(), String::new()),
        [(name, why)] => (format!("Sign in again: {name}"), (*why).to_owned()),
        many => {
            let lines: Vec<String> = many
                .iter()
                .take(NOTICE_LINES)
                .map(|(name, why)| format!("{name}: {why}"))
                .collect();
            let more = many.len().saturating_sub(NOTICE_LINES);
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
