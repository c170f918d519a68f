//! A token, a client secret, a passphrase: text that does not print and is wiped on drop.
//!
//! It has no `Display` and no `Serialize` on purpose: whoever writes one somewhere must say
//! [`Secret::expose`], and those places can be searched for.

use zeroize::Zeroizing;

/// Text that must never be shown or logged. Compared in constant time.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The text itself. Every caller is a place where a secret leaves its type.
    pub fn expose(&self) -> &str {
        &self.0
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        use subtle::ConstantTimeEq;
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}

impl Eq for Secret {}

/// So much of the beginning of a secret is recognised: short enough to find one that was cut, long
/// enough to be no accident.
const TELLING: usize = 12;

/// The text of somebody else, with `…` in the place of each of these secrets. One that was cut, or
/// that goes on, is taken out as far as its letters go.
pub fn conceal(text: &str, secrets: &[Secret]) -> String {
    let mut text = text.to_owned();
    for secret in secrets {
        let secret = secret.expose();
        let Some(telling) = secret.get(..secret.len().min(TELLING)) else {
            continue;
        };
        if telling.is_empty() {
            continue;
        }
        while let Some(start) = text.find(telling) {
            let rest = &text[start..];
            let end = if rest.starts_with(secret) {
                secret.len()
            } else {
                rest.find(|letter: char| letter.is_whitespace() || "\"'<>,;&".contains(letter))
                    .unwrap_or(rest.len())
                    .max(telling.len())
            };
            text.replace_range(start..start + end, "…");
        }
    }
    text
}

/// What serde says is wrong, without the value: it may be a secret at the wrong place.
pub fn without_values(error: &str) -> String {
    for (begin, end) in [("string \"", "\", expected"), ("variant `", "`, ")] {
        if let Some((before, rest)) = error.split_once(begin)
            && let Some((_, after)) = rest.rsplit_once(end)
        {
            return format!("{before}{begin}…{end}{after}");
        }
    }
    error.to_owned()
}

/// A keyed hash of a token (HMAC-SHA-256, 96 bits, hexadecimal): names a token without showing it.
///
/// Made by [`crate::fingerprint::Fingerprinter`]; the key lives in the vault.
#[derive(
    Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(transparent)]
pub struct Fingerprint(pub String);

impl std::fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_in_somebody_elses_text_is_taken_out_whole_or_cut() {
        let secrets = [
            Secret::new("the-refresh-token-0123456789"),
            Secret::new("short"),
            Secret::new(""),
            Secret::new("überlange-Geheimnisse"),
        ];
        for (said, told) in [
            ("nothing of ours", "nothing of ours"),
            (
                "token the-refresh-token-0123456789 (again: the-refresh-token-0123456789)",
                "token … (again: …)",
            ),
            ("token the-refresh-token-01... is over", "token … is over"),
            ("t=the-refresh-token-01%3D&x=1", "t=…&x=1"),
            ("the-refresh-token", "…"),
            ("the-refresh", "the-refresh"),
            ("no short way", "no … way"),
            ("überlange-Geheimnisse!", "…!"),
        ] {
            assert_eq!(conceal(said, &secrets), told);
        }
    }

    #[test]
    fn what_is_wrong_is_told_without_the_value() {
        #[derive(Debug, serde::Deserialize)]
        #[serde(rename_all = "snake_case")]
        enum Flow {
            Browser,
        }
        let number = serde_json::from_str::<u64>(r#""a \" secret, expected""#).unwrap_err();
        let flow = serde_json::from_str::<Flow>(r#""secret""#).unwrap_err();
        for (error, told) in [
            (
                number,
                "invalid type: string \"…\", expected u64 at line 1 column 23",
            ),
            (
                flow,
                "unknown variant `…`, expected `browser` at line 1 column 8",
            ),
        ] {
            assert_eq!(without_values(&error.to_string()), told);
        }
        assert!(matches!(
            serde_json::from_str(r#""browser""#),
            Ok(Flow::Browser)
        ));
    }
}
