//! When and how often: pure formulas over lifetimes, each with where its numbers come from.
//!
//! All numbers are the design's own (the guide "refresh" explains them); jitter is injected so that
//! tests and simulations replay exactly.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::grant::Grant;

/// A stream of numbers in `[0, 1)`: splitmix64, seeded, so that a run can be repeated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Jitter(u64);

impl Jitter {
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number in `[0, 1)`.
    pub fn next_unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^= z >> 31;
        // 32 of the 64 bits are plenty, and convert without loss.
        f64::from(u32::try_from(z >> 32).unwrap_or_default()) / 4_294_967_296.0
    }

    /// A length between zero and `most` ("full jitter").
    pub fn full(&mut self, most: Duration) -> Duration {
        most.mul_f64(self.next_unit())
    }

    /// `length` plus or minus a tenth.
    pub fn tenth(&mut self, length: Duration) -> Duration {
        length.mul_f64(0.9 + 0.2 * self.next_unit())
    }
}

const fn minutes(n: u64) -> Duration {
    Duration::from_secs(n * 60)
}

const HOUR: Duration = minutes(60);

/// The least and the most that a person may wish for as [`ahead`].
pub const MARGINS: (Duration, Duration) = (minutes(2), HOUR);

/// How long before its end a token is refreshed: what a person wishes, else 20 % of its life; at
/// least 2 min, at most 1 h, never more than half, so that an outage has a runway.
pub fn ahead(lifetime: Duration, wish: Option<Duration>) -> Duration {
    wish.unwrap_or(lifetime / 5)
        .clamp(MARGINS.0, MARGINS.1)
        .min(lifetime / 2)
}

/// A token with less than this left is refreshed before it is handed out.
pub fn hand_out_floor(lifetime: Duration) -> Duration {
    minutes(2).min(lifetime / 4)
}

/// So long after a success no tool can force another refresh.
pub fn cooldown(lifetime: Duration) -> Duration {
    Duration::from_secs(30).min(lifetime / 4)
}

/// Length from `from` to `to`; zero where `to` lies before.
pub fn between(from: DateTime<Utc>, to: DateTime<Utc>) -> Duration {
    (to - from).to_std().unwrap_or_default()
}

/// `at` plus `length`, the far end of time where that overflows.
pub fn plus(at: DateTime<Utc>, length: Duration) -> DateTime<Utc> {
    TimeDelta::from_std(length)
        .ok()
        .and_then(|d| at.checked_add_signed(d))
        .unwrap_or(DateTime::<Utc>::MAX_UTC)
}

/// When a grant is refreshed by the schedule; none where it never is (no refresh token).
///
/// `margin` is what a person wishes as [`ahead`]; `jitter` is in `[0, 1)`. A grant without a known end of its access token is only moved by the
/// end of its refresh token.
pub fn due_at(
    grant: &Grant,
    refresh_idle: Option<Duration>,
    margin: Option<Duration>,
    jitter: f64,
) -> Option<DateTime<Utc>> {
    grant.refresh_token.as_ref()?;
    let by_access = grant.expires_at.map(|end| {
        let life = between(grant.issued_at, end);
        let planned = if let Some(wish) = grant.refresh_at {
            // The provider's wish wins, within the token's life.
            wish.clamp(grant.issued_at, end)
        } else {
            let ahead = ahead(life, margin)
                .mul_f64(0.9 + 0.2 * jitter)
                .min(life / 2);
            plus(grant.issued_at, life.saturating_sub(ahead))
        };
        planned.min(end)
    });
    let idle_end = refresh_idle.map(|idle| plus(grant.issued_at, idle));
    let refresh_end = [grant.refresh_token_expires_at, idle_end]
        .into_iter()
        .flatten()
        .min();
    let by_refresh = refresh_end.map(|end| {
        let life = between(grant.issued_at, end);
        let margin = (life / 10).max(minutes(2)).min(life / 2);
        plus(grant.issued_at, life.saturating_sub(margin))
    });
    [by_access, by_refresh].into_iter().flatten().min()
}

