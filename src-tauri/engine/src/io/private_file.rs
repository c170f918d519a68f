//! Files that only their owner may read, replaced so that a crash leaves the old or the new one.
//!
//! Knows nothing of what is in them. The surprising thing: a *spare* is a file with its blocks
//! already allocated, so that the write after a request needs no free space.

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
    replace_by(&sibling(path, ".new"), path, bytes)
}

/// Like [`replace`], writing into `spare` (made if missing), which becomes the file.
pub fn replace_by(spare: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = open_private(spare)?;
    file.write_all(bytes)?;
    file.set_len(bytes.len() as u64)?;
    file.sync_all()?;
    drop(file);
    fs::rename(spare, path)?;
    sync_folder_of(path)
}

/// Makes a spare of `length` bytes whose blocks are allocated, unless there is one.
pub fn reserve(spare: &Path, length: u64) -> io::Result<()> {
    if fs::metadata(spare).is_ok_and(|found| found.len() >= length) {
        return Ok(());
    }
    let file = open_private(spare)?;
    allocate(&file, length)
        .and_then(|()| file.sync_all())
        .inspect_err(|_| {
            // Half a spare would be taken for a whole one next time.
            drop(fs::remove_file(spare));
        })
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
    let mut number = 1_u32;
    loop {
        let aside = sibling(path, &format!(".aside-{number}"));
        if !aside.try_exists()? {
            fs::rename(path, &aside)?;
            sync_folder_of(path)?;
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

#[cfg(target_os = "linux")]
fn allocate(file: &File, length: u64) -> io::Result<()> {
    use rustix::{
        fs::{FallocateFlags, fallocate},
        io::Errno,
    };
    match fallocate(file, FallocateFlags::empty(), 0, length) {
        // Some file systems cannot; writing zeros is the next best.
        Err(Errno::OPNOTSUPP | Errno::NOSYS) => fill(file, length),
        other => other.map_err(io::Error::from),
    }
}

#[cfg(not(target_os = "linux"))]
fn allocate(file: &File, length: u64) -> io::Result<()> {
    fill(file, length)
}

fn fill(mut file: &File, length: u64) -> io::Result<()> {
    io::copy(&mut io::repeat(0).take(length), &mut file).map(|_| ())
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
