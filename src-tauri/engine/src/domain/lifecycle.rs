//! The life of a grant: `step(state, input, now) -> effects`, pure.
//!
//! One [`Life`] per account holds everything that decides; the coordinator performs the effects and
//! brings their results back as inputs. The surprising thing: a refresh ends when its reply was
//! accepted or refused; saving is a pipeline of its own, which sign-ins and imports share.
//!
//! - `refresh`: from a reason to a reply (lock, read, intent, send, quick tries).
//! - `outcome`: what a reply leads to (accept, adopt, fail, incident).
//! - `saving`: journal first, then vault, then publish.
//! - `asking`: what callers are told.
//! - `view`: the facts that rows are made of.

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::{
    account::{AccountId, RefreshWhen},
    cause::Cause,
    classify::{Failure, Outcome},
    fingerprint::Fingerprinter,
    grant::{Binding, ExpiresSource, Grant},
    history::{HistoryEntry, HistoryKind, Trigger},
    journal_entry::JournalEntry,
    policy::Jitter,
    provider::Provider,
    secret::{Fingerprint, Secret},
};

mod asking;
mod outcome;
mod refresh;
mod saving;
mod view;

pub use asking::{Settled, Trouble, Want};
use refresh::Attempt;
use saving::Saving;
pub use view::AccountFacts;

/// Both times at one moment: wall time is shown and stored, boot time (suspend included) is waited
/// by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    pub wall: DateTime<Utc>,
    pub boot: Duration,
}

impl Now {
    /// The boot time at which the wall clock will say `at`; now where that is past.
    pub fn boot_of(&self, at: DateTime<Utc>) -> Duration {
        self.boot
            .saturating_add((at - self.wall).to_std().unwrap_or_default())
    }

    /// The wall time at that boot time.
    pub fn wall_of(&self, boot: Duration) -> DateTime<Utc> {
        super::policy::plus(self.wall, boot.saturating_sub(self.boot))
    }
}

/// What an account's settings mean for the life of its grant.
#[derive(Clone, Debug)]
pub struct Setup {
    pub name: String,
    pub provider: Option<&'static Provider>,
    pub refresh: RefreshWhen,
    pub paused: bool,
    pub scopes: Vec<String>,
    pub client_id: String,
    pub token_url: Option<String>,
}

impl Setup {
    /// Whether the client secret of these settings belongs to what a grant is bound to.
    fn is_for(&self, binding: &Binding) -> bool {
        let host = self.token_url.as_deref().map(host_of);
        self.client_id == binding.client_id
            && host.is_none_or(|host| host == host_of(&binding.token_endpoint))
    }
}

/// What the machine and the other accounts mean for this step.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "a set of independent facts")]
pub struct Env {
    /// About to sleep, shutting down, or all is paused: start nothing.
    pub quiet: bool,
    /// All accounts are paused.
    pub paused: bool,
    /// The first minute after a resume or a start.
    pub settling: bool,
    /// The host's breaker is open until this boot time, for this cause; not this account's turn.
    pub breaker: Option<(Duration, Cause)>,
    /// Other accounts at that host were refused alike in the last hour.
    pub refused_alike: bool,
}

/// What the vault and the journal hold, read together.
#[derive(Clone, Debug)]
pub struct ReadGrants {
    pub vault: Result<Option<Grant>, Cause>,
    pub journal: Result<Option<JournalEntry>, Cause>,
    pub client_secret: Result<Option<Secret>, Cause>,
}

/// What happens to an account.
#[derive(Debug)]
pub enum Input {
    /// Read journal and vault; at start and when a vault came back.
    Load,
    /// The answer to [`Effect::Read`].
    Read(Box<ReadGrants>),
    /// A deadline of [`Life::next_wake`] came.
    Tick,
    Demand {
        waiter: u64,
        want: Want,
    },
    /// The account's kernel lock was taken, or is held by another process.
    Locked {
        taken: bool,
    },
    Journaled {
        version: u64,
        result: Result<(), Cause>,
    },
    Replied {
        send: u64,
        outcome: Outcome,
        salvage: Option<Secret>,
        took: Duration,
    },
    Stored {
        generation: u64,
        result: Result<(), Cause>,
    },
    /// A sign-in or an import brought a grant (its generation is given here).
    Arrived {
        grant: Box<Grant>,
        how: HistoryKind,
        waiter: Option<u64>,
    },
    SignOut,
    /// The account is removed; what stays must not be used.
    Remove,
    /// A removal was undone.
    Restore,
    /// The vault was moved: see that the new one has the newest grant.
    Resave,
    Setup(Setup),
    /// Resume, network back, vault changed: `spread` is where in the queue of accounts that are
    /// due together this one stands.
    Woke {
        trigger: Trigger,
        spread: u32,
    },
    Noticed,
    Later,
}

