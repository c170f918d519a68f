//! One sealed file per account: intents, and any grant that the vault has not confirmed.
//!
//! Knows nothing of what the entries mean. The surprising thing: a file is never replaced but written
//! over in turns (see [`slots`]), so that the provider's answer always has its space and is safe
//! after one flush.

use std::{
    collections::HashMap,
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
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
mod memory;
mod slots;

pub use memory::MemoryJournal;
use slots::{Slot, Slots};

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
    /// On `Ok` the entry is on the disk.
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

/// A note of a removal stands beside the entry, for there is no key while the keychain is locked.
const REMOVED: &str = ".removed";

/// The journal on disk: `ID` in its folder.
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
    key: Mutex<Option<SealingKey>>,
    /// One operation at a time on an account's file, and none waits for another account's disk.
    turns: Mutex<HashMap<AccountId, Arc<Mutex<()>>>>,
}

impl FileJournal {
    /// A journal that answers `NoKey` until [`Journal::open`]; the folder is made when first used.
    pub fn new(folder: impl Into<PathBuf>, vault_id: impl Into<String>) -> Self {
        Self(Arc::new(Files {
            folder: folder.into(),
            vault_id: vault_id.into(),
            key: Mutex::new(None),
            turns: Mutex::default(),
        }))
    }

    /// Runs beside the async code, from now on: an fsync may take seconds.
    fn beside<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Files) -> Result<T, JournalError> + Send + 'static,
    ) -> Pending<'static, Result<T, JournalError>> {
        let files = Arc::clone(&self.0);
        let task = tokio::task::spawn_blocking(move || work(&files));
        Box::pin(async move {
            task.await
                .unwrap_or_else(|_| Err(JournalError::Failed("interrupted".into())))
        })
    }

    /// The same with the key, when it is this account's turn.
    fn in_turn<T: Send + 'static>(
        &self,
        account: AccountId,
        work: impl FnOnce(&Files, &SealingKey, &AccountId) -> Result<T, JournalError> + Send + 'static,
    ) -> Pending<'static, Result<T, JournalError>> {
        self.beside(move |files| {
            let turn = files.turn(&account);
            let _turn = turn.lock().unwrap_or_else(PoisonError::into_inner);
            work(files, &files.key()?, &account)
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
        self.in_turn(account, |files, key, account| {
            Ok(files.read(key, account)?.newest.map(|(_, _, entry)| entry))
        })
    }

    fn write(
        &self,
        account: AccountId,
        entry: JournalEntry,
    ) -> Pending<'static, Result<(), JournalError>> {
        self.in_turn(account, move |files, key, account| {
            files.write(key, account, &entry)
        })
    }

    fn remove(&self, account: AccountId) -> Pending<'static, Result<(), JournalError>> {
        self.in_turn(account, |files, _, account| {
            let path = files.path(account);
            // Beside the entry: what earlier programs left, and a file that was being made. The
            // note goes last: whatever comes in between, the next start finds it.
            [".spare", ".next", ".new", "", REMOVED]
                .iter()
                .map(|ending| private_file::sibling(&path, ending))
                .try_for_each(|file| private_file::remove(&file))
                .map_err(|error| failure(&error))
        })
    }

    fn mark_removed(
        &self,
        account: AccountId,
        removal: Option<Removal>,
    ) -> Pending<'static, Result<(), JournalError>> {
        self.beside(move |files| {
            files
                .mark_removed(&account, removal)
                .map_err(|error| failure(&error))
        })
    }

    fn removed(&self) -> Pending<'static, Result<Vec<(AccountId, Removal)>, JournalError>> {
        self.beside(|files| files.removed().map_err(|error| failure(&error)))
    }
}

/// What an account's file holds.
#[derive(Default)]
struct Found {
    slots: Option<Slots>,
    newest: Option<Newest>,
}

