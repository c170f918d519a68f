//! Where configuration, state and socket lie.
//!
//! Only the command line and the desktop's `main` ask the environment ([`Paths::from_env`]); the
//! engine is given the result and reads neither home nor environment. Nothing is created here.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

/// The three places that everything else is derived from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paths {
    pub config_dir: PathBuf,
    pub state_dir: PathBuf,
    /// A Unix socket; on Windows the name of a pipe.
    pub socket: PathBuf,
}

/// Why no place can be named.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PathsError {
    #[error("neither {0} nor a home folder is set")]
    NoHome(&'static str),
    #[error("{0} must be an absolute path")]
    Relative(&'static str),
}

impl Paths {
    /// From `TOKENTRAY_CONFIG_DIR`, `TOKENTRAY_STATE_DIR`, `TOKENTRAY_SOCKET` and the platform's
    /// own variables.
    pub fn from_env() -> Result<Self, PathsError> {
        Self::resolve(|name| std::env::var_os(name), own_runtime_dir)
    }

    /// The same from given variables; `runtime_dir` is asked where `XDG_RUNTIME_DIR` is unset.
    pub fn resolve(
        variable: impl Fn(&str) -> Option<OsString>,
        runtime_dir: impl FnOnce() -> Option<PathBuf>,
    ) -> Result<Self, PathsError> {
        let given = |name: &'static str| -> Result<Option<PathBuf>, PathsError> {
            match variable(name).filter(|value| !value.is_empty()) {
                None => Ok(None),
                Some(value) if Path::new(&value).is_absolute() => Ok(Some(PathBuf::from(value))),
                Some(_) => Err(PathsError::Relative(name)),
            }
        };
        // A relative XDG path counts as unset (XDG Base Directory Specification).
        let folder = |name: &str| {
            variable(name)
                .map(PathBuf::from)
                .filter(|path| path.is_absolute())
        };
        let config_dir = match given("TOKENTRAY_CONFIG_DIR")? {
            Some(path) => path,
            None => config_home(folder).ok_or(PathsError::NoHome("TOKENTRAY_CONFIG_DIR"))?,
        };
        let state_dir = match given("TOKENTRAY_STATE_DIR")? {
            Some(path) => path,
            None => state_home(folder).ok_or(PathsError::NoHome("TOKENTRAY_STATE_DIR"))?,
        };
        let socket = match given("TOKENTRAY_SOCKET")? {
            Some(path) => path,
            None => default_socket(&state_dir, folder, runtime_dir),
        };
        Ok(Self {
            config_dir,
            state_dir,
            socket,
        })
    }

    /// Everything below one folder: for tests and demos.
    pub fn below(folder: &Path) -> Self {
        Self {
            config_dir: folder.join("config"),
            state_dir: folder.join("state"),
            socket: folder.join("run").join("api.sock"),
        }
    }

    pub fn config_file(&self) -> PathBuf {
        self.config_dir.join("config.toml")
    }

    pub fn history_file(&self) -> PathBuf {
        self.state_dir.join("history.sqlite")
    }

    pub fn journal_dir(&self) -> PathBuf {
        self.state_dir.join("journal")
    }

    /// Says what notification stands on the screen.
    pub fn notice_file(&self) -> PathBuf {
        self.state_dir.join("notice")
    }

    pub fn locks_dir(&self) -> PathBuf {
        self.state_dir.join("locks")
    }

    pub fn vault_dir(&self) -> PathBuf {
        self.state_dir.join("vault")
    }

    pub fn log_dir(&self) -> PathBuf {
        self.state_dir.join("log")
    }
}

#[cfg(not(any(target_os = "macos", windows)))]
fn config_home(folder: impl Fn(&str) -> Option<PathBuf>) -> Option<PathBuf> {
    folder("XDG_CONFIG_HOME")
        .or_else(|| folder("HOME").map(|home| home.join(".config")))
        .map(|base| base.join("tokentray"))
}

#[cfg(not(any(target_os = "macos", windows)))]
fn state_home(folder: impl Fn(&str) -> Option<PathBuf>) -> Option<PathBuf> {
    folder("XDG_STATE_HOME")
        .or_else(|| folder("HOME").map(|home| home.join(".local").join("state")))
        .map(|base| base.join("tokentray"))
}

