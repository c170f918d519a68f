//! The OS keychain: items of text, each named by the vault's id and a user name.
//!
//! Knows nothing of grants. The surprising thing: every call may block for as long as a person
//! looks at a prompt, therefore only [`thread::KeychainThread`] makes them, on plain OS threads.

use crate::domain::secret::Secret;

pub mod session;
pub mod thread;

#[cfg(target_os = "macos")]
mod apple;
#[cfg(target_os = "linux")]
mod secret_service;
#[cfg(target_os = "linux")]
mod secret_service_state;
#[cfg(target_os = "windows")]
mod windows;

/// The `service` of every item.
pub const SERVICE: &str = "tokentray";

/// Names one item. The guide "vault" says what becomes of it on each platform.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ItemName {
    /// The vault's random id, so that several homes do not see each other's items.
    pub vault: String,
    pub username: String,
}

/// What stands at a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// Nothing, as far as this session can see.
    Missing,
    Text(Secret),
    /// Bytes that are no UTF-8: nothing that this program wrote.
    NotText,
}

/// The answers that are no success, kept apart. Missing is no error: see [`Found`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeychainError {
    #[error("the keychain is locked")]
    Locked,
    #[error("the keychain refused access")]
    Denied,
    /// The session ended; a new one may do better.
    #[error("the keychain went away: {0}")]
    Lost(String),
    #[error("the keychain failed: {0}")]
    Failed(String),
    #[error("the keychain cannot hold a text this long")]
    TooLong,
    /// No answer within the limit: neither done nor failed.
    #[error("the keychain has not answered yet")]
    Unanswered,
    /// What stands in the item forbids the change.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

/// Why a stored text is not replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("the stored entry has format {0}, newer than this program knows")]
    Newer(u32),
    #[error("a newer grant (generation {0}) is stored already")]
    Older(u64),
    #[error("the stored entry cannot be read; it was set aside")]
    Corrupt,
}

/// One session with the keychain. Lives on one thread and blocks; never prompts.
pub trait Keychain {
    fn get(&mut self, item: &ItemName) -> Result<Found, KeychainError>;
    fn set(&mut self, item: &ItemName, text: &Secret) -> Result<(), KeychainError>;
    /// Removing what is missing is a success.
    fn delete(&mut self, item: &ItemName) -> Result<(), KeychainError>;
    /// Gives the item another user name, whatever is in it.
    fn rename(&mut self, item: &ItemName, username: &str) -> Result<(), KeychainError>;
}

/// Told that the keychain was locked, unlocked, went or came. False ends the watch.
pub type OnChange = Box<dyn Fn() -> bool + Send>;

/// The platform's keychain: opens sessions, unlocks, and watches.
pub trait Platform: Send + Sync + 'static {
    fn open(&self) -> Result<Box<dyn Keychain>, KeychainError>;
    /// Shows the system's prompt if need be and blocks until it was answered.
    fn unlock(&self, vault: &str) -> Result<(), KeychainError>;
    /// Starts to watch, on a thread of its own where that takes one, and returns at once.
    fn watch(&self, on_change: OnChange);
}

/// The keychain of the system that this was built for.
pub fn platform() -> std::sync::Arc<dyn Platform> {
    #[cfg(target_os = "linux")]
    {
        std::sync::Arc::new(secret_service::SecretServicePlatform)
    }
    #[cfg(target_os = "macos")]
    {
        std::sync::Arc::new(apple::ApplePlatform)
    }
    #[cfg(target_os = "windows")]
    {
        std::sync::Arc::new(windows::WindowsPlatform)
    }
}
