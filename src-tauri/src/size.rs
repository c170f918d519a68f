//! The window's size, remembered in a small file of the state folder.
//!
//! Only the size, never the position, and on Wayland neither is written: there the size that is
//! read back includes the shadow, and the window would grow with every start.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

/// A newer file is left alone, and read as if there were none.
const FORMAT: u32 = 1;
/// Logical pixels.
const USUAL: (f64, f64) = (960.0, 780.0);
pub const LEAST: (f64, f64) = (460.0, 400.0);
/// Larger than any desk: whatever says more is a broken file.
const MOST: f64 = 10_000.0;

/// What the shell remembers about its window.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Remembered {
    format: u32,
    pub width: f64,
    pub height: f64,
    /// The person was told that closing the window quits nothing.
    #[serde(default)]
    pub told_it_stays: bool,
}

impl Default for Remembered {
    fn default() -> Self {
        Self {
            format: FORMAT,
            width: USUAL.0,
            height: USUAL.1,
            told_it_stays: false,
        }
    }
}

impl Remembered {
    /// What the file says, or the usual size where it says nothing that can be used.
    pub fn load(state_dir: &Path) -> Self {
        fs::read(file(state_dir))
            .ok()
            .and_then(|bytes| serde_json::from_slice::<Self>(&bytes).ok())
            .filter(|known| known.format == FORMAT)
            .map(Self::within_bounds)
            .unwrap_or_default()
    }

    /// Losing this file loses a size; so it is written plainly, and errors are only logged.
    pub fn save(&self, state_dir: &Path) {
        let write = || -> io::Result<()> {
            fs::create_dir_all(state_dir)?;
            let fresh = state_dir.join("window.json.new");
            fs::write(&fresh, serde_json::to_vec(&self.within_bounds())?)?;
            fs::rename(fresh, file(state_dir))
        };
        if let Err(error) = write() {
            tracing::info!(error = %error.kind(), "window_size_not_saved");
        }
    }

    fn within_bounds(self) -> Self {
        let bound = |length: f64, least: f64, usual: f64| {
            if length.is_finite() && (least..=MOST).contains(&length) {
                length
            } else {
                usual
            }
        };
        Self {
            width: bound(self.width, LEAST.0, USUAL.0),
            height: bound(self.height, LEAST.1, USUAL.1),
            ..self
        }
    }
}

fn file(state_dir: &Path) -> PathBuf {
    state_dir.join("window.json")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_comes_back() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Remembered::load(folder.path()), Remembered::default());
        let wide = Remembered {
            width: 1200.0,
            told_it_stays: true,
            ..Remembered::default()
        };
        wide.save(folder.path());
        assert_eq!(Remembered::load(folder.path()), wide);
    }

    #[test]
    fn a_broken_or_newer_file_is_the_usual_size() {
        let folder = tempfile::tempdir().unwrap();
        for text in [
            "",
            "{}",
            r#"{"format":2,"width":800,"height":700}"#,
            r#"{"format":1,"width":1e99,"height":-3}"#,
        ] {
            fs::write(file(folder.path()), text).unwrap();
            assert_eq!(
                Remembered::load(folder.path()),
                Remembered::default(),
                "{text}"
            );
        }
    }
}
