//! Sealed files as a shelf (kinds `sealed` and `file`): `grants/ID.grant`, `ID.client-secret`.
//!
//! The surprising thing: the folder itself is the sentinel. It is made with the vault; where it is
//! missing, so may be its files, and no missing file is believed.

use std::{
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use crate::{
    domain::secret::Secret,
    io::{
        Pending,
        keychain::{Found, Refusal},
        private_file,
        sealed_file::{Label, SealError, SealingKey},
    },
};

use super::{
    VaultError,
    entry::{Judgement, Late, Shelf, Slot, Wanted},
    key_home::KeyHome,
};

pub(super) struct FileShelf {
    pub files: Arc<Files>,
    pub key: Arc<dyn KeyHome>,
}

pub(super) struct Files {
    pub folder: PathBuf,
    pub vault_id: String,
    /// One change at a time, so that what was judged is what is replaced.
    pub changing: Mutex<()>,
}

/// The folder of sealed grants in the state folder.
pub(super) fn folder(state_dir: &Path) -> PathBuf {
    state_dir.join("grants")
}

impl FileShelf {
    pub(super) fn new(state_dir: &Path, vault_id: &str, key: Arc<dyn KeyHome>) -> Self {
        let files = Arc::new(Files {
            folder: folder(state_dir),
            vault_id: vault_id.to_owned(),
            changing: Mutex::new(()),
        });
        Self { files, key }
    }

    fn beside<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Files, &SealingKey) -> Result<T, VaultError> + Send + 'static,
    ) -> Pending<'static, Result<T, VaultError>> {
        let files = Arc::clone(&self.files);
        let key = self.key.key();
        Box::pin(async move {
            let key = SealingKey::derive(&key.await?, "grants");
            tokio::task::spawn_blocking(move || work(&files, &key))
                .await
                .unwrap_or_else(|_| Err(VaultError::Unavailable("interrupted".into())))
        })
    }
}

impl Shelf for FileShelf {
    fn read(&self, slot: Slot) -> Pending<'static, Result<Option<Secret>, VaultError>> {
        self.beside(move |files, key| files.read(key, &slot))
    }

    fn write(
        &self,
        slot: Slot,
        wanted: Option<Wanted>,
        _late: Late,
    ) -> Pending<'static, Result<(), VaultError>> {
        self.beside(move |files, key| files.write(key, &slot, wanted.as_ref()))
    }
}

impl Files {
    fn path(&self, slot: &Slot) -> PathBuf {
        self.folder
            .join(format!("{}.{}", slot.account(), slot.purpose()))
    }

    fn label<'a>(&'a self, slot: &'a Slot) -> Label<'a> {
        Label {
            purpose: slot.purpose(),
            vault: &self.vault_id,
            account: &slot.account().0,
        }
    }

    fn find(&self, key: &SealingKey, slot: &Slot) -> Result<Found, VaultError> {
        let bytes = private_file::read(&self.path(slot)).map_err(|error| failure(&error))?;
        let Some(bytes) = bytes else {
            return if self.folder.is_dir() {
                Ok(Found::Missing)
            } else {
                Err(VaultError::Unavailable(
                    "the folder of sealed grants is missing".into(),
                ))
            };
        };
        match key.open(self.label(slot), &bytes) {
            Ok((_, text)) => Ok(std::str::from_utf8(&text)
                .map_or(Found::NotText, |text| Found::Text(Secret::new(text)))),
            Err(SealError::Newer(format)) => Err(VaultError::Newer(format)),
            Err(SealError::Corrupt) => Ok(Found::NotText),
        }
    }

    fn read(&self, key: &SealingKey, slot: &Slot) -> Result<Option<Secret>, VaultError> {
        let _changing = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let checked = slot.check(self.find(key, slot)?);
        if checked == Err(Refusal::Corrupt) {
            self.set_aside(slot)?;
        }
        Ok(checked?)
    }

    fn write(
        &self,
        key: &SealingKey,
        slot: &Slot,
        wanted: Option<&Wanted>,
    ) -> Result<(), VaultError> {
        let _changing = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        match slot.judge(&self.find(key, slot)?, wanted) {
            Judgement::Keep => return Ok(()),
            Judgement::Refuse(refusal) => return Err(refusal.into()),
            Judgement::SetAsideAndReplace => self.set_aside(slot)?,
            Judgement::Replace => {}
        }
        let path = self.path(slot);
        let Some(wanted) = wanted else {
            return private_file::remove(&path).map_err(|error| failure(&error));
        };
        let sealed = key.seal(
            self.label(slot),
            wanted.generation,
            wanted.text.expose().as_bytes(),
        );
        private_file::replace(&path, &sealed).map_err(|error| failure(&error))?;
        if self.find(key, slot)? == Found::Text(wanted.text.clone()) {
            Ok(())
        } else {
            Err(VaultError::Unavailable(
                "the file does not hold what was written".into(),
            ))
        }
    }

    fn set_aside(&self, slot: &Slot) -> Result<(), VaultError> {
        private_file::set_aside(&self.path(slot)).map_err(|error| failure(&error))?;
        tracing::warn!(
            account = %slot.account(),
            what = slot.purpose(),
            "a sealed file could not be read and was set aside"
        );
        Ok(())
    }
}

fn failure(error: &io::Error) -> VaultError {
    let text = error.kind().to_string();
    if private_file::is_full(error) {
        VaultError::Full(text)
    } else {
        VaultError::Unavailable(text)
    }
}
