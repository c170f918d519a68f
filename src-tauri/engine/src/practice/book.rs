//! The provider's book: grants with their families of tokens, rotation and reuse detection
//! (RFC 9700 §4.14.2). Pure but for randomness; the time is handed in.

use std::{
    collections::{HashMap, VecDeque},
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::json;

use crate::domain::secret::Secret;

use super::jwt;

/// Tokens remembered for [`Book::issued`].
const ISSUED_CAP: usize = 10_000;

/// Who lives at the practice provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Person {
    Ada,
    Grace,
}

impl Person {
    pub(super) fn from_key(key: &str) -> Option<Self> {
        match key {
            "ada" | "1" => Some(Self::Ada),
            "grace" => Some(Self::Grace),
            _ => None,
        }
    }

    pub(super) const fn sub(self) -> &'static str {
        match self {
            Self::Ada => "ada-1815",
            Self::Grace => "grace-1906",
        }
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Ada => "Ada Lovelace",
            Self::Grace => "Grace Hopper",
        }
    }

    pub(super) const fn email(self) -> &'static str {
        match self {
            Self::Ada => "ada@practice.example",
            Self::Grace => "grace@practice.example",
        }
    }
}

/// An OAuth error answer (RFC 6749 §5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) error: &'static str,
    pub(super) description: &'static str,
}

impl Refusal {
    pub(super) const fn new(error: &'static str, description: &'static str) -> Self {
        Self {
            status: 400,
            error,
            description,
        }
    }
}

/// What a person agreed to, for whom.
#[derive(Clone, Debug)]
pub(super) struct Consent {
    pub(super) client_id: String,
    pub(super) person: Person,
    pub(super) scopes: Vec<String>,
    pub(super) nonce: Option<String>,
}

/// The rules that hold at the moment of a request.
pub(super) struct Terms<'a> {
    pub(super) now: DateTime<Utc>,
    pub(super) issuer: &'a str,
    pub(super) jwt_key: &'a [u8],
    pub(super) access_token_lifetime: Duration,
    pub(super) refresh_token_lifetime: Option<Duration>,
    pub(super) rotate: bool,
    pub(super) grace: Option<Duration>,
    pub(super) jwt_access_tokens: bool,
}

/// A token response (RFC 6749 §5.1).
#[derive(Serialize)]
pub(super) struct TokenReply {
    access_token: String,
    token_type: &'static str,
    expires_in: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token_expires_in: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id_token: Option<String>,
    scope: String,
}

#[derive(Default)]
pub(super) struct Book {
    grants: Vec<Grant>,
    refresh_tokens: HashMap<String, RefreshToken>,
    access_tokens: HashMap<String, AccessToken>,
    issued: VecDeque<Secret>,
}

/// One family: everything that came from one sign-in.
struct Grant {
    consent: Consent,
    /// Why it is dead, in the words of the refusal.
    dead: Option<&'static str>,
}

struct RefreshToken {
    /// Counts from 1 over all grants.
    serial: u64,
    grant: usize,
    ends_at: Option<DateTime<Utc>>,
    spent_at: Option<DateTime<Utc>>,
}

struct AccessToken {
    grant: usize,
    ends_at: DateTime<Utc>,
}

impl Book {
    /// A new grant and its first tokens.
    pub(super) fn open(&mut self, consent: Consent, terms: &Terms<'_>) -> TokenReply {
        self.grants.push(Grant {
            consent,
            dead: None,
        });
        let grant = self.grants.len() - 1;
        let refresh_token = self.issue_refresh_token(grant, terms);
        self.reply(grant, Some(refresh_token), true, terms)
    }

    /// The refresh grant (RFC 6749 §6): new tokens, or why not. A second use of a replaced token
    /// past its grace kills the whole family.
    pub(super) fn refresh(
        &mut self,
        token: &str,
        client_id: &str,
        terms: &Terms<'_>,
    ) -> Result<TokenReply, Refusal> {
        let known = self
            .refresh_tokens
            .get_mut(token)
            .filter(|t| self.grants[t.grant].consent.client_id == client_id)
            .ok_or(Refusal::new("invalid_grant", "Unknown refresh token."))?;
        let grant = known.grant;
        if let Some(why) = self.grants[grant].dead {
            return Err(Refusal::new("invalid_grant", why));
        }
        if known.ends_at.is_some_and(|end| end <= terms.now) {
            return Err(Refusal::new(
                "invalid_grant",
                "The refresh token has expired.",
            ));
        }
        if let Some(spent_at) = known.spent_at {
            let graced = terms
                .grace
                .is_some_and(|grace| terms.now < later(spent_at, grace));
            if !graced {
                const WHY: &str = "The refresh token was already used; the grant was revoked.";
                self.kill(grant, WHY);
                return Err(Refusal::new("invalid_grant", WHY));
            }
        } else if terms.rotate {
            known.spent_at = Some(terms.now);
        }
        let replaced = known.spent_at.is_some();
        let next = replaced.then(|| self.issue_refresh_token(grant, terms));
        Ok(self.reply(grant, next, false, terms))
    }

