//! Processes: they start, own, die at any point, and start again.
//!
//! A dead process is one whose ports never answer again: whatever it was doing stays undone. Its
//! kernel locks are given back at that moment, as a kernel does.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use tokentray::{
    api::types::{Event, NoticeRow},
    coordinator::Ports,
    domain::account::AccountId,
    engine::{Engine, EngineOptions},
    io::{
        Pending,
        browser::{Browser, BrowserError},
        history::{History, HistoryCounts, HistoryError, HistoryFilter, HistoryPage},
        locks::{AccountLocks, LockError, LockGuard, lock_account, try_lock_named},
        settings::{Config, SettingsEdit, SettingsError, SettingsFile},
    },
    presenter::notice_board::{NoticeBoard, Step},
};
use tokio::sync::{Notify, broadcast, mpsc};

use super::{
    chance::Chance,
    judge,
    kinds::{Fault, Point},
    provider::Endpoint,
    store::{Journals, Store},
    time,
    world::{Death, MachineClock, Owner, State, World},
};

/// One process, from its start to its death.
pub struct Proc {
    /// Which process this is, over all restarts.
    pub number: u64,
    alive: AtomicBool,
    died: Notify,
    /// Kernel locks that it holds.
    guards: Mutex<BTreeMap<u64, LockGuard>>,
    next_guard: AtomicU64,
    /// A graceful end is asked for.
    pub stop: Notify,
}

impl Proc {
    fn new(number: u64) -> Arc<Self> {
        Arc::new(Self {
            number,
            alive: AtomicBool::new(true),
            died: Notify::new(),
            guards: Mutex::default(),
            next_guard: AtomicU64::new(0),
            stop: Notify::new(),
        })
    }

    pub fn is_alive(&self) -> bool {
        self.alive.load(Ordering::Relaxed)
    }

    /// Returns in a process that lives; in a dead one nothing goes on.
    pub async fn go_on(&self) {
        if !self.is_alive() {
            std::future::pending::<()>().await;
        }
    }

    pub async fn death(&self) {
        let died = self.died.notified();
        tokio::pin!(died);
        died.as_mut().enable();
        if self.is_alive() {
            died.await;
        }
    }

    /// Nothing that it does counts any more.
    pub fn end(&self) {
        self.alive.store(false, Ordering::Relaxed);
        let guards =
            std::mem::take(&mut *self.guards.lock().unwrap_or_else(PoisonError::into_inner));
        drop(guards);
        self.died.notify_waiters();
    }

    fn keep(self: &Arc<Self>, guard: LockGuard) -> LockGuard {
        let key = self.next_guard.fetch_add(1, Ordering::Relaxed);
        self.guards
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(key, guard);
        Box::new(Held {
            proc: self.clone(),
            key,
        })
    }
}

struct Held {
    proc: Arc<Proc>,
    key: u64,
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut guards = self
            .proc
            .guards
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let guard = guards.remove(&self.key);
        drop(guards);
        drop(guard);
    }
}

/// A process in its world: what every port holds.
#[derive(Clone)]
pub struct Seat {
    pub world: World,
    pub proc: Arc<Proc>,
}

impl Seat {
    /// A point at which this process may die.
    pub async fn point(&self, point: Point) {
        if !self.proc.is_alive() {
            std::future::pending::<()>().await;
        }
        let death = self.world.with(|s| match s.armed {
            Some((at, death)) if at == point => {
                s.armed = None;
                s.tally.points[point as usize] += 1;
                Some(death)
            }
            _ => None,
        });
        if let Some(death) = death {
            die(&self.world, &self.proc, death, point);
            std::future::pending::<()>().await;
        }
    }

    /// Takes time, if the process lives that long.
    pub async fn takes(&self, length: Duration) {
        if !length.is_zero() {
            time::sleep(length).await;
        }
        self.proc.go_on().await;
    }
}

/// The process dies; with the power, all do.
pub fn die(world: &World, proc: &Arc<Proc>, death: Death, point: Point) {
    let mut dying = vec![proc.clone()];
    world.with(|s| {
        s.tell(|| format!("process {} dies ({death:?}) at {point:?}", proc.number));
        match death {
            Death::Kill => s.hit(Fault::Killed),
            Death::Power => {
                s.hit(Fault::PowerCut);
                dying.extend(s.owners.iter().map(|o| o.proc.clone()));
                let mut chance = s.chance.fork();
                s.disk.power_cut(&mut chance);
            }
        }
        for dead in &dying {
            judge::died(s, dead.number);
        }
    });
    for dead in dying {
        dead.end();
    }
    world.with(|s| s.owners.retain(|o| o.proc.is_alive()));
    world.ownership.send_modify(|n| *n += 1);
}

