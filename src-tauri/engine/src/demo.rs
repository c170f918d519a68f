//! The whole story in about a minute, on the practice provider and a clock that runs faster.
//!
//! It is the real engine behind a real socket; only provider, clock and vault are for practice.
//! The surprising thing: nothing is told that did not happen. Every line is a history entry, and an
//! act that does not lead to the entries it must lead to ends the demo with an error.

use std::{future::Future, sync::Arc, time::Duration};

use tempfile::TempDir;
use tokio::sync::mpsc;

use crate::{
    api::{
        client::Client,
        problem::Problem,
        routes::router,
        types::{
            AccountSettings, Event, HistoryRow, PracticeSwitches, SignInRequest, SignInRow, Status,
        },
    },
    coordinator::Ports,
    domain::{cause::Cause, history::HistoryKind},
    engine::{Engine, EngineOptions, NumberedEvent},
    io::{
        Pending,
        browser::{Browser, BrowserError},
        clock::{Clock, FastClock},
        history::sqlite::SqliteHistory,
        journal::MemoryJournal,
        locks::FileLocks,
        settings::TomlSettings,
        token_endpoint::{HttpOptions, HttpTokenEndpoint, TokenEndpoint},
        vault,
    },
    paths::Paths,
    practice::{self, Practice, PracticeOptions},
    socket::{self, Listener},
};

/// What the demo is made of.
#[derive(Clone)]
pub struct DemoOptions {
    /// How many times as fast as life.
    pub factor: u32,
    /// Life of the practice provider's access tokens, on that clock.
    pub lifetime: Duration,
    /// None: HTTP. Tests break the engine here.
    pub endpoint: Option<Arc<dyn TokenEndpoint>>,
    /// None: a browser that agrees at once. The desktop gives the person's own.
    pub browser: Option<Arc<dyn Browser>>,
    /// The practice provider agrees without a click.
    pub auto_consent: bool,
}

impl Default for DemoOptions {
    fn default() -> Self {
        Self {
            factor: 24,
            lifetime: Duration::from_mins(5),
            endpoint: None,
            browser: None,
            auto_consent: true,
        }
    }
}

/// Why the demo ended before its story did.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    #[error("the demo cannot be set up: {0}")]
    SetUp(String),
    #[error("the engine refused: {0}")]
    Refused(#[from] Problem),
    #[error("the story broke: {expected} did not happen")]
    Broke { expected: String },
    #[error("the story broke: {0}")]
    Wrong(String),
}

/// A running engine on the practice provider, in a folder that goes with it.
pub struct Demo {
    pub engine: Engine,
    pub practice: Arc<Practice>,
    pub clock: Arc<dyn Clock>,
    pub paths: Paths,
    listener: Option<Listener>,
    _folder: TempDir,
}

/// Puts the demo's engine together. Nothing of it touches account, network, keychain or display.
pub async fn set_up(options: &DemoOptions) -> Result<Demo, DemoError> {
    let failed = |what: &dyn std::fmt::Display| DemoError::SetUp(what.to_string());
    let folder = tempfile::Builder::new()
        .prefix("tokentray-demo")
        .tempdir()
        .map_err(|e| failed(&e))?;
    let paths = Paths::below(folder.path());
    let clock: Arc<dyn Clock> = Arc::new(FastClock::new(options.factor));
    let practice = practice::start(PracticeOptions {
        access_token_lifetime: options.lifetime,
        auto_consent: options.auto_consent,
        ..PracticeOptions::new(clock.clone())
    });
    let practice = Arc::new(practice.await.map_err(|e| failed(&e))?);
    let http =
        || Arc::new(HttpTokenEndpoint::new(HttpOptions::default())) as Arc<dyn TokenEndpoint>;
    std::fs::create_dir_all(&paths.config_dir).map_err(|e| failed(&e))?;
    let engine = Engine::start(EngineOptions {
        ports: Ports {
            clock: clock.clone(),
            token_endpoint: options.endpoint.clone().unwrap_or_else(http),
            vault: vault::memory(),
            journal: Arc::new(MemoryJournal::new()),
            history: Arc::new(SqliteHistory::in_memory().map_err(|e| failed(&e))?),
            locks: Arc::new(FileLocks::new(paths.locks_dir())),
        },
        settings: Arc::new(TomlSettings::new(paths.config_file())),
        browser: options
            .browser
            .clone()
            .unwrap_or_else(|| Arc::new(AgreeingBrowser)),
        zone: |at| {
            use chrono::Offset;
            at.with_timezone(&chrono::Local).offset().fix()
        },
        seed: 1,
        config_file: paths.config_file().to_string_lossy().into_owned(),
        state_folder: paths.state_dir.to_string_lossy().into_owned(),
        wake: None,
        settings_changed: None,
        vault_mover: None,
        on_settings: None,
        practice: Some(practice.clone()),
        undo: Duration::from_secs(10) * options.factor,
    })
    .map_err(|e| failed(&e))?;
    let listener = socket::bind(&paths).map_err(|e| failed(&e))?;
    Ok(Demo {
        engine,
        practice,
        clock,
        paths,
        listener: Some(listener),
        _folder: folder,
    })
}

