//! Reads the claims of a JWT (RFC 7519) without checking its signature.
//!
//! It must not decide whether a token is good: it only learns ends and names from tokens that came
//! over TLS from the token endpoint itself. Surprising: anything unreadable is "nothing known",
//! never an error, because an access token owes its client no format at all (RFC 6749 §1.4).

use std::time::Duration;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use super::{grant::Subject, secret::Secret};

/// Longer lives are taken for nonsense: ten years, as for `expires_in`.
const LONGEST_LIFE_S: f64 = 10.0 * 365.25 * 86_400.0;

/// The claims of the token, or none if it is not a signed JWT with a JSON object inside.
pub fn claims(token: &Secret) -> Option<Map<String, Value>> {
    let mut parts = token.expose().split('.');
    let (header, payload, _signature) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || header.is_empty() {
        return None;
    }
    let bytes = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?;
    match serde_json::from_slice(&bytes).ok()? {
        Value::Object(claims) => Some(claims),
        _ => None,
    }
}

/// How long the token lives, by `exp − iat`; none if it does not say both, or nonsense.
///
/// The difference and not `exp` itself, because it does not depend on the local clock.
pub fn life(token: &Secret) -> Option<Duration> {
    let claims = claims(token)?;
    let seconds = seconds(&claims, "exp")? - seconds(&claims, "iat")?;
    (1.0..=LONGEST_LIFE_S)
        .contains(&seconds)
        .then(|| Duration::from_secs_f64(seconds))
}

/// The token's `exp` (RFC 7519 §4.1.4), or none.
pub fn expiry(token: &Secret) -> Option<DateTime<Utc>> {
    time(&claims(token)?, "exp")
}

/// Who the token is about: `iss` and `sub`, both present and not empty.
pub fn subject(token: &Secret) -> Option<Subject> {
    let claims = claims(token)?;
    let text = |name| {
        claims
            .get(name)
            .and_then(Value::as_str)
            .filter(|t| !t.is_empty())
            .map(str::to_owned)
    };
    Some(Subject {
        iss: text("iss")?,
        sub: text("sub")?,
    })
}

/// A claim that is a time (`NumericDate`, RFC 7519 §2), or none.
pub fn time(claims: &Map<String, Value>, name: &str) -> Option<DateTime<Utc>> {
    let seconds = seconds(claims, name)?;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a float cast saturates, and from_timestamp refuses what is out of range"
    )]
    DateTime::from_timestamp(seconds as i64, 0)
}

/// Seconds since 1970. Some providers write numbers as text; that is read as well.
fn seconds(claims: &Map<String, Value>, name: &str) -> Option<f64> {
    match claims.get(name)? {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
    .filter(|seconds| seconds.is_finite())
}
