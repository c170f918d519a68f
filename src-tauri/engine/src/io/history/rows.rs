//! Between an entry and its row. Codes stand as text, times as microseconds.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::domain::{
    account::AccountId,
    cause::{Cause, Verdict},
    grant::ExpiresSource,
    history::{HistoryEntry, HistoryKind, Trigger},
};

/// Every column, in the order in which [`read`] expects them.
pub(super) const COLUMNS: &str = "id, at, account_id, account, kind, trigger, cause, verdict, \
     http_status, provider_code, provider_text, attempt, duration_ms, next_attempt_at, expires_at, \
     expires_source, generation, client, count";

/// The columns that a search for text looks into, by their place in [`COLUMNS`].
pub(super) const SEARCHED: [usize; 4] = [3, 9, 10, 17];

const HOUR_MICROS: i64 = 3_600_000_000;

/// Writes an entry; hand-outs and refusals of one program become one row an hour. Returns the rows
/// added (0 or 1).
pub(super) fn write(connection: &Connection, entry: &HistoryEntry) -> rusqlite::Result<u64> {
    if matches!(entry.kind, HistoryKind::HandedOut | HistoryKind::Denied)
        && fold(connection, entry)?
    {
        return Ok(0);
    }
    let mut insert = connection.prepare(
        "INSERT INTO entries (at, account_id, account, kind, trigger, cause, verdict, http_status, \
         provider_code, provider_text, attempt, duration_ms, next_attempt_at, expires_at, \
         expires_source, generation, client, count) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)",
    )?;
    insert.execute(params![
        entry.at.timestamp_micros(),
        entry.account_id.as_ref().map(|id| &id.0),
        entry.account,
        entry.kind.code(),
        entry.trigger.map(Trigger::code),
        entry.cause.map(Cause::code),
        entry.verdict.map(Verdict::code),
        entry.http_status,
        entry.provider_code,
        entry.provider_text,
        entry.attempt,
        entry.duration_ms.map(signed),
        entry.next_attempt_at.map(|at| at.timestamp_micros()),
        entry.expires_at.map(|at| at.timestamp_micros()),
        entry.expires_source.map(ExpiresSource::code),
        entry.generation.map(signed),
        entry.client,
        entry.count,
    ])?;
    Ok(1)
}

/// Adds to the row of the same hour, program and reason; false if there is none yet.
fn fold(connection: &Connection, entry: &HistoryEntry) -> rusqlite::Result<bool> {
    let at = entry.at.timestamp_micros();
    let hour = at - at.rem_euclid(HOUR_MICROS);
    let mut find = connection.prepare(
        "SELECT id FROM entries WHERE account_id IS ?1 AND kind = ?2 AND at >= ?3 AND at < ?4 \
         AND client IS ?5 AND cause IS ?6 LIMIT 1",
    )?;
    let row: Option<i64> = find
        .query_row(
            params![
                entry.account_id.as_ref().map(|id| &id.0),
                entry.kind.code(),
                hour,
                hour + HOUR_MICROS,
                entry.client,
                entry.cause.map(Cause::code),
            ],
            |row| row.get(0),
        )
        .optional()?;
    let Some(row) = row else {
        return Ok(false);
    };
    connection
        .prepare("UPDATE entries SET count = count + ?2 WHERE id = ?1")?
        .execute(params![row, entry.count])?;
    Ok(true)
}

/// Reads a row of [`COLUMNS`]. None for a kind that this program does not know.
pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Option<(i64, HistoryEntry)>> {
    let Some(kind) = HistoryKind::from_code(row.get_ref(4)?.as_str()?) else {
        return Ok(None);
    };
    let time = |at: Option<i64>| at.and_then(DateTime::<Utc>::from_timestamp_micros);
    let entry = HistoryEntry {
        at: time(Some(row.get(1)?)).unwrap_or_default(),
        account_id: row.get::<_, Option<String>>(2)?.map(AccountId),
        account: row.get(3)?,
        kind,
        trigger: code(row, 5, Trigger::from_code)?,
        cause: code(row, 6, Cause::from_code)?,
        verdict: code(row, 7, Verdict::from_code)?,
        http_status: row.get(8)?,
        provider_code: row.get(9)?,
        provider_text: row.get(10)?,
        attempt: row.get(11)?,
        duration_ms: row.get::<_, Option<i64>>(12)?.map(i64::unsigned_abs),
        next_attempt_at: time(row.get(13)?),
        expires_at: time(row.get(14)?),
        expires_source: code(row, 15, ExpiresSource::from_code)?,
        generation: row.get::<_, Option<i64>>(16)?.map(i64::unsigned_abs),
        client: row.get(17)?,
        count: row.get(18)?,
        since: None,
    };
    Ok(Some((row.get(0)?, entry)))
}

fn code<T>(
    row: &Row<'_>,
    column: usize,
    known: impl Fn(&str) -> Option<T>,
) -> rusqlite::Result<Option<T>> {
    Ok(row.get_ref(column)?.as_str_or_null()?.and_then(known))
}

/// SQLite's integers are signed.
fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