/// One place on the machine where an owner may run: it starts, takes ownership if it is free, and
/// starts again after each death.
pub async fn slot(world: World, slot: u64, mut chance: Chance) {
    let mut ownership = world.ownership.subscribe();
    // The first one starts first.
    time::sleep(Duration::from_millis(slot * 700)).await;
    loop {
        let number = world.with(|s| {
            s.started += 1;
            s.started
        });
        let proc = Proc::new(number);
        let Ok(lock) = try_lock_named(&world.locks, "owner") else {
            // A guest; it sees when the owner's socket closes.
            let _ = ownership.changed().await;
            time::sleep(chance.millis(100, 3000)).await;
            continue;
        };
        let lock = proc.keep(lock);
        world.with(|s| s.tell(|| format!("process {number} owns")));
        let stopped = own(&world, &proc, &mut chance).await;
        drop(lock);
        proc.end();
        world.with(|s| {
            s.owners.retain(|o| o.proc.is_alive());
            if stopped {
                s.tell(|| format!("process {number} ended by itself"));
                judge::died(s, number);
            }
        });
        world.ownership.send_modify(|n| *n += 1);
        let pause = world.with(|s| s.restart_after);
        time::sleep(pause + chance.millis(0, 500)).await;
    }
}

/// Runs an engine until it dies (false) or was asked to end (true).
async fn own(world: &World, proc: &Arc<Proc>, chance: &mut Chance) -> bool {
    let seat = Seat {
        world: world.clone(),
        proc: proc.clone(),
    };
    let (wake, wakes) = mpsc::channel(16);
    let (settings_changed, changes) = mpsc::channel(4);
    let store = Arc::new(Store::new(seat.clone()));
    let options = EngineOptions {
        ports: Ports {
            clock: Arc::new(MachineClock {
                world: world.clone(),
                proc: proc.clone(),
            }),
            token_endpoint: Arc::new(Endpoint(seat.clone())),
            vault: store.clone(),
            journal: Arc::new(Journals::new(seat.clone())),
            history: Arc::new(NoHistory(seat.clone())),
            locks: Arc::new(KernelLocks(seat.clone())),
        },
        settings: Arc::new(File(seat.clone())),
        browser: Arc::new(NoBrowser),
        zone: |_| chrono::FixedOffset::east_opt(0).expect("UTC"),
        seed: chance.next(),
        config_file: "config.toml".into(),
        state_folder: "state".into(),
        wake: Some(wakes),
        settings_changed: Some(changes),
        vault_mover: Some({
            let seat = seat.clone();
            Arc::new(move |to, _| Box::pin(super::store::move_to(seat.clone(), to)))
        }),
        on_settings: None,
        practice: None,
        undo: Duration::from_secs(10),
    };
    let engine = Engine::start(options).expect("settings are readable");
    world.with(|s| {
        s.judge.owned_since = s.now();
        s.judge.wakes.push(s.now());
        s.owners.push(Owner {
            proc: proc.clone(),
            engine: engine.clone(),
            wake,
            settings_changed,
        });
    });
    world.ownership.send_modify(|n| *n += 1);
    tokio::spawn(present(seat.clone(), engine.clone()));
    tokio::select! {
        biased;
        () = proc.death() => false,
        () = async {
            proc.stop.notified().await;
            engine.shut_down().await;
        } => true,
    }
}

/// Tray and notification of an owner: shows what is wanted, and says so.
async fn present(seat: Seat, engine: Engine) {
    let mut board = NoticeBoard::default();
    let (_, mut events) = engine.events(None);
    let mut notice = engine.status().notice;
    loop {
        seat.proc.go_on().await;
        match board.wanted(notice.as_ref()) {
            Step::Show => {
                if let Some(notice) = &notice {
                    show(&seat, &engine, &mut board, notice).await;
                }
            }
            Step::Acknowledge => {
                if let Some(notice) = &notice {
                    let heard = engine.notice_shown(&notice.id).await.is_ok();
                    board.told(&notice.id, heard);
                }
            }
            Step::Withdraw => {
                seat.world.with(judge::withdrawn);
                seat.world.screen.send_modify(|n| *n += 1);
            }
            Step::Nothing => {}
        }
        loop {
            match events.recv().await {
                Ok((_, Event::Overall { status })) => {
                    if status.notice != notice {
                        notice = status.notice;
                        break;
                    }
                }
                Ok(_) => {}
                Err(broadcast::error::RecvError::Lagged(_)) => {
                    notice = engine.status().notice;
                    break;
                }
                Err(broadcast::error::RecvError::Closed) => return,
            }
        }
    }
}

