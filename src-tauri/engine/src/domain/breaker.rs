//! One breaker per token endpoint host: after five failures in a row one account at a time probes.
//!
//! The surprising thing is the queue: accounts take turns, so that one whose own setup is broken
//! cannot keep the breaker open for all; who does not take a turn falls out of the queue.

use std::{collections::VecDeque, time::Duration};

use super::{account::AccountId, cause::Cause};

/// Failures in a row that open it.
const OPENS_AFTER: u32 = 5;
/// Between two probes.
const PROBE_PAUSE: Duration = Duration::from_mins(1);
/// An account that does not take its turn within this time loses it.
const TURN: Duration = Duration::from_secs(5);
/// Accounts in `fix_setup` are no probes; only when nobody else probed for so long may one be.
const NOBODY_ELSE: Duration = Duration::from_mins(5);
/// Refusals are "in the same hour" for so long: hourly tries come with a tenth of jitter.
const SAME_HOUR: Duration = Duration::from_mins(70);

/// What a host did lately.
#[derive(Debug, Default)]
pub struct Breaker {
    failures: u32,
    open: Option<Open>,
    /// Refusals of the last hour: who, of which shape, when (boot time).
    refusals: VecDeque<(AccountId, String, Duration)>,
}

#[derive(Debug)]
struct Open {
    cause: Cause,
    next_probe: Duration,
    turns: VecDeque<AccountId>,
}

impl Breaker {
    /// Until when this account must not send by itself, and why; none: it may. Only who is due
    /// takes a place in the queue: the turn of one that has nothing to send would be lost time.
    pub fn closed_until(
        &mut self,
        account: &AccountId,
        wants: Probe,
        now: Duration,
    ) -> Option<(Duration, Cause)> {
        let open = self.open.as_mut()?;
        if wants == Probe::Unfit {
            open.turns.retain(|a| a != account);
            let until = open.next_probe + NOBODY_ELSE;
            return (now < until).then_some((until, open.cause));
        }
        let is_due = wants == Probe::Due;
        let place = open
            .turns
            .iter()
            .position(|a| a == account)
            .unwrap_or_else(|| {
                if is_due {
                    open.turns.push_back(account.clone());
                    open.turns.len() - 1
                } else {
                    open.turns.len()
                }
            });
        let turn = open.next_probe + PROBE_PAUSE * u32::try_from(place).unwrap_or(u32::MAX);
        let somebody_slept = now >= open.next_probe + TURN;
        if now >= turn || somebody_slept {
            None
        } else {
            Some((turn, open.cause))
        }
    }

    /// This account begins to send: the next probe is another's. Who stood before it and let its
    /// turn pass stands there no more.
    pub fn takes_turn(&mut self, account: &AccountId, now: Duration) {
        if let Some(open) = &mut self.open {
            open.next_probe = now + PROBE_PAUSE;
            let place = open.turns.iter().position(|a| a == account);
            open.turns.drain(..place.map_or(0, |place| place + 1));
            open.turns.push_back(account.clone());
        }
    }

    /// The account is gone.
    pub fn forget(&mut self, account: &AccountId) {
        if let Some(open) = &mut self.open {
            open.turns.retain(|a| a != account);
        }
        self.refusals.retain(|(a, _, _)| a != account);
    }

    /// The account was refreshed: its refusals were not for good.
    pub fn succeeded(&mut self, account: &AccountId) {
        self.refusals.retain(|(a, _, _)| a != account);
    }

    /// The host did not answer as a provider does.
    pub fn failed(&mut self, cause: Cause, now: Duration) {
        self.failures += 1;
        if self.failures >= OPENS_AFTER && self.open.is_none() {
            self.open = Some(Open {
                cause,
                next_probe: now + PROBE_PAUSE,
                turns: VecDeque::new(),
            });
        }
    }

