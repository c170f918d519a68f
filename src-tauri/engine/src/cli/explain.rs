//! `tokentray explain`: what a token endpoint's reply means. Needs no engine.

use std::{
    io::{self, BufRead, Read},
    process::ExitCode,
    time::Duration,
};

use clap::Args;

use crate::{
    api::types::{ExplainAnswer, ExplainRequest},
    cli::{
        Outcome,
        failure::Failure,
        output::{self, plain},
    },
    domain::{provider, words::span},
    explain,
};

/// Longest reply that is read, in bytes.
const INPUT_LIMIT: u64 = 1024 * 1024;

const USAGE: &str = "curl -i … | tokentray explain";

#[derive(Debug, Args)]
#[command(after_help = "\
Standard input is what came back: the output of `curl -i` or `curl -v`, only a body, or a JSON
record with transport, http_status, headers, body, client_error. Of several heads (a proxy's, a
`100 Continue`, a redirect's) the last one counts. Nothing is stored or sent anywhere.

With --jsonl a line that is no record is told on standard error, and the exit code is then 2.

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
    let known = |name: &str| provider::by_key(name).or_else(|| provider::by_host(name));
    if args
        .provider
        .as_deref()
        .is_some_and(|name| known(name).is_none())
    {
        output::note(
            "The provider is none that is known here, so general knowledge alone decides.",
        );
    }
    if args.jsonl {
        return each_line(args, io::stdin().lock());
    }
    if output::can_ask() {
        output::note("Paste what came back, then press Ctrl-D on an empty line.");
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
    let request =
        explain::parse_pasted(&text, args.status).map_err(|wrong| Failure::usage(wrong, USAGE))?;
    let without_status = request.http_status.is_none() && request.transport.is_none();
    let answer = answer(request, args).map_err(|wrong| Failure::usage(wrong, USAGE))?;
    if without_status && answer.cause.is_some() {
        output::note(
            "There is no status line in it, so it is read as a refusal (400); --status tells another.",
        );
    }
    if json {
        output::json(&answer)?;
    } else {
        let cause = answer
            .cause
            .map(|cause| format!(" ({cause})"))
            .unwrap_or_default();
        output::line(&format!("{}{cause}", answer.verdict))?;
        for line in told(&answer) {
            output::line(&plain(&line))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// What happened, what happens next, what the person can do, each on a line; and what is known of
/// the provider, with its page.
fn told(answer: &ExplainAnswer) -> Vec<String> {
    let mut lines = vec![
        format!("What happened: {}", answer.what),
        format!("What happens next: {}", answer.next),
        format!("What you can do: {}", answer.advice),
    ];
    if let Some(seconds) = answer.retry_after_s {
        let wish = span(Duration::from_secs(seconds));
        lines.insert(1, format!("The provider asks to wait {wish}."));
    }
    if let Some(known) = &answer.known {
        let avoid = known.avoid.as_deref().unwrap_or_default();
        let known = format!("Known: {} {avoid}", known.why);
        lines.push(known.trim_end().to_owned());
        lines.extend(
            answer
                .known
                .iter()
                .map(|known| format!("See: {}", known.source)),
        );
    }
    lines
}

/// One answer for each record. A line that is none does not keep the others from theirs; the first
/// such line is told at the end.
fn each_line(args: &ExplainArgs, mut input: impl BufRead) -> Outcome {
    let mut wrong: Vec<String> = Vec::new();
    let mut number = 0;
    let mut bytes = Vec::new();
    while input.read_until(b'\n', &mut bytes)? > 0 {
        number += 1;
        let line = String::from_utf8_lossy(&bytes);
        let line = line.trim().trim_start_matches('\u{feff}');
        if !line.is_empty() {
            match explain::parse_record(line) {
                Ok(request) => match answer(request, args) {
                    Ok(answer) => output::json_line(&answer)?,
                    Err(what) => wrong.push(format!("line {number}: {what}")),
                },
                Err(what) => wrong.push(format!("line {number} {what}")),
            }
        }
        bytes.clear();
    }
    let Some(first) = wrong.first() else {
        return Ok(ExitCode::SUCCESS);
    };
    let more = match wrong.len() - 1 {
        0 => String::new(),
        1 => ", and one more line".to_owned(),
        more => format!(", and {more} more lines"),
    };
    Err(Failure::usage(
        format!("{first}{more}"),
        "tokentray explain --jsonl < records.jsonl",
    ))
}

fn answer(mut request: ExplainRequest, args: &ExplainArgs) -> Result<ExplainAnswer, String> {
    if args.provider.is_some() {
        request.provider.clone_from(&args.provider);
    }
    explain::explain(&request, output::wall_time())
}
