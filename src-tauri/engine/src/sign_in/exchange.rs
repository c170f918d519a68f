//! From a token endpoint's reply to a grant of the right person.
//!
//! It must not store anything. Surprising: only a request that never left this machine is repeated;
//! a code can be redeemed once.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use crate::{
    api::types::SaidCode,
    domain::{
        classify::{Failure, Outcome, TokenReply, classify},
        grant::Grant,
        reply::{HttpReply, Reply},
        secret::Secret,
    },
    io::token_endpoint::FormRequest,
};

use super::{
    SignInFailure, SignInJob, SignInPorts, SignedIn,
    authorization::{extra_params, scopes},
    endpoints::Endpoints,
    id_token::{self, Expectation},
};

/// Waits before the tries that follow one which found no connection.
const RETRY_AFTER: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(2)];

/// The tokens of a success, with what is needed to judge them.
pub struct Received {
    pub tokens: TokenReply,
    pub sent_at: DateTime<Utc>,
    /// The reply's `Date`, else the local time.
    pub provider_now: DateTime<Utc>,
}

/// One POST to the token endpoint, classified.
pub async fn post(
    job: &SignInJob,
    endpoints: &Endpoints,
    ports: &SignInPorts,
    form: Vec<(String, Secret)>,
) -> (Reply, Result<Received, Failure>) {
    let sent_at = ports.clock.now().wall;
    let request = request(job, endpoints, &endpoints.token, form);
    let secrets = request.secrets();
    let reply = ports.endpoint.post(request).await;
    let now = ports.clock.now().wall;
    let result = match classify(&reply, job.provider, now) {
        Outcome::Tokens(tokens) => Ok(Received {
            tokens: *tokens,
            sent_at,
            provider_now: date(&reply).unwrap_or(now),
        }),
        Outcome::Failure(mut failure) => {
            failure.conceal(&secrets);
            Err(failure)
        }
    };
    (reply, result)
}

/// Redeems a code; repeated only where no connection was made.
pub async fn redeem(
    job: &SignInJob,
    endpoints: &Endpoints,
    ports: &SignInPorts,
    form: &[(String, Secret)],
) -> Result<Received, SignInFailure> {
    let mut waits = RETRY_AFTER.into_iter();
    loop {
        match post(job, endpoints, ports, form.to_vec()).await.1 {
            Ok(received) => return Ok(received),
            Err(failure) if failure.never_sent => match waits.next() {
                Some(wait) => ports.clock.sleep(wait).await,
                None => return Err(SignInFailure::Exchange(Box::new(failure))),
            },
            Err(failure) => return Err(SignInFailure::Exchange(Box::new(failure))),
        }
    }
}

/// A form to one of the provider's endpoints, proven as its metadata or the account says.
pub fn request(
    job: &SignInJob,
    endpoints: &Endpoints,
    url: &str,
    form: Vec<(String, Secret)>,
) -> FormRequest {
    FormRequest {
        url: url.to_owned(),
        client_id: job.account.client_id.clone(),
        client_secret: job.client_secret.clone(),
        client_auth: endpoints.client_auth,
        form,
        style: job
            .provider
            .map(|row| row.request_style)
            .unwrap_or_default(),
    }
}

/// Makes the grant, if the ID token is right and the right person came back.
pub fn accept(
    job: &SignInJob,
    endpoints: &Endpoints,
    received: Received,
    nonce: Option<&Secret>,
) -> Result<SignedIn, SignInFailure> {
    let Received {
        mut tokens,
        sent_at,
        provider_now,
    } = received;
    let requested = scopes(&job.account, job.provider);
    let mut claims = None;
    if let Some(id_token) = &tokens.id_token {
        let checked = id_token::check(
            id_token,
            &Expectation {
                issuer: endpoints.issuer.as_deref(),
                client_id: &job.account.client_id,
                nonce,
                now: provider_now,
            },
        );
        match checked {
            Ok(found) => claims = Some(found),
            Err(error) if requested.iter().any(|scope| scope == "openid") => {
                return Err(error.into());
            }
            // Nobody asked for it: it is not worth a failure, and not worth keeping.
            Err(_) => tokens.id_token = None,
        }
    }
    let mut grant = Grant::from_reply(
        tokens,
        None,
        endpoints.binding(&job.account),
        &requested,
        sent_at,
    );
    grant.client_secret.clone_from(&job.client_secret);
    let who = claims.as_ref().and_then(id_token::who);
    let identity_checked = match (&job.expected, &grant.subject) {
        (Some(expected), Some(came)) if expected != came => {
            return Err(SignInFailure::WrongAccount {
                who: who.unwrap_or_else(|| "Somebody else".into()),
            });
        }
        (Some(_), None) => false,
        _ => true,
    };
    Ok(SignedIn {
        warning: warning(job, endpoints, &grant, &requested, identity_checked),
        who: who.filter(|_| named(claims.as_ref())),
        grant,
        identity_checked,
    })
}

/// Whether the claims name the person in a way that means something to people.
fn named(claims: Option<&Map<String, Value>>) -> bool {
    claims.is_some_and(|claims| {
        ["email", "preferred_username", "upn", "name"]
            .iter()
            .any(|name| claims.get(*name).is_some_and(Value::is_string))
    })
}

/// What the person should know about a grant that came.
fn warning(
    job: &SignInJob,
    endpoints: &Endpoints,
    grant: &Grant,
    requested: &[String],
    identity_checked: bool,
) -> Option<(String, SaidCode)> {
    if grant.refresh_token.is_none() {
        let offline = "offline_access";
        let asked = requested.iter().any(|scope| scope == offline)
            || extra_params(&job.account, job.provider)
                .iter()
                .any(|(_, value)| value == "offline");
        if asked || grant.expires_at.is_some() {
            let way_out = if !asked && endpoints.scopes_supported.iter().any(|s| s == offline) {
                " Adding the scope offline_access to the account may help."
            } else {
                ""
            };
            let words = format!(
                "The provider gave no refresh token: you will have to sign in again when the \
                 access token ends.{way_out}"
            );
            return Some((words, SaidCode::NoRefreshTokenCame));
        }
    }
    (!identity_checked).then(|| {
        let words = "The provider did not say who signed in, so it could not be compared with \
                     before.";
        (words.to_owned(), SaidCode::NotCompared)
    })
}

/// The `Date` of a reply (RFC 9110 §6.6.1).
fn date(reply: &Reply) -> Option<DateTime<Utc>> {
    let Reply::Answered(reply) = reply else {
        return None;
    };
    let text = HttpReply::header(reply, "date")?;
    Some(DateTime::parse_from_rfc2822(text).ok()?.to_utc())
}