/// What must be done. Performed in order.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    Lock,
    Unlock,
    Read,
    WriteJournal {
        version: u64,
        entry: Box<JournalEntry>,
    },
    Store {
        grant: Box<Grant>,
    },
    /// Remove the grant from the vault (sign-out, removal).
    RemoveGrant,
    Send {
        send: u64,
        request: Box<RefreshRequest>,
    },
    Record(Box<HistoryEntry>),
    Answer {
        waiter: u64,
        settled: Settled,
    },
    Log(Log),
    /// The host answered (or refused well-formed): its breaker closes; or it failed once more.
    Host {
        host: String,
        failed: Option<Cause>,
        refused_shape: Option<String>,
    },
    /// A late success after a removal: its refresh token should not stay alive.
    Revoke {
        grant: Box<Grant>,
    },
}

/// One refresh request: what is sent, and whereto, as the grant is bound.
#[derive(Clone, Debug, PartialEq)]
pub struct RefreshRequest {
    pub binding: Binding,
    pub refresh_token: Secret,
    pub client_secret: Option<Secret>,
    /// Only where the provider row asks for it.
    pub scope: Option<String>,
}

/// The log events of the API guide, as data; the coordinator adds account and generation.
#[derive(Clone, Debug, PartialEq)]
pub enum Log {
    /// Seconds left, negative for how long it has been over; none: no end is known.
    ExpiryChecked {
        remaining_s: Option<i64>,
    },
    TokenRead,
    RefreshStarted {
        trigger: Trigger,
    },
    RefreshJoined,
    LifetimeAssumed {
        reason: &'static str,
    },
    Refreshed {
        expires_in_s: Option<u64>,
        source: ExpiresSource,
    },
    RefreshFailed {
        cause: Cause,
        attempt: u32,
        next_at: Option<DateTime<Utc>>,
    },
    Rejected401 {
        by: Option<String>,
    },
    Saved,
    Unsaved {
        cause: Cause,
    },
    Adopted,
    IncidentOpened {
        cause: Cause,
    },
    Notified,
}

/// Everything that decides about one account's grant.
#[derive(Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent facts, not a state in disguise"
)]
pub struct Life {
    pub id: AccountId,
    setup: Setup,
    jitter: Jitter,
    fingerprints: Option<Fingerprinter>,
    /// Journal and vault were read.
    ready: bool,
    reading: bool,
    removed: bool,
    /// Why they could not be read.
    load_trouble: Option<Cause>,
    load_failures: u32,
    load_retry: Option<Duration>,
    /// Answered when loaded.
    loading: Vec<(u64, Want)>,
    /// Brought before the journal could be read; numbered and saved when it was.
    arriving: Option<(Box<Grant>, HistoryKind, Option<u64>)>,
    /// The published grant.
    held: Option<Held>,
    attempt: Option<Attempt>,
    saving: Option<Saving>,
    next_send: u64,
    lock_held: bool,
    /// The journal entry as it should be; see `saving` for the versions.
    memory: JournalEntry,
    version: u64,
    written: u64,
    writing: Option<u64>,
    journal_retry: Option<Duration>,
    /// The highest generation that the vault confirmed.
    stored: u64,
    storing: Option<u64>,
    store_retry: Option<Duration>,
    store_failures: u32,
    unsaved: Option<Cause>,
    trouble: Option<Trouble>,
    /// Definitive refusals in a row.
    refusals: u32,
    unclear: Option<Unclear>,
    /// From the provider's `Retry-After`; binds everyone.
    hold: Option<Duration>,
    /// After a resume, a start, or an open breaker: the schedule waits so long.
    spread: Option<Duration>,
    forced: Forced,
    person_tries: Vec<Duration>,
    /// A tool reported this access token, and the refresh was refused for good.
    rejected: Option<Fingerprint>,
    /// A tool asked since the token was over.
    asked_since_end: bool,
    last_refreshed_at: Option<DateTime<Utc>>,
}

/// The grant that is handed out, with what was computed once.
#[derive(Clone, Debug)]
pub struct Held {
    pub grant: Grant,
    pub fingerprint: Fingerprint,
    pub id_fingerprint: Option<Fingerprint>,
    /// Boot times: when a refresh is due, and when the access token ends. Setting the wall clock
    /// moves neither, and a clock that was wrong when the grant was stored stretches none.
    pub due: Option<Duration>,
    pub ends: Option<Duration>,
    pub received: Duration,
}

impl PartialEq for Held {
    fn eq(&self, other: &Self) -> bool {
        self.grant == other.grant && self.due == other.due && self.ends == other.ends
    }
}

/// Unclear refusals of one shape in a row.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Unclear {
    shape: String,
    refusals: u32,
    last: Duration,
    /// Awake time since the first, with the access token over.
    over: Duration,
}

