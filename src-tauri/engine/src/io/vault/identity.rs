//! The file `vault` in the state folder: which kind of vault this home has, and its random id.
//!
//! Holds no secret beyond a key that a passphrase seals. The surprising thing: `established` says
//! that key and sentinel once stood in the keychain; from then on a keychain without them is
//! another keychain.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::{domain::account::AccountId, io::private_file};

use super::{VaultKind, VaultOpenError, key_home::Lockbox};

/// The format that this program writes and the highest that it reads.
const FORMAT: u32 = 1;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Identity {
    pub format: u32,
    pub id: String,
    #[serde(flatten)]
    pub place: Place,
    pub established: bool,
    /// How often a process began to use this state folder; see `place`.
    #[serde(default)]
    pub starts: u64,
    /// Renewed when the state folder turns out to be an older one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epoch: Option<String>,
    /// The vault's former place, until a good start with the new one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moving: Option<Moving>,
}

/// A kind, with what is needed to find its key.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Place {
    pub kind: VaultKind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lockbox: Option<Lockbox>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_file: Option<PathBuf>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Moving {
    pub from: Place,
    /// Whose grants were copied and are to be deleted there.
    pub accounts: Vec<AccountId>,
    /// They were; only key and sentinel may be left there.
    #[serde(default)]
    pub cleared: bool,
}

impl Place {
    pub(super) const fn new(kind: VaultKind) -> Self {
        Self {
            kind,
            lockbox: None,
            key_file: None,
        }
    }

    /// Whether the keychain holds the key.
    pub(super) const fn has_key_in_keychain(&self) -> bool {
        matches!(self.kind, VaultKind::Os | VaultKind::Sealed)
    }

    /// Whether sealed files hold the grants.
    pub(super) const fn has_files(&self) -> bool {
        matches!(self.kind, VaultKind::Sealed | VaultKind::File)
    }
}

impl Identity {
    /// A new vault with a random id of 32 hexadecimal digits; nothing is written yet.
    pub(super) fn new(kind: VaultKind) -> Self {
        Self {
            format: FORMAT,
            id: format!("{:032x}", rand::random::<u128>()),
            place: Place::new(kind),
            established: false,
            starts: 0,
            epoch: None,
            moving: None,
        }
    }

    pub(super) fn load(state_dir: &Path) -> Result<Option<Self>, VaultOpenError> {
        #[derive(Deserialize)]
        struct Version {
            format: u32,
        }
        let bytes = private_file::read(&path(state_dir))
            .map_err(|error| VaultOpenError::Failed(error.kind().to_string()))?;
        let Some(bytes) = bytes else {
            return Ok(None);
        };
        let version: Version =
            serde_json::from_slice(&bytes).map_err(|_| VaultOpenError::Unreadable)?;
        if version.format > FORMAT {
            return Err(VaultOpenError::Newer(version.format));
        }
        serde_json::from_slice(&bytes)
            .map(Some)
            .map_err(|_| VaultOpenError::Unreadable)
    }

    pub(super) fn save(&self, state_dir: &Path) -> Result<(), VaultOpenError> {
        let failed = |error: std::io::Error| VaultOpenError::Failed(error.kind().to_string());
        let mut text =
            serde_json::to_vec_pretty(self).map_err(|error| failed(std::io::Error::from(error)))?;
        text.push(b'\n');
        private_file::create_folder(state_dir).map_err(failed)?;
        private_file::replace(&path(state_dir), &text).map_err(failed)
    }
}

fn path(state_dir: &Path) -> PathBuf {
    state_dir.join("vault")
}
