//! Reading a long history small: what follows each other closely comes as one entry.
//!
//! A million rows become as many entries as there is room for on a screen. It must not know pixels:
//! how close is close is asked for. Surprising: it walks the rows of one account and kind itself
//! instead of grouping in SQL, for a stretch may be of any length and ends where a gap does.

use std::time::Duration;

use chrono::{DateTime, Utc};
use rusqlite::{Connection, Statement, params};

use super::rows;
use crate::domain::{
    cause::Cause,
    history::{HistoryEntry, HistoryKind, Trigger},
    timeline::beginning,
};

/// Kinds of which there may be very many.
pub(super) const KINDS: [HistoryKind; 5] = [
    HistoryKind::Refreshed,
    HistoryKind::RefreshFailed,
    HistoryKind::Adopted,
    HistoryKind::SignInFailed,
    HistoryKind::Rejected,
];

/// What [`read`] asks, with account, kind, from and to.
pub(super) fn question(connection: &Connection) -> rusqlite::Result<Statement<'_>> {
    connection.prepare(&format!(
        "SELECT {} FROM entries WHERE account_id = ?1 AND kind = ?2 AND at >= ?3 AND at <= ?4 \
         ORDER BY at, id",
        rows::COLUMNS
    ))
}

/// One account's entries of one kind between two times (microseconds), oldest first, with their ids.
pub(super) fn read(
    question: &mut Statement<'_>,
    account: &str,
    kind: HistoryKind,
    (from, to): (i64, i64),
    dense: Duration,
) -> rusqlite::Result<Vec<(i64, HistoryEntry)>> {
    let dense = i64::try_from(dense.as_micros()).unwrap_or(i64::MAX);
    let mut found = question.query(params![account, kind.code(), from, to])?;
    let mut stretches: Vec<(i64, HistoryEntry)> = Vec::new();
    let mut last_at = i64::MIN;
    while let Some(row) = found.next()? {
        let at: i64 = row.get(1)?;
        let near = at.saturating_sub(last_at) < dense;
        last_at = at;
        // Only what is looked at is read: of most rows that is very little.
        if near
            && let Some((_, last)) = stretches.last_mut()
            && last.count < u32::MAX
            && last.cause.map(Cause::code) == row.get_ref(6)?.as_str_or_null()?
            && last.provider_code.as_deref() == row.get_ref(9)?.as_str_or_null()?
        {
            let time = |at: Option<i64>| at.and_then(DateTime::<Utc>::from_timestamp_micros);
            last.since = Some(beginning(last));
            last.at = time(Some(at)).unwrap_or(last.at);
            last.expires_at = time(row.get(14)?);
            last.count = last.count.saturating_add(row.get(18)?);
            if last.trigger.map(Trigger::code) != row.get_ref(5)?.as_str_or_null()? {
                last.trigger = None;
            }
        } else {
            stretches.extend(rows::read(row)?);
        }
    }
    Ok(stretches)
}
