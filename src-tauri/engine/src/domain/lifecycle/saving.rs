//! Journal first, then vault, then publish; and reading both back at start.
//!
//! One journal write and one vault write at a time per account. The journal entry has a version:
//! what waits for the disk waits for a version, so a newer write satisfies an older wait.

use std::time::Duration;

use super::{Effect, Env, Held, Life, Log, Now, ReadGrants, Settled, attempt::Attempt};
use crate::domain::{
    cause::Cause,
    grant::{ExpiresSource, Grant},
    history::{HistoryEntry, HistoryKind, Trigger},
    journal_entry::{Incident, JournalEntry},
    policy,
};

/// A grant on its way to safety.
#[derive(Debug)]
pub(super) struct Saving {
    pub grant: Grant,
    /// The journal entry's version that holds it.
    pub version: u64,
    pub brought: Brought,
    pub received: Now,
    pub waiters: Vec<u64>,
}

/// What brought a grant.
#[derive(Clone, Debug)]
pub(super) struct Brought {
    pub how: HistoryKind,
    pub trigger: Option<Trigger>,
    pub attempt: u32,
    pub took: Option<Duration>,
}

impl Life {
    /// Starts the next journal write if one is due and none is going on.
    pub(super) fn write_journal(&mut self, out: &mut Vec<Effect>) {
        if self.version > self.written
            && self.writing.is_none()
            && self.journal_retry.is_none()
            && self.ready
        {
            self.writing = Some(self.version);
            let mut entry = Box::new(self.memory.clone());
            if self.saving.is_some() {
                // What a new grant ends must not come back after a crash: they are safe together.
                entry.incident = None;
            }
            out.push(Effect::WriteJournal {
                version: self.version,
                entry,
            });
        }
    }

    pub(super) fn on_journaled(
        &mut self,
        version: u64,
        result: Result<(), Cause>,
        now: Now,
        env: &Env,
        out: &mut Vec<Effect>,
    ) {
        if self
            .writing
            .take_if(|writing| *writing == version)
            .is_none()
        {
            return;
        }
        match result {
            Ok(()) => {
                self.written = self.written.max(version);
                self.journal_retry = None;
            }
            Err(_) => self.journal_retry = Some(now.boot + policy::store_pause(1)),
        }
        if self.saving.as_ref().is_some_and(|s| version >= s.version) {
            // On a full disk the vault is the other way to safety: go on either way.
            self.store(out);
        }
        self.send_if_intended(result, version, now, env, out);
    }

    /// Another vault is in force: what came while the grants were copied may be in the old one
    /// only. A vault that has it already writes nothing.
    pub(super) fn resave(&mut self, out: &mut Vec<Effect>) {
        if let Some(held) = &self.held
            && self.memory.unconfirmed.is_none()
        {
            self.memory.unconfirmed = Some(held.grant.clone());
            self.version += 1;
        }
        self.store(out);
    }

    /// Gives the newest unconfirmed grant to the vault.
    pub(super) fn store(&mut self, out: &mut Vec<Effect>) {
        if self.storing.is_some() {
            return;
        }
        if let Some(grant) = &self.memory.unconfirmed {
            self.storing = Some(grant.generation);
            out.push(Effect::Store {
                grant: Box::new(grant.clone()),
            });
        }
    }

    pub(super) fn on_stored(
        &mut self,
        generation: u64,
        result: Result<(), Cause>,
        now: Now,
        out: &mut Vec<Effect>,
    ) {
        self.storing.take_if(|storing| *storing == generation);
        let waited = self.memory.unconfirmed.as_ref().map(|g| g.generation);
        match result {
            Ok(()) => {
                self.stored = self.stored.max(generation);
                self.store_failures = 0;
                if self.memory.signed_out {
                    // It was on its way when the person signed out.
                    self.remove_grant(out);
                }
                if waited == Some(generation) {
                    self.memory.unconfirmed = None;
                    self.version += 1;
                    if self.unsaved.take().is_some() {
                        self.record(HistoryKind::Saved, now, out);
                    }
                    out.push(Effect::Log(Log::Saved));
                }
            }
            Err(cause) if waited == Some(generation) => {
                self.store_failures += 1;
                self.store_retry = Some(now.boot + policy::store_pause(self.store_failures));
                if self.unsaved.replace(cause).is_none() {
                    let entry = HistoryEntry {
                        cause: Some(cause),
                        generation: Some(generation),
                        ..self.entry(HistoryKind::Unsaved, now)
                    };
                    out.push(Effect::Record(Box::new(entry)));
                }
                out.push(Effect::Log(Log::Unsaved { cause }));
            }
            Err(_) => {}
        }
        match self.saving.take_if(|s| s.grant.generation <= generation) {
            Some(saving) => self.publish(saving, now, out),
            // A newer grant came while an older one was being stored.
            None if waited.is_some_and(|w| w > generation)
                && (self
                    .saving
                    .as_ref()
                    .is_some_and(|s| self.written >= s.version)
                    || self.saving.is_none()) =>
            {
                self.store(out);
            }
            None => {}
        }
        // The clock may have been set while it was on its way.
        self.date_anew(now, out);
    }

