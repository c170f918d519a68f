//! From a reply to a cause: one pure, total function over tables.
//!
//! General knowledge comes before special cases: which side answered, is it well-formed OAuth,
//! what does the standard code say, what does the text add. The surprising thing: a cut or damaged
//! body never leads to a sign-in, because the part that is missing may say "try again later".

mod clean;
mod codes;
mod combine;
mod flat;
mod meaning;
mod microsoft;
mod phrases;
mod reading;
mod retry_after;
mod spoken;
mod success;

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    cause::{Cause, Verdict},
    provider::Provider,
    reply::{HttpReply, Reply, Sent, TransportFailure, TransportKind},
    secret::{Secret, conceal},
};
use reading::{Reading, Shape};

pub use clean::clean;
pub use success::salvage;

/// How far the local clock may be from the reply's `Date` before it is called wrong.
///
/// Providers accept assertions and proofs that are a few minutes off; five is the usual bound.
const CLOCK_TOLERANCE: TimeDelta = TimeDelta::minutes(5);

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
#[expect(clippy::struct_excessive_bools, reason = "a set of independent facts")]
pub struct Failure {
    pub cause: Cause,
    pub http_status: Option<u16>,
    /// The provider's own code; cleaned.
    pub provider_code: Option<String>,
    /// The provider's own text; cleaned and cut to 500 characters.
    pub provider_text: Option<String>,
    /// Only from the provider itself, at most an hour.
    pub retry_after: Option<Duration>,
    /// A definite refusal from the provider itself, by an error code or by words that can mean
    /// nothing else: a refusal that counts.
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

impl Failure {
    /// Takes these secrets out of what the provider said; some repeat what they were sent.
    pub fn conceal(&mut self, secrets: &[Secret]) {
        let said = [&mut self.provider_code, &mut self.provider_text];
        for said in said.into_iter().flatten().chain([&mut self.shape]) {
            *said = conceal(said, secrets);
        }
    }
}

/// Classifies one reply. `now` is the local wall clock, compared with the reply's `Date`.
pub fn classify(reply: &Reply, provider: Option<&Provider>, now: DateTime<Utc>) -> Outcome {
    match reply {
        Reply::Failed(failure) => Outcome::Failure(transport(failure)),
        Reply::Answered(http) => answered(http, provider, now),
    }
}

fn transport(failure: &TransportFailure) -> Failure {
    let cause = match failure.kind {
        TransportKind::Dns => Cause::NetworkDns,
        TransportKind::Connect | TransportKind::Reset => Cause::NetworkConnect,
        TransportKind::Timeout => Cause::NetworkTimeout,
        // A certificate that is "not yet valid" is nearly always a clock that is behind. An
        // expired one may be either, and stays what it looks like.
        TransportKind::Tls if not_yet_valid(&failure.detail) => Cause::ClockWrong,
        TransportKind::Tls => Cause::NetworkTls,
        TransportKind::Proxy => Cause::NetworkProxy,
        TransportKind::CaptivePortal => Cause::CaptivePortal,
    };
    Failure {
        cause,
        http_status: None,
        provider_code: None,
        provider_text: None,
        retry_after: None,
        refused: false,
        outcome_unknown: failure.sent == Sent::Maybe,
        never_sent: failure.sent == Sent::Never,
        salvage: false,
        shape: format!("- - {cause}"),
    }
}

fn not_yet_valid(detail: &str) -> bool {
    let detail = detail.to_ascii_lowercase();
    [
        "not valid yet",
        "not yet valid",
        "notvalidyet",
        "notyetvalid",
    ]
    .iter()
    .any(|phrase| detail.contains(phrase))
}

fn answered(http: &HttpReply, provider: Option<&Provider>, now: DateTime<Utc>) -> Outcome {
    let reading = reading::read(http, now);
    if let (200..=299, Some(tokens)) = (http.status, &reading.tokens) {
        return Outcome::Tokens(Box::new(tokens.clone()));
    }
    let mut cause = cause_of(http, &reading, provider);
    // A complaint about time is about our clock when the provider's own clock disagrees.
    if reading.meaning.clock && cause.verdict() != Verdict::Wait && clock_differs(http, now) {
        cause = Cause::ClockWrong;
    }
    Outcome::Failure(failure(http, &reading, cause, now))
}

fn failure(http: &HttpReply, reading: &Reading, cause: Cause, now: DateTime<Utc>) -> Failure {
    let success_status = matches!(http.status, 200..=299);
    let prompts = cause.verdict() == Verdict::SignIn;
    let refused = (prompts || reading.structured() && reading.names_error)
        && reading.complete
        && matches!(http.status, 200..=299 | 400..=499)
        && !matches!(
            cause,
            Cause::ServerError
                | Cause::NoTokenInReply
                | Cause::NetworkProxy
                | Cause::CaptivePortal
                | Cause::EdgeBlock
        );
    let unread = success_status
        && (reading.mentions_token
            || matches!(cause, Cause::MalformedResponse | Cause::NoTokenInReply));
    let outcome_unknown = !reading.complete
        || http.status >= 500 && cause != Cause::CaptivePortal
        || unread
        || matches!(cause, Cause::ServerError | Cause::ConcurrentRefresh);
    let code = reading.own_code();
    Failure {
        cause,
        http_status: Some(http.status),
        shape: format!("{} {} {cause}", http.status, code.as_deref().unwrap_or("-")),
        provider_code: code,
        provider_text: reading.own_text(success_status),
        retry_after: match cause {
            Cause::NetworkProxy | Cause::CaptivePortal | Cause::EdgeBlock => None,
            _ => retry_after::read(http, reading.retry_after, now),
        },
        refused,
        outcome_unknown,
        never_sent: false,
        salvage: unread && !http.body.is_empty(),
    }
}

/// The decision, from the outermost fact inwards.
fn cause_of(http: &HttpReply, reading: &Reading, provider: Option<&Provider>) -> Cause {
    if behind_proxy(http, reading) {
        return Cause::NetworkProxy;
    }
    if http.status == 511 {
        return Cause::CaptivePortal;
    }
    if let 300..=399 = http.status {
        return redirect(http);
    }
    if reading.structured()
        && reading.complete
        && let Some(cause) = combine::rule(http.status, reading, provider)
    {
        return cause;
    }
    match http.status {
        420 | 429 => return Cause::RateLimited,
        408 | 421 | 423 | 425 | 444 | 449 | 460 | 499 | 500.. => return Cause::ServerError,
        0..=199 => return Cause::MalformedResponse,
        _ => {}
    }
    if http.header("cf-mitigated").is_some() {
        return Cause::EdgeBlock;
    }
    if !reading.structured() {
        return unstructured(http, reading);
    }
    let cause = if reading.says_anything() {
        combine::cause(http.status, reading)
    } else if matches!(http.status, 200..=299) {
        Cause::NoTokenInReply
    } else {
        Cause::Unrecognised
    };
    let cause = match (cause, http.status) {
        (Cause::Unrecognised, 404 | 405 | 410 | 415 | 419) => Cause::EndpointWrong,
        (Cause::Unrecognised, 409) => Cause::ConcurrentRefresh,
        // Who says when to come back has not decided anything.
        (Cause::Unrecognised, _)
            if http.header("retry-after").is_some() || reading.retry_after.is_some() =>
        {
            Cause::RateLimited
        }
        // "Forbidden" and no code: so speak gateways and firewalls, not token endpoints.
        (Cause::Unrecognised, 403)
            if reading.meaning.edge || reading.codes.is_empty() && reading.says("forbidden") =>
        {
            Cause::EdgeBlock
        }
        (cause, _) => cause,
    };
    if reading.complete && !http.cut {
        return cause;
    }
    match cause.verdict() {
        Verdict::SignIn | Verdict::Unclear => Cause::MalformedResponse,
        Verdict::Wait | Verdict::FixSetup => cause,
    }
}

/// No error document: the status and the kind of page are all there is.
fn unstructured(http: &HttpReply, reading: &Reading) -> Cause {
    if let 200..=299 = http.status {
        return match reading.shape {
            Shape::Markup if !reading.mentions_token => Cause::CaptivePortal,
            _ => Cause::MalformedResponse,
        };
    }
    if reading.meaning.plain_http {
        return Cause::EndpointWrong;
    }
    if reading.shape == Shape::Text
        && reading.complete
        && let Some(cause) = combine::plain_text(http.status, reading)
    {
        return cause;
    }
    match (http.status, reading.shape) {
        (404 | 405 | 410 | 415, _) => Cause::EndpointWrong,
        (402 | 451, _) => Cause::PolicyBlocked,
        (401 | 403, _) => Cause::EdgeBlock,
        (400, Shape::Text) if reading.meaning.edge => Cause::EdgeBlock,
        // Too little to go by, but repeated long enough somebody should look at it.
        (400, Shape::Empty | Shape::Text) if reading.complete => Cause::Unrecognised,
        _ => Cause::MalformedResponse,
    }
}

/// Whether a proxy on the way, not the provider, wrote this.
fn behind_proxy(http: &HttpReply, reading: &Reading) -> bool {
    const CLIENT_PROXIES: &[&str] = &[
        "squid",
        "zscaler",
        "bluecoat",
        "blue coat",
        "mcafee web gateway",
        "fortigate",
        "forcepoint",
        "sophos",
        "ironport",
        "netskope",
    ];
    if http.status == 407
        || http.header("x-squid-error").is_some()
        || http.header("proxy-authenticate").is_some()
    {
        return true;
    }
    !reading.structured()
        && !matches!(http.status, 200..=299)
        && http.header("server").is_some_and(|server| {
            let server = server.to_ascii_lowercase();
            CLIENT_PROXIES.iter().any(|name| server.contains(name))
        })
}

/// A redirect is never followed. A portal sends elsewhere; a moved endpoint sends to another
/// token endpoint for good.
fn redirect(http: &HttpReply) -> Cause {
    let location = http
        .header("location")
        .unwrap_or_default()
        .to_ascii_lowercase();
    let path = location.split(['?', '#']).next().unwrap_or_default();
    let elsewhere = [
        "portal", "captive", "wifi", "login", "signin", "sso", "hotspot", "welcome",
    ]
    .iter()
    .any(|word| location.contains(word));
    let token_path = path.trim_end_matches('/').ends_with("token") || path.contains("/oauth");
    if matches!(http.status, 301 | 308) && (token_path || !elsewhere && !location.is_empty()) {
        Cause::EndpointWrong
    } else {
        Cause::CaptivePortal
    }
}

fn clock_differs(http: &HttpReply, now: DateTime<Utc>) -> bool {
    retry_after::date(http).is_some_and(|theirs| (theirs - now).abs() > CLOCK_TOLERANCE)
}
