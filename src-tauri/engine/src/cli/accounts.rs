//! Commands that add, change and remove accounts.

use std::{
    collections::BTreeMap,
    io::{self, BufRead, IsTerminal, Read},
    process::ExitCode,
};

use clap::{Args, ValueEnum};
use serde_json::Value;
use url::Url;

use crate::{
    api::types::{AccountRow, AccountSettings, ImportRequest},
    cli::{
        Outcome,
        blocking::{Asker, body, path},
        failure::Failure,
        output::{self, plain},
        sign_in,
    },
    domain::account::Redirect,
};

/// Longest standard input that is read, in bytes: the API's own limit of a body.
const INPUT_LIMIT: u64 = 1024 * 1024;

#[derive(Debug, Args)]
pub struct NameArgs {
    /// The account
    name: String,
}

#[derive(Debug, Args)]
pub struct NameOrAllArgs {
    /// The account; all where none is named
    name: Option<String>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum FlowArg {
    /// The system's browser
    Browser,
    /// A code that is typed on any device
    Device,
}

#[derive(Debug, Args)]
#[command(
    group = clap::ArgGroup::new("where").required(true).multiple(true),
    after_help = "\
Examples:
  tokentray add work --provider google --client-id ID --client-secret-stdin < secret
  tokentray add home --issuer https://login.example.com --client-id ID --scope openid --scope email
  tokentray add old --auth-url https://a.example/a --token-url https://a.example/t --client-id ID"
)]
pub struct AddArgs {
    /// A name of your choice; programs ask for the token by it
    name: String,
    /// A provider that Tokentray knows
    #[arg(long, value_name = "PROVIDER", group = "where",
        conflicts_with_all = ["issuer", "auth_url", "token_url", "device_url"])]
    provider: Option<String>,
    /// An issuer with discovery (OpenID Connect)
    #[arg(long, value_name = "URL", group = "where",
        conflicts_with_all = ["auth_url", "token_url", "device_url"])]
    issuer: Option<String>,
    /// The authorization endpoint
    #[arg(long, value_name = "URL", requires = "token_url")]
    auth_url: Option<String>,
    /// The token endpoint
    #[arg(long, value_name = "URL", group = "where")]
    token_url: Option<String>,
    /// The device authorization endpoint
    #[arg(long, value_name = "URL", requires = "token_url")]
    device_url: Option<String>,
    /// The client id that the provider gave you
    #[arg(long, value_name = "ID")]
    client_id: String,
    /// Read the client secret from standard input
    #[arg(long)]
    client_secret_stdin: bool,
    /// A scope to ask for; may be repeated
    #[arg(long = "scope", value_name = "SCOPE")]
    scopes: Vec<String>,
    /// Where the browser comes back to [default: 127.0.0.1, any free port]
    #[arg(
        long,
        value_name = "URL",
        long_help = "Where the browser comes back to, such as \
        http://localhost:8400/callback; without a port any free one is taken \
        [default: http://127.0.0.1/callback]"
    )]
    redirect: Option<String>,
    /// How to sign in
    #[arg(long)]
    flow: Option<FlowArg>,
    /// Whom the provider should expect, such as an e-mail address
    #[arg(long, value_name = "HINT")]
    login_hint: Option<String>,
    /// A further parameter of the authorization request, such as audience=api; may be repeated
    #[arg(long = "param", value_name = "NAME=VALUE")]
    params: Vec<String>,
    /// Only add it; sign in later
    #[arg(long)]
    no_sign_in: bool,
}

