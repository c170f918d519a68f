//! The database file: opened, created, and set aside when it is damaged. Knows no entries.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

use rusqlite::{Connection, ErrorCode, ffi};

use super::{HistoryOpenError, totals};

/// Format of the database, in SQLite's `user_version`.
const FORMAT: u32 = 1;

/// Damaged files that are kept: enough to look at, bounded where a disk goes on damaging them.
const SET_ASIDE_CAP: usize = 3;

/// Another program may read the file for a moment (a backup, `sqlite3`).
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// `at` in microseconds since 1970. Each index serves one way of asking (see `query.rs`); every one
/// ends with `at`, so that a page is read in order and no further than its end.
const TABLES: &str = "
CREATE TABLE IF NOT EXISTS entries (
    id INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    account_id TEXT,
    account TEXT,
    kind TEXT NOT NULL,
    trigger TEXT,
    cause TEXT,
    verdict TEXT,
    http_status INTEGER,
    provider_code TEXT,
    provider_text TEXT,
    attempt INTEGER,
    duration_ms INTEGER,
    next_attempt_at INTEGER,
    expires_at INTEGER,
    expires_source TEXT,
    generation INTEGER,
    client TEXT,
    count INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS by_time ON entries (at);
CREATE INDEX IF NOT EXISTS by_account ON entries (account_id, at);
CREATE INDEX IF NOT EXISTS by_account_and_kind ON entries (account_id, kind, at);
CREATE INDEX IF NOT EXISTS by_kind ON entries (kind, at);
CREATE INDEX IF NOT EXISTS by_cause ON entries (cause, at) WHERE cause IS NOT NULL;
";

/// Where a history lives.
#[derive(Clone, Debug)]
pub(super) enum Place {
    File(PathBuf),
    Memory,
}

impl Place {
    /// Opens the database; a damaged one is set aside and an empty one takes its place. A disk without
    /// a free byte costs the history of this run, not the start.
    pub(super) fn open(&self) -> Result<Connection, HistoryOpenError> {
        match self.try_open() {
            Err(Trouble::Sqlite(error)) if is_damage(&error) => {
                self.set_aside()
                    .map_err(|error| HistoryOpenError::Failed(error.kind().to_string()))?;
                self.try_open()
            }
            Err(Trouble::Sqlite(error)) if is_full(&error) => {
                tracing::warn!(
                    "history_unsaved: the disk is full, it is in memory until the next start"
                );
                Self::Memory.try_open()
            }
            other => other,
        }
        .map_err(|trouble| match trouble {
            Trouble::Newer(found) => HistoryOpenError::Newer {
                found,
                known: FORMAT,
            },
            Trouble::Sqlite(error) => HistoryOpenError::Failed(plain(&error)),
            Trouble::Io(error) => HistoryOpenError::Failed(error.kind().to_string()),
        })
    }

    fn try_open(&self) -> Result<Connection, Trouble> {
        let connection = match self {
            Self::Memory => Connection::open_in_memory()?,
            Self::File(path) => {
                create_private(path).map_err(Trouble::Io)?;
                Connection::open(path)?
            }
        };
        connection.busy_timeout(BUSY_TIMEOUT)?;
        let found: u32 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
        if found > FORMAT {
            return Err(Trouble::Newer(found));
        }
        // Takes effect only before the first table: space that tidying frees can be given back.
        connection.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
        // The answer is the mode that came about: `memory` for a database in memory.
        connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
        // No fsync for each entry: `flush` makes one. A crash of the program loses nothing.
        connection.pragma_update(None, "synchronous", "NORMAL")?;
        let has_totals = totals::exist(&connection)?;
        // Nothing is written where nothing is missing: a full disk must stop no start.
        if found != FORMAT || !has_totals {
            let totals = if has_totals { "" } else { totals::TABLE };
            connection.execute_batch(&format!(
                "BEGIN IMMEDIATE; {TABLES} {totals} PRAGMA user_version = {FORMAT}; COMMIT;"
            ))?;
        }
        Ok(connection)
    }

    /// Moves the damaged file, with its log, under a name beside it.
    pub(super) fn set_aside(&self) -> io::Result<()> {
        let Self::File(path) = self else {
            return Ok(());
        };
        let name = |number: usize| sibling(path, &format!(".damaged-{number}"));
        let number = (1..SET_ASIDE_CAP)
            .find(|number| !name(*number).exists())
            .unwrap_or(SET_ASIDE_CAP);
        tracing::warn!(number, "history_damaged: set aside, a new one is begun");
        fs::rename(path, name(number))?;
        for log in ["-wal", "-shm"] {
            let from = sibling(path, log);
            match fs::rename(&from, sibling(&name(number), log)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }
}

enum Trouble {
    Newer(u32),
    Sqlite(rusqlite::Error),
    Io(io::Error),
}

impl From<rusqlite::Error> for Trouble {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

/// Whether the file itself is broken, so that trying again is no use.
pub(super) fn is_damage(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
    )
}

fn is_full(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::DiskFull)
}

/// What went wrong, without the path that SQLite would name.
pub(super) fn plain(error: &rusqlite::Error) -> String {
    match error.sqlite_error() {
        Some(error) => ffi::code_to_str(error.extended_code).to_owned(),
        None => "a row could not be read".to_owned(),
    }
}

/// SQLite gives its log files the mode of the database, so that one is made first.
fn create_private(path: &Path) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

fn sibling(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}
