//! Vault and journal, as a keychain and a disk are: slow, locked, full, lying, changed by others.
//!
//! They outlive processes. The journal's disk keeps what is visible (the page cache) apart from
//! what is durable (fsynced); a cut of the power leaves one or the other.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use tokentray::{
    domain::{
        account::AccountId,
        grant::Grant,
        journal_entry::{JournalEntry, Removal},
        secret::Secret,
    },
    io::{
        Pending,
        journal::{Journal, JournalError},
        keychain::{
            Found, ItemName, Keychain as KeychainSession, KeychainError,
            session::{self, Home, SENTINEL},
        },
        vault::{SealKey, Vault, VaultError, VaultEvent, VaultKind, may_replace},
    },
};
use tokio::sync::broadcast;

use super::{
    chance::Chance,
    judge,
    kinds::{Fault, Point},
    people::sign_in_anew,
    process::Seat,
    time,
    world::State,
};

/// A caller waits so long for the keychain.
const ANSWER_LIMIT: Duration = Duration::from_secs(3);

#[derive(Clone, Debug)]
pub enum Content {
    Grant(Box<Grant>),
    Garbage,
}

#[derive(Debug, Default)]
pub struct Item {
    pub content: Option<Content>,
    /// What stood there before the last write.
    pub before: Option<Content>,
    pub secret: Option<String>,
    pub hung_until: Duration,
    /// What happens to the next write.
    pub next: Option<Fault>,
    /// Writes that hang: the one that is being made, and the newest of those that wait for it.
    late: VecDeque<LateWrite>,
    pub aside: u32,
    /// When somebody last changed it.
    pub changed_at: Duration,
}

/// A write that nobody waits for any more.
#[derive(Debug)]
struct LateWrite {
    grant: Grant,
    proc: u64,
    /// Who is told, each of the generation that it wrote.
    told: Vec<(u64, broadcast::Sender<VaultEvent>)>,
}

/// The keychain's items, by account.
#[derive(Debug)]
pub struct Keychain {
    pub items: Vec<Item>,
    pub locked: bool,
    pub unavailable: bool,
    /// Another keychain answers to the same name: it holds nothing of ours, the sentinel included.
    pub foreign: bool,
    /// What was written to that one, which goes away with it.
    pub elsewhere: BTreeMap<usize, Grant>,
    pub full: bool,
    pub slow: bool,
    pub kind: VaultKind,
    /// When it last was not as it should be.
    pub bad_at: Duration,
    listeners: Vec<broadcast::Sender<VaultEvent>>,
}

impl Keychain {
    pub const fn new() -> Self {
        Self {
            items: Vec::new(),
            locked: false,
            unavailable: false,
            foreign: false,
            elsewhere: BTreeMap::new(),
            full: false,
            slow: false,
            kind: VaultKind::Os,
            bad_at: Duration::ZERO,
            listeners: Vec::new(),
        }
    }

    pub const fn is_well(&self) -> bool {
        !self.locked && !self.unavailable && !self.foreign
    }

    /// Tells every session that it is worth looking again.
    pub fn changed(&mut self) {
        self.listeners
            .retain(|listener| listener.send(VaultEvent::Changed).is_ok());
    }
}

impl Item {
    pub fn grant(&self) -> Option<&Grant> {
        match &self.content {
            Some(Content::Grant(grant)) => Some(grant),
            _ => None,
        }
    }
}

/// The vault's id.
const VAULT: &str = "vault";

/// What a session sees at a name; the engine's own rules say what it makes of it.
struct Seen<'a>(&'a Keychain);

impl KeychainSession for Seen<'_> {
    fn get(&mut self, item: &ItemName) -> Result<Found, KeychainError> {
        let Seen(keychain) = self;
        if keychain.unavailable {
            return Err(KeychainError::Failed("gone".into()));
        }
        if keychain.locked {
            return Err(KeychainError::Locked);
        }
        let text = |text: &str| Found::Text(Secret::new(text));
        if item.username == SENTINEL {
            return Ok(if keychain.foreign {
                Found::Missing
            } else {
                text(r#"{"format":1,"vault":"vault"}"#)
            });
        }
        let account: usize = item.username.parse().expect("an account");
        let there = if keychain.foreign {
            keychain.elsewhere.contains_key(&account)
        } else {
            keychain.items[account].content.is_some()
        };
        Ok(if there { text("") } else { Found::Missing })
    }
    fn set(&mut self, _: &ItemName, _: &Secret) -> Result<(), KeychainError> {
        unreachable!("only looked at")
    }
    fn delete(&mut self, _: &ItemName) -> Result<(), KeychainError> {
        unreachable!("only looked at")
    }
    fn rename(&mut self, _: &ItemName, _: &str) -> Result<(), KeychainError> {
        unreachable!("only looked at")
    }
}

