//! What the shell's parts share: a client of the engine, the page, the clipboard, the tray's state.

use std::{
    path::{Path, PathBuf},
    sync::{Mutex, OnceLock, PoisonError},
};

use serde::Serialize;
use serde_json::json;
use tokentray::{
    api::{client::Client, problem::Problem},
    autostart::Autostart,
    io::tray::TrayState,
};
use tokio::sync::watch;

use crate::{clipboard::Clipboard, page::Page};

/// What this process is, beside the others of this person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// Owner, presenter and window.
    Whole,
    /// Presenter and window beside an owner.
    Presenter,
    /// The window beside an owner and a presenter; ends with it.
    Window,
}

/// Shared by commands, window and presenter; Tauri's managed state.
pub struct Shell {
    pub client: Client,
    pub part: Part,
    pub demo: bool,
    /// Why there is no engine at all; every request gets it.
    pub refusal: Option<Problem>,
    pub page: Page,
    pub clipboard: Clipboard,
    /// None in a demo: what is invented does not start at login.
    pub autostart: Option<Autostart>,
    /// The account that a page which opens next shows first.
    wanted: Mutex<Option<String>>,
    pub(crate) tray: OnceLock<watch::Receiver<TrayState>>,
    pub(crate) state_dir: PathBuf,
}

impl Shell {
    pub fn new(
        client: Client,
        part: Part,
        demo: bool,
        refusal: Option<Problem>,
        autostart: Option<Autostart>,
        state_dir: PathBuf,
    ) -> Self {
        Self {
            client,
            part,
            demo,
            refusal,
            page: Page::default(),
            clipboard: Clipboard::default(),
            autostart,
            wanted: Mutex::default(),
            tray: OnceLock::new(),
            state_dir,
        }
    }

    /// Whether the process goes on without its window. A demo that no tray shows would be lost.
    pub fn stays(&self) -> bool {
        self.part != Part::Window && (!self.demo || self.tray() == Some(TrayState::Shown))
    }

    /// Shows an account: in the page that is open, else in the next one.
    pub fn show(&self, account: &str) {
        let told = self
            .page
            .tell(json!({ "type": "show", "account": account }));
        let mut wanted = self.wanted.lock().unwrap_or_else(PoisonError::into_inner);
        *wanted = (!told).then(|| account.to_owned());
    }

    /// The account that a page which just opened is to show.
    pub fn take_wanted(&self) -> Option<String> {
        let mut wanted = self.wanted.lock().unwrap_or_else(PoisonError::into_inner);
        wanted.take()
    }

    /// Whether the tray can be seen; none where this process shows none.
    pub fn tray(&self) -> Option<TrayState> {
        self.tray.get().map(|state| state.borrow().clone())
    }

    pub fn state_dir(&self) -> &Path {
        &self.state_dir
    }
}
