//! The life of a grant: `step(state, input, now) -> effects`, pure.
//!
//! One [`Life`] per account holds everything that decides; the coordinator performs the effects and
//! brings their results back as inputs. The surprising thing: a refresh ends when its reply was
//! accepted or refused; saving is a pipeline of its own, which sign-ins and imports share.
//!
//! - `messages`: inputs, effects and log events, as data.
//! - `held`: the grant that is handed out.
//! - `waking`: what moves a next try (deadlines, edits, wake-ups).
//! - `attempt`: a refresh that is going on, from its reason to its end.
//! - `refresh`: lock, read inside the lock, intent, one POST.
//! - `replied`: what came back (success, quick try, another look, failure).
//! - `outcome`: what a reply leads to (accept, adopt, fail).
//! - `confirming`: when the next try is, and when a refusal is certain.
//! - `looking`: what surrounds a failure, and an endpoint that moved.
//! - `incident`: from "sign-in needed" to any success.
//! - `person`: sign-in, import, sign-out, removal.
//! - `saving`: journal first, then vault, then publish.
//! - `restored`: state that looks like a copy waits for a person.
//! - `asking`: what callers are told.
//! - `view`: the facts that rows are made of.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    account::AccountId,
    cause::Cause,
    classify::Failure,
    fingerprint::Fingerprinter,
    grant::Grant,
    history::{HistoryEntry, HistoryKind},
    journal_entry::{JournalEntry, Place},
    policy::Jitter,
};

mod asking;
mod attempt;
mod confirming;
mod held;
mod incident;
mod looking;
mod messages;
mod outcome;
mod person;
mod refresh;
mod replied;
mod restored;
mod saving;
mod view;
mod waking;

