//! What a process that holds tokens gives up.
//!
//! Must not know what it protects; called once, at the start of every resident process.

/// Bytes of a core dump. On Linux one byte, not none: a dump that goes to a program (`core_pattern`
/// with a pipe) heeds no other limit, and a file of one byte is never written.
#[cfg(unix)]
const CORE_BYTES: u64 = if cfg!(target_os = "linux") { 1 } else { 0 };

/// No core dumps: one would hold every token. Why the process stays dumpable all the same, and why
/// memory is not locked, is in the guide "secrets".
pub fn no_core_dumps() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, setrlimit};
        let none = Rlimit {
            current: Some(CORE_BYTES),
            maximum: Some(CORE_BYTES),
        };
        if let Err(error) = setrlimit(Resource::Core, none) {
            tracing::warn!(%error, "core dumps stay on");
        }
    }
}
