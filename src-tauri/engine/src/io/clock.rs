//! The clock: the only place that reads the time.
//!
//! Deadlines inside the process use boot time, which goes on during suspend; wall time is only for
//! what outlives the process or is shown.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

pub use crate::domain::lifecycle::Now;

use super::Pending;

/// What tells the time and sleeps.
pub trait Clock: Send + Sync + 'static {
    fn now(&self) -> Now;
    /// Sleeps at least that long on this clock. Not counted on during suspend.
    fn sleep(&self, duration: Duration) -> Pending<'static, ()>;
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Now {
        Now {
            wall: wall(),
            boot: boot(),
        }
    }

    fn sleep(&self, duration: Duration) -> Pending<'static, ()> {
        Box::pin(tokio::time::sleep(duration))
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "this file is where the time is read"
)]
fn wall() -> DateTime<Utc> {
    Utc::now()
}

/// Linux counts the suspend in `CLOCK_BOOTTIME` (`clock_gettime(2)`).
#[cfg(target_os = "linux")]
fn boot() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    Duration::new(
        u64::try_from(time.tv_sec).unwrap_or_default(),
        u32::try_from(time.tv_nsec).unwrap_or_default(),
    )
}

/// Elsewhere the wall clock stands in: it counts the suspend, and a jump counts as a resume.
#[cfg(not(target_os = "linux"))]
fn boot() -> Duration {
    wall()
        .signed_duration_since(DateTime::<Utc>::UNIX_EPOCH)
        .to_std()
        .unwrap_or_default()
}

/// A clock on which a second passes faster, for the demo: real sockets, an hour in a minute.
#[derive(Clone, Copy, Debug)]
pub struct FastClock {
    begun: Now,
    factor: u32,
}

impl FastClock {
    /// Begins at the machine's time and runs `factor` times as fast.
    pub fn new(factor: u32) -> Self {
        Self {
            begun: SystemClock.now(),
            factor: factor.max(1),
        }
    }
}

impl Clock for FastClock {
    fn now(&self) -> Now {
        let passed = SystemClock.now().boot.saturating_sub(self.begun.boot) * self.factor;
        let wall = TimeDelta::from_std(passed).unwrap_or_default();
        Now {
            wall: self.begun.wall + wall,
            boot: self.begun.boot + passed,
        }
    }

    fn sleep(&self, duration: Duration) -> Pending<'static, ()> {
        Box::pin(tokio::time::sleep(duration / self.factor))
    }
}

/// A clock that follows tokio's (paused, in tests), and that can be put wrong or to sleep.
#[derive(Clone, Debug)]
pub struct VirtualClock {
    begun: tokio::time::Instant,
    wall: DateTime<Utc>,
    /// Milliseconds by which the wall clock was put forward (or back).
    jumped: std::sync::Arc<std::sync::atomic::AtomicI64>,
    /// Milliseconds slept through.
    suspended: std::sync::Arc<std::sync::atomic::AtomicU64>,
}

impl VirtualClock {
    /// Begins at this wall time, an hour after boot.
    pub fn new(wall: DateTime<Utc>) -> Self {
        Self {
            begun: tokio::time::Instant::now(),
            wall,
            jumped: std::sync::Arc::default(),
            suspended: std::sync::Arc::default(),
        }
    }

    /// Puts the wall clock forward (or back) without time passing.
    pub fn jump(&self, by: TimeDelta) {
        self.jumped
            .fetch_add(by.num_milliseconds(), std::sync::atomic::Ordering::SeqCst);
    }

    /// The machine slept: both clocks moved, no timer did.
    pub fn suspend(&self, length: Duration) {
        let millis = u64::try_from(length.as_millis()).unwrap_or(u64::MAX);
        self.suspended
            .fetch_add(millis, std::sync::atomic::Ordering::SeqCst);
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Now {
        use std::sync::atomic::Ordering::SeqCst;
        let passed = self.begun.elapsed() + Duration::from_millis(self.suspended.load(SeqCst));
        let jumped = TimeDelta::milliseconds(self.jumped.load(SeqCst));
        Now {
            wall: self.wall + TimeDelta::from_std(passed).unwrap_or_default() + jumped,
            boot: Duration::from_hours(1) + passed,
        }
    }

    fn sleep(&self, duration: Duration) -> Pending<'static, ()> {
        Box::pin(tokio::time::sleep(duration))
    }
}
