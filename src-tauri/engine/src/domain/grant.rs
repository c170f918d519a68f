//! What a provider gave: tokens, their ends, and what they are bound to.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{account::ClientAuth, cause::codes, secret::Secret};

codes! {
    /// Where the end of an access token is known from.
    ExpiresSource {
        /// `expires_in` of the reply.
        Server = "server",
        /// `exp` and `iat` of the token itself.
        Jwt = "jwt",
        /// Nothing said it; 15 minutes are assumed for scheduling only.
        Assumed = "assumed",
        /// No end is known and none is assumed (no refresh token).
        Unknown = "unknown",
    }
}

/// What refresh token and client secret may be sent to, and as whom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Binding {
    pub issuer: Option<String>,
    pub token_endpoint: String,
    pub revocation_endpoint: Option<String>,
    pub client_id: String,
    pub client_auth: ClientAuth,
}

/// Who signed in: the pair that names a person at a provider (OpenID Connect Core §2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    pub iss: String,
    pub sub: String,
}

/// A grant as it is held. `generation` counts stored grants of an account, beginning with 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    pub generation: u64,
    pub access_token: Secret,
    pub token_type: String,
    pub refresh_token: Option<Secret>,
    pub id_token: Option<Secret>,
    /// When the request that brought it was sent.
    pub issued_at: DateTime<Utc>,
    /// End of the access token; none only with [`ExpiresSource::Unknown`].
    pub expires_at: Option<DateTime<Utc>>,
    pub expires_source: ExpiresSource,
    /// The provider's wish (`refresh_in`), as a time.
    pub refresh_at: Option<DateTime<Utc>>,
    /// Known end of the refresh token or session.
    pub refresh_token_expires_at: Option<DateTime<Utc>>,
    /// `exp` of the ID token.
    pub id_token_expires_at: Option<DateTime<Utc>>,
    pub scopes: Vec<String>,
    pub binding: Binding,
    pub subject: Option<Subject>,
}

/// The version of [`StoredGrant`] that this program writes.
pub const GRANT_FORMAT: u32 = 1;

/// Why stored text is no grant that can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GrantFormatError {
    #[error("the stored grant cannot be read")]
    Corrupt,
    #[error("the stored grant has format {0}, newer than this program knows")]
    Newer(u32),
}

/// The text form of a grant: what an item of the keychain holds. Documented in the guide "vault".
#[derive(Serialize, Deserialize)]
struct StoredGrant {
    format: u32,
    generation: u64,
    access_token: String,
    token_type: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id_token: Option<String>,
    issued_at: DateTime<Utc>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires_at: Option<DateTime<Utc>>,
    expires_source: ExpiresSource,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refresh_at: Option<DateTime<Utc>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refresh_token_expires_at: Option<DateTime<Utc>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id_token_expires_at: Option<DateTime<Utc>>,
    #[serde(default)]
    scopes: Vec<String>,
    binding: Binding,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    subject: Option<Subject>,
}

impl Grant {
    /// The versioned JSON that vault and journal keep. Holds tokens, therefore a [`Secret`].
    pub fn to_stored(&self) -> Secret {
        let text = |s: &Secret| s.expose().to_owned();
        let stored = StoredGrant {
            format: GRANT_FORMAT,
            generation: self.generation,
            access_token: text(&self.access_token),
            token_type: self.token_type.clone(),
            refresh_token: self.refresh_token.as_ref().map(text),
            id_token: self.id_token.as_ref().map(text),
            issued_at: self.issued_at,
            expires_at: self.expires_at,
            expires_source: self.expires_source,
            refresh_at: self.refresh_at,
            refresh_token_expires_at: self.refresh_token_expires_at,
            id_token_expires_at: self.id_token_expires_at,
            scopes: self.scopes.clone(),
            binding: self.binding.clone(),
            subject: self.subject.clone(),
        };
        let json = serde_json::to_string(&stored).unwrap_or_default();
        for token in [
            Some(stored.access_token),
            stored.refresh_token,
            stored.id_token,
        ] {
            drop(token.map(Secret::new));
        }
        Secret::new(json)
    }

    /// Reads what [`Grant::to_stored`] wrote.
    pub fn from_stored(text: &Secret) -> Result<Self, GrantFormatError> {
        #[derive(Deserialize)]
        struct Version {
            format: u32,
        }
        let version: Version =
            serde_json::from_str(text.expose()).map_err(|_| GrantFormatError::Corrupt)?;
        if version.format > GRANT_FORMAT {
            return Err(GrantFormatError::Newer(version.format));
        }
        let stored: StoredGrant =
            serde_json::from_str(text.expose()).map_err(|_| GrantFormatError::Corrupt)?;
        if stored.access_token.is_empty() {
            return Err(GrantFormatError::Corrupt);
        }
        Ok(Self {
            generation: stored.generation,
            access_token: Secret::new(stored.access_token),
            token_type: stored.token_type,
            refresh_token: stored
                .refresh_token
                .filter(|t| !t.is_empty())
                .map(Secret::new),
            id_token: stored.id_token.map(Secret::new),
            issued_at: stored.issued_at,
            expires_at: stored.expires_at,
            expires_source: stored.expires_source,
            refresh_at: stored.refresh_at,
            refresh_token_expires_at: stored.refresh_token_expires_at,
            id_token_expires_at: stored.id_token_expires_at,
            scopes: stored.scopes,
            binding: stored.binding,
            subject: stored.subject,
        })
    }
}
