//! Asking: pages, and what the timeline draws.
//!
//! A page is ordered by time, newest first, and continues after the row that the cursor names. With
//! kinds or causes given, each is asked for on its own and the answers are merged: so every question
//! walks one index from its newest matching row and stops after a page, however rare the kind and
//! however long the history. A search for text alone has to walk until the page is full.

use std::time::Duration;

use chrono::{DateTime, Utc};
use rusqlite::{
    Connection, OptionalExtension, Row, params, params_from_iter,
    types::{Value, ValueRef},
};

use crate::domain::history::{HistoryEntry, HistoryKind};

use super::{
    HistoryFilter, HistoryPage, dense,
    rows::{COLUMNS, SEARCHED, read},
};

const DEFAULT_PAGE: u32 = 100;
const LARGEST_PAGE: u32 = 1_000;

/// Rows drawn one by one at most; the newest of them.
const DRAWN_CAP: u32 = 20_000;

/// What the timeline draws one by one: these begin and end incidents. The rest of what it draws is
/// [`dense::KINDS`].
const RARE: [HistoryKind; 5] = [
    HistoryKind::SignedIn,
    HistoryKind::SignedOut,
    HistoryKind::Imported,
    HistoryKind::SignInNeeded,
    HistoryKind::Removed,
];

pub(super) fn page(
    connection: &Connection,
    filter: &HistoryFilter,
) -> rusqlite::Result<HistoryPage> {
    let limit = match filter.limit {
        0 => DEFAULT_PAGE,
        wished => wished.min(LARGEST_PAGE),
    } as usize;
    let text = filter.text.as_deref().unwrap_or_default().to_lowercase();
    // One more than a page tells whether there is a next one.
    let mut found = Vec::new();
    for question in questions(connection, filter)? {
        found.extend(newest(connection, question, limit + 1, &text)?);
    }
    found.sort_by_key(|(id, entry)| std::cmp::Reverse((entry.at, *id)));
    found.dedup_by_key(|(id, _)| *id);
    let more = found.len() > limit;
    found.truncate(limit);
    Ok(HistoryPage {
        next: found.last().filter(|_| more).map(|(id, _)| *id),
        entries: found,
    })
}

/// What to ask for, one index walk each.
fn questions(connection: &Connection, filter: &HistoryFilter) -> rusqlite::Result<Vec<Conditions>> {
    let mut common = Conditions::default();
    if let Some(account) = &filter.account {
        common.add("account_id = ?", account.0.clone());
    }
    if let Some(since) = filter.since {
        common.add("at >= ?", since.timestamp_micros());
    }
    if let Some(until) = filter.until {
        common.add("at < ?", until.timestamp_micros());
    }
    if let Some((at, id)) = place_of(connection, filter.before)? {
        common.add("at <= ?", at);
        common.add_two("(at < ? OR id < ?)", at, id);
    }

    let kinds = filter.kinds.iter().map(|kind| kind.code());
    let causes: Vec<_> = filter.causes.iter().map(|cause| cause.code()).collect();
    Ok(if !causes.is_empty() {
        let mut common = common;
        common.add_one_of("kind", kinds);
        causes
            .iter()
            .map(|cause| common.with("cause = ?", cause))
            .collect()
    } else if !filter.kinds.is_empty() {
        kinds.map(|kind| common.with("kind = ?", kind)).collect()
    } else {
        vec![common]
    })
}

