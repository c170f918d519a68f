//! How often something happened, by account, kind and day: a million rows need not be walked to be
//! counted.
//!
//! The database itself keeps the sums, by triggers, so that nothing that writes entries can forget
//! them, not even an earlier program. Only the day in which a question begins is counted by rows.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension as _, params};

use super::HistoryCounts;
use crate::domain::{account::AccountId, history::HistoryKind};

pub(super) const TABLE: &str = "
CREATE TABLE totals (
    account_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    day INTEGER NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (account_id, kind, day)
) WITHOUT ROWID;
CREATE TRIGGER totals_of_new AFTER INSERT ON entries
WHEN new.kind IN ('refreshed', 'refresh_failed', 'signed_in', 'handed_out') BEGIN
    INSERT INTO totals
    VALUES (coalesce(new.account_id, ''), new.kind, new.at / 86400000000, new.count)
    ON CONFLICT DO UPDATE SET count = count + excluded.count;
END;
CREATE TRIGGER totals_of_counted AFTER UPDATE OF count ON entries BEGIN
    UPDATE totals SET count = count + new.count - old.count
    WHERE account_id = coalesce(new.account_id, '') AND kind = new.kind
    AND day = new.at / 86400000000;
END;
CREATE TRIGGER totals_of_forgotten AFTER DELETE ON entries BEGIN
    UPDATE totals SET count = count - old.count
    WHERE account_id = coalesce(old.account_id, '') AND kind = old.kind
    AND day = old.at / 86400000000;
END;
INSERT INTO totals
SELECT coalesce(account_id, ''), kind, at / 86400000000, sum(count) FROM entries
WHERE kind IN ('refreshed', 'refresh_failed', 'signed_in', 'handed_out') GROUP BY 1, 2, 3;
";

const DAY_MICROS: i64 = 86_400_000_000;

/// Whether the table is there; a database of an earlier program has none.
pub(super) fn exist(connection: &Connection) -> rusqlite::Result<bool> {
    let sql = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'totals'";
    let found = connection.query_row(sql, [], |_| Ok(())).optional()?;
    Ok(found.is_some())
}

/// Leaves nothing of a removed account.
pub(super) fn forget(connection: &Connection, account: &str) -> rusqlite::Result<()> {
    let sql = "DELETE FROM totals WHERE account_id = ?1";
    connection.execute(sql, [account]).map(drop)
}

/// Days of which no row is left.
pub(super) fn tidy(connection: &Connection) -> rusqlite::Result<()> {
    let sql = "DELETE FROM totals WHERE count <= 0";
    connection.execute(sql, []).map(drop)
}

pub(super) fn counts(
    connection: &Connection,
    account: Option<&AccountId>,
    since: DateTime<Utc>,
) -> rusqlite::Result<HistoryCounts> {
    let since = since.timestamp_micros();
    let next_day = since.div_euclid(DAY_MICROS) + 1;
    let (whose, account) = match account {
        Some(account) => ("account_id = ?1", account.0.as_str()),
        None => ("?1 = ''", ""),
    };
    let mut first_day = connection.prepare(&format!(
        "SELECT coalesce(sum(count), 0) FROM entries \
         WHERE {whose} AND kind = ?2 AND at >= ?3 AND at < ?4"
    ))?;
    let mut full_days = connection.prepare(&format!(
        "SELECT coalesce(sum(count), 0) FROM totals WHERE {whose} AND kind = ?2 AND day >= ?3"
    ))?;
    let mut count = |kind: HistoryKind| -> rusqlite::Result<u64> {
        let kind = kind.code();
        let first = params![account, kind, since, next_day * DAY_MICROS];
        let first: i64 = first_day.query_row(first, |row| row.get(0))?;
        let rest = params![account, kind, next_day];
        let rest: i64 = full_days.query_row(rest, |row| row.get(0))?;
        Ok((first + rest).unsigned_abs())
    };
    Ok(HistoryCounts {
        refreshed: count(HistoryKind::Refreshed)?,
        failed: count(HistoryKind::RefreshFailed)?,
        signed_in: count(HistoryKind::SignedIn)?,
        handed_out: count(HistoryKind::HandedOut)?,
    })
}
