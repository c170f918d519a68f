//! What is unusual about an account's figures, for doctor and for the account's details.
//!
//! Pure: it knows counts, not the history. Surprising: nothing here is a fault, so nothing here
//! notifies; it only answers a person who looks.

use std::time::Duration;

use super::policy;

/// A person is asked so often in a week at most, before it is worth a look.
const USUAL_SIGN_INS: u64 = 2;
/// Fewer failures than this are no rate.
const FAILURES_THAT_COUNT: u64 = 10;
/// Refreshes beyond the plan that hand-outs, wake-ups and 401 reports explain.
const ALLOWANCE: u64 = 20;

const WEEK_S: u64 = 7 * 24 * 3600;

/// Counts of an account; those of 30 days hold those of 7.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    pub refreshed_7: u64,
    pub failed_7: u64,
    pub signed_in_7: u64,
    pub refreshed_30: u64,
    pub failed_30: u64,
}

/// Something worth a look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Odd {
    #[error("you signed in {times} times within 7 days")]
    SignIns { times: u64 },
    /// In percent.
    #[error("{now} % of the tries failed within 7 days, {before} % in the weeks before")]
    Failures { now: u64, before: u64 },
    #[error("refreshed {times} times within 7 days, where about {planned} were to be expected")]
    Refreshes { times: u64, planned: u64 },
}

/// What is worth a look.
///
/// `margin` is how long before their end a person wishes tokens to be refreshed.
pub fn unusual(
    figures: &Figures,
    lifetime: Option<Duration>,
    margin: Option<Duration>,
) -> Vec<Odd> {
    let mut found = Vec::new();
    if figures.signed_in_7 > USUAL_SIGN_INS {
        found.push(Odd::SignIns {
            times: figures.signed_in_7,
        });
    }
    if let Some((now, before)) = doubled(figures) {
        found.push(Odd::Failures { now, before });
    }
    if let Some(planned) = lifetime.and_then(|life| planned_a_week(life, margin))
        && figures.refreshed_7 > planned.saturating_mul(3) / 2 + ALLOWANCE
    {
        found.push(Odd::Refreshes {
            times: figures.refreshed_7,
            planned,
        });
    }
    found
}

/// The failure rates of this week and of the three before, in percent, where it doubled.
fn doubled(figures: &Figures) -> Option<(u64, u64)> {
    let percent = |failed: u64, refreshed: u64| (failed * 100).checked_div(failed + refreshed);
    let failed = figures.failed_30.saturating_sub(figures.failed_7);
    let refreshed = figures.refreshed_30.saturating_sub(figures.refreshed_7);
    let now = percent(figures.failed_7, figures.refreshed_7)?;
    let before = percent(failed, refreshed)?;
    let counts = figures.failed_7 >= FAILURES_THAT_COUNT;
    (counts && now > 1 && now >= before * 2).then_some((now, before))
}

/// Refreshes a week that the schedule alone makes.
fn planned_a_week(lifetime: Duration, margin: Option<Duration>) -> Option<u64> {
    let pause = lifetime
        .checked_sub(policy::ahead(lifetime, margin))?
        .as_secs();
    WEEK_S.checked_div(pause)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Option<Duration> = Some(Duration::from_hours(1));

    #[test]
    fn a_quiet_account_is_nothing_to_look_at() {
        let quiet = Figures {
            refreshed_7: 210,
            failed_7: 9,
            signed_in_7: 2,
            refreshed_30: 900,
            failed_30: 40,
        };
        assert_eq!(unusual(&quiet, HOUR, None), []);
        assert_eq!(unusual(&Figures::default(), None, None), []);
    }

    #[test]
    fn three_sign_ins_a_doubled_rate_and_too_many_refreshes_are_told() {
        let odd = Figures {
            refreshed_7: 400,
            failed_7: 100,
            signed_in_7: 3,
            refreshed_30: 1_300,
            failed_30: 190,
        };
        assert_eq!(
            unusual(&odd, HOUR, None)
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>(),
            [
                "you signed in 3 times within 7 days",
                "20 % of the tries failed within 7 days, 9 % in the weeks before",
                "refreshed 400 times within 7 days, where about 210 were to be expected",
            ]
        );
    }
}
