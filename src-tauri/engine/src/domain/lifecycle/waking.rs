//! What moves a next try: deadlines, edits, the clock, and the machine that wakes or finds its network.

use std::time::Duration;

use chrono::TimeDelta;

use super::{Effect, Env, Held, Life, Now, Setup, held::earlier};
use crate::domain::{
    cause::{Cause, Verdict},
    history::{HistoryKind, Trigger},
};

impl Life {
    pub(super) fn on_tick(&mut self, now: Now, env: &Env, out: &mut Vec<Effect>) {
        if self.load_retry.is_some_and(|at| at <= now.boot) {
            self.load_retry = None;
            self.load(out);
        }
        if self.store_retry.is_some_and(|at| at <= now.boot) {
            self.store_retry = None;
            self.store(out);
        }
        if self.remove_retry.is_some_and(|at| at <= now.boot) {
            self.remove_again(out);
        }
        if self.journal_retry.is_some_and(|at| at <= now.boot) {
            self.journal_retry = None;
        }
        self.continue_attempt(now, env, out);
        if self.next_note().is_some_and(|at| at <= now.boot) {
            self.note_time(now, env);
        }
        if self.next_look_for_news().is_some_and(|at| at <= now.boot) {
            self.look_for_news(now, out);
        }
        if self.no_refresh_end().is_some_and(|at| at <= now.boot) && self.is_over(now) {
            self.open_incident(Cause::NoRefreshToken, None, now, out);
        }
        self.begin_if_planned(now, env, out);
    }

    pub(super) fn on_setup(&mut self, setup: Setup, now: Now, out: &mut Vec<Effect>) {
        let kind = match (self.setup.paused, setup.paused) {
            (false, true) => Some(HistoryKind::Paused),
            (true, false) => Some(HistoryKind::Resumed),
            _ => None,
        };
        self.setup = setup;
        if let Some(kind) = kind {
            self.record(kind, now, out);
        }
        if let Some(trouble) = &mut self.trouble
            && trouble.cause.verdict() == Verdict::FixSetup
        {
            trouble.next_at = Some(now.boot);
            trouble.trigger = Trigger::Edit;
        }
    }

    /// Somebody set the wall clock. What came while this runs is timed by boot time and stays as it
    /// is. What was read from the store was timed by the wall clock: which of its two ends is right
    /// nobody knows, so it is renewed by the earlier one, and good for as long as either says.
    pub(super) fn on_clock_set(&mut self, after: Duration, now: Now, out: &mut Vec<Effect>) {
        self.date_anew(now, out);
        let stored = |h: &&Held| h.stored && h.grant.issued_at <= now.wall;
        let Some(before) = self.held.as_ref().filter(stored).cloned() else {
            return;
        };
        self.hold_stored(before.grant.clone(), now);
        let Some(held) = &mut self.held else { return };
        held.due = earlier(held.due, before.due);
        held.perhaps_ends =
            earlier(held.ends, before.perhaps_ends).filter(|at| Some(*at) < before.ends);
        held.ends = before.ends;
        held.id_ends = before.id_ends;
        held.received = held.received.min(before.received);
        if held.due < before.due {
            self.spread = self.spread.max(Some(now.boot + after));
        }
    }

    /// What came while this runs has an age that is known, whatever the clock said: it is stored
    /// with its dates by the clock as it goes now. The next start will read it by that one.
    pub(super) fn date_anew(&mut self, now: Now, out: &mut Vec<Effect>) {
        if self.removed || self.saving.is_some() || self.storing.is_some() {
            return;
        }
        let Some(held) = self.held.as_mut().filter(|h| !h.stored) else {
            return;
        };
        let by = now.skew() - held.skew;
        if by.abs() <= TimeDelta::minutes(1) {
            return;
        }
        held.skew = now.skew();
        held.grant.date_by(by);
        self.memory.unconfirmed = Some(held.grant.clone());
        self.version += 1;
        if self.store_retry.is_none() {
            self.store(out);
        }
    }

    /// The machine woke, the network or the vault came back: what waited for it goes on at `at`.
    pub(super) fn on_woke(&mut self, trigger: Trigger, at: Duration, out: &mut Vec<Effect>) {
        if self.load_trouble.is_some() {
            self.load_retry = None;
            self.load(out);
        }
        if self.leftover.is_some() {
            self.remove_again(out);
        }
        if self.restored && self.attempt.is_none() {
            out.push(Effect::Read);
        }
        if self.unsaved.is_some() {
            self.store_retry = None;
            self.journal_retry = None;
            self.store(out);
        }
        if trigger == Trigger::Network {
            // The hold was for another network's edge, perhaps.
            self.hold = None;
            self.version += u64::from(self.memory.not_before.take().is_some());
        }
        match trigger {
            // With the network a host may answer again: nobody waits for its old turn.
            Trigger::Resume | Trigger::Network => self.spread = Some(at),
            // The host answers again.
            Trigger::Retry => self.spread = None,
            _ => {}
        }
        if let Some(trouble) = &mut self.trouble {
            let sooner = match trouble.cause.verdict() {
                Verdict::Wait => match trigger {
                    Trigger::Network => true,
                    // The vault came back, or a pause ended: that mends nothing at the provider.
                    Trigger::Startup => {
                        trouble.cause.is_vault() || trouble.cause == Cause::Interrupted
                    }
                    _ => trouble.cause != Cause::RateLimited,
                },
                Verdict::FixSetup => trigger == Trigger::Network,
                Verdict::SignIn | Verdict::Unclear => false,
            };
            if sooner && trouble.next_at.is_some_and(|next| next > at) {
                trouble.next_at = Some(at);
                trouble.trigger = trigger;
            }
        }
    }
}
