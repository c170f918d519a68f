//! The pure core: words, rules and the life of a grant. No async, clock, files, network or logs.

pub mod account;
pub mod cause;
pub mod classify;
pub mod grant;
pub mod history;
pub mod journal_entry;
pub mod jwt;
pub mod provider;
pub mod reply;
pub mod secret;
pub mod shape;
