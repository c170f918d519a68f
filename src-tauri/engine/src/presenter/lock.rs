//! One presenter for all windows, trays and daemons of a person: a kernel lock on a file of its
//! own, beside the owner's. It ends with the process, however that ends, and the file stays.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io,
    path::Path,
};

/// Held as long as it lives.
#[derive(Debug)]
pub struct PresenterLock {
    _file: File,
}

impl PresenterLock {
    /// Takes the lock; none if another process presents already. Errors if the file cannot be
    /// made.
    pub fn take(locks_dir: &Path) -> io::Result<Option<Self>> {
        fs::create_dir_all(locks_dir)?;
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(locks_dir.join("presenter"))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}
