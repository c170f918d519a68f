//! Where grants live: the OS keychain, or what a person chose instead.
//!
//! Knows nothing of refreshes. The surprising thing: a vault is put together of a shelf (where the
//! texts stand) and a key (what seals the journal and, for some kinds, the texts), and kinds that
//! share a shelf share its files.

use std::sync::Arc;

use tokio::sync::broadcast;

use crate::domain::{
    account::AccountId,
    cause::{Cause, codes},
    grant::Grant,
    journal_entry::Place,
    secret::Secret,
};

use super::Pending;

mod entry;
mod file_shelf;
mod identity;
mod key_home;
mod keychain_shelf;
mod memory;
mod moving;
mod opening;
mod place;
mod stored;
mod switched;

pub use entry::may_replace;
pub use moving::{VaultMoveError, finish_move, move_to};
pub use opening::{VaultOpenError, VaultOptions, open};
pub use switched::SwitchedVault;

/// A vault that ends with the process. It needs no file, no key of anybody and never fails.
pub fn memory() -> Arc<dyn Vault> {
    memory::vault()
}

codes! {
    /// The kinds of vault.
    VaultKind {
        /// Each grant is an item of the OS keychain.
        Os = "os",
        /// Sealed files; the key is an item of the OS keychain.
        Sealed = "sealed",
        /// Sealed files; the key comes from a passphrase or a key file.
        File = "file",
        /// Nothing outlives the process: demo and tests.
        Memory = "memory",
    }
}

/// The answers of a vault that are no success. "Missing" is not among them: it is `Ok(None)`, and
/// is only said when the vault's sentinel was read in the same session.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    #[error("the keychain is locked")]
    Locked,
    #[error("the keychain refused access")]
    Denied,
    #[error("the vault cannot be reached: {0}")]
    Unavailable(String),
    #[error("the vault cannot be written: {0}")]
    Full(String),
    /// No answer within 3 s: neither done nor failed; a [`VaultEvent`] tells later.
    #[error("the keychain has not answered yet")]
    Unanswered,
    #[error("the stored entry cannot be read; it was set aside")]
    Corrupt,
    #[error("the stored entry has format {0}, newer than this program knows")]
    Newer(u32),
    /// A newer grant is never overwritten by an older one.
    #[error("a newer grant (generation {0}) is stored already")]
    Older(u64),
}

impl VaultError {
    /// The cause that a refresh fails with when the vault says this.
    pub const fn cause(&self) -> Cause {
        match self {
            Self::Locked => Cause::VaultLocked,
            Self::Denied => Cause::VaultDenied,
            Self::Full(_) => Cause::VaultFull,
            Self::Corrupt => Cause::GrantCorrupt,
            Self::Older(_) => Cause::ConcurrentRefresh,
            Self::Unavailable(_) | Self::Unanswered | Self::Newer(_) => Cause::VaultUnavailable,
        }
    }
}

/// Something that a vault tells by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VaultEvent {
    /// Locked, unlocked, gone or back: worth trying again.
    Changed,
    /// A store that was [`VaultError::Unanswered`] ended after all.
    Stored {
        account: AccountId,
        generation: u64,
        result: Result<(), VaultError>,
    },
}

/// Where grants and client secrets live.
pub trait Vault: Send + Sync + 'static {
    fn kind(&self) -> VaultKind;
    /// The vault's random id, which the journal is bound to; empty where nothing outlives the
    /// process.
    fn id(&self) -> String {
        String::new()
    }
    /// The grant of the account; `None` is believed only beside the sentinel.
    fn read_grant(&self, account: AccountId)
    -> Pending<'static, Result<Option<Grant>, VaultError>>;
    /// Writes and confirms by reading back. An unchanged value is not written again.
    fn store_grant(
        &self,
        account: AccountId,
        grant: Grant,
    ) -> Pending<'static, Result<(), VaultError>>;
    fn remove_grant(&self, account: AccountId) -> Pending<'static, Result<(), VaultError>>;
    fn read_client_secret(
        &self,
        account: AccountId,
    ) -> Pending<'static, Result<Option<Secret>, VaultError>>;
    /// `None` removes it.
    fn store_client_secret(
        &self,
        account: AccountId,
        secret: Option<Secret>,
    ) -> Pending<'static, Result<(), VaultError>>;
    /// 32 random bytes, made at the first start: the journal's key and the fingerprints' root.
    fn key(&self) -> Pending<'static, Result<SealKey, VaultError>>;
    /// Where this vault is: the machine, and whether its state folder turned out to be an older one.
    /// `None` where nothing can be told. Asked after the key was read.
    fn place(&self) -> Pending<'static, Result<Option<Place>, VaultError>> {
        Box::pin(std::future::ready(Ok(None)))
    }
    /// Asks the system to unlock. Only after a person's click or command.
    fn unlock(&self) -> Pending<'static, Result<(), VaultError>>;
    /// Unlocks a vault of kind `file` that has a passphrase; others do as [`Vault::unlock`] does.
    fn unlock_with(&self, passphrase: Secret) -> Pending<'static, Result<(), VaultError>> {
        drop(passphrase);
        self.unlock()
    }
    fn events(&self) -> broadcast::Receiver<VaultEvent>;
}

/// The key that seals the journal. Wiped on drop, never printed.
#[derive(Clone, PartialEq, Eq, zeroize::Zeroize, zeroize::ZeroizeOnDrop)]
pub struct SealKey(pub [u8; 32]);

impl std::fmt::Debug for SealKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SealKey(…)")
    }
}
