//! Real replies, by what they mean.

use std::sync::OnceLock;

use serde::Deserialize;
use tokentray::domain::{
    cause::Verdict,
    classify::{Outcome, classify},
    reply::{HttpReply, Reply},
};

use super::super::world::begin;

/// Real replies, by what they mean.
pub struct Corpus {
    pub definitive: Vec<Record>,
    pub unclear: Vec<Record>,
    pub server_errors: Vec<Record>,
    pub rate_limited: Vec<Record>,
    pub transient: Vec<Record>,
    pub config: Vec<Record>,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Record {
    transport: String,
    http_status: Option<u16>,
    headers: std::collections::BTreeMap<String, String>,
    body: Option<String>,
    label: String,
    contested: bool,
}

impl Record {
    pub fn reply(&self) -> Reply {
        Reply::Answered(HttpReply {
            status: self.http_status.unwrap_or(400),
            headers: self
                .headers
                .iter()
                .map(|(n, v)| (n.to_ascii_lowercase(), v.clone()))
                .collect(),
            body: self.body.clone().unwrap_or_default().into_bytes(),
            cut: false,
        })
    }
}

/// The corpus. These providers have no row in the table, so a record is used only where it means
/// without one what its label says.
pub fn corpus() -> &'static Corpus {
    static CORPUS: OnceLock<Corpus> = OnceLock::new();
    CORPUS.get_or_init(|| {
        let records: Vec<Record> = include_str!("../../corpus/token-responses.jsonl")
            .lines()
            .map(|line| serde_json::from_str(line).expect("a record"))
            .filter(|r: &Record| r.transport == "http" && r.http_status.is_some() && !r.contested)
            .collect();
        let meaning = |r: &Record| match classify(&r.reply(), None, begin()) {
            Outcome::Failure(failure) => Some((failure.cause.verdict(), failure.refused)),
            Outcome::Tokens(_) => None,
        };
        let of = |label: &str, wanted: Verdict, refused: bool| -> Vec<Record> {
            records
                .iter()
                .filter(|r| r.label == label)
                .filter(|r| {
                    meaning(r).is_some_and(|(v, counts)| v == wanted && (counts || !refused))
                })
                .cloned()
                .collect()
        };
        let transient = of("transient", Verdict::Wait, false);
        Corpus {
            definitive: of("reauth_required", Verdict::SignIn, true),
            unclear: of("unknown", Verdict::Unclear, true),
            server_errors: transient
                .iter()
                .filter(|r| r.http_status >= Some(500))
                .cloned()
                .collect(),
            rate_limited: of("rate_limited", Verdict::Wait, false),
            transient: transient
                .into_iter()
                .filter(|r| r.http_status < Some(500))
                .collect(),
            config: of("config_error", Verdict::FixSetup, false),
        }
    })
}
