//! The macOS keychain. Built from the crates' documentation; it has been run by nobody yet.
//!
//! Items there have no attributes of our own, so the vault's id stands in the account:
//! `USERNAME@VAULT`. The surprising thing: whether a prompt may appear is a switch of the whole
//! process; it is off except while a person's click unlocks.

use std::sync::{Arc, Mutex, PoisonError};

use apple_native_keyring_store::keychain::Store;
use keyring_core::{Entry, Error, api::CredentialStoreApi as _};
use security_framework::os::macos::keychain::{KeychainUserInteractionLock, SecKeychain};

use super::{Found, ItemName, Keychain, KeychainError, OnChange, Platform, SERVICE, session};
use crate::domain::secret::Secret;

/// Held while no prompt may appear.
static QUIET: Mutex<Option<Quiet>> = Mutex::new(None);

struct Quiet(#[expect(dead_code, reason = "held for its drop")] KeychainUserInteractionLock);

pub(super) struct ApplePlatform;

impl Platform for ApplePlatform {
    fn open(&self) -> Result<Box<dyn Keychain>, KeychainError> {
        be_quiet();
        let store = Store::new().map_err(|error| decode(&error))?;
        Ok(Box::new(AppleSession { store }))
    }

    fn unlock(&self, vault: &str) -> Result<(), KeychainError> {
        *QUIET.lock().unwrap_or_else(PoisonError::into_inner) = None;
        let answer = Store::new()
            .map_err(|error| decode(&error))
            .and_then(|store| {
                AppleSession { store }.get(&ItemName {
                    vault: vault.into(),
                    username: session::SENTINEL.into(),
                })
            });
        be_quiet();
        answer.map(|_| ())
    }

    /// The system tells nothing that can be waited for here; the next call finds out.
    fn watch(&self, _on_change: OnChange) {}
}

fn be_quiet() {
    let mut quiet = QUIET.lock().unwrap_or_else(PoisonError::into_inner);
    if quiet.is_none() {
        *quiet = SecKeychain::disable_user_interaction().ok().map(Quiet);
    }
}

struct AppleSession {
    store: Arc<Store>,
}

impl AppleSession {
    fn entry(&self, item: &ItemName) -> Result<Entry, KeychainError> {
        let account = format!("{}@{}", item.username, item.vault);
        self.store
            .build(SERVICE, &account, None)
            .map_err(|error| decode(&error))
    }
}

impl Keychain for AppleSession {
    fn get(&mut self, item: &ItemName) -> Result<Found, KeychainError> {
        match self.entry(item)?.get_password() {
            Ok(text) => Ok(Found::Text(Secret::new(text))),
            Err(Error::NoEntry) => Ok(Found::Missing),
            Err(Error::BadEncoding(bytes)) => {
                drop(zeroize::Zeroizing::new(bytes));
                Ok(Found::NotText)
            }
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

/// Sorts by the codes of `SecBase.h`.
fn decode(error: &Error) -> KeychainError {
    let (Error::PlatformFailure(inner) | Error::NoStorageAccess(inner)) = error else {
        return match error {
            Error::TooLong(..) => KeychainError::TooLong,
            _ => KeychainError::Failed("the keychain refused the call".into()),
        };
    };
    let code = inner
        .downcast_ref::<security_framework::base::Error>()
        .map_or(0, |error| error.code());
    match code {
        // errSecInteractionNotAllowed, errSecInteractionRequired: a prompt would be needed.
        -25308 | -25315 => KeychainError::Locked,
        // errSecUserCanceled, errSecAuthFailed
        -128 | -25293 => KeychainError::Denied,
        // errSecNotAvailable, errSecNoSuchKeychain
        -25291 | -25294 => KeychainError::Lost(format!("OSStatus {code}")),
        _ => KeychainError::Failed(format!("OSStatus {code}")),
    }
}
