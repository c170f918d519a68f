//! One sealed file per account: intents, and any grant that the vault has not confirmed.

use crate::domain::{account::AccountId, cause::Cause, journal_entry::JournalEntry};

use super::{Pending, vault::SealKey};

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
    fn remove(&self, account: AccountId) -> Pending<'static, Result<(), JournalError>>;
}
