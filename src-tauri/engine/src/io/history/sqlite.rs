//! The history in SQLite (WAL), on a thread of its own.
//!
//! Appending puts an entry into a queue and returns; what has gathered is written in one
//! transaction. A queue that grows too long first loses hand-outs, then anything: a lost history
//! must not cost a grant, and neither must memory.

use std::{
    collections::VecDeque,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

use chrono::{DateTime, Utc};
use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::{
    domain::{
        account::AccountId,
        history::{HistoryEntry, HistoryKind},
    },
    io::Pending,
};

use super::{
    History, HistoryCounts, HistoryError, HistoryFilter, HistoryOpenError, HistoryPage, query,
    retention, rows,
    schema::{Place, is_damage, plain},
    totals,
};

/// Entries in the queue beyond which hand-outs are dropped: some seconds of a stuck disk.
const QUEUE_CAP: usize = 10_000;

/// Entries in the queue beyond which nothing is taken, some 20 MB.
const QUEUE_END: usize = 5 * QUEUE_CAP;

/// Commands taken from the queue at once, so that a transaction stays short.
const BATCH: usize = 1_000;

/// Rows that the database holds at most.
const ROWS_CAP: u64 = 1_000_000;

type Reply<T> = oneshot::Sender<Result<T, HistoryError>>;

enum Command {
    Append(Box<HistoryEntry>),
    Page(HistoryFilter, Reply<HistoryPage>),
    Between(
        DateTime<Utc>,
        DateTime<Utc>,
        Duration,
        Reply<Vec<HistoryEntry>>,
    ),
    Counts(Option<AccountId>, DateTime<Utc>, Reply<HistoryCounts>),
    Tidy(DateTime<Utc>, u32),
    Rename(AccountId, String),
    Forget(AccountId),
    Flush(Reply<()>),
}

/// A handle to the history's thread, which ends, with the queue written, when this is dropped.
pub struct SqliteHistory {
    commands: mpsc::Sender<Command>,
    queued: Arc<AtomicUsize>,
}

impl SqliteHistory {
    /// Opens or creates `history.sqlite`. A damaged one is set aside; a newer format is refused.
    pub fn open(path: &Path) -> Result<Self, HistoryOpenError> {
        Self::start(Place::File(path.to_owned()), ROWS_CAP)
    }

    /// A history that is gone with the program.
    pub fn in_memory() -> Result<Self, HistoryOpenError> {
        Self::start(Place::Memory, ROWS_CAP)
    }

    /// Like [`SqliteHistory::in_memory`] with fewer rows, to see the cap at work.
    pub fn in_memory_with_cap(rows: u64) -> Result<Self, HistoryOpenError> {
        Self::start(Place::Memory, rows)
    }

    fn start(place: Place, rows_cap: u64) -> Result<Self, HistoryOpenError> {
        let connection = place.open()?;
        let (commands, queue) = mpsc::channel();
        let queued = Arc::new(AtomicUsize::new(0));
        let keeper = Keeper {
            connection,
            place,
            rows_cap,
            rows: None,
            unwritten: VecDeque::new(),
        };
        let taken = Arc::clone(&queued);
        thread::Builder::new()
            .name("history".into())
            .spawn(move || keeper.run(&queue, &taken))
            .map_err(|error| HistoryOpenError::Failed(error.kind().to_string()))?;
        Ok(Self { commands, queued })
    }

    fn send(&self, command: Command) {
        self.queued.fetch_add(1, Ordering::Relaxed);
        // The thread ends with this handle only; were it gone, replies would say so.
        let _ = self.commands.send(command);
    }

    fn ask<T: Send + 'static>(
        &self,
        command: impl FnOnce(Reply<T>) -> Command,
    ) -> Pending<'static, Result<T, HistoryError>> {
        let (reply, answer) = oneshot::channel();
        self.send(command(reply));
        Box::pin(async move {
            answer
                .await
                .unwrap_or_else(|_| Err(HistoryError("its thread has ended".into())))
        })
    }
}

impl History for SqliteHistory {
    fn append(&self, entry: HistoryEntry) {
        let queued = self.queued.load(Ordering::Relaxed);
        if queued >= QUEUE_END || (queued >= QUEUE_CAP && entry.kind == HistoryKind::HandedOut) {
            tracing::debug!(kind = %entry.kind, "history_entry_dropped");
            return;
        }
        self.send(Command::Append(Box::new(entry)));
    }

    fn page(&self, filter: HistoryFilter) -> Pending<'static, Result<HistoryPage, HistoryError>> {
        self.ask(|reply| Command::Page(filter, reply))
    }

    fn between(
        &self,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
        dense: Duration,
    ) -> Pending<'static, Result<Vec<HistoryEntry>, HistoryError>> {
        self.ask(move |reply| Command::Between(from, to, dense, reply))
    }

    fn counts(
        &self,
        account: Option<AccountId>,
        since: DateTime<Utc>,
    ) -> Pending<'static, Result<HistoryCounts, HistoryError>> {
        self.ask(|reply| Command::Counts(account, since, reply))
    }

    fn tidy(&self, now: DateTime<Utc>, keep_days: u32) {
        self.send(Command::Tidy(now, keep_days));
    }

    fn rename(&self, account: AccountId, name: String) {
        self.send(Command::Rename(account, name));
    }

    fn forget(&self, account: AccountId) {
        self.send(Command::Forget(account));
    }

    fn flush(&self) -> Pending<'static, ()> {
        let done = self.ask(Command::Flush);
        Box::pin(async move {
            if let Err(error) = done.await {
                tracing::warn!(%error, "history_unsaved");
            }
        })
    }
}

