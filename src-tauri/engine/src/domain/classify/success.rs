//! The tokens of a success, read tolerantly (RFC 6749 §5.1 and what providers make of it).

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use super::{
    super::secret::Secret,
    TokenReply, flat,
    reading::{key_of, lookup},
};

/// Ten years in seconds: a longer life is a mistake of the sender.
const MAX_SECONDS: f64 = 315_360_000.0;

/// Members under which some providers keep the token response.
const NESTED: &[&str] = &[
    "data",
    "attributes",
    "payload",
    "oauth",
    "body",
    "result",
    "response",
    "token",
    "tokens",
    "credentials",
    "autheduser",
    "authenticationresult",
];

/// How deep the token response may lie: `{"data": {"attributes": {…}}}` (JSON:API).
const MAX_DEPTH: usize = 3;

/// The token response in this object, or in one of its usual members.
pub fn tokens(object: &Map<String, Value>, now: DateTime<Utc>) -> Option<TokenReply> {
    at_depth(object, now, 0)
}

fn at_depth(object: &Map<String, Value>, now: DateTime<Utc>, depth: usize) -> Option<TokenReply> {
    if says_no(object) {
        return None;
    }
    direct(object, now).or_else(|| {
        if depth == MAX_DEPTH {
            return None;
        }
        object
            .iter()
            .filter(|(key, _)| NESTED.contains(&key_of(key).as_str()))
            .find_map(|(_, value)| at_depth(value.as_object()?, now, depth + 1))
    })
}

/// What may still be read out of a damaged 2xx body: only values that are complete.
///
/// The body may hold the only copy of a new refresh token: where that alone is complete, the
/// access token is empty.
pub fn salvage(body: &[u8], now: DateTime<Utc>) -> Option<TokenReply> {
    let text = String::from_utf8_lossy(body);
    let start = text.find('{')?;
    let pairs = flat::loose(&text[start..])?.pairs;
    tokens(&pairs, now).or_else(|| {
        let refresh_token = lookup(&pairs, "refreshtoken")?.as_str()?.trim();
        (!says_no(&pairs) && !refresh_token.is_empty()).then(|| TokenReply {
            access_token: Secret::new(""),
            token_type: "Bearer".to_owned(),
            refresh_token: Some(Secret::new(refresh_token)),
            id_token: None,
            expires_in: None,
            refresh_token_expires_in: None,
            refresh_in: None,
            scopes: None,
        })
    })
}

/// `ok: false`, `success: false`: a failure, whatever else it holds.
fn says_no(object: &Map<String, Value>) -> bool {
    ["ok", "success"]
        .iter()
        .any(|key| lookup(object, key) == Some(&Value::Bool(false)))
}

fn direct(object: &Map<String, Value>, now: DateTime<Utc>) -> Option<TokenReply> {
    let text = |key: &str| {
        lookup(object, key)
            .and_then(Value::as_str)
            .map(str::trim)
            .filter(|t| !t.is_empty())
    };
    let seconds = |keys: &[&str]| keys.iter().find_map(|key| positive(lookup(object, key)?));
    let access_token = text("accesstoken")?;
    // No token holds a space (RFC 6750 §2.1): `"error: token is expired"` and nothing beside it.
    if access_token.contains(char::is_whitespace) && text("refreshtoken").is_none() {
        return None;
    }
    Some(TokenReply {
        access_token: Secret::new(access_token),
        token_type: text("tokentype").unwrap_or("Bearer").to_owned(),
        refresh_token: text("refreshtoken").map(Secret::new),
        id_token: text("idtoken").map(Secret::new),
        expires_in: seconds(&["expiresin", "expires"]).or_else(|| until(object, now)),
        refresh_token_expires_in: seconds(&[
            "refreshtokenexpiresin",
            "refreshexpiresin",
            "xrefreshtokenexpiresin",
        ]),
        refresh_in: seconds(&["refreshin"]),
        scopes: scopes(object),
    })
}

/// Whole seconds of a number or a string that holds one; 0, negative and absurd count as absent.
fn positive(value: &Value) -> Option<Duration> {
    let seconds = match value {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => text.trim().parse().ok()?,
        _ => return None,
    };
    (1.0..=MAX_SECONDS)
        .contains(&seconds)
        .then(|| Duration::from_secs_f64(seconds.floor()))
}

/// An end given as a time (`expires_on`, `expires_at`), where no length was given.
#[expect(clippy::cast_precision_loss, reason = "Unix seconds fit into 53 bits")]
fn until(object: &Map<String, Value>, now: DateTime<Utc>) -> Option<Duration> {
    ["expireson", "expiresat", "expires"]
        .iter()
        .find_map(|key| {
            let value = lookup(object, key)?;
            let at = match value {
                Value::Number(number) => number.as_f64()?,
                Value::String(text) => {
                    if let Ok(at) = text.trim().parse::<f64>() {
                        at
                    } else {
                        let at = DateTime::parse_from_rfc3339(text.trim()).ok()?;
                        at.timestamp() as f64
                    }
                }
                _ => return None,
            };
            // Milliseconds are told from seconds by their size (the year 5138 begins 100 billion).
            let at = if at > 1e11 { at / 1_000.0 } else { at };
            let left = at - now.timestamp() as f64;
            (1.0..=MAX_SECONDS)
                .contains(&left)
                .then(|| Duration::from_secs_f64(left.floor()))
        })
}

fn scopes(object: &Map<String, Value>) -> Option<Vec<String>> {
    let value = lookup(object, "scope").or_else(|| lookup(object, "scopes"))?;
    let scopes: Vec<String> = match value {
        Value::String(text) => text
            .split([' ', ',', '\t', '\n'])
            .filter(|s| !s.is_empty())
            .map(str::to_owned)
            .collect(),
        Value::Array(items) => items
            .iter()
            .filter_map(Value::as_str)
            .filter(|s| !s.is_empty())
            .map(str::to_owned)
            .collect(),
        _ => return None,
    };
    (!scopes.is_empty()).then_some(scopes)
}