async fn show(seat: &Seat, engine: &Engine, board: &mut NoticeBoard, notice: &NoticeRow) {
    let pause = seat.world.with(|s| s.chance.millis(5, 120));
    seat.takes(pause).await;
    seat.world
        .with(|s| judge::shown(s, &notice.accounts, !notice.shown, seat.proc.number));
    seat.world.screen.send_modify(|n| *n += 1);
    seat.point(Point::NoticeShown).await;
    if board.taken(&notice.id) == Step::Acknowledge {
        let heard = engine.notice_shown(&notice.id).await.is_ok();
        board.told(&notice.id, heard);
    }
}

/// The real lock files; what dies gives its locks back.
struct KernelLocks(Seat);

impl AccountLocks for KernelLocks {
    fn lock(&self, account: AccountId) -> Pending<'static, Result<LockGuard, LockError>> {
        let seat = self.0.clone();
        Box::pin(async move {
            seat.point(Point::LockAsked).await;
            let locked = lock_account(&seat.world.locks, &account, time::sleep).await;
            seat.proc.go_on().await;
            let guard = seat.proc.keep(locked?);
            seat.point(Point::LockTaken).await;
            Ok(guard)
        })
    }
}

/// The settings file, in memory: one file for all processes.
struct File(Seat);

impl SettingsFile for File {
    fn load(&self) -> Result<Config, SettingsError> {
        Ok(self.0.world.with(|s| s.config.clone()))
    }

    fn edit(&self, edits: &[SettingsEdit]) -> Result<Config, SettingsError> {
        Ok(self.0.world.with(|s| edit(s, edits)))
    }

    fn edit_beside(
        self: Arc<Self>,
        edits: Vec<SettingsEdit>,
    ) -> Pending<'static, Result<Config, SettingsError>> {
        Box::pin(async move {
            self.0.point(Point::EditBegun).await;
            let config = self.0.world.with(|s| edit(s, &edits));
            self.0.point(Point::EditDone).await;
            Ok(config)
        })
    }
}

fn edit(s: &mut State, edits: &[SettingsEdit]) -> Config {
    let config = &mut s.config;
    for edit in edits {
        match edit {
            SettingsEdit::PutAccount(account) => {
                match config.accounts.iter_mut().find(|a| a.id == account.id) {
                    Some(old) => *old = (**account).clone(),
                    None => config.accounts.push((**account).clone()),
                }
            }
            SettingsEdit::RemoveAccount { name } => config.accounts.retain(|a| a.name != *name),
            SettingsEdit::Rename { from, to } => {
                for account in config.accounts.iter_mut().filter(|a| a.name == *from) {
                    account.name.clone_from(to);
                }
            }
            SettingsEdit::Set { .. } => {}
        }
    }
    config.clone()
}

struct NoBrowser;

impl Browser for NoBrowser {
    fn open(&self, _url: String) -> Pending<'static, Result<(), BrowserError>> {
        Box::pin(async { Ok(()) })
    }
    fn is_likely(&self) -> bool {
        false
    }
}

/// What happened, for the story only: nothing is judged by it.
struct NoHistory(Seat);

impl History for NoHistory {
    fn append(&self, entry: tokentray::domain::history::HistoryEntry) {
        if !self.0.proc.is_alive() {
            return;
        }
        self.0.world.with(|s| {
            s.tell(|| {
                format!(
                    "  [{}] {} {}{}",
                    self.0.proc.number,
                    entry.account.as_deref().unwrap_or("machine"),
                    entry.kind,
                    entry.cause.map_or_else(String::new, |c| format!(" ({c})")),
                )
            });
        });
    }
    fn page(&self, _: HistoryFilter) -> Pending<'static, Result<HistoryPage, HistoryError>> {
        Box::pin(async { Ok(HistoryPage::default()) })
    }
    fn between(
        &self,
        _: chrono::DateTime<chrono::Utc>,
        _: chrono::DateTime<chrono::Utc>,
        _: Duration,
    ) -> Pending<'static, Result<Vec<tokentray::domain::history::HistoryEntry>, HistoryError>> {
        Box::pin(async { Ok(Vec::new()) })
    }
    fn counts(
        &self,
        _: Option<AccountId>,
        _: chrono::DateTime<chrono::Utc>,
    ) -> Pending<'static, Result<HistoryCounts, HistoryError>> {
        Box::pin(async { Ok(HistoryCounts::default()) })
    }
    fn tidy(&self, _: chrono::DateTime<chrono::Utc>, _: u32) {}
    fn rename(&self, _: AccountId, _: String) {}
    fn forget(&self, _: AccountId) {}
    fn flush(&self) -> Pending<'static, ()> {
        Box::pin(async {})
    }
}
