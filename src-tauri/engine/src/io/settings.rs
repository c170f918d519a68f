//! `config.toml`: accounts and settings, hand-editable, comments survive edits by the app.
//!
//! It must not know what the engine does with them; which accounts are usable is for others to
//! say. No secret is ever in this file: one that a person writes there is an error.
#![doc = ""]
#![doc = include_str!("../../docs/settings.md")]

mod check;
mod edit;
mod file;
mod read;
mod watch;

pub use check::{Wrong, check_account};
pub use file::TomlSettings;

use std::{path::PathBuf, sync::Arc, time::Duration};

use serde::{Deserialize, Serialize};

use crate::domain::account::Account;

use super::Pending;

/// Everything in `config.toml` that is not an account. Durations are whole seconds in the file.
/// Unknown keys are found by the reader, which knows what they were meant to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Whether a notification is ever sent; tray and window tell in any case.
    pub notifications: bool,
    /// The notification may come so long before the access token ends.
    pub notify_ahead_s: u64,
    /// Run instead of a notification where no presenter runs; the sentence is its last argument.
    pub notify_command: Option<Vec<String>>,
    /// So long before its end a token is refreshed; absent: a fifth of its life.
    pub refresh_ahead_s: Option<u64>,
    pub history_days: u32,
    /// `error`, `warn`, `info`, `debug` or `trace`.
    pub log_level: String,
    /// `system`, `light` or `dark`.
    pub theme: String,
    /// Of the window's words: `system`, `en` or `de`.
    pub language: String,
    /// Further trust anchors, PEM.
    pub ca_file: Option<PathBuf>,
    pub proxy: Option<String>,
    /// Program that opens the browser instead of the system's way; the URL is its last argument.
    pub browser: Option<Vec<String>>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            notifications: true,
            notify_ahead_s: Duration::from_mins(10).as_secs(),
            notify_command: None,
            refresh_ahead_s: None,
            history_days: 90,
            log_level: "info".into(),
            theme: "system".into(),
            language: "system".into(),
            ca_file: None,
            proxy: None,
            browser: None,
        }
    }
}

/// What `config.toml` says. Account names are unique without case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Config {
    pub settings: Settings,
    /// In the order of the file.
    pub accounts: Vec<Account>,
}

/// What is wrong with the file, where, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    #[error("{path}:{line}:{column}: {message}")]
    Invalid {
        /// The file's name, without its folder.
        path: String,
        /// From 1.
        line: usize,
        /// From 1, in characters.
        column: usize,
        message: String,
    },
    #[error("{path} has format {found}; this program knows {known}: install the newer one")]
    Newer {
        path: String,
        found: u32,
        known: u32,
    },
    #[error("{path} cannot be read or written: {message}")]
    Failed { path: String, message: String },
}

/// One change to the file; everything else in it stays as it is, comments included.
#[derive(Clone, Debug)]
pub enum SettingsEdit {
    /// Adds the account, or sets what differs from what stands under its name.
    PutAccount(Box<Account>),
    Rename {
        from: String,
        to: String,
    },
    RemoveAccount {
        name: String,
    },
    /// Sets or (with `None`) removes one top-level setting.
    Set {
        key: String,
        value: Option<serde_json::Value>,
    },
}

pub trait SettingsFile: Send + Sync + 'static {
    /// Reads the file now; a missing one is an empty [`Config`].
    fn load(&self) -> Result<Config, SettingsError>;
    /// Applies edits to the file as it is now, atomically, and returns the new content.
    fn edit(&self, edits: &[SettingsEdit]) -> Result<Config, SettingsError>;
    /// [`SettingsFile::edit`] beside the async code: a file may lie on a slow disk. Without edits
    /// the file is only read.
    fn edit_beside(
        self: Arc<Self>,
        edits: Vec<SettingsEdit>,
    ) -> Pending<'static, Result<Config, SettingsError>> {
        Box::pin(async move {
            tokio::task::spawn_blocking(move || self.edit(&edits))
                .await
                .unwrap_or_else(|_| {
                    Err(SettingsError::Failed {
                        path: "config.toml".into(),
                        message: "the edit was interrupted".into(),
                    })
                })
        })
    }
}
