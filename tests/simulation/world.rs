//! One world: its state, its clock, and a month in it.
//!
//! A world lives in one single-threaded runtime, on time of its own. Its state is behind one lock that
//! is never held across an await, so that the same seed makes the same world. True time goes on
//! while the machine sleeps and does not care what its clock says; providers live by it.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use tokentray::{
    domain::{
        account::{Account, AccountId},
        lifecycle::Now,
    },
    engine::Engine,
    io::{Pending, clock::Clock, settings::Config, wake::WakeSignal},
};
use tokio::{sync::mpsc, sync::watch};

use super::{
    chance::Chance,
    fate,
    judge::{Judge, Violation},
    kinds::{Fault, Point},
    people,
    process::{self, Proc},
    provider::{Provider, TruthOfAccount},
    store::{Disk, Keychain},
    tally::Tally,
    time,
};

pub const MINUTE: Duration = Duration::from_secs(60);
pub const HOUR: Duration = Duration::from_secs(3600);
pub const DAY: Duration = Duration::from_secs(86_400);

/// How long a world lives; the last day and two hours of it without a fault.
pub const LENGTH: Duration = Duration::from_secs(30 * 86_400);
pub const CALM: Duration = Duration::from_secs(26 * 3600);

/// True time 0 as providers and right clocks show it.
pub const fn begin() -> DateTime<Utc> {
    DateTime::from_timestamp(1_772_431_200, 0).expect("Monday, the second of March 2026, at six")
}

/// What stands between this machine and its providers.
#[derive(Debug, Default)]
pub struct Net {
    pub offline: bool,
    pub dns_until: Duration,
    pub portal_until: Duration,
    /// The person paused everything.
    pub paused: bool,
    /// When it last was not as it should be.
    pub bad_at: Duration,
}

/// How a death happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Death {
    /// The process only: what it wrote is in the page cache.
    Kill,
    /// The machine: what was not fsynced may be lost, and everybody dies.
    Power,
}

pub struct Owner {
    pub proc: Arc<Proc>,
    pub engine: Engine,
    pub wake: mpsc::Sender<WakeSignal>,
    pub settings_changed: mpsc::Sender<()>,
}

pub struct State {
    /// For latencies and other details of port calls.
    pub chance: Chance,
    suspended: Duration,
    /// Milliseconds by which the machine's clock is wrong.
    pub clock_wrong: i64,
    pub awake: bool,
    pub present: bool,
    /// When machine, session and vault last became fit for telling a person.
    pub fit_since: Duration,
    pub net: Net,
    pub providers: Vec<Provider>,
    pub accounts: Vec<TruthOfAccount>,
    pub by_id: BTreeMap<AccountId, usize>,
    pub keychain: Keychain,
    pub disk: Disk,
    /// The settings file.
    pub config: Config,
    pub owners: Vec<Owner>,
    /// The next death, where it waits for its point.
    pub armed: Option<(Point, Death)>,
    /// How long the next restart takes.
    pub restart_after: Duration,
    pub started: u64,
    pub tally: Tally,
    pub judge: Judge,
    pub story: Option<Vec<String>>,
    pub violations: Vec<Violation>,
    pub digest: u64,
    pub over: bool,
}

impl State {
    /// True time since the world began.
    pub fn now(&self) -> Duration {
        time::now() + self.suspended
    }

    /// The time as providers know it.
    pub fn true_wall(&self) -> DateTime<Utc> {
        begin() + TimeDelta::from_std(self.now()).unwrap_or_default()
    }

    pub fn sleep_through(&mut self, length: Duration) {
        self.suspended += length;
    }

    /// A line of the story, made only where somebody will read it. Everything told is part of the
    /// digest, by which a world is compared with itself.
    pub fn tell(&mut self, line: impl FnOnce() -> String) {
        let now = self.now();
        self.digest = (self.digest ^ u64::try_from(now.as_millis()).unwrap_or_default())
            .wrapping_mul(0x0000_0100_0000_01B3);
        if self.story.is_some() {
            let line = line();
            for byte in line.bytes() {
                self.digest = (self.digest ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3);
            }
            let line = format!("{} {line}", clock_text(now));
            if let Some(story) = &mut self.story {
                story.push(line);
            }
        }
    }

    pub fn hit(&mut self, fault: Fault) {
        self.tally.faults[fault as usize] += 1;
        self.judge.last_fault = self.now();
    }

    pub fn violated(&mut self, invariant: u8, what: String) {
        let at = self.now();
        self.tell(|| format!("VIOLATION of {invariant}: {what}"));
        self.violations.push(Violation {
            invariant,
            at,
            what,
        });
    }

    pub fn account_of(&self, id: &AccountId) -> Option<usize> {
        self.by_id.get(id).copied()
    }

    /// Whether a notification could help now: awake, session unlocked, vault readable, online.
    pub fn is_fit(&self) -> bool {
        self.awake && self.present && !self.net.offline && self.keychain.is_well()
    }
}

/// Days, hours, minutes, seconds, as a story has them.
pub fn clock_text(at: Duration) -> String {
    let s = at.as_secs();
    format!(
        "{:02}d {:02}:{:02}:{:02}.{:03}",
        s / 86_400,
        s / 3600 % 24,
        s / 60 % 60,
        s % 60,
        at.subsec_millis()
    )
}

/// A handle to the world.
#[derive(Clone)]
pub struct World {
    state: Arc<Mutex<State>>,
    /// Where the real lock files lie.
    pub locks: Arc<std::path::PathBuf>,
    /// Changes whenever an owner comes or goes.
    pub ownership: watch::Sender<u64>,
    /// Changes whenever the screen's notification does.
    pub screen: watch::Sender<u64>,
}