impl Keychain {
    /// Whether the item is there, by the rule of the real session: missing is believed beside the
    /// sentinel only.
    fn look(&self, account: usize) -> Result<bool, VaultError> {
        let item = ItemName {
            vault: VAULT.into(),
            username: account.to_string(),
        };
        Ok(session::look(&mut Seen(self), &item)? != Found::Missing)
    }
}

/// A session of one process with the keychain.
pub struct Store {
    seat: Seat,
    events: broadcast::Sender<VaultEvent>,
}

impl Store {
    pub fn new(seat: Seat) -> Self {
        let events = broadcast::channel(64).0;
        seat.world
            .with(|s| s.keychain.listeners.push(events.clone()));
        Self { seat, events }
    }

    /// The time that a call takes, and whether it hangs beyond all patience.
    fn latency(s: &mut State, account: Option<usize>) -> (Duration, bool) {
        let now = s.now();
        let hung = account.is_some_and(|a| s.keychain.items[a].hung_until > now);
        if hung {
            (ANSWER_LIMIT, true)
        } else if s.keychain.slow {
            (s.chance.millis(400, 2_900), false)
        } else {
            (s.chance.millis(1, 12), false)
        }
    }

    fn index(&self, account: &AccountId) -> usize {
        self.seat
            .world
            .with(|s| s.account_of(account).expect("an account of this world"))
    }
}

impl Vault for Store {
    fn kind(&self) -> VaultKind {
        self.seat.world.with(|s| s.keychain.kind)
    }

