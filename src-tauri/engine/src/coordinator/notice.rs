//! The one notification that is wanted now, for all accounts that need a person.
//!
//! Level-triggered: presenters show whatever is wanted and say when they did; what was told lives
//! with the incidents, so it survives restarts and a lost history.

use std::{
    collections::BTreeMap,
    hash::{DefaultHasher, Hash, Hasher},
    time::Duration,
};

use super::{Change, Input, Now, Task};
use crate::domain::{
    account::AccountId,
    attention::{Telling, telling},
    diagnosis::Connectivity,
    journal_entry::Incident,
    lifecycle::AccountFacts,
    policy,
};

/// What a presenter must be showing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    pub id: String,
    /// Accounts and their incidents, by name.
    pub of: Vec<(AccountId, String, Incident)>,
    /// It was shown before; a presenter that starts now shows nothing anew.
    pub shown: bool,
}

struct Case {
    name: String,
    incident: Incident,
    facts: AccountFacts,
}

/// Open incidents and what became of them.
#[derive(Default)]
pub(super) struct Notices {
    open: BTreeMap<AccountId, Case>,
    /// Others may follow within ten seconds: one notification for all.
    gather_until: Option<Duration>,
    wanted: Option<Notice>,
    wake: Option<Duration>,
}

enum Wanted {
    AsBefore,
    Another(Option<Notice>),
}

impl Notices {
    /// Keeps the open incident of an account, or forgets it.
    pub fn note(&mut self, id: &AccountId, name: String, facts: &AccountFacts, removed: bool) {
        match &facts.incident {
            Some(incident) if !removed => {
                let case = Case {
                    name,
                    incident: incident.clone(),
                    facts: facts.clone(),
                };
                self.open.insert(id.clone(), case);
            }
            _ => self.forget(id),
        }
    }

    pub fn forget(&mut self, id: &AccountId) {
        self.open.remove(id);
    }

    pub fn shown(&self) -> Option<Notice> {
        self.wanted.clone()
    }

    pub fn next_wake(&self) -> Option<Duration> {
        [self.gather_until, self.wake].into_iter().flatten().min()
    }

    /// What is wanted by now. It is looked at every half a minute, and hardly ever another one:
    /// nothing is copied before that is known.
    fn want(&self, of: Vec<&AccountId>, shown: bool) -> Wanted {
        let mut cases: Vec<(&AccountId, &Case)> = of
            .into_iter()
            .filter_map(|id| self.open.get_key_value(id))
            .collect();
        cases.sort_by(|(_, a), (_, b)| a.name.cmp(&b.name));
        let as_before = match &self.wanted {
            None => cases.is_empty(),
            Some(notice) => {
                let was = notice.of.iter().map(|(id, name, what)| (id, name, what));
                let is = cases.iter().map(|(id, c)| (*id, &c.name, &c.incident));
                notice.shown == shown && !cases.is_empty() && was.eq(is)
            }
        };
        if as_before {
            return Wanted::AsBefore;
        }
        if cases.is_empty() {
            return Wanted::Another(None);
        }
        let mut hash = DefaultHasher::new();
        for (_, case) in &cases {
            (&case.incident.id, case.incident.later_at.is_some()).hash(&mut hash);
        }
        let of = |(id, case): (&AccountId, &Case)| {
            (id.clone(), case.name.clone(), case.incident.clone())
        };
        Wanted::Another(Some(Notice {
            id: format!("{:016x}", hash.finish()),
            of: cases.into_iter().map(of).collect(),
            shown,
        }))
    }
}

impl Task {
    /// Works out which notification is wanted now.
    pub(super) fn look_at_notices(&mut self, now: Now) {
        if let Wanted::Another(wanted) = self.wanted_now(now) {
            self.notices.wanted = wanted;
            self.publish_overall();
            let _ = self.changes.send(Change::Overall);
        }
    }

    fn wanted_now(&mut self, now: Now) -> Wanted {
        if !self.preferences.notify {
            self.notices.gather_until = None;
            self.notices.wake = None;
            return self.notices.want(Vec::new(), true);
        }
        let ahead = self.preferences.notify_ahead;
        let (mut due, mut told, mut next) = (Vec::new(), Vec::new(), None::<Duration>);
        for (id, case) in &self.notices.open {
            match telling(&case.incident, &case.facts, ahead, now.wall) {
                Telling::Due { .. } => due.push(id),
                Telling::Told => told.push(id),
                Telling::At(at) => {
                    let at = now.boot_of(at);
                    next = Some(next.map_or(at, |n| n.min(at)));
                }
                Telling::NotNow => {}
            }
        }
        self.notices.wake = next;
        // Only while signing in could help.
        let may_tell = self.machine.present
            && !self.machine.sleeping
            && self.machine.online
            && self.machine.connectivity != Connectivity::Portal
            && self.vault_cause.is_none();
        if due.is_empty() || !may_tell {
            self.notices.gather_until = None;
            return self.notices.want(told, true);
        }
        let gathered = *self
            .notices
            .gather_until
            .get_or_insert(now.boot + policy::NOTICE_GATHER);
        if self.busy.is_empty() && !self.others_follow(now, gathered) || gathered <= now.boot {
            self.notices.gather_until = None;
            due.extend(told);
            self.notices.want(due, false)
        } else {
            let shown = self.notices.wanted.as_ref().is_none_or(|n| n.shown);
            if shown {
                self.notices.want(told, true)
            } else {
                Wanted::AsBefore
            }
        }
    }

    /// Whether another account may need the person before `until`: a refusal of it is about to be
    /// confirmed, or it is about to ask. At a start others may have been told already.
    fn others_follow(&self, now: Now, until: Duration) -> bool {
        self.lives.iter().any(|(id, owned)| {
            let asks = || owned.life.asks_next(now).is_some_and(|at| at <= until);
            owned.life.is_loading() || !self.notices.open.contains_key(id) && asks()
        })
    }

    pub(super) fn on_notice_shown(&mut self, id: &str) {
        let Some(notice) = self.notices.wanted.clone().filter(|n| n.id == id) else {
            return;
        };
        for (account, _, _) in notice.of {
            let due = self.notices.open.get(&account).is_some_and(|case| {
                let now = self.ports.clock.now();
                matches!(
                    telling(
                        &case.incident,
                        &case.facts,
                        self.preferences.notify_ahead,
                        now.wall
                    ),
                    Telling::Due { .. }
                )
            });
            if due {
                self.step(&account, Input::Noticed);
            }
        }
    }
}
