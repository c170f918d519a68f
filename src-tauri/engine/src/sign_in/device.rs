//! Signing in with a code on any device (RFC 8628).
//!
//! It must not give up for a lost network: the code lasts as long as the provider says, and so does
//! the wait. Surprising: a provider may answer "pending" with 200 or with 400, as JSON either way;
//! therefore the error code is looked for before anything else.

use std::time::Duration;

use chrono::TimeDelta;
use serde::Deserialize;
use tokio::sync::watch;

use crate::{
    api::types::{SignInPhase, SignInRow},
    domain::{
        cause::Verdict,
        classify::{Outcome, classify},
        reply::{Reply, TransportKind},
        secret::Secret,
    },
    io::token_endpoint::permitted_url,
};

use super::{
    SignInFailure, SignInJob, SignInPorts, SignedIn,
    authorization::{scopes, separator},
    endpoints::Endpoints,
    exchange,
    failure::SetupFault,
};

/// RFC 8628 §3.5, where the provider names none; also what `slow_down` adds.
const INTERVAL: Duration = Duration::from_secs(5);
/// Back-off after time-outs ends here.
const LONGEST_INTERVAL: Duration = Duration::from_mins(1);
/// Where the provider does not say how long the code lasts, which it must.
const USUAL_LIFE: Duration = Duration::from_mins(10);
/// No code is worth waiting for longer, whatever the provider says.
const LONGEST_LIFE: Duration = Duration::from_hours(24);

/// RFC 8628 §3.2; `verification_url` is what Google wrote before the RFC.
#[derive(Deserialize)]
struct Codes {
    device_code: String,
    user_code: String,
    #[serde(alias = "verification_url")]
    verification_uri: String,
    verification_uri_complete: Option<String>,
    expires_in: Option<u64>,
    interval: Option<u64>,
}

/// Runs the whole flow.
pub async fn run(
    job: &SignInJob,
    endpoints: &Endpoints,
    ports: &SignInPorts,
    progress: &watch::Sender<SignInRow>,
) -> Result<SignedIn, SignInFailure> {
    let codes = start(job, endpoints, ports).await?;
    let life = codes
        .expires_in
        .map_or(USUAL_LIFE, Duration::from_secs)
        .min(LONGEST_LIFE);
    let now = ports.clock.now();
    let ends_at = now.wall + TimeDelta::from_std(life).unwrap_or_default();
    progress.send_modify(|row| {
        row.phase = SignInPhase::WaitingForCode;
        row.user_code = Some(codes.user_code.clone());
        row.verification_url = Some(codes.verification_uri.clone());
        row.verification_url_complete = codes
            .verification_uri_complete
            .clone()
            .filter(|url| permitted_url(url).is_some());
        row.ends_at = ends_at;
    });
    tokio::select! {
        biased;
        result = poll(job, endpoints, ports, progress, &codes) => result,
        () = ports.clock.sleep(life) => Err(SignInFailure::CodeExpired),
    }
}

async fn start(
    job: &SignInJob,
    endpoints: &Endpoints,
    ports: &SignInPorts,
) -> Result<Codes, SignInFailure> {
    let Some(url) = &endpoints.device else {
        return Err(SetupFault::NoDevice.into());
    };
    let scope = scopes(&job.account, job.provider).join(separator(job.provider));
    let form = if scope.is_empty() {
        Vec::new()
    } else {
        vec![("scope".to_owned(), Secret::new(scope))]
    };
    let reply = ports
        .endpoint
        .post(exchange::request(job, endpoints, url, form))
        .await;
    if let Reply::Answered(answer) = &reply
        && answer.status == 200
        && !answer.cut
        && let Ok(codes) = serde_json::from_slice::<Codes>(&answer.body)
        && permitted_url(&codes.verification_uri).is_some()
    {
        return Ok(codes);
    }
    match classify(&reply, job.provider, ports.clock.now().wall) {
        Outcome::Failure(failure) => Err(SignInFailure::Exchange(Box::new(failure))),
        Outcome::Tokens(_) => Err(SetupFault::DeviceIsToken.into()),
    }
}

async fn poll(
    job: &SignInJob,
    endpoints: &Endpoints,
    ports: &SignInPorts,
    progress: &watch::Sender<SignInRow>,
    codes: &Codes,
) -> Result<SignedIn, SignInFailure> {
    let mut interval = codes.interval.map_or(INTERVAL, Duration::from_secs);
    let mut wait = interval;
    loop {
        ports.clock.sleep(wait.max(Duration::from_secs(1))).await;
        wait = interval;
        let form = vec![
            (
                "grant_type".to_owned(),
                Secret::new("urn:ietf:params:oauth:grant-type:device_code"),
            ),
            (
                "device_code".to_owned(),
                Secret::new(codes.device_code.clone()),
            ),
        ];
        let (reply, result) = exchange::post(job, endpoints, ports, form).await;
        let failure = match result {
            Ok(received) => {
                progress.send_modify(|row| row.phase = SignInPhase::Finishing);
                return exchange::accept(job, endpoints, received, None);
            }
            Err(failure) => failure,
        };
        let error = oauth_error(&reply);
        match error.as_ref().map(|(code, _)| code.as_str()) {
            Some("authorization_pending") => {}
            Some("slow_down") => {
                interval += INTERVAL;
                wait = interval;
            }
            Some("expired_token") => return Err(SignInFailure::CodeExpired),
            Some(code) if failure.cause.verdict() != Verdict::Wait => {
                let text = error.as_ref().and_then(|(_, text)| text.as_deref());
                return Err(SignInFailure::provider(code, text));
            }
            _ if failure.cause.verdict() == Verdict::Wait => {
                if let Some(after) = failure.retry_after {
                    wait = wait.max(after);
                } else if timed_out(&reply) {
                    // RFC 8628 §3.5 asks for an exponential back-off here.
                    wait = interval.max(wait * 2).min(LONGEST_INTERVAL.max(interval));
                }
            }
            _ => return Err(SignInFailure::Exchange(Box::new(failure))),
        }
    }
}

const fn timed_out(reply: &Reply) -> bool {
    matches!(reply, Reply::Failed(failure) if matches!(failure.kind, TransportKind::Timeout))
}

/// The error of RFC 6749 §5.2, under whatever status.
fn oauth_error(reply: &Reply) -> Option<(String, Option<String>)> {
    #[derive(Deserialize)]
    struct OauthError {
        error: String,
        error_description: Option<String>,
    }
    let Reply::Answered(reply) = reply else {
        return None;
    };
    let found: OauthError = serde_json::from_slice(&reply.body).ok()?;
    Some((found.error, found.error_description))
}