    fn read_grant(
        &self,
        account: AccountId,
    ) -> Pending<'static, Result<Option<Grant>, VaultError>> {
        let (seat, account) = (self.seat.clone(), self.index(&account));
        Box::pin(async move {
            seat.point(Point::GrantAsked).await;
            let (time, hung) = seat.world.with(|s| Self::latency(s, Some(account)));
            seat.takes(time).await;
            let read = seat.world.with(|s| {
                if hung {
                    return Err(VaultError::Unanswered);
                }
                s.keychain.look(account)?;
                if s.keychain.foreign {
                    return Ok(s.keychain.elsewhere.get(&account).cloned());
                }
                let item = &mut s.keychain.items[account];
                match &item.content {
                    None => Ok(None),
                    Some(Content::Grant(grant)) => {
                        let grant = (**grant).clone();
                        judge::read(s, seat.proc.number, account, &grant);
                        Ok(Some(grant))
                    }
                    Some(Content::Garbage) => {
                        item.content = None;
                        item.aside += 1;
                        Err(VaultError::Corrupt)
                    }
                }
            });
            seat.point(Point::GrantRead).await;
            read
        })
    }

    fn store_grant(
        &self,
        account: AccountId,
        grant: Grant,
    ) -> Pending<'static, Result<(), VaultError>> {
        let (seat, account, events) =
            (self.seat.clone(), self.index(&account), self.events.clone());
        Box::pin(async move {
            seat.point(Point::StoreBegun).await;
            let (time, hung) = seat.world.with(|s| Self::latency(s, Some(account)));
            seat.takes(time).await;
            let proc = seat.proc.number;
            if hung {
                late_write(&seat, account, grant, events);
                return Err(VaultError::Unanswered);
            }
            let mut late = None;
            let stored = seat.world.with(|s| {
                s.keychain.look(account)?;
                if s.keychain.full {
                    return Err(VaultError::Full("no room".into()));
                }
                match s.keychain.items[account].next.take() {
                    Some(Fault::VaultWriteLost) => {
                        s.hit(Fault::VaultWriteLost);
                        Err(VaultError::Unavailable("the write was lost".into()))
                    }
                    Some(Fault::VaultWriteUnanswered) => {
                        s.hit(Fault::VaultWriteUnanswered);
                        // Done or not, nobody hears of it for a while, and no other call for the
                        // item is answered meanwhile.
                        if s.chance.one_in(2) {
                            let _ = put(s, account, grant.clone(), proc);
                        }
                        let silence = s.chance.millis(7_000, 300_000);
                        s.keychain.items[account].hung_until = s.now() + silence;
                        let person = s.chance.one_in(2).then(|| s.chance.fork());
                        late = Some((grant, person));
                        Err(VaultError::Unanswered)
                    }
                    _ => put(s, account, grant, proc),
                }
            });
            if let Some((grant, person)) = late {
                late_write(&seat, account, grant, events);
                if let Some(chance) = person {
                    // The one thing that brings a newer grant without reading the item first.
                    let world = seat.world.clone();
                    tokio::spawn(sign_in_anew(world, account, Fault::SignedInAnew, chance));
                }
            }
            seat.point(Point::StoreDone).await;
            stored
        })
    }

    fn remove_grant(&self, account: AccountId) -> Pending<'static, Result<(), VaultError>> {
        let (seat, account) = (self.seat.clone(), self.index(&account));
        Box::pin(async move {
            seat.point(Point::RemovalBegun).await;
            let (time, hung) = seat.world.with(|s| {
                // As the keychain's thread has it: a change takes the place of one that waits.
                s.keychain.items[account].late.truncate(1);
                Self::latency(s, Some(account))
            });
            seat.takes(time).await;
            let removed = seat.world.with(|s| {
                if hung {
                    return Err(VaultError::Unanswered);
                }
                s.keychain.look(account)?;
                if s.keychain.foreign {
                    s.keychain.elsewhere.remove(&account);
                    return Ok(());
                }
                s.keychain.items[account].content = None;
                s.keychain.items[account].before = None;
                judge::removed_from_vault(s, account);
                Ok(())
            });
            seat.point(Point::RemovalDone).await;
            removed
        })
    }

    fn read_client_secret(
        &self,
        account: AccountId,
    ) -> Pending<'static, Result<Option<Secret>, VaultError>> {
        let (seat, account) = (self.seat.clone(), self.index(&account));
        Box::pin(async move {
            // An item of its own: it does not hang with the grant's.
            let (time, _) = seat.world.with(|s| Self::latency(s, None));
            seat.takes(time).await;
            seat.world.with(|s| {
                s.keychain.look(account)?;
                Ok(s.keychain.items[account]
                    .secret
                    .as_ref()
                    .filter(|_| !s.keychain.foreign)
                    .map(|text| Secret::new(text.clone())))
            })
        })
    }

    fn store_client_secret(
        &self,
        account: AccountId,
        secret: Option<Secret>,
    ) -> Pending<'static, Result<(), VaultError>> {
        let (seat, account) = (self.seat.clone(), self.index(&account));
        Box::pin(async move {
            let (time, _) = seat.world.with(|s| Self::latency(s, None));
            seat.takes(time).await;
            seat.world.with(|s| {
                s.keychain.look(account)?;
                if s.keychain.foreign {
                    return Ok(());
                }
                s.keychain.items[account].secret = secret.map(|t| t.expose().to_owned());
                Ok(())
            })
        })
    }

    fn key(&self) -> Pending<'static, Result<SealKey, VaultError>> {
        let seat = self.seat.clone();
        Box::pin(async move {
            seat.point(Point::KeyAsked).await;
            let (time, _) = seat.world.with(|s| Self::latency(s, None));
            seat.takes(time).await;
            // A session begins: is this the keychain that the vault has always used?
            let known = Home::known(VAULT.into());
            let recognised = seat.world.with(|s| known.recognise(&mut Seen(&s.keychain)));
            seat.point(Point::KeyRead).await;
            recognised?;
            Ok(SealKey([7; 32]))
        })
    }

    fn unlock(&self) -> Pending<'static, Result<(), VaultError>> {
        Box::pin(async { Ok(()) })
    }

    fn events(&self) -> broadcast::Receiver<VaultEvent> {
        self.events.subscribe()
    }
}

/// What a call does when it is made at last: by the rules of the real shelf.
fn put(s: &mut State, account: usize, grant: Grant, proc: u64) -> Result<(), VaultError> {
    s.keychain.look(account)?;
    if s.keychain.foreign {
        s.tell(|| format!("account {account}: written to a keychain that is not ours"));
        s.keychain.elsewhere.insert(account, grant);
        return Ok(());
    }
    if let Some(stored) = s.keychain.items[account].grant() {
        if *stored == grant {
            judge::stored(s, proc, account, &grant);
            return Ok(());
        }
        may_replace(stored.generation, grant.generation)?;
    }
    judge::stored(s, proc, account, &grant);
    let now = s.now();
    let item = &mut s.keychain.items[account];
    item.changed_at = now;
    item.before = item.content.replace(Content::Grant(Box::new(grant)));
    judge::still_there(s, account, "a write to the vault");
    Ok(())
}