pub fn add(args: AddArgs, json: bool) -> Outcome {
    let redirect = args.redirect.as_deref().map(redirect).transpose()?;
    let settings = AccountSettings {
        name: args.name.clone(),
        provider: args.provider,
        issuer: args.issuer,
        auth_url: args.auth_url,
        token_url: args.token_url,
        device_url: args.device_url,
        client_id: args.client_id,
        scopes: args.scopes,
        redirect_host: redirect.as_ref().map(|redirect| redirect.host.clone()),
        redirect_path: redirect.as_ref().map(|redirect| redirect.path.clone()),
        redirect_ports: redirect.map(|redirect| redirect.ports).unwrap_or_default(),
        flow: args.flow.map(|flow| {
            match flow {
                FlowArg::Browser => "browser",
                FlowArg::Device => "device",
            }
            .to_owned()
        }),
        login_hint: args.login_hint,
        auth_params: params(&args.params)?,
        ..AccountSettings::default()
    };
    let mut request = body(&settings)?;
    if args.client_secret_stdin {
        // Not a member that is ever written out by itself.
        request["client_secret"] = Value::String(secret_from_stdin()?);
    }
    let asker = Asker::from_env()?;
    let row: AccountRow = asker.send("POST", "/v1/accounts", Some(&request))?;
    if args.no_sign_in {
        return report(&row, json);
    }
    output::note(&format!("Added {}.", plain(&row.name)));
    sign_in::follow(&row.name, sign_in::Way::default(), json)
}

