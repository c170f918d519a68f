//! Verdicts on real replies: the corpus, and what must stay true when its replies are damaged.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeZone, Utc};
use proptest::prelude::*;
use serde::Deserialize;
use tokentray::{
    api::types::ExplainRequest,
    domain::{
        cause::Verdict,
        classify::{Outcome, classify, salvage},
        provider,
        reply::{HttpReply, Reply, Sent, TransportFailure, TransportKind},
    },
    explain::{explain, parse_pasted},
};

#[derive(Clone, Debug, Deserialize)]
struct Record {
    id: String,
    provider: String,
    transport: String,
    http_status: Option<u16>,
    headers: BTreeMap<String, String>,
    body: Option<String>,
    label: String,
    retry_after_s: Option<u64>,
    contested: bool,
    soft: bool,
}

impl Record {
    fn strict(&self) -> bool {
        !self.contested && !self.soft
    }

    /// Signing in would not help.
    fn must_not_prompt(&self) -> bool {
        self.label != "reauth_required" && self.label != "unknown"
    }

    fn right(&self, verdict: &str) -> bool {
        match self.label.as_str() {
            "reauth_required" => verdict == "sign_in",
            "transient" | "rate_limited" => verdict == "wait",
            "config_error" => verdict == "fix_setup",
            "unknown" => matches!(verdict, "wait" | "unclear"),
            "success" => verdict == "ok",
            other => panic!("label {other}"),
        }
    }

    fn request(&self) -> ExplainRequest {
        ExplainRequest {
            id: Some(self.id.clone()),
            provider: Some(self.provider.clone()),
            transport: Some(self.transport.clone()),
            http_status: self.http_status,
            headers: self.headers.clone(),
            body: self.body.clone(),
            client_error: None,
        }
    }

    /// What a mutation starts from; None for what never was an HTTP reply.
    fn http(&self) -> Option<HttpReply> {
        (self.transport == "http" && (self.http_status.is_some() || self.body.is_some())).then(
            || HttpReply {
                status: self.http_status.unwrap_or(400),
                headers: self.headers.clone().into_iter().collect(),
                body: self.body.clone().unwrap_or_default().into_bytes(),
                cut: false,
            },
        )
    }
}

fn now() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 3, 1, 12, 0, 0).unwrap()
}

fn corpus() -> Vec<Record> {
    let text = include_str!("corpus/token-responses.jsonl");
    let records: Vec<Record> = text
        .lines()
        .map(|l| serde_json::from_str(l).unwrap())
        .collect();
    assert!(records.len() > 200);
    records
}

fn verdict_of(http: HttpReply, provider: Option<&str>) -> String {
    let row = provider.and_then(provider::by_key);
    match classify(&Reply::Answered(http), row, now()) {
        Outcome::Tokens(_) => "ok".to_owned(),
        Outcome::Failure(failure) => failure.cause.verdict().code().to_owned(),
    }
}

#[test]
fn every_strict_record_gets_its_verdict_and_none_a_false_prompt() {
    let mut misses = Vec::new();
    let mut wrong_strict = 0;
    let mut false_prompts = 0;
    for record in corpus() {
        for named in [true, false] {
            let mut request = record.request();
            if !named {
                request.provider = None;
            }
            let answer = explain(&request, now()).unwrap();
            let cause = answer
                .cause
                .map_or("-", tokentray::domain::cause::Cause::code);
            if record.must_not_prompt() && answer.verdict == "sign_in" {
                false_prompts += 1;
            }
            if !record.right(&answer.verdict) {
                wrong_strict += usize::from(record.strict() && named);
                misses.push(format!(
                    "{}{}{} {}: {} is no {} ({cause}) {}",
                    if named { "" } else { "(without its row) " },
                    if record.contested { "contested " } else { "" },
                    if record.soft { "soft " } else { "" },
                    record.id,
                    answer.verdict,
                    record.label,
                    record
                        .body
                        .as_deref()
                        .unwrap_or_default()
                        .chars()
                        .take(160)
                        .collect::<String>(),
                ));
            }
            if record.strict() && record.retry_after_s.is_some() {
                assert_eq!(answer.retry_after_s, record.retry_after_s, "{}", record.id);
            }
        }
    }
    println!("{}", misses.join("\n"));
    assert_eq!(
        (wrong_strict, false_prompts),
        (0, 0),
        "\n{}",
        misses.join("\n")
    );
}