/// The call goes on although nobody waits for it any more; no second call for that item is made
/// meanwhile, and of the writes that wait the newest wins, for all who wait.
fn late_write(seat: &Seat, account: usize, grant: Grant, events: broadcast::Sender<VaultEvent>) {
    let proc = seat.proc.number;
    let told = (grant.generation, events);
    let first = seat.world.with(|s| {
        let late = &mut s.keychain.items[account].late;
        let first = late.is_empty();
        match late.get_mut(1) {
            Some(waiting) => {
                if may_replace(waiting.grant.generation, grant.generation).is_ok() {
                    waiting.grant = grant;
                    waiting.proc = proc;
                }
                waiting.told.push(told);
            }
            None => late.push_back(LateWrite {
                grant,
                proc,
                told: vec![told],
            }),
        }
        first
    });
    if !first {
        return;
    }
    let world = seat.world.clone();
    tokio::spawn(async move {
        let mut waited = false;
        loop {
            let until = world.with(|s| s.keychain.items[account].hung_until);
            world.until(until).await;
            let more = world.with(|s| {
                let Some(late) = s.keychain.items[account].late.pop_front() else {
                    return false;
                };
                // What only waited ended with its process; what was under way did not.
                if std::mem::take(&mut waited) && !s.is_alive(late.proc) {
                    return false;
                }
                waited = true;
                let result = put(s, account, late.grant, late.proc);
                for (generation, events) in late.told {
                    let _ = events.send(VaultEvent::Stored {
                        account: s.accounts[account].id.clone(),
                        generation,
                        result: result.clone(),
                    });
                }
                !s.keychain.items[account].late.is_empty()
            });
            if !more {
                return;
            }
            // The next call takes its time, too.
            let pause = world.with(|s| s.chance.millis(20, 2_500));
            time::sleep(pause).await;
        }
    });
}

/// One account's file: what is visible, and what would survive a cut of the power.
#[derive(Debug, Default)]
pub struct JournalFile {
    pub visible: Option<JournalEntry>,
    pub durable: Option<JournalEntry>,
    /// Renamed, and the folder not fsynced yet.
    pending: bool,
}

impl JournalFile {
    pub fn with(entry: JournalEntry) -> Self {
        Self {
            visible: Some(entry.clone()),
            durable: Some(entry),
            pending: false,
        }
    }
}

#[derive(Debug, Default)]
pub struct Disk {
    pub files: BTreeMap<usize, JournalFile>,
    /// Notes of removals that are not finished.
    pub removals: BTreeMap<usize, Removal>,
    pub full: bool,
    pub fails: bool,
    pub slow: bool,
    pub bad_at: Duration,
}

impl Disk {
    pub fn visible(&self, account: usize) -> Option<&JournalEntry> {
        self.files.get(&account)?.visible.as_ref()
    }

    /// What was renamed and not fsynced is there or is not.
    pub fn power_cut(&mut self, chance: &mut Chance) {
        for file in self.files.values_mut().filter(|f| f.pending) {
            file.pending = false;
            if chance.one_in(2) {
                file.visible = file.durable.clone();
            } else {
                file.durable = file.visible.clone();
            }
        }
    }
}

/// The journal of one process.
pub struct Journals(pub Seat, AtomicBool);

impl Journals {
    pub const fn new(seat: Seat) -> Self {
        Self(seat, AtomicBool::new(false))
    }

    fn index(&self, account: &AccountId) -> usize {
        self.0
            .world
            .with(|s| s.account_of(account).expect("an account of this world"))
    }
}

impl Journal for Journals {
    fn open(&self, _key: SealKey) {
        self.1.store(true, Ordering::Relaxed);
    }

