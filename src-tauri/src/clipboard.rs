//! Text for the clipboard; a token leaves it again after 45 s if nothing else was copied meanwhile.
//!
//! Must not know where the text comes from. Surprising: on X11 and Wayland the clipboard's content
//! lives in the process that copied it, so this keeps the connection, and the shell stays alive
//! without a window while a token is on offer ([`Clipboard::holds`]).

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokentray::domain::secret::Secret;
use tokio::{sync::watch, time::sleep};

/// Long enough to paste it somewhere, short enough not to be found there later.
const KEPT: Duration = Duration::from_secs(45);

#[derive(Default)]
struct Held {
    /// Opened at the first copy: there may be no clipboard at all.
    system: Option<arboard::Clipboard>,
    /// Counts copies, so that a late clearing leaves a newer one alone.
    copies: u64,
}

/// The system's clipboard.
#[derive(Clone)]
pub struct Clipboard {
    held: Arc<Mutex<Held>>,
    /// Whether a token of ours is on the clipboard.
    token: Arc<watch::Sender<bool>>,
}

impl Default for Clipboard {
    fn default() -> Self {
        Self {
            held: Arc::default(),
            token: Arc::new(watch::Sender::new(false)),
        }
    }
}

impl Clipboard {
    /// Copies a text that may stay.
    pub fn copy(&self, text: &str) -> Result<(), arboard::Error> {
        self.put(text, false)?;
        self.token.send_replace(false);
        Ok(())
    }

    /// Copies a token, marked as concealed where the platform can, and takes it away later. Called
    /// inside the runtime.
    pub fn copy_token(&self, token: Secret) -> Result<(), arboard::Error> {
        let copy = self.put(token.expose(), true)?;
        self.token.send_replace(true);
        let clipboard = self.clone();
        tokio::spawn(async move {
            sleep(KEPT).await;
            // Blocking: the clipboard's owner may be slow to answer.
            let _ = tokio::task::spawn_blocking(move || clipboard.clear(copy, &token)).await;
        });
        Ok(())
    }

    /// What a person copied, as a secret: it may be a token response.
    pub fn text(&self) -> Result<Secret, arboard::Error> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let system = match &mut held.system {
            Some(system) => system,
            none => none.insert(arboard::Clipboard::new()?),
        };
        system.get_text().map(Secret::new)
    }

    /// True while a token is on offer that is to be taken away.
    pub fn holds(&self) -> watch::Receiver<bool> {
        self.token.subscribe()
    }

    fn put(&self, text: &str, concealed: bool) -> Result<u64, arboard::Error> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let system = match &mut held.system {
            Some(system) => system,
            none => none.insert(arboard::Clipboard::new()?),
        };
        let set = system.set();
        if concealed { exclude(set) } else { set }.text(text)?;
        held.copies += 1;
        Ok(held.copies)
    }

    fn clear(&self, copy: u64, token: &Secret) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.copies != copy {
            return;
        }
        if let Some(system) = &mut held.system
            && system.get_text().is_ok_and(|text| text == token.expose())
            && let Err(error) = system.clear()
        {
            tracing::warn!(%error, "clipboard_not_cleared");
        }
        self.token.send_replace(false);
    }
}

#[cfg(target_os = "linux")]
fn exclude(set: arboard::Set<'_>) -> arboard::Set<'_> {
    arboard::SetExtLinux::exclude_from_history(set)
}

#[cfg(target_os = "macos")]
fn exclude(set: arboard::Set<'_>) -> arboard::Set<'_> {
    arboard::SetExtApple::exclude_from_history(set)
}

#[cfg(windows)]
fn exclude(set: arboard::Set<'_>) -> arboard::Set<'_> {
    use arboard::SetExtWindows;
    set.exclude_from_cloud()
        .exclude_from_history()
        .exclude_from_monitoring()
}
