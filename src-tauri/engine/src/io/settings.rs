//! `config.toml`: accounts and settings, hand-editable, comments survive edits by the app.

use std::{path::PathBuf, time::Duration};

use serde::{Deserialize, Serialize};

use crate::domain::account::Account;

/// Everything in `config.toml` that is not an account. Durations are whole seconds in the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The notification may come so long before the access token ends.
    pub notify_ahead_s: u64,
    /// Run instead of a notification where no presenter runs; the sentence is its last argument.
    pub notify_command: Option<Vec<String>>,
    pub history_days: u32,
    /// `error`, `warn`, `info`, `debug` or `trace`.
    pub log_level: String,
    /// `system`, `light` or `dark`.
    pub theme: String,
    /// Further trust anchors, PEM.
    pub ca_file: Option<PathBuf>,
    pub proxy: Option<String>,
    /// Program that opens the browser instead of the system's way; the URL is its last argument.
    pub browser: Option<Vec<String>>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            notify_ahead_s: Duration::from_mins(10).as_secs(),
            notify_command: None,
            history_days: 90,
            log_level: "info".into(),
            theme: "system".into(),
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
    #[error("{path}:{line}: {message}")]
    Invalid {
        path: String,
        line: usize,
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
    PutAccount(Account),
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
}