#[test]
fn a_5xx_a_cut_or_an_html_page_never_prompts() {
    for record in corpus() {
        let Some(http) = record.http() else { continue };
        for status in [500, 502, 503, 504, 521] {
            let mut damaged = http.clone();
            damaged.status = status;
            assert_ne!(
                verdict_of(damaged, None),
                "sign_in",
                "{} as {status}",
                record.id
            );
        }
        let mut page = http.clone();
        page.body = [
            b"<!doctype html><html><body><p>",
            page.body.as_slice(),
            b"</p></body></html>",
        ]
        .concat();
        assert_ne!(
            verdict_of(page, Some(&record.provider)),
            "sign_in",
            "{} in HTML",
            record.id
        );
        let mut cut = http.clone();
        cut.cut = true;
        assert_ne!(
            verdict_of(cut, Some(&record.provider)),
            "sign_in",
            "{} cut",
            record.id
        );
    }
}

#[test]
fn a_reply_truncated_at_any_byte_never_turns_into_a_prompt() {
    for record in corpus().into_iter().filter(Record::must_not_prompt) {
        let Some(http) = record.http() else { continue };
        for end in 0..http.body.len() {
            let mut cut = http.clone();
            cut.body.truncate(end);
            assert_ne!(
                verdict_of(cut, Some(&record.provider)),
                "sign_in",
                "{} at {end}",
                record.id
            );
        }
    }
}

fn harmless() -> impl Strategy<Value = Record> {
    let records: Vec<Record> = corpus()
        .into_iter()
        .filter(|r| r.must_not_prompt() && r.http().is_some())
        .collect();
    prop::sample::select(records)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_500, ..ProptestConfig::default() })]

    #[test]
    fn changes_that_mean_nothing_never_turn_a_wait_into_a_prompt(
        record in harmless(),
        content_type in prop::sample::select(vec!["text/html", "application/json", "text/plain", "application/octet-stream", "application/xml"]),
        shout in any::<bool>(),
        pad in "[ \\n\\t\\r]{0,4}",
        extra in "[a-z_]{1,12}",
        value in "[ -~&&[^\"\\\\]]{0,24}",
        named in any::<bool>(),
    ) {
        let mut http = record.http().unwrap();
        http.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("content-type"));
        http.headers.push(("content-type".to_owned(), content_type.to_owned()));
        let mut body = String::from_utf8(http.body).unwrap();
        if let Some(rest) = body.trim_start().strip_prefix('{') && !rest.trim_start().starts_with('}') {
            let known = ["error", "code", "message", "reason", "detail", "status", "description", "hint", "msg", "type", "name", "title", "id", "cause", "tag"];
            if !known.contains(&extra.as_str()) {
                body = format!("{{\"{extra}\":\"{value}\",{rest}");
            }
        }
        if shout {
            body = body.to_uppercase();
        }
        http.body = format!("{pad}{body}{pad}").into_bytes();
        let row = named.then_some(record.provider.as_str());
        prop_assert_ne!(verdict_of(http, row), "sign_in", "{}", record.id);
    }

    #[test]
    fn arbitrary_bytes_are_survived_and_never_prompt(
        status in 0_u16..1_000,
        body in prop::collection::vec(any::<u8>(), 0..400),
        cut in any::<bool>(),
    ) {
        let http = HttpReply { status, headers: Vec::new(), body, cut };
        prop_assert_ne!(verdict_of(http, Some("google")), "sign_in");
    }

    #[test]
    fn arbitrary_text_around_json_is_survived(body in "[\\[{\"'<&=:,a-z _%\\]}]{0,200}", paste in any::<String>()) {
        let http = HttpReply { status: 400, headers: Vec::new(), body: body.into_bytes(), cut: false };
        verdict_of(http, None);
        let request = parse_pasted(&paste, None);
        let _ = explain(&request, now());
    }
}

