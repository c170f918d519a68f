//! Names tokens without showing them: HMAC-SHA-256 under a key from the vault, cut to 96 bits.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::secret::{Fingerprint, Secret};

const DIGITS: [u8; 16] = *b"0123456789abcdef";

/// Makes fingerprints. Two processes with the same vault make the same ones.
#[derive(Clone)]
pub struct Fingerprinter(Hmac<Sha256>);

impl Fingerprinter {
    /// Derives the fingerprint key from the vault's root key, so that one cannot stand for the
    /// other.
    pub fn new(key: &[u8; 32]) -> Self {
        let derived = mac(key)
            .chain_update(b"tokentray fingerprint 1")
            .finalize()
            .into_bytes();
        Self(mac(&derived))
    }

    pub fn of(&self, token: &Secret) -> Fingerprint {
        let digest = self
            .0
            .clone()
            .chain_update(token.expose().as_bytes())
            .finalize()
            .into_bytes();
        let mut hexadecimal = String::with_capacity(24);
        for byte in digest.iter().take(12) {
            hexadecimal.push(char::from(DIGITS[usize::from(byte >> 4)]));
            hexadecimal.push(char::from(DIGITS[usize::from(byte & 15)]));
        }
        Fingerprint(hexadecimal)
    }
}

#[expect(
    clippy::expect_used,
    reason = "HMAC takes a key of any length (RFC 2104 §2)"
)]
fn mac(key: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).expect("any length is a key")
}

impl std::fmt::Debug for Fingerprinter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Fingerprinter(…)")
    }
}
