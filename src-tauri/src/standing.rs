//! What this process is beside the others of this person, and what it holds as such.
//!
//! Three kernel locks decide, never a bus: the owner's, the presenter's, and one for the window.
//! Surprising: a second start is no error. It asks the first to open its window and ends.

use std::{sync::Arc, time::Duration};

use anyhow::Context;
use http::Method;
use tauri::AppHandle;
use tokentray::{
    api::{client::Client, types::Event},
    autostart::Autostart,
    paths::Paths,
    presenter::{
        NoSuccessor,
        lock::{PresenterLock, WindowLock},
    },
};
use tokio::{
    sync::watch,
    task::JoinHandle,
    time::{sleep, timeout},
};

use crate::{
    present,
    shell::{Part, Shell},
    window,
};

/// Refreshes that are out may take 10 s to save; a little more for the rest.
const END_WITHIN: Duration = Duration::from_secs(12);
/// A first start may hold its lock before its socket answers.
const ASK: (u32, Duration) = (20, Duration::from_millis(250));

/// What the person asked for on the command line.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wish {
    pub hidden: bool,
    pub demo: bool,
}

/// What this process holds until it ends.
pub struct Standing {
    part: Part,
    client: Client,
    paths: Paths,
    autostart: Option<Autostart>,
    _window: WindowLock,
    _presenter: Option<PresenterLock>,
    shutdown: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

/// Takes the place that is free; none where another process has it and was asked instead.
pub async fn take(wish: Wish) -> anyhow::Result<Option<Standing>> {
    let paths = Paths::from_env()?;
    let Some(window) = WindowLock::take(&paths.locks_dir()).context("the state folder")? else {
        if !wish.hidden {
            ask_first(&Client::socket(&paths.socket)).await?;
        }
        return Ok(None);
    };
    let presenter = PresenterLock::take(&paths.locks_dir()).context("the state folder")?;
    let part = if presenter.is_some() {
        Part::Presenter
    } else {
        Part::Window
    };
    if wish.hidden && part == Part::Window {
        return Ok(None);
    }
    Ok(Some(Standing {
        part,
        client: Client::socket(&paths.socket),
        autostart: None,
        paths,
        _window: window,
        _presenter: presenter,
        shutdown: watch::Sender::new(false),
        tasks: Vec::new(),
    }))
}

/// Another process has the window: it brings it to the front.
async fn ask_first(client: &Client) -> anyhow::Result<()> {
    let mut tries = ASK.0;
    loop {
        match client.request(Method::POST, "/v1/window/open", None).await {
            Ok(_) => return Ok(()),
            Err(problem) if tries == 0 => {
                return Err(problem).context("another Tokentray runs, but does not answer");
            }
            Err(_) => {
                tries -= 1;
                sleep(ASK.1).await;
            }
        }
    }
}

impl Standing {
    /// What the shell's parts share.
    pub fn shell(&self) -> Shell {
        Shell::new(
            self.client.clone(),
            self.part,
            self.autostart.clone(),
            self.paths.state_dir.clone(),
        )
    }

    /// Starts what goes on beside the window. Called inside the runtime.
    pub fn start(&mut self, app: &AppHandle) {
        let task = if self.part == Part::Window {
            tokio::spawn(follow(self.client.clone(), app.clone()))
        } else {
            present::start(
                app,
                self.client.clone(),
                Arc::new(NoSuccessor),
                self.autostart.clone(),
                self.ending(),
            )
        };
        self.tasks.push(task);
        end_on_signal(app);
    }

    /// Takes tray and notification away, then ends the engine if it is ours.
    pub async fn end(self) {
        self.shutdown.send_replace(true);
        for task in self.tasks {
            if self.part == Part::Window {
                task.abort();
            }
            let _ = timeout(END_WITHIN, task).await;
        }
    }

    fn ending(&self) -> impl Future<Output = ()> + Send + 'static {
        let mut ending = self.shutdown.subscribe();
        async move {
            let _ = ending.wait_for(|ending| *ending).await;
        }
    }
}

/// A window beside a presenter: raises itself when somebody asks for it.
async fn follow(client: Client, app: AppHandle) {
    loop {
        if let Ok(mut events) = client.events(None).await {
            while let Some((_, event)) = events.recv().await {
                if matches!(event, Event::OpenWindow) {
                    window::open(&app, None);
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
