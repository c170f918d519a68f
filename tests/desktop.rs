//! Tests of what a person sees: tray, notification and window, on a display of their own with a
//! real panel, a real notification daemon and the real window.
#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test, and what it stands on, fails by panicking and then prints all it knows"
)]

mod desktop {
    mod beginning;
    mod beside;
    mod desk;
    mod everyday;
    mod house;
    mod keeping;
    mod window;
}
mod support;
