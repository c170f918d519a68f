//! The command line, driven as the real program against an engine that answers by a script.
//!
//! What a live engine does is told elsewhere; here it is about arguments, words and exit codes.

mod changing;
mod live;
mod reading;
mod stage;
mod usage;
