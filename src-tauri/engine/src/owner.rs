//! Whoever holds the owner's lock: puts the engine together on the real world, and serves it.
//!
//! The lock is taken before any grant is touched. Everyone else is a guest and asks; a guest never
//! refreshes. The surprising thing: a vault move ends with another vault in the same engine, so
//! the engine holds a switch, not a vault.

use std::{
    ffi::OsString,
    fs,
    future::Future,
    path::PathBuf,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use chrono::Offset;
use tokio::sync::{mpsc, watch};

use crate::{
    api::routes::router,
    coordinator::Ports,
    domain::secret::Secret,
    engine::{Engine, EngineOptions, VaultMover},
    headless,
    io::{
        Pending,
        browser::{Browser, BrowserError, Installed, SystemBrowser},
        clock::SystemClock,
        file_system,
        history::{HistoryOpenError, sqlite::SqliteHistory},
        journal::{self, FileJournal, Journal, MemoryJournal},
        languages,
        locks::{FileLocks, LockError, LockGuard, try_lock_for_certain},
        settings::{Settings, SettingsError, SettingsFile, TomlSettings},
        token_endpoint::{HttpOptions, HttpTokenEndpoint},
        vault::{
            self, SwitchedVault, Vault, VaultKind, VaultMoveError, VaultOpenError, VaultOptions,
        },
        wake::{self, SleepInhibitor, WakeSignal},
    },
    paths::Paths,
    socket::{self, Listener, SocketError},
};

/// The name of the owner's lock.
const LOCK: &str = "owner";
/// How long a removal can be undone.
const UNDO: Duration = Duration::from_secs(10);
/// Between two looks whether every account was read, after a vault move.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// What an owner is made of.
#[derive(Clone)]
pub struct OwnerOptions {
    pub paths: Paths,
    /// None: the kind that this home has.
    pub vault: Option<VaultKind>,
    /// For the vault kind `file`.
    pub passphrase: Option<Secret>,
    pub key_file: Option<PathBuf>,
    /// The process's environment, for the browser's launch.
    pub environment: Vec<(OsString, OsString)>,
}

/// Why neither owner nor guest could be made.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("the state folder {0} cannot be used: {1}")]
    StateFolder(String, std::io::Error),
    #[error("the owner's lock cannot be taken: {0}")]
    Lock(LockError),
    #[error(transparent)]
    Vault(#[from] VaultOpenError),
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error(transparent)]
    History(#[from] HistoryOpenError),
    #[error(transparent)]
    Socket(#[from] SocketError),
}

impl StartError {
    /// The command line's exit code.
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::Vault(_) => 7,
            Self::Settings(_) => 2,
            Self::Lock(_) => 4,
            Self::StateFolder(..) | Self::History(_) | Self::Socket(_) => 1,
        }
    }
}

/// Owner and guest: there is nothing in between.
pub enum Role {
    Owner(Box<Owner>),
    /// Another process holds the lock: ask it over the socket.
    Guest,
}

/// The engine, its socket, and the lock that says that both are ours.
pub struct Owner {
    engine: Engine,
    listener: Listener,
    // Declared last: dropped after the socket is gone.
    _lock: LockGuard,
}

/// Takes ownership of this home if it is free.
#[expect(
    clippy::unused_async,
    reason = "the engine lives in the runtime that awaits this"
)]
pub async fn take(options: OwnerOptions) -> Result<Role, StartError> {
    let paths = &options.paths;
    for folder in [&paths.state_dir, &paths.config_dir] {
        make_private(folder)?;
    }
    let lock = match try_lock_for_certain(&paths.locks_dir(), LOCK) {
        Ok(lock) => lock,
        Err(LockError::Busy) => return Ok(Role::Guest),
        Err(error) => return Err(StartError::Lock(error)),
    };
    if let Some(kind) = file_system::network(&paths.state_dir) {
        tracing::warn!(
            kind,
            "the state folder is on a network file system: use it on one machine only"
        );
    }
    let engine = assemble(&options)?;
    let listener = socket::bind(paths)?;
    Ok(Role::Owner(Box::new(Owner {
        engine,
        listener,
        _lock: lock,
    })))
}

