//! The freedesktop Secret Service (GNOME Keyring, KWallet, `KeePassXC`) through its keyring store.
//!
//! Every call looks first, over a D-Bus connection of its own, whether the item or the collection
//! is locked: the store itself would show the system's prompt and wait for it. The surprising
//! thing: the store makes items by service and user name alone, so a new one is made under a
//! staging name and gets its real attributes, the vault's id among them, in one step afterwards.

use std::{collections::HashMap, sync::Arc};

use keyring_core::{Entry, Error, api::CredentialStoreApi as _};
use zbus_secret_service_keyring_store::Store;

use super::{
    Found, ItemName, Keychain, KeychainError, OnChange, Platform, SERVICE,
    secret_service_state::{ItemState, ServiceState, unlock, watch},
};
use crate::domain::secret::Secret;

pub(super) struct SecretServicePlatform;

impl Platform for SecretServicePlatform {
    fn open(&self) -> Result<Box<dyn Keychain>, KeychainError> {
        Ok(Box::new(SecretServiceSession {
            state: ServiceState::connect()?,
            store: Store::new().map_err(|error| decode(&error))?,
        }))
    }

    fn unlock(&self, vault: &str) -> Result<(), KeychainError> {
        unlock(vault)
    }

    fn watch(&self, on_change: OnChange) {
        watch(on_change);
    }
}

struct SecretServiceSession {
    state: ServiceState,
    store: Arc<Store>,
}

impl SecretServiceSession {
    /// The item if there is one; an error if it, or the place where it would be, is locked.
    fn find(&self, item: &ItemName) -> Result<Option<Entry>, KeychainError> {
        let wanted = HashMap::from([
            ("service", SERVICE),
            ("username", item.username.as_str()),
            ("vault", item.vault.as_str()),
        ]);
        match self.state.look(&wanted)? {
            ItemState::Locked => return Err(KeychainError::Locked),
            ItemState::Missing => return Ok(None),
            ItemState::Readable => {}
        }
        let mut entries = self.store.search(&wanted).map_err(|error| decode(&error))?;
        if entries.len() > 1 {
            return Err(KeychainError::Failed(format!(
                "{} items have the same name; remove all but the newest",
                entries.len()
            )));
        }
        Ok(entries.pop())
    }

    fn create(&self, item: &ItemName, text: &Secret) -> Result<(), KeychainError> {
        // The same staging name each time: what a crash left there is used up by the next try.
        let staging = format!("{}:{}:new", item.username, item.vault);
        let label = format!("Tokentray ({})", item.username);
        let modifiers = HashMap::from([("label", label.as_str())]);
        let entry = self
            .store
            .build(SERVICE, &staging, Some(&modifiers))
            .map_err(|error| decode(&error))?;
        entry
            .set_secret(text.expose().as_bytes())
            .and_then(|()| entry.get_credential())
            .and_then(|created| {
                created.update_attributes(&HashMap::from([
                    ("username", item.username.as_str()),
                    ("vault", item.vault.as_str()),
                ]))
            })
            .map_err(|error| decode(&error))
    }
}

impl Keychain for SecretServiceSession {
    fn get(&mut self, item: &ItemName) -> Result<Found, KeychainError> {
        let Some(entry) = self.find(item)? else {
            return Ok(Found::Missing);
        };
        match entry.get_secret() {
            Ok(bytes) => Ok(found(bytes)),
            Err(Error::NoEntry) => Ok(Found::Missing),
            Err(error) => Err(decode(&error)),
        }
    }

    fn set(&mut self, item: &ItemName, text: &Secret) -> Result<(), KeychainError> {
        match self.find(item)? {
            Some(entry) => entry
                .set_secret(text.expose().as_bytes())
                .map_err(|error| decode(&error)),
            None => self.create(item, text),
        }
    }

