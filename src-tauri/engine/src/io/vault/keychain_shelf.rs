//! Items of the OS keychain as a shelf (kind `os`), and the key that lives there (also `sealed`).

use std::sync::{Arc, Mutex, PoisonError};

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
    pub vault_id: String,
    pub thread: Arc<KeychainThread>,
}

impl KeychainShelf {
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
        let answer = self.thread.read(&username, move |keychain| {
            let checked = slot.check(session::look(keychain, &item)?);
            if checked == Err(Refusal::Corrupt) {
                set_aside(keychain, &item)?;
            }
            Ok(checked?)
        });
        Box::pin(async move { answer.await.map_err(VaultError::from) })
    }

    fn write(
        &self,
        slot: Slot,
        wanted: Option<Wanted>,
        late: Late,
    ) -> Pending<'static, Result<(), VaultError>> {
        let item = self.item(&slot);
        let username = item.username.clone();
        let generation = wanted.as_ref().map(|wanted| wanted.generation);
        let answer = self.thread.write(
            &username,
            generation,
            move |keychain| {
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
            |answer| late(answer.map_err(VaultError::from)),
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
        let answer = self
            .thread
            .read(KEY, move |keychain| session::key(keychain, &item));
        Box::pin(async move {
            let key = answer.await.map_err(VaultError::from)?;
            *read.lock().unwrap_or_else(PoisonError::into_inner) = Some(key.clone());
            Ok(key)
        })
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
