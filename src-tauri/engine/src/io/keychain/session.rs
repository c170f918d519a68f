//! How a session recognises that this is the keychain which the vault has always used.
//!
//! Each vault has a sentinel item. Where the sentinel is missing, "missing" proves nothing about
//! any other item: it may be another keychain, an emptied one or one that is not loaded yet. Then
//! nothing is believed, nothing written, and above all no new key made.

use std::sync::{Mutex, PoisonError};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde::Deserialize;
use zeroize::{Zeroize as _, Zeroizing};

use super::{Found, ItemName, Keychain, KeychainError, Refusal};
use crate::{domain::secret::Secret, io::vault::SealKey};

/// User name of the item that proves the keychain.
pub const SENTINEL: &str = "sentinel";
/// User name of the item that holds the vault's root key.
pub const KEY: &str = "key";
/// The format of both items' JSON.
const ITEM_FORMAT: u32 = 1;

/// What a session says of a keychain that is not the vault's, or not any more.
pub const NO_SENTINEL: &str =
    "this is not the keychain that the vault used: its sentinel item is missing";

/// Whose keychain it should be.
pub struct Home {
    /// The vault's id.
    pub vault: String,
    first_time: Mutex<Option<FirstTime>>,
}

/// What is still to do at a vault's very first session.
struct FirstTime {
    /// The key to store; none: a new one is made.
    key: Option<SealKey>,
    /// Notes on disk that from now on the sentinel must be there.
    note: Box<dyn Fn() -> Result<(), String> + Send>,
}

impl Home {
    /// A vault that was used before: its sentinel must be there.
    pub const fn known(vault: String) -> Self {
        Self {
            vault,
            first_time: Mutex::new(None),
        }
    }

    /// A vault that is new to this keychain: key and sentinel are stored, then `note` is called.
    pub fn new(
        vault: String,
        key: Option<SealKey>,
        note: impl Fn() -> Result<(), String> + Send + 'static,
    ) -> Self {
        Self {
            vault,
            first_time: Mutex::new(Some(FirstTime {
                key,
                note: Box::new(note),
            })),
        }
    }

    pub fn item(&self, username: &str) -> ItemName {
        ItemName {
            vault: self.vault.clone(),
            username: username.into(),
        }
    }

    /// Succeeds if the session's keychain is this vault's; at the first time, makes it so.
    pub fn recognise(&self, keychain: &mut dyn Keychain) -> Result<(), KeychainError> {
        let mut first_time = self
            .first_time
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        match (keychain.get(&self.item(SENTINEL))?, &*first_time) {
            (Found::Text(text), first) => {
                self.check_sentinel(&text)?;
                if let Some(first) = first {
                    // The last start ended between the sentinel and the note.
                    self.establish(keychain, first, false)?;
                }
            }
            (Found::NotText, _) => return Err(failed("the vault's sentinel item is not ours")),
            (Found::Missing, None) => {
                return Err(no_sentinel());
            }
            (Found::Missing, Some(first)) => self.establish(keychain, first, true)?,
        }
        *first_time = None;
        Ok(())
    }

    fn check_sentinel(&self, text: &Secret) -> Result<(), KeychainError> {
        #[derive(Deserialize)]
        struct Sentinel {
            format: u32,
            vault: String,
        }
        let sentinel: Sentinel = serde_json::from_str(text.expose())
            .map_err(|_| failed("the vault's sentinel item is not ours"))?;
        if sentinel.format > ITEM_FORMAT {
            return Err(Refusal::Newer(sentinel.format).into());
        }
        if sentinel.vault != self.vault {
            return Err(failed("the vault's sentinel item names another vault"));
        }
        Ok(())
    }

