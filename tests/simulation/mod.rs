//! See `tests/simulation.rs`.

mod chance;
mod fate;
mod judge;
mod kinds;
mod people;
mod process;
mod provider;
mod runs;
mod store;
mod tally;
mod time;
mod world;
