//! Fast tests of the engine and the command line: no display, no bus.
mod grant;

#[cfg(test)]
mod api;
