//! The one notification: shown, replaced, withdrawn; its button and click come back as events.

use super::Pending;

/// What to show. Texts are plain; the adapter escapes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    pub title: String,
    pub body: String,
    /// Label of the button that signs in.
    pub sign_in: String,
    /// Label of "Later".
    pub later: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoticeEvent {
    /// The button or the body.
    SignIn,
    Later,
    /// The person closed it: no answer, and no second showing.
    Dismissed,
}

pub trait Notifier: Send + Sync + 'static {
    /// Shows or replaces. `Ok` only if a notification server took it.
    fn show(&self, notice: Notice) -> Pending<'static, Result<(), String>>;
    fn withdraw(&self) -> Pending<'static, ()>;
}
