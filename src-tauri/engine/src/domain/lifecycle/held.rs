//! The grant that is handed out, with what was computed once when it came.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::{Now, Want};
use crate::domain::{
    grant::{ExpiresSource, Grant},
    policy,
    secret::Fingerprint,
};

/// The grant that is handed out, with what was computed once.
#[derive(Clone, Debug)]
pub struct Held {
    pub grant: Grant,
    pub fingerprint: Fingerprint,
    pub id_fingerprint: Option<Fingerprint>,
    /// Boot times: when a refresh is due, and when the access token ends. Setting the wall clock
    /// moves neither, and a clock that was wrong when the grant was stored stretches none.
    pub due: Option<Duration>,
    pub ends: Option<Duration>,
    /// End of the ID token, likewise.
    pub id_ends: Option<Duration>,
    pub received: Duration,
    /// Its age was read from the store by the wall clock, which may have been wrong then.
    pub stored: bool,
    /// By which clock its dates are: [`Now::skew`] at that time.
    pub skew: TimeDelta,
    /// By the clock as it was set since, the access token ends at this time already. It is renewed
    /// and a person is told by this end; where renewing fails it is handed out until the other.
    pub perhaps_ends: Option<Duration>,
}

/// The earlier of two times that may not be known.
pub(super) fn earlier(one: Option<Duration>, other: Option<Duration>) -> Option<Duration> {
    one.into_iter().chain(other).min()
}

impl PartialEq for Held {
    fn eq(&self, other: &Self) -> bool {
        self.grant == other.grant
            && self.due == other.due
            && self.ends == other.ends
            && self.perhaps_ends == other.perhaps_ends
    }
}

impl Held {
    /// The end of the access token on the wall clock as it goes now.
    pub fn expires_at(&self, now: Now) -> Option<DateTime<Utc>> {
        let (stated, ends) = (self.grant.expires_at?, self.soonest_end()?);
        let Some(over_for) = now.boot.checked_sub(ends) else {
            let end = policy::plus(now.wall, ends.saturating_sub(now.boot));
            // What was stated stands unless somebody set the clock.
            let moved = (end - stated).abs() > TimeDelta::minutes(1);
            return Some(if moved { end } else { stated });
        };
        let ended = now.wall - TimeDelta::from_std(over_for).unwrap_or_default();
        Some(stated.min(ended))
    }

    /// When the access token ends, perhaps.
    fn soonest_end(&self) -> Option<Duration> {
        earlier(self.ends, self.perhaps_ends)
    }

    /// When the access token ends for certain; none where that is not known, or only assumed for scheduling.
    pub fn stated_end(&self) -> Option<Duration> {
        self.ends
            .filter(|_| self.grant.expires_source != ExpiresSource::Assumed)
    }

    /// Whether this token meets the want as it is.
    pub fn meets(&self, want: &Want, now: Now) -> bool {
        if want.person || want.rejected.as_ref() == Some(&self.fingerprint) {
            return false;
        }
        if want.id_token {
            return self.id_ends.is_some_and(|end| end > now.boot);
        }
        let (Some(ends), Some(end)) = (self.soonest_end(), self.grant.expires_at) else {
            return true;
        };
        let left = ends.saturating_sub(now.boot);
        let life = policy::between(self.grant.issued_at, end);
        let needed = policy::hand_out_floor(life).max(want.min_valid.unwrap_or_default());
        let renewed_just_now = now.boot.saturating_sub(self.received) < policy::cooldown(life);
        !left.is_zero() && (left >= needed || renewed_just_now)
    }
}
