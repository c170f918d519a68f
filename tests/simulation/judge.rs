//! The twelve invariants, judged by what providers, disks and screens know.
//!
//! Nothing here asks the engine what it believes. What no program could do better is excepted by
//! name, counted, and said where it is excepted:
//!
//! - 1 and 2: a process that dies (or a store that lies) between an answer and its fsync takes the
//!   answer with it; the old token is sent again then, because nobody knows better.
//! - 4: a provider that refuses a living grant in definitive words twice, half a minute apart,
//!   looks like one that means it. Worlds have one such lie at a time.
//! - 4: after a request of which nobody knows whether it was sent, one definitive refusal is
//!   enough (REFRESH.md), so the lie above is not told then.
//! - 4, 10 and 11: what a process reads from a store it dates by the machine's clock: while that is
//!   wrong (and until the engine has seen that it was set right), it may take what is over for good.
//!   Afterwards such a token is handed out as `short` only, where no refresh succeeds. A grant whose
//!   dates in the vault are by a wrong clock (nobody lived to see it set right) is misread by the
//!   next start.
//! - 4: what a dead process left on the screen nobody can take away; a vault that went back to an
//!   older grant is asked about in the window, not by a notification.
//! - 12: a removal that the disk did not take note of (it was full or failed) is known to one
//!   process only; what that one had not deleted when it died is left.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use tokentray::domain::grant::Grant;
use tokio::sync::Notify;

use super::{
    provider::{DeviceCode, parse_refresh},
    world::State,
};

mod requests;
mod stored;
mod told;
mod watch;

pub use requests::{
    answered, left, never_arrives, received, refused, sent, signed_in, waited_in_vain,
};
pub use stored::{
    begins_with, durable, journaled, noted, read, removed_from_vault, renewed_by_another, restored,
    still_there, store_lied, stored,
};
pub use told::{shown, withdrawn};
pub use watch::watch;

/// A broken promise.
#[derive(Clone, Debug)]
pub struct Violation {
    pub invariant: u8,
    pub at: Duration,
    pub what: String,
}

/// What the judge keeps of the whole world.
#[derive(Debug, Default)]
pub struct Judge {
    pub last_fault: Duration,
    pub suspends: u64,
    pub codes: Vec<DeviceCode>,
    /// Accounts that the notification on the screen names.
    pub screen: BTreeSet<usize>,
    pub deaths: Vec<Duration>,
    /// When all accounts could be refreshed anew (a start, a resume, a network change).
    pub wakes: Vec<Duration>,
    /// When the machine's clock was last set right.
    pub clock_right_since: Duration,
    pub owned_since: Duration,
    pub look: Arc<Notify>,
}

/// What the judge keeps of one account.
#[derive(Debug, Default)]
pub struct OfAccount {
    /// When something of its own last went wrong.
    pub disturbed_at: Duration,
    pub setup_refused_at: Option<Duration>,
    pub rate_limited_at: Option<Duration>,
    /// Generations as they were stored, with the order of issue.
    generations: BTreeMap<u64, usize>,
    /// The newest issue that was safe somewhere, while it counts.
    newest_safe: Option<usize>,
    /// A person signed out or removed it: nothing needs to be kept …
    pub cleared: bool,
    /// … of what was issued before this one. What was on its way then and is stored a moment later,
    /// or renewed before a removal that a death interrupted is asked for again, is no new grant.
    cleared_before: usize,
    pub signed_out: bool,
    pub by_hand: Vec<Duration>,
    /// A notification named it, and it is not resolved.
    pub told: bool,
    pub sends_of_notice: u32,
    pub excused_sends: u32,
    pub resolved_at: Option<Duration>,
    dead_since: Option<Duration>,
    /// The newest issue that each process read or received.
    known: Vec<(u64, usize)>,
    pub shown_at: Option<Duration>,
    pub forced: Vec<Duration>,
    /// Its endpoint in the settings is not the one that its grant is bound to.
    pub edited: bool,
    /// The vault went back to an older grant; after a start a person is asked before it is used.
    pub rolled_back: bool,
    /// The dates of its newest stored grant are by a clock that was wrong.
    pub misdated: bool,
    /// The issue that a process read from a store last while the clock was wrong.
    pub misread: Option<usize>,
    pub undone: bool,
    /// The process that knows of the removal, while no disk has taken note of it.
    pub unnoted_by: Option<u64>,
    /// It died with that.
    pub forgotten: bool,
    /// When a process last did anything for its refresh: read, wrote, sent or heard.
    pub active_at: Duration,
}

impl OfAccount {
    pub const fn disturbed(&mut self, now: Duration) {
        self.disturbed_at = now;
    }

    /// The incident is over, if there was one.
    pub fn resolve(&mut self, now: Duration) {
        self.told = false;
        self.sends_of_notice = 0;
        self.excused_sends = 0;
        self.resolved_at = Some(now);
        self.dead_since = None;
    }

    /// This process holds that issue in its memory.
    pub fn knows(&mut self, proc: u64, order: usize) {
        match self.known.iter_mut().find(|(by, _)| *by == proc) {
            Some((_, newest)) => *newest = order.max(*newest),
            None => self.known.push((proc, order)),
        }
    }

    pub fn clear(&mut self, before: usize) {
        self.known.clear();
        self.newest_safe = None;
        self.cleared = true;
        self.cleared_before = before;
    }
}

