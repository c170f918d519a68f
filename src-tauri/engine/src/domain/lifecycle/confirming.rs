//! When the next try is, and when a refusal is certain enough to ask a person.
//!
//! What is not certain yet lies in the journal, so a restart neither forgets it nor hurries it. The
//! surprising thing: unclear refusals count time, not tries alone, and only time that was seen to
//! pass awake, online and with the token over; it is noted once a minute.

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::{Env, Held, Life, Now, Trouble};
use crate::domain::{
    cause::{Cause, Verdict},
    classify::Failure,
    history::Trigger,
    journal_entry::{AlikeRefusals, Refusals},
    policy,
};

impl Life {
    /// Sets what is wrong and when the next try is, counting failures in a row.
    pub(super) fn set_trouble(&mut self, failure: &Failure, trigger: Trigger, now: Now, env: &Env) {
        let before = self.trouble.take();
        let cause = failure.cause;
        let uncounted = env.settling && (cause.is_network() || cause.is_vault());
        let failures = before.as_ref().map_or(0, |t| t.failures) + u32::from(!uncounted);
        let incident = self.memory.incident.is_some();
        if let Some(asked) = failure.retry_after {
            self.hold = Some(now.boot + asked);
            self.memory.not_before = Some(policy::plus(now.wall, asked));
            self.version += 1;
        }
        let after_lost_reply = before
            .as_ref()
            .is_some_and(|t| t.after_lost_reply && t.cause == cause);
        let pause = self.pause(failure, uncounted, env);
        let next = now.boot + pause;
        self.trouble = Some(Trouble {
            http_status: failure.http_status,
            provider_code: failure.provider_code.clone(),
            provider_text: failure.provider_text.clone(),
            failures,
            next_at: Some(self.hold.map_or(next, |hold| hold.max(next))),
            trigger: match cause.verdict() {
                _ if incident => Trigger::Probe,
                Verdict::SignIn => Trigger::Confirm,
                _ => Trigger::Retry,
            },
            incident,
            after_lost_reply,
            finding: self.finding(cause, env),
            ..Trouble::new(cause, trigger)
        });
        if incident && let (Some(open), Some(trouble)) = (&self.memory.incident, &mut self.trouble)
        {
            // A probe that fails in the network does not change what the person was told.
            if cause.verdict() != Verdict::SignIn {
                trouble.cause = open.cause;
                trouble.provider_code.clone_from(&open.provider_code);
                trouble.provider_text.clone_from(&open.provider_text);
            }
            trouble.after_lost_reply = open.after_lost_reply;
            if open.cause == Cause::RefreshTokenReused {
                trouble.next_at = None;
            }
        }
    }

    /// The pause before the next try. Each verdict counts its own failures since the last success:
    /// an outage before a refusal neither hurries nor delays what follows from the refusal.
    fn pause(&mut self, failure: &Failure, uncounted: bool, env: &Env) -> Duration {
        let verdict = failure.cause.verdict();
        if self.memory.incident.is_some() && !(failure.never_sent && verdict == Verdict::Wait) {
            return self.probe_pause();
        }
        if uncounted {
            return policy::SETTLING_PAUSE;
        }
        match verdict {
            Verdict::Wait => {
                self.waits += 1;
                let pause = policy::wait_pause(self.waits);
                self.jitter.tenth(pause)
            }
            Verdict::FixSetup => {
                let count = self.count_refusal(failure).setup;
                self.jitter.tenth(policy::setup_pause(count))
            }
            Verdict::Unclear => {
                let count = self.count_refusal(failure).unclear;
                let pause = policy::unclear_pause(count);
                // Only ever later: the third refusal counts after half an hour, not before.
                pause + self.jitter.full(pause / 10)
            }
            Verdict::SignIn => {
                let count = self.count_refusal(failure).definitive;
                let pause = policy::confirm_pause(count);
                let settling = if env.settling {
                    policy::SETTLING
                } else {
                    Duration::ZERO
                };
                self.jitter.tenth(pause) + settling
            }
        }
    }

