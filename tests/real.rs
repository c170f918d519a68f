//! Tests on real parts: D-Bus, keychain, certified provider, processes.
