//! What a reply leads to: a new grant, an adopted one, another try, or an incident.

use std::time::Duration;

use super::{
    Effect, Env, Held, Life, Log, Now, Settled,
    saving::{Brought, Saving},
};
use crate::domain::{
    cause::Cause,
    classify::{Failure, TokenReply},
    grant::Grant,
    history::{HistoryEntry, HistoryKind, Trigger},
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
        self.memory.went_on_with = None;
        self.leftover = None;
        self.remove_retry = None;
        self.belongs_here();
        self.memory.intent = None;
        self.memory.unconfirmed = Some(grant.clone());
        // They were about the grant before.
        self.memory.refusals = None;
        self.memory.asked_since_end = false;
        self.memory.not_before = None;
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
        self.hold_stored(found, now);
        self.record(HistoryKind::Adopted, now, out);
        self.resolve(now, out);
        self.unlock(out);
        let renews = |h: &Held| h.grant.refresh_token.is_some();
        if self.is_over(now) && self.held.as_ref().is_some_and(renews) {
            // Adopted, but no good any more: who waits wants one that is.
            self.begin(trigger, out);
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
        self.look_around(failure.cause, now, env, out);
        if failure.refused
            && lost
            && let Some(trouble) = &mut self.trouble
        {
            trouble.after_lost_reply = true;
        }
        let certain = self.is_certain(&failure, lost, now, env);
        self.remember_next_try(now);
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
                self.memory.rejected = self.held.as_ref().map(|h| h.fingerprint.clone());
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
}