    /// Counts one refusal, and remembers it as the last.
    fn count_refusal(&mut self, failure: &Failure) -> &Refusals {
        self.version += 1;
        let generation = self.held.as_ref().map_or(0, |h| h.grant.generation);
        let cause = failure.cause;
        let refusals = self.memory.refusals.get_or_insert(Refusals {
            generation,
            cause,
            http_status: None,
            provider_code: None,
            provider_text: None,
            after_lost_reply: false,
            definitive: 0,
            unclear: 0,
            setup: 0,
            alike: None,
            next_at: None,
        });
        refusals.cause = cause;
        refusals.http_status = failure.http_status;
        refusals.provider_code.clone_from(&failure.provider_code);
        refusals.provider_text.clone_from(&failure.provider_text);
        match cause.verdict() {
            Verdict::SignIn => refusals.definitive += 1,
            Verdict::Unclear => refusals.unclear += 1,
            Verdict::FixSetup => refusals.setup += 1,
            Verdict::Wait => {}
        }
        refusals
    }

    /// Writes down what a restart must know of the refusal that was just counted.
    pub(super) fn remember_next_try(&mut self, now: Now) {
        let (Some(refusals), Some(trouble)) = (&mut self.memory.refusals, &self.trouble) else {
            return;
        };
        let next_at = trouble.next_at.map(|at| now.wall_of(at));
        if trouble.cause.verdict() != Verdict::Wait && refusals.next_at != next_at {
            refusals.next_at = next_at;
            refusals.after_lost_reply = trouble.after_lost_reply;
            self.version += 1;
        }
    }

    /// What was pending when the program ended goes on where it was.
    pub(super) fn recall(&mut self, now: Now, env: &Env) {
        self.noted = (now.boot, env.awake);
        if let Some(at) = self.memory.not_before {
            let most = now.boot + policy::MOST_RETRY_AFTER;
            self.hold = Some(now.boot_of(at).min(most));
        }
        let generation = self.held.as_ref().map(|h| h.grant.generation);
        let same = |r: &Refusals| Some(r.generation) == generation;
        if !self.memory.refusals.as_ref().is_none_or(same) {
            self.memory.refusals = None;
            self.memory.asked_since_end = false;
            self.version += 1;
        }
        // A program that lives for longer than this notes it by itself: no more went unseen while
        // the machine was up, however often it was started.
        let (over_for, resend_at) = (self.over_for(now), self.resend_at(now));
        let Some(refusals) = &mut self.memory.refusals else {
            return;
        };
        if let Some(alike) = &mut refusals.alike {
            let unseen = policy::between(alike.noted_at, now.wall).min(policy::NOTE_PAUSE);
            alike.over_s += unseen.min(over_for).as_secs();
            alike.noted_at = now.wall;
            self.version += 1;
        }
        if self.memory.incident.is_some() {
            return;
        }
        // What may have been lost by a crash is sent again first.
        let next_at = if self.memory.intent.is_some() {
            Some(resend_at)
        } else {
            let latest = now.boot + policy::LONGEST_PAUSE;
            refusals.next_at.map(|at| now.boot_of(at).min(latest))
        };
        self.trouble = Some(Trouble {
            http_status: refusals.http_status,
            provider_code: refusals.provider_code.clone(),
            provider_text: refusals.provider_text.clone(),
            failures: refusals.definitive + refusals.unclear + refusals.setup,
            next_at,
            after_lost_reply: refusals.after_lost_reply,
            ..Trouble::new(
                refusals.cause,
                match refusals.cause.verdict() {
                    Verdict::SignIn => Trigger::Confirm,
                    _ => Trigger::Retry,
                },
            )
        });
    }

    fn probe_pause(&mut self) -> Duration {
        let Some(incident) = &mut self.memory.incident else {
            return policy::probe_pause(0);
        };
        incident.probes += 1;
        self.version += 1;
        policy::probe_pause(incident.probes)
    }

    /// How often a definitive refusal must be heard before a person is asked.
    fn refusals_needed(&self) -> u32 {
        let more = self.setup.provider.and_then(|p| p.confirmations);
        more.unwrap_or(policy::REFUSALS).max(policy::REFUSALS)
    }

    /// Whether signing in is certainly what helps.
    pub(super) fn is_certain(
        &mut self,
        failure: &Failure,
        lost: bool,
        now: Now,
        env: &Env,
    ) -> bool {
        if self.memory.incident.is_some() {
            return false;
        }
        match failure.cause.verdict() {
            Verdict::SignIn => {
                let needed = self.refusals_needed();
                let Some(refusals) = &mut self.memory.refusals else {
                    return true;
                };
                refusals.alike = None;
                refusals.definitive >= needed
                    || lost
                    || !failure.refused
                    || failure.cause == Cause::RefreshTokenReused
            }
            Verdict::Unclear if failure.refused => self.is_certain_at_last(failure, now, env),
            _ => false,
        }
    }

