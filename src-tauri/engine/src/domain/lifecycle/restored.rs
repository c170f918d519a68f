//! State that looks like a copy or a restored backup: its refresh token waits for a person.
//!
//! Where a provider rotates, or may, a refresh token that was spent elsewhere ends the grant
//! everywhere when it is sent again. The surprising thing: nothing is lost by waiting, so there is
//! no incident and no notification; the access token is handed out for as long as it lives. Reading
//! is no sending: what another program stores meanwhile is adopted.

use std::time::Duration;

use super::{Effect, Life, Now, ReadGrants, Settled, Trouble, Want};
use crate::domain::{
    cause::Cause,
    history::{HistoryEntry, HistoryKind, Trigger},
    policy,
    provider::Rotation,
};

impl Life {
    /// After journal and vault were read: is this older than what once was, or another machine's?
    pub(super) fn look_for_a_copy(&mut self, now: Now, out: &mut Vec<Effect>) {
        let Some(held) = &self.held else {
            return self.belongs_here();
        };
        let generation = held.grant.generation;
        let older = generation < self.memory.highest_generation
            && self.memory.went_on_with != Some(generation);
        let rotates = held.grant.refresh_token.is_some()
            && self
                .setup
                .provider
                .is_none_or(|row| row.rotation != Rotation::Never);
        if !rotates || !(older || self.is_elsewhere()) {
            return self.belongs_here();
        }
        self.restored = true;
        self.news = (now.boot, false);
        if self.memory.incident.is_none() {
            self.trouble = Some(Trouble::new(Cause::StateRestored, Trigger::Startup));
        }
        let entry = HistoryEntry {
            cause: Some(Cause::StateRestored),
            verdict: Some(Cause::StateRestored.verdict()),
            trigger: Some(Trigger::Startup),
            ..self.entry(HistoryKind::RefreshFailed, now)
        };
        out.push(Effect::Record(Box::new(entry)));
    }

    fn is_elsewhere(&self) -> bool {
        matches!(
            (&self.memory.place, &self.place),
            (Some(written), Some(here)) if written.is_elsewhere(here)
        )
    }

    /// What the journal holds was written here, or is ours by now.
    pub(super) fn belongs_here(&mut self) {
        self.restored = false;
        if self.place.is_some() && self.memory.place != self.place {
            self.memory.place.clone_from(&self.place);
            self.version += 1;
        }
    }

    /// A person refreshes: they know that no other copy is in use.
    pub(super) fn go_on_with_a_copy(&mut self) {
        if !self.restored {
            return;
        }
        self.memory.went_on_with = self.held.as_ref().map(|h| h.grant.generation);
        self.version += 1;
        self.belongs_here();
        self.trouble
            .take_if(|trouble| trouble.cause == Cause::StateRestored);
    }

    /// What anybody but a person is told meanwhile.
    pub(super) fn refuse_copy(&mut self, want: &Want) -> Option<Settled> {
        if !self.restored || want.person {
            return None;
        }
        self.news.1 = true;
        let trouble = self
            .trouble
            .clone()
            .unwrap_or_else(|| Trouble::new(Cause::StateRestored, Trigger::Startup));
        Some(Settled::Failed(Box::new(trouble)))
    }

    /// When the vault is read again although nothing says that it changed.
    pub(super) fn next_look_for_news(&self) -> Option<Duration> {
        let (looked_at, asked) = self.news;
        let pause = if asked {
            policy::NEWS_PAUSE_ASKED
        } else {
            policy::NEWS_PAUSE
        };
        (self.restored && !self.removed && !self.is_elsewhere()).then(|| looked_at + pause)
    }

    pub(super) fn look_for_news(&mut self, now: Now, out: &mut Vec<Effect>) {
        self.news = (now.boot, false);
        if self.attempt.is_none() {
            out.push(Effect::Read);
        }
    }

    /// The vault changed, or may have: perhaps the right keychain is open now.
    pub(super) fn look_again(&mut self, read: ReadGrants, now: Now, out: &mut Vec<Effect>) {
        if !self.restored || self.is_elsewhere() {
            return;
        }
        if let Ok(Some(found)) = read.vault
            && found.generation >= self.memory.highest_generation
            && self.is_news(&found)
        {
            self.restored = false;
            self.adopt(found, now, out);
        }
    }
}
