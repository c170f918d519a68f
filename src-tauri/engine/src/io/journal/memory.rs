//! A journal in memory, which ends with the process.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::{Journal, JournalError};
use crate::{
    domain::{
        account::AccountId,
        journal_entry::{JournalEntry, Removal},
    },
    io::{Pending, vault::SealKey},
};

/// For demo and tests. Needs no key.
#[derive(Clone, Debug, Default)]
pub struct MemoryJournal {
    entries: Arc<Mutex<HashMap<AccountId, JournalEntry>>>,
    removed: Arc<Mutex<HashMap<AccountId, Removal>>>,
    failure: Arc<Mutex<Option<JournalError>>>,
}

impl MemoryJournal {
    pub fn new() -> Self {
        Self::default()
    }

    /// From now on every call fails like this; `None` ends it.
    pub fn fail_with(&self, error: Option<JournalError>) {
        *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = error;
    }

    fn notes(&self) -> MutexGuard<'_, HashMap<AccountId, Removal>> {
        self.removed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answer<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut HashMap<AccountId, JournalEntry>) -> T,
    ) -> Pending<'static, Result<T, JournalError>> {
        let failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = match &*failure {
            Some(error) => Err(error.clone()),
            None => Ok(work(
                &mut self.entries.lock().unwrap_or_else(PoisonError::into_inner),
            )),
        };
        Box::pin(std::future::ready(answer))
    }
}

impl Journal for MemoryJournal {
    fn open(&self, _key: SealKey) {}

    fn read(
        &self,
        account: AccountId,
    ) -> Pending<'static, Result<Option<JournalEntry>, JournalError>> {
        self.answer(|entries| entries.get(&account).cloned())
    }

    fn write(
        &self,
        account: AccountId,
        entry: JournalEntry,
    ) -> Pending<'static, Result<(), JournalError>> {
        self.answer(|entries| {
            entries.insert(account, entry);
        })
    }

    fn remove(&self, account: AccountId) -> Pending<'static, Result<(), JournalError>> {
        self.notes().remove(&account);
        self.answer(|entries| {
            entries.remove(&account);
        })
    }

    fn mark_removed(
        &self,
        account: AccountId,
        removal: Option<Removal>,
    ) -> Pending<'static, Result<(), JournalError>> {
        match removal {
            Some(removal) => self.notes().insert(account, removal),
            None => self.notes().remove(&account),
        };
        Box::pin(std::future::ready(Ok(())))
    }

    fn removed(&self) -> Pending<'static, Result<Vec<(AccountId, Removal)>, JournalError>> {
        let notes = self.notes();
        let removed = notes.iter().map(|(id, note)| (id.clone(), *note)).collect();
        Box::pin(std::future::ready(Ok(removed)))
    }
}
