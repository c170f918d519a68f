//! What a reply leads to: a new grant, an adopted one, another try, or an incident.

use std::time::Duration;

use super::{
    Effect, Env, Held, Life, Log, Now, Settled, Trouble, Unclear,
    refresh::{Attempt, Stage},
    saving::{Brought, Saving},
};
use crate::domain::{
    cause::{Cause, Verdict},
    classify::{Failure, TokenReply},
    grant::Grant,
    history::{HistoryEntry, HistoryKind, Trigger},
    journal_entry::Incident,
    policy,
};

impl Life {
    /// Step 6: a success. The new grant is in the journal before it is anywhere else.
    pub(super) fn accept(
        &mut self,
        reply: TokenReply,
        base: &Grant,
        sent: Now,
        took: Duration,
        now: Now,
        out: &mut Vec<Effect>,
    ) {
        let mut grant = Grant::from_reply(
            reply,
            Some(base),
            base.binding.clone(),
            &self.setup.scopes,
            sent.wall,
        );
        let Some(attempt) = self.attempt.take() else {
            return;
        };
        // Late success (REFRESH.md): it is saved if the refresh token it came from is still ours.
        if attempt.superseded {
            let entry = HistoryEntry {
                trigger: Some(attempt.trigger),
                cause: Some(Cause::Interrupted),
                ..self.entry(HistoryKind::RefreshFailed, now)
            };
            out.push(Effect::Record(Box::new(entry)));
            if self.removed {
                out.push(Effect::Revoke {
                    grant: Box::new(grant),
                });
            }
            if self.saving.is_none() {
                self.unlock(out);
            }
            return;
        }
        let same = grant.access_token == base.access_token;
        let sub_changed = matches!((&grant.subject, &base.subject), (Some(a), Some(b)) if a != b);
        if sub_changed {
            grant.subject.clone_from(&base.subject);
            grant.id_token.clone_from(&base.id_token);
        }
        if same {
            self.forced.step += 1;
            self.forced.until = Some(now.boot + policy::forced_pause(self.forced.step));
        } else if attempt.trigger == Trigger::Schedule && !self.forced.rejected_once {
            self.forced = super::Forced::default();
        }
        self.forced.rejected_once = false;
        self.memory.salvage = None;
        let brought = Brought {
            how: HistoryKind::Refreshed,
            trigger: Some(attempt.trigger),
            attempt: attempt.tries + 1,
            took: Some(took),
        };
        self.save(grant, brought, attempt.waiters, now, out);
    }

    /// Numbers a new grant and sends it down the saving pipeline.
    pub(super) fn save(
        &mut self,
        mut grant: Grant,
        brought: Brought,
        waiters: Vec<u64>,
        now: Now,
        out: &mut Vec<Effect>,
    ) {
        grant.generation = self.memory.highest_generation + 1;
        self.memory.highest_generation = grant.generation;
        self.memory.signed_out = false;
        self.memory.intent = None;
        self.memory.unconfirmed = Some(grant.clone());
        self.version += 1;
        let mut all = waiters;
        if let Some(older) = self.saving.take() {
            all.extend(older.waiters);
        }
        self.saving = Some(Saving {
            grant,
            version: self.version,
            brought,
            received: now,
            waiters: all,
        });
        self.write_journal(out);
    }

    /// Another program renewed the grant: ours is history, its is used from now on.
    pub(super) fn adopt(&mut self, found: Grant, now: Now, out: &mut Vec<Effect>) {
        out.push(Effect::Log(Log::Adopted));
        let (waiters, trigger) = match self.attempt.take() {
            Some(attempt) => (attempt.waiters, attempt.trigger),
            None => (Vec::new(), Trigger::Retry),
        };
        self.memory.highest_generation = self.memory.highest_generation.max(found.generation);
        self.memory.intent = None;
        self.memory.unconfirmed = None;
        self.unsaved = None;
        self.forced.rejected_once = false;
        self.version += 1;
        self.stored = found.generation;
        self.hold_grant(found, now);
        self.record(HistoryKind::Adopted, now, out);
        self.resolve(now, out);
        self.unlock(out);
        let renews = |h: &Held| h.grant.refresh_token.is_some();
        if self.is_over(now) && self.held.as_ref().is_some_and(renews) {
            // Adopted, but no good any more: who waits wants one that is.
            self.begin(trigger, now, out);
            if let Some(attempt) = &mut self.attempt {
                attempt.waiters = waiters;
            }
        } else {
            Self::answer_all(waiters, &Settled::Good, out);
        }
    }

