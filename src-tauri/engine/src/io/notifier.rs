//! The one notification: shown, replaced, withdrawn; its button and click come back as events.
//!
//! Must not know why it is shown. Surprising: a server may be absent, may come later and may
//! restart; the adapter shows what is still wanted by itself then, and says so with
//! [`NoticeEvent::Shown`].

use super::Pending;

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
pub use linux::LinuxNotifier;

#[cfg(any(target_os = "macos", target_os = "windows"))]
mod desktop;
#[cfg(any(target_os = "macos", target_os = "windows"))]
pub use desktop::DesktopNotifier;

/// What to show. Texts are plain; the adapter escapes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    pub title: String,
    pub body: String,
    /// Label of the button that signs in.
    pub sign_in: String,
    /// Label of "Later".
    pub later: String,
    /// Where to sign in, said by a server that offers no buttons.
    pub elsewhere: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoticeEvent {
    /// The button or the body; with the token that lets a Wayland compositor bring the browser to
    /// the front, where the server gives one.
    SignIn {
        activation_token: Option<String>,
    },
    Later,
    /// The person closed it: no answer, and no second showing.
    Dismissed,
    /// A server took the notice after all, which [`Notifier::show`] could not place at first.
    Shown,
}

pub trait Notifier: Send + Sync + 'static {
    /// Shows or replaces. `Ok` only if a notification server took it; otherwise it stays wanted
    /// and is shown when a server comes.
    fn show(&self, notice: Notice) -> Pending<'static, Result<(), String>>;
    /// Closes it, wherever it stands, and wants it no more.
    fn withdraw(&self) -> Pending<'static, ()>;
    /// Closes what a process before this one left, where it can be known.
    fn withdraw_left(&self) -> Pending<'static, ()> {
        Box::pin(std::future::ready(()))
    }
}
