//! Kernel locks on files in the state folder that are never unlinked: owner, presenter, account.
//!
//! Never unlinked, because a lock on a file that somebody else unlinked protects nothing. The
//! kernel gives a lock back when its holder dies, so there are no stale ones. The surprising thing:
//! two guards exclude each other within one process as well.

use std::{
    fs::{File, TryLockError},
    io::ErrorKind,
    path::{Path, PathBuf},
    time::Duration,
};

use crate::domain::{account::AccountId, cause::Cause};

use super::{Pending, private_file};

/// Held as long as it lives.
pub type LockGuard = Box<dyn Send + Sync>;

/// Somebody else holds the lock, or the file cannot be opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LockError {
    #[error("another process holds the lock")]
    Busy,
    #[error("the lock file cannot be opened: {0}")]
    Failed(String),
    /// Two owners would not notice each other.
    #[error("the file system of the state folder honours no locks; put it on a local disk")]
    NotHonoured,
}

impl LockError {
    pub const fn cause(&self) -> Cause {
        match self {
            Self::Busy => Cause::ConcurrentRefresh,
            // The state folder is read-only or gone: the journal could not be written, either.
            Self::Failed(_) | Self::NotHonoured => Cause::VaultUnavailable,
        }
    }
}

pub trait AccountLocks: Send + Sync + 'static {
    /// Bounded tries over about a second, then [`LockError::Busy`].
    fn lock(&self, account: AccountId) -> Pending<'static, Result<LockGuard, LockError>>;
}

/// 20 tries, 50 ms apart: somewhat less than a second in all.
const TRIES: u32 = 20;
const BETWEEN_TRIES: Duration = Duration::from_millis(50);

/// Tries once to take the lock `name` (`owner`, `presenter`) in the folder of locks, which is made
/// if missing (0700; the file 0600).
pub fn try_lock_named(folder: &Path, name: &str) -> Result<LockGuard, LockError> {
    let failed = |error: std::io::Error| LockError::Failed(error.kind().to_string());
    let path = folder.join(name);
    let opened = match private_file::open_private(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            private_file::create_folder(folder).map_err(failed)?;
            private_file::open_private(&path)
        }
        opened => opened,
    };
    let file: File = opened.map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(Box::new(file)),
        Err(TryLockError::WouldBlock) => Err(LockError::Busy),
        Err(TryLockError::Error(error)) => Err(failed(error)),
    }
}

/// Like [`try_lock_named`], and sure that a second holder would be turned away: where the file
/// system takes every lock for granted, two owners would spend the same refresh token.
pub fn try_lock_for_certain(folder: &Path, name: &str) -> Result<LockGuard, LockError> {
    let guard = try_lock_named(folder, name)?;
    match try_lock_named(folder, name) {
        Err(LockError::Busy) => Ok(guard),
        Ok(_) => Err(LockError::NotHonoured),
        Err(error) => Err(error),
    }
}

/// Locks of accounts as files `account-ID` in the folder of locks.
#[derive(Clone, Debug)]
pub struct FileLocks {
    folder: PathBuf,
}

impl FileLocks {
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
        }
    }
}

impl AccountLocks for FileLocks {
    fn lock(&self, account: AccountId) -> Pending<'static, Result<LockGuard, LockError>> {
        let folder = self.folder.clone();
        Box::pin(async move { lock_account(&folder, &account, tokio::time::sleep).await })
    }
}

/// Tries for about a second, with this kind of pause between two tries.
pub async fn lock_account<P: Future<Output = ()>>(
    folder: &Path,
    account: &AccountId,
    pause: impl Fn(Duration) -> P,
) -> Result<LockGuard, LockError> {
    let name = format!("account-{account}");
    for _ in 1..TRIES {
        // Opening and locking a small local file is short; it does not wait for the holder.
        match try_lock_named(folder, &name) {
            Err(LockError::Busy) => pause(BETWEEN_TRIES).await,
            other => return other,
        }
    }
    try_lock_named(folder, &name)
}