    fn read(
        &self,
        account: AccountId,
    ) -> Pending<'static, Result<Option<JournalEntry>, JournalError>> {
        let (seat, account) = (self.0.clone(), self.index(&account));
        let open = self.1.load(Ordering::Relaxed);
        Box::pin(async move {
            if !open {
                return Err(JournalError::NoKey);
            }
            seat.point(Point::JournalAsked).await;
            let time = seat.world.with(|s| s.chance.millis(0, 2));
            seat.takes(time).await;
            let read = seat.world.with(|s| {
                if s.disk.fails {
                    return Err(JournalError::Failed("simulated".into()));
                }
                let entry = s.disk.visible(account).cloned();
                if let Some(grant) = entry.as_ref().and_then(|e| e.unconfirmed.as_ref()) {
                    judge::read(s, seat.proc.number, account, grant);
                }
                Ok(entry)
            });
            seat.point(Point::JournalRead).await;
            read
        })
    }

    fn write(
        &self,
        account: AccountId,
        entry: JournalEntry,
    ) -> Pending<'static, Result<(), JournalError>> {
        let (seat, account) = (self.0.clone(), self.index(&account));
        let open = self.1.load(Ordering::Relaxed);
        Box::pin(async move {
            if !open {
                return Err(JournalError::NoKey);
            }
            seat.point(Point::JournalBegun).await;
            let (write, fsync) = seat.world.with(|s| {
                let most = if s.disk.slow { 2_500 } else { 6 };
                (s.chance.millis(0, 1), s.chance.millis(1, most))
            });
            seat.takes(write).await;
            let failed = seat.world.with(|s| {
                // What an intent reserved is there for the answer.
                let reserved = s.disk.visible(account).is_some_and(|e| e.intent.is_some())
                    && entry.intent.is_none();
                if s.disk.fails {
                    Some(JournalError::Failed("simulated".into()))
                } else if s.disk.full && !reserved {
                    Some(JournalError::Full("simulated".into()))
                } else {
                    None
                }
            });
            if let Some(failed) = failed {
                return Err(failed);
            }
            seat.point(Point::JournalWritten).await;
            seat.takes(fsync).await;
            seat.point(Point::JournalFsynced).await;
            seat.world.with(|s| {
                judge::journaled(s, seat.proc.number, account, &entry);
                let file = s.disk.files.entry(account).or_default();
                file.visible = Some(entry.clone());
                file.pending = true;
                judge::still_there(s, account, "a write to the journal");
            });
            seat.point(Point::JournalRenamed).await;
            seat.world.with(|s| {
                let file = s.disk.files.entry(account).or_default();
                file.durable = Some(entry);
                file.pending = false;
                judge::durable(s, account);
            });
            seat.point(Point::JournalDone).await;
            Ok(())
        })
    }

    fn remove(&self, account: AccountId) -> Pending<'static, Result<(), JournalError>> {
        let (seat, account) = (self.0.clone(), self.index(&account));
        Box::pin(async move {
            seat.takes(Duration::from_millis(2)).await;
            seat.world.with(|s| {
                if s.disk.fails {
                    return Err(JournalError::Failed("simulated".into()));
                }
                s.disk.files.remove(&account);
                s.disk.removals.remove(&account);
                judge::noted(s, seat.proc.number, account, true);
                Ok(())
            })
        })
    }

    fn mark_removed(
        &self,
        account: AccountId,
        removal: Option<Removal>,
    ) -> Pending<'static, Result<(), JournalError>> {
        let (seat, account) = (self.0.clone(), self.index(&account));
        Box::pin(async move {
            seat.point(Point::RemovalBegun).await;
            seat.takes(Duration::from_millis(3)).await;
            let marked = seat.world.with(|s| {
                let fails = s.disk.fails || s.disk.full;
                if removal.is_some() || !fails {
                    let stands = !fails || s.disk.removals.contains_key(&account);
                    judge::noted(s, seat.proc.number, account, stands);
                }
                if fails {
                    return Err(JournalError::Full("simulated".into()));
                }
                match removal {
                    Some(removal) => s.disk.removals.insert(account, removal),
                    None => s.disk.removals.remove(&account),
                };
                Ok(())
            });
            seat.point(Point::RemovalDone).await;
            marked
        })
    }

    fn removed(&self) -> Pending<'static, Result<Vec<(AccountId, Removal)>, JournalError>> {
        let seat = self.0.clone();
        Box::pin(async move {
            seat.takes(Duration::from_millis(1)).await;
            seat.world.with(|s| {
                if s.disk.fails {
                    return Err(JournalError::Failed("simulated".into()));
                }
                let notes = s.disk.removals.iter();
                Ok(notes
                    .map(|(account, note)| (s.accounts[*account].id.clone(), *note))
                    .collect())
            })
        })
    }
}

/// Copies everything to another place, item by item, and goes on there: what was written to the
/// old place after its copy was made stays behind.
pub async fn move_to(seat: Seat, to: VaultKind) -> Result<(), String> {
    let count = seat.world.with(|s| s.keychain.items.len());
    let mut copies = Vec::new();
    for account in 0..count {
        let time = seat.world.with(|s| s.chance.millis(20, 900));
        seat.takes(time).await;
        let copy = seat.world.with(|s| match s.keychain.look(account) {
            Err(error) => Err(error.to_string()),
            Ok(_) => Ok(s.keychain.items[account].content.clone()),
        })?;
        copies.push(copy);
    }
    seat.world.with(|s| {
        s.tell(|| format!("the vault is of kind {to} now"));
        for (account, copy) in copies.into_iter().enumerate() {
            s.keychain.items[account].content = copy;
            judge::still_there(s, account, "a move of the vault");
        }
        s.keychain.kind = to;
        s.keychain.changed();
    });
    Ok(())
}
