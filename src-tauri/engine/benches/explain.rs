//! What it costs to say what a reply means: reading, judging, and the advice in words.

use std::{hint::black_box, time::Duration};

use chrono::{DateTime, Utc};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use tokentray::{
    api::types::ExplainRequest,
    explain::{explain, parse_record},
};

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_772_366_400, 0).unwrap_or_default()
}

fn request(status: u16, body: &str) -> ExplainRequest {
    ExplainRequest {
        http_status: Some(status),
        body: Some(body.to_owned()),
        ..ExplainRequest::default()
    }
}

/// A refusal of about 2 KiB as Microsoft writes it: long text, ids, times, claims.
fn two_kib() -> String {
    let text = "AADSTS50076: Due to a configuration change made by your administrator, or because you \
        moved to a new location, you must use multi-factor authentication to access '00000003'. ";
    let claims = "{\\\"access_token\\\":{\\\"capolids\\\":{\\\"essential\\\":true,\\\"values\\\":[\\\"x\\\"]}}}";
    let body = format!(
        r#"{{"error":"interaction_required","error_description":"{}Trace ID: 7c3280d4-5d54-4240-bc1b-97a405a38000\r\nCorrelation ID: 1409d806-a8f8-4ba5-a6e5-1b7c68e497ce\r\nTimestamp: 2026-03-01 12:00:00Z","error_codes":[50076],"suberror":"basic_action","claims":"{}"}}"#,
        text.repeat(9),
        claims.repeat(3),
    );
    assert!((1_900..2_400).contains(&body.len()), "{} bytes", body.len());
    body
}

/// 256 KiB that make every part of the reading work: damaged JSON, deep, many short names.
fn hostile() -> String {
    let mut body = String::from("{");
    while body.len() < 256 * 1024 {
        body.push_str(r#""error":{"message":["refresh token . invalid",{"a":'<"#);
    }
    body
}

fn bench(c: &mut Criterion) {
    let mut group = c.benchmark_group("explain");
    group
        .measurement_time(Duration::from_secs(4))
        .warm_up_time(Duration::from_secs(1));
    let short =
        r#"{"error":"invalid_grant","error_description":"Token has been expired or revoked."}"#;
    let page = format!(
        "<html><title>Access Denied</title>{}</html>",
        "<p>x</p>".repeat(30_000)
    );
    let cases = [
        ("a short refusal", request(400, short)),
        ("2 KiB", request(400, &two_kib())),
        ("256 KiB hostile", request(400, &hostile())),
        ("256 KiB page", request(403, &page)),
    ];
    for (name, request) in &cases {
        let bytes = request.body.as_ref().map_or(0, String::len);
        group.throughput(Throughput::Bytes(bytes as u64));
        group.bench_with_input(BenchmarkId::from_parameter(name), request, |b, request| {
            b.iter(|| explain(black_box(request), now()));
        });
    }
    group.finish();

    let records: Vec<ExplainRequest> = [
        include_str!("../../../tests/corpus/token-responses.jsonl"),
        include_str!("../../../tests/corpus/more-replies.jsonl"),
    ]
    .iter()
    .flat_map(|corpus| corpus.lines())
    .filter_map(|line| parse_record(line).ok())
    .collect();
    let longest = records
        .iter()
        .max_by_key(|record| record.body.as_ref().map_or(0, String::len));
    let mut group = c.benchmark_group("corpus");
    if let Some(longest) = longest {
        group.bench_function("its longest record", |b| {
            b.iter(|| explain(black_box(longest), now()));
        });
    }
    group.throughput(Throughput::Elements(records.len() as u64));
    group.bench_function("all its records", |b| {
        b.iter(|| {
            for record in &records {
                let _ = black_box(explain(black_box(record), now()));
            }
        });
    });
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
