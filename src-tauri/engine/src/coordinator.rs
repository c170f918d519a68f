//! The one task that owns every grant: receives messages, sleeps until the next due time, performs
//! effects. It knows ports only.
//!
//! Nothing slow happens in it: keychain, disk and HTTP run beside it and report back as messages.
//! No lock is held across an await, and the machine looks again at least every 30 s because timers
//! do not run while it sleeps.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use chrono::TimeDelta;
use tokio::{
    sync::{broadcast, mpsc, oneshot, watch},
    task::AbortHandle,
};

use crate::{
    domain::{
        account::{Account, AccountId},
        breaker::Breaker,
        cause::Cause,
        diagnosis::Connectivity,
        fingerprint::Fingerprinter,
        grant::Grant,
        history::{HistoryEntry, HistoryKind},
        journal_entry::{Place, Removal},
        lifecycle::{Input, Life, Now, Settled, Want},
        policy::{self, Jitter},
    },
    io::{
        clock::Clock,
        history::History,
        journal::Journal,
        locks::{AccountLocks, LockError, LockGuard},
        token_endpoint::TokenEndpoint,
        vault::{SealKey, Vault, VaultError, VaultEvent},
        wake::WakeSignal,
    },
};

mod effects;
mod leaving;
mod machine;
mod notice;
mod roster;
mod running;
mod snapshot;

pub use notice::Notice;
pub use roster::provider_of;
pub use snapshot::{AccountView, Overall, Snapshot};

/// Timers do not run while the machine sleeps, so nobody sleeps longer than this.
const MAX_SLEEP: Duration = Duration::from_secs(30);
/// The clock ran on this much longer than the sleep: the machine was asleep.
const SLEPT: Duration = Duration::from_secs(20);
/// So long after "about to sleep" the machine is taken to be awake, told or not.
const WAKE_LOST: Duration = Duration::from_mins(2);
/// Replies in flight are awaited so long at the end.
const DRAIN: Duration = Duration::from_secs(10);

/// The outside world, as the owning task sees it.
#[derive(Clone)]
pub struct Ports {
    pub clock: Arc<dyn Clock>,
    pub token_endpoint: Arc<dyn TokenEndpoint>,
    pub vault: Arc<dyn Vault>,
    pub journal: Arc<dyn Journal>,
    pub history: Arc<dyn History>,
    pub locks: Arc<dyn AccountLocks>,
}

/// What a person wishes of the owning task, for all accounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Preferences {
    /// Notifications are wanted at all; tray and window tell in any case.
    pub notify: bool,
    /// The notification may come so long before the access token ends.
    pub notify_ahead: Duration,
    /// How long before its end a token is refreshed; none: a share of its life.
    pub refresh_ahead: Option<Duration>,
}

/// What the owning task is told.
pub enum Message {
    Account(AccountId, Input),
    Demand {
        account: AccountId,
        want: Want,
        reply: oneshot::Sender<Settled>,
    },
    /// A sign-in or an import brought a grant.
    Arrived {
        account: AccountId,
        grant: Box<Grant>,
        how: HistoryKind,
        reply: oneshot::Sender<Settled>,
    },
    /// A new account, or an edited one.
    Put(Box<Account>),
    /// Gone from the settings file: not shown any more, its grant left alone.
    Hide(AccountId),
    /// Answers when everything told before was worked through.
    CaughtUp(oneshot::Sender<()>),
    /// Removed for good after the undo time.
    Purge {
        account: AccountId,
        removal: Removal,
    },
    /// What the journal says was removed, by an earlier process.
    Removed(Vec<(AccountId, Removal)>),
    /// Delete what is left of an account, and revoke these grants if that is safe.
    Forget(AccountId, Removal, Vec<Grant>),
    /// A removal was undone.
    Keep(AccountId),
    PauseAll(bool),
    Wake(WakeSignal),
    /// A provider's clock was read: ours is ahead by so many seconds.
    Clock(i64),
    Vault(VaultEvent),
    Key(Result<(SealKey, Option<Place>), VaultError>),
    LockTaken(AccountId, Result<LockGuard, LockError>),
    /// A presenter showed the notice with this id.
    NoticeShown(String),
    Preferences(Preferences),
    /// Start nothing new; answers when nothing is in flight, or after 10 s.
    Quiesce {
        reply: oneshot::Sender<()>,
    },
    Unquiesce,
}

/// What changed, for whoever shows it.
#[derive(Clone, Debug)]
pub enum Change {
    Account(AccountId),
    Removed(AccountId, String),
    Overall,
    History(Box<HistoryEntry>),
}

/// A handle to the owning task.
#[derive(Clone)]
pub struct Coordinator {
    messages: mpsc::UnboundedSender<Message>,
    changes: broadcast::Sender<Change>,
    snapshot: Snapshot,
    in_flight: watch::Receiver<bool>,
}

