//! `tokentray explain`: what a token endpoint's reply means. Needs no engine.

use std::{
    io::{self, BufRead, Read},
    process::ExitCode,
};

use clap::Args;

use crate::{
    api::types::{ExplainAnswer, ExplainRequest},
    cli::{
        Outcome,
        failure::Failure,
        output::{self, plain},
    },
    explain,
};

/// Longest reply that is read, in bytes.
const INPUT_LIMIT: u64 = 1024 * 1024;

const USAGE: &str = "curl -i … | tokentray explain";

#[derive(Debug, Args)]
#[command(after_help = "\
Standard input is what came back: the output of `curl -i`, only a body, or a JSON record with
transport, http_status, headers, body, client_error. Nothing is stored or sent anywhere.

Examples:
  curl -i https://login.example.com/token -d … | tokentray explain
  tokentray explain --status 400 --provider google < body.json")]
pub struct ExplainArgs {
    /// The HTTP status, where the input has none
    #[arg(long, value_name = "NUMBER")]
    status: Option<u16>,
    /// One JSON record a line; prints one answer a line
    #[arg(long, conflicts_with = "status")]
    jsonl: bool,
    /// The provider whose oddities count
    #[arg(long, value_name = "PROVIDER")]
    provider: Option<String>,
}

pub fn explain(args: &ExplainArgs, json: bool) -> Outcome {
    if args.jsonl {
        return each_line(args);
    }
    let mut bytes = Vec::new();
    io::stdin()
        .lock()
        .take(INPUT_LIMIT)
        .read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    if text.trim().is_empty() && args.status.is_none() {
        return Err(Failure::usage(
            "there is nothing on standard input to explain",
            USAGE,
        ));
    }
    let mut request = explain::parse_pasted(&text, args.status);
    if args.provider.is_some() {
        request.provider.clone_from(&args.provider);
    }
    let answer = answer(&request)?;
    if json {
        output::json(&answer)?;
    } else {
        let cause = answer
            .cause
            .map(|cause| format!(" ({cause})"))
            .unwrap_or_default();
        output::line(&format!("{}{cause}", answer.verdict))?;
        output::line(&plain(&answer.advice))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn each_line(args: &ExplainArgs) -> Outcome {
    for (index, line) in io::stdin().lock().lines().enumerate() {
        let line = line?;
        if line.trim().is_empty() {
            continue;
        }
        let mut request: ExplainRequest = serde_json::from_str(&line).map_err(|error| {
            Failure::usage(
                format!("line {} is no record: {error}", index + 1),
                "tokentray explain --jsonl < records.jsonl",
            )
        })?;
        if args.provider.is_some() {
            request.provider.clone_from(&args.provider);
        }
        output::json_line(&answer(&request)?)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn answer(request: &ExplainRequest) -> Result<ExplainAnswer, Failure> {
    explain::explain(request, output::wall_time()).map_err(|error| Failure::usage(error, USAGE))
}
