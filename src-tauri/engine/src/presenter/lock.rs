//! One presenter for all windows, trays and daemons of a person, and one process that has the
//! window: kernel locks on files of their own, beside the owner's. They end with the process,
//! however that ends, and the files stay.

use std::{
    fs::{File, TryLockError},
    io,
    path::Path,
};

use crate::io::private_file;

/// Held as long as it lives.
#[derive(Debug)]
pub struct PresenterLock {
    _file: File,
}

impl PresenterLock {
    /// Takes the lock; none if another process presents already. Errors if the file cannot be
    /// made.
    pub fn take(locks_dir: &Path) -> io::Result<Option<Self>> {
        let file = open(locks_dir, "presenter")?;
        Ok(free(file.try_lock())?.then_some(Self { _file: file }))
    }
}

/// Held by the process that has the window, or will make it when it is asked to.
#[derive(Debug)]
pub struct WindowLock {
    _file: File,
}

impl WindowLock {
    /// Takes the lock; none if another process has the window. Errors if the file cannot be made.
    pub fn take(locks_dir: &Path) -> io::Result<Option<Self>> {
        let file = open(locks_dir, "window")?;
        Ok(free(file.try_lock())?.then_some(Self { _file: file }))
    }

    /// Whether some process has it now. False where that cannot be known.
    pub fn is_held(locks_dir: &Path) -> bool {
        // Shared, so that two who look at once do not see each other.
        open(locks_dir, "window")
            .and_then(|file| free(file.try_lock_shared()))
            .is_ok_and(|free| !free)
    }
}

fn open(locks_dir: &Path, name: &str) -> io::Result<File> {
    private_file::create_folder(locks_dir)?;
    private_file::open_private(&locks_dir.join(name))
}

fn free(tried: Result<(), TryLockError>) -> io::Result<bool> {
    match tried {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_process_has_the_window() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!WindowLock::is_held(folder.path()));
        let held = WindowLock::take(folder.path()).unwrap().unwrap();
        assert!(WindowLock::is_held(folder.path()));
        assert!(WindowLock::take(folder.path()).unwrap().is_none());
        drop(held);
        assert!(WindowLock::take(folder.path()).unwrap().is_some());
    }
}
