//! One sealed file per account: intents, and any grant that the vault has not confirmed.
//!
//! Knows nothing of what the entries mean. The surprising thing: an entry with an intent is written
//! only when the *next* write has its space already, so that the provider's answer always fits.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::domain::{
    account::AccountId,
    cause::Cause,
    journal_entry::{JournalEntry, Removal},
};

use super::{
    Pending, private_file,
    sealed_file::{Label, SealError, SealingKey},
    vault::SealKey,
};

mod entry_text;

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JournalError {
    /// The key is not readable yet (keychain locked).
    #[error("the journal's key cannot be read yet")]
    NoKey,
    #[error("no space left for the journal: {0}")]
    Full(String),
    #[error("the journal cannot be read or written: {0}")]
    Failed(String),
    #[error("the journal entry cannot be opened; it was set aside")]
    Corrupt,
    #[error("the journal entry has format {0}, newer than this program knows")]
    Newer(u32),
}

impl JournalError {
    pub const fn cause(&self) -> Cause {
        match self {
            Self::NoKey => Cause::VaultLocked,
            Self::Full(_) => Cause::VaultFull,
            Self::Failed(_) | Self::Corrupt | Self::Newer(_) => Cause::VaultUnavailable,
        }
    }
}

pub trait Journal: Send + Sync + 'static {
    /// Gives the key, once the vault could read it. Before that everything answers `NoKey`.
    fn open(&self, key: SealKey);
    /// `Ok(None)`: nothing was ever written for this account.
    fn read(
        &self,
        account: AccountId,
    ) -> Pending<'static, Result<Option<JournalEntry>, JournalError>>;
    /// On `Ok` the entry is on the disk (file and folder fsynced).
    fn write(
        &self,
        account: AccountId,
        entry: JournalEntry,
    ) -> Pending<'static, Result<(), JournalError>>;
    /// Forgets everything about the account, a note of its removal included.
    fn remove(&self, account: AccountId) -> Pending<'static, Result<(), JournalError>>;
    /// Notes that the account is being removed (or, with `None`, that it is not), so that a crash
    /// leaves nothing of it for good. Needs no key.
    fn mark_removed(
        &self,
        account: AccountId,
        removal: Option<Removal>,
    ) -> Pending<'static, Result<(), JournalError>> {
        let _ = (account, removal);
        Box::pin(std::future::ready(Ok(())))
    }
    /// The accounts with such a note.
    fn removed(&self) -> Pending<'static, Result<Vec<(AccountId, Removal)>, JournalError>> {
        Box::pin(std::future::ready(Ok(Vec::new())))
    }
}

/// Space kept for the next write. The largest real grants are near 6 kB as text, and an entry may
/// hold one grant; a salvaged body of odd size (at most 256 KiB) takes what the disk has.
const SPARE_BYTES: u64 = 64 * 1024;

/// A note of a removal stands beside the entry, for there is no key while the keychain is locked.
const REMOVED: &str = ".removed";

/// The journal on disk: `ID` in its folder, with `ID.spare` beside it.
#[derive(Clone)]
pub struct FileJournal(Arc<Files>);

/// The accounts that have an entry in the folder, whatever is in it.
pub fn accounts_in(folder: &Path) -> Vec<AccountId> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| !name.contains('.'))
        .map(AccountId)
        .collect()
}

struct Files {
    folder: PathBuf,
    vault_id: String,
    /// One file operation at a time: spares are shared between the writes of an account.
    key: Mutex<Option<SealingKey>>,
}

impl FileJournal {
    /// A journal that answers `NoKey` until [`Journal::open`]; the folder is made when first used.
    pub fn new(folder: impl Into<PathBuf>, vault_id: impl Into<String>) -> Self {
        Self(Arc::new(Files {
            folder: folder.into(),
            vault_id: vault_id.into(),
            key: Mutex::new(None),
        }))
    }