#[test]
fn every_verdict_has_a_code() {
    for verdict in Verdict::ALL {
        assert_eq!(Verdict::from_code(verdict.code()), Some(*verdict));
    }
}

#[test]
fn families_of_texts_that_providers_use_are_understood() {
    let mut misses = Vec::new();
    for line in include_str!("corpus/families.tsv").lines() {
        let mut columns = line.splitn(3, '\t');
        let (Some(wanted), Some(status), Some(body)) =
            (columns.next(), columns.next(), columns.next())
        else {
            panic!("three columns: {line}");
        };
        let http = HttpReply {
            status: status.parse().unwrap(),
            headers: Vec::new(),
            body: body.as_bytes().to_vec(),
            cut: false,
        };
        let found = match classify(&Reply::Answered(http), None, now()) {
            Outcome::Tokens(_) => "ok ok".to_owned(),
            Outcome::Failure(f) => format!("{} {}", f.cause.verdict(), f.cause),
        };
        if !found.starts_with(&format!("{wanted} ")) {
            misses.push(format!("{found} is no {wanted}: {status} {body}"));
        }
    }
    assert!(misses.is_empty(), "{}\n{}", misses.len(), misses.join("\n"));
}

/// What a failure leaves open, in the order refused, unknown, never sent, salvage.
fn facts(reply: &Reply) -> (bool, bool, bool, bool) {
    match classify(reply, None, now()) {
        Outcome::Tokens(_) => panic!("no success"),
        Outcome::Failure(f) => (f.refused, f.outcome_unknown, f.never_sent, f.salvage),
    }
}

#[test]
fn a_failure_says_what_it_leaves_open() {
    let http = |status, body: &str, cut| {
        Reply::Answered(HttpReply {
            status,
            headers: Vec::new(),
            body: body.as_bytes().to_vec(),
            cut,
        })
    };
    let failed = |kind, sent| {
        Reply::Failed(TransportFailure {
            kind,
            sent,
            detail: String::new(),
        })
    };
    let dead = r#"{"error":"invalid_grant"}"#;
    let (yes, no) = (true, false);
    assert_eq!(
        facts(&http(400, dead, false)),
        (yes, no, no, no),
        "a definite refusal"
    );
    assert_eq!(
        facts(&http(400, dead, true)),
        (no, yes, no, no),
        "a cut refusal"
    );
    assert_eq!(facts(&http(500, dead, false)), (no, yes, no, no), "a 5xx");
    assert_eq!(
        facts(&http(403, "<html></html>", false)),
        (no, no, no, no),
        "an edge"
    );
    let half = r#"{"access_token":"a","refresh_token":"b"#;
    assert_eq!(
        facts(&http(200, half, true)),
        (no, yes, no, yes),
        "a cut success"
    );
    assert_eq!(
        facts(&http(200, "<html>hotel</html>", false)),
        (no, no, no, no),
        "a portal"
    );
    let mute = r#"{"expires_in":1}"#;
    assert_eq!(
        facts(&http(200, mute, false)),
        (no, yes, no, yes),
        "no token"
    );
    assert_eq!(
        facts(&failed(TransportKind::Timeout, Sent::Maybe)),
        (no, yes, no, no)
    );
    assert_eq!(
        facts(&failed(TransportKind::Connect, Sent::Never)),
        (no, no, yes, no)
    );
}

#[test]
fn salvage_reads_only_what_is_complete() {
    let whole = br#"{"access_token":"a","refresh_token":"b","scope":"x" "created_at":1"#;
    let found = salvage(whole, now()).unwrap();
    assert_eq!(found.refresh_token.unwrap().expose(), "b");
    let half = salvage(br#"{"access_token":"a","refresh_token":"b"#, now()).unwrap();
    assert_eq!(half.refresh_token, None);
}
