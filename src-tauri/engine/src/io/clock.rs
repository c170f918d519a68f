//! The clock: the only place that reads the time.
//!
//! Deadlines inside the process use boot time, which goes on during suspend; wall time is only for
//! what outlives the process or is shown.

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::Pending;

/// Both times at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    pub wall: DateTime<Utc>,
    /// Since boot, suspend included.
    pub boot: Duration,
}

/// What tells the time and sleeps.
pub trait Clock: Send + Sync + 'static {
    fn now(&self) -> Now;
    /// Sleeps at least that long on this clock. Not counted on during suspend.
    fn sleep(&self, duration: Duration) -> Pending<'static, ()>;
}

/// The machine's own clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Now {
        Now {
            wall: wall_time(),
            boot: boot_time(),
        }
    }

    fn sleep(&self, duration: Duration) -> Pending<'static, ()> {
        Box::pin(tokio::time::sleep(duration))
    }
}

/// The wall time of this moment, for what is shown or outlives the process.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place that reads the time"
)]
pub fn wall_time() -> DateTime<Utc> {
    Utc::now()
}

/// Time since boot, suspend included.
#[cfg(target_os = "linux")]
fn boot_time() -> Duration {
    since_boot(rustix::time::ClockId::Boottime)
}

/// macOS's monotonic clock goes on during sleep, as Linux's boot time does.
#[cfg(all(unix, not(target_os = "linux")))]
fn boot_time() -> Duration {
    since_boot(rustix::time::ClockId::Monotonic)
}

#[cfg(unix)]
fn since_boot(clock: rustix::time::ClockId) -> Duration {
    Duration::try_from(rustix::time::clock_gettime(clock)).unwrap_or_default()
}

/// Windows' performance counter goes on during sleep; it counts from the first look here.
#[cfg(windows)]
fn boot_time() -> Duration {
    static FIRST: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
    FIRST.get_or_init(std::time::Instant::now).elapsed()
}