/// Time and id of the row that a page ended with. If it has been forgotten meanwhile, of the one
/// that was written before it.
fn place_of(connection: &Connection, cursor: Option<i64>) -> rusqlite::Result<Option<(i64, i64)>> {
    let Some(cursor) = cursor else {
        return Ok(None);
    };
    let place = connection
        .query_row(
            "SELECT at, id FROM entries WHERE id <= ?1 ORDER BY id DESC LIMIT 1",
            [cursor],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .optional()?;
    // Nothing older is left.
    Ok(Some(place.unwrap_or((i64::MIN, i64::MIN))))
}

fn newest(
    connection: &Connection,
    conditions: Conditions,
    limit: usize,
    text: &str,
) -> rusqlite::Result<Vec<(i64, HistoryEntry)>> {
    let mut statement = connection.prepare(&conditions.sql())?;
    let mut rows = statement.query(params_from_iter(conditions.values))?;
    let mut found = Vec::new();
    while found.len() < limit
        && let Some(row) = rows.next()?
    {
        if contains(row, text)? {
            found.extend(read(row)?);
        }
    }
    Ok(found)
}

/// Whether one of the searched columns holds the text, which is in lower case.
fn contains(row: &Row<'_>, text: &str) -> rusqlite::Result<bool> {
    if text.is_empty() {
        return Ok(true);
    }
    for column in SEARCHED {
        if let ValueRef::Text(bytes) = row.get_ref(column)?
            && holds(bytes, text)
        {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Without case. Plain text is compared in place: a search may have to look at every row.
fn holds(bytes: &[u8], text: &str) -> bool {
    if text.is_ascii() {
        bytes
            .windows(text.len())
            .any(|part| part.eq_ignore_ascii_case(text.as_bytes()))
    } else {
        String::from_utf8_lossy(bytes).to_lowercase().contains(text)
    }
}

pub(super) fn between(
    connection: &Connection,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    dense: Duration,
) -> rusqlite::Result<Vec<HistoryEntry>> {
    let (from, to) = (from.timestamp_micros(), to.timestamp_micros());
    let mut drawn = Vec::new();
    // Prepared once: there are a thousand of each where there are a hundred accounts.
    let mut earlier = connection.prepare(&format!(
        "SELECT {COLUMNS} FROM entries WHERE account_id = ?1 AND kind = ?2 AND at < ?3 \
         ORDER BY at DESC, id DESC LIMIT 1"
    ))?;
    let mut stretches = dense::question(connection)?;
    for account in accounts(connection)? {
        for kind in RARE.iter().chain(&dense::KINDS) {
            let last = earlier
                .query_row(params![account, kind.code(), from], read)
                .optional()?;
            drawn.extend(last.flatten());
        }
        for kind in dense::KINDS {
            // In the order of the rows that they end with.
            drawn.extend(dense::read(
                &mut stretches,
                &account,
                kind,
                (from, to),
                dense,
            )?);
        }
    }
    let mut within = Conditions::default();
    within.add("at >= ?", from);
    within.add("at <= ?", to);
    within.add_one_of("kind", RARE.iter().map(|kind| kind.code()));
    drawn.extend(newest(connection, within, DRAWN_CAP as usize, "")?);
    drawn.sort_by_key(|(id, entry)| (entry.at, *id));
    Ok(drawn.into_iter().map(|(_, entry)| entry).collect())
}

/// Every account that has rows, by hopping over the index from one to the next.
fn accounts(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    connection
        .prepare(
            "WITH RECURSIVE hop(id) AS (SELECT min(account_id) FROM entries UNION ALL \
             SELECT (SELECT min(account_id) FROM entries WHERE account_id > hop.id) FROM hop \
             WHERE hop.id IS NOT NULL) SELECT id FROM hop WHERE id IS NOT NULL",
        )?
        .query_map([], |row| row.get(0))?
        .collect()
}

/// A `WHERE` and its values.
#[derive(Clone, Default)]
struct Conditions {
    parts: Vec<String>,
    values: Vec<Value>,
}

impl Conditions {
    fn add(&mut self, part: &str, value: impl Into<Value>) {
        self.parts.push(part.to_owned());
        self.values.push(value.into());
    }

    fn add_two(&mut self, part: &str, one: i64, two: i64) {
        self.add(part, one);
        self.values.push(two.into());
    }

    /// Nothing where there is nothing to choose from.
    fn add_one_of(&mut self, column: &str, codes: impl Iterator<Item = &'static str>) {
        let codes: Vec<_> = codes.map(|code| Value::from(code.to_owned())).collect();
        if !codes.is_empty() {
            let marks = vec!["?"; codes.len()].join(", ");
            self.parts.push(format!("{column} IN ({marks})"));
            self.values.extend(codes);
        }
    }

    fn with(&self, part: &str, code: &'static str) -> Self {
        let mut more = self.clone();
        more.add(part, code.to_owned());
        more
    }

    fn sql(&self) -> String {
        let mut sql = format!("SELECT {COLUMNS} FROM entries");
        if !self.parts.is_empty() {
            sql.push_str(" WHERE ");
            sql.push_str(&self.parts.join(" AND "));
        }
        sql.push_str(" ORDER BY at DESC, id DESC");
        sql
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{account::AccountId, cause::Cause};
    use crate::io::history::schema::Place;

    #[test]
    fn every_question_walks_an_index_in_order() {
        let connection = Place::Memory.open().unwrap();
        let accounts = [None, Some(AccountId("a".into()))];
        let kinds = [vec![], vec![HistoryKind::Woke, HistoryKind::Refreshed]];
        let causes = [vec![], vec![Cause::NetworkDns, Cause::ServerError]];
        for ((account, kinds), causes) in accounts
            .iter()
            .flat_map(|a| kinds.iter().map(move |k| (a, k)))
            .flat_map(|ak| causes.iter().map(move |c| (ak, c)))
        {
            for before in [None, Some(7)] {
                let filter = HistoryFilter {
                    account: account.clone(),
                    kinds: kinds.clone(),
                    causes: causes.clone(),
                    before,
                    ..HistoryFilter::default()
                };
                for question in questions(&connection, &filter).unwrap() {
                    let sql = format!("EXPLAIN QUERY PLAN {}", question.sql());
                    let plan: Vec<String> = connection
                        .prepare(&sql)
                        .unwrap()
                        .query_map(params_from_iter(question.values), |row| row.get(3))
                        .unwrap()
                        .collect::<Result<_, _>>()
                        .unwrap();
                    let plan = plan.join("; ");
                    assert!(plan.contains("USING INDEX by_"), "{sql}: {plan}");
                    assert!(!plan.contains("TEMP B-TREE"), "{sql}: {plan}");
                }
            }
        }
    }
}
