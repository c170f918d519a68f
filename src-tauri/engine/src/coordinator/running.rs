//! The owning task's loop: receive, sleep until the next due time, step, perform.

use std::{sync::Arc, time::Duration};

use chrono::TimeDelta;
use tokio::sync::{broadcast, mpsc, oneshot};

use super::{
    Change, DRAIN, MAX_SLEEP, Message, Overall, Preferences, SLEPT, Task, WAKE_LOST,
    effects::place_of,
};
use crate::{
    domain::{
        account::{Account, AccountId},
        breaker::Probe,
        lifecycle::{Env, Input, Life, Now, Settled},
    },
    io::{
        locks::{LockError, LockGuard},
        vault::{Vault, VaultError, VaultEvent},
    },
};

impl Task {
    pub(super) async fn run(
        mut self,
        mut inbox: mpsc::UnboundedReceiver<Message>,
        accounts: Vec<Account>,
    ) {
        self.follow_vault();
        self.read_key();
        for account in accounts {
            self.put(account);
        }
        self.publish_overall();
        loop {
            let now = self.now();
            let sleep = self.next_deadline().saturating_sub(now.boot).min(MAX_SLEEP);
            let planned = now.boot + sleep;
            let nap = self.ports.clock.sleep(sleep);
            tokio::select! {
                biased;
                message = inbox.recv() => match message {
                    Some(message) => self.on_message(message),
                    None => return,
                },
                () = nap => {}
            }
            self.look(planned);
            if self.machine.stopping
                && self.quiescing.is_empty()
                && self.messages.strong_count() == 1
            {
                return;
            }
        }
    }

    /// What the vault tells by itself comes as messages, too: one place to wait at. Whoever was too
    /// slow for all of it looks again.
    fn follow_vault(&self) {
        let mut events = self.ports.vault.events();
        let messages = self.messages.downgrade();
        tokio::spawn(async move {
            loop {
                let event = match events.recv().await {
                    Ok(event) => event,
                    Err(broadcast::error::RecvError::Lagged(_)) => VaultEvent::Changed,
                    Err(broadcast::error::RecvError::Closed) => return,
                };
                let Some(messages) = messages.upgrade() else {
                    return;
                };
                let _ = messages.send(Message::Vault(event));
            }
        });
    }

    pub(super) fn now(&self) -> Now {
        self.ports.clock.now()
    }

    /// How long the machine was seen awake and online.
    pub(super) fn awake(&self, now: Now) -> Duration {
        let since = now.boot.saturating_sub(self.looked_at);
        let up = self.machine.online && !self.machine.sleeping && since <= MAX_SLEEP + SLEPT;
        self.awake + if up { since } else { Duration::ZERO }
    }

    pub(super) fn next_deadline(&self) -> Duration {
        let account = self.schedule.first().map(|(at, _)| *at);
        let drain = self.quiescing.iter().map(|(at, _)| *at).min();
        [account, drain, self.key_retry, self.notices.next_wake()]
            .into_iter()
            .flatten()
            .min()
            .unwrap_or(Duration::MAX)
    }

    pub(super) fn tell_in_flight(&self) {
        let busy = !self.busy.is_empty();
        self.in_flight
            .send_if_modified(|told| std::mem::replace(told, busy) != busy);
    }

    /// Everything that is due by now. Costs nothing per account that is not due.
    pub(super) fn look(&mut self, planned: Duration) {
        let now = self.now();
        let slept = now.boot > planned + SLEPT && now.boot > self.looked_at + MAX_SLEEP + SLEPT;
        // It sleeps no more, or never did; the word of it was lost.
        let lost = self.machine.sleeping && now.boot > self.machine.sleeping_since + WAKE_LOST;
        self.awake = self.awake(now);
        self.looked_at = now.boot;
        if slept || lost {
            self.on_resumed(now);
        }
        let skew = now.skew();
        if (skew - self.skew).abs() > TimeDelta::seconds(2) {
            // Somebody set the clock: what is shown as a time of day moves, and what was timed by
            // the clock may be due, one account a second.
            self.skew = skew;
            let ids: Vec<_> = self.lives.keys().cloned().collect();
            for (place, id) in ids.iter().enumerate() {
                let after = Duration::from_secs(1).saturating_mul(place_of(place));
                self.step(id, Input::ClockSet { after });
            }
        }
        if self.key_retry.is_some_and(|at| at <= now.boot) {
            self.key_retry = None;
            self.read_key();
        }
        while let Some((_, id)) = self
            .schedule
            .first()
            .filter(|(at, _)| *at <= now.boot)
            .cloned()
        {
            let before = self.lives.get(&id).and_then(|o| o.deadline);
            self.step(&id, Input::Tick);
            let later = self.now().boot;
            let deadline = self.lives.get(&id).and_then(|o| o.deadline);
            if deadline.is_some_and(|at| Some(at) == before || at <= later) {
                // Still due (all is paused, say): look again later.
                self.set_deadline(&id, Some(later + Duration::from_secs(1)));
            }
        }
        self.tell_in_flight();
        self.finish_quiescing(now);
        self.look_at_notices(now);
    }