impl Demo {
    /// Serves the demo's socket until `shutdown`.
    pub fn serve(&mut self, shutdown: impl Future<Output = ()> + Send + 'static) {
        if let Some(listener) = self.listener.take() {
            let router = router(self.engine.clone());
            tokio::spawn(async move {
                if let Err(error) = socket::serve(listener, router, shutdown).await {
                    tracing::warn!(%error, "the demo's socket ended");
                }
            });
        }
    }

    /// Settings of an account at the practice provider.
    pub fn account(&self, name: &str) -> AccountSettings {
        AccountSettings {
            name: name.to_owned(),
            issuer: Some(self.practice.issuer().to_owned()),
            client_id: "tokentray-demo".to_owned(),
            scopes: vec!["openid".into(), "offline_access".into()],
            ..AccountSettings::default()
        }
    }
}

/// Tells the whole story, a line at a time.
pub async fn run(options: DemoOptions, mut tell: impl FnMut(&str)) -> Result<(), DemoError> {
    let mut demo = set_up(&options).await?;
    demo.serve(std::future::pending());
    let client = Client::socket(demo.paths.socket.clone());
    let events = client.events(None).await?;
    let mut story = Story {
        client,
        events,
        tell: &mut tell,
        told: Vec::new(),
        demo: &demo,
    };
    story.signs_in().await?;
    story.refreshes_in_time(3).await?;
    story.waits_out_an_outage().await?;
    story.ignores_a_portal().await?;
    story.is_revoked_and_asks_once().await?;
    story.signs_in_again().await?;
    let told = story.told;
    let count = |kind| {
        told.iter()
            .filter(|row: &&HistoryRow| row.kind == kind)
            .count()
    };
    tell("");
    tell(&format!(
        "The end: {} refreshes on their own, {} failures waited out or told, {} notification, {} sign-ins.",
        count(HistoryKind::Refreshed),
        count(HistoryKind::RefreshFailed),
        count(HistoryKind::Notified),
        count(HistoryKind::SignedIn),
    ));
    demo.engine.shut_down().await;
    Ok(())
}

const NAME: &str = "Practice";
/// An act may take so long on the demo's clock before the story counts as broken.
const PATIENCE: Duration = Duration::from_mins(20);

struct Story<'a> {
    client: Client,
    events: mpsc::Receiver<NumberedEvent>,
    tell: &'a mut dyn FnMut(&str),
    told: Vec<HistoryRow>,
    demo: &'a Demo,
}

