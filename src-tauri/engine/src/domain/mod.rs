//! The pure core: words, rules and the life of a grant. No async, clock, files, network or logs.

pub mod account;
pub mod attention;
pub mod breaker;
pub mod cause;
pub mod classify;
pub mod diagnosis;
pub mod fingerprint;
pub mod grant;
pub mod history;
pub mod journal_entry;
pub mod jwt;
pub mod lifecycle;
pub mod policy;
pub mod provider;
pub mod reply;
pub mod secret;
pub mod shape;
pub mod state;
pub mod timeline;
pub mod unusual;
pub mod words;