/// Ways in which a request can go without an answer, for the quick tries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unanswered {
    /// No connection was made.
    NeverConnected,
    /// Sent, then silence or a reset.
    SentNotAnswered,
    /// 5xx.
    ServerError,
    /// `use_dpop_nonce`.
    NonceWanted,
}

/// The pause before quick try number `tried + 1` (full jitter over it); none when they are used up.
pub fn quick_pause(way: Unanswered, tried: u32) -> Option<Duration> {
    let pauses: &[u64] = match way {
        Unanswered::NeverConnected => &[1, 2, 4],
        Unanswered::SentNotAnswered => &[0, 2, 8],
        Unanswered::ServerError => &[1, 4],
        Unanswered::NonceWanted => &[0],
    };
    pauses
        .get(usize::try_from(tried).ok()?)
        .map(|s| Duration::from_secs(*s))
}

fn doubling(first: Duration, most: Duration, failures: u32) -> Duration {
    first
        .saturating_mul(1_u32 << failures.saturating_sub(1).min(20))
        .min(most)
}

/// The pause after the `failures`th failure with the verdict `wait`: 30 s doubling to 15 min.
pub fn wait_pause(failures: u32) -> Duration {
    doubling(Duration::from_secs(30), minutes(15), failures)
}

/// The pause after the `failures`th failure with the verdict `fix_setup`: 1 min doubling to 1 h.
pub fn setup_pause(failures: u32) -> Duration {
    doubling(minutes(1), HOUR, failures)
}

/// The pause after the `failures`th unclear failure: tries at 0, 10, 30 min, then hourly.
pub fn unclear_pause(failures: u32) -> Duration {
    match failures {
        0 | 1 => minutes(10),
        2 => minutes(20),
        _ => HOUR,
    }
}

/// The pause before the try that confirms the `refusals`th definitive refusal: 30 s where one is
/// enough; a provider that is known to refuse falsely is given time, as in unclear cases.
pub fn confirm_pause(refusals: u32) -> Duration {
    match refusals {
        0 | 1 => CONFIRM_PAUSE,
        2 => minutes(10),
        _ => minutes(20),
    }
}

/// The pause before a refresh token is sent again whose `sends` sends were not answered for
/// certain: none within the quick tries, then the back-off.
pub fn resend_pause(sends: u32) -> Duration {
    match sends.checked_sub(SENDS_AT_ONCE) {
        None | Some(0) => Duration::ZERO,
        Some(more) => wait_pause(more),
    }
}

/// The pause before slow probe number `probes + 1` of an open incident: 1, 6, 24 h, then daily.
pub fn probe_pause(probes: u32) -> Duration {
    match probes {
        0 => HOUR,
        1 => 5 * HOUR,
        2 => 18 * HOUR,
        _ => 24 * HOUR,
    }
}

/// How long after its beginning slow probe number `probes + 1` of an incident is due.
pub fn probe_due(probes: u32) -> Duration {
    (0..=probes.min(1_000)).map(probe_pause).sum()
}

/// The pause before the `step`th forced refresh of a token whose 401 is not about age:
/// 30 s doubling to 1 h.
pub fn forced_pause(step: u32) -> Duration {
    doubling(Duration::from_secs(30), HOUR, step)
}

/// The pause before the vault is asked again to take a grant: 5 s doubling to 5 min.
pub fn store_pause(failures: u32) -> Duration {
    doubling(Duration::from_secs(5), minutes(5), failures)
}

