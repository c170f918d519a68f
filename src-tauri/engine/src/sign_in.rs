//! One attempt to sign in, from the click to a grant: browser with PKCE, or a device code.
//!
//! It knows ports and rules, never an adapter, the vault or the coordinator: what it returns is
//! stored by whoever called, and until then the old grant stays in use. Surprising: nothing here
//! ever deletes, revokes or inherits; an attempt that fails, is cancelled or brings somebody else
//! back leaves no trace.

use std::{future::Future, sync::Arc, time::Duration};

use chrono::TimeDelta;
use tokio::sync::watch;

use crate::{
    api::types::{SaidCode, SignInPhase, SignInRequest, SignInRow},
    domain::{
        account::{Account, Flow},
        grant::{Grant, Subject},
        provider::Provider,
        secret::Secret,
    },
    io::{browser::Browser, clock::Clock, token_endpoint::TokenEndpoint},
};

mod authorization;
mod code_flow;
mod device;
pub mod discovery;
mod endpoints;
mod exchange;
mod failure;
pub mod id_token;
mod loopback;
mod pages;
mod revocation;

pub use failure::{SetupFault, SignInFailure};
pub use revocation::{RevokeError, is_revocable, revoke};

/// How long a person has in the browser. A device code lasts as long as the provider says.
pub const TIME_LIMIT: Duration = Duration::from_mins(10);

/// Everything that one attempt needs to know.
#[derive(Clone, Debug)]
pub struct SignInJob {
    /// Id of the attempt (`GET /v1/sign-ins/{id}`).
    pub id: String,
    pub account: Account,
    /// The account's row of the provider table, if any.
    pub provider: Option<&'static Provider>,
    pub client_secret: Option<Secret>,
    /// Who signed in before: somebody else is refused.
    pub expected: Option<Subject>,
    pub request: SignInRequest,
}

/// The outside world of a sign-in.
#[derive(Clone)]
pub struct SignInPorts {
    pub endpoint: Arc<dyn TokenEndpoint>,
    pub browser: Arc<dyn Browser>,
    pub clock: Arc<dyn Clock>,
}

/// What a successful attempt brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedIn {
    /// Generation 0: whoever stores it numbers it.
    pub grant: Grant,
    /// Worth telling the person: no refresh token came, or nobody knows who signed in.
    pub warning: Option<(String, SaidCode)>,
    /// Who came back, as the provider calls them; none where it does not say.
    pub who: Option<String>,
    /// False: somebody was expected and the provider did not say who came; ask before replacing.
    pub identity_checked: bool,
}

impl SignInJob {
    fn by_device(&self) -> bool {
        self.request.device || self.account.flow == Flow::Device
    }
}

/// The first row of an attempt, for the channel that [`run`] reports on.
pub fn first_row(job: &SignInJob, clock: &dyn Clock) -> SignInRow {
    SignInRow {
        id: job.id.clone(),
        account: job.account.name.clone(),
        phase: SignInPhase::Starting,
        url: None,
        user_code: None,
        verification_url: None,
        verification_url_complete: None,
        ends_at: clock.now().wall + TimeDelta::from_std(TIME_LIMIT).unwrap_or_default(),
        message: None,
        warning: None,
        said: None,
        device_possible: job.account.device_url.is_some()
            || job.provider.is_some_and(|p| p.device_url.is_some()),
    }
}

/// Owns one attempt: ends when the person signed in, something failed, time is up, or `cancel`
/// resolves.
///
/// The vault must have been proven writable before. Phases up to `finishing` are reported on
/// `progress`, as are `failed` and `cancelled` with their sentence; `signed_in` is for the caller
/// to report, once the grant is stored.
pub async fn run(
    job: SignInJob,
    ports: SignInPorts,
    progress: watch::Sender<SignInRow>,
    cancel: impl Future<Output = ()> + Send,
) -> Result<SignedIn, SignInFailure> {
    let result = tokio::select! {
        biased;
        () = cancel => Err(SignInFailure::Cancelled),
        result = attempt(&job, &ports, &progress) => result,
    };
    if let Err(failure) = &result {
        let phase = match failure {
            SignInFailure::Cancelled => SignInPhase::Cancelled,
            _ => SignInPhase::Failed,
        };
        progress.send_modify(|row| {
            row.phase = phase;
            row.message = Some(failure.to_string());
            row.said = Some(failure.said());
        });
    }
    result
}

async fn attempt(
    job: &SignInJob,
    ports: &SignInPorts,
    progress: &watch::Sender<SignInRow>,
) -> Result<SignedIn, SignInFailure> {
    let endpoints = endpoints::resolve(job, &*ports.endpoint).await?;
    progress.send_modify(|row| row.device_possible = endpoints.device.is_some());
    if job.by_device() {
        device::run(job, &endpoints, ports, progress).await
    } else {
        code_flow::run(job, &endpoints, ports, progress).await
    }
}
