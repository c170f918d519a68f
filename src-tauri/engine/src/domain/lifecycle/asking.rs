//! What callers are told. Callers that want the same refresh get the one outcome, success or
//! failure; a caller that gives up cancels nothing.

use std::time::Duration;

use super::{Effect, Env, Life, Log, Now};
use crate::domain::{
    cause::{Action, Cause, Verdict},
    diagnosis::Finding,
    history::{HistoryEntry, HistoryKind, Trigger},
    policy,
    secret::{Fingerprint, Secret},
};

/// What a caller wants of an account's token.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Want {
    /// The token must be good for so long.
    pub min_valid: Option<Duration>,
    /// The token with this fingerprint was answered with a 401.
    pub rejected: Option<Fingerprint>,
    /// The same by value, from before the grant was read.
    pub rejected_token: Option<Secret>,
    /// The ID token counts, not the access token.
    pub id_token: bool,
    /// A refresh by hand: passes back-off and breaker.
    pub person: bool,
    /// Program that asks.
    pub by: Option<String>,
}

/// What a waiter is told.
#[derive(Clone, Debug, PartialEq)]
pub enum Settled {
    /// The published token is what was wanted.
    Good,
    Failed(Box<Trouble>),
    /// Not before so many seconds.
    RateLimited {
        seconds: u64,
    },
    Paused,
    NoRefreshToken,
    SignedOut,
    /// Another process holds the account's lock, or the machine is about to sleep.
    Busy,
}

/// Why an account is not well, and when it is tried again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    pub cause: Cause,
    pub http_status: Option<u16>,
    pub provider_code: Option<String>,
    pub provider_text: Option<String>,
    /// Failures in a row.
    pub failures: u32,
    /// Boot time of the next try; none: no more tries by itself.
    pub next_at: Option<Duration>,
    pub trigger: Trigger,
    /// The refusal is certain; what remains is signing in.
    pub incident: bool,
    pub after_lost_reply: bool,
    /// What the surroundings add.
    pub finding: Option<Finding>,
}

impl Life {
    /// Whether the published token meets the want, so that nothing needs to be sent.
    pub(super) fn is_good_for(&self, want: &Want, now: Now) -> bool {
        self.held.as_ref().is_some_and(|held| {
            self.memory.rejected.as_ref() != Some(&held.fingerprint) && held.meets(want, now)
        })
    }

    pub(super) fn on_demand(
        &mut self,
        waiter: u64,
        mut want: Want,
        now: Now,
        env: &Env,
        out: &mut Vec<Effect>,
    ) {
        if !self.ready {
            match self.load_trouble {
                Some(cause) => {
                    let settled = Settled::Failed(Box::new(self.vault_trouble(cause)));
                    out.push(Effect::Answer { waiter, settled });
                }
                None => self.loading.push((waiter, want)),
            }
            return;
        }
        if let (Some(token), Some(fingerprints)) = (&want.rejected_token, &self.fingerprints) {
            want.rejected = Some(fingerprints.of(token));
        }
        out.push(Effect::Log(Log::ExpiryChecked {
            remaining_s: self.remaining_s(now),
        }));
        if let Some(fingerprint) = &want.rejected
            && self
                .held
                .as_ref()
                .is_some_and(|h| h.fingerprint == *fingerprint)
        {
            self.note_rejection(want.by.clone(), now, out);
            if self.memory.incident.is_some() {
                // Its refresh was refused for good before anybody reported it.
                self.memory.rejected = Some(fingerprint.clone());
                self.version += 1;
            }
        }
        if self.is_over(now) {
            self.note_asked_when_over();
        }
        if self.is_good_for(&want, now) {
            out.push(Effect::Answer {
                waiter,
                settled: Settled::Good,
            });
        } else if self.join(waiter) {
            out.push(Effect::Log(Log::RefreshJoined));
        } else if let Some(settled) = self.refuse(&want, now, env, out) {
            out.push(Effect::Answer { waiter, settled });
        } else {
            let trigger = if want.person {
                Trigger::Person
            } else if want.rejected.is_some() {
                Trigger::Rejected
            } else {
                Trigger::HandOut
            };
            if want.person {
                self.go_on_with_a_copy();
            }
            self.begin(trigger, out);
            self.join(waiter);
        }
    }

    /// Seconds left of the access token; none where no end is known.
    pub(super) fn remaining_s(&self, now: Now) -> Option<i64> {
        let end = self.held.as_ref()?.expires_at(now)?;
        Some((end - now.wall).num_seconds())
    }

    fn note_rejection(&mut self, by: Option<String>, now: Now, out: &mut Vec<Effect>) {
        out.push(Effect::Log(Log::Rejected401 { by: by.clone() }));
        let entry = HistoryEntry {
            client: by,
            ..self.entry(HistoryKind::Rejected, now)
        };
        out.push(Effect::Record(Box::new(entry)));
    }

    fn note_asked_when_over(&mut self) {
        if !std::mem::replace(&mut self.memory.asked_since_end, true) {
            self.version += 1;
        }
        if let Some(incident) = &mut self.memory.incident
            && incident.later_at.is_some()
            && !incident.refused_since_later
        {
            incident.refused_since_later = true;
            self.version += 1;
        }
    }

    /// Joins the refresh or the save that is going on.
    fn join(&mut self, waiter: u64) -> bool {
        if let Some(attempt) = self.attempt.as_mut().filter(|a| !a.superseded) {
            attempt.waiters.push(waiter);
            true
        } else if let Some(saving) = &mut self.saving {
            saving.waiters.push(waiter);
            true
        } else {
            false
        }
    }

