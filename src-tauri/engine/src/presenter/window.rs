//! Who opens the window: the shell its own, `tokentray tray` the desktop program.

use std::{
    env,
    path::{Path, PathBuf},
    process::Stdio,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use tokio::process::Command;

use super::lock::WindowLock;

/// What became of asking for the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opened {
    /// It is on its way.
    Now,
    /// It is open, and brings itself to the front when the engine says so (`OpenWindow`).
    Before,
    /// There is none on this machine.
    Never,
}

/// Opens the window, or brings it to the front.
pub trait WindowOpener: Send + Sync + 'static {
    /// With the token that lets a Wayland compositor bring it to the front, if there is one, and at
    /// an account, if one is named. Never waits; called inside the runtime.
    fn open(&self, activation_token: Option<String>, account: Option<&str>) -> Opened;
}

/// Starts `tokentray-desktop`, at most one at a time.
#[derive(Debug)]
pub struct DesktopProgram {
    /// None where it is not installed.
    program: Option<PathBuf>,
    /// Where the lock of the process lies that has the window.
    locks_dir: PathBuf,
    running: Arc<AtomicBool>,
}

impl DesktopProgram {
    /// Looks beside `own_program` first, so that an unpacked folder works, then in `search` (as in
    /// `PATH`).
    pub fn find(
        own_program: &Path,
        search: Option<&std::ffi::OsStr>,
        locks_dir: impl Into<PathBuf>,
    ) -> Self {
        let name = format!("tokentray-desktop{}", env::consts::EXE_SUFFIX);
        let beside = own_program.parent().map(Path::to_owned);
        let program = beside
            .into_iter()
            .chain(search.into_iter().flat_map(env::split_paths))
            .map(|folder| folder.join(&name))
            .find(|path| path.is_file());
        Self {
            program,
            locks_dir: locks_dir.into(),
            running: Arc::default(),
        }
    }
}

impl WindowOpener for DesktopProgram {
    fn open(&self, activation_token: Option<String>, account: Option<&str>) -> Opened {
        let Some(program) = &self.program else {
            tracing::warn!("tokentray-desktop is not installed; there is no window to open");
            return Opened::Never;
        };
        // One that the person started: a second would only ask it to open, and be heard here.
        if WindowLock::is_held(&self.locks_dir) || self.running.swap(true, Ordering::SeqCst) {
            return Opened::Before;
        }
        let mut command = Command::new(program);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        if let Some(account) = account {
            command.arg("--account").arg(account);
        }
        if let Some(token) = activation_token {
            // Wayland's and X11's name for the same.
            command.env("XDG_ACTIVATION_TOKEN", &token);
            command.env("DESKTOP_STARTUP_ID", &token);
        }
        match command.spawn() {
            Ok(mut child) => {
                let running = Arc::clone(&self.running);
                tokio::spawn(async move {
                    let _ = child.wait().await;
                    running.store(false, Ordering::SeqCst);
                });
                Opened::Now
            }
            Err(error) => {
                self.running.store(false, Ordering::SeqCst);
                tracing::warn!(%error, "window_not_opened");
                Opened::Never
            }
        }
    }
}
