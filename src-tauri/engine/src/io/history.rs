//! The history: what happened, kept for months and asked for in pages.
//!
//! It must not know what is done with an entry, and makes no words of it. [`sqlite`] is the real
//! one; its database in memory serves the demo and the tests, so that both run the same code.
#![doc = ""]
#![doc = include_str!("../../docs/history.md")]

pub mod sqlite;

mod dense;
mod query;
mod retention;
mod rows;
mod schema;
mod totals;

use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::domain::{
    account::AccountId,
    cause::Cause,
    history::{HistoryEntry, HistoryKind},
};

use super::Pending;

/// What to look for; `None` and empty match all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HistoryFilter {
    pub account: Option<AccountId>,
    pub kinds: Vec<HistoryKind>,
    pub causes: Vec<Cause>,
    pub since: Option<DateTime<Utc>>,
    /// Exclusive.
    pub until: Option<DateTime<Utc>>,
    /// In the account's name, code, text or client; without case.
    pub text: Option<String>,
    /// Only rows older than this one (the `next` of the last page).
    pub before: Option<i64>,
    /// Rows a page; 0 means 100, at most 1,000.
    pub limit: u32,
}

/// Newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HistoryPage {
    pub entries: Vec<(i64, HistoryEntry)>,
    /// Pass as `before` for the next page; none at the end.
    pub next: Option<i64>,
}

/// Counts of one account (or all) since a time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HistoryCounts {
    pub refreshed: u64,
    pub failed: u64,
    pub signed_in: u64,
    pub handed_out: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the history cannot be read: {0}")]
pub struct HistoryError(pub String);

/// Why the history cannot be opened at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HistoryOpenError {
    #[error(
        "the history has format {found}; this program knows {known}: install the newer program, \
         or move history.sqlite away"
    )]
    Newer { found: u32, known: u32 },
    #[error("the history cannot be opened: {0}")]
    Failed(String),
}

pub trait History: Send + Sync + 'static {
    /// Never blocks and never fails for the caller: a lost history must not cost a grant.
    fn append(&self, entry: HistoryEntry);
    fn page(&self, filter: HistoryFilter) -> Pending<'static, Result<HistoryPage, HistoryError>>;
    /// Oldest first, for drawing: entries of the kinds that the timeline draws, and before them
    /// each account's last of each kind older than `from`, so that bars and incidents that began
    /// earlier have a start. Refreshes and failures of one sort that follow each other within
    /// `dense` come as one, with `since` and their count, so that a long history is read small.
    fn between(
        &self,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
        dense: Duration,
    ) -> Pending<'static, Result<Vec<HistoryEntry>, HistoryError>>;
    fn counts(
        &self,
        account: Option<AccountId>,
        since: DateTime<Utc>,
    ) -> Pending<'static, Result<HistoryCounts, HistoryError>>;
    /// Forgets what is older than `keep_days` (failures, incidents and sign-ins: at least a year)
    /// and folds old successes; see `docs/history.md`. Cheap enough for once an hour.
    fn tidy(&self, now: DateTime<Utc>, keep_days: u32);
    /// Puts a new name over an account's entries, so that they are found by it.
    fn rename(&self, account: AccountId, name: String);
    /// Deletes all rows of a removed account.
    fn forget(&self, account: AccountId);
    /// Resolves when everything appended so far is on the disk.
    fn flush(&self) -> Pending<'static, ()>;
}