    /// RFC 7009: a refresh token takes its grant along, an access token goes alone.
    pub(super) fn revoke(&mut self, token: &str) {
        if let Some(known) = self.refresh_tokens.get(token) {
            self.kill(known.grant, REVOKED);
        } else {
            self.access_tokens.remove(token);
        }
    }

    pub(super) fn revoke_all(&mut self) {
        for grant in 0..self.grants.len() {
            self.kill(grant, REVOKED);
        }
    }

    /// Whether there were grants and none lives.
    pub(super) fn all_revoked(&self) -> bool {
        !self.grants.is_empty() && self.grants.iter().all(|g| g.dead.is_some())
    }

    pub(super) fn void_access_tokens(&mut self) {
        self.access_tokens.clear();
    }

    /// Whose access token this is, if it is good now.
    pub(super) fn bearer(&self, token: &str, now: DateTime<Utc>) -> Option<&Consent> {
        let known = self.access_tokens.get(token).filter(|t| now < t.ends_at)?;
        Some(&self.grants[known.grant].consent)
    }

    pub(super) fn serial(&self, refresh_token: &str) -> Option<u64> {
        Some(self.refresh_tokens.get(refresh_token)?.serial)
    }

    pub(super) fn issued(&self) -> Vec<Secret> {
        self.issued.iter().cloned().collect()
    }

    fn kill(&mut self, grant: usize, why: &'static str) {
        self.grants[grant].dead.get_or_insert(why);
        self.access_tokens.retain(|_, t| t.grant != grant);
    }

    fn issue_refresh_token(&mut self, grant: usize, terms: &Terms<'_>) -> String {
        let token = format!("rt-{}", random_text());
        let serial = self.refresh_tokens.len() as u64 + 1;
        self.refresh_tokens.insert(
            token.clone(),
            RefreshToken {
                serial,
                grant,
                ends_at: terms.refresh_token_lifetime.map(|l| later(terms.now, l)),
                spent_at: None,
            },
        );
        self.remember(&token);
        token
    }

    fn reply(
        &mut self,
        grant: usize,
        refresh_token: Option<String>,
        first: bool,
        terms: &Terms<'_>,
    ) -> TokenReply {
        let consent = self.grants[grant].consent.clone();
        let ends_at = later(terms.now, terms.access_token_lifetime);
        let mut claims = json!({
            "iss": terms.issuer,
            "sub": consent.person.sub(),
            "aud": consent.client_id,
            "iat": terms.now.timestamp(),
            "exp": ends_at.timestamp(),
            "jti": random_text(),
        });
        let access_token = if terms.jwt_access_tokens {
            jwt::sign(&claims, terms.jwt_key)
        } else {
            format!("at-{}", random_text())
        };
        self.access_tokens.retain(|_, t| terms.now < t.ends_at);
        self.access_tokens
            .insert(access_token.clone(), AccessToken { grant, ends_at });
        self.remember(&access_token);

        let id_token = consent.scopes.iter().any(|s| s == "openid").then(|| {
            claims["name"] = consent.person.name().into();
            claims["email"] = consent.person.email().into();
            // OpenID Connect Core §12.2: an ID token from a refresh should carry no nonce.
            if let Some(nonce) = consent.nonce.filter(|_| first) {
                claims["nonce"] = nonce.into();
            }
            jwt::sign(&claims, terms.jwt_key)
        });
        if let Some(token) = &id_token {
            self.remember(token);
        }
        TokenReply {
            access_token,
            token_type: "Bearer",
            expires_in: terms.access_token_lifetime.as_secs(),
            refresh_token_expires_in: refresh_token
                .as_ref()
                .and(terms.refresh_token_lifetime)
                .map(|l| l.as_secs()),
            refresh_token,
            id_token,
            scope: consent.scopes.join(" "),
        }
    }

    fn remember(&mut self, token: &str) {
        if self.issued.len() >= ISSUED_CAP {
            self.issued.pop_front();
        }
        self.issued.push_back(Secret::new(token));
    }
}

const REVOKED: &str = "The grant was revoked.";

/// 256 random bits as text that is safe in URLs.
pub(super) fn random_text() -> String {
    let mut bytes = [0_u8; 32];
    rand::fill(&mut bytes[..]);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// That much later; at the end of time for a length that chrono cannot hold.
pub(super) fn later(at: DateTime<Utc>, length: Duration) -> DateTime<Utc> {
    chrono::Duration::from_std(length)
        .ok()
        .and_then(|length| at.checked_add_signed(length))
        .unwrap_or(DateTime::<Utc>::MAX_UTC)
}
