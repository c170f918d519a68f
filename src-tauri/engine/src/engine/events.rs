//! Changes with numbers, so that a listener can resume where it stopped.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

use tokio::sync::broadcast;

use super::{Engine, NumberedEvent};
use crate::{api::types::Event, coordinator::Change};

/// Events kept for listeners that come back.
const KEPT: usize = 512;

pub(super) struct Numbered {
    kept: Mutex<(u64, VecDeque<NumberedEvent>)>,
    live: broadcast::Sender<NumberedEvent>,
}

impl Default for Numbered {
    fn default() -> Self {
        Self {
            kept: Mutex::default(),
            live: broadcast::channel(KEPT).0,
        }
    }
}

impl Numbered {
    pub fn push(&self, event: Event) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.0 += 1;
        let numbered = (kept.0, event);
        if kept.1.len() == KEPT {
            kept.1.pop_front();
        }
        kept.1.push_back(numbered.clone());
        // Sent under the lock, so that nobody sees a gap between kept and live.
        let _ = self.live.send(numbered);
    }

    pub fn since(
        &self,
        after: Option<u64>,
    ) -> (Vec<NumberedEvent>, broadcast::Receiver<NumberedEvent>) {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let live = self.live.subscribe();
        let missed = match after {
            None => Vec::new(),
            Some(after) => {
                let oldest = kept.1.front().map_or(kept.0 + 1, |(number, _)| *number);
                // A number from before a restart, or one that is no longer kept.
                if after > kept.0 || after + 1 < oldest {
                    vec![(kept.0, Event::Resync)]
                } else {
                    kept.1
                        .iter()
                        .filter(|(number, _)| *number > after)
                        .cloned()
                        .collect()
                }
            }
        };
        (missed, live)
    }
}

impl Engine {
    /// Turns what the owning task says into events, with rows as they are when it is said.
    pub(super) fn follow_changes(&self) {
        let engine = self.clone();
        let mut changes = self.inner.coordinator.changes();
        tokio::spawn(async move {
            loop {
                match changes.recv().await {
                    Ok(change) => engine.on_change(change),
                    Err(broadcast::error::RecvError::Lagged(_)) => {
                        engine.inner.events.push(Event::Resync);
                    }
                    Err(broadcast::error::RecvError::Closed) => return,
                }
            }
        });
    }

    fn on_change(&self, change: Change) {
        match change {
            Change::Account(id) => {
                if let Some(view) = self.inner.coordinator.snapshot().account(&id) {
                    let row = self.row(&view);
                    self.inner.events.push(Event::Account { row });
                }
                self.push_overall();
            }
            Change::Removed(id, name) => {
                self.inner.events.push(Event::Removed { id: id.0, name });
                self.push_overall();
            }
            Change::Overall => self.push_overall(),
            Change::History(entry) => {
                let entry = super::records::row(*entry);
                self.inner.events.push(Event::History { entry });
            }
        }
    }

    fn push_overall(&self) {
        let status = self.overall();
        self.inner.events.push(Event::Overall { status });
    }
}
