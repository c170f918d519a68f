//! The facts that rows are made of. Words are made when a row is read, never here.

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::{Life, Now, Trouble};
use crate::domain::{
    cause::{Cause, Verdict},
    grant::ExpiresSource,
    journal_entry::Incident,
    state::AccountState,
};

/// Everything about an account that can be shown; no token.
#[derive(Clone, Debug, PartialEq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent facts, each shown by itself"
)]
pub struct AccountFacts {
    pub phase: AccountState,
    pub trouble: Option<Trouble>,
    /// Wall time of the next try or planned refresh.
    pub next_at: Option<DateTime<Utc>>,
    pub has_refresh_token: bool,
    pub expires_at: Option<DateTime<Utc>>,
    pub expires_source: Option<ExpiresSource>,
    pub over: bool,
    /// This access token was rejected by a tool and could not be refreshed.
    pub rejected: bool,
    pub issued_at: Option<DateTime<Utc>>,
    pub refresh_token_expires_at: Option<DateTime<Utc>>,
    pub id_token_expires_at: Option<DateTime<Utc>>,
    pub last_refreshed_at: Option<DateTime<Utc>>,
    pub generation: u64,
    pub scopes: Vec<String>,
    pub incident: Option<Incident>,
    pub asked_since_end: bool,
    /// Refusals in a row that are not certain yet.
    pub refusals: u32,
    pub asks_at: Option<DateTime<Utc>>,
    pub unsaved: Option<Cause>,
    /// Journal and vault were read.
    pub loaded: bool,
    /// An answer that could not be read is kept in the journal: it may hold a refresh token.
    pub salvage: bool,
}

impl Life {
    /// What can be shown of this account now.
    pub fn facts(&self, now: Now) -> AccountFacts {
        let grant = self.held.as_ref().map(|h| &h.grant);
        let load_trouble = self
            .load_trouble
            .filter(|_| !self.ready)
            .map(|c| self.vault_trouble(c));
        let leftover = self.leftover.map(|cause| Trouble {
            next_at: self.remove_retry,
            ..self.vault_trouble(cause)
        });
        AccountFacts {
            phase: self.phase(now),
            trouble: load_trouble.or_else(|| self.trouble.clone()).or(leftover),
            next_at: self
                .planned(now)
                .map(|(at, _)| at)
                .or_else(|| self.trying_since())
                .or(self.load_retry)
                .or(self.remove_retry)
                .map(|at| round(now.wall_of(at))),
            has_refresh_token: grant.is_some_and(|g| g.refresh_token.is_some()),
            expires_at: self
                .held
                .as_ref()
                .and_then(|h| h.expires_at(now))
                .map(round),
            expires_source: grant.map(|g| g.expires_source),
            over: self.is_over(now),
            rejected: self.memory.rejected.is_some()
                && self.memory.rejected.as_ref() == self.held.as_ref().map(|h| &h.fingerprint),
            issued_at: grant.map(|g| g.issued_at),
            refresh_token_expires_at: grant.and_then(|g| g.refresh_token_expires_at),
            id_token_expires_at: grant.and_then(|g| g.id_token_expires_at),
            last_refreshed_at: self.last_refreshed_at,
            generation: grant.map_or(0, |g| g.generation),
            scopes: grant.map(|g| g.scopes.clone()).unwrap_or_default(),
            incident: self.memory.incident.clone(),
            asked_since_end: self.memory.asked_since_end,
            refusals: self.refusals(),
            asks_at: self.asks_at(now).map(round),
            unsaved: self.unsaved,
            loaded: self.ready,
            salvage: self.memory.salvage.is_some(),
        }
    }

    /// While what failed is being tried again: when that was due.
    fn trying_since(&self) -> Option<Duration> {
        self.attempt.as_ref()?;
        self.trouble.as_ref()?.next_at
    }

    fn phase(&self, now: Now) -> AccountState {
        if !self.ready {
            return if self.load_trouble.is_some() {
                AccountState::VaultLocked
            } else {
                AccountState::Loading
            };
        }
        if self.memory.incident.is_some() {
            return AccountState::SignInNeeded;
        }
        let Some(held) = &self.held else {
            return if self.saving.is_some() {
                AccountState::Refreshing
            } else {
                AccountState::SignedOut
            };
        };
        if self.setup.paused {
            return AccountState::Paused;
        }
        let verdict = self.trouble.as_ref().map(Trouble::verdict);
        let by_vault = self.trouble.as_ref().is_some_and(|t| t.cause.is_vault());
        let over = self.is_over(now);
        let refreshing = self.attempt.is_some() || self.saving.is_some();
        match verdict {
            Some(Verdict::Wait) if by_vault => AccountState::VaultLocked,
            Some(Verdict::FixSetup) => AccountState::FixSetup,
            Some(Verdict::Unclear) => AccountState::Unclear,
            _ if over && !refreshing => AccountState::Expired,
            Some(Verdict::Wait | Verdict::SignIn) => AccountState::Waiting,
            None if refreshing => AccountState::Refreshing,
            None if held.due.is_some_and(|due| due <= now.boot) => AccountState::Expiring,
            None => AccountState::Ok,
        }
    }
}

/// To whole seconds, so that a row does not change with every reading of the clock.
fn round(at: DateTime<Utc>) -> DateTime<Utc> {
    DateTime::from_timestamp(at.timestamp(), 0).unwrap_or(at)
}
