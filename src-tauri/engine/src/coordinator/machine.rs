//! What the machine and the vault do: sleep, network, session, key.

use std::time::Duration;

use super::{Change, Message, Task};
use crate::{
    domain::{
        account::AccountId,
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

impl Task {
    pub(super) fn pause_all(&mut self, paused: bool) {
        self.machine.paused = paused;
        if !paused {
            self.wake_all(Trigger::Startup);
        }
        self.publish_overall();
    }

    pub(super) fn wake_all(&mut self, trigger: Trigger) {
        // Who is due first goes first, spread over the seconds after.
        let now = self.now();
        let mut ids: Vec<(Option<Duration>, AccountId)> = self
            .lives
            .iter()
            .map(|(id, o)| (o.life.next_wake(now), id.clone()))
            .collect();
        ids.sort();
        for (place, (_, id)) in ids.into_iter().enumerate() {
            let spread = u32::try_from(place).unwrap_or(u32::MAX);
            self.step(&id, Input::Woke { trigger, spread });
        }
    }

    pub(super) fn on_resumed(&mut self, now: Now) {
        self.machine.sleeping = false;
        self.machine.settling_until = now.boot + policy::SETTLING;
        self.history_of_machine(HistoryKind::Woke, now);
        self.wake_all(Trigger::Resume);
    }

    pub(super) fn on_wake(&mut self, signal: WakeSignal) {
        let now = self.now();
        match signal {
            WakeSignal::Sleeping => {
                self.machine.sleeping = true;
                self.machine.sleeping_since = now.boot;
            }
            WakeSignal::Resumed => self.on_resumed(now),
            WakeSignal::NetworkUp => {
                self.machine.online = true;
                self.history_of_machine(HistoryKind::NetworkChanged, now);
                self.hosts
                    .values_mut()
                    .for_each(|breaker| drop(breaker.answered()));
                self.wake_all(Trigger::Network);
            }
            WakeSignal::NetworkDown => self.machine.online = false,
            WakeSignal::SessionAway => self.machine.present = false,
            WakeSignal::SessionBack => self.machine.present = true,
        }
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
