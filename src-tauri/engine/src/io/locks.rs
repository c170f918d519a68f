//! Kernel locks on files in the state folder that are never unlinked: owner, presenter, account.

use crate::domain::account::AccountId;

use super::Pending;

/// Held as long as it lives.
pub type LockGuard = Box<dyn Send + Sync>;

/// Somebody else holds the lock, or the file cannot be opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LockError {
    #[error("another process holds the lock")]
    Busy,
    #[error("the lock file cannot be opened: {0}")]
    Failed(String),
}

pub trait AccountLocks: Send + Sync + 'static {
    /// Bounded tries over about a second, then [`LockError::Busy`].
    fn lock(&self, account: AccountId) -> Pending<'static, Result<LockGuard, LockError>>;
}
