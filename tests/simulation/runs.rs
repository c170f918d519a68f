//! The runs: many worlds in `make test`, as many as one likes in `make soak`, one by its seed.

use std::{
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use super::{
    judge::Tally,
    kinds::{Fault, Point},
    world::{Outcome, live},
};

/// Worlds that `make test` lives.
const WORLDS: u64 = 1_000;
/// Seeds of worlds that break a promise and are not mended yet: 202 and 355 finish a removal after a
/// power cut that the judge no longer takes for asked, 636 leaves an account without a good token.
/// Each must leave this list when it is mended; nothing may join it unexplained.
const KNOWN: [u64; 3] = [202, 355, 636];
/// Every kind of fault and every point of death must be met so often in them.
const LEAST: u64 = 100;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// Lives worlds with seeds from `first` on, on all cores, until enough or until time is up.
fn live_many(first: u64, worlds: u64, until: Option<Instant>) -> (Tally, Vec<Outcome>, Duration) {
    let begun = Instant::now();
    let next = AtomicU64::new(first);
    let total = Mutex::new((Tally::default(), Vec::new()));
    let stop_at = number("TOKENTRAY_STOP_AT").map_or(20, |n| usize::try_from(n).expect("few"));
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= first + worlds || until.is_some_and(|at| Instant::now() >= at) {
                        return;
                    }
                    let outcome = live(seed, false);
                    let mut total = total.lock().expect("the total");
                    total.0.add(&outcome.tally);
                    if !outcome.violations.is_empty() {
                        total.1.push(outcome);
                        if total.1.len() >= stop_at {
                            return;
                        }
                    }
                }
            });
        }
    });
    let (tally, mut failed) = total.into_inner().expect("the total");
    failed.sort_by_key(|o| o.seed);
    (tally, failed, begun.elapsed())
}

fn report(tally: &Tally, failed: &[Outcome], took: Duration) {
    let years = |time: Duration| time.as_secs_f64() / (365.25 * 86_400.0);
    println!(
        "{} worlds, {:.1} simulated years, {:.1} account-years, {} accounts in {:.0} s",
        tally.worlds,
        years(tally.lived),
        years(tally.account_time),
        tally.accounts,
        took.as_secs_f64()
    );
    println!(
        "{} refresh requests, {} refreshes, {} of spent tokens; {} answers to tools, {} hand-outs; {} notifications, {} sign-ins",
        tally.requests,
        tally.refreshes,
        tally.reuses,
        tally.answers,
        tally.hand_outs,
        tally.notices,
        tally.sign_ins
    );
    println!(
        "excepted: {} deaths between an answer and its fsync, {} losses by a store",
        tally.gap_deaths, tally.lies
    );
    println!("faults:");
    for fault in Fault::ALL {
        println!(
            "  {:24} {}",
            format!("{fault:?}"),
            tally.faults[*fault as usize]
        );
    }
    println!("deaths:");
    for point in Point::ALL {
        println!(
            "  {:24} {}",
            format!("{point:?}"),
            tally.points[*point as usize]
        );
    }
    println!(
        "violations: {}",
        failed.iter().map(|o| o.violations.len()).sum::<usize>()
    );
    for outcome in failed {
        for violation in &outcome.violations {
            println!(
                "  TOKENTRAY_SEED={}: invariant {} at {}: {}",
                outcome.seed,
                violation.invariant,
                super::world::clock_text(violation.at),
                violation.what
            );
        }
    }
}

/// Lives a world again with its story.
fn tell(seed: u64) -> bool {
    let outcome = live(seed, true);
    for line in &outcome.story {
        println!("{line}");
    }
    for violation in &outcome.violations {
        println!("invariant {}: {}", violation.invariant, violation.what);
    }
    outcome.violations.is_empty()
}

#[test]
fn no_event_in_any_order_costs_a_grant_or_a_false_prompt() {
    if let Some(seed) = number("TOKENTRAY_SEED") {
        assert!(
            tell(seed),
            "the story of seed {seed} ends with a broken promise"
        );
        return;
    }
    let worlds = number("TOKENTRAY_WORLDS").unwrap_or(WORLDS);
    let first = number("TOKENTRAY_FIRST_SEED").unwrap_or(1);
    let (tally, failed, took) = live_many(first, worlds, None);
    report(&tally, &failed, took);
    if let Some(worst) = failed.iter().find(|o| !KNOWN.contains(&o.seed)) {
        println!("the story of the first:");
        tell(worst.seed);
    }
    let new = failed.iter().filter(|o| !KNOWN.contains(&o.seed)).count();
    assert_eq!(new, 0, "worlds that broke a promise");
    for seed in KNOWN
        .into_iter()
        .filter(|s| (first..first + worlds).contains(s))
    {
        let fails = failed.iter().any(|o| o.seed == seed);
        assert!(fails, "seed {seed} is mended: take it off the list");
    }
    if worlds >= WORLDS {
        for fault in Fault::ALL {
            assert!(
                tally.faults[*fault as usize] >= LEAST,
                "{fault:?} is too rare"
            );
        }
        for point in Point::ALL {
            assert!(
                tally.points[*point as usize] >= LEAST,
                "nobody dies at {point:?}"
            );
        }
    }
}

#[test]
fn a_seed_lives_the_same_world_again() {
    for seed in [7, 77, 777] {
        let (once, again) = (live(seed, true), live(seed, true));
        let other = once.story.iter().zip(&again.story).find(|(a, b)| a != b);
        assert_eq!(other, None, "seed {seed}");
        assert_eq!(once.story.len(), again.story.len(), "seed {seed}");
        assert_eq!(once.digest, again.digest);
    }
}

/// `make soak`: as long as it is told.
#[test]
#[ignore = "runs as long as it is told: make soak"]
fn soak() {
    let minutes = number("SOAK_MINUTES").unwrap_or(10);
    let first = number("TOKENTRAY_FIRST_SEED").unwrap_or(1_000_000);
    let until = Instant::now() + Duration::from_secs(60 * minutes);
    let (tally, failed, took) = live_many(first, u64::MAX / 2, Some(until));
    println!("seeds {first} to {}", first + tally.worlds - 1);
    report(&tally, &failed, took);
    assert!(failed.is_empty());
}
