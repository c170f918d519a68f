//! The runs: many worlds in `make test`, as many as one likes in `make soak`, one by its seed.

use std::{
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use super::{
    kinds::{Fault, Point},
    tally::Tally,
    world::{Outcome, live},
};

/// Worlds that `make test` lives.
const WORLDS: u64 = 2_000;
/// Every kind of fault and every point of death must be met so often in them.
const LEAST: u64 = 100;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// So many worlds that broke a promise are enough to read.
const ENOUGH: usize = 20;

/// What was lived so far, said every so many worlds: a run that is cut short has a result, too.
fn say_progress(every: Option<u64>, tally: &Tally, failed: &[Outcome], begun: Instant) {
    if every.is_some_and(|every| tally.worlds.is_multiple_of(every)) {
        println!(
            "so far: {} worlds, {:.1} account-years, {} that broke a promise, {} s",
            tally.worlds,
            years(tally.account_time),
            failed.len(),
            begun.elapsed().as_secs()
        );
    }
}

/// Lives worlds with seeds from `first` on, on all cores, until all were lived, time is up or
/// enough went wrong.
fn live_many(
    first: u64,
    worlds: u64,
    until: Option<Instant>,
    progress: Option<u64>,
    enough: impl Fn(&[Outcome]) -> bool + Sync,
) -> (Tally, Vec<Outcome>, Duration) {
    let begun = Instant::now();
    let next = AtomicU64::new(first);
    let total = Mutex::new((Tally::default(), Vec::new()));
    let done = AtomicBool::new(false);
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= first + worlds
                        || until.is_some_and(|at| Instant::now() >= at)
                        || done.load(Ordering::Relaxed)
                    {
                        return;
                    }
                    let outcome = live(seed, false);
                    let mut total = total.lock().expect("the total");
                    let total = &mut *total;
                    total.0.add(&outcome.tally);
                    if !outcome.violations.is_empty() {
                        if progress.is_some() {
                            print_violations(std::slice::from_ref(&outcome));
                        }
                        total.1.push(outcome);
                        done.fetch_or(enough(&total.1), Ordering::Relaxed);
                    }
                    say_progress(progress, &total.0, &total.1, begun);
                }
            });
        }
    });
    let (tally, mut failed) = total.into_inner().expect("the total");
    failed.sort_by_key(|o| o.seed);
    (tally, failed, begun.elapsed())
}

fn years(time: Duration) -> f64 {
    time.as_secs_f64() / (365.25 * 86_400.0)
}

fn report(tally: &Tally, failed: &[Outcome], took: Duration) {
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
        "excepted: {} deaths between an answer and its fsync, {} losses by a store, {} removals that no disk took note of",
        tally.gap_deaths, tally.lies, tally.unnoted
    );
    println!(
        "at least {} accounts and {} faults in each world",
        tally.fewest_accounts, tally.fewest_faults
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
    print_violations(failed);
}

fn print_violations(failed: &[Outcome]) {
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
    let (tally, failed, took) = live_many(first, worlds, None, None, |f| f.len() >= ENOUGH);
    report(&tally, &failed, took);
    let seeds: Vec<u64> = failed.iter().map(|outcome| outcome.seed).collect();
    if let Some(first) = seeds.first() {
        println!("the story of the first:");
        tell(*first);
    }
    assert!(seeds.is_empty(), "worlds that broke a promise: {seeds:?}");
    assert!(tally.fewest_accounts >= 5, "{}", tally.fewest_accounts);
    assert!(tally.fewest_faults >= 20, "{}", tally.fewest_faults);
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
    let worlds = number("TOKENTRAY_WORLDS").unwrap_or(u64::MAX / 2);
    let until = Instant::now() + Duration::from_secs(60 * minutes);
    let (tally, failed, took) =
        live_many(first, worlds, Some(until), Some(50), |f| f.len() >= ENOUGH);
    println!("seeds {first} to {}", first + tally.worlds - 1);
    report(&tally, &failed, took);
    assert!(failed.is_empty());
}

/// `make mutants`: an engine that was broken on purpose breaks the promise that it must break.
#[test]
#[ignore = "for engines that were broken on purpose: make mutants"]
fn a_broken_variant_is_caught() {
    let promise = number("TOKENTRAY_CATCH").expect("the number of an invariant");
    let breaks_it = |o: &Outcome| {
        o.violations
            .iter()
            .any(|v| u64::from(v.invariant) == promise)
    };
    let worlds = number("TOKENTRAY_WORLDS").unwrap_or(WORLDS);
    let (tally, failed, _) = live_many(1, worlds, None, None, |f| f.iter().any(breaks_it));
    let mut broken: Vec<u8> = failed
        .iter()
        .flat_map(|o| o.violations.iter().map(|v| v.invariant))
        .collect();
    broken.sort_unstable();
    broken.dedup();
    let broken: Vec<String> = broken.iter().map(u8::to_string).collect();
    println!("\nbroken promises: {}", broken.join(","));
    println!("worlds lived: {}", tally.worlds);
    print_violations(&failed);
    assert!(failed.iter().any(breaks_it), "not caught");
}