impl Owner {
    pub fn engine(&self) -> Engine {
        self.engine.clone()
    }

    /// Serves the socket until `shutdown`, then saves what is in flight (at most 10 s).
    pub async fn serve(self, shutdown: impl Future<Output = ()>) -> Result<(), SocketError> {
        let served = socket::serve(self.listener, router(self.engine.clone()), shutdown).await;
        self.engine.shut_down().await;
        served
    }
}

fn assemble(options: &OwnerOptions) -> Result<Engine, StartError> {
    let paths = &options.paths;
    let settings = Arc::new(TomlSettings::new(paths.config_file()));
    let config = settings.load()?;
    let vault_options = VaultOptions {
        kind: options.vault,
        passphrase: options.passphrase.clone(),
        key_file: options.key_file.clone(),
        ..VaultOptions::new(&paths.state_dir)
    };
    let vault = Arc::new(SwitchedVault::new(vault::open(&vault_options)?));
    let journal: Arc<dyn Journal> = match vault.kind() {
        // Its key ends with the process: what it sealed could never be read again.
        VaultKind::Memory => Arc::new(MemoryJournal::new()),
        _ => Arc::new(FileJournal::new(paths.journal_dir(), vault.id())),
    };
    let history = SqliteHistory::open(&paths.history_file())?;
    let endpoint = Arc::new(HttpTokenEndpoint::new(http_options(&config.settings)));
    let browser = Arc::new(ConfiguredBrowser::new(
        &config.settings,
        options.environment.clone(),
    ));
    let changed = settings.watch().map_err(|error| {
        tracing::warn!(%error, "changes of config.toml are only seen at the next start");
    });
    let languages = languages::wanted(|name| {
        let value = options.environment.iter().find(|(known, _)| known == name);
        value.and_then(|(_, value)| value.to_str().map(str::to_owned))
    });
    let engine = Engine::start(EngineOptions {
        ports: Ports {
            clock: Arc::new(SystemClock),
            token_endpoint: endpoint.clone(),
            vault: vault.clone(),
            journal,
            history: Arc::new(history),
            locks: Arc::new(FileLocks::new(paths.locks_dir())),
        },
        browser: browser.clone(),
        settings,
        zone: |at| chrono::Local.offset_from(at),
        seed: seed(),
        config_file: paths.config_file().to_string_lossy().into_owned(),
        state_folder: paths.state_dir.to_string_lossy().into_owned(),
        wake: Some(bounded(wake::start())),
        settings_changed: changed.ok(),
        vault_mover: Some(mover(
            vault_options.clone(),
            vault.clone(),
            paths.journal_dir(),
        )),
        on_settings: Some(Arc::new(move |settings| {
            endpoint.reconfigure(http_options(settings));
            browser.configure(settings);
        })),
        practice: None,
        undo: UNDO,
    })?;
    hold_sleep(engine.in_flight());
    finish_move(engine.clone(), vault_options, vault);
    tokio::spawn(headless::run(engine.clone(), languages));
    Ok(engine)
}

fn http_options(settings: &Settings) -> HttpOptions {
    HttpOptions {
        ca_file: settings.ca_file.clone(),
        proxy: settings.proxy.clone(),
        ..HttpOptions::default()
    }
}

/// The system's browser, as the settings say now.
struct ConfiguredBrowser {
    browser: RwLock<Arc<SystemBrowser>>,
    environment: Vec<(OsString, OsString)>,
}

impl ConfiguredBrowser {
    fn new(settings: &Settings, environment: Vec<(OsString, OsString)>) -> Self {
        let browser = SystemBrowser::new(settings.browser.clone(), environment.iter().cloned());
        Self {
            browser: RwLock::new(Arc::new(browser)),
            environment,
        }
    }

