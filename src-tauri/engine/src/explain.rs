//! "What does this reply mean?": pasted text to a reply, and a reply to cause, verdict and advice.
//!
//! Pure, and it stands beside the domain only because it speaks the API's types. Nothing that is
//! pasted is kept; a body may hold tokens, so no error here quotes it.

mod paste;

use chrono::{DateTime, Utc};

use crate::{
    api::types::{ExplainAnswer, ExplainRequest, KnownRow},
    domain::{
        classify::{Outcome, classify},
        provider,
        reply::{HttpReply, Reply, Sent, TransportFailure, TransportKind},
        words,
    },
};

pub use paste::{parse_pasted, parse_record};

/// The most that is read of a pasted body: the bound of the token endpoint adapter.
const MAX_BODY: usize = 256 * 1024;

/// Classifies what was pasted. Fails, in words, only where `transport` is none that is known.
pub fn explain(request: &ExplainRequest, now: DateTime<Utc>) -> Result<ExplainAnswer, String> {
    let row = request
        .provider
        .as_deref()
        .and_then(|name| provider::by_key(name).or_else(|| provider::by_host(name)));
    let outcome = match reply(request)? {
        Pasted::Reply(reply) => classify(&reply, row, now),
        // Without a status line the body decides: tokens are a success, all else a refusal.
        Pasted::BodyOnly(mut http) => {
            http.status = 200;
            match classify(&Reply::Answered(http.clone()), row, now) {
                tokens @ Outcome::Tokens(_) => tokens,
                Outcome::Failure(_) => {
                    http.status = 400;
                    classify(&Reply::Answered(http), row, now)
                }
            }
        }
    };
    Ok(match outcome {
        Outcome::Tokens(tokens) => {
            let told = words::tokens(tokens.expires_in, tokens.refresh_token.is_some());
            ExplainAnswer {
                id: request.id.clone(),
                cause: None,
                verdict: "ok".to_owned(),
                retry_after_s: None,
                advice: told.you,
                what: told.what,
                next: told.next,
                known: None,
            }
        }
        Outcome::Failure(failure) => {
            let facts = words::FailureFacts {
                provider_name: row.map(|r| r.name),
                http_status: failure.http_status,
                provider_code: failure.provider_code.as_deref(),
                provider_text: failure.provider_text.as_deref(),
                ..words::FailureFacts::default()
            };
            let told = words::failure(failure.cause, &facts);
            ExplainAnswer {
                id: request.id.clone(),
                cause: Some(failure.cause),
                verdict: failure.cause.verdict().code().to_owned(),
                retry_after_s: failure.retry_after.map(|wish| wish.as_secs()),
                advice: told.you,
                what: told.what,
                next: told.next,
                known: words::known_reason(failure.cause, &facts, row).map(KnownRow::from),
            }
        }
    })
}

enum Pasted {
    Reply(Reply),
    BodyOnly(HttpReply),
}

fn reply(request: &ExplainRequest) -> Result<Pasted, String> {
    let transport = request.transport.as_deref().unwrap_or("http");
    let kind = match transport {
        "" | "http" => None,
        "dns" => Some(TransportKind::Dns),
        "connect" => Some(TransportKind::Connect),
        "reset" => Some(TransportKind::Reset),
        "timeout" => Some(TransportKind::Timeout),
        "tls" => Some(TransportKind::Tls),
        "proxy" => Some(TransportKind::Proxy),
        "captive_portal" => Some(TransportKind::CaptivePortal),
        // Not repeated: it may be a secret at the wrong place.
        _ => {
            return Err(
                "the transport is none that is known: http, dns, connect, reset, timeout, tls, proxy or captive_portal"
                    .to_owned(),
            );
        }
    };
    let body = request.body.as_deref().unwrap_or_default();
    let nothing_came = request.http_status.is_none() && body.trim().is_empty();
    let kind = match kind {
        // An HTTP exchange that brought neither a status nor a body broke on the way.
        None if nothing_came => Some(TransportKind::Reset),
        kind => kind,
    };
    if let Some(kind) = kind {
        let never = matches!(
            kind,
            TransportKind::Dns | TransportKind::Connect | TransportKind::Tls
        );
        return Ok(Pasted::Reply(Reply::Failed(TransportFailure {
            kind,
            sent: if never { Sent::Never } else { Sent::Maybe },
            detail: request.client_error.clone().unwrap_or_default(),
        })));
    }
    let http = HttpReply {
        status: request.http_status.unwrap_or_default(),
        headers: request
            .headers
            .iter()
            .map(|(name, value)| (name.to_ascii_lowercase(), value.clone()))
            .collect(),
        body: body.as_bytes()[..body.len().min(MAX_BODY)].to_vec(),
        cut: body.len() > MAX_BODY,
    };
    Ok(match request.http_status {
        Some(_) => Pasted::Reply(Reply::Answered(http)),
        None => Pasted::BodyOnly(http),
    })
}
