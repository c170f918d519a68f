//! One breaker per token endpoint host: after five failures in a row one account at a time probes.
//!
//! The surprising thing is the queue: accounts take turns, so that one whose own setup is broken
//! cannot keep the breaker open for all; who does not take a turn falls out of the queue. Only who
//! is due stands in it, and who has not failed since the host last answered goes first: what fails
//! at one account only must not make the others late.

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
    /// Accounts that failed since the host last answered.
    failed: Vec<AccountId>,
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
        let failed = &self.failed;
        let place = open
            .turns
            .iter()
            .position(|a| a == account)
            .unwrap_or_else(|| {
                if wants != Probe::Due {
                    return open.turns.len();
                }
                let behind = |a: &AccountId| failed.contains(account) || !failed.contains(a);
                let place = open.turns.iter().take_while(|a| behind(a)).count();
                open.turns.insert(place, account.clone());
                place
            });
        let turn = open.next_probe + PROBE_PAUSE * u32::try_from(place).unwrap_or(u32::MAX);
        let somebody_slept = now >= open.next_probe + TURN;
        if now >= turn || somebody_slept {
            None
        } else {
            Some((turn, open.cause))
        }
    }

    /// This account begins to send: the next probe is another's, or its own when it is due again.
    /// Who stood before it and let its turn pass stands there no more.
    pub fn takes_turn(&mut self, account: &AccountId, now: Duration) {
        if let Some(open) = &mut self.open {
            open.next_probe = now + PROBE_PAUSE;
            let place = open.turns.iter().position(|a| a == account);
            open.turns.drain(..place.map_or(0, |place| place + 1));
        }
    }

    /// The account is gone.
    pub fn forget(&mut self, account: &AccountId) {
        if let Some(open) = &mut self.open {
            open.turns.retain(|a| a != account);
        }
        self.failed.retain(|a| a != account);
        self.refusals.retain(|(a, _, _)| a != account);
    }

    /// The account was refreshed: its refusals were not for good.
    pub fn succeeded(&mut self, account: &AccountId) {
        self.refusals.retain(|(a, _, _)| a != account);
    }

    /// The host did not answer this account as a provider does.
    pub fn failed(&mut self, account: &AccountId, cause: Cause, now: Duration) {
        self.failures += 1;
        if !self.failed.contains(account) {
            self.failed.push(account.clone());
        }
        if self.failures >= OPENS_AFTER && self.open.is_none() {
            self.open = Some(Open {
                cause,
                next_probe: now + PROBE_PAUSE,
                turns: VecDeque::new(),
            });
        }
    }

    /// The host answered: returns the accounts that it kept waiting, by their turn or by a failure.
    pub fn answered(&mut self) -> Vec<AccountId> {
        self.failures = 0;
        let failed = std::mem::take(&mut self.failed);
        let Some(open) = self.open.take() else {
            return Vec::new();
        };
        let mut waiting: Vec<AccountId> = open.turns.into();
        for account in failed {
            if !waiting.contains(&account) {
                waiting.push(account);
            }
        }
        waiting
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

    fn id(name: &str) -> AccountId {
        AccountId(name.into())
    }

    fn at(second: u64) -> Duration {
        Duration::from_secs(second)
    }

    /// Opened at 0:04 by these, of which the last one failed last.
    fn opened_by(accounts: &[&AccountId]) -> Breaker {
        let mut breaker = Breaker::default();
        for second in 0..5 {
            let whose = accounts[usize::try_from(second).unwrap() % accounts.len()];
            assert_eq!(breaker.closed_until(whose, Probe::Due, at(second)), None);
            breaker.failed(whose, Cause::ServerError, at(second));
        }
        breaker
    }

    #[test]
    fn an_open_breaker_lets_accounts_probe_in_turn() {
        let (a, b) = (id("a"), id("b"));
        let mut breaker = opened_by(&[&a, &b]);
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
        breaker.takes_turn(&b, at(124));
        assert_eq!(breaker.answered(), [a.clone(), b]);
        assert_eq!(breaker.closed_until(&a, Probe::Due, at(125)), None);
    }

    #[test]
    fn who_lets_a_turn_pass_or_needs_setup_holds_up_nobody() {
        let (gone, setup, a, b) = (id("gone"), id("setup"), id("a"), id("b"));
        let mut breaker = opened_by(&[&gone, &a, &b]);
        for account in [&gone, &a, &b] {
            breaker.closed_until(account, Probe::Due, at(5));
        }
        // The first in the queue sends nothing; a minute and five seconds on the next one may.
        assert!(breaker.closed_until(&a, Probe::Due, at(68)).is_some());
        assert!(breaker.closed_until(&setup, Probe::Unfit, at(69)).is_some());
        assert_eq!(breaker.closed_until(&a, Probe::Due, at(69)), None);
        breaker.takes_turn(&a, at(69));
        let (until, _) = breaker.closed_until(&b, Probe::Due, at(70)).unwrap();
        assert_eq!(until, at(129), "the one that let its turn pass is out");
        breaker.takes_turn(&b, until);
        // With nobody else, after five minutes, even one in setup probes.
        let (until, _) = breaker.closed_until(&setup, Probe::Unfit, at(70)).unwrap();
        assert_eq!(breaker.closed_until(&setup, Probe::Unfit, until), None);
    }

    #[test]
    fn who_probed_and_waits_holds_no_turn() {
        let (a, b) = (id("a"), id("b"));
        let mut breaker = opened_by(&[&a, &b]);
        breaker.takes_turn(&a, at(64));
        breaker.closed_until(&a, Probe::NotDue, at(65));
        let (until, _) = breaker.closed_until(&b, Probe::Due, at(100)).unwrap();
        assert_eq!(until, at(124), "the next turn is free");
    }

    #[test]
    fn who_has_not_failed_goes_before_all_who_did() {
        let (a, b, well, too) = (id("a"), id("b"), id("well"), id("too"));
        let mut breaker = opened_by(&[&a, &b]);
        let order = [&a, &b, &well, &too];
        for account in order {
            breaker.closed_until(account, Probe::Due, at(5));
        }
        let turns = order.map(|account| {
            let (until, _) = breaker.closed_until(account, Probe::Due, at(6)).unwrap();
            until.as_secs()
        });
        assert_eq!(turns, [184, 244, 64, 124]);
    }
}
