//! Whole worlds in virtual time: every event that is said to cost no grant, in any order.
//!
//! A world is a month of a machine with its processes, its keychain and disk, its person and
//! tools, and the providers. The engine in it is the real one; its ports are simulated and seeded.
//! `TOKENTRAY_SEED=n` lives one world again and prints its story.

#![expect(
    clippy::duration_suboptimal_units,
    clippy::format_push_string,
    clippy::similar_names,
    clippy::struct_excessive_bools,
    clippy::too_many_lines,
    clippy::unchecked_time_subtraction,
    reason = "tables of what can happen, replies as text, and times that only grow"
)]

#[cfg(test)]
#[path = "simulation/mod.rs"]
mod simulation;
