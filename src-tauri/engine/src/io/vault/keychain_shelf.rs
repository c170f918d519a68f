//! Items of the OS keychain as a shelf (kind `os`), and the key that lives there (also `sealed`).

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use crate::{
    domain::secret::Secret,
    io::{
        Pending,
        keychain::{
            ItemName, Keychain, KeychainError, Refusal,
            session::{self, KEY, SENTINEL},
            thread::KeychainThread,
        },
    },
};

use super::{
    SealKey, VaultError,
    entry::{Judgement, Late, Shelf, Slot, Wanted},
    key_home::KeyHome,
    place::STARTS,
};

pub(super) struct KeychainShelf {
    vault_id: String,
    thread: Arc<KeychainThread>,
    late: LateReads,
}

/// What was read for a caller that had given up, by user name: it answers the next one, so that a
/// keychain which asks a person at every access is asked once.
type LateReads = Arc<Mutex<HashMap<String, LateRead>>>;

struct LateRead {
    at: Instant,
    found: Option<Secret>,
}

/// A late answer serves so long; the caller comes back at once, told by the change.
const LATE_LIMIT: Duration = Duration::from_mins(1);

impl KeychainShelf {
    pub(super) fn new(vault_id: String, thread: Arc<KeychainThread>) -> Self {
        Self {
            vault_id,
            thread,
            late: LateReads::default(),
        }
    }

    /// What came late for this item and is still fresh; each serves once.
    fn take_late(&self, username: &str) -> Option<LateRead> {
        let mut late = self.late.lock().unwrap_or_else(PoisonError::into_inner);
        late.retain(|_, read| read.at.elapsed() < LATE_LIMIT);
        late.remove(username)
    }

    fn item(&self, slot: &Slot) -> ItemName {
        let username = match slot {
            Slot::Grant(account) => account.0.clone(),
            Slot::ClientSecret(account) => format!("{account}:client-secret"),
        };
        ItemName {
            vault: self.vault_id.clone(),
            username,
        }
    }
}

impl Shelf for KeychainShelf {
    fn read(&self, slot: Slot) -> Pending<'static, Result<Option<Secret>, VaultError>> {
        let item = self.item(&slot);
        let username = item.username.clone();
        if let Some(late) = self.take_late(&username) {
            return Box::pin(std::future::ready(Ok(late.found)));
        }
        let (late, named) = (Arc::clone(&self.late), username.clone());
        let answer = self.thread.read(
            &username,
            move |keychain| {
                let checked = slot.check(session::look(keychain, &item)?);
                if checked == Err(Refusal::Corrupt) {
                    set_aside(keychain, &item)?;
                }
                Ok(checked?)
            },
            move |found| {
                let mut late = late.lock().unwrap_or_else(PoisonError::into_inner);
                let at = Instant::now();
                late.insert(named, LateRead { at, found });
            },
        );
        Box::pin(async move { answer.await.map_err(VaultError::from) })
    }

    fn write(
        &self,
        slot: Slot,
        wanted: Option<Wanted>,
        tell: Late,
    ) -> Pending<'static, Result<(), VaultError>> {
        let item = self.item(&slot);
        let username = item.username.clone();
        let (late, named) = (Arc::clone(&self.late), username.clone());
        let generation = wanted.as_ref().map(|wanted| wanted.generation);
        let answer = self.thread.write(
            &username,
            generation,
            move |keychain| {
                // What was read before a change says nothing after it.
                late.lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .remove(&named);
                match slot.judge(&session::look(keychain, &item)?, wanted.as_ref()) {
                    Judgement::Keep => return Ok(()),
                    Judgement::Refuse(refusal) => return Err(refusal.into()),
                    Judgement::SetAsideAndReplace => set_aside(keychain, &item)?,
                    Judgement::Replace => {}
                }
                match &wanted {
                    Some(wanted) => session::put(keychain, &item, &wanted.text),
                    None => keychain.delete(&item),
                }
            },
            |answer| tell(answer.map_err(VaultError::from)),
        );
        Box::pin(async move { answer.await.map_err(VaultError::from) })
    }
}

fn set_aside(keychain: &mut dyn Keychain, item: &ItemName) -> Result<(), KeychainError> {
    let aside = session::aside(&item.username);
    keychain.rename(item, &aside)?;
    tracing::warn!(username = %aside, "a keychain item could not be read and was set aside");
    Ok(())
}

/// The vault's key as an item, read once.
pub(super) struct KeychainKey {
    vault_id: String,
    thread: Arc<KeychainThread>,
    read: Arc<Mutex<Option<SealKey>>>,
}

impl KeychainKey {
    pub(super) fn new(vault_id: String, thread: Arc<KeychainThread>) -> Self {
        Self {
            vault_id,
            thread,
            read: Arc::default(),
        }
    }
}

impl KeyHome for KeychainKey {
    fn key(&self) -> Pending<'static, Result<SealKey, VaultError>> {
        let read = Arc::clone(&self.read);
        if let Some(key) = &*read.lock().unwrap_or_else(PoisonError::into_inner) {
            return Box::pin(std::future::ready(Ok(key.clone())));
        }
        let item = ItemName {
            vault: self.vault_id.clone(),
            username: KEY.into(),
        };
        // Kept by the keychain's own thread, so that it counts although its caller gave up.
        let answer = self.thread.read(
            KEY,
            move |keychain| {
                let key = session::key(keychain, &item)?;
                *read.lock().unwrap_or_else(PoisonError::into_inner) = Some(key.clone());
                Ok(key)
            },
            drop,
        );
        Box::pin(async move { answer.await.map_err(VaultError::from) })
    }

    fn unlock(&self, _passphrase: Option<Secret>) -> Pending<'static, Result<(), VaultError>> {
        let answer = self.thread.unlock();
        Box::pin(async move { answer.await.map_err(VaultError::from) })
    }
}

/// Removes key and sentinel, when nothing of the vault is left in the keychain.
pub(super) async fn leave(vault_id: &str, thread: &KeychainThread) -> Result<(), VaultError> {
    let items = [STARTS, KEY, SENTINEL].map(|username| ItemName {
        vault: vault_id.to_owned(),
        username: username.into(),
    });
    thread
        .write(
            KEY,
            None,
            move |keychain| items.iter().try_for_each(|item| keychain.delete(item)),
            |_| {},
        )
        .await
        .map_err(VaultError::from)
}

impl From<KeychainError> for VaultError {
    fn from(error: KeychainError) -> Self {
        match error {
            KeychainError::Locked => Self::Locked,
            KeychainError::Denied => Self::Denied,
            KeychainError::Lost(text) | KeychainError::Failed(text) => Self::Unavailable(text),
            KeychainError::TooLong => Self::Full(
                "the grant is too long for this keychain; `tokentray vault move sealed` helps"
                    .into(),
            ),
            KeychainError::Unanswered => Self::Unanswered,
            KeychainError::Refused(refusal) => refusal.into(),
        }
    }
}

impl From<Refusal> for VaultError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Newer(format) => Self::Newer(format),
            Refusal::Older(generation) => Self::Older(generation),
            Refusal::Corrupt => Self::Corrupt,
        }
    }
}
