//! `tokentray tray`: reads the session's environment and hands it to the presenter.

use std::{env, path::PathBuf, process::ExitCode};

use crate::{
    cli::{
        Outcome,
        failure::Failure,
        output,
        resident::{Ending, VaultArgs, runtime, start_log},
    },
    io::{languages, tray::LinuxTrayOptions},
    paths::Paths,
    presenter::resident::{ResidentEnd, ResidentError, ResidentOptions, tray_command},
};

pub fn tray(args: &VaultArgs) -> Outcome {
    let paths = Paths::from_env()?;
    let owner = args.options(paths.clone())?;
    let _log = start_log(&paths)?;
    let options = ResidentOptions {
        owner: Box::new(move || owner.clone()),
        tray: session(),
        program: env::current_exe()?,
        search: env::var_os("PATH"),
        config_home: config_home(),
        languages: languages::wanted(|name| env::var(name).ok()),
    };
    let ended = runtime()?.block_on(async {
        let ending = Ending::on_signals()?;
        tray_command(options, ending.wait())
            .await
            .map_err(Failure::from)
    })?;
    if ended == ResidentEnd::AnotherPresents {
        output::note("The tray is running already. To see the window: tokentray open");
    }
    Ok(ExitCode::SUCCESS)
}

/// What the tray must be told about the session.
fn session() -> LinuxTrayOptions {
    let desktop = env::var("XDG_CURRENT_DESKTOP").unwrap_or_default();
    LinuxTrayOptions {
        flatpak: env::var_os("FLATPAK_ID").is_some(),
        dark_bar: desktop.split(':').any(|name| name == "GNOME"),
    }
}

/// Where the login entry belongs.
fn config_home() -> Option<PathBuf> {
    let absolute = |name: &str| {
        env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    absolute("XDG_CONFIG_HOME").or_else(|| absolute("HOME").map(|home| home.join(".config")))
}

impl From<ResidentError> for Failure {
    fn from(error: ResidentError) -> Self {
        match error {
            ResidentError::Start(error) => error.into(),
            lock @ ResidentError::Lock(_) => Self::internal(lock.to_string()),
        }
    }
}