    fn without_key<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Files) -> std::io::Result<T> + Send + 'static,
    ) -> Pending<'static, Result<T, JournalError>> {
        let files = Arc::clone(&self.0);
        Box::pin(async move {
            tokio::task::spawn_blocking(move || work(&files).map_err(|error| failure(&error)))
                .await
                .unwrap_or_else(|_| Err(JournalError::Failed("interrupted".into())))
        })
    }

    /// Runs beside the async code: an fsync may take seconds.
    fn beside<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Files, &SealingKey) -> Result<T, JournalError> + Send + 'static,
    ) -> Pending<'static, Result<T, JournalError>> {
        let files = Arc::clone(&self.0);
        let task = move || {
            let key = files.key.lock().unwrap_or_else(PoisonError::into_inner);
            work(&files, key.as_ref().ok_or(JournalError::NoKey)?)
        };
        Box::pin(async move {
            tokio::task::spawn_blocking(task)
                .await
                .unwrap_or_else(|_| Err(JournalError::Failed("interrupted".into())))
        })
    }
}

impl Journal for FileJournal {
    fn open(&self, key: SealKey) {
        let derived = SealingKey::derive(&key, "journal");
        *self.0.key.lock().unwrap_or_else(PoisonError::into_inner) = Some(derived);
    }

    fn read(
        &self,
        account: AccountId,
    ) -> Pending<'static, Result<Option<JournalEntry>, JournalError>> {
        self.beside(move |files, key| files.read(key, &account))
    }

    fn write(
        &self,
        account: AccountId,
        entry: JournalEntry,
    ) -> Pending<'static, Result<(), JournalError>> {
        self.beside(move |files, key| files.write(key, &account, &entry))
    }

    fn remove(&self, account: AccountId) -> Pending<'static, Result<(), JournalError>> {
        self.beside(move |files, _| {
            let path = files.path(&account);
            [".spare", ".next", REMOVED]
                .iter()
                .map(|ending| private_file::sibling(&path, ending))
                .chain([path.clone()])
                .try_for_each(|file| private_file::remove(&file))
                .map_err(|error| failure(&error))
        })
    }

    fn mark_removed(
        &self,
        account: AccountId,
        removal: Option<Removal>,
    ) -> Pending<'static, Result<(), JournalError>> {
        self.without_key(move |files| {
            let path = private_file::sibling(&files.path(&account), REMOVED);
            let Some(removal) = removal else {
                return private_file::remove(&path);
            };
            private_file::create_folder(&files.folder)?;
            let text = serde_json::to_vec(&removal).map_err(std::io::Error::from)?;
            private_file::replace(&path, &text)
        })
    }

    fn removed(&self) -> Pending<'static, Result<Vec<(AccountId, Removal)>, JournalError>> {
        self.without_key(|files| {
            let mut removed = Vec::new();
            if !files.folder.is_dir() {
                return Ok(removed);
            }
            for entry in std::fs::read_dir(&files.folder)? {
                let name = entry?.file_name();
                let Some(id) = name.to_str().and_then(|name| name.strip_suffix(REMOVED)) else {
                    continue;
                };
                let account = AccountId(id.to_owned());
                let path = private_file::sibling(&files.path(&account), REMOVED);
                let text = private_file::read(&path)?.unwrap_or_default();
                // Whatever it says, the account was removed.
                let removal = serde_json::from_slice(&text).unwrap_or_default();
                removed.push((account, removal));
            }
            Ok(removed)
        })
    }
}

impl Files {
    fn path(&self, account: &AccountId) -> PathBuf {
        self.folder.join(&account.0)
    }

    fn label<'a>(&'a self, account: &'a AccountId) -> Label<'a> {
        Label {
            purpose: "journal",
            vault: &self.vault_id,
            account: &account.0,
        }
    }

    fn read(
        &self,
        key: &SealingKey,
        account: &AccountId,
    ) -> Result<Option<JournalEntry>, JournalError> {
        let path = self.path(account);
        let Some(bytes) = private_file::read(&path).map_err(|error| failure(&error))? else {
            return Ok(None);
        };
        let entry = key
            .open(self.label(account), &bytes)
            .and_then(|(_, text)| entry_text::read(&text));
        match entry {
            Ok(entry) => Ok(Some(entry)),
            Err(SealError::Newer(format)) => Err(JournalError::Newer(format)),
            Err(SealError::Corrupt) => {
                private_file::set_aside(&path).map_err(|error| failure(&error))?;
                tracing::warn!(%account, "a journal entry could not be opened and was set aside");
                Err(JournalError::Corrupt)
            }
        }
    }

