//! What was counted, in one world or in many.

use std::time::Duration;

use super::kinds::{Fault, Point};

/// What was counted.
#[derive(Clone, Debug)]
pub struct Tally {
    pub worlds: u64,
    pub lived: Duration,
    pub accounts: u64,
    pub account_time: Duration,
    pub refreshes: u64,
    pub requests: u64,
    pub reuses: u64,
    pub hand_outs: u64,
    pub answers: u64,
    pub notices: u64,
    pub sign_ins: u64,
    /// Deaths between an answer and its fsync.
    pub gap_deaths: u64,
    /// Grants that a store lost after it had confirmed them.
    pub lies: u64,
    /// Removals that no disk had taken note of when their process died.
    pub unnoted: u64,
    pub faults: [u64; Fault::ALL.len()],
    pub points: [u64; Point::ALL.len()],
    /// Of the world that had the fewest.
    pub fewest_accounts: u64,
    pub fewest_faults: u64,
}

impl Default for Tally {
    fn default() -> Self {
        Self {
            worlds: 0,
            lived: Duration::ZERO,
            accounts: 0,
            account_time: Duration::ZERO,
            refreshes: 0,
            requests: 0,
            reuses: 0,
            hand_outs: 0,
            answers: 0,
            notices: 0,
            sign_ins: 0,
            gap_deaths: 0,
            lies: 0,
            unnoted: 0,
            faults: [0; Fault::ALL.len()],
            points: [0; Point::ALL.len()],
            fewest_accounts: u64::MAX,
            fewest_faults: u64::MAX,
        }
    }
}

impl Tally {
    pub fn add(&mut self, other: &Self) {
        self.worlds += other.worlds;
        self.lived += other.lived;
        self.accounts += other.accounts;
        self.account_time += other.account_time;
        self.refreshes += other.refreshes;
        self.requests += other.requests;
        self.reuses += other.reuses;
        self.hand_outs += other.hand_outs;
        self.answers += other.answers;
        self.notices += other.notices;
        self.sign_ins += other.sign_ins;
        self.gap_deaths += other.gap_deaths;
        self.lies += other.lies;
        self.unnoted += other.unnoted;
        for (mine, its) in self.faults.iter_mut().zip(other.faults) {
            *mine += its;
        }
        for (mine, its) in self.points.iter_mut().zip(other.points) {
            *mine += its;
        }
        self.fewest_accounts = self.fewest_accounts.min(other.fewest_accounts);
        self.fewest_faults = self.fewest_faults.min(other.fewest_faults);
    }
}
