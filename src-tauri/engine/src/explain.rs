//! "What does this reply mean?": pasted text to a reply, and a reply to cause, verdict and advice.
//!
//! Pure, and it stands beside the domain only because it speaks the API's types. Nothing that is
//! pasted is kept; a body may hold tokens, so no error here quotes it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::{
    api::types::{ExplainAnswer, ExplainRequest},
    domain::{
        classify::{Outcome, classify},
        provider,
        reply::{HttpReply, Reply, Sent, TransportFailure, TransportKind},
        words,
    },
};

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
        Outcome::Tokens(tokens) => ExplainAnswer {
            id: request.id.clone(),
            cause: None,
            verdict: "ok".to_owned(),
            retry_after_s: None,
            advice: words::tokens_advice(tokens.expires_in, tokens.refresh_token.is_some()),
        },
        Outcome::Failure(failure) => ExplainAnswer {
            id: request.id.clone(),
            cause: Some(failure.cause),
            verdict: failure.cause.verdict().code().to_owned(),
            retry_after_s: failure.retry_after.map(|wish| wish.as_secs()),
            advice: words::failure(
                failure.cause,
                &words::FailureFacts {
                    provider_name: row.map(|r| r.name),
                    http_status: failure.http_status,
                    provider_code: failure.provider_code.as_deref(),
                    provider_text: failure.provider_text.as_deref(),
                    after_lost_reply: false,
                    finding: None,
                },
            )
            .sentence(),
        },
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
        other => {
            let other: String = other
                .chars()
                .filter(|c| c.is_alphanumeric() || *c == '_')
                .take(24)
                .collect();
            return Err(format!(
                "“{other}” is no known transport: http, dns, connect, reset, timeout, tls, proxy or captive_portal"
            ));
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
        body: body.bytes().take(MAX_BODY).collect(),
        cut: body.len() > MAX_BODY,
    };
    Ok(match request.http_status {
        Some(_) => Pasted::Reply(Reply::Answered(http)),
        None => Pasted::BodyOnly(http),
    })
}

/// Makes a request of what a person pasted: a record of `explain --jsonl`, the output of
/// `curl -i`, or a bare body. `status` is what `--status` said; it wins.
pub fn parse_pasted(text: &str, status: Option<u16>) -> ExplainRequest {
    let text = text.trim_start_matches('\u{feff}');
    let mut request = record(text.trim())
        .or_else(|| curl(text))
        .unwrap_or_else(|| ExplainRequest {
            body: Some(text.trim().to_owned()),
            ..ExplainRequest::default()
        });
    request.http_status = status.or(request.http_status);
    request
}

/// A line of JSON with the corpus's fields; anything else is a body that happens to be JSON.
fn record(text: &str) -> Option<ExplainRequest> {
    let value: Value = serde_json::from_str(text).ok()?;
    let object = value.as_object()?;
    if !["http_status", "transport", "client_error", "body"]
        .iter()
        .any(|key| object.contains_key(*key))
        || object.contains_key("access_token")
    {
        return None;
    }
    let text = |key: &str| object.get(key).and_then(Value::as_str).map(str::to_owned);
    // `transport` or a status beside a body; a `body` alone is how one provider answers.
    if !object.contains_key("http_status") && !object.contains_key("transport") {
        return None;
    }
    Some(ExplainRequest {
        id: text("id"),
        provider: text("provider"),
        transport: text("transport"),
        http_status: object
            .get("http_status")
            .and_then(Value::as_u64)
            .and_then(|status| u16::try_from(status).ok()),
        headers: object
            .get("headers")
            .and_then(Value::as_object)
            .map(|headers| {
                headers
                    .iter()
                    .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
                    .collect()
            })
            .unwrap_or_default(),
        body: match object.get("body") {
            Some(Value::String(body)) => Some(body.clone()),
            Some(Value::Null) | None => None,
            Some(other) => Some(other.to_string()),
        },
        client_error: text("client_error"),
    })
}

/// Status line, headers, empty line, body. Of several heads (a proxy's `200 Connection
/// established`, a `100 Continue`) the last one counts.
fn curl(text: &str) -> Option<ExplainRequest> {
    let mut rest = text.trim_start();
    let mut found = None;
    while rest.starts_with("HTTP/") {
        let (head, body) = split_head(rest);
        let mut lines = head.lines();
        let status = lines.next()?.split_whitespace().nth(1)?.parse().ok()?;
        let headers: BTreeMap<String, String> = lines
            .filter_map(|line| {
                let (name, value) = line.split_once(':')?;
                Some((name.trim().to_owned(), value.trim().to_owned()))
            })
            .collect();
        found = Some((status, headers, body));
        rest = body.trim_start();
    }
    let (status, headers, body) = found?;
    Some(ExplainRequest {
        http_status: Some(status),
        headers,
        body: Some(body.trim_end_matches(['\r', '\n']).to_owned()),
        ..ExplainRequest::default()
    })
}

fn split_head(text: &str) -> (&str, &str) {
    ["\r\n\r\n", "\n\n"]
        .iter()
        .filter_map(|gap| text.find(gap).map(|at| (at, gap.len())))
        .min()
        .map_or((text, ""), |(at, gap)| (&text[..at], &text[at + gap..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_pasted_is_recognised() {
        let curl = parse_pasted(
            "HTTP/1.1 200 Connection established\r\n\r\nHTTP/2 429 \r\nRetry-After: 7\r\n\r\n{\"error\":\"slow_down\"}\n",
            None,
        );
        assert_eq!(curl.http_status, Some(429));
        assert_eq!(
            curl.headers.get("Retry-After").map(String::as_str),
            Some("7")
        );
        assert_eq!(curl.body.as_deref(), Some("{\"error\":\"slow_down\"}"));

        let body = parse_pasted("{\"error\":\"invalid_grant\"}", Some(400));
        assert_eq!(body.http_status, Some(400));
        assert_eq!(body.body.as_deref(), Some("{\"error\":\"invalid_grant\"}"));

        let record = parse_pasted(
            "{\"id\":\"a\",\"transport\":\"http\",\"http_status\":400,\"headers\":{},\"body\":\"x\"}",
            None,
        );
        assert_eq!(
            (record.id.as_deref(), record.http_status),
            (Some("a"), Some(400))
        );
    }
}
