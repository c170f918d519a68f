//! Signing in with the browser: authorization code with PKCE, always S256, never tried without.
//!
//! It must not open a browser that nobody asked for. Surprising: the port is bound before the
//! address is built, and both requests carry exactly the bound redirect.

use tokio::sync::watch;

use crate::{
    api::types::{Said, SaidCode, SignInPhase, SignInRow},
    domain::secret::Secret,
};

use super::{
    SignInFailure, SignInJob, SignInPorts, SignedIn, TIME_LIMIT,
    authorization::{Authorization, Callback},
    endpoints::Endpoints,
    exchange,
    loopback::{Attempt, Loopback},
    pages::Page,
};

/// Runs the whole flow; bounded by [`TIME_LIMIT`] until the browser came back.
pub async fn run(
    job: &SignInJob,
    endpoints: &Endpoints,
    ports: &SignInPorts,
    progress: &watch::Sender<SignInRow>,
) -> Result<SignedIn, SignInFailure> {
    let loopback = Loopback::bind(&job.account.redirect).await?;
    let authorization = Authorization::new(job, endpoints, loopback.redirect_uri())?;
    let mut attempt = loopback.listen(authorization.state.clone(), job.account.name.clone());
    progress.send_modify(|row| {
        row.phase = SignInPhase::WaitingForBrowser;
        row.url = Some(authorization.url.to_string());
    });
    let callback = tokio::select! {
        biased;
        callback = wait(job, ports, progress, &authorization, &mut attempt) => callback,
        () = ports.clock.sleep(TIME_LIMIT) => return Err(SignInFailure::TimedOut),
    };
    progress.send_modify(|row| {
        row.phase = SignInPhase::Finishing;
        row.url = None;
        row.message = None;
        row.said = None;
    });
    let result = finish(job, endpoints, ports, &authorization, callback).await;
    attempt.finish(match &result {
        Ok(done) => Page::signed_in(
            &job.account.name,
            done.who.as_deref(),
            done.warning.as_ref().map(|(words, _)| words.clone()),
        ),
        Err(failure) => Page::failed(&job.account.name, &failure.to_string()),
    });
    result
}

/// Opens the browser and waits for it to come back; it may do so before the opening ends.
async fn wait(
    job: &SignInJob,
    ports: &SignInPorts,
    progress: &watch::Sender<SignInRow>,
    authorization: &Authorization,
    attempt: &mut Attempt,
) -> Callback {
    let opening = async {
        if job.request.no_browser {
            return;
        }
        let address = authorization.url.to_string();
        let own = job.account.browser.clone();
        if let Err(error) = ports.browser.open_by(own, address).await {
            progress.send_modify(|row| {
                row.message = Some(format!(
                    "The browser could not be opened ({error}). Copy the link and open it yourself."
                ));
                row.said = Some(Said::plain(SaidCode::BrowserNotOpened));
            });
        }
    };
    tokio::select! {
        biased;
        callback = attempt.callback() => return callback,
        () = opening => {}
    }
    attempt.callback().await
}

async fn finish(
    job: &SignInJob,
    endpoints: &Endpoints,
    ports: &SignInPorts,
    authorization: &Authorization,
    callback: Callback,
) -> Result<SignedIn, SignInFailure> {
    let code = callback.into_code(endpoints)?;
    let form = [
        ("grant_type", Secret::new("authorization_code")),
        ("code", code),
        (
            "redirect_uri",
            Secret::new(authorization.redirect_uri.clone()),
        ),
        ("code_verifier", authorization.verifier.clone()),
    ]
    .map(|(name, value)| (name.to_owned(), value));
    let received = exchange::redeem(job, endpoints, ports, &form).await?;
    exchange::accept(job, endpoints, received, authorization.nonce.as_ref())
}