    pub(super) fn on_message(&mut self, message: Message) {
        match message {
            Message::Account(id, input) => self.step(&id, input),
            Message::Demand {
                account,
                want,
                reply,
            } => {
                let waiter = self.waiter(&account, reply);
                self.step(&account, Input::Demand { waiter, want });
            }
            Message::Arrived {
                account,
                grant,
                how,
                reply,
            } => {
                let waiter = Some(self.waiter(&account, reply));
                self.step(&account, Input::Arrived { grant, how, waiter });
            }
            Message::Put(account) => self.put(*account),
            Message::Hide(id) => self.hide(&id),
            Message::CaughtUp(reply) => {
                let _ = reply.send(());
            }
            Message::Purge { account, removal } => self.purge(&account, removal),
            Message::Removed(removed) => self.on_removed(removed),
            Message::Forget(id, removal, unwanted) => {
                if !self.lives.contains_key(&id) {
                    let unwanted = unwanted.into_iter().filter(|g| self.may_revoke(&id, g));
                    let unwanted = unwanted.collect();
                    self.forget(&id, removal, unwanted);
                }
            }
            Message::Keep(id) => {
                self.keep(&id);
                self.step(&id, Input::Restore);
            }
            Message::PauseAll(paused) => self.pause_all(paused),
            Message::Wake(signal) => self.on_wake(signal),
            Message::Clock(off) => self.on_clock(off),
            Message::Vault(event) => self.on_vault(event),
            Message::Key(key) => self.on_key(key),
            Message::LockTaken(id, guard) => self.on_lock(&id, guard),
            Message::NoticeShown(id) => self.on_notice_shown(&id),
            Message::Preferences(preferences) => self.prefer(preferences),
            Message::Quiesce { reply } => {
                self.machine.stopping = true;
                self.quiescing.push((self.now().boot + DRAIN, reply));
            }
            Message::Unquiesce => {
                self.machine.stopping = false;
                for id in self.lives.keys().cloned().collect::<Vec<_>>() {
                    self.step(&id, Input::Resave);
                }
            }
        }
    }

    fn prefer(&mut self, preferences: Preferences) {
        let before = std::mem::replace(&mut self.preferences, preferences);
        if before.refresh_ahead != preferences.refresh_ahead {
            for id in self.lives.keys().cloned().collect::<Vec<_>>() {
                self.step(&id, Input::Margin(preferences.refresh_ahead));
            }
        }
    }

    pub(super) fn waiter(&mut self, id: &AccountId, reply: oneshot::Sender<Settled>) -> u64 {
        self.next_waiter += 1;
        self.waiters.insert(self.next_waiter, (id.clone(), reply));
        self.next_waiter
    }

    /// One step of one account, its effects, and everything that follows from its new state.
    pub(super) fn step(&mut self, id: &AccountId, input: Input) {
        let now = self.now();
        let env = self.env(id, now);
        let Some(owned) = self.lives.get_mut(id) else {
            // A removed account: whoever waits learns it by the channel's end.
            if let Input::Demand { waiter, .. }
            | Input::Arrived {
                waiter: Some(waiter),
                ..
            } = input
            {
                self.waiters.remove(&waiter);
            }
            return;
        };
        let before = owned.life.is_refreshing();
        let effects = owned.life.step(input, now, &env);
        if !before
            && owned.life.is_refreshing()
            && let Some(breaker) = owned.life.host().and_then(|h| self.hosts.get_mut(&h))
        {
            breaker.takes_turn(id, now.boot);
        }
        // Published first: whoever hears of it must find it so.
        self.settle(id, now);
        for effect in effects {
            self.perform(id, effect, now);
        }
        self.leave_if_idle(id);
    }

