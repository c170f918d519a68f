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