/// A loopback redirect (RFC 8252 §7.3).
fn redirect(text: &str) -> Result<Redirect, Failure> {
    let wrong = |why: &str| {
        Failure::usage(
            format!("--redirect {text:?}: {why}"),
            "tokentray add NAME … --redirect http://127.0.0.1:8400/callback",
        )
    };
    let url = Url::parse(text).map_err(|error| wrong(&error.to_string()))?;
    if url.scheme() != "http" {
        return Err(wrong(
            "it must begin with http://, since it stays on this machine",
        ));
    }
    let host = url.host_str().unwrap_or_default().to_owned();
    if !matches!(host.as_str(), "127.0.0.1" | "localhost") {
        return Err(wrong("the host must be 127.0.0.1 or localhost"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(wrong("it can have neither query nor fragment"));
    }
    Ok(Redirect {
        host,
        // `http://localhost` names no port: any free one.
        ports: url.port().into_iter().collect(),
        path: url.path().to_owned(),
    })
}

fn params(list: &[String]) -> Result<BTreeMap<String, String>, Failure> {
    list.iter()
        .map(|param| {
            param
                .split_once('=')
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .ok_or_else(|| {
                    Failure::usage(
                        format!("--param {param:?} is not NAME=VALUE"),
                        "tokentray add NAME … --param audience=https://api.example.com",
                    )
                })
        })
        .collect()
}

/// The first line: a trailing newline is the editor's, not the secret's.
fn secret_from_stdin() -> Result<String, Failure> {
    let stdin = io::stdin();
    if stdin.is_terminal() {
        output::note("Paste the client secret and press Enter (it stays visible here):");
    }
    let mut line = String::new();
    stdin.lock().take(INPUT_LIMIT).read_line(&mut line)?;
    let secret = line.trim_end_matches(['\r', '\n']);
    if secret.is_empty() {
        return Err(Failure::usage(
            "there is no client secret on standard input",
            "tokentray add NAME … --client-secret-stdin < FILE",
        ));
    }
    Ok(secret.to_owned())
}

pub fn sign_out(args: &NameArgs, json: bool) -> Outcome {
    post(&args.name, "/sign-out", json)
}

pub fn refresh(args: &NameArgs, json: bool) -> Outcome {
    post(&args.name, "/refresh", json)
}

pub fn pause(args: &NameOrAllArgs, json: bool) -> Outcome {
    one_or_all(args, "/pause", json)
}

pub fn resume(args: &NameOrAllArgs, json: bool) -> Outcome {
    one_or_all(args, "/resume", json)
}

fn one_or_all(args: &NameOrAllArgs, what: &str, json: bool) -> Outcome {
    if let Some(name) = &args.name {
        return post(name, what, json);
    }
    Asker::from_env()?.send::<()>("POST", &format!("/v1{what}"), None)?;
    Ok(ExitCode::SUCCESS)
}

fn post(name: &str, what: &str, json: bool) -> Outcome {
    let row: AccountRow =
        Asker::from_env()?.send("POST", &path("/v1/accounts/", name, what), None)?;
    report(&row, json)
}

/// How the account stands now.
pub fn report(row: &AccountRow, json: bool) -> Outcome {
    if json {
        output::json(row)?;
    } else {
        output::line(&format!("{}: {}", plain(&row.name), plain(&row.message)))?;
    }
    Ok(ExitCode::SUCCESS)
}

#[derive(Debug, Args)]
pub struct RemoveArgs {
    /// The account
    name: String,
    /// Do not ask
    #[arg(long, short)]
    yes: bool,
    /// Leave the grant valid at the provider
    #[arg(long)]
    no_revoke: bool,
}

pub fn remove(args: &RemoveArgs) -> Outcome {
    let name = plain(&args.name);
    let asker = Asker::from_env()?;
    if !args.yes {
        if !output::can_ask() {
            return Err(Failure::usage(
                format!("removing {name} needs a yes, and nobody can be asked here"),
                &format!("tokentray remove {name} --yes"),
            ));
        }
        let revoke = if args.no_revoke {
            ""
        } else {
            ", and revoke its grant if the provider offers that"
        };
        if !output::confirmed(&format!("Remove {name}{revoke}?"))? {
            output::note("Nothing was removed.");
            return Ok(ExitCode::SUCCESS);
        }
    }
    let revoke = !args.no_revoke;
    asker.send::<()>(
        "DELETE",
        &path("/v1/accounts/", &args.name, &format!("?revoke={revoke}")),
        None,
    )?;
    output::note(&format!("Removed {name}."));
    Ok(ExitCode::SUCCESS)
}

#[derive(Debug, Args)]
#[command(after_help = "\
Standard input is a token response (RFC 6749 section 5.1), with `expires_at` in Unix seconds and
`id_token` where there are some. Where the provider rotates refresh tokens, or may, only the access
token is taken, unless --take-over names the program that held the grant so far.")]
pub struct ImportArgs {
    /// The account
    name: String,
    /// The program that held the refresh token so far, and that is stopped now
    #[arg(long, value_name = "PROGRAM")]
    take_over: Option<String>,
    /// Do not ask whether that program is stopped
    #[arg(long, short, requires = "take_over")]
    yes: bool,
}

pub fn import(args: ImportArgs, json: bool) -> Outcome {
    let asker = Asker::from_env()?;
    if let Some(program) = &args.take_over
        && !args.yes
    {
        let program = plain(program);
        // Standard input holds the grant, so nobody can be asked there.
        return Err(Failure::usage(
            format!(
                "two programs that use one refresh token end it for both: stop {program} first"
            ),
            &format!(
                "tokentray import {} --take-over {program} --yes",
                plain(&args.name)
            ),
        ));
    }
    let mut token_response = String::new();
    io::stdin()
        .lock()
        .take(INPUT_LIMIT)
        .read_to_string(&mut token_response)?;
    if token_response.trim().is_empty() {
        return Err(Failure::usage(
            "there is no token response on standard input",
            &format!("tokentray import {} < FILE", plain(&args.name)),
        ));
    }
    let request = ImportRequest {
        token_response,
        take_over: args.take_over,
    };
    let row: AccountRow = asker.send(
        "POST",
        &path("/v1/accounts/", &args.name, "/import"),
        Some(&body(&request)?),
    )?;
    report(&row, json)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirect_stays_on_this_machine() {
        let read = |text: &str| {
            let redirect = redirect(text).unwrap();
            (redirect.host, redirect.ports, redirect.path)
        };
        assert_eq!(
            read("http://localhost:8400/back"),
            ("localhost".into(), vec![8400], "/back".into())
        );
        assert_eq!(
            read("http://127.0.0.1"),
            ("127.0.0.1".into(), vec![], "/".into())
        );
        for wrong in [
            "https://localhost/back",
            "http://example.com/back",
            "http://localhost/back?x=y",
            "localhost",
        ] {
            assert!(redirect(wrong).is_err(), "{wrong}");
        }
    }
}
