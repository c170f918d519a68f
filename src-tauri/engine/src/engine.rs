//! The front door: everything that window, socket and command line can ask.
//!
//! Good tokens are read from a snapshot that the owning task publishes, so that a hand-out neither
//! waits for that task nor touches the keychain. It knows the coordinator and ports, no adapter.
//!
//! - `rows`: facts to rows and words.
//! - `tokens`: hand-outs, 401 reports, refreshes by hand.
//! - `accounts`: add, edit, sign out, pause; `checking` what they say.
//! - `removing`: remove, undo, forget.
//! - `importing`: a grant from elsewhere.
//! - `signing_in`: attempts to sign in, as something to follow and cancel.
//! - `events`: numbered changes.
//! - `records`: history, timeline, figures.
//! - `upkeep`: settings, vault, doctor, discovery.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use chrono::{DateTime, FixedOffset, Utc};
use tokio::sync::{broadcast, mpsc, watch};

use crate::{
    api::{
        problem::{Code, Problem},
        types::{Event, PracticeSwitches, SaidCode},
    },
    coordinator::{AccountView, Coordinator, Message, Ports},
    domain::account::{Account, AccountId},
    io::{
        Pending,
        browser::Browser,
        settings::{Config, Settings, SettingsError, SettingsFile},
        vault::VaultKind,
        wake::WakeSignal,
    },
    practice::Practice,
};

mod accounts;
mod checking;
mod events;
mod importing;
mod records;
mod removing;
mod rows;
mod signing_in;
mod telling;
mod tokens;
mod upkeep;

use events::Numbered;
use signing_in::Attempts;

/// Between two looks at what of the history is too old.
const TIDY_PAUSE: Duration = Duration::from_hours(1);

/// Who asks: recorded with what was handed out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Caller {
    /// The program's name, such as `git`; `window` for the window.
    pub program: Option<String>,
    pub pid: Option<u32>,
    /// A person clicked or typed a command: passes back-off and breaker, may unlock the keychain.
    pub person: bool,
}

/// A numbered event, so that a listener can resume where it stopped.
pub type NumberedEvent = (u64, Event);

/// The offset of the person's time zone at a moment.
pub type Zone = fn(DateTime<Utc>) -> FixedOffset;

/// Moves all grants into a vault of another kind, with nothing in flight.
pub type VaultMover =
    Arc<dyn Fn(VaultKind, Vec<AccountId>) -> Pending<'static, Result<(), String>> + Send + Sync>;

/// Hears of changed settings.
pub type OnSettings = Arc<dyn Fn(&Settings) + Send + Sync>;

/// Everything that an engine is given. It reads neither environment nor home folder by itself.
pub struct EngineOptions {
    pub ports: Ports,
    pub settings: Arc<dyn SettingsFile>,
    pub browser: Arc<dyn Browser>,
    pub zone: Zone,
    /// Makes the jitter repeatable.
    pub seed: u64,
    /// Where things are, for people to read.
    pub config_file: String,
    pub state_folder: String,
    pub wake: Option<mpsc::Receiver<WakeSignal>>,
    /// Says when the settings file changed.
    pub settings_changed: Option<mpsc::Receiver<()>>,
    pub vault_mover: Option<VaultMover>,
    /// Told when settings changed: what lies outside the engine follows them, too.
    pub on_settings: Option<OnSettings>,
    /// The demo's practice provider.
    pub practice: Option<Arc<Practice>>,
    /// How long a removal can be undone.
    pub undo: Duration,
}

/// A handle to the running engine; cheap to clone.
#[derive(Clone)]
pub struct Engine {
    inner: Arc<Inner>,
}

struct Inner {
    ports: Ports,
    coordinator: Coordinator,
    settings: Arc<dyn SettingsFile>,
    browser: Arc<dyn Browser>,
    zone: Zone,
    config_file: String,
    state_folder: String,
    vault_mover: Option<VaultMover>,
    on_settings: Option<OnSettings>,
    practice: Option<Arc<Practice>>,
    undo: Duration,
    changing: Mutex<Changing>,
    /// One change of accounts or settings at a time.
    editing: tokio::sync::Mutex<()>,
    events: Numbered,
    attempts: Attempts,
}

/// What changes outside the owning task.
#[derive(Default)]
struct Changing {
    /// The last good configuration, and what is wrong with the file since.
    config: Config,
    settings_error: Option<SettingsError>,
    /// Within their undo time.
    removed: BTreeMap<AccountId, Removed>,
    removals: u64,
    /// Programs that fetched a token lately, newest first.
    used_by: HashMap<AccountId, Vec<String>>,
    /// When a person signed in last, as far as the history tells.
    signed_in: HashMap<AccountId, DateTime<Utc>>,
    /// Where ids come from; seeded, so that a run can be repeated.
    ids: Option<rand::rngs::StdRng>,
}

/// An account that can still be restored.
struct Removed {
    account: Account,
    /// Which removal, where one name is removed twice within the undo time.
    number: u64,
}

type Answer<T> = Result<T, Problem>;

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").finish_non_exhaustive()
    }
}

