//! Files that only their owner may read, replaced so that a crash leaves the old or the new one.
//!
//! Knows nothing of what is in them.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
};

use zeroize::Zeroizing;

/// Makes the folder (and its parents) readable by its owner only (0700).
pub fn create_folder(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// The whole file, or `None` where there is none.
pub fn read(path: &Path) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    // One allocation: a buffer that grows would leave unwiped copies behind.
    let length = usize::try_from(file.metadata()?.len()).unwrap_or(0);
    let mut bytes = Zeroizing::new(Vec::with_capacity(length + 1));
    file.read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

/// Replaces the file: written beside it, fsynced, renamed, and the folder fsynced.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let new = sibling(path, ".new");
    write_synced(&new, bytes)
        .and_then(|()| fs::rename(&new, path))
        .inspect_err(|_| drop(fs::remove_file(&new)))?;
    sync_folder_of(path)
}

fn write_synced(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = open_private(path)?;
    file.write_all(bytes)?;
    file.set_len(bytes.len() as u64)?;
    file.sync_all()
}

/// Removes the file if there is one; the folder is fsynced.
pub fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Ok(()) => sync_folder_of(path),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

/// Gives the file another name beside its own, one that is free; returns the new path.
pub fn set_aside(path: &Path) -> io::Result<PathBuf> {
    let aside = free_name(path)?;
    fs::rename(path, &aside)?;
    sync_folder_of(path)?;
    Ok(aside)
}

/// Leaves a copy of the file under such a name.
pub fn copy_aside(path: &Path) -> io::Result<()> {
    let bytes = read(path)?.unwrap_or_default();
    let aside = free_name(path)?;
    open_private(&aside)?.write_all(&bytes)
}

fn free_name(path: &Path) -> io::Result<PathBuf> {
    let mut number = 1_u32;
    loop {
        let aside = sibling(path, &format!(".aside-{number}"));
        if !aside.try_exists()? {
            return Ok(aside);
        }
        number += 1;
    }
}

/// Opens for reading and writing, made with 0600 if missing, never cut.
pub fn open_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Whether nobody but the owner may read the file; always true where there are no such modes.
pub fn is_private(path: &Path) -> io::Result<bool> {
    #[cfg(unix)]
    {
        const OTHERS: u32 = 0o077;
        let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(path)?.permissions());
        Ok(mode & OTHERS == 0)
    }
    #[cfg(not(unix))]
    {
        fs::metadata(path).map(|_| true)
    }
}

/// Whether the error says that there is no room (a full disk or a used-up quota).
pub fn is_full(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge
    )
}

/// `NAME` plus the ending, in the same folder.
pub fn sibling(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(ending);
    path.with_file_name(name)
}

fn sync_folder_of(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    if let Some(folder) = path.parent() {
        File::open(folder)?.sync_all()?;
    }
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}
