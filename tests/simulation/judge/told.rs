//! What stands on the screen: invariant 4, as far as somebody was told.

use std::{collections::BTreeSet, time::Duration};

use super::super::world::{MINUTE, State};

/// A notification is on the screen.
pub fn shown(s: &mut State, names: &[String], anew: bool, proc: u64) {
    let named: BTreeSet<usize> = names
        .iter()
        .filter_map(|name| s.accounts.iter().position(|a| a.name == *name))
        .collect();
    s.tell(|| format!("[{proc}] NOTIFICATION: {}", names.join(", ")));
    s.tally.notices += 1;
    // One notification stands for all: naming once more who was told already is no second send,
    // unless nobody is named who was not told, or whose telling a death cut short.
    let has_spare = |a: &usize| {
        let judged = &s.accounts[*a].judged;
        judged.sends_of_notice < 1 + judged.excused_sends
    };
    let repeated = anew && !named.iter().any(has_spare);
    let counts: Vec<bool> = named.iter().map(|a| repeated || has_spare(a)).collect();
    let now = s.now();
    for (account, counts) in named.iter().copied().zip(counts) {
        let judged = &mut s.accounts[account].judged;
        judged.resolved_at = None;
        // Until the owner was told that it is shown, it may want the one on the screen replaced.
        let replaced = judged
            .shown_at
            .is_some_and(|at| at + Duration::from_secs(10) > now)
            && s.judge.screen.contains(&account);
        judged.shown_at = Some(now);
        if replaced || !counts {
            continue;
        }
        s.accounts[account].judged.told = true;
        s.accounts[account].judged.sends_of_notice += 1;
        let judged = &s.accounts[account].judged;
        if judged.sends_of_notice > 1 + judged.excused_sends {
            let sends = judged.sends_of_notice;
            s.violated(
                4,
                format!("account {account} was notified {sends} times for one incident"),
            );
        }
        if s.yields(account) {
            s.violated(
                4,
                format!("account {account} was notified although its grant is good"),
            );
        }
    }
    s.judge.screen = named;
}

pub fn withdrawn(s: &mut State) {
    s.tell(|| "the notification is withdrawn".into());
    s.judge.screen.clear();
}

/// Withdrawn within 5 s of being resolved, where somebody is there to do it.
pub fn look_at_screen(s: &mut State) {
    let now = s.now();
    let owned = !s.owners.is_empty() && s.judge.owned_since + 30 * MINUTE / 60 < now;
    for account in s.judge.screen.clone() {
        let Some(resolved) = s.accounts[account].judged.resolved_at else {
            continue;
        };
        let since = resolved
            .max(s.judge.owned_since)
            .max(s.fit_since)
            .max(s.keychain.bad_at)
            .max(s.keychain.items[account].hung_until)
            .max(s.disk.bad_at);
        // Five seconds, and one look of this judge.
        if owned && now > since + Duration::from_millis(5_500) {
            s.violated(
                4,
                format!("account {account} is well and still on the screen"),
            );
        }
    }
    for account in 0..s.accounts.len() {
        if !s.judge.screen.contains(&account) {
            s.accounts[account].judged.resolved_at = None;
        }
    }
}
