//! What a process that holds tokens gives up.
//!
//! Must not know what it protects; called once, at the start of every resident process.

/// Bytes of a core dump. On Linux one byte, not none: a dump that goes to a program (`core_pattern`
/// with a pipe) heeds no other limit, and a file of one byte is never written.
#[cfg(unix)]
const CORE_BYTES: u64 = if cfg!(target_os = "linux") { 1 } else { 0 };

/// No core dumps, which would hold every token, and no swapping where that is allowed without
/// privileges. Why the process stays dumpable all the same is in the guide "secrets".
pub fn keep_memory_off_the_disk() {
    no_core_dumps();
    lock_memory();
}

fn no_core_dumps() {
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

/// All memory or none: the copies in libraries' buffers count as much as ours. Under a limit the
/// lock would succeed today and make an allocation fail tomorrow, so there it is not tried.
fn lock_memory() {
    #[cfg(target_os = "linux")]
    {
        use rustix::{
            mm::{MlockAllFlags, mlockall},
            process::{Resource, getrlimit},
            thread::{CapabilitySet, capabilities},
        };
        let is_unlimited = getrlimit(Resource::Memlock).current.is_none();
        let is_privileged = || {
            capabilities(None).is_ok_and(|held| held.effective.contains(CapabilitySet::IPC_LOCK))
        };
        if !is_unlimited && !is_privileged() {
            return;
        }
        // What is never touched is never loaded.
        let all = MlockAllFlags::CURRENT | MlockAllFlags::FUTURE | MlockAllFlags::ONFAULT;
        if let Err(error) = mlockall(all) {
            tracing::debug!(%error, "memory may be swapped");
        }
    }
}
