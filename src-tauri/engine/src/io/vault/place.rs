//! Where a vault is: on which machine, and whether its state folder is the one it last was.
//!
//! For sealed files the keychain counts the starts as well as the `vault` file does: a state folder
//! that knows of fewer starts than the keychain is an older one. Where the grants themselves are in
//! the keychain, their generations tell that better. The surprising thing: nothing here refuses
//! anything. It only says where this is, and each account's journal says where it was written.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use super::{SealKey, VaultError, identity::Identity};
use crate::{
    domain::{journal_entry::Place, secret::Secret},
    io::{
        Pending,
        keychain::{Found, ItemName, session, thread::KeychainThread},
    },
};

/// User name of the item that counts starts.
pub(super) const STARTS: &str = "starts";
const FORMAT: u32 = 1;

/// Finds the place once per process.
#[derive(Clone)]
pub(super) struct PlaceFinder {
    state_dir: PathBuf,
    machine: Option<String>,
    /// Where the keychain counts starts.
    counter: Option<(ItemName, Arc<KeychainThread>)>,
    found: Arc<Mutex<Option<Place>>>,
    /// What the keychain counted, kept by its own thread: it counts although its caller gave up,
    /// or a keychain that asks a person would ask again and again.
    kept: Arc<Mutex<Option<u64>>>,
}

#[derive(Serialize, Deserialize)]
struct Starts {
    format: u32,
    starts: u64,
}

impl PlaceFinder {
    pub(super) fn new(
        state_dir: PathBuf,
        machine: Option<String>,
        counter: Option<(ItemName, Arc<KeychainThread>)>,
    ) -> Self {
        Self {
            state_dir,
            machine,
            counter,
            found: Arc::default(),
            kept: Arc::default(),
        }
    }

    pub(super) fn find(&self, key: SealKey) -> Pending<'static, Result<Option<Place>, VaultError>> {
        let finder = self.clone();
        Box::pin(async move {
            if let Some(found) = finder.known() {
                return Ok(Some(found));
            }
            let epoch = match &finder.counter {
                Some((item, thread)) => finder.count(item, thread).await?,
                None => finder.load().and_then(|identity| identity.epoch),
            };
            let machine = finder.machine.as_deref().map(|id| hashed(&key, id));
            let place = Place { machine, epoch };
            *finder.found.lock().unwrap_or_else(PoisonError::into_inner) = Some(place.clone());
            Ok(Some(place))
        })
    }

    fn known(&self) -> Option<Place> {
        let found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        found.clone()
    }

    fn load(&self) -> Option<Identity> {
        Identity::load(&self.state_dir).ok().flatten()
    }

    async fn kept_starts(
        &self,
        item: &ItemName,
        thread: &Arc<KeychainThread>,
    ) -> Result<u64, VaultError> {
        let kept = *self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(kept) = kept {
            return Ok(kept);
        }
        let (wanted, keep) = (item.clone(), Arc::clone(&self.kept));
        let read = thread.read(
            STARTS,
            move |keychain| {
                let starts = match session::look(keychain, &wanted)? {
                    Found::Text(text) => serde_json::from_str::<Starts>(text.expose()).ok(),
                    Found::Missing | Found::NotText => None,
                };
                let starts = starts.map_or(0, |starts| starts.starts);
                *keep.lock().unwrap_or_else(PoisonError::into_inner) = Some(starts);
                Ok(starts)
            },
            drop,
        );
        read.await.map_err(VaultError::from)
    }

    /// Counts this start at both places; the file first, so that a crash in between only leaves it
    /// ahead, which says nothing.
    async fn count(
        &self,
        item: &ItemName,
        thread: &Arc<KeychainThread>,
    ) -> Result<Option<String>, VaultError> {
        let kept = self.kept_starts(item, thread).await?;
        let Some(mut identity) = self.load() else {
            return Ok(None);
        };
        if kept > identity.starts {
            tracing::warn!("the state folder is older than the one that was used last");
            identity.epoch = Some(format!("{:016x}", rand::random::<u64>()));
        }
        identity.starts = identity.starts.max(kept) + 1;
        let (epoch, starts) = (identity.epoch.clone(), identity.starts);
        if let Err(error) = identity.save(&self.state_dir) {
            tracing::warn!(%error, "this start is not counted");
            return Ok(epoch);
        }
        let format = FORMAT;
        let text = serde_json::to_string(&Starts { format, starts }).unwrap_or_default();
        let (item, text) = (item.clone(), Secret::new(text));
        let written = thread.write(
            STARTS,
            Some(starts),
            move |keychain| session::put(keychain, &item, &text),
            |_| {},
        );
        if let Err(error) = written.await {
            tracing::warn!(%error, "the keychain does not count this start");
        }
        Ok(epoch)
    }
}

/// Tells machines apart and nothing else: 96 bits of HMAC-SHA-256 under the vault's root key.
fn hashed(key: &SealKey, machine: &str) -> String {
    // HMAC takes a key of any length (RFC 2104 §2).
    let Ok(mac) = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(&key.0) else {
        return String::new();
    };
    let mac = mac
        .chain_update(b"tokentray place 1 ")
        .chain_update(machine.as_bytes());
    BASE64_URL_SAFE_NO_PAD.encode(&mac.finalize().into_bytes()[..12])
}
