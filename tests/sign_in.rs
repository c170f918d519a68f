//! Signing in, against the practice provider over loopback and against providers that misbehave.

mod browser;
mod checks;
mod device;
mod hostile;
mod stage;
