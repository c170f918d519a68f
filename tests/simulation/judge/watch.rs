//! What is a state and not an event, looked at every few minutes: invariants 2, 4, 7, 10 and 12.

use std::time::Duration;

use super::{
    super::{
        provider::Style,
        time,
        world::{CALM, HOUR, LENGTH, MINUTE, State, World, clock_text},
    },
    told::look_at_screen,
};

/// Looks at everything that is a state and not an event, until the world is over.
pub async fn watch(world: World) {
    let look = world.with(|s| s.judge.look.clone());
    loop {
        let resolved = world.with(|s| {
            s.judge
                .screen
                .iter()
                .any(|a| s.accounts[*a].judged.resolved_at.is_some())
        });
        let pause = if resolved {
            Duration::from_millis(500)
        } else {
            5 * MINUTE
        };
        tokio::select! {
            biased;
            () = look.notified() => {}
            () = time::sleep(pause) => {}
        }
        let over = world.with(|s| {
            look_at_screen(s);
            for account in 0..s.accounts.len() {
                look_at_account(s, account);
            }
            s.now() >= LENGTH || !s.violations.is_empty()
        });
        if over {
            break;
        }
    }
    world.with(at_the_end);
}

fn look_at_account(s: &mut State, account: usize) {
    let now = s.now();
    let truth = &s.accounts[account];
    if truth.removed
        || truth.paused
        || truth.judged.signed_out
        || !truth.gives_refresh
        || truth.when_used
        || truth.judged.rolled_back
    {
        s.accounts[account].judged.dead_since = None;
        return;
    }
    if s.net.paused || s.clock_wrong != 0 || s.owners.is_empty() || !s.is_fit() {
        return;
    }
    let troubled = s.troubled_at(account);
    let over = s.known_end(account).is_none_or(|end| end <= now);
    if s.yields(account) {
        s.accounts[account].judged.dead_since = None;
        // 7, 10 and 11: what nothing disturbed for hours is well, whatever others suffer.
        if over && now > troubled + 2 * HOUR && !s.accounts[account].judged.misdated {
            s.violated(
                10,
                format!(
                    "account {account} has no good token although nothing was wrong for two hours"
                ),
            );
        }
        // 2: what was received is saved as soon as something takes it.
        let unsafe_for = s.accounts[account].issues.iter().rev().find_map(|i| {
            i.received
                .filter(|(p, _)| s.is_alive(*p))
                .map(|(_, at)| (i.safe, at))
        });
        if let Some((false, at)) = unsafe_for
            && now > at + 10 * MINUTE
            && now > s.disk.bad_at + 20 * MINUTE
            && now > s.keychain.bad_at + 20 * MINUTE
            && now > s.keychain.items[account].hung_until + 20 * MINUTE
        {
            s.violated(
                2,
                format!("the newest grant of account {account} is not saved"),
            );
        }
        return;
    }
    if !over {
        s.accounts[account].judged.dead_since = None;
        return;
    }
    if matches!(
        s.accounts[account].style,
        Style::Absent | Style::Zero | Style::Negative
    ) {
        // An end that nobody stated only schedules: whether the token is over a tool must say.
        return;
    }
    let newest = s.in_memory(account);
    if newest.is_some_and(|n| {
        let judged = &s.accounts[account].judged;
        (judged.misread == Some(n) || judged.misdated) && !s.knows_its_age(account, n)
    }) {
        // It may be good by what the clock says or said: that it is over is no evidence for the engine.
        return;
    }
    let since = *s.accounts[account].judged.dead_since.get_or_insert(now);
    if s.accounts[account].judged.told {
        return;
    }
    let judged = &s.accounts[account].judged;
    let unclear = s.accounts[account]
        .families
        .last()
        .and_then(|f| f.dead)
        .is_some_and(|d| d.unclear);
    let lately = |at: Option<Duration>| at.is_some_and(|at| at + 3 * HOUR > since);
    // Five minutes; after a failure that makes it wait, plus the longest pause that it may be in.
    let bound = if unclear {
        9 * HOUR
    } else if lately(judged.setup_refused_at) || lately(judged.rate_limited_at) {
        90 * MINUTE
    } else if troubled + 2 * HOUR > since {
        30 * MINUTE
    } else {
        5 * MINUTE
    };
    if now > since.max(troubled) + bound {
        s.violated(
            4,
            format!(
                "account {account} is dead and over since {}, and nobody was told",
                clock_text(since)
            ),
        );
    }
}

/// After a day of calm everything that can be well is well, and nothing removed is left.
fn at_the_end(s: &mut State) {
    if !s.violations.is_empty() || s.now() < LENGTH {
        return;
    }
    let now = s.now();
    for account in 0..s.accounts.len() {
        let truth = &s.accounts[account];
        if truth.removed {
            let left = s.keychain.items[account].content.is_some()
                || s.keychain.items[account].secret.is_some()
                || s.disk.visible(account).is_some();
            if left && !truth.judged.forgotten {
                s.violated(
                    12,
                    format!("account {account} was removed, and something of it is left"),
                );
            }
            continue;
        }
        if truth.paused
            || truth.judged.signed_out
            || !truth.gives_refresh
            || truth.when_used
            || truth.judged.rolled_back
        {
            continue;
        }
        let over = s.known_end(account).is_none_or(|end| end <= now);
        if s.yields(account) && over && !truth.judged.misdated {
            s.violated(
                7,
                format!(
                    "account {account} could be well and is not, after {} hours of calm",
                    (CALM - 2 * HOUR).as_secs() / 3600
                ),
            );
        }
    }
}
