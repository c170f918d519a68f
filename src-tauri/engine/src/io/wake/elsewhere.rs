//! Where the platform tells nothing yet (macOS, Windows): the scheduler's own look at the clock
//! finds a resume, and a failed request finds the network.

use tokio::sync::mpsc;

use super::WakeSignal;

/// A channel that stays open and silent.
pub fn start() -> mpsc::UnboundedReceiver<WakeSignal> {
    let (sender, receiver) = mpsc::unbounded_channel();
    tokio::spawn(async move { sender.closed().await });
    receiver
}

/// Holds nothing here.
#[derive(Clone, Debug, Default)]
pub struct SleepInhibitor;

/// Holds nothing here.
#[derive(Debug)]
pub struct SleepGuard;

impl SleepInhibitor {
    /// Always at once.
    pub async fn hold_sleep(&self) -> SleepGuard {
        SleepGuard
    }
}