    fn delete(&mut self, item: &ItemName) -> Result<(), KeychainError> {
        match self.find(item)?.map(|entry| entry.delete_credential()) {
            None | Some(Ok(()) | Err(Error::NoEntry)) => Ok(()),
            Some(Err(error)) => Err(decode(&error)),
        }
    }

    fn rename(&mut self, item: &ItemName, username: &str) -> Result<(), KeychainError> {
        match self.find(item)? {
            Some(entry) => entry
                .update_attributes(&HashMap::from([("username", username)]))
                .map_err(|error| decode(&error)),
            None => Ok(()),
        }
    }
}

fn found(bytes: Vec<u8>) -> Found {
    match String::from_utf8(bytes) {
        Ok(text) => Found::Text(Secret::new(text)),
        Err(error) => {
            drop(zeroize::Zeroizing::new(error.into_bytes()));
            Found::NotText
        }
    }
}

/// Sorts the store's errors. Texts of the bus are dropped; its error names say enough.
fn decode(error: &Error) -> KeychainError {
    match error {
        Error::NoStorageAccess(_) => KeychainError::Locked,
        Error::TooLong(..) => KeychainError::TooLong,
        Error::PlatformFailure(inner) => {
            let mut source: Option<&(dyn std::error::Error + 'static)> = Some(inner.as_ref());
            while let Some(error) = source {
                if let Some(error) = error.downcast_ref::<zbus::Error>() {
                    return decode_bus(error);
                }
                if let Some(error) = error.downcast_ref::<zbus::fdo::Error>() {
                    return decode_fdo(error);
                }
                source = error.source();
            }
            // The store's own words for what has no error of the bus beneath it.
            let text = inner.to_string();
            if text.contains("object locked") || text.contains("prompt dismissed") {
                KeychainError::Locked
            } else if text.contains("no secret service provider") {
                KeychainError::Lost("no Secret Service answers on the session bus".into())
            } else {
                KeychainError::Failed(
                    "the Secret Service gave an answer that makes no sense".into(),
                )
            }
        }
        Error::BadEncoding(_) | Error::BadDataFormat(..) => {
            KeychainError::Failed("the item's content is malformed".into())
        }
        _ => KeychainError::Failed("the Secret Service refused the call".into()),
    }
}

/// Sorts an error of the bus by its name.
pub(super) fn decode_bus(error: &zbus::Error) -> KeychainError {
    match error {
        zbus::Error::MethodError(name, ..) => decode_name(name.as_str()),
        zbus::Error::FDO(error) => decode_fdo(error),
        zbus::Error::InputOutput(error) => KeychainError::Lost(error.kind().to_string()),
        zbus::Error::Address(_) | zbus::Error::Handshake(_) => {
            KeychainError::Lost("there is no session bus".into())
        }
        _ => KeychainError::Failed("the session bus gave an answer that makes no sense".into()),
    }
}

fn decode_fdo(error: &zbus::fdo::Error) -> KeychainError {
    match error {
        zbus::fdo::Error::ZBus(error) => decode_bus(error),
        other => decode_name(zbus::DBusError::name(other).as_str()),
    }
}

/// The names that mean: this session is over, a new one may do (the service was restarted, the bus
/// cut the connection, nobody owns the name). `UnknownObject` is what stale paths become.
const LOST: [&str; 9] = [
    "NoSession",
    "NoSuchObject",
    "ServiceUnknown",
    "NameHasNoOwner",
    "NoReply",
    "Disconnected",
    "UnknownObject",
    "UnknownMethod",
    "TimedOut",
];

fn decode_name(name: &str) -> KeychainError {
    let last = name.rsplit('.').next().unwrap_or_default();
    if last == "IsLocked" {
        KeychainError::Locked
    } else if last == "AccessDenied" {
        KeychainError::Denied
    } else if LOST.contains(&last) {
        KeychainError::Lost(name.to_owned())
    } else {
        KeychainError::Failed(name.to_owned())
    }
}