    /// Why no refresh is started for this want; none: start one.
    fn refuse(
        &mut self,
        want: &Want,
        now: Now,
        env: &Env,
        out: &mut Vec<Effect>,
    ) -> Option<Settled> {
        if self.removed {
            return Some(Settled::SignedOut);
        }
        let Some(held) = &self.held else {
            return Some(match &self.trouble {
                Some(trouble) => Settled::Failed(Box::new(trouble.clone())),
                None => Settled::SignedOut,
            });
        };
        if self.setup.paused || env.paused {
            return Some(Settled::Paused);
        }
        if held.grant.refresh_token.is_none() {
            if want.rejected.is_some() {
                self.memory.rejected = Some(held.fingerprint.clone());
                self.memory.asked_since_end = true;
                self.open_incident(Cause::NoRefreshToken, None, now, out);
            }
            return Some(match &self.trouble {
                Some(trouble) => Settled::Failed(Box::new(trouble.clone())),
                None => Settled::NoRefreshToken,
            });
        }
        if let Some(until) = self.hold.filter(|until| *until > now.boot) {
            return Some(rate_limited(until, now));
        }
        // One request at a time, for a person as well; nothing is started before sleep, at the
        // end, or while the vault moves.
        if env.quiet || self.attempt.is_some() {
            return Some(Settled::Busy);
        }
        if let Some(settled) = self.refuse_copy(want) {
            return Some(settled);
        }
        if want.person {
            return self.refuse_person(now);
        }
        if let Some(trouble) = self
            .trouble
            .as_ref()
            .filter(|t| t.next_at.is_none_or(|at| at > now.boot))
        {
            return Some(Settled::Failed(Box::new(trouble.clone())));
        }
        if let Some((until, cause)) = env.breaker {
            return Some(Settled::Failed(Box::new(Trouble {
                next_at: Some(until),
                ..Trouble::new(cause, Trigger::Retry)
            })));
        }
        if want.rejected.is_some() {
            self.refuse_forced(now)
        } else {
            self.refuse_repeat(want, now)
        }
    }

    /// A person refreshes by hand three times in ten minutes.
    fn refuse_person(&mut self, now: Now) -> Option<Settled> {
        self.person_tries
            .retain(|at| now.boot.saturating_sub(*at) < policy::PERSON_WINDOW);
        if self.person_tries.len() >= policy::PERSON_TRIES {
            let until = self.person_tries[0] + policy::PERSON_WINDOW;
            return Some(rate_limited(until, now));
        }
        self.person_tries.push(now.boot);
        None
    }

    /// A 401 on a token that is fresh is not about its age: forced refreshes back off.
    fn refuse_forced(&mut self, now: Now) -> Option<Settled> {
        if let Some(until) = self.forced.until.filter(|until| *until > now.boot) {
            return Some(rate_limited(until, now));
        }
        let age = now.boot.saturating_sub(self.held.as_ref()?.received);
        let first = !std::mem::replace(&mut self.forced.rejected_once, true);
        if first && age < policy::FRESH_REJECTED {
            self.forced.step += 1;
            let until = now.boot + policy::forced_pause(self.forced.step);
            self.forced.until = Some(until);
            return Some(rate_limited(until, now));
        }
        if first && age > policy::PERSON_WINDOW {
            self.forced.step = 0;
        }
        None
    }

    /// An ID token that did not come with the last refresh is not asked for again and again.
    fn refuse_repeat(&self, want: &Want, now: Now) -> Option<Settled> {
        let held = self.held.as_ref()?;
        let life = held.grant.expires_at.map_or(Duration::MAX, |end| {
            policy::between(held.grant.issued_at, end)
        });
        let recent = now.boot.saturating_sub(held.received) < policy::cooldown(life);
        (want.id_token && (recent || held.grant.id_token.is_none()))
            .then_some(Settled::NoRefreshToken)
    }

    pub(super) fn vault_trouble(&self, cause: Cause) -> Trouble {
        Trouble {
            next_at: self.load_retry,
            ..Trouble::new(cause, Trigger::Retry)
        }
    }

    /// Answers everybody who asked before journal and vault were read.
    pub(super) fn answer_loading(&mut self, now: Now, env: &Env, out: &mut Vec<Effect>) {
        for (waiter, want) in std::mem::take(&mut self.loading) {
            self.on_demand(waiter, want, now, env, out);
        }
    }

    pub(super) fn answer_all(waiters: Vec<u64>, settled: &Settled, out: &mut Vec<Effect>) {
        out.extend(waiters.into_iter().map(|waiter| Effect::Answer {
            waiter,
            settled: settled.clone(),
        }));
    }
}

impl Trouble {
    /// The trouble that a vault's refusal is.
    pub const fn of_vault(cause: Cause) -> Self {
        Self::new(cause, Trigger::Person)
    }

    pub(super) const fn new(cause: Cause, trigger: Trigger) -> Self {
        Self {
            cause,
            http_status: None,
            provider_code: None,
            provider_text: None,
            failures: 0,
            next_at: None,
            trigger,
            incident: false,
            after_lost_reply: false,
            finding: None,
        }
    }

    /// A definitive refusal that is not certain yet: it is asked once more before a person is.
    pub fn is_pending(&self) -> bool {
        !self.incident && self.cause.verdict() == Verdict::SignIn
    }

    /// What the person could do about it now.
    pub fn action(&self) -> Action {
        match self.incident {
            true => Action::SignIn,
            false if self.is_pending() => Action::Wait,
            false => self.cause.action(),
        }
    }

    /// The verdict as it stands: an unclear cause becomes `sign_in` with its incident.
    pub const fn verdict(&self) -> Verdict {
        if self.incident {
            Verdict::SignIn
        } else {
            self.cause.verdict()
        }
    }
}

fn rate_limited(until: Duration, now: Now) -> Settled {
    Settled::RateLimited {
        seconds: until.saturating_sub(now.boot).as_secs().max(1),
    }
}