    /// Then, and only then, callers see it.
    fn publish(&mut self, saving: Saving, now: Now, out: &mut Vec<Effect>) {
        let grant = saving.grant;
        let Brought {
            how,
            trigger,
            attempt,
            took,
        } = saving.brought;
        let expires_in_s = grant
            .expires_at
            .map(|end| policy::between(grant.issued_at, end).as_secs());
        if grant.expires_source == ExpiresSource::Assumed {
            out.push(Effect::Log(Log::LifetimeAssumed {
                reason: "the reply has no expires_in and the token no readable exp",
            }));
        }
        out.push(Effect::Log(Log::Refreshed {
            expires_in_s,
            source: grant.expires_source,
        }));
        let entry = HistoryEntry {
            trigger,
            attempt: Some(attempt),
            duration_ms: took.and_then(|d| u64::try_from(d.as_millis()).ok()),
            expires_at: grant.expires_at,
            expires_source: Some(grant.expires_source),
            generation: Some(grant.generation),
            ..self.entry(how, now)
        };
        self.hold_grant(grant, saving.received);
        self.last_refreshed_at = Some(now.wall);
        out.push(Effect::Record(Box::new(entry)));
        self.resolve(now, out);
        Self::answer_all(saving.waiters, &Settled::Good, out);
        if self.attempt.is_none() {
            self.unlock(out);
        }
    }

    pub(super) fn hold_grant(&mut self, grant: Grant, received: Now) {
        let Some(fingerprints) = &self.fingerprints else {
            return;
        };
        let jitter = self.jitter.next_unit();
        let idle = self.setup.provider.and_then(|p| p.refresh_idle.limit());
        let age = policy::between(grant.issued_at, received.wall);
        // Stored by a clock that was ahead: nobody knows how old it is, so it is renewed now.
        let of_unknown_age = grant.issued_at > received.wall + chrono::TimeDelta::minutes(1);
        let at = |time| {
            let length = policy::between(grant.issued_at, time);
            received.boot + length.saturating_sub(age)
        };
        self.held = Some(Held {
            fingerprint: fingerprints.of(&grant.access_token),
            id_fingerprint: grant.id_token.as_ref().map(|t| fingerprints.of(t)),
            due: policy::due_at(&grant, idle, self.setup.margin, jitter).map(|due| {
                if of_unknown_age {
                    received.boot
                } else {
                    at(due)
                }
            }),
            ends: grant.expires_at.map(at),
            id_ends: grant.id_token_expires_at.map(at),
            received: received.boot.saturating_sub(age),
            stored: false,
            skew: received.skew(),
            perhaps_ends: None,
            grant,
        });
    }

    /// Holds what the store had: its age is what the wall clock makes of it.
    pub(super) fn hold_stored(&mut self, grant: Grant, now: Now) {
        self.hold_grant(grant, now);
        if let Some(held) = &mut self.held {
            held.stored = true;
        }
    }

    /// Plans the next refresh anew, as if the grant had come under this wish.
    pub(super) fn on_margin(&mut self, margin: Option<Duration>) {
        self.setup.margin = margin;
        let jitter = self.jitter.next_unit();
        let idle = self.setup.provider.and_then(|p| p.refresh_idle.limit());
        if let Some(held) = &mut self.held {
            let due = policy::due_at(&held.grant, idle, margin, jitter);
            held.due = due.map(|due| held.received + policy::between(held.grant.issued_at, due));
        }
    }

    pub(super) fn load(&mut self, out: &mut Vec<Effect>) {
        if !self.ready && !self.reading {
            self.reading = true;
            out.push(Effect::Read);
        }
    }

