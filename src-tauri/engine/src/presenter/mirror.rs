//! The owner's status as the presenter knows it, kept current by the owner's events; pure.

use crate::api::types::{Event, Status};

/// What an event asks of the presenter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// The status changed.
    Changed,
    /// Nothing that the presenter shows.
    Nothing,
    /// Events were missed: the status must be read anew.
    ReadAnew,
    /// At this account, or as it is.
    OpenWindow(Option<String>),
}

/// Brings `status` up to date and returns what follows.
pub fn hear(status: &mut Status, event: Event) -> Heard {
    match event {
        Event::Overall { status: overall } => {
            status.overall = overall.overall;
            status.headline = overall.headline;
            status.tray = overall.tray;
            status.notice = overall.notice;
            status.paused = overall.paused;
            status.online = overall.online;
            status.vault = overall.vault;
            Heard::Changed
        }
        Event::Account { row } => {
            match status.accounts.iter_mut().find(|known| known.id == row.id) {
                Some(known) => *known = row,
                None => status.accounts.push(row),
            }
            Heard::Changed
        }
        Event::Removed { id, .. } => {
            status.accounts.retain(|known| known.id != id);
            Heard::Changed
        }
        Event::History { .. } | Event::SignIn { .. } | Event::Settings { .. } => Heard::Nothing,
        Event::Resync => Heard::ReadAnew,
        Event::OpenWindow { account } => Heard::OpenWindow(account),
    }
}
