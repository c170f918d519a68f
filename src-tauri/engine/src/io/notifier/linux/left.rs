//! The note of what stands on the screen: bus, server and number. Nothing of its text.
//!
//! Lost or wrong, it costs no more than a notification that is not withdrawn; so nothing waits for
//! the disk and no error is told.

use std::{io::Write as _, path::Path};

use crate::io::private_file;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Left {
    /// The bus's own id: another session's server may have the same name.
    pub bus: String,
    /// The server's unique name; a restart has another.
    pub server: String,
    pub id: u32,
}

impl Left {
    pub(super) fn read(note: &Path) -> Option<Self> {
        let bytes = private_file::read(note).ok()??;
        let text = std::str::from_utf8(&bytes).ok()?;
        let mut words = text.split_whitespace();
        Some(Self {
            bus: words.next()?.to_owned(),
            server: words.next()?.to_owned(),
            id: words.next()?.parse().ok()?,
        })
    }

    pub(super) fn write(left: Option<&Self>, note: &Path) {
        let Some(left) = left else {
            drop(std::fs::remove_file(note));
            return;
        };
        let text = format!("{} {} {}\n", left.bus, left.server, left.id);
        let written = private_file::open_private(note).and_then(|mut file| {
            file.set_len(0)?;
            file.write_all(text.as_bytes())
        });
        if written.is_err() {
            tracing::debug!("notification_not_noted");
        }
    }
}
