//! What the machine and the vault do: sleep, network, session, key.

use std::time::Duration;

use super::{Change, Message, Task, effects::place_of};
use crate::{
    domain::{
        account::AccountId,
        diagnosis::Around,
        fingerprint::Fingerprinter,
        history::{HistoryEntry, HistoryKind, Trigger},
        journal_entry::Place,
        lifecycle::{Input, Now},
        policy,
    },
    io::{
        vault::{SealKey, VaultError, VaultEvent},
        wake::WakeSignal,
    },
};

/// Between two accounts that go on when something came back.
pub(super) const IN_TURN: Duration = Duration::from_millis(200);
/// A host that answered so lately proves that the network works.
const JUST_NOW: Duration = Duration::from_mins(2);
/// Clocks differ by so much without harm; providers themselves usually bear five minutes.
const CLOCK_TOLERANCE_S: u64 = 300;
/// Two words of a wake that are so close are of the same one.
const SAME_WAKE: Duration = Duration::from_secs(30);

impl Task {
    pub(super) fn pause_all(&mut self, paused: bool) {
        self.machine.paused = paused;
        if !paused {
            self.wake_all(Trigger::Startup);
        }
        self.publish_overall();
    }

    pub(super) fn wake_all(&mut self, trigger: Trigger) {
        self.wake_in_turn(trigger, Duration::ZERO, IN_TURN);
    }

    /// Who is due first goes first; the others follow at that pace.
    fn wake_in_turn(&mut self, trigger: Trigger, first: Duration, pace: Duration) {
        let now = self.now();
        let mut ids: Vec<(Duration, AccountId)> = self
            .lives
            .iter()
            .map(|(id, o)| {
                let due = o.life.next_wake(now).unwrap_or(Duration::MAX);
                (due, id.clone())
            })
            .collect();
        ids.sort();
        for (place, (_, id)) in ids.into_iter().enumerate() {
            let after = first.saturating_add(pace.saturating_mul(place_of(place)));
            self.step(&id, Input::Woke { trigger, after });
        }
    }

    /// The calm after a wake: 5 to 10 s, then one account a second.
    fn wake_calmly(&mut self, trigger: Trigger, wait: Duration) {
        let calm = Duration::from_secs(5);
        let first = wait + calm + self.jitter.full(calm);
        self.wake_in_turn(trigger, first, Duration::from_secs(1));
    }

    /// The machine is awake again. A gap in time and a signal may both tell of the same sleep.
    pub(super) fn on_resumed(&mut self, now: Now) {
        let slept_anew = std::mem::take(&mut self.machine.sleeping);
        let told = self.machine.resumed_at.replace(now.boot);
        if !slept_anew && told.is_some_and(|at| now.boot < at + SAME_WAKE) {
            return;
        }
        self.machine.settling_until = now.boot + policy::SETTLING;
        self.history_of_machine(HistoryKind::Woke, now);
        // The network comes after the machine; but no signal is relied on for ever.
        let wait = if self.machine.online {
            Duration::ZERO
        } else {
            policy::NETWORK_PATIENCE
        };
        self.wake_calmly(Trigger::Resume, wait);
    }

    fn on_network(&mut self, now: Now) {
        let was_online = std::mem::replace(&mut self.machine.online, true);
        self.history_of_machine(HistoryKind::NetworkChanged, now);
        self.hosts
            .values_mut()
            .for_each(|breaker| drop(breaker.answered()));
        if now.boot < self.machine.settling_until {
            if !was_online {
                self.machine.settling_until = now.boot + policy::SETTLING;
            }
            self.wake_calmly(Trigger::Network, Duration::ZERO);
        } else {
            self.wake_all(Trigger::Network);
        }
    }

    pub(super) fn on_wake(&mut self, signal: WakeSignal) {
        let now = self.now();
        match signal {
            WakeSignal::Sleeping => {
                self.machine.sleeping = true;
                self.machine.sleeping_since = now.boot;
                self.machine.resumed_at = None;
            }
            WakeSignal::Resumed => self.on_resumed(now),
            WakeSignal::NetworkUp => self.on_network(now),
            WakeSignal::NetworkDown => self.machine.online = false,
            WakeSignal::Connectivity(connectivity) => self.machine.connectivity = connectivity,
            WakeSignal::SessionAway => self.machine.present = false,
            WakeSignal::SessionBack => self.machine.present = true,
        }
        self.publish_overall();
    }

    /// What is known around a failure of this host.
    pub(super) fn around(&self, host: Option<&str>, now: Now) -> Around {
        let heard = &self.machine.heard;
        Around {
            offline: !self.machine.online,
            connectivity: self.machine.connectivity,
            others_answer: heard
                .iter()
                .any(|(other, at)| Some(other.as_str()) != host && now.boot < *at + JUST_NOW),
            clock_off_s: self.machine.clock_off_s,
        }
    }

    /// A clock that is minutes off makes certificates and tokens look over, or not good yet.
    pub(super) fn on_clock(&mut self, off: i64) {
        let plainly = off.unsigned_abs() > CLOCK_TOLERANCE_S;
        // In whole minutes: what is shown must not change with every reply.
        self.machine.clock_off_s = plainly.then_some(off / 60 * 60);
        self.publish_overall();
    }

    pub(super) fn history_of_machine(&mut self, kind: HistoryKind, now: Now) {
        let entry = HistoryEntry::new(now.wall, kind);
        self.ports.history.append(entry.clone());
        let _ = self.changes.send(Change::History(Box::new(entry)));
    }

    pub(super) fn on_vault(&mut self, event: VaultEvent) {
        match event {
            VaultEvent::Changed => {
                if self.fingerprints.is_none() {
                    self.read_key();
                } else {
                    // The vault's, not the network's: what a provider asked for stands.
                    self.wake_all(Trigger::Startup);
                }
            }
            VaultEvent::Stored {
                account,
                generation,
                result,
            } => {
                let result = result.map_err(|e| e.cause());
                self.step(&account, Input::Stored { generation, result });
            }
        }
    }

    pub(super) fn on_key(&mut self, key: Result<(SealKey, Option<Place>), VaultError>) {
        match key {
            Ok((key, place)) => {
                let fingerprints = Fingerprinter::new(&key.0);
                self.ports.journal.open(key);
                self.vault_cause = None;
                self.key_failures = 0;
                for owned in self.lives.values_mut() {
                    owned.life.give_fingerprints(fingerprints.clone());
                    owned.life.give_place(place.clone());
                }
                if self.fingerprints.replace(fingerprints).is_none() {
                    self.finish_removals();
                }
                self.place = place;
                self.load_all();
                self.wake_all(Trigger::Startup);
            }
            Err(error) => {
                tracing::warn!(%error, "the vault cannot be read yet");
                self.vault_cause = Some(error.cause());
                self.key_failures += 1;
                self.key_retry = Some(self.now().boot + policy::store_pause(self.key_failures));
                self.load_all();
            }
        }
        self.publish_overall();
    }

    /// Reads what is stored of every account that was not read yet.
    pub(super) fn load_all(&mut self) {
        for id in self.lives.keys().cloned().collect::<Vec<_>>() {
            self.step(&id, Input::Load);
        }
    }

    pub(super) fn read_key(&mut self) {
        let (vault, messages) = (self.ports.vault.clone(), self.messages.clone());
        tokio::spawn(async move {
            let key = match vault.key().await {
                Ok(key) => vault.place().await.map(|place| (key, place)),
                Err(error) => Err(error),
            };
            let _ = messages.send(Message::Key(key));
        });
    }
}