pub use asking::{Settled, Trouble, Want};
use attempt::Attempt;
pub use held::Held;
pub use messages::{Effect, Env, Input, Log, ReadGrants, RefreshRequest, Setup};
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

    /// How far the wall clock is ahead of boot time: it changes when somebody sets the clock.
    pub fn skew(&self) -> TimeDelta {
        let boot = i64::try_from(self.boot.as_millis()).unwrap_or(i64::MAX);
        TimeDelta::milliseconds(self.wall.timestamp_millis().saturating_sub(boot))
    }

    /// The wall time at that boot time.
    pub fn wall_of(&self, boot: Duration) -> DateTime<Utc> {
        super::policy::plus(self.wall, boot.saturating_sub(self.boot))
    }
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
    /// After a sign-out: the vault is deleting, could not yet, and is asked again.
    removing: bool,
    leftover: Option<Cause>,
    remove_retry: Option<Duration>,
    remove_failures: u32,
    trouble: Option<Trouble>,
    /// Failures with the verdict `wait` since the last success.
    waits: u32,
    /// When the time that passed was noted last, by boot and by awake time.
    noted: (Duration, Duration),
    /// When the issuer was asked last whether it is there.
    looked_around: Option<Duration>,
    /// It answered then.
    issuer_answers: bool,
    /// Where the issuer says its token endpoint is, since the bound one proved wrong. With the next
    /// success it becomes part of the grant.
    moved_to: Option<String>,
    /// From the provider's `Retry-After`; binds everyone.
    hold: Option<Duration>,
    /// After a resume, a start, or an open breaker: the schedule waits so long.
    spread: Option<Duration>,
    forced: Forced,
    person_tries: Vec<Duration>,
    last_refreshed_at: Option<DateTime<Utc>>,
    /// Where this runs, as far as it is known.
    place: Option<Place>,
    /// What is held looks like a copy or a restored backup; see `restored`.
    restored: bool,
    /// When the vault was looked at last for a newer grant meanwhile, and whether somebody was
    /// refused since.
    news: (Duration, bool),
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
            removing: false,
            leftover: None,
            remove_retry: None,
            remove_failures: 0,
            trouble: None,
            waits: 0,
            noted: Default::default(),
            looked_around: None,
            issuer_answers: false,
            moved_to: None,
            hold: None,
            spread: None,
            forced: Forced::default(),
            person_tries: Vec::new(),
            last_refreshed_at: None,
            place: None,
            restored: false,
            news: Default::default(),
        }
    }

    /// Gives the key for fingerprints, once the vault could read it.
    pub fn give_fingerprints(&mut self, fingerprints: Fingerprinter) {
        self.fingerprints = Some(fingerprints);
    }

    /// Says where this runs, before anything is read.
    pub fn give_place(&mut self, place: Option<Place>) {
        self.place = place;
    }

    /// What follows from one input. Everything that changes, changes here.
    pub fn step(&mut self, input: Input, now: Now, env: &Env) -> Vec<Effect> {
        let mut out = Vec::new();
        match input {
            Input::Load => self.load(&mut out),
            Input::Read(read) => self.on_read(*read, now, env, &mut out),
            Input::Tick => self.on_tick(now, env, &mut out),
            Input::Demand { waiter, want } => self.on_demand(waiter, want, now, env, &mut out),
            Input::Locked { result } => self.on_locked(result, now, env, &mut out),
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
            Input::GrantRemoved { result } => self.on_grant_removed(result, now),
            Input::Arrived { grant, how, waiter } => {
                self.on_arrived(*grant, how, waiter, now, &mut out);
            }
            Input::SignOut => self.on_sign_out(now, &mut out),
            Input::Remove => self.on_remove(now, &mut out),
            Input::Restore => self.removed = false,
            Input::Resave => self.resave(&mut out),
            Input::Setup(setup) => self.on_setup(setup, now, &mut out),
            Input::Margin(margin) => self.on_margin(margin),
            Input::Woke { trigger, after } => self.on_woke(trigger, now.boot + after, &mut out),
            Input::ClockSet { after } => self.on_clock_set(after, now, &mut out),
            Input::LookedAround { token_endpoint } => self.on_looked_around(token_endpoint, now),
            Input::Noticed => self.on_noticed(now, &mut out),
            Input::Later => self.on_later(now),
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

    /// Whether journal and vault are being read for the first time.
    pub const fn is_loading(&self) -> bool {
        self.reading
    }

    /// Whether a request may be out or a grant is not safe: sleep and shutdown wait for it.
    pub fn is_busy(&self) -> bool {
        self.attempt.is_some()
            || self.saving.is_some()
            || self.writing.is_some()
            || self.storing.is_some()
            || self.removing
    }

    /// When it asks the provider next by itself, in boot time.
    pub fn asks_next(&self, now: Now) -> Option<Duration> {
        self.planned(now).map(|(at, _)| at)
    }

    /// Journal and vault were read: what is held is known.
    pub fn is_loaded(&self) -> bool {
        self.ready
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

    /// Whether a refresh is going on.
    pub fn is_refreshing(&self) -> bool {
        self.attempt.is_some()
    }

    /// What is wrong is the account's own setup: it is no probe for others.
    pub fn needs_setup(&self) -> bool {
        self.trouble
            .as_ref()
            .is_some_and(|t| t.verdict() == super::cause::Verdict::FixSetup)
    }

    /// Why the account waits, needs setup or a person; none while all is well.
    pub fn trouble(&self) -> Option<&Trouble> {
        self.trouble.as_ref()
    }

    /// The access token is over: past its stated end, rejected for good, voided, or there is none.
    pub fn is_over(&self, now: Now) -> bool {
        !self.over_for(now).is_zero()
            || self
                .held
                .as_ref()
                .and_then(Held::stated_end)
                .is_some_and(|end| end <= now.boot)
    }

    /// For how long the access token has been over; without end where that is not known. An end
    /// that was assumed only schedules.
    fn over_for(&self, now: Now) -> Duration {
        let Some(held) = &self.held else {
            return Duration::MAX;
        };
        if self.memory.rejected.as_ref() == Some(&held.fingerprint) || self.is_voided() {
            return Duration::MAX;
        }
        held.stated_end()
            .map_or(Duration::ZERO, |end| now.boot.saturating_sub(end))
    }

    /// The provider voids the access token at each refresh, and one may have happened unseen.
    fn is_voided(&self) -> bool {
        let voids = self.setup.provider.and_then(|p| p.voids_access_token) == Some(true);
        let incident = self.memory.incident.as_ref();
        let refusals = self.memory.refusals.as_ref();
        voids
            && (incident.is_some_and(|i| i.after_lost_reply)
                || refusals.is_some_and(|r| r.after_lost_reply))
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
            self.remove_retry,
            self.no_refresh_end(),
            self.next_note(),
            self.next_look_for_news(),
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
