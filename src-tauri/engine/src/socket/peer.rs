//! Which program asks: for the history and the audit, never for a decision about rights.
//!
//! A process can call itself what it likes; this is what a person wants to read, not a proof.

#[cfg(target_os = "linux")]
use std::{fs, path::Path};

use crate::engine::Caller;

/// Longest name that is kept.
#[cfg(target_os = "linux")]
const NAME_LIMIT: usize = 64;

/// Most ancestors that are looked at.
#[cfg(target_os = "linux")]
const ANCESTORS: usize = 16;

/// The caller behind a process id. A process of another PID namespace shows as none.
pub fn caller(pid: Option<i32>) -> Caller {
    let pid = pid
        .and_then(|pid| u32::try_from(pid).ok())
        .filter(|pid| *pid != 0);
    Caller {
        program: pid.and_then(program),
        pid,
        person: false,
    }
}

/// The program's name; for our own command line, the nearest other ancestor, which is who asked.
#[cfg(target_os = "linux")]
fn program(pid: u32) -> Option<String> {
    let mut pid = pid;
    let mut name = name_of(pid)?;
    for _ in 0..ANCESTORS {
        if !matches!(name.as_str(), "tokentray" | "tokentray-desktop") {
            break;
        }
        let Some((parent, parents_name)) =
            parent_of(pid).and_then(|parent| Some((parent, name_of(parent)?)))
        else {
            break;
        };
        (pid, name) = (parent, parents_name);
    }
    Some(name)
}

#[cfg(not(target_os = "linux"))]
fn program(_pid: u32) -> Option<String> {
    None
}

#[cfg(target_os = "linux")]
fn name_of(pid: u32) -> Option<String> {
    let process = Path::new("/proc").join(pid.to_string());
    let name = match fs::read_link(process.join("exe")) {
        Ok(path) => path.file_name()?.to_string_lossy().into_owned(),
        // Another user's (root's) or a kernel's process.
        Err(_) => fs::read_to_string(process.join("comm")).ok()?,
    };
    // A program that was replaced while it ran, as by an update.
    let name = name.trim().trim_end_matches(" (deleted)");
    let clean: String = name
        .chars()
        .filter(|char| !char.is_control())
        .take(NAME_LIMIT)
        .collect();
    (!clean.is_empty()).then_some(clean)
}

#[cfg(target_os = "linux")]
fn parent_of(pid: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // `pid (name) state ppid …`; the name may hold spaces and brackets itself.
    let (_, after_name) = stat.rsplit_once(')')?;
    let parent: u32 = after_name.split_whitespace().nth(1)?.parse().ok()?;
    (parent > 0).then_some(parent)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_known_by_its_program_and_its_parent() {
        let own = std::env::current_exe().unwrap();
        let found = caller(Some(std::process::id().cast_signed()));
        assert_eq!(
            found.program.as_deref(),
            own.file_name().and_then(|name| name.to_str())
        );
        assert_eq!(
            parent_of(std::process::id()),
            Some(std::os::unix::process::parent_id())
        );
        assert!(!found.person);
    }

    #[test]
    fn a_process_of_another_namespace_is_nobody() {
        assert_eq!(caller(Some(0)), Caller::default());
    }
}