impl Coordinator {
    /// Starts the owning task with these accounts. `seed` makes its jitter repeatable.
    pub fn start(
        ports: Ports,
        accounts: Vec<Account>,
        preferences: Preferences,
        seed: u64,
    ) -> Self {
        let (messages, inbox) = mpsc::unbounded_channel();
        let (changes, _) = broadcast::channel(1024);
        let snapshot = Snapshot::default();
        let (in_flight, watched) = watch::channel(false);
        let handle = Self {
            messages: messages.clone(),
            changes: changes.clone(),
            snapshot: snapshot.clone(),
            in_flight: watched,
        };
        let now = ports.clock.now();
        let mut task = Task {
            ports,
            messages,
            changes,
            snapshot,
            lives: BTreeMap::new(),
            schedule: BTreeSet::new(),
            waiters: BTreeMap::new(),
            next_waiter: 0,
            hosts: BTreeMap::new(),
            busy: BTreeSet::new(),
            in_flight,
            jitter: Jitter::new(seed),
            fingerprints: None,
            place: None,
            forgetting: BTreeMap::new(),
            key_retry: None,
            key_failures: 0,
            vault_cause: None,
            machine: Machine {
                online: true,
                present: true,
                settling_until: now.boot + policy::SETTLING,
                ..Machine::default()
            },
            quiescing: Vec::new(),
            notices: notice::Notices::default(),
            preferences,
            skew: now.skew(),
            looked_at: now.boot,
            awake: Duration::ZERO,
        };
        // Before anybody can look: an engine without its accounts would seem to need nobody.
        for account in &accounts {
            task.snapshot.put(account.clone());
        }
        task.publish_overall();
        tokio::spawn(task.run(inbox, accounts));
        handle
    }

    /// Tells the owning task something; a task that has ended hears nothing, and that is fine.
    pub fn tell(&self, message: Message) {
        let _ = self.messages.send(message);
    }

    /// Tells an account something.
    pub fn tell_account(&self, account: &AccountId, input: Input) {
        self.tell(Message::Account(account.clone(), input));
    }

    /// The one outcome of the refresh that this want needs; none if the task has ended.
    pub async fn demand(&self, account: &AccountId, want: Want) -> Option<Settled> {
        let (reply, outcome) = oneshot::channel();
        self.tell(Message::Demand {
            account: account.clone(),
            want,
            reply,
        });
        outcome.await.ok()
    }

    /// Stores a grant that a sign-in or an import brought, and answers when it is published.
    pub async fn arrived(
        &self,
        account: &AccountId,
        grant: Grant,
        how: HistoryKind,
    ) -> Option<Settled> {
        let (reply, outcome) = oneshot::channel();
        let grant = Box::new(grant);
        self.tell(Message::Arrived {
            account: account.clone(),
            grant,
            how,
            reply,
        });
        outcome.await.ok()
    }

    /// Waits until everything told before was worked through.
    pub async fn caught_up(&self) {
        let (reply, done) = oneshot::channel();
        self.tell(Message::CaughtUp(reply));
        let _ = done.await;
    }

    /// Starts nothing new and waits for what is in flight, at most 10 s.
    pub async fn quiesce(&self) {
        let (reply, done) = oneshot::channel();
        self.tell(Message::Quiesce { reply });
        let _ = done.await;
    }

    pub fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// Whether a request is out or a grant is not safe yet: the machine should not sleep then.
    pub fn in_flight(&self) -> watch::Receiver<bool> {
        self.in_flight.clone()
    }

    pub fn changes(&self) -> broadcast::Receiver<Change> {
        self.changes.subscribe()
    }
}

/// What the machine is doing.
#[derive(Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent facts about the machine"
)]
struct Machine {
    online: bool,
    sleeping: bool,
    sleeping_since: Duration,
    /// Session active and unlocked.
    present: bool,
    paused: bool,
    stopping: bool,
    settling_until: Duration,
    /// When it woke last, while no word of sleep came since.
    resumed_at: Option<Duration>,
    connectivity: Connectivity,
    /// Ours is ahead of a provider's by so many seconds, where it is plainly wrong.
    clock_off_s: Option<i64>,
    /// The two hosts that answered last, and when.
    heard: Vec<(String, Duration)>,
}

struct Owned {
    life: Life,
    leaving: Option<leaving::Leaving>,
    /// Successes that came after the removal.
    late: Vec<Grant>,
    lock: Option<LockGuard>,
    deadline: Option<Duration>,
}

struct Task {
    ports: Ports,
    messages: mpsc::UnboundedSender<Message>,
    changes: broadcast::Sender<Change>,
    snapshot: Snapshot,
    // Ordered, as all that follow: the same inputs make the same effects in the same order.
    lives: BTreeMap<AccountId, Owned>,
    /// Deadlines in boot time.
    schedule: BTreeSet<(Duration, AccountId)>,
    waiters: BTreeMap<u64, (AccountId, oneshot::Sender<Settled>)>,
    next_waiter: u64,
    hosts: BTreeMap<String, Breaker>,
    busy: BTreeSet<AccountId>,
    /// Whether anything is busy, for the sleep inhibitor.
    in_flight: watch::Sender<bool>,
    jitter: Jitter,
    fingerprints: Option<Fingerprinter>,
    place: Option<Place>,
    /// Accounts whose items are being deleted.
    forgetting: BTreeMap<AccountId, AbortHandle>,
    key_retry: Option<Duration>,
    key_failures: u32,
    vault_cause: Option<Cause>,
    machine: Machine,
    quiescing: Vec<(Duration, oneshot::Sender<()>)>,
    notices: notice::Notices,
    preferences: Preferences,
    /// [`Now::skew`] as it was seen last.
    skew: TimeDelta,
    looked_at: Duration,
    /// So long the machine was seen awake and online, up to then.
    awake: Duration,
}
