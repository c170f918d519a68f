//! Start at login: an entry that the person switches on and off, and that nothing else touches.
//!
//! Must not know what is started beyond its path. Surprising: an entry that is there may be off
//! (`Hidden`, or GNOME's own key), and one that is ours is mended at start if the program moved,
//! but never made anew.

use std::path::{Path, PathBuf};

#[cfg(not(any(target_os = "macos", windows)))]
#[path = "autostart/xdg.rs"]
mod platform;

#[cfg(target_os = "macos")]
#[path = "autostart/macos.rs"]
mod platform;

#[cfg(windows)]
#[path = "autostart/windows.rs"]
mod platform;

/// Why the entry could not be changed.
#[derive(Debug, thiserror::Error)]
pub enum AutostartError {
    #[error("the login entry cannot be written: {0}")]
    Write(#[from] std::io::Error),
    #[error("the program's path cannot stand in a login entry")]
    Path,
    #[error("the system refused the login entry: {0}")]
    Refused(String),
}

/// The login entry.
#[derive(Clone, Debug)]
pub struct Autostart {
    /// The folder of the platform's entries: `$XDG_CONFIG_HOME`, or `~/Library` on macOS.
    home: PathBuf,
    program: PathBuf,
    arguments: Vec<String>,
}

impl Autostart {
    /// For the entry below `config_home` that starts `program` with `arguments`.
    pub fn new(
        config_home: impl Into<PathBuf>,
        program: impl Into<PathBuf>,
        arguments: &[&str],
    ) -> Self {
        Self {
            home: config_home.into(),
            program: program.into(),
            arguments: arguments.iter().map(|&word| word.to_owned()).collect(),
        }
    }

    /// Whether the session will start it.
    pub fn is_enabled(&self) -> bool {
        platform::is_enabled(self)
    }

    /// Only ever for a person's click.
    pub fn set(&self, on: bool) -> Result<(), AutostartError> {
        if on {
            platform::enable(self)
        } else {
            platform::disable(self)
        }
    }

    /// At start: if the entry is there and ours but names another path, it gets the present one.
    /// Returns whether it was changed.
    pub fn mend(&self) -> Result<bool, AutostartError> {
        platform::mend(self)
    }

    fn program(&self) -> &Path {
        &self.program
    }
}
