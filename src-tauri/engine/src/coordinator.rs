//! The one task that owns every grant: receives messages, sleeps until the next due time, performs
//! effects. It knows ports only.
//!
//! Nothing slow happens in it: keychain, disk and HTTP run beside it and report back as messages.
//! No lock is held across an await, and the machine looks again at least every 30 s because timers
//! do not run while it sleeps.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use tokio::sync::{broadcast, mpsc, oneshot, watch};

use crate::{
    domain::{
        account::{Account, AccountId},
        breaker::Breaker,
        cause::Cause,
        fingerprint::Fingerprinter,
        grant::Grant,
        history::{HistoryEntry, HistoryKind, Trigger},
        lifecycle::{Env, Input, Life, Now, Settled, Setup, Want, host_of},
        policy::{self, Jitter},
        provider,
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
mod notice;
mod snapshot;

pub use notice::Notice;
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
    /// Removed for good after the undo time; the grant that was held comes back for revoking.
    Purge {
        account: AccountId,
        reply: oneshot::Sender<Option<Grant>>,
    },
    PauseAll(bool),
    Wake(WakeSignal),
    Vault(VaultEvent),
    Key(Result<SealKey, VaultError>),
    LockTaken(AccountId, Result<LockGuard, LockError>),
    /// A presenter showed the notice with this id.
    NoticeShown(String),
    NotifyAhead(Duration),
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
    pub fn start(ports: Ports, accounts: Vec<Account>, notify_ahead: Duration, seed: u64) -> Self {
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
        let task = Task {
            ports,
            messages,
            changes,
            snapshot,
            lives: HashMap::new(),
            schedule: BTreeSet::new(),
            waiters: HashMap::new(),
            next_waiter: 0,
            hosts: HashMap::new(),
            busy: HashSet::new(),
            in_flight,
            jitter: Jitter::new(seed),
            fingerprints: None,
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
            notices: notice::Notices::new(notify_ahead),
            skew: wall_offset(now),
            looked_at: now.boot,
        };
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
}

struct Owned {
    life: Life,
    lock: Option<LockGuard>,
    deadline: Option<Duration>,
}

struct Task {
    ports: Ports,
    messages: mpsc::UnboundedSender<Message>,
    changes: broadcast::Sender<Change>,
    snapshot: Snapshot,
    lives: HashMap<AccountId, Owned>,
    /// Deadlines in boot time.
    schedule: BTreeSet<(Duration, AccountId)>,
    waiters: HashMap<u64, (AccountId, oneshot::Sender<Settled>)>,
    next_waiter: u64,
    hosts: HashMap<String, Breaker>,
    busy: HashSet<AccountId>,
    /// Whether anything is busy, for the sleep inhibitor.
    in_flight: watch::Sender<bool>,
    jitter: Jitter,
    fingerprints: Option<Fingerprinter>,
    key_retry: Option<Duration>,
    key_failures: u32,
    vault_cause: Option<Cause>,
    machine: Machine,
    quiescing: Vec<(Duration, oneshot::Sender<()>)>,
    notices: notice::Notices,
    /// Wall minus boot, in milliseconds: it changes when somebody sets the clock.
    skew: i64,
    looked_at: Duration,
}

fn wall_offset(now: Now) -> i64 {
    now.wall.timestamp_millis() - i64::try_from(now.boot.as_millis()).unwrap_or(i64::MAX)
}

impl Task {
    async fn run(mut self, mut inbox: mpsc::UnboundedReceiver<Message>, accounts: Vec<Account>) {
        let mut vault_events = self.ports.vault.events();
        self.read_key();
        for account in accounts {
            self.put(account);
        }
        self.publish_overall();
        loop {
            let now = self.now();
            let sleep = self
                .next_deadline(now)
                .saturating_sub(now.boot)
                .min(MAX_SLEEP);
            let planned = now.boot + sleep;
            let nap = self.ports.clock.sleep(sleep);
            tokio::select! {
                biased;
                message = inbox.recv() => match message {
                    Some(message) => self.on_message(message),
                    None => return,
                },
                event = vault_events.recv() => {
                    if let Ok(event) = event { self.on_message(Message::Vault(event)); }
                }
                () = nap => {}
            }
            self.look(planned);
            if self.machine.stopping
                && self.quiescing.is_empty()
                && self.messages.strong_count() == 1
            {
                return;
            }
        }
    }

    fn now(&self) -> Now {
        self.ports.clock.now()
    }

    fn next_deadline(&self, now: Now) -> Duration {
        let account = self.schedule.first().map(|(at, _)| *at);
        let drain = self.quiescing.iter().map(|(at, _)| *at).min();
        [account, drain, self.key_retry, self.notices.next_wake(now)]
            .into_iter()
            .flatten()
            .min()
            .unwrap_or(Duration::MAX)
    }

    fn tell_in_flight(&self) {
        let busy = !self.busy.is_empty();
        self.in_flight
            .send_if_modified(|told| std::mem::replace(told, busy) != busy);
    }

    /// Everything that is due by now. Costs nothing per account that is not due.
    fn look(&mut self, planned: Duration) {
        let now = self.now();
        if now.boot > planned + SLEPT && now.boot > self.looked_at + MAX_SLEEP + SLEPT {
            self.on_resumed(now);
        } else if self.machine.sleeping && now.boot > self.machine.sleeping_since + WAKE_LOST {
            // It sleeps no more, or never did; the word of it was lost.
            self.on_resumed(now);
        }
        self.looked_at = now.boot;
        let skew = wall_offset(now);
        if (skew - self.skew).abs() > 2_000 {
            // Somebody set the clock: what is shown as a time of day moves.
            self.skew = skew;
            for id in self.lives.keys().cloned().collect::<Vec<_>>() {
                self.settle(&id, now);
            }
        }
        if self.key_retry.is_some_and(|at| at <= now.boot) {
            self.key_retry = None;
            self.read_key();
        }
        while let Some((_, id)) = self
            .schedule
            .first()
            .filter(|(at, _)| *at <= now.boot)
            .cloned()
        {
            let before = self.lives.get(&id).and_then(|o| o.deadline);
            self.step(&id, Input::Tick);
            let later = self.now().boot;
            let deadline = self.lives.get(&id).and_then(|o| o.deadline);
            if deadline.is_some_and(|at| Some(at) == before || at <= later) {
                // Still due (all is paused, say): look again later.
                self.set_deadline(&id, Some(later + Duration::from_secs(1)));
            }
        }
        self.tell_in_flight();
        self.finish_quiescing(now);
        self.look_at_notices(now);
    }

    fn on_message(&mut self, message: Message) {
        match message {
            Message::Account(id, input) => self.step(&id, input),
            Message::Demand {
                account,
                want,
                reply,
            } => {
                let waiter = self.waiter(&account, reply);
                self.step(&account, Input::Demand { waiter, want });
            }
            Message::Arrived {
                account,
                grant,
                how,
                reply,
            } => {
                let waiter = Some(self.waiter(&account, reply));
                self.step(&account, Input::Arrived { grant, how, waiter });
            }
            Message::Put(account) => self.put(*account),
            Message::Hide(id) => self.hide(&id),
            Message::CaughtUp(reply) => {
                let _ = reply.send(());
            }
            Message::Purge { account, reply } => self.purge(&account, reply),
            Message::PauseAll(paused) => self.pause_all(paused),
            Message::Wake(signal) => self.on_wake(signal),
            Message::Vault(event) => self.on_vault(event),
            Message::Key(key) => self.on_key(key),
            Message::LockTaken(id, guard) => self.on_lock(&id, guard),
            Message::NoticeShown(id) => self.on_notice_shown(&id),
            Message::NotifyAhead(ahead) => self.notices.set_ahead(ahead),
            Message::Quiesce { reply } => {
                self.machine.stopping = true;
                self.quiescing.push((self.now().boot + DRAIN, reply));
            }
            Message::Unquiesce => {
                self.machine.stopping = false;
                for id in self.lives.keys().cloned().collect::<Vec<_>>() {
                    self.step(&id, Input::Resave);
                }
            }
        }
    }

    fn waiter(&mut self, id: &AccountId, reply: oneshot::Sender<Settled>) -> u64 {
        self.next_waiter += 1;
        self.waiters.insert(self.next_waiter, (id.clone(), reply));
        self.next_waiter
    }

    /// One step of one account, its effects, and everything that follows from its new state.
    fn step(&mut self, id: &AccountId, input: Input) {
        let now = self.now();
        let env = self.env(id, now);
        let Some(owned) = self.lives.get_mut(id) else {
            // A removed account: whoever waits learns it by the channel's end.
            if let Input::Demand { waiter, .. }
            | Input::Arrived {
                waiter: Some(waiter),
                ..
            } = input
            {
                self.waiters.remove(&waiter);
            }
            return;
        };
        let effects = owned.life.step(input, now, &env);
        // Published first: whoever hears of it must find it so.
        self.settle(id, now);
        for effect in effects {
            self.perform(id, effect, now);
        }
    }

    /// After a step: deadline, busy set, snapshot, changes.
    fn settle(&mut self, id: &AccountId, now: Now) {
        self.reschedule(id, now);
        let Some(owned) = self.lives.get(id) else {
            return;
        };
        if owned.life.is_busy() {
            self.busy.insert(id.clone());
        } else {
            self.busy.remove(id);
        }
        let facts = owned.life.facts(now);
        let held = owned.life.held().cloned();
        let removed = owned.life.is_removed();
        self.notices
            .note(id, owned.life.setup().name.clone(), &facts, removed);
        if self.snapshot.update(id, facts, held) {
            let _ = self.changes.send(Change::Account(id.clone()));
            self.publish_overall();
        }
    }

    fn env(&mut self, id: &AccountId, now: Now) -> Env {
        let quiet = self.machine.sleeping || self.machine.stopping || self.machine.paused;
        let settling = now.boot < self.machine.settling_until;
        let life = self.lives.get(id).map(|o| &o.life);
        let is_due = life.is_some_and(|life| life.is_due(now));
        let host = life.and_then(Life::host);
        let breaker = host.and_then(|host| self.hosts.get_mut(&host));
        let (breaker, refused_alike) = match breaker {
            Some(breaker) => (
                breaker.closed_until(id, is_due, now.boot),
                breaker.others_refused_alike(id, now.boot),
            ),
            None => (None, false),
        };
        Env {
            quiet,
            paused: self.machine.paused,
            settling,
            breaker,
            refused_alike,
        }
    }

    fn reschedule(&mut self, id: &AccountId, now: Now) {
        let next = self.lives.get(id).and_then(|o| {
            let wake = o.life.next_wake(now);
            // The end of a token changes what is shown at that moment.
            let ahead = |at: &Duration| *at > now.boot;
            let held = o.life.held();
            [
                wake,
                held.and_then(|h| h.ends).filter(ahead),
                held.and_then(|h| h.due).filter(ahead),
            ]
            .into_iter()
            .flatten()
            .min()
        });
        self.set_deadline(id, next);
    }

    fn set_deadline(&mut self, id: &AccountId, next: Option<Duration>) {
        let Some(owned) = self.lives.get_mut(id) else {
            return;
        };
        if owned.deadline == next {
            return;
        }
        if let Some(old) = owned.deadline.take() {
            self.schedule.remove(&(old, id.clone()));
        }
        if let Some(at) = next {
            self.schedule.insert((at, id.clone()));
        }
        owned.deadline = next;
    }

    fn put(&mut self, account: Account) {
        let setup = Setup {
            name: account.name.clone(),
            provider: provider_of(&account),
            refresh: account.refresh,
            paused: account.paused,
            scopes: account.scopes.clone(),
            client_id: account.client_id.clone(),
            token_url: account.token_url.clone(),
        };
        let id = account.id.clone();
        self.snapshot.put(account);
        if self.lives.contains_key(&id) {
            self.step(&id, Input::Restore);
            self.step(&id, Input::Setup(setup));
        } else {
            let seed = self.jitter.next_unit().to_bits();
            let mut life = Life::new(id.clone(), setup, seed);
            if let Some(fingerprints) = &self.fingerprints {
                life.give_fingerprints(fingerprints.clone());
            }
            self.lives.insert(
                id.clone(),
                Owned {
                    life,
                    lock: None,
                    deadline: None,
                },
            );
            // Before the key was asked for, the journal would only say that it is locked.
            if self.fingerprints.is_some() || self.vault_cause.is_some() {
                self.step(&id, Input::Load);
            } else {
                self.settle(&id, self.now());
            }
        }
        let _ = self.changes.send(Change::Account(id));
        self.publish_overall();
    }

    fn drop_account(&mut self, id: &AccountId) {
        self.set_deadline(id, None);
        self.lives.remove(id);
        self.busy.remove(id);
        // Whoever waits learns it by the channel's end.
        self.waiters.retain(|_, (of, _)| of != id);
        self.hide(id);
    }

    fn hide(&mut self, id: &AccountId) {
        if let Some(owned) = self.lives.get(id)
            && !owned.life.is_removed()
        {
            // Taken out of the file by hand: it rests, and comes back with its id.
            self.step(id, Input::Remove);
        }
        self.notices.forget(id);
        if let Some(name) = self.snapshot.remove(id) {
            let _ = self.changes.send(Change::Removed(id.clone(), name));
        }
        self.publish_overall();
    }

    fn purge(&mut self, id: &AccountId, reply: oneshot::Sender<Option<Grant>>) {
        let grant = self
            .lives
            .get(id)
            .and_then(|o| o.life.held().map(|h| h.grant.clone()));
        self.drop_account(id);
        let Ports {
            vault,
            journal,
            history,
            ..
        } = self.ports.clone();
        let id = id.clone();
        tokio::spawn(async move {
            for result in [
                vault.remove_grant(id.clone()).await,
                vault.store_client_secret(id.clone(), None).await,
            ] {
                if let Err(error) = result {
                    tracing::warn!(account = %id, %error, "a removed account's item stays in the vault");
                }
            }
            if let Err(error) = journal.remove(id.clone()).await {
                tracing::warn!(account = %id, %error, "a removed account's journal stays");
            }
            history.forget(id);
            let _ = reply.send(grant);
        });
    }

    fn pause_all(&mut self, paused: bool) {
        self.machine.paused = paused;
        if !paused {
            self.wake_all(Trigger::Startup);
        }
        self.publish_overall();
    }

    fn wake_all(&mut self, trigger: Trigger) {
        // Who is due first goes first, spread over the seconds after.
        let now = self.now();
        let mut ids: Vec<(Option<Duration>, AccountId)> = self
            .lives
            .iter()
            .map(|(id, o)| (o.life.next_wake(now), id.clone()))
            .collect();
        ids.sort();
        for (place, (_, id)) in ids.into_iter().enumerate() {
            let spread = u32::try_from(place).unwrap_or(u32::MAX);
            self.step(&id, Input::Woke { trigger, spread });
        }
    }

    fn on_resumed(&mut self, now: Now) {
        self.machine.sleeping = false;
        self.machine.settling_until = now.boot + policy::SETTLING;
        self.history_of_machine(HistoryKind::Woke, now);
        self.wake_all(Trigger::Resume);
    }

    fn on_wake(&mut self, signal: WakeSignal) {
        let now = self.now();
        match signal {
            WakeSignal::Sleeping => {
                self.machine.sleeping = true;
                self.machine.sleeping_since = now.boot;
            }
            WakeSignal::Resumed => self.on_resumed(now),
            WakeSignal::NetworkUp => {
                self.machine.online = true;
                self.history_of_machine(HistoryKind::NetworkChanged, now);
                self.hosts
                    .values_mut()
                    .for_each(|breaker| drop(breaker.answered()));
                self.wake_all(Trigger::Network);
            }
            WakeSignal::NetworkDown => self.machine.online = false,
            WakeSignal::SessionAway => self.machine.present = false,
            WakeSignal::SessionBack => self.machine.present = true,
        }
        self.publish_overall();
    }

    fn history_of_machine(&mut self, kind: HistoryKind, now: Now) {
        let entry = HistoryEntry::new(now.wall, kind);
        self.ports.history.append(entry.clone());
        let _ = self.changes.send(Change::History(Box::new(entry)));
    }

    fn on_vault(&mut self, event: VaultEvent) {
        match event {
            VaultEvent::Changed => {
                if self.fingerprints.is_none() {
                    self.read_key();
                } else {
                    // The vault's, not the network's: what a provider asked for stands.
                    self.wake_all(Trigger::Startup);
                }
            }
            VaultEvent::Stored {
                account,
                generation,
                result,
            } => {
                let result = result.map_err(|e| e.cause());
                self.step(&account, Input::Stored { generation, result });
            }
        }
    }

    fn on_key(&mut self, key: Result<SealKey, VaultError>) {
        match key {
            Ok(key) => {
                let fingerprints = Fingerprinter::new(&key.0);
                self.ports.journal.open(key);
                self.vault_cause = None;
                self.key_failures = 0;
                for owned in self.lives.values_mut() {
                    owned.life.give_fingerprints(fingerprints.clone());
                }
                self.fingerprints = Some(fingerprints);
                self.load_all();
                self.wake_all(Trigger::Startup);
            }
            Err(error) => {
                tracing::warn!(%error, "the vault cannot be read yet");
                self.vault_cause = Some(error.cause());
                self.key_failures += 1;
                self.key_retry = Some(self.now().boot + policy::store_pause(self.key_failures));
                self.load_all();
            }
        }
        self.publish_overall();
    }

    /// Reads what is stored of every account that was not read yet.
    fn load_all(&mut self) {
        for id in self.lives.keys().cloned().collect::<Vec<_>>() {
            self.step(&id, Input::Load);
        }
    }

    fn read_key(&mut self) {
        let (vault, messages) = (self.ports.vault.clone(), self.messages.clone());
        tokio::spawn(async move {
            let _ = messages.send(Message::Key(vault.key().await));
        });
    }

    fn on_lock(&mut self, id: &AccountId, guard: Result<LockGuard, LockError>) {
        let taken = guard.is_ok();
        match (self.lives.get_mut(id), guard) {
            (Some(owned), Ok(guard)) => owned.lock = Some(guard),
            (_, Err(error)) => {
                tracing::info!(account = %id, %error, "the account's lock was not taken");
            }
            (None, Ok(_)) => return,
        }
        self.step(id, Input::Locked { taken });
    }

    fn finish_quiescing(&mut self, now: Now) {
        if self.busy.is_empty() || self.quiescing.iter().any(|(until, _)| *until <= now.boot) {
            for (_, reply) in self.quiescing.drain(..) {
                let _ = reply.send(());
            }
        }
    }

    fn publish_overall(&mut self) {
        let overall = Overall {
            paused: self.machine.paused,
            online: self.machine.online,
            vault_cause: self.vault_cause,
            notice: self.notices.shown(),
        };
        if self.snapshot.set_overall(overall) {
            let _ = self.changes.send(Change::Overall);
        }
    }
}

/// The provider table's row of an account: its preset, or by the host of what is configured.
pub fn provider_of(account: &Account) -> Option<&'static provider::Provider> {
    if let Some(key) = &account.provider {
        return provider::by_key(key);
    }
    let url = account.token_url.as_ref().or(account.issuer.as_ref())?;
    let host = host_of(url);
    provider::by_host(
        host.rsplit_once(':')
            .map_or(host.as_str(), |(name, _)| name),
    )
}
