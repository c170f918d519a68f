//! `tokentray history`: what happened, newest first, by filters.

use std::{process::ExitCode, time::Duration};

use chrono::{DateTime, Local, TimeDelta, Utc};
use clap::Args;
use url::form_urlencoded::Serializer;

use crate::{
    api::types::{HistoryAnswer, HistoryRow},
    cli::{
        Outcome,
        blocking::Asker,
        duration,
        failure::Failure,
        output::{self, plain, wall_time},
    },
};

/// Entries of one page: the API's own limit.
const PAGE: u32 = 1000;

#[derive(Debug, Args)]
pub struct HistoryArgs {
    /// Only this account
    name: Option<String>,
    /// Only these causes, such as `captive_portal` (several: separated by commas)
    #[arg(long, value_name = "CAUSE")]
    cause: Option<String>,
    /// Only these kinds, such as `refreshed` (several: separated by commas)
    #[arg(long, value_name = "KIND")]
    kind: Option<String>,
    /// Only since then: a length of time such as 7d, or a time such as 2026-03-01T10:00:00Z
    #[arg(long, value_name = "WHEN")]
    since: Option<String>,
    /// Only entries with this text
    #[arg(long)]
    text: Option<String>,
    /// At most so many entries
    #[arg(long, short = 'n', value_name = "NUMBER", default_value_t = 50)]
    limit: u32,
    /// All entries
    #[arg(long, conflicts_with = "limit")]
    all: bool,
}

pub fn history(args: &HistoryArgs, json: bool) -> Outcome {
    let asker = Asker::from_env()?;
    let since = args.since.as_deref().map(since).transpose()?;
    let mut left = if args.all { u32::MAX } else { args.limit };
    let mut cursor = None;
    while left > 0 {
        let answer: HistoryAnswer =
            asker.get(&format!("/v1/history?{}", query(args, since, left, cursor)))?;
        left = left.saturating_sub(u32::try_from(answer.entries.len()).unwrap_or(u32::MAX));
        for entry in &answer.entries {
            if json {
                output::json_line(entry)?;
            } else {
                output::line(&told(entry))?;
            }
        }
        cursor = answer.next;
        if cursor.is_none() || answer.entries.is_empty() {
            break;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn query(
    args: &HistoryArgs,
    since: Option<DateTime<Utc>>,
    left: u32,
    cursor: Option<i64>,
) -> String {
    let mut query = Serializer::new(String::new());
    let mut add = |name: &str, value: Option<&str>| {
        if let Some(value) = value {
            query.append_pair(name, value);
        }
    };
    add("account", args.name.as_deref());
    add("cause", args.cause.as_deref());
    add("kind", args.kind.as_deref());
    add("text", args.text.as_deref());
    add("since", since.map(|at| at.to_rfc3339()).as_deref());
    add("cursor", cursor.map(|at| at.to_string()).as_deref());
    add("limit", Some(&left.min(PAGE).to_string()));
    query.finish()
}

/// A length of time back from now, or a time.
fn since(text: &str) -> Result<DateTime<Utc>, Failure> {
    if let Ok(at) = text.parse::<DateTime<Utc>>() {
        return Ok(at);
    }
    let wrong = || {
        Failure::usage(
            format!("{:?} is neither a length of time nor a time", plain(text)),
            "tokentray history --since 7d",
        )
    };
    let back: Duration = duration::parse(text).map_err(|_| wrong())?;
    let back = TimeDelta::from_std(back).map_err(|_| wrong())?;
    wall_time().checked_sub_signed(back).ok_or_else(wrong)
}

/// The entry on one line, in the time of the place.
pub fn told(entry: &HistoryRow) -> String {
    let at = entry.at.with_timezone(&Local).format("%Y-%m-%d %H:%M:%S");
    let account = entry.account.as_deref().unwrap_or("-");
    format!("{at}  {}  {}", plain(account), plain(&entry.message))
}
