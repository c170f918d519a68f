//! The texts on a shelf, and the one rule of what may replace what. Pure.

use serde::Deserialize;

use crate::{
    domain::{
        account::AccountId,
        grant::{Grant, GrantFormatError},
        secret::Secret,
    },
    io::{
        Pending,
        keychain::{Found, Refusal},
    },
};

use super::VaultError;

/// One place on a shelf.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Slot {
    Grant(AccountId),
    ClientSecret(AccountId),
}

/// What should stand there.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    pub text: Secret,
    /// 0 for what has no generations.
    pub generation: u64,
}

/// Gets the answer of a change that came after its caller had been freed.
pub(super) type Late = Box<dyn FnOnce(Result<(), VaultError>) + Send>;

/// Where texts stand. A corrupt one is set aside by whoever comes across it.
pub(super) trait Shelf: Send + Sync {
    fn read(&self, slot: Slot) -> Pending<'static, Result<Option<Secret>, VaultError>>;
    /// `None` removes.
    fn write(
        &self,
        slot: Slot,
        wanted: Option<Wanted>,
        late: Late,
    ) -> Pending<'static, Result<(), VaultError>>;
}

/// What to do about a text that stands where another is wanted.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Judgement {
    /// It is as wanted already.
    Keep,
    Replace,
    SetAsideAndReplace,
    Refuse(Refusal),
}

impl Slot {
    pub(super) const fn account(&self) -> &AccountId {
        match self {
            Self::Grant(account) | Self::ClientSecret(account) => account,
        }
    }

    pub(super) const fn purpose(&self) -> &'static str {
        match self {
            Self::Grant(_) => "grant",
            Self::ClientSecret(_) => "client-secret",
        }
    }

    /// What the text says of itself: its generation, or why it is of no use.
    fn generation(&self, text: &Secret) -> Result<u64, GrantFormatError> {
        match self {
            Self::Grant(_) => Grant::from_stored(text).map(|grant| grant.generation),
            Self::ClientSecret(_) => read_client_secret(text).map(|_| 0),
        }
    }

    /// The text if it can be used.
    pub(super) fn check(&self, found: Found) -> Result<Option<Secret>, Refusal> {
        match found {
            Found::Missing => Ok(None),
            Found::NotText => Err(Refusal::Corrupt),
            Found::Text(text) => match self.generation(&text) {
                Ok(_) => Ok(Some(text)),
                Err(GrantFormatError::Corrupt) => Err(Refusal::Corrupt),
                Err(GrantFormatError::Newer(format)) => Err(Refusal::Newer(format)),
            },
        }
    }

    pub(super) fn judge(&self, found: &Found, wanted: Option<&Wanted>) -> Judgement {
        let text = match (found, wanted) {
            (Found::Missing, None) => return Judgement::Keep,
            (Found::Missing, Some(_)) => return Judgement::Replace,
            (Found::NotText, _) => return Judgement::SetAsideAndReplace,
            (Found::Text(text), Some(wanted)) if wanted.text == *text => return Judgement::Keep,
            (Found::Text(text), _) => text,
        };
        match (self.generation(text), wanted) {
            (Err(GrantFormatError::Corrupt), _) => Judgement::SetAsideAndReplace,
            (Err(GrantFormatError::Newer(format)), _) => Judgement::Refuse(Refusal::Newer(format)),
            (Ok(stored), Some(wanted)) => match may_replace(stored, wanted.generation) {
                Ok(()) => Judgement::Replace,
                Err(refusal) => Judgement::Refuse(refusal),
            },
            (Ok(_), None) => Judgement::Replace,
        }
    }
}

/// A newer grant is never overwritten by an older one, however late the older one comes.
///
/// Takes generations; fails with the one that is stored.
pub const fn may_replace(stored: u64, wanted: u64) -> Result<(), Refusal> {
    if stored > wanted {
        return Err(Refusal::Older(stored));
    }
    Ok(())
}

/// The format of a client secret's JSON.
const SECRET_FORMAT: u32 = 1;

#[derive(Deserialize)]
struct StoredSecret {
    format: u32,
    #[serde(default)]
    client_secret: String,
}

pub(super) fn write_client_secret(secret: &Secret) -> Secret {
    let mut text = Vec::with_capacity(64 + 6 * secret.expose().len());
    text.extend_from_slice(format!(r#"{{"format":{SECRET_FORMAT},"client_secret":"#).as_bytes());
    // A text always has a JSON form, and a Vec always takes it.
    drop(serde_json::to_writer(&mut text, secret.expose()));
    text.push(b'}');
    Secret::new(String::from_utf8(text).unwrap_or_default())
}

pub(super) fn read_client_secret(text: &Secret) -> Result<Secret, GrantFormatError> {
    let stored: StoredSecret =
        serde_json::from_str(text.expose()).map_err(|_| GrantFormatError::Corrupt)?;
    let secret = Secret::new(stored.client_secret);
    if stored.format > SECRET_FORMAT {
        return Err(GrantFormatError::Newer(stored.format));
    }
    if secret.is_empty() {
        return Err(GrantFormatError::Corrupt);
    }
    Ok(secret)
}
