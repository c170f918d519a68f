//! From a reply to a cause: one pure, total function over tables.

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::{cause::Cause, provider::Provider, reply::Reply, secret::Secret};

/// What a reply turned out to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Tokens(Box<TokenReply>),
    Failure(Failure),
}

/// The tokens of a success (RFC 6749 §5.1), read tolerantly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenReply {
    pub access_token: Secret,
    /// As the provider wrote it; `Bearer` where it said nothing.
    pub token_type: String,
    /// None where the reply has none or an empty one.
    pub refresh_token: Option<Secret>,
    pub id_token: Option<Secret>,
    /// Positive and at most ten years; anything else counts as absent.
    pub expires_in: Option<Duration>,
    /// `refresh_expires_in` or `refresh_token_expires_in`, positive.
    pub refresh_token_expires_in: Option<Duration>,
    /// Microsoft's `refresh_in`.
    pub refresh_in: Option<Duration>,
    /// None where the reply names no scope (then the asked ones were granted).
    pub scopes: Option<Vec<String>>,
}

/// Why a reply is no success.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    pub cause: Cause,
    pub http_status: Option<u16>,
    /// The provider's own code; cleaned.
    pub provider_code: Option<String>,
    /// The provider's own text; cleaned and cut to 500 characters.
    pub provider_text: Option<String>,
    /// Only from the provider itself, at most an hour.
    pub retry_after: Option<Duration>,
    /// A 4xx in JSON with an error code, from the provider itself: a refusal that counts.
    pub refused: bool,
    /// The refresh token that was sent may have been spent: the outcome is unknown.
    pub outcome_unknown: bool,
    /// No connection was made: nothing was sent.
    pub never_sent: bool,
    /// A 2xx whose body could not be read; it goes to the journal as salvage.
    pub salvage: bool,
    /// What this failure looks like, for "the same refusal again": status, code, cause.
    pub shape: String,
}

/// Classifies one reply. `now` is the local wall clock, compared with the reply's `Date`.
pub fn classify(_reply: &Reply, _provider: Option<&Provider>, _now: DateTime<Utc>) -> Outcome {
    Outcome::Failure(Failure {
        cause: Cause::MalformedResponse,
        http_status: None,
        provider_code: None,
        provider_text: None,
        retry_after: None,
        refused: false,
        outcome_unknown: true,
        never_sent: false,
        salvage: false,
        shape: String::new(),
    })
}
