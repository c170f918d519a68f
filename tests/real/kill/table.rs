//! What a round was, and the table of all. Pure.

use std::fmt::Write as _;

/// Where a death fell, by the provider's log and by what lay on the disk and in the keychain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    BeforeRequest,
    BeforeCommit,
    BeforeAnswer,
    BeforeJournal,
    BeforeVault,
    Saved,
}

impl Phase {
    const ALL: [(Self, &'static str); 6] = [
        (Self::BeforeRequest, "before the request"),
        (Self::BeforeCommit, "request to commit"),
        (Self::BeforeAnswer, "commit to answer"),
        (Self::BeforeJournal, "answer to fsync"),
        (Self::BeforeVault, "fsync to vault"),
        (Self::Saved, "saved, idle"),
    ];
}

/// One death.
#[derive(Clone, Debug)]
pub struct Round {
    pub phase: Phase,
    /// The newest grant that the provider gave is in the journal.
    pub kept: bool,
    /// The person had to sign in again.
    pub lost: bool,
    /// Notifications that went over the bus.
    pub prompts: usize,
    /// Those among them that were due and said what happened.
    pub honest_prompts: usize,
}

impl Round {
    /// Whether the death fell into the one gap that cannot be closed.
    pub const fn gap(&self) -> bool {
        !self.kept
    }

    /// Whether it fell between request and save.
    pub const fn is_between(&self) -> bool {
        !matches!(self.phase, Phase::BeforeRequest | Phase::Saved)
    }
}

pub fn table(rounds: &[Round]) -> String {
    let mut text = format!(
        "{:<20}{:>8}{:>8}{:>8}{:>9}{:>8}\n",
        "killed", "rounds", "in gap", "lost", "prompts", "false"
    );
    let mut line = |name: &str, rounds: &[&Round]| {
        let count = |what: fn(&Round) -> bool| rounds.iter().filter(|r| what(r)).count();
        let prompts: usize = rounds.iter().map(|r| r.prompts).sum();
        let honest: usize = rounds.iter().map(|r| r.honest_prompts).sum();
        let _ = writeln!(
            text,
            "{name:<20}{:>8}{:>8}{:>8}{prompts:>9}{:>8}",
            rounds.len(),
            count(Round::gap),
            count(|r| r.lost),
            prompts - honest
        );
    };
    for (phase, name) in Phase::ALL {
        let those: Vec<&Round> = rounds.iter().filter(|r| r.phase == phase).collect();
        line(name, &those);
    }
    line("all", &rounds.iter().collect::<Vec<_>>());
    let between: Vec<&Round> = rounds.iter().filter(|r| r.is_between()).collect();
    line("request to save", &between);
    text
}