    fn write(
        &self,
        key: &SealingKey,
        account: &AccountId,
        entry: &JournalEntry,
    ) -> Result<(), JournalError> {
        private_file::create_folder(&self.folder).map_err(|error| failure(&error))?;
        // A newer program's entry is not ours to replace, and a broken one is evidence.
        match self.read(key, account) {
            Ok(_) | Err(JournalError::Corrupt) => {}
            Err(error) => return Err(error),
        }
        let path = self.path(account);
        let spare = private_file::sibling(&path, ".spare");
        let next = private_file::sibling(&path, ".next");
        if entry.intent.is_some() {
            private_file::reserve(&next, SPARE_BYTES).map_err(|error| failure(&error))?;
        }
        let text = entry_text::write(entry);
        let sealed = key.seal(self.label(account), entry.highest_generation, &text);
        private_file::replace_by(&spare, &path, &sealed).map_err(|error| failure(&error))?;
        if entry.intent.is_some() {
            // The spare that the answer will be written into. Should this fail, the answer is
            // written into a new file instead.
            drop(std::fs::rename(&next, &spare));
        }
        Ok(())
    }
}

fn failure(error: &std::io::Error) -> JournalError {
    // The kind only: an error's own text could name a path.
    let text = error.kind().to_string();
    if private_file::is_full(error) {
        JournalError::Full(text)
    } else {
        JournalError::Failed(text)
    }
}

/// A journal that ends with the process: demo and tests. Needs no key.
#[derive(Clone, Debug, Default)]
pub struct MemoryJournal {
    entries: Arc<Mutex<HashMap<AccountId, JournalEntry>>>,
    removed: Arc<Mutex<HashMap<AccountId, Removal>>>,
    failure: Arc<Mutex<Option<JournalError>>>,
}

impl MemoryJournal {
    pub fn new() -> Self {
        Self::default()
    }

    /// From now on every call fails like this; `None` ends it.
    pub fn fail_with(&self, error: Option<JournalError>) {
        *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = error;
    }

    fn notes(&self) -> MutexGuard<'_, HashMap<AccountId, Removal>> {
        self.removed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answer<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut HashMap<AccountId, JournalEntry>) -> T,
    ) -> Pending<'static, Result<T, JournalError>> {
        let failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = match &*failure {
            Some(error) => Err(error.clone()),
            None => Ok(work(
                &mut self.entries.lock().unwrap_or_else(PoisonError::into_inner),
            )),
        };
        Box::pin(std::future::ready(answer))
    }
}

impl Journal for MemoryJournal {
    fn open(&self, _key: SealKey) {}

    fn read(
        &self,
        account: AccountId,
    ) -> Pending<'static, Result<Option<JournalEntry>, JournalError>> {
        self.answer(|entries| entries.get(&account).cloned())
    }

    fn write(
        &self,
        account: AccountId,
        entry: JournalEntry,
    ) -> Pending<'static, Result<(), JournalError>> {
        self.answer(|entries| {
            entries.insert(account, entry);
        })
    }

    fn remove(&self, account: AccountId) -> Pending<'static, Result<(), JournalError>> {
        self.notes().remove(&account);
        self.answer(|entries| {
            entries.remove(&account);
        })
    }

    fn mark_removed(
        &self,
        account: AccountId,
        removal: Option<Removal>,
    ) -> Pending<'static, Result<(), JournalError>> {
        match removal {
            Some(removal) => self.notes().insert(account, removal),
            None => self.notes().remove(&account),
        };
        Box::pin(std::future::ready(Ok(())))
    }

    fn removed(&self) -> Pending<'static, Result<Vec<(AccountId, Removal)>, JournalError>> {
        let notes = self.notes();
        let removed = notes.iter().map(|(id, note)| (id.clone(), *note)).collect();
        Box::pin(std::future::ready(Ok(removed)))
    }
}
