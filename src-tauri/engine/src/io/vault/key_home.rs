//! Where the vault's root key comes from when it is no item of the keychain: a key file, a
//! passphrase (Argon2id, RFC 9106), or nowhere at all.
//!
//! The surprising thing: the passphrase does not make the key. It seals a random one, so that a
//! wrong passphrase is recognised and a changed one costs nothing.

use std::{
    io,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use argon2::{Algorithm, Argon2, Params, Version};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize as _, Zeroizing};

use crate::{
    domain::secret::Secret,
    io::{
        Pending, private_file,
        sealed_file::{Label, SealingKey},
    },
};

use super::{SealKey, VaultError};

/// Gives the root key and unlocks what holds it.
pub(super) trait KeyHome: Send + Sync {
    fn key(&self) -> Pending<'static, Result<SealKey, VaultError>>;
    fn unlock(&self, passphrase: Option<Secret>) -> Pending<'static, Result<(), VaultError>>;
}

/// A key that is at hand.
pub(super) struct HeldKey(SealKey);

impl HeldKey {
    pub(super) const fn new(key: SealKey) -> Self {
        Self(key)
    }
}

impl KeyHome for HeldKey {
    fn key(&self) -> Pending<'static, Result<SealKey, VaultError>> {
        Box::pin(std::future::ready(Ok(self.0.clone())))
    }

    fn unlock(&self, _passphrase: Option<Secret>) -> Pending<'static, Result<(), VaultError>> {
        Box::pin(std::future::ready(Ok(())))
    }
}

/// A random root key under a passphrase, as it stands in the `vault` file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Lockbox {
    salt: String,
    memory_kib: u32,
    passes: u32,
    lanes: u32,
    /// Base64 of the sealed root key.
    sealed: String,
}

impl Lockbox {
    /// RFC 9106 §4, the second recommended choice: 64 MiB, 3 passes, 4 lanes.
    const MEMORY_KIB: u32 = 64 * 1024;
    const PASSES: u32 = 3;
    const LANES: u32 = 4;

    pub(super) fn seal(key: &SealKey, passphrase: &Secret, vault_id: &str) -> Option<Self> {
        let salt: [u8; 16] = rand::random();
        let mut lockbox = Self {
            salt: BASE64_STANDARD.encode(salt),
            memory_kib: Self::MEMORY_KIB,
            passes: Self::PASSES,
            lanes: Self::LANES,
            sealed: String::new(),
        };
        let sealed = lockbox
            .passphrase_key(passphrase)?
            .seal(label(vault_id), 0, &key.0);
        lockbox.sealed = BASE64_STANDARD.encode(sealed);
        Some(lockbox)
    }

    /// The root key; `None` for a wrong passphrase (or a damaged lockbox).
    pub(super) fn open(&self, passphrase: &Secret, vault_id: &str) -> Option<SealKey> {
        let sealed = BASE64_STANDARD.decode(&self.sealed).ok()?;
        let (_, key) = self
            .passphrase_key(passphrase)?
            .open(label(vault_id), &sealed)
            .ok()?;
        <[u8; 32]>::try_from(key.as_slice()).ok().map(SealKey)
    }

    fn passphrase_key(&self, passphrase: &Secret) -> Option<SealingKey> {
        let salt = BASE64_STANDARD.decode(&self.salt).ok()?;
        let params = Params::new(self.memory_kib, self.passes, self.lanes, Some(32)).ok()?;
        let mut key = Zeroizing::new([0_u8; 32]);
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into(passphrase.expose().as_bytes(), &salt, key.as_mut())
            .ok()?;
        Some(SealingKey::from_bytes(*key))
    }
}

const fn label(vault_id: &str) -> Label<'_> {
    Label {
        purpose: "key",
        vault: vault_id,
        account: "",
    }
}

/// A lockbox whose passphrase has still to come.
pub(super) struct LockedKey {
    vault_id: String,
    lockbox: Lockbox,
    opened: Arc<Mutex<Option<SealKey>>>,
}

impl LockedKey {
    pub(super) fn new(vault_id: String, lockbox: Lockbox) -> Self {
        Self {
            vault_id,
            lockbox,
            opened: Arc::default(),
        }
    }
}

impl KeyHome for LockedKey {
    fn key(&self) -> Pending<'static, Result<SealKey, VaultError>> {
        let opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = opened.clone().ok_or(VaultError::Locked);
        Box::pin(std::future::ready(answer))
    }

    fn unlock(&self, passphrase: Option<Secret>) -> Pending<'static, Result<(), VaultError>> {
        let (vault_id, lockbox) = (self.vault_id.clone(), self.lockbox.clone());
        let opened = Arc::clone(&self.opened);
        Box::pin(async move {
            let Some(passphrase) = passphrase else {
                let opened = opened.lock().unwrap_or_else(PoisonError::into_inner);
                return opened.as_ref().map(|_| ()).ok_or(VaultError::Locked);
            };
            // Argon2 takes some tenths of a second.
            let key =
                tokio::task::spawn_blocking(move || lockbox.open(&passphrase, &vault_id)).await;
            let key = key.ok().flatten().ok_or(VaultError::Denied)?;
            *opened.lock().unwrap_or_else(PoisonError::into_inner) = Some(key);
            Ok(())
        })
    }
}

/// Writes a key file (0600). One that exists is never overwritten.
pub(super) fn write_key_file(path: &Path, key: &SealKey) -> io::Result<()> {
    if path.try_exists()? {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    let mut text = Zeroizing::new(BASE64_STANDARD.encode(key.0));
    text.push('\n');
    private_file::replace(path, text.as_bytes())
}

/// Reads a key file; the error is a reason in words.
pub(super) fn read_key_file(path: &Path) -> Result<SealKey, String> {
    let bytes = private_file::read(path)
        .map_err(|error| error.kind().to_string())?
        .ok_or("it is missing")?;
    if !private_file::is_private(path).map_err(|error| error.kind().to_string())? {
        return Err("others may read it; `chmod 600` makes it private".into());
    }
    let mut decoded = BASE64_STANDARD
        .decode(bytes.trim_ascii())
        .map_err(|_| "it is not the base64 of 32 bytes")?;
    let key = <[u8; 32]>::try_from(decoded.as_slice());
    decoded.zeroize();
    key.map(SealKey)
        .map_err(|_| "it is not the base64 of 32 bytes".into())
}
