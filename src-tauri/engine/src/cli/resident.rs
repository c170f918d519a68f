//! Commands that stay: `daemon` and the `demo`; and what `tray` shares with them.
//!
//! The only place besides the desktop's `main` that reads the environment for an engine. Core dumps
//! are off before a secret is read.

use std::{
    future::Future,
    io::{self, BufRead, Read},
    path::PathBuf,
    process::ExitCode,
};

use clap::{Args, builder::PossibleValuesParser};
use tokio::{runtime::Runtime, sync::watch};

use crate::{
    api::problem::{Code, Problem},
    cli::{Outcome, failure::Failure, output, vault::KINDS},
    demo,
    domain::secret::Secret,
    hardening,
    io::vault::VaultKind,
    logging::{self, Log},
    owner::{self, OwnerOptions, Role, StartError},
    paths::Paths,
};

/// Longest passphrase that is read, in bytes.
const PASSPHRASE_LIMIT: u64 = 4096;

#[derive(Debug, Args)]
pub struct DemoArgs {}

#[derive(Clone, Debug, Args)]
pub struct VaultArgs {
    /// Where grants are kept: os, sealed, file or memory [default: what was used before, else the
    /// system's keychain]
    #[arg(long, value_name = "KIND", value_parser = PossibleValuesParser::new(KINDS),
        hide_possible_values = true)]
    vault: Option<String>,
    /// For the vault `file`: the file with its key, made if it is not there
    #[arg(long, value_name = "FILE", conflicts_with = "passphrase_stdin")]
    key_file: Option<PathBuf>,
    /// For the vault `file`: read its passphrase from standard input
    #[arg(long)]
    passphrase_stdin: bool,
}

impl VaultArgs {
    /// What an owner is made of. Reads the passphrase, so it is asked once.
    pub fn options(&self, paths: Paths) -> Result<OwnerOptions, Failure> {
        Ok(OwnerOptions {
            paths,
            vault: self.vault.as_deref().and_then(VaultKind::from_code),
            passphrase: self.passphrase_stdin.then(passphrase).transpose()?,
            key_file: self.key_file.clone(),
            environment: std::env::vars_os().collect(),
        })
    }
}

/// The first line, as with the client secret.
fn passphrase() -> Result<Secret, Failure> {
    let mut line = zeroize::Zeroizing::new(String::new());
    io::stdin()
        .lock()
        .take(PASSPHRASE_LIMIT)
        .read_line(&mut line)?;
    let text = line.trim_end_matches(['\r', '\n']);
    if text.is_empty() {
        return Err(Failure::usage(
            "there is no passphrase on standard input",
            "tokentray daemon --vault file --passphrase-stdin < FILE",
        ));
    }
    Ok(Secret::new(text))
}

/// Tells the story. Its lines are the engine's history, so a failure ends it.
pub fn demo(_args: &DemoArgs) -> Outcome {
    let mut broken = Ok(());
    let ended = runtime()?.block_on(demo::run(demo::DemoOptions::default(), |line| {
        if broken.is_ok() {
            broken = output::line(&output::plain(line));
        }
    }));
    broken?;
    ended.map_err(|error| Failure::internal(error.to_string()))?;
    Ok(ExitCode::SUCCESS)
}

/// Owns the grants and serves the socket until it is told to end.
pub fn daemon(args: &VaultArgs) -> Outcome {
    let paths = Paths::from_env()?;
    let options = args.options(paths.clone())?;
    let _log = start_log(&paths)?;
    runtime()?.block_on(async {
        let ending = Ending::on_signals()?;
        let Role::Owner(owner) = owner::take(options).await? else {
            return Err(Problem::new(
                Code::Busy,
                "another Tokentray is running already and holds the grants",
            )
            .with_hint("tokentray status")
            .into());
        };
        output::note(&format!(
            "Tokentray is running. Ctrl-C ends it; socket: {}",
            paths.socket.display()
        ));
        owner
            .serve(ending.wait())
            .await
            .map_err(StartError::Socket)?;
        Ok(ExitCode::SUCCESS)
    })
}

/// A runtime for something that stays: two threads, so that one slow poll stops nothing.
pub fn runtime() -> Result<Runtime, Failure> {
    Ok(tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?)
}

/// The log of a resident process; on standard error as well where a person watches.
pub fn start_log(paths: &Paths) -> Result<Log, Failure> {
    hardening::keep_memory_off_the_disk();
    let watched = std::io::IsTerminal::is_terminal(&io::stderr());
    let filter = logging::filter(std::env::var("TOKENTRAY_LOG").ok(), &paths.config_file());
    let log = logging::start(&paths.log_dir(), &filter, watched)
        .map_err(|error| Failure::usage(error.to_string(), "tokentray doctor"))?;
    tracing::info!(version = env!("CARGO_PKG_VERSION"), "started");
    Ok(log)
}

impl From<StartError> for Failure {
    fn from(error: StartError) -> Self {
        let code = match error.exit_code() {
            7 => Code::VaultUnavailable,
            4 => Code::Busy,
            2 => Code::InvalidRequest,
            _ => Code::Internal,
        };
        tracing::error!(%error, "not_started");
        Problem::new(code, error.to_string())
            .with_hint("tokentray doctor")
            .into()
    }
}

/// The end of this process, wished for by a signal; may be waited for anywhere.
#[derive(Clone, Debug)]
pub struct Ending(watch::Sender<bool>);

impl Ending {
    /// Listens for SIGTERM, SIGINT and SIGHUP from now on. Called inside the runtime.
    pub fn on_signals() -> Result<Self, Failure> {
        let ending = Self(watch::Sender::new(false));
        let signal = wished_for()?;
        let begun = ending.clone();
        tokio::spawn(async move {
            signal.await;
            begun.0.send_replace(true);
        });
        Ok(ending)
    }

    pub fn wait(&self) -> impl Future<Output = ()> + Send + 'static {
        let mut ending = self.0.subscribe();
        async move {
            // An error means that nobody can begin the end any more.
            if ending.wait_for(|begun| *begun).await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }
}

#[cfg(unix)]
fn wished_for() -> Result<impl Future<Output = ()> + Send + 'static, Failure> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    // A terminal that closes must not cost a reply in flight, either.
    let mut hangup = signal(SignalKind::hangup())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
            _ = hangup.recv() => {}
        }
    })
}

#[cfg(not(unix))]
fn wished_for() -> Result<impl Future<Output = ()> + Send + 'static, Failure> {
    Ok(async {
        let _ = tokio::signal::ctrl_c().await;
    })
}
