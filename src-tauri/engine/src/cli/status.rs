//! `tokentray status`: all accounts in a table, the ones that need a person first.

use std::process::ExitCode;

use chrono::{DateTime, Utc};
use clap::Args;

use crate::{
    api::{
        problem::{Code, Problem},
        types::{AccountRow, AccountState, Status},
    },
    cli::{
        Outcome,
        blocking::Asker,
        failure::Failure,
        output::{self, plain, relative, wall_time},
    },
    domain::grant::ExpiresSource,
};

#[derive(Debug, Args)]
pub struct StatusArgs {
    /// Only this account
    name: Option<String>,
    /// Exit with the code of the worst account: 3 sign in, 7 keychain, 8 setup, 4 not now
    #[arg(long)]
    check: bool,
}

pub fn status(args: &StatusArgs, json: bool) -> Outcome {
    let mut status: Status = Asker::from_env()?.get("/v1/status")?;
    if let Some(name) = &args.name {
        only(&mut status, name)?;
    }
    if json {
        output::json(&status)?;
    } else {
        let text = match &args.name {
            Some(_) => status
                .accounts
                .first()
                .map(|row| details(row, wall_time()))
                .unwrap_or_default(),
            None => overview(&status, wall_time()),
        };
        output::line(text.trim_end())?;
    }
    Ok(if args.check {
        ExitCode::from(check_code(status.overall))
    } else {
        ExitCode::SUCCESS
    })
}

/// Leaves only the account of that name; the overall state is its own then.
fn only(status: &mut Status, name: &str) -> Result<(), Failure> {
    let wanted = name.to_lowercase();
    status
        .accounts
        .retain(|row| row.name.to_lowercase() == wanted);
    let Some(row) = status.accounts.first() else {
        return Err(Problem::new(
            Code::NotFound,
            format!("there is no account {:?}", plain(name)),
        )
        .with_hint("tokentray status")
        .into());
    };
    status.overall = row.state;
    Ok(())
}

/// The exit code of `status --check` (API.md's codes, by state).
const fn check_code(state: AccountState) -> u8 {
    match state {
        AccountState::SignInNeeded => 3,
        AccountState::VaultLocked => 7,
        AccountState::FixSetup => 8,
        AccountState::Unclear
        | AccountState::Expired
        | AccountState::Waiting
        | AccountState::Loading => 4,
        AccountState::Refreshing
        | AccountState::Expiring
        | AccountState::Ok
        | AccountState::Paused
        | AccountState::SignedOut => 0,
    }
}

fn overview(status: &Status, now: DateTime<Utc>) -> String {
    let mut text = format!("{}\n", plain(&status.headline));
    if status.accounts.is_empty() {
        return text + "Add one: tokentray add NAME --help. Or look around: tokentray demo\n";
    }
    let mut rows = vec![
        ["ACCOUNT", "STATE", "TOKEN", "NEXT", ""]
            .map(str::to_owned)
            .to_vec(),
    ];
    rows.extend(status.accounts.iter().map(|row| {
        vec![
            plain(&row.name),
            words_of(row.state).to_owned(),
            token_column(row, now),
            row.next_refresh_at
                .map(|at| relative(at, now))
                .unwrap_or_default(),
            plain(&row.message),
        ]
    }));
    text.push('\n');
    text + &output::table(&rows)
}

/// The state as a person says it; JSON has the code.
const fn words_of(state: AccountState) -> &'static str {
    match state {
        AccountState::SignInNeeded => "sign in again",
        AccountState::VaultLocked => "keychain",
        AccountState::FixSetup => "setup",
        AccountState::Unclear => "unclear",
        AccountState::Expired => "expired",
        AccountState::Waiting => "waiting",
        AccountState::Refreshing => "refreshing",
        AccountState::Expiring => "expiring",
        AccountState::Ok => "ok",
        AccountState::Paused => "paused",
        AccountState::SignedOut => "signed out",
        AccountState::Loading => "loading",
    }
}

fn token_column(row: &AccountRow, now: DateTime<Utc>) -> String {
    match (row.expires_at, row.expires_source) {
        (Some(at), Some(ExpiresSource::Assumed)) => format!("ends {} (assumed)", relative(at, now)),
        (Some(at), _) if at > now => format!("ends {}", relative(at, now)),
        (Some(at), _) => format!("over {}", relative(at, now)),
        (None, _) if row.token_valid => "no known end".to_owned(),
        (None, _) => "none".to_owned(),
    }
}

fn details(row: &AccountRow, now: DateTime<Utc>) -> String {
    let time = |at: Option<DateTime<Utc>>| {
        at.map(|at| {
            format!(
                "{} ({})",
                at.format("%Y-%m-%d %H:%M:%S UTC"),
                relative(at, now)
            )
        })
    };
    let mut rows: Vec<(&str, Option<String>)> = vec![
        ("account", Some(row.name.clone())),
        ("provider", Some(row.provider_name.clone())),
        ("state", Some(words_of(row.state).to_owned())),
        ("", Some(row.message.clone())),
    ];
    if let Some(told) = &row.told {
        rows.push(("next", Some(told.next.clone())));
        rows.push(("you", Some(told.you.clone())));
    }
    if let Some(incident) = &row.incident {
        rows.push(("why", Some(incident.why.clone())));
        rows.push(("next time", incident.advice.clone()));
    }
    rows.extend([
        ("token", Some(token_column(row, now))),
        ("token ends", time(row.expires_at)),
        ("issued", time(row.issued_at)),
        ("next refresh", time(row.next_refresh_at)),
        ("asks you", time(row.asks_at)),
        ("last refreshed", time(row.last_refreshed_at)),
        (
            "refresh token",
            Some(
                if row.has_refresh_token {
                    "held"
                } else {
                    "none"
                }
                .to_owned(),
            ),
        ),
        ("refresh token ends", time(row.refresh_token_expires_at)),
        ("scopes", Some(row.scopes.join(" "))),
        ("used by", Some(row.used_by.join(", "))),
        (
            "unsaved",
            row.unsaved
                .then(|| "the newest grant is not in the keychain yet".to_owned()),
        ),
    ]);
    let rows: Vec<Vec<String>> = rows
        .into_iter()
        .filter_map(|(label, value)| Some((label, value.filter(|value| !value.is_empty())?)))
        .map(|(label, value)| vec![label.to_owned(), plain(&value)])
        .collect();
    output::table(&rows)
}
