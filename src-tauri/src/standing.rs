//! What this process is beside the others of this person, and what it holds as such.
//!
//! Three kernel locks decide, never a bus: the owner's, the presenter's, and one for the window.
//! Surprising: a second start is no error. It asks the first to open its window and ends.

use std::{env, future::Future, sync::Arc, time::Duration};

use anyhow::Context;
use http::Method;
use serde_json::json;
use tauri::AppHandle;
use tokentray::{
    api::{
        client::Client,
        problem::{Code, Problem},
        types::Event,
    },
    autostart::Autostart,
    demo::{self, Demo, DemoOptions},
    hardening,
    io::{Pending, browser::SystemBrowser, vault::VaultKind},
    logging::{self, Log},
    owner::{self, Owner, OwnerOptions, Role},
    paths::Paths,
    presenter::{
        Successor,
        lock::{PresenterLock, WindowLock},
    },
};
use tokio::{
    sync::watch,
    task::JoinHandle,
    time::{sleep, timeout},
};

use crate::{
    login, present,
    shell::{Part, Shell},
    window,
};

/// Refreshes that are out may take 10 s to save; a little more for the rest.
const END_WITHIN: Duration = Duration::from_secs(12);
/// A first start may hold its lock before its socket answers.
const ASK: (u32, Duration) = (20, Duration::from_millis(250));
/// How many times as fast as life the demo's clock runs: a token of 5 min is refreshed every 24 s,
/// and a person has a minute to click through a sign-in.
const DEMO_FACTOR: u32 = 10;
/// The demo's account, ready to be signed in to.
const DEMO_ACCOUNT: &str = "Practice";

/// What the person asked for on the command line.
#[derive(Clone, Debug, Default)]
pub struct Wish {
    pub hidden: bool,
    pub demo: bool,
    pub vault: Option<VaultKind>,
    /// The account that the window is opened at.
    pub account: Option<String>,
}

/// What this process holds until it ends.
pub struct Standing {
    part: Part,
    /// Shows tray and notifications.
    presents: bool,
    client: Client,
    paths: Paths,
    /// Why there is no engine, for the window to say.
    refusal: Option<Problem>,
    autostart: Option<Autostart>,
    vault: Option<VaultKind>,
    shutdown: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
    demo: Option<Demo>,
    // Declared last: released after everything else is gone.
    _presenter: Option<PresenterLock>,
    _window: WindowLock,
    _log: Option<Log>,
}

/// Takes the place that is free; none where another process has it and was asked instead.
pub async fn take(wish: &Wish) -> anyhow::Result<Option<Standing>> {
    hardening::keep_memory_off_the_disk();
    if wish.demo {
        return take_demo().await.map(Some);
    }
    let paths = Paths::from_env()?;
    let Some(window) = WindowLock::take(&paths.locks_dir()).context("the state folder")? else {
        if !wish.hidden {
            ask_first(&Client::socket(&paths.socket), wish.account.as_deref()).await?;
        }
        return Ok(None);
    };
    let filter = logging::filter(env::var("TOKENTRAY_LOG").ok(), &paths.config_file());
    let log = logging::start(&paths.log_dir(), &filter, false);
    tracing::info!(version = env!("CARGO_PKG_VERSION"), "started");
    let shutdown = watch::Sender::new(false);
    // In the order of `tokentray tray`, so that two that start at once do not split the two.
    let presenter = PresenterLock::take(&paths.locks_dir()).context("the state folder")?;
    let taken = owner::take(owner_options(&paths, wish.vault)).await;
    let mut tasks = Vec::new();
    let mut refusal = None;
    let mut client = Client::socket(&paths.socket);
    let part = match (taken, &presenter) {
        (Ok(Role::Owner(owner)), _) => {
            client = Client::in_process(owner.engine());
            tasks.push(tokio::spawn(serve(*owner, ended(&shutdown))));
            Part::Whole
        }
        (Ok(Role::Guest), Some(_)) => Part::Presenter,
        (Ok(Role::Guest), None) => Part::Window,
        (Err(error), _) => {
            // The window says it, since whoever clicked an icon reads no terminal.
            tracing::error!(%error, "no_engine");
            if wish.hidden {
                return Err(error.into());
            }
            refusal = Some(Problem::new(Code::NotRunning, error.to_string()));
            Part::Window
        }
    };
    if wish.hidden && part == Part::Window {
        return Ok(None);
    }
    let autostart = login::entry();
    if let Some(entry) = &autostart
        && let Err(error) = entry.mend()
    {
        tracing::warn!(%error, "login_entry_not_mended");
    }
    Ok(Some(Standing {
        part,
        presents: presenter.is_some() && part != Part::Window,
        client,
        paths,
        refusal,
        autostart,
        vault: wish.vault,
        shutdown,
        tasks,
        demo: None,
        _presenter: presenter,
        _window: window,
        _log: log.ok(),
    }))
}

/// An engine on the practice provider, in a folder of its own that no other process knows.
async fn take_demo() -> anyhow::Result<Standing> {
    let mut demo = demo::set_up(&DemoOptions {
        factor: DEMO_FACTOR,
        browser: Some(Arc::new(SystemBrowser::new(None, env::vars_os()))),
        ..DemoOptions::default()
    })
    .await?;
    let shutdown = watch::Sender::new(false);
    demo.serve(ended(&shutdown));
    let client = Client::in_process(demo.engine.clone());
    let account = serde_json::to_value(demo.account(DEMO_ACCOUNT))?;
    client
        .request(Method::POST, "/v1/accounts", Some(account))
        .await?;
    let window = WindowLock::take(&demo.paths.locks_dir())?.context("the demo's folder")?;
    Ok(Standing {
        part: Part::Whole,
        presents: true,
        client,
        paths: demo.paths.clone(),
        refusal: None,
        autostart: None,
        vault: None,
        shutdown,
        tasks: Vec::new(),
        demo: Some(demo),
        _presenter: None,
        _window: window,
        _log: None,
    })
}

