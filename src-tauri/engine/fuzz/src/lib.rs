//! What every fuzz target holds a reply to.
//!
//! The domain is built from its source here, without the rest of the engine: it is pure, so it
//! builds in seconds, and only what is fuzzed is instrumented. A package that depended on the
//! engine would instrument TLS, SQLite and D-Bus as well.

#[path = "../../src/domain/mod.rs"]
pub mod domain;

use std::time::Duration;

use chrono::{DateTime, TimeZone, Utc};

use domain::{
    cause::{Cause, Verdict},
    classify::{Failure, Outcome, TokenReply, classify, salvage},
    provider::{self, Provider},
    reply::{HttpReply, Reply},
    words,
};

/// The local clock of every case.
pub fn now() -> DateTime<Utc> {
    Utc.timestamp_opt(1_772_366_400, 0)
        .single()
        .unwrap_or_default()
}

/// An input as a person would write it: `HTTP/1.1 400 google`, headers, an empty line, the body.
/// Anything else is a body with status 400.
pub fn reply_of(data: &[u8]) -> (HttpReply, Option<&'static Provider>) {
    let head_end = data.windows(4).position(|w| w == b"\r\n\r\n");
    let head = head_end.and_then(|end| std::str::from_utf8(&data[..end]).ok());
    let (Some(head), Some(end)) = (head, head_end) else {
        return (answer(400, Vec::new(), data), None);
    };
    let mut lines = head.split("\r\n");
    let mut first = lines.next().unwrap_or_default().split(' ').skip(1);
    let status = first.next().and_then(|s| s.parse().ok()).unwrap_or(400);
    let row = first.next().and_then(provider::by_key);
    let headers = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.trim().to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    (answer(status, headers, &data[end + 4..]), row)
}

/// A whole reply.
pub fn answer(status: u16, headers: Vec<(String, String)>, body: &[u8]) -> HttpReply {
    HttpReply {
        status,
        headers,
        body: body.to_vec(),
        cut: false,
    }
}

/// Everything that must hold of any reply, and of the damage that can be done to it.
pub fn hold_to_account(http: &HttpReply, row: Option<&Provider>) {
    let outcome = look(http, row);
    assert_eq!(outcome, look(http, row), "the same reply twice");
    let ruled = row.is_some_and(|row| {
        row.rules
            .iter()
            .any(|rule| rule.status.is_some_and(|s| s >= 500))
    });

    let mut broken = http.clone();
    broken.status = 503;
    assert!(
        ruled || !prompts(&look(&broken, row)),
        "a 503 never prompts"
    );

    let mut cut = http.clone();
    cut.cut = true;
    match look(&cut, row) {
        Outcome::Tokens(_) => panic!("half a body is no success"),
        Outcome::Failure(failure) => {
            let verdict = failure.cause.verdict();
            assert!(
                !matches!(verdict, Verdict::SignIn | Verdict::Unclear),
                "half a body led to {verdict}"
            );
        }
    }

    let mut page = http.clone();
    page.body = [
        b"<!doctype html><html><body>",
        http.body.as_slice(),
        b"</body></html>",
    ]
    .concat();
    assert!(ruled || !prompts(&look(&page, row)), "a page never prompts");

    if let Some(found) = salvage(&http.body, now()) {
        sound(&found, true);
    }
}

fn prompts(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Failure(failure) if failure.cause.verdict() == Verdict::SignIn)
}

fn look(http: &HttpReply, row: Option<&Provider>) -> Outcome {
    let outcome = classify(&Reply::Answered(http.clone()), row, now());
    match &outcome {
        Outcome::Tokens(tokens) => {
            assert!(
                matches!(http.status, 200..=299),
                "tokens with {}",
                http.status
            );
            sound(tokens, false);
        }
        Outcome::Failure(failure) => bounded(http, row, failure),
    }
    outcome
}

fn sound(tokens: &TokenReply, salvaged: bool) {
    const TEN_YEARS: Duration = Duration::from_secs(315_360_000);
    assert!(salvaged || !tokens.access_token.expose().trim().is_empty());
    let lengths = [
        tokens.expires_in,
        tokens.refresh_token_expires_in,
        tokens.refresh_in,
    ];
    for length in lengths.into_iter().flatten() {
        assert!(!length.is_zero() && length <= TEN_YEARS, "{length:?}");
    }
    if let Some(refresh_token) = &tokens.refresh_token {
        assert!(!refresh_token.expose().is_empty());
    }
}

fn bounded(http: &HttpReply, row: Option<&Provider>, failure: &Failure) {
    assert_eq!(failure.http_status, Some(http.status));
    assert!(!failure.never_sent, "an answer came");
    if failure.cause.verdict() == Verdict::SignIn {
        let ruled = row.is_some_and(|row| row.rules.iter().any(|r| r.cause == failure.cause));
        assert!(
            ruled || matches!(http.status, 200..=299 | 400..=499),
            "{}",
            http.status
        );
    }
    if failure.refused {
        assert!(
            matches!(http.status, 200..=499),
            "a refusal with {}",
            http.status
        );
        // The text of a 2xx that speaks of tokens is not kept: it may hold one.
        let hidden = matches!(http.status, 200..=299) || row.is_some();
        let said = failure.provider_code.is_some() || failure.provider_text.is_some();
        assert!(said || hidden, "a refusal without a word");
    }
    if let Some(wish) = failure.retry_after {
        assert!(
            !wish.is_zero() && wish <= Duration::from_hours(1),
            "{wish:?}"
        );
        assert!(!matches!(
            failure.cause,
            Cause::NetworkProxy | Cause::CaptivePortal | Cause::EdgeBlock
        ));
    }
    for text in failure.provider_text.iter().chain(&failure.provider_code) {
        assert!(
            text.chars().count() <= 500,
            "{} characters",
            text.chars().count()
        );
        assert!(!text.chars().any(char::is_control), "{text:?}");
    }
    let told = words::failure(
        failure.cause,
        &words::FailureFacts {
            provider_name: row.map(|row| row.name),
            http_status: failure.http_status,
            provider_code: failure.provider_code.as_deref(),
            provider_text: failure.provider_text.as_deref(),
            ..words::FailureFacts::default()
        },
    )
    .all();
    assert!(told.len() > 20, "no advice: {told}");
}