    /// `unclear` becomes certain by enough refusals of one shape over enough time.
    fn is_certain_at_last(&mut self, failure: &Failure, now: Now, env: &Env) -> bool {
        self.note_time(now, env);
        let needed = self.refusals_needed().max(policy::UNCLEAR_REFUSALS);
        let is_over = self.is_over(now);
        let elsewhere = env.refused_elsewhere.contains(&failure.shape);
        let Some(refusals) = &mut self.memory.refusals else {
            return false;
        };
        let same = refusals.alike.take().filter(|a| a.shape == failure.shape);
        let mut alike = same.unwrap_or_else(|| AlikeRefusals {
            shape: failure.shape.clone(),
            count: 0,
            over_s: 0,
            noted_at: now.wall,
            elsewhere,
        });
        alike.count += 1;
        alike.elsewhere = elsewhere;
        let missing = alike.missing();
        let often = alike.count >= needed;
        refusals.alike = Some(alike);
        self.version += 1;
        let certain = often && missing.is_zero() && is_over;
        if often && !certain {
            // Refused often enough, not long enough: asked again when it is, not an hour later.
            let next = self.over_from(now) + missing.max(policy::NOTE_PAUSE);
            if let Some(trouble) = &mut self.trouble {
                trouble.next_at = trouble.next_at.map(|planned| planned.min(next));
            }
        }
        certain
    }

    /// When the time that passed is noted next, while an unclear refusal waits for it.
    pub(super) fn next_note(&self) -> Option<Duration> {
        self.memory.refusals.as_ref()?.alike.as_ref()?;
        (self.memory.incident.is_none() && !self.removed).then(|| self.noted.0 + policy::NOTE_PAUSE)
    }

    /// Counts the time since the last look: awake, online, and with the access token over.
    pub(super) fn note_time(&mut self, now: Now, env: &Env) {
        let awake = env.awake.saturating_sub(self.noted.1);
        self.noted = (now.boot, env.awake);
        let counted = awake.min(self.over_for(now)).as_secs();
        let Some(alike) = self.memory.refusals.as_mut().and_then(|r| r.alike.as_mut()) else {
            return;
        };
        if counted > 0 {
            alike.over_s += counted;
            alike.noted_at = now.wall;
            self.version += 1;
        }
    }

    /// How often in a row an unclear refusal was heard; else how often it was refused at all.
    pub(super) fn refusals(&self) -> u32 {
        self.memory.refusals.as_ref().map_or(0, |r| match &r.alike {
            Some(alike) => alike.count,
            None => r.definitive.max(r.unclear),
        })
    }

    /// When a person will be asked if a refusal persists; none where nothing is pending, or where
    /// only an event can bring it about.
    pub(super) fn asks_at(&self, now: Now) -> Option<DateTime<Utc>> {
        let refusals = self.memory.refusals.as_ref()?;
        let trouble = self.trouble.as_ref().filter(|t| !t.incident)?;
        let mut at = trouble.next_at?.max(now.boot);
        match refusals.cause.verdict() {
            Verdict::SignIn => {
                for count in refusals.definitive + 1..self.refusals_needed() {
                    at += policy::confirm_pause(count);
                }
            }
            Verdict::Unclear => {
                let alike = refusals.alike.as_ref()?;
                if self.over_for(now).is_zero() {
                    self.held.as_ref().and_then(Held::stated_end)?;
                }
                let needed = self.refusals_needed().max(policy::UNCLEAR_REFUSALS);
                for count in alike.count + 1..needed {
                    at += policy::unclear_pause(count);
                }
                at = at.max(self.over_from(now) + alike.missing());
            }
            Verdict::Wait | Verdict::FixSetup => return None,
        }
        Some(now.wall_of(at))
    }

    /// When the access token is over; now where it is, or where no end is known.
    fn over_from(&self, now: Now) -> Duration {
        let over = !self.over_for(now).is_zero();
        let end = self.held.as_ref().and_then(Held::stated_end);
        end.filter(|end| !over && *end > now.boot)
            .unwrap_or(now.boot)
    }
}

impl AlikeRefusals {
    /// The time that is missing until a person is asked.
    fn missing(&self) -> Duration {
        let needed = if self.elsewhere {
            policy::UNCLEAR_TIME_ALIKE
        } else {
            policy::UNCLEAR_TIME
        };
        needed.saturating_sub(Duration::from_secs(self.over_s))
    }
}
