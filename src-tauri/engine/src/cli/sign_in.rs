//! `tokentray sign-in`: shows URL or code and waits until the sign-in ended.
//!
//! URL and code go to standard output, each on a line of its own, so that a script can pass them
//! on; what a person should know goes to standard error. Ctrl-C cancels; the old grant stays.

use std::{process::ExitCode, time::Duration};

use clap::Args;
use http::Method;

use crate::{
    api::{
        client::Client,
        problem::{Code, Problem},
        types::{SignInPhase, SignInRequest, SignInRow},
    },
    cli::{
        Outcome,
        blocking::{body, path},
        failure::Failure,
        output::{self, plain},
    },
    paths::Paths,
};

/// Between two looks: short for a person, nothing for a local socket.
const LOOK_AGAIN: Duration = Duration::from_millis(300);

/// The shell's convention for "ended by Ctrl-C": 128 + SIGINT.
const INTERRUPTED: u8 = 130;

#[derive(Debug, Args)]
pub struct SignInArgs {
    /// The account
    name: String,
    /// Use a code that is typed on any device
    #[arg(long)]
    device: bool,
    /// Only print the URL; open it yourself
    #[arg(long)]
    no_browser: bool,
}

/// How to sign in.
#[derive(Clone, Copy, Debug, Default)]
pub struct Way {
    pub device: bool,
    pub no_browser: bool,
}

pub fn sign_in(args: &SignInArgs, json: bool) -> Outcome {
    let way = Way {
        device: args.device,
        no_browser: args.no_browser,
    };
    follow(&args.name, way, json)
}

/// Starts a sign-in and follows it to its end.
pub fn follow(name: &str, way: Way, json: bool) -> Outcome {
    let client = Client::socket(Paths::from_env()?.socket);
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(followed(&client, name, way, json))
}

async fn followed(client: &Client, name: &str, way: Way, json: bool) -> Outcome {
    // A browser would open on the machine, not before the person who sits elsewhere.
    let elsewhere = std::env::var_os("SSH_CONNECTION").is_some();
    let request = SignInRequest {
        device: way.device,
        no_browser: way.no_browser || elsewhere,
        activation_token: std::env::var("XDG_ACTIVATION_TOKEN").ok(),
    };
    // Listens before anything is shown: who sees the URL may press Ctrl-C at once.
    let mut interrupt = tokio::spawn(tokio::signal::ctrl_c());
    let mut row: SignInRow = client
        .send(
            Method::POST,
            &path("/v1/accounts/", name, "/sign-in"),
            Some(body(&request)?),
        )
        .await?;
    let at = path("/v1/sign-ins/", &row.id, "");
    let mut teller = Teller {
        json,
        no_browser: request.no_browser,
        elsewhere,
        told: None,
    };
    loop {
        teller.tell(&row)?;
        if let Some(end) = end_of(&row) {
            return end;
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK_AGAIN) => {}
            _ = &mut interrupt => {
                client.send::<SignInRow>(Method::DELETE, &at, None).await?;
                output::note("Cancelled; what was there stays as it was.");
                return Ok(ExitCode::from(INTERRUPTED));
            }
        }
        row = client.get(&at).await?;
    }
}

/// Says each thing once.
struct Teller {
    json: bool,
    no_browser: bool,
    elsewhere: bool,
    told: Option<SignInRow>,
}

impl Teller {
    fn tell(&mut self, row: &SignInRow) -> Result<(), Failure> {
        if self.told.as_ref() == Some(row) {
            return Ok(());
        }
        let before = self.told.replace(row.clone());
        if self.json {
            return output::json_line(row);
        }
        let known = |part: fn(&SignInRow) -> &Option<String>| {
            before.as_ref().is_some_and(|before| part(before).is_some())
        };
        if let Some(url) = &row.url
            && !known(|row| &row.url)
        {
            output::note(if self.no_browser {
                "Open this in a browser on this machine:"
            } else {
                "Waiting for your browser. If it did not open, open this:"
            });
            output::line(&plain(url))?;
            if self.elsewhere && row.device_possible {
                output::note(&format!(
                    "From afar a code is easier: tokentray sign-in {} --device",
                    plain(&row.account)
                ));
            }
        }
        if let (Some(code), Some(url)) = (&row.user_code, &row.verification_url)
            && !known(|row| &row.user_code)
        {
            output::note("Open this on any device, and enter the code:");
            output::line(&plain(url))?;
            output::line(&plain(code))?;
            if let Some(complete) = &row.verification_url_complete {
                output::note(&format!("Both in one: {}", plain(complete)));
            }
        }
        if row.phase == SignInPhase::Finishing
            && before.is_none_or(|before| before.phase != SignInPhase::Finishing)
        {
            output::note("Finishing …");
        }
        Ok(())
    }
}

/// What the command ends with; none while it goes on.
fn end_of(row: &SignInRow) -> Option<Outcome> {
    let account = plain(&row.account);
    let message = row.message.as_deref().map(plain);
    let not_signed_in = |what: &str| {
        Problem::new(
            Code::ReauthRequired,
            message.clone().unwrap_or_else(|| what.to_owned()),
        )
        .with_hint(format!("tokentray sign-in {account}"))
    };
    match row.phase {
        SignInPhase::SignedIn => {
            output::note(&format!("Signed in to {account}."));
            if let Some(warning) = &row.warning {
                output::note(&plain(warning));
            }
            Some(Ok(ExitCode::SUCCESS))
        }
        SignInPhase::Failed => Some(Err(not_signed_in("the sign-in failed").into())),
        SignInPhase::Cancelled => Some(Err(not_signed_in("the sign-in was cancelled").into())),
        SignInPhase::Starting
        | SignInPhase::WaitingForBrowser
        | SignInPhase::WaitingForCode
        | SignInPhase::Finishing => None,
    }
}