    /// After a step: deadline, busy set, snapshot, changes.
    pub(super) fn settle(&mut self, id: &AccountId, now: Now) {
        self.reschedule(id, now);
        let Some(owned) = self.lives.get(id) else {
            return;
        };
        if owned.life.is_busy() {
            self.busy.insert(id.clone());
        } else {
            self.busy.remove(id);
        }
        let facts = owned.life.facts(now);
        let held = owned.life.held().cloned();
        let removed = owned.life.is_removed();
        self.notices
            .note(id, owned.life.setup().name.clone(), &facts, removed);
        if self.snapshot.update(id, facts, held) {
            let _ = self.changes.send(Change::Account(id.clone()));
            self.publish_overall();
        }
    }

    pub(super) fn env(&mut self, id: &AccountId, now: Now) -> Env {
        let quiet = self.machine.sleeping || self.machine.stopping || self.machine.paused;
        let settling = now.boot < self.machine.settling_until;
        let life = self.lives.get(id).map(|o| &o.life);
        let wants = match life {
            Some(life) if life.needs_setup() => Probe::Unfit,
            Some(life) if life.is_due(now) => Probe::Due,
            _ => Probe::NotDue,
        };
        let host = life.and_then(Life::host);
        let breaker = host.as_ref().and_then(|host| self.hosts.get_mut(host));
        let (breaker, refused_elsewhere) = match breaker {
            Some(breaker) => (
                breaker.closed_until(id, wants, now.boot),
                breaker.refused_elsewhere(id, now.boot),
            ),
            None => (None, Vec::new()),
        };
        Env {
            quiet,
            paused: self.machine.paused,
            settling,
            breaker,
            refused_elsewhere,
            awake: self.awake(now),
            around: self.around(host.as_deref(), now),
        }
    }

    pub(super) fn reschedule(&mut self, id: &AccountId, now: Now) {
        let next = self.lives.get(id).and_then(|o| {
            let wake = o.life.next_wake(now);
            // The end of a token changes what is shown at that moment.
            let ahead = |at: &Duration| *at > now.boot;
            let held = o.life.held();
            [
                wake,
                held.and_then(|h| h.ends).filter(ahead),
                held.and_then(|h| h.due).filter(ahead),
            ]
            .into_iter()
            .flatten()
            .min()
        });
        self.set_deadline(id, next);
    }

    pub(super) fn set_deadline(&mut self, id: &AccountId, next: Option<Duration>) {
        let Some(owned) = self.lives.get_mut(id) else {
            return;
        };
        if owned.deadline == next {
            return;
        }
        if let Some(old) = owned.deadline.take() {
            self.schedule.remove(&(old, id.clone()));
        }
        if let Some(at) = next {
            self.schedule.insert((at, id.clone()));
        }
        owned.deadline = next;
    }

    pub(super) fn on_lock(&mut self, id: &AccountId, guard: Result<LockGuard, LockError>) {
        let result = match &guard {
            Ok(_) => Ok(()),
            Err(error) => Err(error.cause()),
        };
        match (self.lives.get_mut(id), guard) {
            (Some(owned), Ok(guard)) => owned.lock = Some(guard),
            (_, Err(error)) => {
                tracing::info!(account = %id, %error, "the account's lock was not taken");
            }
            (None, Ok(_)) => return,
        }
        self.step(id, Input::Locked { result });
    }

    /// The vault, if it may be changed. Whoever was told that all is at rest moves it perhaps, and
    /// nothing must change behind the back of who copies: it stays in the journal until the rest is
    /// over.
    pub(super) fn writable_vault(&self) -> Result<Arc<dyn Vault>, VaultError> {
        if self.machine.stopping && self.quiescing.is_empty() {
            return Err(VaultError::Unavailable("the engine is at rest".into()));
        }
        Ok(self.ports.vault.clone())
    }

    pub(super) fn finish_quiescing(&mut self, now: Now) {
        if self.busy.is_empty() || self.quiescing.iter().any(|(until, _)| *until <= now.boot) {
            for (_, reply) in self.quiescing.drain(..) {
                let _ = reply.send(());
            }
        }
    }

    pub(super) fn publish_overall(&mut self) {
        let overall = Overall {
            paused: self.machine.paused,
            online: self.machine.online,
            vault_cause: self.vault_cause,
            clock_off_s: self.machine.clock_off_s,
            notice: self.notices.shown(),
        };
        if self.snapshot.set_overall(overall) {
            let _ = self.changes.send(Change::Overall);
        }
    }
}
