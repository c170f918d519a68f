//! `tokentray tray`: owner if nobody else is, else guest; presenter either way (Linux).
//!
//! Knows neither command line nor environment: both are read by who calls. Surprising: as a guest
//! it is the owner's understudy. When the owner ends it takes over, and the icon stays where it
//! is.

use std::{ffi::OsString, future::Future, io, path::PathBuf, sync::Arc};

use tokio::{
    sync::{Mutex, watch},
    task::JoinHandle,
};

use crate::{
    api::client::Client,
    autostart::Autostart,
    io::{
        Pending,
        notifier::LinuxNotifier,
        tray::{LinuxTray, LinuxTrayOptions},
    },
    owner::{self, Owner, OwnerOptions, Role, StartError},
    presenter::{self, PresenterOptions, Successor, lock::PresenterLock, window::DesktopProgram},
};

/// What `tokentray tray` is started with.
pub struct ResidentOptions {
    /// Makes what an owner is made of; asked again for each try to take over.
    pub owner: Box<dyn Fn() -> OwnerOptions + Send + Sync>,
    pub tray: LinuxTrayOptions,
    /// Our own program, as it can be started again: `tokentray-desktop` is looked for beside it,
    /// and the login entry starts it.
    pub program: PathBuf,
    /// `PATH`.
    pub search: Option<OsString>,
    /// `XDG_CONFIG_HOME` or `~/.config`; none hides "Start at login".
    pub config_home: Option<PathBuf>,
    /// What the session asks for, best first.
    pub languages: Vec<String>,
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResidentEnd {
    /// The person quit, or it was told to end.
    Ended,
    /// Another process has tray and notifications already; nothing was started.
    AnotherPresents,
}

/// Why it could not start.
#[derive(Debug, thiserror::Error)]
pub enum ResidentError {
    #[error("the presenter's lock cannot be taken: {}", .0.kind())]
    Lock(io::Error),
    #[error(transparent)]
    Start(#[from] StartError),
}

/// Presents, and owns where nobody else does, until the person quits or `shutdown` is ready; then
/// saves what is in flight.
pub async fn tray_command(
    options: ResidentOptions,
    shutdown: impl Future<Output = ()> + Send,
) -> Result<ResidentEnd, ResidentError> {
    let first = (options.owner)();
    let paths = first.paths.clone();
    let lock = PresenterLock::take(&paths.locks_dir()).map_err(ResidentError::Lock)?;
    let Some(_lock) = lock else {
        return Ok(ResidentEnd::AnotherPresents);
    };
    let understudy = Arc::new(Understudy {
        options: options.owner,
        ending: watch::Sender::new(false),
        serving: Mutex::default(),
    });
    let client = match owner::take(first).await? {
        Role::Owner(owner) => understudy.serve(*owner).await,
        Role::Guest => Client::socket(&paths.socket),
    };

    let autostart = options
        .config_home
        .map(|home| Autostart::new(home, &options.program, &["tray"]));
    if let Some(Err(error)) = autostart.as_ref().map(Autostart::mend) {
        tracing::warn!(%error, "login_entry_not_mended");
    }
    let (tray, clicks) = LinuxTray::start(options.tray);
    let (notifier, answers) = LinuxNotifier::start(paths.notice_file());
    let window = DesktopProgram::find(
        &options.program,
        options.search.as_deref(),
        paths.locks_dir(),
    );
    let presenting = presenter::run(
        PresenterOptions {
            client,
            tray,
            clicks,
            notifier,
            answers,
            window: Arc::new(window),
            successor: Arc::new(Heir(understudy.clone())),
            autostart,
            languages: options.languages,
        },
        shutdown,
    );
    let ended = presenting.await;
    tracing::info!(?ended, "tray_ended");
    understudy.end().await;
    Ok(ResidentEnd::Ended)
}

/// Takes ownership over when the owner ends.
struct Understudy {
    options: Box<dyn Fn() -> OwnerOptions + Send + Sync>,
    ending: watch::Sender<bool>,
    /// The engine that this process serves, if it is the owner.
    serving: Mutex<Option<JoinHandle<()>>>,
}

impl Understudy {
    /// Serves in a task of its own; returns the way to ask it.
    async fn serve(&self, owner: Owner) -> Client {
        let client = Client::in_process(owner.engine());
        let mut ending = self.ending.subscribe();
        let task = tokio::spawn(async move {
            let ended = async move {
                let _ = ending.wait_for(|ending| *ending).await;
            };
            if let Err(error) = owner.serve(ended).await {
                tracing::error!(%error, "socket_ended");
            }
        });
        *self.serving.lock().await = Some(task);
        client
    }

    async fn take_over(&self) -> Option<Client> {
        if self.serving.lock().await.is_some() || *self.ending.borrow() {
            return None;
        }
        match owner::take((self.options)()).await {
            Ok(Role::Owner(owner)) => {
                tracing::info!("owner_taken_over");
                Some(self.serve(*owner).await)
            }
            // Another one was quicker, or the former is still saving.
            Ok(Role::Guest) => None,
            Err(error) => {
                tracing::warn!(%error, "owner_not_taken_over");
                None
            }
        }
    }

    /// Saves what is in flight.
    async fn end(&self) {
        self.ending.send_replace(true);
        if let Some(task) = self.serving.lock().await.take() {
            let _ = task.await;
        }
    }
}

struct Heir(Arc<Understudy>);

impl Successor for Heir {
    fn next(&self) -> Pending<'static, Option<Client>> {
        let understudy = self.0.clone();
        Box::pin(async move { understudy.take_over().await })
    }
}