#[cfg(target_os = "macos")]
fn config_home(folder: impl Fn(&str) -> Option<PathBuf>) -> Option<PathBuf> {
    folder("HOME").map(|home| home.join("Library/Application Support/tokentray"))
}

#[cfg(target_os = "macos")]
fn state_home(folder: impl Fn(&str) -> Option<PathBuf>) -> Option<PathBuf> {
    config_home(folder).map(|base| base.join("state"))
}

#[cfg(windows)]
fn config_home(folder: impl Fn(&str) -> Option<PathBuf>) -> Option<PathBuf> {
    folder("APPDATA").map(|base| base.join("tokentray"))
}

#[cfg(windows)]
fn state_home(folder: impl Fn(&str) -> Option<PathBuf>) -> Option<PathBuf> {
    folder("LOCALAPPDATA").map(|base| base.join("tokentray"))
}

#[cfg(unix)]
fn default_socket(
    state_dir: &Path,
    folder: impl Fn(&str) -> Option<PathBuf>,
    runtime_dir: impl FnOnce() -> Option<PathBuf>,
) -> PathBuf {
    match folder("XDG_RUNTIME_DIR").or_else(runtime_dir) {
        Some(base) => base.join("tokentray").join("api.sock"),
        None => state_dir.join("run").join("api.sock"),
    }
}

/// The pipe's name; the server adds the user's SID.
#[cfg(windows)]
fn default_socket(
    _state_dir: &Path,
    _folder: impl Fn(&str) -> Option<PathBuf>,
    _runtime_dir: impl FnOnce() -> Option<PathBuf>,
) -> PathBuf {
    PathBuf::from(r"\\.\pipe\tokentray")
}

/// `/run/user/UID` where it exists and is ours: a login without a session (cron, `su`) lacks the
/// variable, but must reach the same engine.
#[cfg(unix)]
fn own_runtime_dir() -> Option<PathBuf> {
    use std::os::unix::fs::MetadataExt;
    let uid = rustix::process::getuid().as_raw();
    let path = PathBuf::from(format!("/run/user/{uid}"));
    let found = std::fs::symlink_metadata(&path).ok()?;
    (found.is_dir() && found.uid() == uid).then_some(path)
}

#[cfg(windows)]
fn own_runtime_dir() -> Option<PathBuf> {
    None
}

#[cfg(all(test, not(any(target_os = "macos", windows))))]
mod tests {
    use super::*;

    fn resolve(variables: &[(&str, &str)]) -> Result<Paths, PathsError> {
        Paths::resolve(
            |name| {
                variables
                    .iter()
                    .find(|(known, _)| *known == name)
                    .map(|(_, value)| OsString::from(value))
            },
            || None,
        )
    }

    #[test]
    fn own_variables_win_over_the_platforms() {
        let paths = resolve(&[
            ("HOME", "/home/ada"),
            ("XDG_CONFIG_HOME", "/xdg/config"),
            ("XDG_RUNTIME_DIR", "/run/user/7"),
            ("TOKENTRAY_STATE_DIR", "/own/state"),
        ])
        .unwrap();
        assert_eq!(paths.config_dir, Path::new("/xdg/config/tokentray"));
        assert_eq!(paths.state_dir, Path::new("/own/state"));
        assert_eq!(paths.socket, Path::new("/run/user/7/tokentray/api.sock"));
    }

    #[test]
    fn without_a_runtime_folder_the_socket_lies_in_the_state_folder() {
        let paths = resolve(&[("HOME", "/home/ada"), ("XDG_RUNTIME_DIR", "relative")]).unwrap();
        assert_eq!(
            paths.socket,
            Path::new("/home/ada/.local/state/tokentray/run/api.sock")
        );
        assert_eq!(paths.config_dir, Path::new("/home/ada/.config/tokentray"));
    }

    #[test]
    fn nothing_to_go_by_is_an_error_and_so_is_a_relative_path() {
        assert_eq!(
            resolve(&[]),
            Err(PathsError::NoHome("TOKENTRAY_CONFIG_DIR"))
        );
        assert_eq!(
            resolve(&[("HOME", "/home/ada"), ("TOKENTRAY_SOCKET", "api.sock")]),
            Err(PathsError::Relative("TOKENTRAY_SOCKET"))
        );
    }
}
