//! The outside world: one adapter a file, each a trait and its real implementation.

use std::{future::Future, pin::Pin};

pub mod browser;
pub mod clock;
#[cfg(target_os = "linux")]
mod dbus;
pub mod file_system;
pub mod history;
pub mod journal;
pub mod keychain;
pub mod languages;
pub mod locks;
pub mod machine;
pub mod notifier;
pub mod private_file;
pub mod sealed_file;
pub mod settings;
pub mod token_endpoint;
pub mod tray;
pub mod vault;
pub mod wake;

/// A boxed future, so that the ports can be trait objects.
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
