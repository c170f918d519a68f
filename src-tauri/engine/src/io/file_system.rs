//! What a folder's file system is, where that matters: kernel locks and fsync mean less on a
//! network.
//!
//! The surprising thing: a lock on such a file system is honoured between the processes of one
//! machine and often by no other. Two machines are told apart by the journal, not by a lock.

use std::path::Path;

/// The name of a network file system that holds this folder; none for a local one.
///
/// FUSE is taken for local: most of what is mounted so is an encrypted folder or a disk.
pub fn network(folder: &Path) -> Option<&'static str> {
    #[cfg(target_os = "linux")]
    {
        // The magic numbers of statfs(2).
        const KINDS: [(u32, &str); 9] = [
            (0x6969, "NFS"),
            (0xff53_4d42, "CIFS"),
            (0xfe53_4d42, "SMB2"),
            (0x517b, "SMB"),
            (0x5346_414f, "AFS"),
            (0x6b41_4653, "AFS"),
            (0x00c3_6400, "Ceph"),
            (0x0102_1997, "9P"),
            (0x7375_7245, "Coda"),
        ];
        let found = rustix::fs::statfs(folder).ok()?;
        // Its type has another width on each architecture; the numbers have 32 bits.
        let magic = u32::try_from(i128::from(found.f_type) & 0xffff_ffff).ok()?;
        KINDS
            .iter()
            .find(|(kind, _)| *kind == magic)
            .map(|(_, name)| *name)
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = folder;
        None
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::network;

    #[test]
    fn a_local_folder_is_no_network() {
        assert_eq!(network(std::path::Path::new("/proc")), None);
        assert_eq!(network(&std::env::temp_dir()), None);
    }
}