fn owner_options(paths: &Paths, vault: Option<VaultKind>) -> OwnerOptions {
    OwnerOptions {
        paths: paths.clone(),
        vault,
        passphrase: None,
        key_file: None,
        environment: env::vars_os().collect(),
    }
}

/// Ready when the process is to end.
fn ended(shutdown: &watch::Sender<bool>) -> impl Future<Output = ()> + Send + 'static {
    let mut shutdown = shutdown.subscribe();
    async move {
        let _ = shutdown.wait_for(|ended| *ended).await;
    }
}

async fn serve(owner: Owner, ended: impl Future<Output = ()> + Send) {
    if let Err(error) = owner.serve(ended).await {
        tracing::error!(%error, "socket_ended");
    }
}

/// Another process has the window: it brings it to the front.
async fn ask_first(client: &Client, account: Option<&str>) -> anyhow::Result<()> {
    let place = account.map(|account| json!({ "account": account }));
    let mut tries = ASK.0;
    loop {
        match client
            .request(Method::POST, "/v1/window/open", place.clone())
            .await
        {
            Ok(_) => return Ok(()),
            Err(problem) if tries == 0 || !may_pass(problem.code) => {
                return Err(problem)
                    .context("another Tokentray has the window, but did not open it");
            }
            Err(_) => {
                tries -= 1;
                sleep(ASK.1).await;
            }
        }
    }
}

/// It may still be starting.
fn may_pass(code: Code) -> bool {
    matches!(code, Code::NotRunning | Code::Busy | Code::Loading)
}

impl Standing {
    /// What the shell's parts share.
    pub fn shell(&self) -> Shell {
        Shell::new(
            self.client.clone(),
            self.part,
            self.demo.is_some(),
            self.refusal.clone(),
            self.autostart.clone(),
            self.paths.state_dir.clone(),
        )
    }

    /// Starts what goes on beside the window. Called inside the runtime.
    pub fn start(&mut self, app: &AppHandle) {
        let task = if self.presents {
            let successor = TakeOver {
                paths: self.paths.clone(),
                vault: self.vault,
                guest: self.part == Part::Presenter,
                shutdown: self.shutdown.clone(),
            };
            present::start(
                app,
                &self.paths,
                self.client.clone(),
                Arc::new(successor),
                self.autostart.clone(),
                ended(&self.shutdown),
            )
        } else {
            let (client, app, ended) = (self.client.clone(), app.clone(), ended(&self.shutdown));
            tokio::spawn(async move {
                tokio::select! {
                    () = follow(client, app) => {}
                    () = ended => {}
                }
            })
        };
        self.tasks.push(task);
        end_on_signal(app);
    }

    /// Takes tray and notification away, and ends the engine if it is ours.
    pub async fn end(self) {
        self.shutdown.send_replace(true);
        for task in self.tasks {
            let _ = timeout(END_WITHIN, task).await;
        }
        if let Some(demo) = self.demo {
            let _ = timeout(END_WITHIN, demo.engine.shut_down()).await;
        }
    }
}

/// A presenter whose owner ended becomes the owner itself.
struct TakeOver {
    paths: Paths,
    vault: Option<VaultKind>,
    /// False: this process is the owner, and nobody is to be succeeded.
    guest: bool,
    shutdown: watch::Sender<bool>,
}

impl Successor for TakeOver {
    fn next(&self) -> Pending<'static, Option<Client>> {
        if !self.guest || *self.shutdown.borrow() {
            return Box::pin(std::future::ready(None));
        }
        let (options, ended) = (
            owner_options(&self.paths, self.vault),
            ended(&self.shutdown),
        );
        Box::pin(async move {
            match owner::take(options).await {
                Ok(Role::Owner(owner)) => {
                    // The window goes on asking over the socket, which is ours now.
                    let client = Client::in_process(owner.engine());
                    tokio::spawn(serve(*owner, ended));
                    Some(client)
                }
                Ok(Role::Guest) => None,
                Err(error) => {
                    tracing::error!(%error, "not_taken_over");
                    None
                }
            }
        })
    }
}

/// A window beside a presenter: raises itself when somebody asks for it.
async fn follow(client: Client, app: AppHandle) {
    loop {
        if let Ok(mut events) = client.events(None).await {
            while let Some((_, event)) = events.recv().await {
                if let Event::OpenWindow { account } = event {
                    window::open(&app, None, account.as_deref());
                }
            }
        }
        sleep(Duration::from_secs(1)).await;
    }
}

#[cfg(unix)]
fn end_on_signal(app: &AppHandle) {
    use tokio::signal::unix::{SignalKind, signal};

    let app = app.clone();
    tokio::spawn(async move {
        let (Ok(mut terminate), Ok(mut interrupt)) = (
            signal(SignalKind::terminate()),
            signal(SignalKind::interrupt()),
        ) else {
            return;
        };
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        app.exit(0);
    });
}

#[cfg(not(unix))]
fn end_on_signal(_app: &AppHandle) {}
