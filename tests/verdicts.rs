//! Verdicts on real replies: the corpora, and what must stay true when their replies are damaged.

#[path = "verdicts/bodies.rs"]
mod bodies;
#[path = "verdicts/damage.rs"]
mod damage;
#[path = "verdicts/successes.rs"]
mod successes;

use std::collections::BTreeMap;

use chrono::{DateTime, TimeZone, Utc};
use serde::Deserialize;
use tokentray::{
    api::types::ExplainRequest,
    domain::{
        cause::Verdict,
        classify::{Outcome, classify, salvage},
        provider,
        reply::{HttpReply, Reply, Sent, TransportFailure, TransportKind},
    },
    explain::explain,
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

/// Both corpora: the first one, and the one of later finds.
fn corpus() -> Vec<Record> {
    let records: Vec<Record> = [
        include_str!("corpus/token-responses.jsonl"),
        include_str!("corpus/more-replies.jsonl"),
    ]
    .iter()
    .flat_map(|text| text.lines())
    .map(|line| serde_json::from_str(line).unwrap())
    .collect();
    let ids: std::collections::BTreeSet<&str> = records.iter().map(|r| r.id.as_str()).collect();
    assert_eq!(ids.len(), records.len(), "every id once");
    assert!(records.len() > 800);
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
    assert_eq!(
        facts(&http(302, dead, false)),
        (no, no, no, no),
        "a portal that speaks JSON refuses nothing"
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
