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
//! - 4, 10 and 11: a process that started while the machine's clock was wrong reads stored ends by
//!   it; a grant that was stored by a wrong clock is misread by the next start.
//! - 4: what a dead process left on the screen nobody can take away; a vault that went back to an
//!   older grant is asked about in the window, not by a notification.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use tokentray::{
    domain::{grant::Grant, journal_entry::JournalEntry},
    io::token_endpoint::FormRequest,
};
use tokio::sync::Notify;

use super::{
    kinds::{Fault, Point},
    provider::{DeviceCode, Style, parse_refresh},
    world::{CALM, HOUR, LENGTH, MINUTE, State, World},
};

/// A broken promise.
#[derive(Clone, Debug)]
pub struct Violation {
    pub invariant: u8,
    pub at: Duration,
    pub what: String,
}

/// What was counted.
#[derive(Clone, Debug)]
pub struct Tally {
    pub worlds: u64,
    pub lived: Duration,
    pub accounts: u64,
    pub account_time: Duration,
    pub refreshes: u64,
    pub requests: u64,
    pub reuses: u64,
    pub hand_outs: u64,
    pub answers: u64,
    pub notices: u64,
    pub sign_ins: u64,
    /// Deaths between an answer and its fsync.
    pub gap_deaths: u64,
    /// Grants that a store lost after it had confirmed them.
    pub lies: u64,
    pub faults: [u64; Fault::ALL.len()],
    pub points: [u64; Point::ALL.len()],
}

impl Default for Tally {
    fn default() -> Self {
        Self {
            worlds: 0,
            lived: Duration::ZERO,
            accounts: 0,
            account_time: Duration::ZERO,
            refreshes: 0,
            requests: 0,
            reuses: 0,
            hand_outs: 0,
            answers: 0,
            notices: 0,
            sign_ins: 0,
            gap_deaths: 0,
            lies: 0,
            faults: [0; Fault::ALL.len()],
            points: [0; Point::ALL.len()],
        }
    }
}

impl Tally {
    pub fn add(&mut self, other: &Self) {
        self.worlds += other.worlds;
        self.lived += other.lived;
        self.accounts += other.accounts;
        self.account_time += other.account_time;
        self.refreshes += other.refreshes;
        self.requests += other.requests;
        self.reuses += other.reuses;
        self.hand_outs += other.hand_outs;
        self.answers += other.answers;
        self.notices += other.notices;
        self.sign_ins += other.sign_ins;
        self.gap_deaths += other.gap_deaths;
        self.lies += other.lies;
        for (mine, its) in self.faults.iter_mut().zip(other.faults) {
            *mine += its;
        }
        for (mine, its) in self.points.iter_mut().zip(other.points) {
            *mine += its;
        }
    }
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
    /// The owner began while the machine's clock was wrong.
    pub misled: bool,
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
    /// A person signed out or removed it: nothing needs to be kept.
    pub cleared: bool,
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
    /// Its newest grant was stored by a clock that was wrong.
    pub misdated: bool,
    pub undone: bool,
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

    pub fn clear(&mut self) {
        self.known.clear();
        self.newest_safe = None;
        self.cleared = true;
    }
}

