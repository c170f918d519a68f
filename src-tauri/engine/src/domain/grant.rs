//! What a provider gave: tokens, their ends, and what they are bound to.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::{
    account::ClientAuth, cause::codes, classify::TokenReply, jwt, lifecycle::host_of,
    secret::Secret,
};

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
    /// The secret of the client that it is bound to, so that editing the account takes it away from
    /// nobody: it is sent until a new sign-in succeeded.
    pub client_secret: Option<Secret>,
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
    #[serde(default, skip_serializing_if = "Option::is_none")]
    client_secret: Option<String>,
}

/// The life that is assumed where nothing states one but a refresh token is there.
///
/// It only schedules refreshes and is shown as an assumption. The choice is ours: short enough for
/// the shortest usual lives, long enough not to be a nuisance.
pub const ASSUMED_LIFE: Duration = Duration::from_mins(15);

impl Grant {
    /// Whether revoking one of them may end the other: some providers end every token of a client
    /// and a person at once (Google does). Grants of unknown persons may be one person's.
    pub fn may_end_with(&self, other: &Self) -> bool {
        let same_person = match (&other.subject, &self.subject) {
            (Some(one), Some(another)) => one == another,
            _ => true,
        };
        other.binding.client_id == self.binding.client_id
            && host_of(&other.binding.token_endpoint) == host_of(&self.binding.token_endpoint)
            && same_person
    }

    /// Makes a grant of a success, the only place where this is done.
    ///
    /// `previous` is the refreshed grant (its generation + 1 is taken), or none at a sign-in, which
    /// inherits nothing and gets generation 0, to be numbered by whoever stores it. `requested` are
    /// the scopes that were asked for; they count where the reply names none (RFC 6749 §5.1).
    /// `sent_at` is when the request went out: all ends are counted from there, so that a slow
    /// answer never makes a token look longer-lived than it is.
    pub fn from_reply(
        reply: TokenReply,
        previous: Option<&Self>,
        binding: Binding,
        requested: &[String],
        sent_at: DateTime<Utc>,
    ) -> Self {
        let kept_refresh_token = reply.refresh_token.is_none();
        let refresh_token = reply
            .refresh_token
            .or_else(|| previous.and_then(|p| p.refresh_token.clone()));
        let (expires_at, expires_source) = if let Some(life) = reply.expires_in {
            (after(sent_at, life), ExpiresSource::Server)
        } else if let Some(life) = jwt::life(&reply.access_token) {
            (after(sent_at, life), ExpiresSource::Jwt)
        } else if refresh_token.is_some() {
            (after(sent_at, ASSUMED_LIFE), ExpiresSource::Assumed)
        } else {
            (None, ExpiresSource::Unknown)
        };
        let refresh_at = reply.refresh_in.and_then(|wish| after(sent_at, wish));
        let refresh_token_expires_at = match reply.refresh_token_expires_in {
            Some(life) => after(sent_at, life),
            // A new refresh token without a stated end may well have another one than the old.
            None if kept_refresh_token => previous.and_then(|p| p.refresh_token_expires_at),
            None => None,
        };
        let (id_token, subject) = identity(reply.id_token, previous);
        Self {
            generation: previous.map_or(0, |p| p.generation + 1),
            access_token: reply.access_token,
            token_type: reply.token_type,
            refresh_token,
            issued_at: sent_at,
            expires_at,
            expires_source: if expires_at.is_none() {
                ExpiresSource::Unknown
            } else {
                expires_source
            },
            refresh_at: match expires_at {
                Some(end) => refresh_at.map(|at| at.min(end)),
                None => refresh_at,
            },
            refresh_token_expires_at,
            id_token_expires_at: id_token.as_ref().and_then(jwt::expiry),
            id_token,
            scopes: reply
                .scopes
                .or_else(|| previous.map(|p| p.scopes.clone()))
                .unwrap_or_else(|| requested.to_vec()),
            binding,
            subject,
            client_secret: previous.and_then(|p| p.client_secret.clone()),
        }
    }

    /// Moves every date that was counted from the moment of sending, as if the clock had been so
    /// much further on then. The ID token says its own end; the refresh token's may be kept from an
    /// earlier reply, by a clock that was right: it never moves nearer.
    pub fn date_by(&mut self, by: TimeDelta) {
        let moved = |at: DateTime<Utc>| at.checked_add_signed(by).unwrap_or(at);
        self.issued_at = moved(self.issued_at);
        self.expires_at = self.expires_at.map(moved);
        self.refresh_at = self.refresh_at.map(moved);
        self.refresh_token_expires_at = self.refresh_token_expires_at.map(|at| moved(at).max(at));
    }

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
            client_secret: self.client_secret.as_ref().map(text),
        };
        let json = serde_json::to_string(&stored).unwrap_or_default();
        for token in [
            Some(stored.access_token),
            stored.refresh_token,
            stored.id_token,
            stored.client_secret,
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
            client_secret: stored.client_secret.map(Secret::new),
        })
    }
}

/// `at + life`, or none past the end of the calendar.
fn after(at: DateTime<Utc>, life: Duration) -> Option<DateTime<Utc>> {
    at.checked_add_signed(TimeDelta::from_std(life).ok()?)
}

/// Which ID token and which subject hold after a reply.
///
/// At a refresh a new ID token is only taken if it names the person that the old one named
/// (OpenID Connect Core §12.2); otherwise it is set aside and the old one stays.
fn identity(
    received: Option<Secret>,
    previous: Option<&Grant>,
) -> (Option<Secret>, Option<Subject>) {
    let named = received.as_ref().and_then(jwt::subject);
    let Some(previous) = previous else {
        return (received, named);
    };
    match (&previous.subject, named) {
        (Some(known), Some(named)) if *known == named => (received, Some(named)),
        (None, Some(named)) => (received, Some(named)),
        (known, _) => (previous.id_token.clone(), known.clone()),
    }
}
