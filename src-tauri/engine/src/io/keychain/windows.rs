//! The Windows Credential Manager. Built from the crate's documentation; it has been run by nobody
//! yet.
//!
//! Credentials are found by target name only: `tokentray/VAULT/USERNAME`. The surprising thing: a
//! blob ends at 2,560 bytes, and many grants are longer; that is why the vault's kind is `sealed`
//! there and only key and sentinel are items.

use std::{collections::HashMap, sync::Arc};

use keyring_core::{Entry, Error, api::CredentialStoreApi as _};
use windows_native_keyring_store::Store;

use super::{Found, ItemName, Keychain, KeychainError, OnChange, Platform, SERVICE};
use crate::domain::secret::Secret;

pub(super) struct WindowsPlatform;

impl Platform for WindowsPlatform {
    fn open(&self) -> Result<Box<dyn Keychain>, KeychainError> {
        let store = Store::new().map_err(|error| decode(&error))?;
        Ok(Box::new(WindowsSession { store }))
    }

    /// It is unlocked by the login and never locked apart from it.
    fn unlock(&self, _vault: &str) -> Result<(), KeychainError> {
        Ok(())
    }

    fn watch(&self, _on_change: OnChange) {}
}

struct WindowsSession {
    store: Arc<Store>,
}

impl WindowsSession {
    fn entry(&self, item: &ItemName) -> Result<Entry, KeychainError> {
        let target = format!("{SERVICE}/{}/{}", item.vault, item.username);
        // `Local`: it must not roam to other machines, where it would be a copied grant.
        let modifiers = HashMap::from([("target", target.as_str()), ("persistence", "Local")]);
        self.store
            .build(SERVICE, &item.username, Some(&modifiers))
            .map_err(|error| decode(&error))
    }
}

impl Keychain for WindowsSession {
    fn get(&mut self, item: &ItemName) -> Result<Found, KeychainError> {
        match self.entry(item)?.get_secret() {
            Ok(bytes) => Ok(match String::from_utf8(bytes) {
                Ok(text) => Found::Text(Secret::new(text)),
                Err(error) => {
                    drop(zeroize::Zeroizing::new(error.into_bytes()));
                    Found::NotText
                }
            }),
            Err(Error::NoEntry) => Ok(Found::Missing),
            Err(error) => Err(decode(&error)),
        }
    }

    fn set(&mut self, item: &ItemName, text: &Secret) -> Result<(), KeychainError> {
        self.entry(item)?
            .set_secret(text.expose().as_bytes())
            .map_err(|error| decode(&error))
    }

    fn delete(&mut self, item: &ItemName) -> Result<(), KeychainError> {
        match self.entry(item)?.delete_credential() {
            Ok(()) | Err(Error::NoEntry) => Ok(()),
            Err(error) => Err(decode(&error)),
        }
    }

    fn rename(&mut self, item: &ItemName, username: &str) -> Result<(), KeychainError> {
        let bytes = match self.entry(item)?.get_secret() {
            Ok(bytes) => zeroize::Zeroizing::new(bytes),
            Err(Error::NoEntry) => return Ok(()),
            Err(error) => return Err(decode(&error)),
        };
        let copy = self.entry(&ItemName {
            vault: item.vault.clone(),
            username: username.into(),
        })?;
        copy.set_secret(&bytes).map_err(|error| decode(&error))?;
        let kept = copy.get_secret().map_err(|error| decode(&error))?;
        if zeroize::Zeroizing::new(kept) != bytes {
            return Err(KeychainError::Failed("the copy is not equal".into()));
        }
        self.delete(item)
    }
}

fn decode(error: &Error) -> KeychainError {
    match error {
        // ERROR_NO_SUCH_LOGON_SESSION: a session without a person, such as SSH.
        Error::NoStorageAccess(_) => KeychainError::Denied,
        Error::TooLong(..) | Error::Invalid(..) => KeychainError::TooLong,
        _ => KeychainError::Failed("the Credential Manager refused the call".into()),
    }
}