/// Forced refreshes of a token whose rejection is not about age.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Forced {
    step: u32,
    until: Option<Duration>,
    /// The token that is held now was rejected once.
    rejected_once: bool,
}

impl Life {
    /// A life that knows nothing yet; send it [`Input::Load`].
    pub fn new(id: AccountId, setup: Setup, seed: u64) -> Self {
        Self {
            id,
            setup,
            jitter: Jitter::new(seed),
            fingerprints: None,
            ready: false,
            reading: false,
            removed: false,
            load_trouble: None,
            load_failures: 0,
            load_retry: None,
            loading: Vec::new(),
            arriving: None,
            held: None,
            attempt: None,
            saving: None,
            next_send: 0,
            lock_held: false,
            memory: JournalEntry::default(),
            version: 0,
            written: 0,
            writing: None,
            journal_retry: None,
            stored: 0,
            storing: None,
            store_retry: None,
            store_failures: 0,
            unsaved: None,
            trouble: None,
            refusals: 0,
            unclear: None,
            hold: None,
            spread: None,
            forced: Forced::default(),
            person_tries: Vec::new(),
            rejected: None,
            asked_since_end: false,
            last_refreshed_at: None,
        }
    }

    /// Gives the key for fingerprints, once the vault could read it.
    pub fn give_fingerprints(&mut self, fingerprints: Fingerprinter) {
        self.fingerprints = Some(fingerprints);
    }

    /// What follows from one input. Everything that changes, changes here.
    pub fn step(&mut self, input: Input, now: Now, env: &Env) -> Vec<Effect> {
        let mut out = Vec::new();
        match input {
            Input::Load => self.load(&mut out),
            Input::Read(read) => self.on_read(*read, now, env, &mut out),
            Input::Tick => self.on_tick(now, env, &mut out),
            Input::Demand { waiter, want } => self.on_demand(waiter, want, now, env, &mut out),
            Input::Locked { taken } => self.on_locked(taken, now, env, &mut out),
            Input::Journaled { version, result } => {
                self.on_journaled(version, result, now, env, &mut out);
            }
            Input::Replied {
                send,
                outcome,
                salvage,
                took,
            } => {
                self.on_replied(send, outcome, salvage, took, now, env, &mut out);
            }
            Input::Stored { generation, result } => {
                self.on_stored(generation, result, now, &mut out);
            }
            Input::Arrived { grant, how, waiter } => {
                self.on_arrived(*grant, how, waiter, now, &mut out);
            }
            Input::SignOut => self.on_sign_out(now, &mut out),
            Input::Remove => self.on_remove(now, &mut out),
            Input::Restore => self.removed = false,
            Input::Resave => self.resave(&mut out),
            Input::Setup(setup) => self.on_setup(setup, now, &mut out),
            Input::Woke { trigger, spread } => self.on_woke(trigger, spread, now, &mut out),
            Input::Noticed => self.on_noticed(now, &mut out),
            Input::Later => self.on_later(now, &mut out),
        }
        self.write_journal(&mut out);
        out
    }

    /// Whether a refresh by the schedule is due, but for a breaker's turn.
    pub fn is_due(&self, now: Now) -> bool {
        self.planned(now).is_some_and(|(at, _)| at <= now.boot)
    }

    /// The published grant, if any.
    pub fn held(&self) -> Option<&Held> {
        self.held.as_ref()
    }

    pub fn setup(&self) -> &Setup {
        &self.setup
    }

    /// Whether a request may be out or a grant is not safe: sleep and shutdown wait for it.
    pub fn is_busy(&self) -> bool {
        self.attempt.is_some()
            || self.saving.is_some()
            || self.writing.is_some()
            || self.storing.is_some()
    }

    pub fn is_removed(&self) -> bool {
        self.removed
    }

    /// Host of the endpoint that the grant is bound to, for breaker and alike refusals.
    pub fn host(&self) -> Option<String> {
        self.held
            .as_ref()
            .map(|h| host_of(&h.grant.binding.token_endpoint))
    }

    /// Why the account waits, needs setup or a person; none while all is well.
    pub fn trouble(&self) -> Option<&Trouble> {
        self.trouble.as_ref()
    }

    /// The access token is over: past its end, or rejected for good, or there is none.
    pub fn is_over(&self, now: Now) -> bool {
        self.held.as_ref().is_none_or(|held| {
            self.rejected.as_ref() == Some(&held.fingerprint)
                || held.ends.is_some_and(|end| end <= now.boot)
        })
    }

