//! The command line: what can be typed, and where it goes.
//!
//! One file for each family of commands. Simple questions go through [`blocking`], which starts no
//! runtime, no log and reads no settings: `tokentray token` is called by every `git fetch` and must
//! cost nothing. Only the resident commands and `sign-in` start tokio.

mod accounts;
mod blocking;
mod doctor;
mod duration;
mod explain;
mod failure;
mod history;
mod output;
mod pages;
mod resident;
mod settings;
mod sign_in;
mod status;
mod token;
#[cfg(target_os = "linux")]
mod tray;
mod vault;
mod watch;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use failure::Failure;

/// What a command ends with: the exit code of API.md.
type Outcome = Result<ExitCode, Failure>;

#[derive(Debug, Parser)]
#[command(
    name = "tokentray",
    version,
    about = "Keeps OAuth and OpenID Connect tokens alive and hands them to programs",
    long_about = "Keeps OAuth and OpenID Connect tokens alive and hands them to programs.\n\n\
        An engine holds every grant in the system's keychain and refreshes it in time: `tokentray \
        tray` with a desktop, `tokentray daemon` without. All other commands ask that engine.",
    after_long_help = AFTER_HELP,
    subcommand_required = true,
    arg_required_else_help = true,
    infer_long_args = false,
    max_term_width = 100,
)]
pub struct Cli {
    /// Print JSON; errors become problem documents on standard error
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

const AFTER_HELP: &str = "\
Exit codes:
  0  done
  1  a defect of Tokentray
  2  wrong usage, or a conflict with what is there
  3  a person must sign in again
  4  try again later (waiting, paused, rate limited, busy)
  5  no such account
  6  Tokentray is not running
  7  the keychain is locked or cannot be used
  8  the account's setup must be fixed
  9  not allowed

Environment:
  TOKENTRAY_SOCKET       the engine's socket
  TOKENTRAY_CONFIG_DIR   folder of config.toml
  TOKENTRAY_STATE_DIR    folder of history, journal, locks and log
  TOKENTRAY_LOG          what is logged, such as debug or tokentray=trace

Try it without any account: tokentray demo";

#[derive(Debug, Subcommand)]
enum Command {
    /// Tell the whole story in a minute, on the built-in practice provider
    Demo(resident::DemoArgs),
    /// Run the engine without a desktop
    Daemon(resident::VaultArgs),
    /// Run the engine with tray icon and notifications
    Tray(resident::VaultArgs),
    /// Add an account, then sign in
    Add(Box<accounts::AddArgs>),
    /// Sign in to an account (again)
    SignIn(sign_in::SignInArgs),
    /// Drop an account's grant and keep the account
    SignOut(accounts::NameArgs),
    /// Print a fresh token
    Token(token::TokenArgs),
    /// Show all accounts, or one
    Status(status::StatusArgs),
    /// Show what happened
    History(history::HistoryArgs),
    /// Refresh an account now
    Refresh(accounts::NameArgs),
    /// Stop refreshing an account, or all
    Pause(accounts::NameOrAllArgs),
    /// Go on refreshing an account, or all
    Resume(accounts::NameOrAllArgs),
    /// Remove an account and revoke its grant at the provider
    Remove(accounts::RemoveArgs),
    /// Take in a grant from standard input
    Import(accounts::ImportArgs),
    /// Explain a token endpoint's reply from standard input
    Explain(explain::ExplainArgs),
    /// Unlock the keychain
    Unlock,
    /// Where grants are kept
    #[command(subcommand)]
    Vault(vault::VaultCommand),
    /// Follow what happens, live
    Watch(watch::WatchArgs),
    /// Look for what does not work, and say how to mend it
    Doctor,
    /// Open the window
    Open,
    /// Show or change settings
    Settings(settings::SettingsArgs),
    /// Print a shell's completions
    Completions(pages::CompletionsArgs),
    /// Print the manual page
    Man(pages::ManArgs),
}

/// Reads the arguments, does what they say, and returns the exit code.
pub fn run() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // clap's own words; help and version go to standard output.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    match dispatch(cli.command, cli.json) {
        Ok(code) => code,
        Err(failure) => failure.report(cli.json),
    }
}

fn dispatch(command: Command, json: bool) -> Outcome {
    match command {
        Command::Demo(args) => resident::demo(&args),
        Command::Daemon(args) => resident::daemon(&args),
        Command::Tray(args) => tray(&args),
        Command::Add(args) => accounts::add(*args, json),
        Command::SignIn(args) => sign_in::sign_in(&args, json),
        Command::SignOut(args) => accounts::sign_out(&args, json),
        Command::Token(args) => token::token(&args, json),
        Command::Status(args) => status::status(&args, json),
        Command::History(args) => history::history(&args, json),
        Command::Refresh(args) => accounts::refresh(&args, json),
        Command::Pause(args) => accounts::pause(&args, json),
        Command::Resume(args) => accounts::resume(&args, json),
        Command::Remove(args) => accounts::remove(&args),
        Command::Import(args) => accounts::import(args, json),
        Command::Explain(args) => explain::explain(&args, json),
        Command::Unlock => vault::unlock(),
        Command::Vault(command) => vault::vault(&command),
        Command::Watch(args) => watch::watch(&args, json),
        Command::Doctor => doctor::doctor(json),
        Command::Open => settings::open(),
        Command::Settings(args) => settings::settings(&args, json),
        Command::Completions(args) => pages::completions(&args),
        Command::Man(args) => pages::man(&args),
    }
}

#[cfg(target_os = "linux")]
fn tray(args: &resident::VaultArgs) -> Outcome {
    tray::tray(args)
}

/// Elsewhere tray and window are one program.
#[cfg(not(target_os = "linux"))]
fn tray(_args: &resident::VaultArgs) -> Outcome {
    Err(Failure::usage(
        "on this system the tray is part of the desktop program",
        "tokentray-desktop",
    ))
}
