//! What an account is told, and what it wants done: inputs, effects and log events, as data.

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::{Settled, Want, host_of};
use crate::domain::{
    account::RefreshWhen,
    cause::Cause,
    classify::Outcome,
    diagnosis::Around,
    grant::{Binding, ExpiresSource, Grant},
    history::{HistoryEntry, HistoryKind, Trigger},
    journal_entry::JournalEntry,
    provider::Provider,
    secret::Secret,
};

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
    /// How long before its end a person wishes a token to be refreshed.
    pub margin: Option<Duration>,
}

impl Setup {
    /// Whether the client secret of these settings belongs to what a grant is bound to.
    pub(super) fn is_for(&self, binding: &Binding) -> bool {
        let host = self.token_url.as_deref().map(host_of);
        self.client_id == binding.client_id
            && host.is_none_or(|host| host == host_of(&binding.token_endpoint))
    }
}

/// What the machine and the other accounts mean for this step.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Env {
    /// About to sleep, shutting down, or all is paused: start nothing.
    pub quiet: bool,
    /// All accounts are paused.
    pub paused: bool,
    /// The first minute after a resume or a start.
    pub settling: bool,
    /// The host's breaker is open until this boot time, for this cause; not this account's turn.
    pub breaker: Option<(Duration, Cause)>,
    /// How other accounts at that host were refused in the last hour, by shape.
    pub refused_elsewhere: Vec<String>,
    /// How long the machine was seen awake and online.
    pub awake: Duration,
    /// What is known around a failure.
    pub around: Around,
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
    /// The account's kernel lock was taken; `ConcurrentRefresh`: another process holds it.
    Locked {
        result: Result<(), Cause>,
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
    /// The answer to [`Effect::RemoveGrant`].
    GrantRemoved {
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
    /// Another wish for [`Setup::margin`]: the plan moves, nothing is tried for it.
    Margin(Option<Duration>),
    /// Resume, network back, vault changed: nothing is sent by itself before so long after.
    Woke {
        trigger: Trigger,
        after: Duration,
    },
    /// Somebody set the wall clock; what is due by the new time is begun so long after.
    ClockSet {
        after: Duration,
    },
    /// The account's own issuer was asked whether it is there; none: it did not answer well.
    LookedAround {
        token_endpoint: Option<String>,
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
    /// Ask the account's own issuer whether it is there, and where its token endpoint is.
    LookAround {
        issuer: String,
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
