//! `kill -9` at random moments around a refresh, on the real keychain and a provider that rotates
//! refresh tokens and revokes the family at reuse. What a death cost is judged by the provider's
//! log and by what lies in the state folder and in the keychain, never by Tokentray's own word.
//!
//! `make test` runs 30 rounds, `make kill` 300 (`TOKENTRAY_KILL_ROUNDS`) and the figures.

use std::{env, thread};

use tokentray::domain::policy::Jitter;

mod figures;
mod table;
mod world;

use table::{Phase, Round, table};

/// Worlds beside each other: mostly they wait.
const WORLDS: usize = 3;

#[test]
fn a_death_at_any_moment_loses_nothing_but_an_answer_on_its_way_and_that_is_told_once() {
    let rounds = rounds(30);
    let told = in_worlds(rounds, None);
    println!("without a grace interval at the provider\n{}", table(&told));

    let false_prompts: usize = told.iter().map(|r| r.prompts - r.honest_prompts).sum();
    assert_eq!(false_prompts, 0);
    for round in &told {
        let lost = round.gap();
        assert_eq!(round.lost, lost, "{round:?}");
        assert_eq!(round.prompts, usize::from(lost), "{round:?}");
    }
    let between = told.iter().filter(|round| round.is_between()).count();
    assert!(3 * between >= 2 * rounds, "only {between} fell in between");
}

#[test]
fn with_a_grace_interval_at_the_provider_no_death_loses_anything() {
    const GRACE_MS: u32 = 60_000;
    let told = in_worlds(rounds(30) / 5, Some(GRACE_MS));
    println!("with a grace interval of a minute\n{}", table(&told));
    assert!(told.iter().any(|round| round.phase != Phase::Saved));
    for round in &told {
        assert!(!round.lost && round.prompts == 0, "{round:?}");
    }
}

fn rounds(usually: usize) -> usize {
    env::var("TOKENTRAY_KILL_ROUNDS").map_or(usually, |text| text.parse().expect("a number"))
}

fn in_worlds(rounds: usize, grace_ms: Option<u32>) -> Vec<Round> {
    let seed = env::var("TOKENTRAY_KILL_SEED").map_or_else(
        |_| u64::from(rand::random::<u16>()),
        |text| text.parse().expect("a number"),
    );
    println!("seed {seed}: TOKENTRAY_KILL_SEED repeats the draws, not the machine's own timing");
    let worlds = if grace_ms.is_some() { 1 } else { WORLDS };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..worlds)
            .map(|world| {
                let rounds = rounds / worlds + usize::from(world < rounds % worlds);
                let dice = Jitter::new(seed + world as u64);
                scope.spawn(move || world::run(rounds, grace_ms, dice))
            })
            .collect();
        let told = threads.into_iter().map(|thread| thread.join().unwrap());
        told.flatten().collect()
    })
}