/// Between a success and the next refresh by the schedule, however short the token's life.
pub const LEAST_PAUSE: Duration = Duration::from_secs(10);
/// After a definitive refusal one more try confirms it.
pub const CONFIRM_PAUSE: Duration = Duration::from_secs(30);
/// Definitive refusals needed before a person is asked, unless the provider's row wants more.
pub const REFUSALS: u32 = 2;
/// A refresh and its quick tries.
const SENDS_AT_ONCE: u32 = 4;
/// No stored time of a next try is further ahead: an hour and its jitter.
pub const LONGEST_PAUSE: Duration = minutes(66);
/// A `Retry-After` is believed so far.
pub const MOST_RETRY_AFTER: Duration = HOUR;
/// While an unclear refusal waits to be certain, the time that passed is noted so often.
pub const NOTE_PAUSE: Duration = minutes(1);
/// An issuer is asked whether it is there at most so often.
pub const LOOK_PAUSE: Duration = HOUR;
/// What looks like a copy waits for a person, and for the newer grant that another program may
/// store: it is looked for so often, …
pub const NEWS_PAUSE: Duration = HOUR;
/// … and, since somebody was refused, so soon after the last look.
pub const NEWS_PAUSE_ASKED: Duration = minutes(1);
/// A token that is rejected so soon after a refresh was not rejected for its age.
pub const FRESH_REJECTED: Duration = minutes(1);
/// A person may refresh by hand so often …
pub const PERSON_TRIES: usize = 3;
/// … in this time.
pub const PERSON_WINDOW: Duration = minutes(10);
/// Unclear refusals needed before a person is asked …
pub const UNCLEAR_REFUSALS: u32 = 3;
/// … over so much awake, online time with the access token over …
pub const UNCLEAR_TIME: Duration = minutes(30);
/// … or so much, when other accounts at that host are refused alike.
pub const UNCLEAR_TIME_ALIKE: Duration = minutes(6 * 60);
/// For so long after a resume, failures of network and vault are not counted.
pub const SETTLING: Duration = minutes(1);
/// Between two tries in that minute.
pub const SETTLING_PAUSE: Duration = Duration::from_secs(10);
/// After a resume without a network, it is waited for so long.
pub const NETWORK_PATIENCE: Duration = minutes(1);
/// After a refusal the vault is read again after these pauses: another program may have renewed.
pub const ADOPTION_PAUSES: [Duration; 3] = [
    Duration::from_millis(100),
    Duration::from_millis(600),
    Duration::from_millis(1300),
];
/// "Later" is followed by at most one reminder, so long after.
pub const REMINDER: Duration = minutes(24 * 60);
/// Accounts that die together share one notification: it waits so long for others.
pub const NOTICE_GATHER: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ahead_is_a_fifth_within_two_minutes_and_an_hour_and_never_more_than_half() {
        for (life, expected) in [
            (20, 10),
            (90, 45),
            (300, 120),
            (3600, 720),
            (28_800, 3600),
            (864_000, 3600),
        ] {
            assert_eq!(
                ahead(Duration::from_secs(life), None).as_secs(),
                expected,
                "life of {life} s"
            );
        }
    }

    #[test]
    fn a_wish_moves_a_refresh_within_the_same_bounds() {
        for (life, wish, expected) in [
            (3600, 1800, 1800),
            (3600, 7200, 1800),
            (28_800, 7200, 3600),
            (3600, 1, 120),
            (90, 600, 45),
        ] {
            assert_eq!(
                ahead(Duration::from_secs(life), Some(Duration::from_secs(wish))).as_secs(),
                expected,
                "life of {life} s, wish of {wish} s"
            );
        }
    }

    #[test]
    fn the_pauses_double_up_to_their_limit() {
        let waits: Vec<u64> = (1..8).map(|n| wait_pause(n).as_secs()).collect();
        assert_eq!(waits, [30, 60, 120, 240, 480, 900, 900]);
        assert_eq!(setup_pause(40), HOUR);
    }

    #[test]
    fn jitter_repeats_with_its_seed_and_stays_in_its_range() {
        let (mut a, mut b) = (Jitter::new(7), Jitter::new(7));
        for _ in 0..1000 {
            let x = a.next_unit();
            assert!((0.0..1.0).contains(&x));
            assert!((x - b.next_unit()).abs() < f64::EPSILON);
        }
    }
}