    /// Key first, sentinel second, note last: whoever finds the later finds the earlier.
    fn establish(
        &self,
        keychain: &mut dyn Keychain,
        first: &FirstTime,
        with_sentinel: bool,
    ) -> Result<(), KeychainError> {
        let item = self.item(KEY);
        let stored = match keychain.get(&item)? {
            Found::Text(text) => Some(read_key(&text)?),
            Found::NotText => return Err(failed("the vault's key item is not ours")),
            Found::Missing => None,
        };
        match (stored, &first.key) {
            (Some(stored), Some(given)) if stored != *given => {
                keychain.rename(&item, &aside(KEY))?;
                put(keychain, &item, &write_key(given))?;
            }
            (Some(_), _) => {}
            (None, Some(given)) => put(keychain, &item, &write_key(given))?,
            (None, None) => put(keychain, &item, &write_key(&SealKey(rand::random())))?,
        }
        if with_sentinel {
            let text = format!(r#"{{"format":{ITEM_FORMAT},"vault":"{}"}}"#, self.vault);
            put(keychain, &self.item(SENTINEL), &Secret::new(text))?;
        }
        (first.note)().map_err(KeychainError::Failed)
    }
}

/// Looks at an item. Missing is answered only if the sentinel is there at this moment: a keyring
/// can be deleted while its session goes on.
pub fn look(keychain: &mut dyn Keychain, item: &ItemName) -> Result<Found, KeychainError> {
    let found = keychain.get(item)?;
    if found == Found::Missing {
        let sentinel = ItemName {
            vault: item.vault.clone(),
            username: SENTINEL.into(),
        };
        if keychain.get(&sentinel)? == Found::Missing {
            return Err(no_sentinel());
        }
    }
    Ok(found)
}

/// A free name to set an item aside under.
pub fn aside(username: &str) -> String {
    format!("{username}:aside-{:08x}", rand::random::<u32>())
}

/// Stores a text and confirms it by reading back.
pub fn put(
    keychain: &mut dyn Keychain,
    item: &ItemName,
    text: &Secret,
) -> Result<(), KeychainError> {
    keychain.set(item, text)?;
    match keychain.get(item)? {
        Found::Text(kept) if kept == *text => Ok(()),
        _ => Err(failed("the keychain did not keep what was written")),
    }
}

/// Reads the vault's key. A missing one is never made anew: what it sealed would be lost.
pub fn key(keychain: &mut dyn Keychain, item: &ItemName) -> Result<SealKey, KeychainError> {
    match keychain.get(item)? {
        Found::Text(text) => read_key(&text),
        Found::NotText => Err(failed("the vault's key item is not ours")),
        Found::Missing => Err(failed("the vault's key item is missing")),
    }
}

fn write_key(key: &SealKey) -> Secret {
    let mut text = Zeroizing::new([0_u8; 44]);
    // 32 bytes are 44 characters in base64 (RFC 4648 §4).
    drop(BASE64_STANDARD.encode_slice(key.0, text.as_mut()));
    let text = std::str::from_utf8(text.as_ref()).unwrap_or_default();
    Secret::new(format!(r#"{{"format":{ITEM_FORMAT},"key":"{text}"}}"#))
}

fn read_key(text: &Secret) -> Result<SealKey, KeychainError> {
    #[derive(Deserialize)]
    struct Key<'a> {
        format: u32,
        key: &'a str,
    }
    let not_ours = || failed("the vault's key item cannot be read");
    let stored: Key<'_> = serde_json::from_str(text.expose()).map_err(|_| not_ours())?;
    if stored.format > ITEM_FORMAT {
        return Err(Refusal::Newer(stored.format).into());
    }
    let mut bytes = BASE64_STANDARD.decode(stored.key).map_err(|_| not_ours())?;
    let key = <[u8; 32]>::try_from(bytes.as_slice()).map_err(|_| not_ours());
    bytes.zeroize();
    key.map(SealKey)
}

/// As a lost session: the next call looks for the sentinel anew.
fn no_sentinel() -> KeychainError {
    KeychainError::Lost(NO_SENTINEL.into())
}

fn failed(text: &str) -> KeychainError {
    KeychainError::Failed(text.into())
}