    fn configure(&self, settings: &Settings) {
        let browser =
            SystemBrowser::new(settings.browser.clone(), self.environment.iter().cloned());
        *self.browser.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(browser);
    }

    fn current(&self) -> Arc<SystemBrowser> {
        self.browser
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Browser for ConfiguredBrowser {
    fn open(&self, url: String) -> Pending<'static, Result<(), BrowserError>> {
        self.current().open(url)
    }

    fn open_by(
        &self,
        command: Option<Vec<String>>,
        url: String,
    ) -> Pending<'static, Result<(), BrowserError>> {
        self.current().open_by(command, url)
    }

    fn installed(&self) -> Vec<Installed> {
        self.current().installed()
    }

    fn is_likely(&self) -> bool {
        self.current().is_likely()
    }
}

/// While a request is out or a grant is unsaved, the machine is asked to wait with its sleep.
fn hold_sleep(mut in_flight: watch::Receiver<bool>) {
    tokio::spawn(async move {
        let inhibitor = SleepInhibitor::default();
        while in_flight.wait_for(|busy| *busy).await.is_ok() {
            let _held = inhibitor.hold_sleep().await;
            if in_flight.wait_for(|busy| !*busy).await.is_err() {
                return;
            }
        }
    });
}

/// A vault that was moved before this start: what it left behind goes once this one reads well,
/// which is when every account was read from it.
fn finish_move(engine: Engine, options: VaultOptions, vault: Arc<SwitchedVault>) {
    tokio::spawn(async move {
        while !engine.is_all_read() {
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        match vault::finish_move(&options, &vault.current()).await {
            Ok(true) => {
                tracing::info!("the former vault was cleared");
                // Where the former place had a newer grant, it is in this one now.
                vault.tell_changed();
            }
            Ok(false) => {}
            Err(error) => tracing::warn!(%error, "the former vault is not cleared yet"),
        }
    });
}

fn mover(options: VaultOptions, vault: Arc<SwitchedVault>, journal_dir: PathBuf) -> VaultMover {
    Arc::new(move |kind, mut accounts| {
        let (options, vault) = (options.clone(), vault.clone());
        // Accounts that somebody took out of the settings by hand may come back: theirs move, too.
        let resting = journal::accounts_in(&journal_dir).into_iter();
        let unlisted: Vec<_> = resting.filter(|id| !accounts.contains(id)).collect();
        accounts.extend(unlisted);
        Box::pin(async move {
            let moved = vault::move_to(&options, &vault.current(), kind, &accounts).await;
            let moved = moved.map_err(|error: VaultMoveError| error.to_string())?;
            vault.switch(moved);
            Ok(())
        })
    })
}

fn bounded(mut from: mpsc::UnboundedReceiver<WakeSignal>) -> mpsc::Receiver<WakeSignal> {
    let (to, signals) = mpsc::channel(16);
    tokio::spawn(async move {
        while let Some(signal) = from.recv().await {
            if to.send(signal).await.is_err() {
                return;
            }
        }
    });
    signals
}

fn seed() -> u64 {
    let bytes = uuid::Uuid::new_v4();
    bytes.as_u64_pair().0
}

/// 0700: the state folder is nobody else's.
fn make_private(folder: &std::path::Path) -> Result<(), StartError> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    builder
        .create(folder)
        .map_err(|error| StartError::StateFolder(folder.to_string_lossy().into_owned(), error))
}

trait OffsetFrom {
    fn offset_from(&self, at: chrono::DateTime<chrono::Utc>) -> chrono::FixedOffset;
}

impl OffsetFrom for chrono::Local {
    fn offset_from(&self, at: chrono::DateTime<chrono::Utc>) -> chrono::FixedOffset {
        at.with_timezone(self).offset().fix()
    }
}