    /// The next boot time at which [`Input::Tick`] is due.
    pub fn next_wake(&self, now: Now) -> Option<Duration> {
        let attempt = self.attempt.as_ref().and_then(Attempt::resume_at);
        let planned = self.planned(now).map(|(at, _)| at);
        [
            attempt,
            planned,
            self.load_retry,
            self.store_retry,
            self.journal_retry,
            self.no_refresh_end(),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// A grant that cannot be refreshed becomes an incident at its end.
    fn no_refresh_end(&self) -> Option<Duration> {
        let held = self.held.as_ref()?;
        let open =
            self.removed || self.memory.incident.is_some() || held.grant.refresh_token.is_some();
        held.ends.filter(|_| !open && !self.setup.paused)
    }

    fn entry(&self, kind: HistoryKind, now: Now) -> HistoryEntry {
        HistoryEntry {
            account_id: Some(self.id.clone()),
            account: Some(self.setup.name.clone()),
            generation: self.held.as_ref().map(|h| h.grant.generation),
            ..HistoryEntry::new(now.wall, kind)
        }
    }

    fn record(&self, kind: HistoryKind, now: Now, out: &mut Vec<Effect>) {
        out.push(Effect::Record(Box::new(self.entry(kind, now))));
    }

    fn on_tick(&mut self, now: Now, env: &Env, out: &mut Vec<Effect>) {
        if self.load_retry.is_some_and(|at| at <= now.boot) {
            self.load_retry = None;
            self.load(out);
        }
        if self.store_retry.is_some_and(|at| at <= now.boot) {
            self.store_retry = None;
            self.store(out);
        }
        if self.journal_retry.is_some_and(|at| at <= now.boot) {
            self.journal_retry = None;
        }
        self.continue_attempt(now, env, out);
        if self.no_refresh_end().is_some_and(|at| at <= now.boot) && self.is_over(now) {
            self.open_incident(Cause::NoRefreshToken, None, now, out);
        }
        self.begin_if_planned(now, env, out);
    }

    fn on_setup(&mut self, setup: Setup, now: Now, out: &mut Vec<Effect>) {
        let kind = match (self.setup.paused, setup.paused) {
            (false, true) => Some(HistoryKind::Paused),
            (true, false) => Some(HistoryKind::Resumed),
            _ => None,
        };
        self.setup = setup;
        if let Some(kind) = kind {
            self.record(kind, now, out);
        }
        if let Some(trouble) = &mut self.trouble
            && trouble.cause.verdict() == super::cause::Verdict::FixSetup
        {
            trouble.next_at = Some(now.boot);
            trouble.trigger = Trigger::Edit;
        }
    }

    fn on_woke(&mut self, trigger: Trigger, place: u32, now: Now, out: &mut Vec<Effect>) {
        if self.load_trouble.is_some() {
            self.load_retry = None;
            self.load(out);
        }
        if self.unsaved.is_some() {
            self.store_retry = None;
            self.journal_retry = None;
            self.store(out);
        }
        let first = Duration::from_secs(5) + self.jitter.full(Duration::from_secs(5));
        let at = match trigger {
            Trigger::Resume => now.boot + first + Duration::from_secs(1) * place,
            _ => now.boot + Duration::from_millis(200) * place,
        };
        if trigger == Trigger::Network {
            // The hold was for another network's edge, perhaps.
            self.hold = None;
        }
        match trigger {
            // With the network a host may answer again: nobody waits for its old turn.
            Trigger::Resume | Trigger::Network => self.spread = Some(at),
            // The host answers again.
            Trigger::Retry => self.spread = None,
            _ => {}
        }
        if let Some(trouble) = &mut self.trouble {
            use super::cause::Verdict;
            let sooner = match trouble.cause.verdict() {
                Verdict::Wait => match trigger {
                    Trigger::Network => true,
                    // The vault came back, or a pause ended: that mends nothing at the provider.
                    Trigger::Startup => {
                        trouble.cause.is_vault() || trouble.cause == Cause::Interrupted
                    }
                    _ => trouble.cause != Cause::RateLimited,
                },
                Verdict::FixSetup => trigger == Trigger::Network,
                Verdict::SignIn | Verdict::Unclear => false,
            };
            if sooner && trouble.next_at.is_some_and(|next| next > at) {
                trouble.next_at = Some(at);
                trouble.trigger = trigger;
            }
        }
    }

    fn failure_entry(&self, failure: &Failure, now: Now) -> HistoryEntry {
        HistoryEntry {
            cause: Some(failure.cause),
            verdict: Some(failure.cause.verdict()),
            http_status: failure.http_status,
            provider_code: failure.provider_code.clone(),
            provider_text: failure.provider_text.clone(),
            ..self.entry(HistoryKind::RefreshFailed, now)
        }
    }
}

/// Host and port of an endpoint, for breakers; the whole text where it is no URL.
pub fn host_of(endpoint: &str) -> String {
    let rest = endpoint
        .split_once("://")
        .map_or(endpoint, |(_, rest)| rest);
    rest.split(['/', '?', '#'])
        .next()
        .unwrap_or(rest)
        .to_ascii_lowercase()
}