    pub(super) fn on_read(&mut self, read: ReadGrants, now: Now, env: &Env, out: &mut Vec<Effect>) {
        if self.ready {
            if matches!(&self.attempt, Some(Attempt { .. })) {
                self.on_read_in_attempt(read, now, env, out);
            } else {
                self.look_again(read, now, out);
            }
            return;
        }
        if !std::mem::take(&mut self.reading) {
            return;
        }
        out.push(Effect::Log(Log::TokenRead));
        let (vault, corrupt) = match read.vault {
            Ok(grant) => (grant, false),
            Err(Cause::GrantCorrupt) => (None, true),
            Err(cause) => return self.load_failed(cause, now, env, out),
        };
        if self.fingerprints.is_none() {
            return self.load_failed(Cause::VaultLocked, now, env, out);
        }
        let signed_out = self.memory.signed_out;
        self.memory = match read.journal {
            Ok(entry) => entry.unwrap_or_default(),
            // A journal that was set aside: the vault alone decides.
            Err(Cause::GrantCorrupt) => JournalEntry::default(),
            Err(cause) => return self.load_failed(cause, now, env, out),
        };
        if signed_out {
            let highest_generation = vault.as_ref().map_or(0, |g| g.generation);
            self.memory = JournalEntry {
                highest_generation: highest_generation.max(self.memory.highest_generation),
                signed_out,
                ..JournalEntry::default()
            };
            self.version += 1;
        }
        if self.memory.signed_out && (vault.is_some() || corrupt) {
            // Said while nothing could be read, or never done: it counts now.
            self.remove_grant(out);
        }
        self.ready = true;
        self.load_trouble = None;
        self.load_failures = 0;
        let in_vault = vault.as_ref().map_or(0, |g| g.generation);
        self.stored = in_vault;
        let unconfirmed = self.memory.unconfirmed.clone();
        let newest = match (unconfirmed, vault) {
            (Some(journal), vault) if journal.generation > in_vault => {
                drop(vault);
                Some(journal)
            }
            (stale, vault) => {
                if stale.is_some() {
                    self.memory.unconfirmed = None;
                    self.version += 1;
                }
                vault
            }
        };
        let newest = newest.filter(|_| !self.memory.signed_out);
        match newest {
            Some(grant) => self.take_up(grant, now, out),
            None if corrupt => self.open_incident(Cause::GrantCorrupt, None, now, out),
            None if self.memory.highest_generation > 0 && !self.memory.signed_out => {
                self.open_incident(Cause::GrantMissing, None, now, out);
            }
            None => {}
        }
        self.recall(now, env);
        self.show_incident(now);
        self.look_for_a_copy(now, out);
        self.store(out);
        if let Some((grant, how, waiter)) = self.arriving.take() {
            self.on_arrived(*grant, how, waiter, now, out);
        }
        self.answer_loading(now, env, out);
    }

    /// A stored grant at start: what it says about the past is taken over.
    fn take_up(&mut self, grant: Grant, now: Now, out: &mut Vec<Effect>) {
        if self.memory.highest_generation < grant.generation {
            self.memory.highest_generation = grant.generation;
            self.version += 1;
        }
        if self
            .memory
            .intent
            .as_ref()
            .is_some_and(|i| i.generation < grant.generation)
        {
            self.memory.intent = None;
            self.version += 1;
        }
        let found = |i: &Incident| matches!(i.cause, Cause::GrantMissing | Cause::GrantCorrupt);
        if self.memory.incident.as_ref().is_some_and(found) {
            // It is there after all (another keychain was open, say).
            self.resolve(now, out);
        }
        self.last_refreshed_at = Some(grant.issued_at);
        self.hold_stored(grant, now);
        // A start is like a resume: look-ups may fail at first, and accounts are spread. What may
        // have been lost by a crash is looked after first.
        let pause = if self.memory.intent.is_some() {
            Duration::from_secs(1)
        } else {
            Duration::from_secs(5) + self.jitter.full(Duration::from_secs(5))
        };
        self.spread = Some(now.boot + pause);
        let remaining_s = self.remaining_s(now);
        if remaining_s.is_some() {
            out.push(Effect::Log(Log::ExpiryChecked { remaining_s }));
        }
    }

    fn load_failed(&mut self, cause: Cause, now: Now, env: &Env, out: &mut Vec<Effect>) {
        self.load_failures += 1;
        self.load_trouble = Some(cause);
        self.load_retry = Some(now.boot + policy::store_pause(self.load_failures));
        if let Some((_, how, waiter)) = &mut self.arriving {
            // A sign-in cannot be had again: it waits for the vault. An import can.
            let (waiter, keep) = (waiter.take(), *how == HistoryKind::SignedIn);
            let settled = Settled::Failed(Box::new(self.vault_trouble(cause)));
            Self::answer_all(waiter.into_iter().collect(), &settled, out);
            if !keep {
                self.arriving = None;
            }
        }
        self.answer_loading(now, env, out);
    }
}
