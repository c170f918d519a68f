//! Tokentray keeps OAuth and OpenID Connect grants alive.
//!
//! The modules, in reading order:
//!
//! - [`domain`]: words and rules, pure.
//! - [`io`]: the outside world, one adapter a file.
//! - [`sign_in`]: one attempt to sign in, from the click to a grant.
//! - [`explain`]: what a pasted reply means.
//! - [`coordinator`]: the one task that owns every grant.
//! - [`engine`]: the front door.
//! - [`api`]: what the socket says.
//! - [`paths`]: where files and socket lie.
//! - [`socket`]: who may connect, and how much at once.
//! - [`practice`]: the practice provider, for the demo and for tests.
//! - [`speech`]: what those two say, in the person's language.
//! - [`presenter`]: tray and notification, for an owner here or elsewhere.
//! - [`autostart`]: start at login.
//! - [`logging`]: where the log goes.
//! - [`hardening`]: what a process that holds tokens gives up.
//! - [`owner`]: who holds the lock, and puts the engine together.
//! - [`headless`]: tells a person by a command where no presenter runs.
//! - [`demo`]: the whole story in a minute.
//! - [`cli`]: what can be typed.
//!
//! The guides for people are in `docs`.

pub mod api;
pub mod autostart;
pub mod cli;
pub mod coordinator;
pub mod demo;
// Not where doctests are collected: the guides' examples are for shells.
#[cfg(all(doc, not(doctest)))]
pub mod docs;
pub mod domain;
pub mod engine;
pub mod explain;
pub mod hardening;
pub mod headless;
pub mod io;
pub mod logging;
pub mod owner;
pub mod paths;
pub mod practice;
pub mod presenter;
pub mod sign_in;
pub mod socket;
pub mod speech;
