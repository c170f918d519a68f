//! Looks for secrets in whatever a program left behind: whole or in part, plain or encoded. Knows
//! nothing of where it looks. Surprising: it looks for twelve bytes of each form only, so that a
//! secret that was cut is found, too.

use std::{
    collections::{BTreeSet, HashMap},
    fmt::Write as _,
    fs,
    path::Path,
};

/// Short enough to find what was cut, long enough to be no accident.
const WINDOW: usize = 12;

/// Secrets in all their forms.
#[derive(Debug, Default)]
pub struct Canaries {
    windows: HashMap<[u8; WINDOW], String>,
}

impl Canaries {
    /// Adds a secret; `kind` is what a finding says.
    pub fn add(&mut self, kind: &str, value: &str) {
        // The beginning of a JWT is no secret: it is the same for all of a provider.
        let secret = match value.rsplit_once('.') {
            Some((front, signature)) if front.starts_with("eyJ") => signature,
            _ => value,
        };
        let percent: String = secret.bytes().fold(String::new(), |mut text, byte| {
            if byte.is_ascii_alphanumeric() {
                text.push(char::from(byte));
            } else {
                let _ = write!(text, "%{byte:02X}");
            }
            text
        });
        let form = percent.replace("%20", "+");
        for (form_name, text) in [("plain", secret), ("percent", &percent), ("form", &form)] {
            self.add_form(kind, form_name, text.as_bytes());
            self.add_form(kind, form_name, &text.as_bytes()[text.len() - WINDOW..]);
            for hidden in [0, 1, 2] {
                // In the middle of a longer text, base64 has three ways to write it.
                let padded = [vec![b'x'; hidden], text.as_bytes().to_vec()].concat();
                let skip = [0, 2, 3][hidden];
                for last in [b"+/", b"-_"] {
                    self.add_form(kind, "base64", &base64(&padded, *last)[skip..]);
                }
            }
        }
        let hex: String = secret.bytes().fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        });
        self.add_form(kind, "hex", hex.as_bytes());
        self.add_form(kind, "hex", hex.to_uppercase().as_bytes());
    }

    fn add_form(&mut self, kind: &str, form: &str, bytes: &[u8]) {
        let window = *bytes.first_chunk().expect("no secret is so short");
        // Where two forms are the same, the plainer one names it.
        let entry = self.windows.entry(window);
        entry.or_insert_with(|| format!("{kind} ({form})"));
    }

    /// What is in these bytes.
    pub fn in_bytes(&self, bytes: &[u8]) -> BTreeSet<&str> {
        let windows = bytes.windows(WINDOW);
        let found = windows.filter_map(|window| self.windows.get(window));
        found.map(String::as_str).collect()
    }

    /// Every file below the folder that holds something, with what; `sealed` is not looked into.
    pub fn in_files(&self, folder: &Path, sealed: &Path) -> Vec<String> {
        let mut found = Vec::new();
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let (path, kind) = (entry.path(), entry.file_type().unwrap());
            if kind.is_dir() && path != sealed {
                found.extend(self.in_files(&path, sealed));
            } else if kind.is_file() {
                let bytes = fs::read(&path).unwrap_or_default();
                let here = self.in_bytes(&bytes);
                found.extend(
                    here.iter()
                        .map(|what| format!("{}: {what}", path.display())),
                );
            }
        }
        found
    }
}

/// Without what would depend on the bytes after it; `last` are the two letters that differ.
fn base64(bytes: &[u8], last: [u8; 2]) -> Vec<u8> {
    let letters: Vec<u8> = (b'A'..=b'Z')
        .chain(b'a'..=b'z')
        .chain(b'0'..=b'9')
        .chain(last)
        .collect();
    let written = bytes.chunks_exact(3).flat_map(|three| {
        let all = three
            .iter()
            .fold(0, |all, byte| all << 8 | usize::from(*byte));
        [18, 12, 6, 0].map(|shift| letters[all >> shift & 63])
    });
    written.collect()
}