impl Engine {
    /// Starts the owning task with the accounts of the settings file.
    ///
    /// Fails where that file cannot be read: an engine without its accounts would look empty.
    pub fn start(options: EngineOptions) -> Result<Self, SettingsError> {
        let config = options.settings.load()?;
        let coordinator = Coordinator::start(
            options.ports.clone(),
            config.accounts.clone(),
            accounts::preferences(&config.settings),
            options.seed,
        );
        let engine = Self {
            inner: Arc::new(Inner {
                events: Numbered::default(),
                attempts: Attempts::default(),
                ports: options.ports,
                coordinator,
                settings: options.settings,
                browser: options.browser,
                zone: options.zone,
                config_file: options.config_file,
                state_folder: options.state_folder,
                vault_mover: options.vault_mover,
                on_settings: options.on_settings,
                practice: options.practice,
                undo: options.undo,
                changing: Mutex::new(Changing {
                    config,
                    ids: Some(rand::SeedableRng::seed_from_u64(options.seed)),
                    ..Changing::default()
                }),
                editing: tokio::sync::Mutex::new(()),
            }),
        };
        engine.follow_changes();
        engine.recall_sign_ins();
        engine.keep_history_tidy();
        if let Some(mut wake) = options.wake {
            let coordinator = engine.inner.coordinator.clone();
            tokio::spawn(async move {
                while let Some(signal) = wake.recv().await {
                    coordinator.tell(Message::Wake(signal));
                }
            });
        }
        if let Some(mut changed) = options.settings_changed {
            let engine = engine.clone();
            tokio::spawn(async move {
                while changed.recv().await.is_some() {
                    engine.reload().await;
                }
            });
        }
        Ok(engine)
    }

    /// Forgets and folds old history, hourly.
    fn keep_history_tidy(&self) {
        let engine = self.clone();
        tokio::spawn(async move {
            loop {
                let days = engine.changing().config.settings.history_days;
                engine.inner.ports.history.tidy(engine.now().wall, days);
                engine.inner.ports.clock.sleep(TIDY_PAUSE).await;
            }
        });
    }

    /// Live events from now on, and those after `after` that are still kept (else `Resync` first).
    pub fn events(
        &self,
        after: Option<u64>,
    ) -> (Vec<NumberedEvent>, broadcast::Receiver<NumberedEvent>) {
        self.inner.events.since(after)
    }

    /// Whether a request is out or a grant is not safe yet: the machine should not sleep then.
    pub fn in_flight(&self) -> watch::Receiver<bool> {
        self.inner.coordinator.in_flight()
    }

    /// Whether journal and vault were read for every account.
    pub fn is_all_read(&self) -> bool {
        let accounts = self.inner.coordinator.snapshot().accounts();
        accounts
            .iter()
            .all(|view| view.facts.as_ref().is_some_and(|facts| facts.loaded))
    }

    /// Asks whoever can show a window to do so, at an account if one is named.
    pub fn open_window(&self, account: Option<String>) {
        self.inner.events.push(Event::OpenWindow { account });
    }

    /// The practice provider's switches; `NOT_FOUND` outside a demo.
    pub fn practice(&self, switches: &PracticeSwitches) -> Answer<PracticeSwitches> {
        let practice = self.inner.practice.as_ref().ok_or_else(|| {
            Problem::new(
                Code::NotFound,
                "the practice provider runs in the demo only",
            )
            .with_hint("tokentray demo")
        })?;
        Ok(practice.switch(switches))
    }

    /// Starts no refresh, awaits and saves replies in flight (at most 10 s).
    pub async fn shut_down(&self) {
        self.inner.coordinator.quiesce().await;
        self.inner.ports.history.flush().await;
    }

    fn changing(&self) -> MutexGuard<'_, Changing> {
        self.inner
            .changing
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Work that changes something goes on when its caller goes away: half of it is no state.
    async fn to_the_end<T: Send + 'static>(
        &self,
        work: impl Future<Output = Answer<T>> + Send + 'static,
    ) -> Answer<T> {
        tokio::spawn(work)
            .await
            .unwrap_or_else(|_| Err(Problem::new(Code::Internal, "the change was interrupted")))
    }

    fn now(&self) -> crate::io::clock::Now {
        self.inner.ports.clock.now()
    }

    /// An id that nothing else has: 32 hexadecimal digits. It names, and is no secret.
    fn random_id(&self) -> String {
        use rand::Rng as _;
        let mut changing = self.changing();
        let ids = changing.ids.get_or_insert_with(rand::make_rng);
        format!("{:016x}{:016x}", ids.next_u64(), ids.next_u64())
    }

    /// The account of that name (without case), or `NOT_FOUND` with the names that there are.
    fn find(&self, name: &str) -> Answer<AccountView> {
        self.inner
            .coordinator
            .snapshot()
            .by_name(name)
            .ok_or_else(|| {
                let names: Vec<String> = self
                    .inner
                    .coordinator
                    .snapshot()
                    .accounts()
                    .into_iter()
                    .map(|v| v.account.name.clone())
                    .collect();
                let have = if names.is_empty() {
                    "there is no account yet".to_owned()
                } else {
                    format!("there are: {}", names.join(", "))
                };
                let hint = if names.is_empty() {
                    "tokentray add NAME --help"
                } else {
                    "tokentray status"
                };
                Problem::new(
                    Code::NotFound,
                    format!("no account is named \"{name}\"; {have}"),
                )
                .with_said(SaidCode::AccountUnknown, &[("name", &name)])
                .with_hint(hint)
            })
    }
}

/// A name as it must be typed in a shell.
fn typed(name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '@');
    if !name.is_empty() && name.chars().all(plain) {
        name.to_owned()
    } else {
        format!("'{}'", name.replace('\'', r"'\''"))
    }
}