impl Story<'_> {
    async fn signs_in(&mut self) -> Result<(), DemoError> {
        self.chapter("A person adds an account and signs in once.");
        let settings = serde_json::to_value(self.demo.account(NAME)).unwrap_or_default();
        self.client
            .send::<serde_json::Value>(http::Method::POST, "/v1/accounts", Some(settings))
            .await?;
        self.sign_in().await?;
        self.until("a sign-in", |row| row.kind == HistoryKind::SignedIn)
            .await
    }

    async fn refreshes_in_time(&mut self, times: usize) -> Result<(), DemoError> {
        self.chapter("From now on each token is refreshed before it ends.");
        for _ in 0..times {
            self.refreshed_in_time().await?;
        }
        Ok(())
    }

    async fn waits_out_an_outage(&mut self) -> Result<(), DemoError> {
        self.chapter("The provider goes down for a while. Nobody is disturbed.");
        self.switch(PracticeSwitches {
            outage: Some(true),
            ..PracticeSwitches::default()
        })
        .await?;
        self.until("a failure of the provider", |row| {
            row.cause == Some(Cause::ServerError) && row.next_attempt_at.is_some()
        })
        .await?;
        self.quiet().await?;
        self.switch(PracticeSwitches {
            outage: Some(false),
            ..PracticeSwitches::default()
        })
        .await?;
        self.until("a refresh after the outage", |row| {
            row.kind == HistoryKind::Refreshed
        })
        .await
    }

    async fn ignores_a_portal(&mut self) -> Result<(), DemoError> {
        self.chapter(
            "A hotel's welcome page answers in place of the provider. It is not believed.",
        );
        self.switch(PracticeSwitches {
            portal: Some(true),
            ..PracticeSwitches::default()
        })
        .await?;
        self.until("a reply of the portal", |row| {
            row.cause == Some(Cause::CaptivePortal) && row.next_attempt_at.is_some()
        })
        .await?;
        self.quiet().await?;
        self.switch(PracticeSwitches {
            portal: Some(false),
            ..PracticeSwitches::default()
        })
        .await?;
        self.until("a refresh after the portal", |row| {
            row.kind == HistoryKind::Refreshed
        })
        .await
    }

    async fn is_revoked_and_asks_once(&mut self) -> Result<(), DemoError> {
        self.chapter("The provider revokes the grant. Now a person is needed, and told once.");
        self.switch(PracticeSwitches {
            revoke: Some(true),
            ..PracticeSwitches::default()
        })
        .await?;
        self.until("the need to sign in", |row| {
            row.kind == HistoryKind::SignInNeeded
        })
        .await?;
        // We are the presenter here: what the engine wants shown, we show and acknowledge.
        let notice = loop {
            let status: Status = self.client.get("/v1/status").await?;
            if let Some(notice) = status.notice {
                break notice;
            }
            self.demo.clock.sleep(Duration::from_secs(5)).await;
            if status.accounts.iter().all(|a| a.incident.is_none()) {
                return Err(DemoError::Wrong(
                    "the incident ended before anybody was told".into(),
                ));
            }
        };
        (self.tell)(&format!(
            "          [notification] {} – {}",
            notice.title, notice.body
        ));
        let path = format!("/v1/notices/{}/shown", notice.id);
        self.client
            .send::<serde_json::Value>(http::Method::POST, &path, None)
            .await?;
        self.until("the notification", |row| row.kind == HistoryKind::Notified)
            .await
    }

    async fn signs_in_again(&mut self) -> Result<(), DemoError> {
        self.chapter("One click signs in again, and all is well.");
        self.sign_in().await?;
        self.until("the new sign-in", |row| row.kind == HistoryKind::SignedIn)
            .await?;
        self.until("the notification's withdrawal", |row| {
            row.kind == HistoryKind::NotificationWithdrawn
        })
        .await?;
        self.refreshed_in_time().await?;
        let notified = self
            .told
            .iter()
            .filter(|row| row.kind == HistoryKind::Notified)
            .count();
        if notified == 1 {
            Ok(())
        } else {
            Err(DemoError::Wrong(format!(
                "there were {notified} notifications, not one"
            )))
        }
    }

    /// The next refresh, which must come while the former token is still good.
    async fn refreshed_in_time(&mut self) -> Result<(), DemoError> {
        let before: Status = self.client.get("/v1/status").await?;
        let end = before.accounts.first().and_then(|row| row.expires_at);
        self.until("a refresh", |row| row.kind == HistoryKind::Refreshed)
            .await?;
        let at = self.told.last().map(|row| row.at);
        match (at, end) {
            (Some(at), Some(end)) if at < end => Ok(()),
            _ => Err(DemoError::Wrong(
                "a refresh came after the former token's end".into(),
            )),
        }
    }

    async fn sign_in(&mut self) -> Result<(), DemoError> {
        let path = format!("/v1/accounts/{NAME}/sign-in");
        let body = serde_json::to_value(SignInRequest::default()).unwrap_or_default();
        self.client
            .send::<SignInRow>(http::Method::POST, &path, Some(body))
            .await?;
        Ok(())
    }

    async fn switch(&mut self, switches: PracticeSwitches) -> Result<(), DemoError> {
        let body = serde_json::to_value(switches).unwrap_or_default();
        self.client
            .send::<PracticeSwitches>(http::Method::POST, "/v1/practice", Some(body))
            .await?;
        Ok(())
    }

    /// Nobody is asked for anything.
    async fn quiet(&mut self) -> Result<(), DemoError> {
        let status: Status = self.client.get("/v1/status").await?;
        match status.notice {
            None => Ok(()),
            Some(notice) => Err(DemoError::Wrong(format!(
                "somebody was disturbed: {}",
                notice.title
            ))),
        }
    }

    /// Tells what happens until the wanted entry came.
    async fn until(
        &mut self,
        expected: &str,
        wanted: impl Fn(&HistoryRow) -> bool,
    ) -> Result<(), DemoError> {
        let patience = self.demo.clock.sleep(PATIENCE);
        tokio::pin!(patience);
        loop {
            let broke = || DemoError::Broke {
                expected: expected.to_owned(),
            };
            let event = tokio::select! {
                event = self.events.recv() => event.ok_or_else(broke)?.1,
                () = &mut patience => return Err(broke()),
            };
            if let Event::History { entry } = event {
                (self.tell)(&line(&entry));
                let done = wanted(&entry);
                self.told.push(entry);
                if done {
                    return Ok(());
                }
            }
        }
    }

    fn chapter(&mut self, title: &str) {
        (self.tell)("");
        (self.tell)(title);
    }
}

fn line(entry: &HistoryRow) -> String {
    let at = entry.at.with_timezone(&chrono::Local).format("%H:%M:%S");
    format!("  {at}  {}", entry.message)
}

/// A browser without a display: follows the redirects and agrees to everything.
struct AgreeingBrowser;

impl Browser for AgreeingBrowser {
    fn open(&self, url: String) -> Pending<'static, Result<(), BrowserError>> {
        Box::pin(async move {
            tokio::spawn(async move {
                let client = reqwest::Client::builder().no_proxy().build();
                if let Ok(client) = client
                    && let Err(error) = client.get(url).send().await
                {
                    tracing::debug!(error = %error.without_url(), "the demo's browser failed");
                }
            });
            Ok(())
        })
    }

    fn is_likely(&self) -> bool {
        true
    }
}