/// Where the newest entry stands, its number, and itself.
type Newest = (usize, u64, JournalEntry);

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

    fn key(&self) -> Result<SealingKey, JournalError> {
        let key = self.key.lock().unwrap_or_else(PoisonError::into_inner);
        key.clone().ok_or(JournalError::NoKey)
    }

    fn turn(&self, account: &AccountId) -> Arc<Mutex<()>> {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(turns.entry(account.clone()).or_default())
    }

    fn read(&self, key: &SealingKey, account: &AccountId) -> Result<Found, JournalError> {
        let path = self.path(account);
        let Some(slots) = Slots::read(&path).map_err(|error| failure(&error))? else {
            return Ok(Found::default());
        };
        let (newest, damaged) = match self.open(key, account, &slots) {
            Ok(opened) => opened,
            Err(SealError::Newer(format)) => return Err(JournalError::Newer(format)),
            Err(SealError::Corrupt) => (None, true),
        };
        if newest.is_none() {
            private_file::set_aside(&path).map_err(|error| failure(&error))?;
            tracing::warn!(%account, "a journal entry could not be opened and was set aside");
            return Err(JournalError::Corrupt);
        }
        if damaged {
            // A write that was cut short, or a disk that forgets: what was there before counts.
            let kept = private_file::copy_aside(&path).is_ok();
            tracing::warn!(%account, kept, "half of a journal could not be opened: the other counts");
        }
        let slots = Some(slots);
        Ok(Found { slots, newest })
    }

    /// The newest entry of a file, and whether one of its places is damaged.
    fn open(
        &self,
        key: &SealingKey,
        account: &AccountId,
        slots: &Slots,
    ) -> Result<(Option<Newest>, bool), SealError> {
        if let Some(format) = slots.newer() {
            return Err(SealError::Newer(format));
        }
        let label = self.label(account);
        let both = slots.both();
        if !both
            .iter()
            .any(|slot| matches!(slot, Slot::Written { .. } | Slot::Newer(_)))
        {
            // An earlier program's.
            let (_, text) = key.open(label, slots.whole())?;
            return Ok((Some((1, 0, entry_text::read(&text)?)), false));
        }
        let (mut newest, mut damaged): (Option<Newest>, bool) = (None, false);
        for (place, slot) in both.into_iter().enumerate() {
            let (number, sealed) = match slot {
                Slot::Written { number, sealed } => (number, sealed),
                Slot::Newer(format) => return Err(SealError::Newer(format)),
                Slot::Damaged => {
                    damaged = true;
                    continue;
                }
                Slot::Empty => continue,
            };
            let purpose = purpose(number);
            let label = Label {
                purpose: &purpose,
                ..label
            };
            let entry = key
                .open(label, sealed)
                .and_then(|(_, text)| entry_text::read(&text));
            match entry {
                Ok(entry) if newest.as_ref().is_none_or(|(_, other, _)| number > *other) => {
                    newest = Some((place, number, entry));
                }
                Ok(_) => {}
                Err(SealError::Newer(format)) => return Err(SealError::Newer(format)),
                Err(SealError::Corrupt) => damaged = true,
            }
        }
        Ok((newest, damaged))
    }

    fn write(
        &self,
        key: &SealingKey,
        account: &AccountId,
        entry: &JournalEntry,
    ) -> Result<(), JournalError> {
        // A newer program's entry is not ours to replace, and a broken one is evidence.
        let found = match self.read(key, account) {
            Ok(found) => found,
            Err(JournalError::Corrupt) => Found::default(),
            Err(error) => return Err(error),
        };
        if found.newest.is_none() {
            private_file::create_folder(&self.folder).map_err(|error| failure(&error))?;
        }
        let (place, number) = match found.newest {
            Some((place, number, _)) => (1 - place, number + 1),
            None => (0, 1),
        };
        let text = entry_text::write(entry);
        let purpose = purpose(number);
        let label = Label {
            purpose: &purpose,
            ..self.label(account)
        };
        let sealed = key.seal(label, entry.highest_generation, &text);
        // An earlier program's file (its entry has the number 0) is made anew.
        let slots = found.slots.as_ref().filter(|_| number > 1);
        slots::write(&self.path(account), slots, place, number, &sealed)
            .map_err(|error| failure(&error))
    }

    fn mark_removed(&self, account: &AccountId, removal: Option<Removal>) -> io::Result<()> {
        let path = private_file::sibling(&self.path(account), REMOVED);
        let Some(removal) = removal else {
            return private_file::remove(&path);
        };
        private_file::create_folder(&self.folder)?;
        let text = serde_json::to_vec(&removal).map_err(io::Error::from)?;
        private_file::replace(&path, &text)
    }

    fn removed(&self) -> io::Result<Vec<(AccountId, Removal)>> {
        let mut removed = Vec::new();
        if !self.folder.is_dir() {
            return Ok(removed);
        }
        for entry in std::fs::read_dir(&self.folder)? {
            let name = entry?.file_name();
            let Some(id) = name.to_str().and_then(|name| name.strip_suffix(REMOVED)) else {
                continue;
            };
            let account = AccountId(id.to_owned());
            let path = private_file::sibling(&self.path(&account), REMOVED);
            let text = private_file::read(&path)?.unwrap_or_default();
            // Whatever it says, the account was removed.
            let removal = serde_json::from_slice(&text).unwrap_or_default();
            removed.push((account, removal));
        }
        Ok(removed)
    }
}

/// The number is sealed with the entry: the places of a file cannot be exchanged.
fn purpose(number: u64) -> String {
    format!("journal {number}")
}

fn failure(error: &io::Error) -> JournalError {
    // The kind only: an error's own text could name a path.
    let text = error.kind().to_string();
    if private_file::is_full(error) {
        JournalError::Full(text)
    } else {
        JournalError::Failed(text)
    }
}
