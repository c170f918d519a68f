//! The seal: XChaCha20-Poly1305 over bytes that say in clear only their format and generation.
//!
//! Knows no file names and no accounts beyond the label it is given. The surprising thing: vault
//! id, account and purpose are not in the bytes at all, only in the associated data, so that a
//! sealed file which was moved or renamed to another account does not open.

use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::vault::SealKey;

/// The format that this program writes; higher ones are read-only for it.
pub const SEAL_FORMAT: u32 = 1;

const MAGIC: &str = "tokentray-sealed";
const NONCE_BYTES: usize = 24;

/// What the sealed bytes are about; they open under the same label only.
#[derive(Clone, Copy, Debug)]
pub struct Label<'a> {
    /// `journal`, `grant`, `client-secret` or `key`.
    pub purpose: &'a str,
    pub vault: &'a str,
    /// Empty for what belongs to the whole vault.
    pub account: &'a str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    #[error("the sealed bytes cannot be opened")]
    Corrupt,
    #[error("the sealed bytes have format {0}, newer than this program knows")]
    Newer(u32),
}

/// A key for one purpose, derived from the vault's root key. Wiped on drop.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct SealingKey([u8; 32]);

impl SealingKey {
    /// Derives by HMAC-SHA-256, so that no purpose's key can stand for another's.
    #[expect(
        clippy::expect_used,
        clippy::missing_panics_doc,
        reason = "HMAC takes a key of any length (RFC 2104 §2)"
    )]
    pub fn derive(root: &SealKey, purpose: &str) -> Self {
        let mac = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(&root.0)
            .expect("any length is a key")
            .chain_update(b"tokentray seal 1 ")
            .chain_update(purpose.as_bytes());
        Self(mac.finalize().into_bytes().into())
    }

    /// Takes a key that was derived elsewhere, as from a passphrase.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&self.0.into())
    }

    /// Seals with a fresh random nonce.
    pub fn seal(&self, label: Label<'_>, generation: u64, plain: &[u8]) -> Vec<u8> {
        let nonce: [u8; NONCE_BYTES] = rand::random();
        let header = header(SEAL_FORMAT, generation);
        let aad = associated(label, &header);
        // The cipher refuses only messages of 256 GiB and more; then there is nothing to keep.
        let sealed = self
            .cipher()
            .encrypt(
                &XNonce::from(nonce),
                Payload {
                    msg: plain,
                    aad: &aad,
                },
            )
            .unwrap_or_default();
        let mut bytes = header.into_bytes();
        bytes.extend_from_slice(&nonce);
        bytes.extend_from_slice(&sealed);
        bytes
    }

    /// Opens what [`SealingKey::seal`] made under an equal label; returns generation and content.
    pub fn open(
        &self,
        label: Label<'_>,
        bytes: &[u8],
    ) -> Result<(u64, Zeroizing<Vec<u8>>), SealError> {
        let end = bytes
            .iter()
            .take(80)
            .position(|byte| *byte == b'\n')
            .ok_or(SealError::Corrupt)?;
        let (head, rest) = bytes.split_at(end + 1);
        let generation = parse_header(head)?;
        let (nonce, sealed) = rest
            .split_first_chunk::<NONCE_BYTES>()
            .ok_or(SealError::Corrupt)?;
        let aad = associated(label, &header(SEAL_FORMAT, generation));
        let plain = self
            .cipher()
            .decrypt(
                &XNonce::from(*nonce),
                Payload {
                    msg: sealed,
                    aad: &aad,
                },
            )
            .map_err(|_| SealError::Corrupt)?;
        Ok((generation, Zeroizing::new(plain)))
    }
}

fn header(format: u32, generation: u64) -> String {
    format!("{MAGIC} {format} {generation}\n")
}

fn parse_header(head: &[u8]) -> Result<u64, SealError> {
    let text = std::str::from_utf8(head).map_err(|_| SealError::Corrupt)?;
    let mut words = text.trim_end().split(' ');
    if words.next() != Some(MAGIC) {
        return Err(SealError::Corrupt);
    }
    let format: u32 = words
        .next()
        .and_then(|word| word.parse().ok())
        .ok_or(SealError::Corrupt)?;
    if format > SEAL_FORMAT {
        return Err(SealError::Newer(format));
    }
    words
        .next()
        .and_then(|word| word.parse().ok())
        .ok_or(SealError::Corrupt)
}

/// Ids hold no line breaks, so the parts cannot run into each other.
fn associated(label: Label<'_>, header: &str) -> Vec<u8> {
    let Label {
        purpose,
        vault,
        account,
    } = label;
    format!("{header}{purpose}\n{vault}\n{account}\n").into_bytes()
}
