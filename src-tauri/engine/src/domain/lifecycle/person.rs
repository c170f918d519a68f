//! What a person does with a grant: brings one, signs out, removes the account.

use super::{
    Effect, Life, Now, Settled,
    attempt::{Attempt, Stage},
    saving::Brought,
};
use crate::domain::{
    cause::Cause,
    grant::Grant,
    history::{HistoryKind, Trigger},
    policy,
};

impl Life {
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
        self.memory.went_on_with = None;
        self.belongs_here();
        self.version += 1;
        self.remove_grant(out);
        self.record(HistoryKind::SignedOut, now, out);
        if self.attempt.is_none() {
            self.unlock(out);
        }
    }

    /// Asks the vault to delete the grant, once at a time.
    pub(super) fn remove_grant(&mut self, out: &mut Vec<Effect>) {
        self.remove_retry = None;
        if !std::mem::replace(&mut self.removing, true) {
            out.push(Effect::RemoveGrant);
        }
    }

    /// A grant that was signed out must not stay: the vault is asked until it is gone.
    pub(super) fn on_grant_removed(&mut self, result: Result<(), Cause>, now: Now) {
        self.removing = false;
        if !self.memory.signed_out && self.ready {
            return;
        }
        self.leftover = result.err();
        if self.leftover.is_some() {
            self.remove_failures += 1;
            self.remove_retry = Some(now.boot + policy::store_pause(self.remove_failures));
        } else {
            self.remove_failures = 0;
        }
    }

    /// Deletes again what could not be deleted before.
    pub(super) fn remove_again(&mut self, out: &mut Vec<Effect>) {
        if self.memory.signed_out {
            self.remove_grant(out);
        } else {
            self.remove_retry = None;
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
}
