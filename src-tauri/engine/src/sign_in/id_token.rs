//! Checks an ID token that came from the token endpoint (OpenID Connect Core §3.1.3.7).
//!
//! It must not fetch keys: the token came over TLS from the endpoint itself, which §3.1.3.7 lets
//! stand for the signature, so that a missing JWKS is no failure. Surprising: times are compared
//! with the reply's `Date`, not with this computer's clock, which may be wrong. The verifier of the
//! `openidconnect` crate is not used: it reads every standard claim strictly, and an odd `address`
//! must not keep anybody from signing in.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Map, Value};

use crate::domain::{classify::clean, jwt, secret::Secret};

pub use crate::domain::jwt::{expiry, subject};

/// How far the provider's own clocks may be apart.
const TOLERANCE: TimeDelta = TimeDelta::minutes(5);

/// What an ID token must say.
pub struct Expectation<'a> {
    /// None: only endpoints are known, the issuer is whatever it says.
    pub issuer: Option<&'a str>,
    pub client_id: &'a str,
    /// The nonce that was sent, if any.
    pub nonce: Option<&'a Secret>,
    /// The reply's `Date`, or the local time where it had none.
    pub now: DateTime<Utc>,
}

/// What is wrong with an ID token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdTokenError {
    #[error("The provider's ID token cannot be read. It was not used.")]
    Unreadable,
    #[error("The provider's ID token is from {found}, not from {expected}. It was not used.")]
    Issuer { expected: String, found: String },
    #[error("The provider's ID token is meant for another application. It was not used.")]
    Audience,
    #[error("The provider's ID token belongs to another sign-in. It was not used.")]
    Nonce,
    #[error("The provider's ID token has already ended. It was not used.")]
    Expired,
    #[error("The provider's ID token is from the future. It was not used.")]
    FromTheFuture,
}

/// The token's claims, if it says what it must.
pub fn check(
    token: &Secret,
    expected: &Expectation<'_>,
) -> Result<Map<String, Value>, IdTokenError> {
    let claims = jwt::claims(token).ok_or(IdTokenError::Unreadable)?;
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    let issuer = text("iss").ok_or(IdTokenError::Unreadable)?;
    text("sub").ok_or(IdTokenError::Unreadable)?;
    if let Some(wanted) = expected.issuer
        && !is_issuer(wanted, issuer, text("tid"))
    {
        return Err(IdTokenError::Issuer {
            expected: wanted.to_owned(),
            found: clean(issuer),
        });
    }
    if !is_for(&claims, expected.client_id) {
        return Err(IdTokenError::Audience);
    }
    if let Some(nonce) = expected.nonce
        && text("nonce").map(Secret::new).as_ref() != Some(nonce)
    {
        return Err(IdTokenError::Nonce);
    }
    let end = jwt::time(&claims, "exp").ok_or(IdTokenError::Unreadable)?;
    let begin = jwt::time(&claims, "iat").ok_or(IdTokenError::Unreadable)?;
    if end + TOLERANCE <= expected.now {
        return Err(IdTokenError::Expired);
    }
    if begin - TOLERANCE > expected.now {
        return Err(IdTokenError::FromTheFuture);
    }
    Ok(claims)
}

/// How the provider calls the person, cleaned: address, user name, name, or the bare subject.
pub fn who(claims: &Map<String, Value>) -> Option<String> {
    ["email", "preferred_username", "upn", "name", "sub"]
        .iter()
        .filter_map(|name| claims.get(*name)?.as_str())
        .map(clean)
        .find(|text| !text.is_empty())
}

/// Byte for byte; `{tenantid}` in the wanted one stands for the token's own tenant, as in the
/// metadata of Microsoft's multi-tenant endpoints
/// (<https://learn.microsoft.com/entra/identity-platform/access-tokens#validate-the-issuer>).
fn is_issuer(wanted: &str, found: &str, tenant: Option<&str>) -> bool {
    match (wanted.contains("{tenantid}"), tenant) {
        (true, Some(tenant)) => wanted.replace("{tenantid}", tenant) == found,
        _ => wanted == found,
    }
}

/// `aud` holds the client; where it holds others too, `azp` must name the client.
fn is_for(claims: &Map<String, Value>, client_id: &str) -> bool {
    let (ours, others) = match claims.get("aud") {
        Some(Value::String(audience)) => (audience == client_id, false),
        Some(Value::Array(audiences)) => (
            audiences.iter().any(|a| a.as_str() == Some(client_id)),
            audiences.len() > 1,
        ),
        _ => (false, false),
    };
    let party = claims.get("azp").map(|azp| azp.as_str() == Some(client_id));
    ours && party.unwrap_or(!others)
}
