//! Tests on real parts: D-Bus, keychain, certified provider, processes.
//! Tokentray itself is a process here; see `support` for what it is surrounded with.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test, and what it stands on, fails by panicking and then prints all it knows"
)]

mod real {
    mod autostart;
    mod browser;
    mod callers;
    mod everyday;
    mod full_disk;
    mod house;
    mod keychain;
    mod kill;
    mod killed_presenter;
    mod language;
    mod memory;
    mod mishaps;
    mod notifier;
    mod owners;
    mod resident;
    mod secrets;
    mod socket;
    mod tray;
    mod wake;
}
mod support;