impl State {
    pub fn is_alive(&self, proc: u64) -> bool {
        self.owners
            .iter()
            .any(|o| o.proc.number == proc && o.proc.is_alive())
    }

    fn order(&self, account: usize, grant: &Grant) -> Option<(usize, usize)> {
        self.accounts[account].order_of(
            grant.access_token.expose(),
            grant
                .refresh_token
                .as_ref()
                .map(tokentray::domain::secret::Secret::expose),
        )
    }

    /// Refresh tokens that any of our processes could still find: in the vault, in the journal, in
    /// memory.
    fn known_tokens(&self, account: usize) -> Vec<(usize, u32)> {
        let stored = [
            self.keychain.items[account].grant(),
            self.disk
                .visible(account)
                .and_then(|e| e.unconfirmed.as_ref()),
        ];
        let mut known: Vec<(usize, u32)> = stored
            .into_iter()
            .flatten()
            .filter_map(|g| parse_refresh(g.refresh_token.as_ref()?.expose()))
            .map(|(_, family, number)| (family, number))
            .collect();
        let truth = &self.accounts[account];
        if let Some(order) = self.in_memory(account).filter(|_| truth.gives_refresh) {
            let issue = &truth.issues[order];
            known.push((issue.family, issue.number));
        }
        known
    }

    /// The newest issue that a living process has in its memory.
    pub fn in_memory(&self, account: usize) -> Option<usize> {
        let known = &self.accounts[account].judged.known;
        known
            .iter()
            .filter(|(proc, _)| self.is_alive(*proc))
            .map(|(_, order)| *order)
            .max()
    }

    /// Whether a day without faults and without the person would yield a token: one of the known
    /// refresh tokens is good. Providers are deterministic, so asking them is living that day.
    pub fn yields(&self, account: usize) -> bool {
        let truth = &self.accounts[account];
        let provider = &self.providers[truth.provider];
        let now = self.now();
        self.known_tokens(account)
            .into_iter()
            .any(|(family, number)| truth.would_answer(family, number, provider, now))
    }

    /// When the last access token ends that any of our processes could hand out.
    fn known_end(&self, account: usize) -> Option<Duration> {
        let truth = &self.accounts[account];
        let stored = [
            self.keychain.items[account].grant(),
            self.disk
                .visible(account)
                .and_then(|e| e.unconfirmed.as_ref()),
        ];
        let by_store = stored
            .into_iter()
            .flatten()
            .filter_map(|g| super::provider::parse_access(g.access_token.expose()))
            .filter(|(of, _)| *of == account)
            .map(|(_, order)| truth.issues[order].ends);
        let in_memory = self
            .in_memory(account)
            .map(|order| truth.issues[order].ends);
        by_store.chain(in_memory).max()
    }

    /// Whether the machine's clock may mislead about what is read from a store: the engine looks at
    /// it every 30 s.
    pub fn clock_misleads(&self) -> bool {
        let noticed = self.judge.clock_right_since + Duration::from_secs(32);
        self.clock_wrong != 0 || self.now() < noticed
    }

    /// A living process received that issue itself, and knows its age whatever the clock says.
    pub fn knows_its_age(&self, account: usize, order: usize) -> bool {
        let received = self.accounts[account].issues[order].received;
        received.is_some_and(|(proc, _)| self.is_alive(proc))
    }

    /// When anything last went wrong that this account could feel.
    fn troubled_at(&self, account: usize) -> Duration {
        let truth = &self.accounts[account];
        [
            truth.judged.disturbed_at,
            truth.setup_refused_until.min(self.now()),
            self.providers[truth.provider].bad_at,
            self.net.bad_at,
            self.keychain.bad_at,
            self.keychain.items[account].hung_until.min(self.now()),
            self.disk.bad_at,
            self.fit_since,
            self.judge.owned_since,
        ]
        .into_iter()
        .max()
        .unwrap_or_default()
    }
}

/// A process died or ended.
pub fn died(s: &mut State, number: u64) {
    let now = s.now();
    s.judge.deaths.push(now);
    // What it left on the screen nobody can take away, or answer: the next one knows no id of it.
    s.judge.screen.clear();
    let mut gaps = 0;
    for truth in &mut s.accounts {
        if truth
            .judged
            .unnoted_by
            .take_if(|by| *by == number)
            .is_some()
        {
            truth.judged.forgotten = true;
            s.tally.unnoted += 1;
        }
    }
    for account in 0..s.accounts.len() {
        // It died in the middle of sending: the journal does not say yet that it was shown.
        let noted = s
            .disk
            .visible(account)
            .and_then(|e| e.incident.as_ref())
            .is_some_and(|i| i.notified_at.is_some());
        let judged = &mut s.accounts[account].judged;
        if judged.told && !noted {
            judged.excused_sends += 1;
        }
    }
    for truth in &mut s.accounts {
        if let Some(issue) = truth
            .issues
            .iter_mut()
            .rev()
            .find(|i| i.received.is_some_and(|(proc, _)| proc == number))
            && !issue.safe
        {
            issue.lost = true;
            gaps += 1;
        }
        for family in &mut truth.families {
            if family.in_flight.contains(&number) {
                truth.judged.disturbed_at = now;
            }
        }
    }
    s.tally.gap_deaths += gaps;
}
