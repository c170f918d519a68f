//! `tokentray token`: the token and a newline on standard output, nothing else ever.
//!
//! The hot path: other programs call it for every request they make.

use std::{
    io::{self, Write},
    process::ExitCode,
    time::Duration,
};

use clap::Args;
use url::form_urlencoded::Serializer;

use crate::{
    api::{
        problem::{Code, Problem},
        types::{Event, RejectedToken, TokenAnswer},
    },
    cli::{
        Outcome,
        blocking::{Asker, body, path},
        duration,
        failure::Failure,
        output,
    },
};

/// Pause before the engine is asked again after it ended.
const ENGINE_PAUSE: Duration = Duration::from_secs(1);

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  curl -H \"$(tokentray token work --header)\" https://api.example.com/me
  tokentray token work --min-valid 5m
  tokentray token work --rejected FINGERPRINT   after a 401; --json shows the fingerprint")]
pub struct TokenArgs {
    /// The account
    name: String,
    /// The ID token instead of the access token
    #[arg(long)]
    id_token: bool,
    /// Refresh first if the token is good for less than this, such as 60s or 5m
    #[arg(long, value_name = "TIME", value_parser = duration::parse)]
    min_valid: Option<Duration>,
    /// Wait at most so long for a refresh; 0 for not at all [default: 5s]
    #[arg(long, value_name = "TIME", value_parser = duration::parse)]
    wait: Option<Duration>,
    /// If a person must sign in first, wait for that, as long as it takes
    #[arg(long)]
    wait_sign_in: bool,
    /// The token with this fingerprint was answered with 401: get a newer one
    #[arg(long, value_name = "FINGERPRINT")]
    rejected: Option<String>,
    /// Print a whole `Authorization` header
    #[arg(long, conflicts_with = "json")]
    header: bool,
}

pub fn token(args: &TokenArgs, json: bool) -> Outcome {
    let asker = Asker::from_env()?;
    let answer = match ask(&asker, args) {
        Err(problem) if problem.code == Code::ReauthRequired && args.wait_sign_in => {
            wait_for_sign_in(&asker, args)?
        }
        answer => answer?,
    };
    if json {
        output::json(&answer)?;
        return Ok(ExitCode::SUCCESS);
    }
    let text = if args.header {
        format!(
            "Authorization: {} {}\n",
            scheme(&answer.token_type),
            answer.access_token
        )
    } else {
        answer.access_token + "\n"
    };
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()?;
    Ok(ExitCode::SUCCESS)
}

fn ask(asker: &Asker, args: &TokenArgs) -> Result<TokenAnswer, Problem> {
    let mut query = Serializer::new(String::new());
    if args.id_token {
        query.append_pair("kind", "id");
    }
    if let Some(min_valid) = args.min_valid {
        query.append_pair("min_valid", &min_valid.as_secs().to_string());
    }
    if let Some(wait) = args.wait {
        query.append_pair("wait", &wait.as_secs().to_string());
    }
    let query = query.finish();
    match &args.rejected {
        None => asker.get(&path(
            "/v1/accounts/",
            &args.name,
            &format!("/token?{query}"),
        )),
        Some(fingerprint) => {
            let rejected = RejectedToken {
                fingerprint: Some(fingerprint.clone()),
                token: None,
            };
            asker.send(
                "POST",
                &path(
                    "/v1/accounts/",
                    &args.name,
                    &format!("/token/rejected?{query}"),
                ),
                Some(&body(&rejected)?),
            )
        }
    }
}

/// Asks again whenever the account changed, until the answer is another one than "sign in".
fn wait_for_sign_in(asker: &Asker, args: &TokenArgs) -> Result<TokenAnswer, Failure> {
    output::note(&format!(
        "waiting until somebody signs in: tokentray sign-in {}",
        output::plain(&args.name)
    ));
    loop {
        // Listening starts before the question, so that no change can fall between the two.
        let events = asker.events()?;
        match ask(asker, args) {
            Err(problem) if problem.code == Code::ReauthRequired => {}
            answer => return Ok(answer?),
        }
        let changed = events.into_iter().any(|(_, event)| match event {
            Event::Account { row } => is_named(&row.name, args) && row.incident.is_none(),
            Event::Removed { name, .. } => is_named(&name, args),
            Event::Resync => true,
            _ => false,
        });
        if !changed {
            // The engine ended; whether there is one again shows the next question.
            std::thread::sleep(ENGINE_PAUSE);
        }
    }
}

/// Account names are unique without case.
fn is_named(name: &str, args: &TokenArgs) -> bool {
    name.to_lowercase() == args.name.to_lowercase()
}

/// `Bearer` is written so by everybody (RFC 6750 §2.1), though it is compared without case.
fn scheme(token_type: &str) -> &str {
    if token_type.eq_ignore_ascii_case("bearer") || token_type.is_empty() {
        "Bearer"
    } else {
        token_type
    }
}
