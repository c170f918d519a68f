//! What the tests on real parts stand on, in reading order: a process that cannot outlive its
//! test, a private session (folders and bus), and the parts that live in it. Knows nothing of the
//! engine's inside: Tokentray is a program here, spoken to by its command line and its socket.
//!
//! Everything is synchronous, so that a story reads from top to bottom.
#![expect(
    dead_code,
    reason = "two test binaries use this folder, each a part of it"
)]

pub mod canaries;
pub mod clipboard;
pub mod display;
pub mod http;
pub mod keyring;
pub mod monitor;
pub mod notifications;
pub mod process;
pub mod provider;
pub mod sampler;
pub mod session;
pub mod tokentray;
pub mod tray_icon;
pub mod webdriver;

use std::{
    thread,
    time::{Duration, Instant},
};

/// Asks again and again until there is an answer; panics with `what` when `within` is over.
///
/// Other processes tell nobody when they are ready, so asking is the only way to await them.
#[track_caller]
pub fn wait_for<T>(what: &str, within: Duration, mut ask: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + within;
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(
            Instant::now() < deadline,
            "waited {within:?} in vain: {what}"
        );
        thread::sleep(Duration::from_millis(40));
    }
}

/// A short form of [`wait_for`] for conditions.
#[track_caller]
pub fn wait_until(what: &str, within: Duration, mut ask: impl FnMut() -> bool) {
    wait_for(what, within, || ask().then_some(()));
}