impl World {
    pub fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn with<R>(&self, look: impl FnOnce(&mut State) -> R) -> R {
        look(&mut self.lock())
    }

    pub fn now(&self) -> Duration {
        self.lock().now()
    }

    /// Waits until that true time; the machine may sleep meanwhile.
    pub async fn until(&self, at: Duration) {
        loop {
            let now = self.now();
            if now >= at {
                return;
            }
            time::sleep((at - now).min(HOUR)).await;
        }
    }

    /// The engine that serves the socket now, if any.
    pub fn engine(&self) -> Option<(Arc<Proc>, Engine)> {
        let state = self.lock();
        let owner = state.owners.iter().find(|o| o.proc.is_alive())?;
        Some((owner.proc.clone(), owner.engine.clone()))
    }

    /// Tells every owner what the machine does.
    pub fn signal(&self, signal: WakeSignal) {
        let senders: Vec<_> = self.with(|s| s.owners.iter().map(|o| o.wake.clone()).collect());
        for sender in senders {
            let _ = sender.try_send(signal);
        }
    }
}

/// The machine's clock, as one process reads it.
pub struct MachineClock {
    pub world: World,
    pub proc: Arc<Proc>,
}

impl Clock for MachineClock {
    fn now(&self) -> Now {
        self.world.with(|s| {
            let now = s.now();
            let wrong = TimeDelta::milliseconds(s.clock_wrong);
            Now {
                wall: begin() + (TimeDelta::from_std(now).unwrap_or_default() + wrong),
                boot: HOUR + now,
            }
        })
    }

    fn sleep(&self, duration: Duration) -> Pending<'static, ()> {
        let proc = self.proc.clone();
        Box::pin(async move {
            time::sleep(duration).await;
            proc.go_on().await;
        })
    }
}

/// What one world came to.
pub struct Outcome {
    pub seed: u64,
    pub tally: Tally,
    pub violations: Vec<Violation>,
    pub story: Vec<String>,
    pub digest: u64,
}

/// Lives one world to its end, or to its first violation.
pub fn live(seed: u64, with_story: bool) -> Outcome {
    time::begin();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .on_thread_park(time::pass)
        .build()
        .expect("a runtime");
    let folder = tempfile::Builder::new()
        .prefix("tokentray-world-")
        .tempdir()
        .expect("a folder for locks");
    let outcome = runtime.block_on(month(seed, with_story, folder.path().to_owned()));
    drop(runtime);
    outcome
}

async fn month(seed: u64, with_story: bool, locks: std::path::PathBuf) -> Outcome {
    let mut chance = Chance::new(seed);
    let world = World {
        locks: Arc::new(locks),
        ownership: watch::channel(0).0,
        screen: watch::channel(0).0,
        state: Arc::new(Mutex::new(State {
            suspended: Duration::ZERO,
            clock_wrong: 0,
            awake: true,
            present: true,
            fit_since: Duration::ZERO,
            net: Net::default(),
            providers: Vec::new(),
            accounts: Vec::new(),
            by_id: BTreeMap::new(),
            keychain: Keychain::new(),
            disk: Disk::default(),
            config: Config::default(),
            owners: Vec::new(),
            armed: None,
            restart_after: Duration::from_secs(2),
            started: 0,
            tally: Tally::default(),
            judge: Judge::default(),
            story: with_story.then(Vec::new),
            violations: Vec::new(),
            digest: 0xCBF2_9CE4_8422_2325,
            over: false,
            chance: chance.fork(),
        })),
    };
    fate::populate(&world, &mut chance);
    let plan = fate::plan(&world, &mut chance);
    let slots = 2 + u64::from(chance.one_in(3));
    for slot in 0..slots {
        tokio::spawn(process::slot(world.clone(), slot, chance.fork()));
    }
    let accounts = world.with(|s| s.accounts.len());
    for account in 0..accounts {
        tokio::spawn(people::tool(world.clone(), account, chance.fork()));
    }
    tokio::spawn(people::person(world.clone(), chance.fork()));
    let mut fates = tokio::spawn(fate::come(world.clone(), plan, chance.fork()));
    let mut judging = tokio::spawn(super::judge::watch(world.clone()));
    tokio::select! {
        biased;
        ended = &mut judging => ended.expect("the judge"),
        () = async { let _ = (&mut fates).await; std::future::pending::<()>().await } => {}
    }
    let mut state = world.lock();
    state.over = true;
    let mut tally = std::mem::take(&mut state.tally);
    tally.worlds = 1;
    tally.lived = state.now();
    tally.accounts = state.accounts.len() as u64;
    tally.fewest_accounts = tally.accounts;
    tally.fewest_faults = tally.faults.iter().sum();
    tally.account_time = state.now() * u32::try_from(state.accounts.len()).unwrap_or(1);
    // Engines hold the world, and the world holds engines.
    let owners = std::mem::take(&mut state.owners);
    let outcome = Outcome {
        seed,
        tally,
        violations: std::mem::take(&mut state.violations),
        story: state.story.take().unwrap_or_default(),
        digest: state.digest,
    };
    drop(state);
    drop(owners);
    outcome
}

/// An account as it is configured, by its truth.
pub fn configured(truth: &TruthOfAccount, host: &str) -> Account {
    let mut account = Account::new(truth.id.clone(), truth.name.clone(), truth.client.clone());
    account.token_url = Some(format!("https://{host}/token"));
    account.device_url = Some(format!("https://{host}/device"));
    account.auth_url = Some(format!("https://{host}/authorize"));
    account.revocation_url = Some(format!("https://{host}/revoke"));
    account.scopes = vec!["read".into()];
    account
}