impl State {
    fn is_alive(&self, proc: u64) -> bool {
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

/// A request leaves a process.
pub fn sent(s: &mut State, proc: u64, token: (usize, usize, u32), request: &FormRequest) {
    let (account, family, number) = token;
    let now = s.now();
    let alive: Vec<u64> = s.accounts[account].families[family]
        .in_flight
        .iter()
        .copied()
        .filter(|p| s.is_alive(*p))
        .collect();
    let known = &s.accounts[account].families[family];
    let mut broken: Vec<(u8, String)> = Vec::new();
    if request.url != known.token_url || request.client_id != known.client {
        broken.push((
            8,
            format!(
                "{} was sent to {} as {}",
                super::provider::refresh_text(account, family, number),
                request.url,
                request.client_id
            ),
        ));
    }
    if let Some(secret) = &request.client_secret
        && Some(secret.expose()) != known.secret.as_deref()
    {
        broken.push((8, "another client's secret was sent".into()));
    }
    if !alive.is_empty() {
        broken.push((
            9,
            format!(
                "a second request for account {account} by {proc} while one of {alive:?} is out"
            ),
        ));
    }
    let truth = &known.tokens[number as usize];
    if let Some((receiver, order)) = truth.spent {
        let issue = &s.accounts[account].issues[order];
        if s.is_alive(receiver) || issue.safe && !issue.lost {
            broken.push((
                1,
                format!(
                    "{} was sent again by {proc} although {receiver} received its successor",
                    super::provider::refresh_text(account, family, number)
                ),
            ));
        }
    }
    let entry = s.disk.visible(account);
    let sends = entry.and_then(|e| e.intent.as_ref()).map_or(0, |i| i.sends);
    if sends == 0 {
        broken.push((
            1,
            format!("account {account}: a request without an intent on the disk"),
        ));
    } else if sends == 1 && truth.unanswered {
        broken.push((
            1,
            format!("account {account}: an answer was lost, and nobody remembers the send"),
        ));
    }
    let in_vault = s.keychain.items[account]
        .grant()
        .and_then(|g| s.order(account, g));
    let of_token = s.accounts[account]
        .issues
        .iter()
        .rposition(|i| i.family == family && i.number == number);
    let settled = s.keychain.items[account].changed_at + Duration::from_secs(10) < now;
    if let (Some((_, stored)), Some(sent)) = (in_vault, of_token)
        && stored > sent
        && settled
        && s.keychain.is_well()
        && s.keychain.items[account].hung_until < now
    {
        broken.push((
            1,
            format!("account {account}: issue {sent} was sent although the vault holds {stored}"),
        ));
    }
    let entry = &mut s.accounts[account].families[family];
    entry.in_flight.push(proc);
    for (invariant, what) in broken {
        s.violated(invariant, what);
    }
}

/// A request is on its way: what never left the machine burdens nobody.
pub fn left(s: &mut State, account: usize) {
    let now = s.now();
    let truth = &mut s.accounts[account];
    truth.sends.push_back(now);
    while truth.sends.front().is_some_and(|at| *at + HOUR < now) {
        truth.sends.pop_front();
    }
    let within = |length: Duration| truth.sends.iter().filter(|at| **at + length >= now).count();
    let (minute, hour) = (within(MINUTE), within(HOUR));
    let recent = |times: &[Duration], length: Duration| {
        times
            .iter()
            .rev()
            .take_while(|at| **at + length >= now)
            .count()
    };
    // Each of these may begin anew what the back-off had slowed down: four tries and a confirming
    // one. By hand: one try each, with its quick tries.
    let anew = |length: Duration| {
        recent(&s.judge.deaths, length)
            + recent(&s.judge.wakes, length)
            + recent(&s.accounts[account].judged.by_hand, length)
            + recent(&s.accounts[account].judged.forced, length)
    };
    // In a minute: two attempts (the first pause is half a minute) of four sends. In an hour: the
    // back-off's nine, and as many as an access token's life asks for.
    let lively = HOUR.as_secs() / (s.accounts[account].lifetime.as_secs() / 2).max(10);
    let by_life = usize::try_from(lively).unwrap_or(usize::MAX).max(8);
    let (minute_budget, hour_budget) = (8 + 4 * anew(MINUTE), 48 + by_life + 4 * anew(HOUR));
    if minute > minute_budget || hour > hour_budget {
        s.violated(
            5,
            format!("account {account}: {minute} requests in a minute (budget {minute_budget}), {hour} in an hour (budget {hour_budget})"),
        );
    }
}

/// Slow probes that an incident may have made so long after the refusal that opened it.
fn probes(since: Duration) -> usize {
    let hours = (since + MINUTE).as_secs() / 3600;
    match hours {
        0 => 0,
        1..=5 => 1,
        6..=23 => 2,
        _ => 2 + usize::try_from(hours / 24).unwrap_or_default(),
    }
}

pub fn answered(s: &mut State, proc: u64, account: usize, family: usize) {
    let flights = &mut s.accounts[account].families[family].in_flight;
    if let Some(place) = flights.iter().position(|p| *p == proc) {
        flights.remove(place);
    }
}

/// A world begins with this grant in the vault.
pub fn begins_with(s: &mut State, account: usize, order: usize) {
    s.accounts[account].judged.generations.insert(1, order);
    mark_safe(s, account, order);
}

/// Another program put a newer grant into the vault.
pub fn renewed_by_another(s: &mut State, account: usize, generation: u64, order: usize) {
    s.accounts[account]
        .judged
        .generations
        .insert(generation, order);
    mark_safe(s, account, order);
}

/// A process received a complete success.
pub fn received(s: &mut State, proc: u64, account: usize, token: (usize, u32), order: usize) {
    let now = s.now();
    s.tell(|| format!("  [{proc}] receives issue {order} of account {account}"));
    let (family, number) = token;
    let wrong_clock = s.clock_wrong != 0;
    let truth = &mut s.accounts[account];
    truth.issues[order].received = Some((proc, now));
    truth.families[family].tokens[number as usize].unanswered = false;
    if truth.issues[order].number != number {
        truth.families[family].tokens[number as usize].spent = Some((proc, order));
    }
    truth.judged.resolve(now);
    truth.judged.misdated = wrong_clock;
    truth.judged.knows(proc, order);
    if s.judge.screen.contains(&account) {
        s.judge.look.notify_one();
    }
}

/// A process heard that this refresh token is no good. What never reached the provider, or what
/// it answered in other words, is no try that counts.
pub fn refused(s: &mut State, account: usize, family: usize, number: u32) {
    let now = s.now();
    let token = &mut s.accounts[account].families[family].tokens[number as usize];
    let Some(since) = token.refused_at else {
        token.refused_at = Some(now);
        return;
    };
    token.refusals += 1;
    let refusals = token.refusals;
    let by_hand = s.accounts[account]
        .judged
        .by_hand
        .iter()
        .filter(|at| **at >= since)
        .count();
    let deaths = s.judge.deaths.iter().filter(|at| **at >= since).count();
    let allowed = 1 + probes(now - since) + by_hand + deaths;
    if usize::try_from(refusals).unwrap_or(usize::MAX) > allowed {
        s.violated(
            1,
            format!("account {account}: refused {refusals} times after a definitive refusal, {allowed} are allowed"),
        );
    }
}

/// A provider issued something that no process will ever receive.
pub fn never_arrives(s: &mut State, account: usize, (family, number): (usize, u32)) {
    let now = s.now();
    s.accounts[account].families[family].tokens[number as usize].unanswered = true;
    s.accounts[account].judged.disturbed(now);
}

/// A sign-in brought a grant; whether it is stored is seen when it is.
pub fn signed_in(s: &mut State, proc: u64, account: usize, order: usize) {
    s.tally.sign_ins += 1;
    s.tell(|| format!("  [{proc}] receives issue {order} of account {account} by a sign-in"));
}

fn check(s: &mut State, account: usize, grant: &Grant, place: &str) -> Option<usize> {
    let Some((of, order)) = s.order(account, grant) else {
        s.violated(
            12,
            format!("{place} of account {account} holds a grant that is not its own"),
        );
        return None;
    };
    let issue = &s.accounts[account].issues[order];
    if of != account || s.accounts[account].families[issue.family].wrong_person {
        s.violated(
            12,
            format!("{place} of account {account} holds another person's grant"),
        );
        return None;
    }
    let generations = &s.accounts[account].judged.generations;
    let generation = grant.generation;
    let below = generations.range(..generation).next_back();
    let above = generations.range(generation + 1..).next();
    let same = generations.get(&generation);
    let wrong = below.is_some_and(|(_, o)| *o > order)
        || above.is_some_and(|(_, o)| *o < order)
        || same.is_some_and(|o| *o > order);
    if wrong {
        s.violated(
            3,
            format!("{place} of account {account}: generation {generation} is issue {order}, against the provider's order ({below:?}, {same:?}, {above:?})", below = s.accounts[account].judged.generations.range(..generation).next_back(), same = s.accounts[account].judged.generations.get(&generation), above = s.accounts[account].judged.generations.range(generation + 1..).next()),
        );
    }
    Some(order)
}

/// A grant is written to the vault.
pub fn stored(s: &mut State, proc: u64, account: usize, grant: &Grant) {
    s.tell(|| {
        format!(
            "  [{proc}] vault: account {account} generation {}",
            grant.generation
        )
    });
    let Some(order) = check(s, account, grant, "the vault") else {
        return;
    };
    let there = s.keychain.items[account]
        .grant()
        .and_then(|g| s.order(account, g));
    if let Some((_, there)) = there.filter(|(_, there)| *there > order) {
        s.violated(
            3,
            format!(
                "the vault of account {account}: issue {there} was replaced by the older {order}"
            ),
        );
    }
    s.accounts[account]
        .judged
        .generations
        .insert(grant.generation, order);
    if s.is_alive(proc) {
        s.accounts[account].judged.knows(proc, order);
    }
    mark_safe(s, account, order);
}

/// A process read what is stored.
pub fn read(s: &mut State, proc: u64, account: usize, grant: &Grant) {
    if let Some((_, order)) = s.order(account, grant) {
        s.accounts[account].judged.knows(proc, order);
    }
}

fn mark_safe(s: &mut State, account: usize, order: usize) {
    let now = s.now();
    let truth = &mut s.accounts[account];
    let issue = &mut truth.issues[order];
    let first = !issue.safe;
    issue.safe = true;
    issue.lost = false;
    let judged = &mut truth.judged;
    if first && order >= judged.newest_safe.unwrap_or_default() {
        if judged.cleared || issue.received.is_none() {
            // A new sign-in.
            judged.resolve(now);
        }
        judged.newest_safe = Some(order);
        judged.rolled_back = false;
        judged.cleared = false;
        judged.signed_out = false;
    }
}

/// A journal entry becomes visible.
pub fn journaled(s: &mut State, proc: u64, account: usize, entry: &JournalEntry) {
    let intent = entry.intent.is_some();
    s.tell(|| {
        format!(
            "  [{proc}] journal: account {account} highest {} unconfirmed {:?} intent {intent} incident {}",
            entry.highest_generation,
            entry.unconfirmed.as_ref().map(|g| g.generation),
            entry.incident.is_some()
        )
    });
    if let Some(grant) = &entry.unconfirmed
        && let Some(order) = check(s, account, grant, "the journal")
    {
        s.accounts[account]
            .judged
            .generations
            .insert(grant.generation, order);
    }
}

/// A journal entry would survive a cut of the power.
pub fn durable(s: &mut State, account: usize) {
    let order = s
        .disk
        .visible(account)
        .and_then(|e| e.unconfirmed.as_ref())
        .and_then(|g| s.order(account, g));
    if let Some((_, order)) = order {
        mark_safe(s, account, order);
    }
}

/// The grant was removed from the vault by one of ours.
pub fn removed_from_vault(s: &mut State, account: usize) {
    if !s.accounts[account].judged.cleared && s.accounts[account].judged.newest_safe.is_some() {
        s.violated(
            3,
            format!("the grant of account {account} was removed though nobody asked for it"),
        );
    }
}

/// The newest grant that was safe is still somewhere.
pub fn still_there(s: &mut State, account: usize, after: &str) {
    let Some(newest) = s.accounts[account].judged.newest_safe else {
        return;
    };
    if s.accounts[account].issues[newest].lost {
        return;
    }
    let places = [
        s.keychain.items[account].grant(),
        s.disk.visible(account).and_then(|e| e.unconfirmed.as_ref()),
    ];
    let there = places.into_iter().flatten().any(|g| {
        s.order(account, g)
            .is_some_and(|(_, order)| order >= newest)
    });
    if !there {
        s.violated(2, format!("issue {newest} of account {account} is neither in the vault nor in the journal after {after}"));
        s.accounts[account].issues[newest].lost = true;
    }
}

/// A store lost what it had confirmed, or somebody else changed it.
pub fn store_lied(s: &mut State, account: usize) {
    s.tally.lies += 1;
    let now = s.now();
    let truth = &mut s.accounts[account];
    truth.judged.disturbed(now);
    if let Some(newest) = truth.judged.newest_safe {
        truth.issues[newest].lost = true;
    }
}

/// A process died or ended.
pub fn died(s: &mut State, number: u64) {
    let now = s.now();
    s.judge.deaths.push(now);
    // What it left on the screen nobody can take away, or answer: the next one knows no id of it.
    s.judge.screen.clear();
    let mut gaps = 0;
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

/// A notification is on the screen.
pub fn shown(s: &mut State, names: &[String], anew: bool, proc: u64) {
    let named: BTreeSet<usize> = names
        .iter()
        .filter_map(|name| s.accounts.iter().position(|a| a.name == *name))
        .collect();
    s.tell(|| format!("[{proc}] NOTIFICATION: {}", names.join(", ")));
    s.tally.notices += 1;
    // One notification stands for all: naming once more who was told already is no second send,
    // unless nobody is named who was not told, or whose telling a death cut short.
    let has_spare = |a: &usize| {
        let judged = &s.accounts[*a].judged;
        judged.sends_of_notice < 1 + judged.excused_sends
    };
    let repeated = anew && !named.iter().any(has_spare);
    let counts: Vec<bool> = named.iter().map(|a| repeated || has_spare(a)).collect();
    let now = s.now();
    for (account, counts) in named.iter().copied().zip(counts) {
        let judged = &mut s.accounts[account].judged;
        judged.resolved_at = None;
        // Until the owner was told that it is shown, it may want the one on the screen replaced.
        let replaced = judged
            .shown_at
            .is_some_and(|at| at + Duration::from_secs(10) > now)
            && s.judge.screen.contains(&account);
        judged.shown_at = Some(now);
        if replaced || !counts {
            continue;
        }
        s.accounts[account].judged.told = true;
        s.accounts[account].judged.sends_of_notice += 1;
        let judged = &s.accounts[account].judged;
        if judged.sends_of_notice > 1 + judged.excused_sends {
            let sends = judged.sends_of_notice;
            s.violated(
                4,
                format!("account {account} was notified {sends} times for one incident"),
            );
        }
        if s.yields(account) {
            s.violated(
                4,
                format!("account {account} was notified although its grant is good"),
            );
        }
    }
    s.judge.screen = named;
}

pub fn withdrawn(s: &mut State) {
    s.tell(|| "the notification is withdrawn".into());
    s.judge.screen.clear();
}

/// Looks at everything that is a state and not an event, until the world is over.
pub async fn watch(world: World) {
    let look = world.with(|s| s.judge.look.clone());
    loop {
        let resolved = world.with(|s| {
            s.judge
                .screen
                .iter()
                .any(|a| s.accounts[*a].judged.resolved_at.is_some())
        });
        let pause = if resolved {
            Duration::from_millis(500)
        } else {
            5 * MINUTE
        };
        tokio::select! {
            biased;
            () = look.notified() => {}
            () = tokio::time::sleep(pause) => {}
        }
        let over = world.with(|s| {
            look_at_screen(s);
            for account in 0..s.accounts.len() {
                look_at_account(s, account);
            }
            s.now() >= LENGTH || !s.violations.is_empty()
        });
        if over {
            break;
        }
    }
    world.with(at_the_end);
}

/// Withdrawn within 5 s of being resolved, where somebody is there to do it.
fn look_at_screen(s: &mut State) {
    let now = s.now();
    let owned = !s.owners.is_empty() && s.judge.owned_since + 30 * MINUTE / 60 < now;
    for account in s.judge.screen.clone() {
        let Some(resolved) = s.accounts[account].judged.resolved_at else {
            continue;
        };
        let since = resolved
            .max(s.judge.owned_since)
            .max(s.fit_since)
            .max(s.keychain.bad_at)
            .max(s.disk.bad_at);
        if owned && now > since + Duration::from_secs(12) {
            s.violated(
                4,
                format!("account {account} is well and still on the screen"),
            );
        }
    }
    for account in 0..s.accounts.len() {
        if !s.judge.screen.contains(&account) {
            s.accounts[account].judged.resolved_at = None;
        }
    }
}

fn look_at_account(s: &mut State, account: usize) {
    let now = s.now();
    let truth = &s.accounts[account];
    if truth.removed
        || truth.paused
        || truth.judged.signed_out
        || !truth.gives_refresh
        || truth.when_used
        || truth.judged.rolled_back
    {
        s.accounts[account].judged.dead_since = None;
        return;
    }
    if s.net.paused || s.judge.misled || s.clock_wrong != 0 || s.owners.is_empty() || !s.is_fit() {
        return;
    }
    let troubled = s.troubled_at(account);
    let over = s.known_end(account).is_none_or(|end| end <= now);
    if s.yields(account) {
        s.accounts[account].judged.dead_since = None;
        // 7, 10 and 11: what nothing disturbed for hours is well, whatever others suffer.
        if over && now > troubled + 2 * HOUR && !s.accounts[account].judged.misdated {
            s.violated(
                10,
                format!(
                    "account {account} has no good token although nothing was wrong for two hours"
                ),
            );
        }
        // 2: what was received is saved as soon as something takes it.
        let unsafe_for = s.accounts[account].issues.iter().rev().find_map(|i| {
            i.received
                .filter(|(p, _)| s.is_alive(*p))
                .map(|(_, at)| (i.safe, at))
        });
        if let Some((false, at)) = unsafe_for
            && now > at + 10 * MINUTE
            && now > s.disk.bad_at + 20 * MINUTE
            && now > s.keychain.bad_at + 20 * MINUTE
            && now > s.keychain.items[account].hung_until + 20 * MINUTE
        {
            s.violated(
                2,
                format!("the newest grant of account {account} is not saved"),
            );
        }
        return;
    }
    if !over {
        s.accounts[account].judged.dead_since = None;
        return;
    }
    if matches!(
        s.accounts[account].style,
        Style::Absent | Style::Zero | Style::Negative
    ) {
        // An end that nobody stated only schedules: whether the token is over a tool must say.
        return;
    }
    let since = *s.accounts[account].judged.dead_since.get_or_insert(now);
    if s.accounts[account].judged.told {
        return;
    }
    let judged = &s.accounts[account].judged;
    let unclear = s.accounts[account]
        .families
        .last()
        .and_then(|f| f.dead)
        .is_some_and(|d| d.unclear);
    let lately = |at: Option<Duration>| at.is_some_and(|at| at + 3 * HOUR > since);
    // Five minutes; after a failure that makes it wait, plus the longest pause that it may be in.
    let bound = if unclear {
        9 * HOUR
    } else if lately(judged.setup_refused_at) || lately(judged.rate_limited_at) {
        90 * MINUTE
    } else if troubled + 2 * HOUR > since {
        30 * MINUTE
    } else {
        5 * MINUTE
    };
    if now > since.max(troubled) + bound {
        s.violated(
            4,
            format!(
                "account {account} is dead and over since {}, and nobody was told",
                super::world::clock_text(since)
            ),
        );
    }
}

/// After a day of calm everything that can be well is well, and nothing removed is left.
fn at_the_end(s: &mut State) {
    if !s.violations.is_empty() || s.now() < LENGTH {
        return;
    }
    let now = s.now();
    for account in 0..s.accounts.len() {
        let truth = &s.accounts[account];
        if truth.removed {
            let left = s.keychain.items[account].content.is_some()
                || s.keychain.items[account].secret.is_some()
                || s.disk.visible(account).is_some();
            if left {
                s.violated(
                    12,
                    format!("account {account} was removed, and something of it is left"),
                );
            }
            continue;
        }
        if truth.paused
            || truth.judged.signed_out
            || !truth.gives_refresh
            || truth.when_used
            || truth.judged.rolled_back
        {
            continue;
        }
        let over = s.known_end(account).is_none_or(|end| end <= now);
        if s.yields(account) && over && !truth.judged.misdated {
            s.violated(
                7,
                format!(
                    "account {account} could be well and is not, after {} hours of calm",
                    (CALM - 2 * HOUR).as_secs() / 3600
                ),
            );
        }
    }
}
