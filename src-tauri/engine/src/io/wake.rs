//! Signals that it is worth looking again: resume, network, session.
//!
//! Knows nothing of accounts. Surprising: nothing here is ever relied on. Every source may be
//! absent, and the scheduler notices a gap in time by itself.

use std::time::Duration;

use tokio::{
    sync::mpsc,
    time::{Instant, sleep_until},
};

use crate::domain::diagnosis::Connectivity;

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
pub use linux::{SleepGuard, SleepInhibitor, start};

#[cfg(not(target_os = "linux"))]
mod elsewhere;
#[cfg(not(target_os = "linux"))]
pub use elsewhere::{SleepGuard, SleepInhibitor, start};

/// What the machine tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WakeSignal {
    /// About to sleep: start nothing new.
    Sleeping,
    Resumed,
    NetworkUp,
    NetworkDown,
    /// What the network service thinks of the way to the internet.
    Connectivity(Connectivity),
    /// The session is locked or inactive; no notification now.
    SessionAway,
    SessionBack,
}

/// Networks flap while they come up, and several services tell of the same change.
const QUIET: Duration = Duration::from_secs(1);
/// A source that never falls silent is heard all the same.
const LONGEST: Duration = Duration::from_secs(5);

impl WakeSignal {
    /// Signals of one topic replace one another.
    const fn topic(self) -> usize {
        match self {
            Self::Sleeping | Self::Resumed => 0,
            Self::NetworkUp | Self::NetworkDown => 1,
            Self::SessionAway | Self::SessionBack => 2,
            Self::Connectivity(_) => 3,
        }
    }
}

/// Passes on the last signal of each topic once it has been quiet for a second. `Sleeping` passes
/// at once: the machine does not wait.
pub async fn debounce(
    mut raw: mpsc::UnboundedReceiver<WakeSignal>,
    calm: mpsc::UnboundedSender<WakeSignal>,
) {
    let mut waiting: [Option<Waiting>; 4] = [None; 4];
    loop {
        let due = waiting.iter().flatten().map(Waiting::due).min();
        tokio::select! {
            signal = raw.recv() => {
                let Some(signal) = signal else {
                    return;
                };
                let now = Instant::now();
                let slot = &mut waiting[signal.topic()];
                if signal == WakeSignal::Sleeping {
                    *slot = None;
                    if calm.send(signal).is_err() {
                        return;
                    }
                } else {
                    let first = slot.map_or(now, |before| before.first);
                    *slot = Some(Waiting { signal, first, last: now });
                }
            }
            () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {
                let now = Instant::now();
                for slot in &mut waiting {
                    if let Some(ready) = slot.take_if(|waiting| waiting.due() <= now)
                        && calm.send(ready.signal).is_err()
                    {
                        return;
                    }
                }
            }
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Waiting {
    signal: WakeSignal,
    first: Instant,
    last: Instant,
}

impl Waiting {
    fn due(&self) -> Instant {
        (self.last + QUIET).min(self.first + LONGEST)
    }
}
