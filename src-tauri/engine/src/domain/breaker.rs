//! One breaker per token endpoint host: after five failures in a row one account at a time probes.
//!
//! The surprising thing is the queue: accounts take turns, so that one whose own setup is broken
//! cannot keep the breaker open for all.

use std::{collections::VecDeque, time::Duration};

use super::{account::AccountId, cause::Cause};

/// Failures in a row that open it.
const OPENS_AFTER: u32 = 5;
/// Between two probes.
const PROBE_PAUSE: Duration = Duration::from_mins(1);
/// An account that does not take its turn within this time loses it.
const TURN: Duration = Duration::from_secs(5);

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
        is_due: bool,
        now: Duration,
    ) -> Option<(Duration, Cause)> {
        let open = self.open.as_mut()?;
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

    /// This account sends now: the next probe is another's.
    pub fn sent(&mut self, account: &AccountId, now: Duration) {
        if let Some(open) = &mut self.open {
            open.next_probe = now + PROBE_PAUSE;
            open.turns.retain(|a| a != account);
            open.turns.push_back(account.clone());
        }
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

    /// Whether another account was refused with the same shape within the hour.
    pub fn others_refused_alike(&mut self, account: &AccountId, now: Duration) -> bool {
        self.forget_old(now);
        let Some((_, mine, _)) = self.refusals.iter().find(|(a, _, _)| a == account) else {
            return self.refusals.len() > 1;
        };
        self.refusals
            .iter()
            .any(|(a, shape, _)| a != account && shape == mine)
    }

    fn forget_old(&mut self, now: Duration) {
        let hour = Duration::from_hours(1);
        self.refusals
            .retain(|(_, _, at)| now.saturating_sub(*at) < hour);
    }
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
            assert_eq!(breaker.closed_until(&a, true, at(second)), None);
            breaker.failed(Cause::ServerError, at(second));
        }
        assert_eq!(
            breaker.closed_until(&a, true, at(5)),
            Some((at(64), Cause::ServerError))
        );
        assert_eq!(
            breaker.closed_until(&b, true, at(5)),
            Some((at(124), Cause::ServerError))
        );
        assert_eq!(breaker.closed_until(&a, true, at(64)), None);
        breaker.sent(&a, at(64));
        assert_eq!(
            breaker.closed_until(&b, true, at(65)),
            Some((at(124), Cause::ServerError))
        );
        assert_eq!(
            breaker.closed_until(&a, true, at(65)),
            Some((at(184), Cause::ServerError))
        );
        assert_eq!(breaker.closed_until(&b, true, at(124)), None);
        assert_eq!(breaker.answered(), [b, a.clone()]);
        assert_eq!(breaker.closed_until(&a, true, at(125)), None);
    }
}
