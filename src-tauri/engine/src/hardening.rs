//! What a process that holds tokens gives up.
//!
//! Must not know what it protects; called once, at the start of every resident process.

/// No core dumps: one would hold every token. Why the process stays dumpable all the same, and why
/// memory is not locked, is in the guide "secrets".
pub fn no_core_dumps() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, setrlimit};
        let none = Rlimit {
            current: Some(0),
            maximum: Some(0),
        };
        if let Err(error) = setrlimit(Resource::Core, none) {
            tracing::warn!(%error, "core dumps stay on");
        }
    }
}