    /// Step 7: a refresh that failed. The stored grant is never touched.
    #[expect(clippy::needless_pass_by_value, reason = "a failure ends here")]
    pub(super) fn fail(&mut self, failure: Failure, now: Now, env: &Env, out: &mut Vec<Effect>) {
        let Some(attempt) = self.attempt.take() else {
            return;
        };
        let lost = self.memory.intent.as_ref().is_some_and(|i| i.sends > 1);
        if failure.refused {
            self.memory.intent = None;
            self.version += 1;
        }
        self.set_trouble(&failure, attempt.trigger, now, env);
        if failure.refused
            && lost
            && let Some(trouble) = &mut self.trouble
        {
            trouble.after_lost_reply = true;
        }
        let certain = self.is_certain(&failure, lost, now, env);
        let next_wall = self
            .trouble
            .as_ref()
            .and_then(|t| t.next_at)
            .map(|at| now.wall_of(at));
        out.push(Effect::Log(Log::RefreshFailed {
            cause: failure.cause,
            attempt: attempt.tries + 1,
            next_at: next_wall,
        }));
        let entry = HistoryEntry {
            trigger: Some(attempt.trigger),
            attempt: Some(attempt.tries + 1),
            next_attempt_at: next_wall.filter(|_| !certain),
            ..self.failure_entry(&failure, now)
        };
        out.push(Effect::Record(Box::new(entry)));
        if certain {
            if self.is_rejected_for_good(attempt.trigger) {
                self.rejected = self.held.as_ref().map(|h| h.fingerprint.clone());
            }
            self.open_incident(failure.cause, Some(&failure), now, out);
        }
        if let Some(trouble) = &self.trouble {
            let settled = Settled::Failed(Box::new(trouble.clone()));
            Self::answer_all(attempt.waiters, &settled, out);
        }
        self.unlock(out);
    }