/// What lives on the thread.
struct Keeper {
    connection: Connection,
    place: Place,
    rows_cap: u64,
    /// Counted at the first write, then kept.
    rows: Option<u64>,
    /// Entries that the disk did not take yet.
    unwritten: VecDeque<HistoryEntry>,
}

impl Keeper {
    fn run(mut self, queue: &mpsc::Receiver<Command>, queued: &AtomicUsize) {
        while let Ok(first) = queue.recv() {
            let batch: Vec<_> = std::iter::once(first)
                .chain(queue.try_iter().take(BATCH))
                .collect();
            queued.fetch_sub(batch.len(), Ordering::Relaxed);
            for command in batch {
                if let Command::Append(entry) = command {
                    self.unwritten.push_back(*entry);
                } else {
                    self.write();
                    self.obey(command);
                }
            }
            self.write();
        }
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::Append(entry) => self.unwritten.push_back(*entry),
            Command::Page(filter, reply) => {
                let page = self.with(|connection| query::page(connection, &filter));
                let _ = reply.send(page);
            }
            Command::Between(from, to, dense, reply) => {
                let drawn = self.with(|connection| query::between(connection, from, to, dense));
                let _ = reply.send(drawn);
            }
            Command::Counts(account, since, reply) => {
                let counts = self.with(|c| totals::counts(c, account.as_ref(), since));
                let _ = reply.send(counts);
            }
            Command::Tidy(now, keep_days) => {
                self.rows = None;
                self.do_quietly(|connection| retention::tidy(connection, now, keep_days));
            }
            Command::Rename(account, name) => self.do_quietly(|connection| {
                let sql = "UPDATE entries SET account = ?2 WHERE account_id = ?1";
                connection.execute(sql, [&account.0, &name]).map(drop)
            }),
            Command::Forget(account) => {
                self.rows = None;
                self.do_quietly(|connection| {
                    let sql = "DELETE FROM entries WHERE account_id = ?1";
                    connection.execute(sql, [&account.0])?;
                    totals::forget(connection, &account.0)
                });
            }
            Command::Flush(reply) => {
                // A checkpoint fsyncs the log, then the database.
                let done = self.with(|connection| {
                    connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))
                });
                let all_written = self.unwritten.is_empty();
                let _ = reply.send(done.and_then(|()| {
                    if all_written {
                        Ok(())
                    } else {
                        Err(HistoryError("the disk does not take it".into()))
                    }
                }));
            }
        }
    }

    /// Writes what waits, in one transaction. What the disk refuses goes on waiting, bounded.
    fn write(&mut self) {
        if self.unwritten.is_empty() {
            return;
        }
        let entries = std::mem::take(&mut self.unwritten);
        let added = self.with(|connection| {
            let transaction = connection.transaction()?;
            let mut added = 0;
            for entry in &entries {
                added += rows::write(&transaction, entry)?;
            }
            transaction.commit()?;
            Ok(added)
        });
        match added {
            Ok(added) => self.grown(added),
            Err(error) => {
                tracing::warn!(%error, waiting = entries.len(), "history_unsaved");
                self.unwritten = entries;
                if self.unwritten.len() > QUEUE_CAP {
                    self.unwritten.retain(|e| e.kind != HistoryKind::HandedOut);
                }
                let excess = self.unwritten.len().saturating_sub(QUEUE_CAP);
                self.unwritten.drain(..excess);
            }
        }
    }

    fn grown(&mut self, added: u64) {
        let (known, cap) = (self.rows, self.rows_cap);
        let left = self.with(|connection| {
            let rows = match known {
                Some(rows) => rows + added,
                None => retention::count_rows(connection)?,
            };
            retention::cut(connection, rows, cap)
        });
        self.rows = left.ok();
    }

    fn do_quietly(&mut self, work: impl Fn(&mut Connection) -> rusqlite::Result<()>) {
        if let Err(error) = self.with(work) {
            tracing::warn!(%error, "history_failed");
        }
    }

    /// Does it; if the database turns out to be damaged, once more with a new one.
    fn with<T>(
        &mut self,
        work: impl Fn(&mut Connection) -> rusqlite::Result<T>,
    ) -> Result<T, HistoryError> {
        match work(&mut self.connection) {
            Err(error) if is_damage(&error) => self
                .begin_anew()
                .and_then(|()| work(&mut self.connection).map_err(|e| HistoryError(plain(&e)))),
            other => other.map_err(|error| HistoryError(plain(&error))),
        }
    }

    fn begin_anew(&mut self) -> Result<(), HistoryError> {
        // The file must be closed before it is moved.
        let closed = Connection::open_in_memory().map_err(|e| HistoryError(plain(&e)))?;
        drop(std::mem::replace(&mut self.connection, closed));
        self.rows = None;
        self.place
            .set_aside()
            .map_err(|error| HistoryError(error.kind().to_string()))?;
        self.connection = self
            .place
            .open()
            .map_err(|error| HistoryError(error.to_string()))?;
        Ok(())
    }
}
