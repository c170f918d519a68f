//! The file of an account's journal: two places of equal size, written in turn.
//!
//! Knows nothing of seals and entries. The surprising thing: nothing is renamed. A write goes over
//! the older place, whose blocks were written when the file was made, so that one flush of data and
//! none of the file system's own journal stands between a provider's answer and safety, and so that
//! neither what is sent nor what comes back needs space that a full disk has not. A write that was
//! cut short leaves the other place, which holds what was there before.

use std::{
    fs::File,
    io::{self, Seek as _, SeekFrom, Write as _},
    path::Path,
};

use zeroize::Zeroizing;

use crate::io::private_file;

/// The format that this program writes; higher ones are read-only for it.
const FORMAT: u32 = 1;

const MAGIC: &str = "tokentray-journal";

/// The largest real grants are near 6 kB as text, and an entry may hold one and a salvaged reply.
/// A salvaged body of odd size (at most 256 KiB) gets a larger file.
const SMALLEST: usize = 32 * 1024;

/// Long enough for the magic and three numbers.
const LONGEST_HEADER: usize = 80;

/// What stands in one of the two places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slot<'a> {
    /// Never written, or given up.
    Empty,
    Written {
        number: u64,
        sealed: &'a [u8],
    },
    Damaged,
    Newer(u32),
}

/// The content of a journal's file.
pub(super) struct Slots {
    bytes: Zeroizing<Vec<u8>>,
}

impl Slots {
    /// `None` where there is no file.
    pub(super) fn read(path: &Path) -> io::Result<Option<Self>> {
        Ok(private_file::read(path)?.map(|bytes| Self { bytes }))
    }

    fn size(&self) -> usize {
        self.bytes.len() / 2
    }

    pub(super) fn both(&self) -> [Slot<'_>; 2] {
        let (first, second) = self.bytes.split_at(self.size());
        [slot(first), slot(second)]
    }

    /// The format of a newer program's file, which may look different in everything but its head.
    pub(super) fn newer(&self) -> Option<u32> {
        match slot(&self.bytes) {
            Slot::Newer(format) => Some(format),
            _ => None,
        }
    }

    /// What an older program wrote: the sealed bytes alone, from the beginning to the end.
    pub(super) fn whole(&self) -> &[u8] {
        &self.bytes
    }
}

/// Writes `sealed` into this place of the file, or makes the file anew where it is none of two
/// places or they are too small. On `Ok` it is on the disk.
pub(super) fn write(
    path: &Path,
    found: Option<&Slots>,
    place: usize,
    number: u64,
    sealed: &[u8],
) -> io::Result<()> {
    let header = format!("{MAGIC} {FORMAT} {number} {}\n", sealed.len());
    let length = header.len() + sealed.len();
    match found {
        Some(found) if length <= found.size() => {
            let mut file = private_file::open_private(path)?;
            let at = (place * found.size()) as u64;
            let written = overwrite(&mut file, at, header.as_bytes(), sealed);
            if written.is_err() {
                // What may not be on the disk must not be taken for the newest.
                drop(give_up(&mut file, at));
            }
            written
        }
        _ => {
            let mut bytes = header.into_bytes();
            bytes.extend_from_slice(sealed);
            bytes.resize(2 * length.next_power_of_two().max(SMALLEST), 0);
            private_file::replace(path, &bytes)
        }
    }
}

fn overwrite(file: &mut File, at: u64, header: &[u8], sealed: &[u8]) -> io::Result<()> {
    file.seek(SeekFrom::Start(at))?;
    // One call: a killed process leaves the old place or the new one.
    file.write_all(&[header, sealed].concat())?;
    file.sync_data()
}

fn give_up(file: &mut File, at: u64) -> io::Result<()> {
    file.seek(SeekFrom::Start(at))?;
    file.write_all(&[0; LONGEST_HEADER])
}

fn slot(bytes: &[u8]) -> Slot<'_> {
    if bytes.iter().take(LONGEST_HEADER).all(|byte| *byte == 0) {
        return Slot::Empty;
    }
    parse(bytes).unwrap_or(Slot::Damaged)
}

fn parse(bytes: &[u8]) -> Option<Slot<'_>> {
    let end = bytes
        .iter()
        .take(LONGEST_HEADER)
        .position(|byte| *byte == b'\n')?;
    let mut words = std::str::from_utf8(&bytes[..end]).ok()?.split(' ');
    if words.next()? != MAGIC {
        return None;
    }
    let format: u32 = words.next()?.parse().ok()?;
    if format > FORMAT {
        return Some(Slot::Newer(format));
    }
    let number = words.next()?.parse().ok()?;
    let length: usize = words.next()?.parse().ok()?;
    let start = end + 1;
    let sealed = bytes.get(start..start.checked_add(length)?)?;
    Some(Slot::Written { number, sealed })
}
