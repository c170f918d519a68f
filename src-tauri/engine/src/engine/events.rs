//! Changes with numbers, so that a listener can resume where it stopped.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, PoisonError},
};

use tokio::sync::broadcast;

use super::{Engine, NumberedEvent, rows::Head};
use crate::{
    api::types::{Event, OverallRow},
    coordinator::Change,
    domain::{account::AccountId, history::HistoryKind},
};

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
    /// Turns what the owning task says into events, with rows as they are when it is said. What all
    /// accounts mean together is worked out once for changes that come together, of what was kept
    /// of each account, and said only when it differs.
    pub(super) fn follow_changes(&self) {
        let engine = self.clone();
        let mut changes = self.inner.coordinator.changes();
        tokio::spawn(async move {
            let mut overall = Told::default();
            loop {
                let mut next = match changes.recv().await {
                    Ok(change) => Some(change),
                    Err(broadcast::error::RecvError::Lagged(_)) => {
                        engine.resync(&mut overall);
                        None
                    }
                    Err(broadcast::error::RecvError::Closed) => return,
                };
                while let Some(change) = next {
                    engine.on_change(change, &mut overall);
                    next = match changes.try_recv() {
                        Ok(change) => Some(change),
                        Err(broadcast::error::TryRecvError::Lagged(_)) => {
                            engine.resync(&mut overall);
                            None
                        }
                        Err(_) => None,
                    };
                }
                engine.tell_overall(&mut overall);
            }
        });
    }

    fn resync(&self, overall: &mut Told) {
        self.inner.events.push(Event::Resync);
        *overall = Told {
            changed: true,
            ..Told::default()
        };
    }

    fn on_change(&self, change: Change, overall: &mut Told) {
        match change {
            Change::Account(id) => {
                if let Some(view) = self.inner.coordinator.snapshot().account(&id) {
                    let row = self.row(&view);
                    self.inner.events.push(Event::Account { row });
                    overall.put(id, self.head(&view));
                }
            }
            Change::Removed(id, name) => {
                overall.changed |= overall.heads.remove(&id).is_some();
                self.inner.events.push(Event::Removed { id: id.0, name });
            }
            Change::Overall => overall.changed = true,
            Change::History(entry) => {
                if entry.kind == HistoryKind::SignedIn
                    && let Some(id) = &entry.account_id
                {
                    self.changing().signed_in.insert(id.clone(), entry.at);
                }
                let snapshot = self.inner.coordinator.snapshot();
                let entry = super::records::row(*entry, snapshot);
                self.inner.events.push(Event::History { entry });
            }
        }
    }

    fn tell_overall(&self, told: &mut Told) {
        if !std::mem::take(&mut told.changed) {
            return;
        }
        let order = self.inner.coordinator.snapshot().order();
        for id in &order {
            if !told.heads.contains_key(id)
                && let Some(view) = self.inner.coordinator.snapshot().account(id)
            {
                told.heads.insert(id.clone(), self.head(&view));
            }
        }
        let mut heads: Vec<&Head> = order.iter().filter_map(|id| told.heads.get(id)).collect();
        heads.sort_by_key(|head| head.state);
        let status = self.overall_of(&heads);
        if told.last.as_ref() != Some(&status) {
            told.last = Some(status.clone());
            self.inner.events.push(Event::Overall { status });
        }
    }
}

/// What was said last about all accounts, and what it is made of.
#[derive(Default)]
struct Told {
    heads: HashMap<AccountId, Head>,
    last: Option<OverallRow>,
    changed: bool,
}

impl Told {
    fn put(&mut self, id: AccountId, head: Head) {
        if self.heads.get(&id) != Some(&head) {
            self.heads.insert(id, head);
            self.changed = true;
        }
    }
}
