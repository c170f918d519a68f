//! What is forgotten, and when: the rules of `docs/history.md`.

use chrono::{DateTime, Days, Utc};
use rusqlite::{Connection, params};

use super::totals;
use crate::domain::history::HistoryKind;

/// Successes older than this many days fold into one row per account and day.
const FOLD_AFTER_DAYS: u64 = 7;

/// What a person looks for long afterwards is kept a year.
const YEAR_DAYS: u64 = 365;

const DAY_MICROS: i64 = 86_400_000_000;

/// How much is cut beyond the cap at once, so that a full history is not cut at every entry.
const CUT_SHARE: u64 = 100;

/// Failures, incidents and sign-ins.
const fn is_kept_a_year(kind: HistoryKind) -> bool {
    match kind {
        HistoryKind::SignedIn
        | HistoryKind::SignedOut
        | HistoryKind::Imported
        | HistoryKind::RefreshFailed
        | HistoryKind::SignInNeeded
        | HistoryKind::Notified
        | HistoryKind::NotificationWithdrawn
        | HistoryKind::SignInStarted
        | HistoryKind::SignInFailed
        | HistoryKind::Removed => true,
        HistoryKind::Refreshed
        | HistoryKind::Adopted
        | HistoryKind::HandedOut
        | HistoryKind::Denied
        | HistoryKind::Rejected
        | HistoryKind::Unsaved
        | HistoryKind::Saved
        | HistoryKind::Paused
        | HistoryKind::Resumed
        | HistoryKind::Woke
        | HistoryKind::NetworkChanged => false,
    }
}

pub(super) fn tidy(
    connection: &mut Connection,
    now: DateTime<Utc>,
    keep_days: u32,
) -> rusqlite::Result<()> {
    let keep_days = u64::from(keep_days);
    let transaction = connection.transaction()?;
    for kind in HistoryKind::ALL {
        let days = if is_kept_a_year(*kind) {
            keep_days.max(YEAR_DAYS)
        } else {
            keep_days
        };
        transaction
            .prepare("DELETE FROM entries WHERE kind = ?1 AND at < ?2")?
            .execute(params![kind.code(), days_before(now, days)])?;
    }
    fold_successes(&transaction, days_before(now, FOLD_AFTER_DAYS))?;
    totals::tidy(&transaction)?;
    transaction.commit()?;
    // Gives freed pages back to the file system; each step is a row.
    let mut vacuum = connection.prepare("PRAGMA incremental_vacuum(10000)")?;
    let mut steps = vacuum.query([])?;
    while steps.next()?.is_some() {}
    Ok(())
}

/// The newest row of an account's day stays and counts for the others. Whole days only (UTC), so
/// that a day is folded once.
fn fold_successes(connection: &Connection, before: i64) -> rusqlite::Result<()> {
    let before = before - before.rem_euclid(DAY_MICROS);
    connection.execute(
        "WITH days AS (SELECT max(id) AS newest, sum(count) AS total FROM entries \
         WHERE kind = 'refreshed' AND at < ?1 \
         GROUP BY account_id, at / ?2 HAVING count(*) > 1) \
         UPDATE entries SET count = days.total, trigger = NULL, attempt = NULL, duration_ms = NULL \
         FROM days WHERE id = days.newest",
        params![before, DAY_MICROS],
    )?;
    connection.execute(
        "DELETE FROM entries WHERE kind = 'refreshed' AND at < ?1 AND id NOT IN \
         (SELECT max(id) FROM entries WHERE kind = 'refreshed' AND at < ?1 \
         GROUP BY account_id, at / ?2)",
        params![before, DAY_MICROS],
    )?;
    Ok(())
}

pub(super) fn count_rows(connection: &Connection) -> rusqlite::Result<u64> {
    let rows: i64 = connection.query_row("SELECT count(*) FROM entries", [], |row| row.get(0))?;
    Ok(rows.unsigned_abs())
}

/// Forgets the oldest rows until `rows` fit below the cap: what is kept a year goes last. Returns
/// the rows that are left.
pub(super) fn cut(connection: &mut Connection, rows: u64, cap: u64) -> rusqlite::Result<u64> {
    if rows <= cap {
        return Ok(rows);
    }
    let lasting: Vec<_> = HistoryKind::ALL
        .iter()
        .filter(|kind| is_kept_a_year(**kind))
        .map(|kind| format!("'{kind}'"))
        .collect();
    let ordinary = format!("WHERE kind NOT IN ({})", lasting.join(", "));
    let transaction = connection.transaction()?;
    let mut excess = rows - (cap - cap / CUT_SHARE);
    for which in [ordinary.as_str(), ""] {
        let gone = transaction.execute(
            &format!(
                "DELETE FROM entries WHERE id IN \
                 (SELECT id FROM entries {which} ORDER BY at, id LIMIT ?1)"
            ),
            [i64::try_from(excess).unwrap_or(i64::MAX)],
        )?;
        excess = excess.saturating_sub(gone as u64);
    }
    transaction.commit()?;
    count_rows(connection)
}

/// In microseconds; the beginning of time for more days than there were.
fn days_before(now: DateTime<Utc>, days: u64) -> i64 {
    now.checked_sub_days(Days::new(days))
        .unwrap_or(DateTime::<Utc>::MIN_UTC)
        .timestamp_micros()
}