    fn is_rejected_for_good(&self, trigger: Trigger) -> bool {
        trigger == Trigger::Rejected || self.forced.rejected_once
    }

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
    fn is_certain(&mut self, failure: &Failure, lost: bool, now: Now, env: &Env) -> bool {
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

    /// From here on tray and window show that a person is needed.
    pub(super) fn open_incident(
        &mut self,
        cause: Cause,
        failure: Option<&Failure>,
        now: Now,
        out: &mut Vec<Effect>,
    ) {
        if self.memory.incident.is_some() {
            return;
        }
        let lost = self.trouble.as_ref().is_some_and(|t| t.after_lost_reply);
        let id = format!(
            "{}-{}-{}",
            self.id,
            self.memory.highest_generation,
            now.wall.timestamp()
        );
        self.memory.incident = Some(Incident {
            id,
            cause,
            opened_at: now.wall,
            provider_code: failure.and_then(|f| f.provider_code.clone()),
            provider_text: failure.and_then(|f| f.provider_text.clone()),
            after_lost_reply: lost,
            notified_at: None,
            later_at: None,
            reminded_at: None,
            refused_since_later: false,
            probes: 0,
        });
        self.version += 1;
        self.show_incident(now);
        out.push(Effect::Log(Log::IncidentOpened { cause }));
        let entry = HistoryEntry {
            cause: Some(cause),
            verdict: Some(Verdict::SignIn),
            provider_code: failure.and_then(|f| f.provider_code.clone()),
            provider_text: failure.and_then(|f| f.provider_text.clone()),
            ..self.entry(HistoryKind::SignInNeeded, now)
        };
        out.push(Effect::Record(Box::new(entry)));
    }

    /// Makes the trouble that an open incident stands for, with its slow probes.
    pub(super) fn show_incident(&mut self, now: Now) {
        let Some(incident) = &self.memory.incident else {
            return;
        };
        let can_probe = incident.cause != Cause::RefreshTokenReused
            && self
                .held
                .as_ref()
                .is_some_and(|h| h.grant.refresh_token.is_some());
        self.trouble = Some(Trouble {
            provider_code: incident.provider_code.clone(),
            provider_text: incident.provider_text.clone(),
            failures: self.trouble.as_ref().map_or(1, |t| t.failures),
            http_status: self.trouble.as_ref().and_then(|t| t.http_status),
            next_at: can_probe.then(|| {
                // Counted from its beginning, over restarts; a clock that was wrong delays nothing.
                let due = policy::plus(incident.opened_at, policy::probe_due(incident.probes));
                let latest = now.boot + policy::probe_pause(incident.probes);
                now.boot_of(due).min(latest)
            }),
            incident: true,
            after_lost_reply: incident.after_lost_reply,
            ..Trouble::new(incident.cause, Trigger::Probe)
        });
    }

    /// Any success ends trouble and incident, and withdraws what was notified.
    pub(super) fn resolve(&mut self, now: Now, out: &mut Vec<Effect>) {
        self.trouble = None;
        self.refusals = 0;
        self.unclear = None;
        self.rejected = None;
        self.asked_since_end = false;
        self.hold = None;
        self.spread = None;
        if let Some(incident) = self.memory.incident.take() {
            self.version += 1;
            if incident.notified_at.is_some() {
                self.record(HistoryKind::NotificationWithdrawn, now, out);
            }
        }
    }

    /// A sign-in or an import brought a grant: what is going on with the old one is void.
    pub(super) fn on_arrived(
        &mut self,
        grant: Grant,
        how: HistoryKind,
        waiter: Option<u64>,
        now: Now,
        out: &mut Vec<Effect>,
    ) {
        if !self.ready {
            // What is stored decides its generation: unread, it could pass for older.
            if let Some((_, _, Some(earlier))) =
                self.arriving.replace((Box::new(grant), how, waiter))
            {
                Self::answer_all(vec![earlier], &Settled::Busy, out);
            }
            if self.load_trouble.is_some() {
                self.load(out);
            }
            return;
        }
        self.supersede(&Settled::Good, out);
        self.forced = super::Forced::default();
        self.memory.salvage = None;
        let brought = Brought {
            how,
            trigger: Some(Trigger::Person),
            attempt: 1,
            took: None,
        };
        self.save(grant, brought, waiter.into_iter().collect(), now, out);
    }

    pub(super) fn on_sign_out(&mut self, now: Now, out: &mut Vec<Effect>) {
        self.supersede(&Settled::SignedOut, out);
        if let Some(saving) = self.saving.take() {
            Self::answer_all(saving.waiters, &Settled::SignedOut, out);
        }
        if let Some((_, _, Some(waiter))) = self.arriving.take() {
            Self::answer_all(vec![waiter], &Settled::SignedOut, out);
        }
        self.resolve(now, out);
        self.held = None;
        self.memory.signed_out = true;
        self.memory.unconfirmed = None;
        self.memory.intent = None;
        self.memory.salvage = None;
        self.unsaved = None;
        self.store_retry = None;
        self.version += 1;
        out.push(Effect::RemoveGrant);
        self.record(HistoryKind::SignedOut, now, out);
        if self.attempt.is_none() {
            self.unlock(out);
        }
    }

    pub(super) fn on_remove(&mut self, now: Now, out: &mut Vec<Effect>) {
        self.removed = true;
        let sent = |a: &Attempt| matches!(a.stage, Stage::Sending { .. });
        match &mut self.attempt {
            // The removal may be undone: an answer to what was sent is still the newest grant.
            Some(attempt) if sent(attempt) && !attempt.superseded => {
                let waiters = std::mem::take(&mut attempt.waiters);
                Self::answer_all(waiters, &Settled::SignedOut, out);
            }
            _ => self.supersede(&Settled::SignedOut, out),
        }
        self.record(HistoryKind::Removed, now, out);
    }

    pub(super) fn on_noticed(&mut self, now: Now, out: &mut Vec<Effect>) {
        let Some(incident) = &mut self.memory.incident else {
            return;
        };
        if incident.later_at.is_some() {
            // "Later" may have been said in the window, before anything was notified.
            incident.notified_at.get_or_insert(now.wall);
            incident.reminded_at = Some(now.wall);
        } else if incident.notified_at.is_none() {
            incident.notified_at = Some(now.wall);
        } else {
            return;
        }
        self.version += 1;
        out.push(Effect::Log(Log::Notified));
        let entry = HistoryEntry {
            cause: Some(incident.cause),
            ..self.entry(HistoryKind::Notified, now)
        };
        out.push(Effect::Record(Box::new(entry)));
    }

    pub(super) fn on_later(&mut self, now: Now, out: &mut Vec<Effect>) {
        let _ = out;
        if let Some(incident) = &mut self.memory.incident {
            incident.later_at = Some(now.wall);
            incident.refused_since_later = false;
            self.version += 1;
        }
    }
}
