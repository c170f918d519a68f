//! Where the log goes: a file a day in the state folder, and standard error where somebody looks.
//!
//! It redacts nothing, because there is nothing to redact: secrets have a type that does not print,
//! and no adapter logs requests or replies. The file is written by a thread of its own, so that a
//! full disk stops no refresh.

use std::path::Path;

use tracing_appender::{non_blocking::WorkerGuard, rolling};
use tracing_subscriber::{EnvFilter, fmt, layer::SubscriberExt, util::SubscriberInitExt};

use crate::io::settings::{SettingsFile, TomlSettings};

/// Days that are kept.
const FILES: usize = 7;

/// Why there is no log.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    #[error("the log folder cannot be used: {0}")]
    Folder(String),
    #[error("{0:?} is no log filter; write debug, or tokentray=trace")]
    Filter(String),
    #[error("there is a log already")]
    Twice,
}

/// The running log; what waits to be written is written when it is dropped.
#[derive(Debug)]
pub struct Log {
    _writer: WorkerGuard,
}

/// What was given (`TOKENTRAY_LOG`), else what the settings say. A settings file that cannot be
/// read is told by whoever needs it.
pub fn filter(given: Option<String>, config_file: &Path) -> String {
    given
        .filter(|filter| !filter.is_empty())
        .or_else(|| {
            let config = TomlSettings::new(config_file).load().ok()?;
            Some(config.settings.log_level)
        })
        .unwrap_or_default()
}

/// Starts the log of this process. An empty `filter` means `info`.
pub fn start(folder: &Path, filter: &str, to_stderr: bool) -> Result<Log, LogError> {
    make_folder(folder)?;
    let file = rolling::Builder::new()
        .rotation(rolling::Rotation::DAILY)
        .filename_prefix("tokentray")
        .filename_suffix("log")
        .max_log_files(FILES)
        .build(folder)
        .map_err(|error| LogError::Folder(error.to_string()))?;
    let (file, writer) = tracing_appender::non_blocking(file);
    let on_stderr = to_stderr.then(|| fmt::layer().with_writer(std::io::stderr));
    tracing_subscriber::registry()
        .with(filter_for(filter)?)
        .with(fmt::layer().with_ansi(false).with_writer(file))
        .with(on_stderr)
        .try_init()
        .map_err(|_| LogError::Twice)?;
    Ok(Log { _writer: writer })
}

/// A level alone is meant for us; other crates stay at `warn`.
fn filter_for(text: &str) -> Result<EnvFilter, LogError> {
    let text = match text {
        "" => "warn,tokentray=info".to_owned(),
        level if !level.contains(['=', ',']) => format!("warn,tokentray={level}"),
        filter => filter.to_owned(),
    };
    EnvFilter::try_new(&text).map_err(|_| LogError::Filter(text))
}

fn make_folder(folder: &Path) -> Result<(), LogError> {
    let mut builder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
        .recursive(true)
        .create(folder)
        .map_err(|error| LogError::Folder(error.kind().to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_alone_is_meant_for_us() {
        assert_eq!(
            filter_for("debug").unwrap().to_string(),
            "tokentray=debug,warn"
        );
        assert_eq!(filter_for("").unwrap().to_string(), "tokentray=info,warn");
        assert!(filter_for("tokentray=loud").is_err());
    }
}
