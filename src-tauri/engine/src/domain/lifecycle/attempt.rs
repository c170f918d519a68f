//! A refresh that is going on, when one begins, and how one ends that counts no more.

use std::time::Duration;

use super::{Effect, Env, Life, Log, Now, Settled, Trouble};
use crate::domain::{
    account::RefreshWhen, cause::Verdict, classify::Failure, grant::Grant, history::Trigger,
    policy, secret::Secret,
};

/// A refresh from its start until its reply was accepted or refused.
#[derive(Debug)]
pub(super) struct Attempt {
    pub trigger: Trigger,
    pub stage: Stage,
    pub waiters: Vec<u64>,
    /// Quick tries made.
    pub tries: u32,
    /// A sign-in, a sign-out or a removal came in between: the reply changes nothing any more.
    pub superseded: bool,
}

#[derive(Debug)]
pub(super) enum Stage {
    Locking,
    Reading,
    /// The intent is being written, as this version of the journal entry.
    Intending {
        version: u64,
        base: Box<Grant>,
        client_secret: Option<Secret>,
    },
    Sending {
        send: u64,
        base: Box<Grant>,
        client_secret: Option<Secret>,
        sent: Now,
    },
    /// Between two quick tries.
    Pausing {
        until: Duration,
        base: Box<Grant>,
        client_secret: Option<Secret>,
    },
    /// Refused: the vault is read again a few times, another program may have renewed.
    Checking {
        until: Option<Duration>,
        round: usize,
        base: Box<Grant>,
        failure: Box<Failure>,
    },
}

impl Attempt {
    /// When a pause of this attempt ends.
    pub fn resume_at(&self) -> Option<Duration> {
        match &self.stage {
            Stage::Pausing { until, .. } => Some(*until),
            Stage::Checking { until, .. } => *until,
            _ => None,
        }
    }
}

impl Life {
    /// What the account does next by itself: boot time and reason.
    pub(super) fn planned(&self, now: Now) -> Option<(Duration, Trigger)> {
        let held = self.held.as_ref()?;
        if !self.ready
            || self.removed
            || self.restored
            || self.setup.paused
            || self.attempt.is_some()
            || self.saving.is_some()
            || held.grant.refresh_token.is_none()
        {
            return None;
        }
        let (at, trigger) = match &self.trouble {
            Some(trouble) if self.rests_until_used(trouble) => return None,
            Some(trouble) => (trouble.next_at?, trouble.trigger),
            None if self.memory.intent.is_some() => (self.resend_at(now), Trigger::Startup),
            None if self.setup.refresh == RefreshWhen::WhenUsed => return None,
            None => {
                // However short a life a provider gives, refreshing never becomes a loop.
                let earliest = held.received + policy::LEAST_PAUSE;
                (held.due?.max(earliest), Trigger::Schedule)
            }
        };
        let not_before = [self.hold, self.spread]
            .into_iter()
            .flatten()
            .max()
            .unwrap_or_default();
        Some((at.max(not_before), trigger))
    }

    /// An account that is refreshed when used is not tried again before somebody asks; but a lost
    /// reply may have brought its only refresh token, and a refusal is confirmed.
    fn rests_until_used(&self, trouble: &Trouble) -> bool {
        self.setup.refresh == RefreshWhen::WhenUsed
            && self.memory.intent.is_none()
            && trouble.verdict() != Verdict::SignIn
    }

    /// When an open intent of an earlier run is sent again: its sends count over restarts.
    pub(super) fn resend_at(&self, now: Now) -> Duration {
        let Some(intent) = &self.memory.intent else {
            return now.boot;
        };
        let pause = policy::resend_pause(intent.sends);
        let last = intent.last_at.unwrap_or(intent.first_at);
        let due = now.boot_of(policy::plus(last, pause));
        due.min(now.boot + pause)
    }

    pub(super) fn begin_if_planned(&mut self, now: Now, env: &Env, out: &mut Vec<Effect>) {
        let Some((at, trigger)) = self.planned(now) else {
            return;
        };
        if at > now.boot || env.quiet {
            return;
        }
        if let Some((until, _)) = env.breaker {
            self.spread = Some(until);
            return;
        }
        self.begin(trigger, out);
    }

    pub(super) fn begin(&mut self, trigger: Trigger, out: &mut Vec<Effect>) {
        self.spread = None;
        out.push(Effect::Log(Log::RefreshStarted { trigger }));
        self.attempt = Some(Attempt {
            trigger,
            stage: Stage::Locking,
            waiters: Vec::new(),
            tries: 0,
            superseded: false,
        });
        if self.lock_held {
            self.stage(Stage::Reading);
            out.push(Effect::Read);
        } else {
            out.push(Effect::Lock);
        }
    }

    pub(super) fn stage(&mut self, stage: Stage) {
        if let Some(attempt) = &mut self.attempt {
            attempt.stage = stage;
        }
    }

    /// Ends an attempt whose reply does not count any more.
    pub(super) fn drop_attempt(&mut self, out: &mut Vec<Effect>) {
        if let Some(attempt) = self.attempt.take() {
            let settled = if self.held.is_some() {
                Settled::Good
            } else {
                Settled::SignedOut
            };
            Self::answer_all(attempt.waiters, &settled, out);
        }
        if self.saving.is_none() {
            self.unlock(out);
        }
    }

    /// A person's change makes the refresh that is going on meaningless; the request itself is not
    /// cancelled, and nothing else is sent until it ended.
    pub(super) fn supersede(&mut self, settled: &Settled, out: &mut Vec<Effect>) {
        if let Some(attempt) = &mut self.attempt {
            attempt.superseded = true;
            let waiters = std::mem::take(&mut attempt.waiters);
            Self::answer_all(waiters, settled, out);
            if !matches!(
                attempt.stage,
                Stage::Sending { .. } | Stage::Locking | Stage::Reading | Stage::Intending { .. }
            ) {
                self.drop_attempt(out);
            }
        }
    }
}