    /// The host answered: returns the accounts that waited for their turn.
    pub fn answered(&mut self) -> Vec<AccountId> {
        self.failures = 0;
        self.open
            .take()
            .map(|o| o.turns.into_iter().collect())
            .unwrap_or_default()
    }

    /// Notes a well-formed refusal.
    pub fn refused(&mut self, account: AccountId, shape: String, now: Duration) {
        self.forget_old(now);
        self.refusals.retain(|(a, _, _)| *a != account);
        self.refusals.push_back((account, shape, now));
    }

    /// How other accounts were refused within the hour.
    pub fn refused_elsewhere(&mut self, account: &AccountId, now: Duration) -> Vec<String> {
        self.forget_old(now);
        self.refusals
            .iter()
            .filter(|(a, _, _)| a != account)
            .map(|(_, shape, _)| shape.clone())
            .collect()
    }

    fn forget_old(&mut self, now: Duration) {
        self.refusals
            .retain(|(_, _, at)| now.saturating_sub(*at) < SAME_HOUR);
    }
}

/// What an account would do with a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Probe {
    /// It has something to send.
    Due,
    NotDue,
    /// Its own setup is wrong, so its answer tells little.
    Unfit,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_open_breaker_lets_accounts_probe_in_turn() {
        let (a, b) = (AccountId("a".into()), AccountId("b".into()));
        let mut breaker = Breaker::default();
        let at = Duration::from_secs;
        for second in 0..5 {
            assert_eq!(breaker.closed_until(&a, Probe::Due, at(second)), None);
            breaker.failed(Cause::ServerError, at(second));
        }
        assert_eq!(
            breaker.closed_until(&a, Probe::Due, at(5)),
            Some((at(64), Cause::ServerError))
        );
        assert_eq!(
            breaker.closed_until(&b, Probe::Due, at(5)),
            Some((at(124), Cause::ServerError))
        );
        assert_eq!(breaker.closed_until(&a, Probe::Due, at(64)), None);
        breaker.takes_turn(&a, at(64));
        assert_eq!(
            breaker.closed_until(&b, Probe::Due, at(65)),
            Some((at(124), Cause::ServerError))
        );
        assert_eq!(
            breaker.closed_until(&a, Probe::Due, at(65)),
            Some((at(184), Cause::ServerError))
        );
        assert_eq!(breaker.closed_until(&b, Probe::Due, at(124)), None);
        assert_eq!(breaker.answered(), [b, a.clone()]);
        assert_eq!(breaker.closed_until(&a, Probe::Due, at(125)), None);
    }

    #[test]
    fn who_lets_a_turn_pass_or_needs_setup_holds_up_nobody() {
        let id = |name: &str| AccountId(name.into());
        let (gone, setup, a, b) = (id("gone"), id("setup"), id("a"), id("b"));
        let mut breaker = Breaker::default();
        let at = Duration::from_secs;
        (0..5).for_each(|second| breaker.failed(Cause::ServerError, at(second)));
        for account in [&gone, &a, &b] {
            breaker.closed_until(account, Probe::Due, at(5));
        }
        // The first in the queue sends nothing; a minute and five seconds on the next one may.
        assert!(breaker.closed_until(&a, Probe::Due, at(68)).is_some());
        assert!(breaker.closed_until(&setup, Probe::Unfit, at(69)).is_some());
        assert_eq!(breaker.closed_until(&a, Probe::Due, at(69)), None);
        breaker.takes_turn(&a, at(69));
        let turns: Vec<u64> = (0..3)
            .map(|_| {
                let (until, _) = breaker.closed_until(&b, Probe::Due, at(70)).unwrap();
                breaker.takes_turn(&b, until);
                until.as_secs()
            })
            .collect();
        assert_eq!(turns[0], 129, "the one that let its turn pass is out");
        // With nobody else, after five minutes, even one in setup probes.
        let (until, _) = breaker.closed_until(&setup, Probe::Unfit, at(70)).unwrap();
        assert_eq!(breaker.closed_until(&setup, Probe::Unfit, until), None);
    }
}
