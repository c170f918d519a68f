//! `tokentray watch`: what happens, live, a line each.

use clap::Args;

use crate::{
    api::{
        problem::{Code, Problem},
        types::Event,
    },
    cli::{Outcome, blocking::Asker, history::told, output},
};

#[derive(Debug, Args)]
pub struct WatchArgs {
    /// Only this account
    name: Option<String>,
}

pub fn watch(args: &WatchArgs, json: bool) -> Outcome {
    let wanted = args.name.as_ref().map(|name| name.to_lowercase());
    for (_, event) in Asker::from_env()?.events()? {
        if let Some(wanted) = &wanted
            && account_of(&event).map(str::to_lowercase).as_ref() != Some(wanted)
        {
            continue;
        }
        if json {
            output::json_line(&event)?;
        } else if let Event::History { entry } = &event {
            output::line(&told(entry))?;
        }
    }
    Err(Problem::new(Code::NotRunning, "the engine ended")
        .with_hint("tokentray tray (with a desktop) or tokentray daemon (without)")
        .into())
}

/// The account that an event is about.
fn account_of(event: &Event) -> Option<&str> {
    match event {
        Event::Account { row } => Some(&row.name),
        Event::Removed { name, .. } => Some(name),
        Event::History { entry } => entry.account.as_deref(),
        Event::SignIn { row } => Some(&row.account),
        Event::Overall { .. }
        | Event::Settings { .. }
        | Event::Resync
        | Event::OpenWindow { .. } => None,
    }
}
