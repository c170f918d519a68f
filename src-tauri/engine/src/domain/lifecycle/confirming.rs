//! When the next try is, and when a refusal is certain enough to ask a person.

use std::time::Duration;

use super::{Env, Life, Now, Trouble};
use crate::domain::{
    cause::{Cause, Verdict},
    classify::Failure,
    history::Trigger,
    policy,
};

/// Unclear refusals of one shape in a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unclear {
    shape: String,
    refusals: u32,
    last: Duration,
    /// Awake time since the first, with the access token over.
    over: Duration,
}

impl Life {
    /// Sets what is wrong and when the next try is, counting failures in a row.
    pub(super) fn set_trouble(&mut self, failure: &Failure, trigger: Trigger, now: Now, env: &Env) {
        let before = self.trouble.take();
        let uncounted = env.settling && (failure.cause.is_network() || failure.cause.is_vault());
        let failures = before.as_ref().map_or(0, |t| t.failures) + u32::from(!uncounted);
        let cause = failure.cause;
        let incident = self.memory.incident.is_some();
        if let Some(asked) = failure.retry_after {
            self.hold = Some(now.boot + asked);
        }
        let pause = if uncounted {
            Duration::from_secs(10)
        } else {
            match cause.verdict() {
                _ if incident => self.probe_pause(),
                Verdict::Wait => policy::wait_pause(failures),
                Verdict::FixSetup => policy::setup_pause(failures),
                Verdict::Unclear => policy::unclear_pause(failures),
                Verdict::SignIn if env.settling => policy::CONFIRM_PAUSE + policy::SETTLING,
                Verdict::SignIn => policy::CONFIRM_PAUSE,
            }
        };
        let next = now.boot
            + if incident {
                pause
            } else if cause.verdict() == Verdict::Unclear {
                // Only ever later: the third refusal counts after half an hour, not before.
                pause + self.jitter.full(pause / 10)
            } else {
                self.jitter.tenth(pause)
            };
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
            after_lost_reply: before
                .as_ref()
                .is_some_and(|t| t.after_lost_reply && t.cause == cause),
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

    fn probe_pause(&mut self) -> Duration {
        let Some(incident) = &mut self.memory.incident else {
            return policy::probe_pause(0);
        };
        incident.probes += 1;
        self.version += 1;
        policy::probe_pause(incident.probes)
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
                self.unclear = None;
                self.refusals += 1;
                self.refusals > 1
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
        let over_for = match &self.held {
            Some(held) => held
                .ends
                .map_or(Duration::ZERO, |end| now.boot.saturating_sub(end)),
            None => Duration::MAX,
        };
        let same = self.unclear.take().filter(|u| u.shape == failure.shape);
        let unclear = match same {
            None => Unclear {
                shape: failure.shape.clone(),
                refusals: 1,
                last: now.boot,
                over: Duration::ZERO,
            },
            Some(before) => {
                // A longer gap than a planned pause was sleep or no network: it does not count.
                let planned = policy::unclear_pause(before.refusals).mul_f64(1.2);
                let gap = now.boot.saturating_sub(before.last).min(planned);
                Unclear {
                    refusals: before.refusals + 1,
                    last: now.boot,
                    over: before.over + gap.min(over_for),
                    shape: before.shape,
                }
            }
        };
        let needed = if env.refused_alike {
            policy::UNCLEAR_TIME_ALIKE
        } else {
            policy::UNCLEAR_TIME
        };
        let enough = unclear.over >= needed && self.is_over(now);
        let certain = unclear.refusals >= policy::UNCLEAR_REFUSALS && enough;
        if unclear.refusals >= policy::UNCLEAR_REFUSALS && !certain {
            // Refused often enough, not long enough: asked again when it is, not an hour later.
            let missing = needed
                .saturating_sub(unclear.over)
                .max(Duration::from_mins(1));
            let until_over = policy::between(now.wall, self.over_at(now));
            let next = now.boot + until_over + missing;
            if let Some(trouble) = &mut self.trouble {
                trouble.next_at = trouble.next_at.map(|planned| planned.min(next));
            }
        }
        self.unclear = Some(unclear);
        certain
    }

    /// When a person will be asked if an unclear refusal persists.
    pub(super) fn asks_at(&self, now: Now) -> Option<chrono::DateTime<chrono::Utc>> {
        let unclear = self.unclear.as_ref()?;
        let missing = policy::UNCLEAR_TIME.saturating_sub(unclear.over);
        Some(policy::plus(self.over_at(now).max(now.wall), missing))
    }

    /// When the access token is over; now where there is none or no end is known.
    fn over_at(&self, now: Now) -> chrono::DateTime<chrono::Utc> {
        self.held
            .as_ref()
            .and_then(|h| h.expires_at(now))
            .unwrap_or(now.wall)
    }
}
