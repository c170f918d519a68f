//! The presenter: shows tray and notification for an owner, in this process or behind the socket.
//!
//! - [`model`]: what the tray shows, pure.
//! - [`mirror`]: the owner's status, kept by its events, pure.
//! - [`notice_board`]: what becomes of the notice that is wanted, pure.
//! - [`lock`]: one presenter a session.
//! - [`window`]: who opens the window.
//! - `resident`: the whole of `tokentray tray`.
//!
//! Must not know how anything is refreshed, nor which desktop it runs on: it has a client and two
//! ports. Surprising: it outlives its owner. When the owner ends it asks the successor hook for
//! another one, which may well be this very process.

use std::{future::Future, sync::Arc, time::Duration};

use http::Method;
use serde_json::{Value, json};
use tokio::{
    sync::mpsc,
    time::{Instant, sleep, sleep_until},
};

use crate::{
    api::{
        client::Client,
        problem::{Code, Problem},
        types::{AccountState, Event, NoticeRow, SettingsRow, Status},
    },
    autostart::Autostart,
    io::{
        Pending,
        notifier::{Notice, NoticeEvent, Notifier},
        tray::{TrayAction, TrayEvent, TrayPort},
    },
    speech::Speech,
};

pub mod lock;
pub mod mirror;
pub mod model;
pub mod notice_board;
#[cfg(target_os = "linux")]
pub mod resident;
pub mod window;

use mirror::Heard;
use notice_board::{NoticeBoard, Step};
use window::{Opened, WindowOpener};

/// How long the tray goes on showing the last status of an owner that does not answer: a take-over
/// is quicker, and a flicker would alarm.
const STALE_AFTER: Duration = Duration::from_secs(3);
/// First and longest pause between tries to reach an owner.
const PAUSE: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(15));

/// Everything that a presenter is given.
pub struct PresenterOptions {
    pub client: Client,
    pub tray: Arc<dyn TrayPort>,
    pub clicks: mpsc::UnboundedReceiver<TrayEvent>,
    pub notifier: Arc<dyn Notifier>,
    pub answers: mpsc::UnboundedReceiver<NoticeEvent>,
    pub window: Arc<dyn WindowOpener>,
    pub successor: Arc<dyn Successor>,
    /// None hides "Start at login".
    pub autostart: Option<Autostart>,
    /// What the system asks for, best first (see [`crate::io::languages`]).
    pub languages: Vec<String>,
}

/// Whom to present for when the owner has ended.
pub trait Successor: Send + Sync + 'static {
    /// A client of the new owner; none to try the former one again. Asked once for each try.
    fn next(&self) -> Pending<'static, Option<Client>>;
}

/// For a presenter that lives and dies with its owner (the shell), or never takes over.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoSuccessor;

impl Successor for NoSuccessor {
    fn next(&self) -> Pending<'static, Option<Client>> {
        Box::pin(std::future::ready(None))
    }
}

/// Why the presenter ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The person chose Quit.
    Quit,
    ShutDown,
}

/// Presents until the person quits or `shutdown` is ready; then takes icon and notification away.
pub async fn run(options: PresenterOptions, shutdown: impl Future<Output = ()> + Send) -> Ended {
    let (reports, reported) = mpsc::unbounded_channel();
    let (tray, notifier) = (Arc::clone(&options.tray), Arc::clone(&options.notifier));
    let mut presenter = Presenter {
        speech: Speech::new(options.languages.clone()),
        options,
        reports,
        reported,
        status: None,
        notice: None,
        board: NoticeBoard::default(),
        leftover: true,
    };
    let ended = tokio::select! {
        () = presenter.present() => Ended::Quit,
        () = shutdown => Ended::ShutDown,
    };
    // Buttons that nobody answers any more are worse than none.
    tokio::join!(notifier.withdraw(), tray.shut_down());
    ended
}

/// What tasks beside the loop bring back.
enum Report {
    /// A notification server took the notice with this id, or none did.
    Placed(String, Result<(), String>),
    Told(String, bool),
    /// A click that the owner refused.
    Refused(Problem),
}

struct Presenter {
    speech: Speech,
    options: PresenterOptions,
    reports: mpsc::UnboundedSender<Report>,
    reported: mpsc::UnboundedReceiver<Report>,
    /// The owner's last known status.
    status: Option<Status>,
    /// The notice that was last given to the notifier: what its buttons are about.
    notice: Option<NoticeRow>,
    board: NoticeBoard,
    /// A presenter that died may have left a notification, and nothing has shown yet that it is
    /// wanted or that it is not.
    leftover: bool,
}

/// What the loop does after something happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    GoOn,
    Quit,
}

impl Presenter {
    /// Ends when the person quits.
    async fn present(&mut self) {
        let mut pause = PAUSE.0;
        let mut stale_at = Instant::now() + STALE_AFTER;
        loop {
            match self.follow().await {
                Ok(Next::Quit) => return,
                Ok(Next::GoOn) => {
                    pause = PAUSE.0;
                    stale_at = Instant::now() + STALE_AFTER;
                }
                Err(problem) => tracing::debug!(code = %problem.code, "presenter_without_owner"),
            }
            if let Some(client) = self.options.successor.next().await {
                // At once: a second start may already be asking the new owner for the window.
                self.options.client = client;
                continue;
            }
            if self.wait(pause, stale_at).await == Next::Quit {
                return;
            }
            pause = (pause * 2).min(PAUSE.1);
        }
    }

    /// One owner's life: `GoOn` when its events end.
    async fn follow(&mut self) -> Result<Next, Problem> {
        // Events first: what changes between the two is then told twice rather than never.
        let mut events = self.options.client.events(None).await?;
        // Before anything is said. Not every owner can answer it, and then the language stays.
        if let Ok(settings) = self.options.client.get::<SettingsRow>("/v1/settings").await {
            self.speech.speak(&settings.language);
        }
        self.read_status().await?;
        loop {
            tokio::select! {
                event = events.recv() => {
                    let Some((_, event)) = event else {
                        return Ok(Next::GoOn);
                    };
                    self.hear(event).await?;
                }
                Some(click) = self.options.clicks.recv() => {
                    if self.clicked(click) == Next::Quit {
                        return Ok(Next::Quit);
                    }
                }
                Some(answer) = self.options.answers.recv() => self.answered(answer),
                Some(report) = self.reported.recv() => self.report(report),
            }
        }
    }

    /// Between two owners; clicks still count.
    async fn wait(&mut self, pause: Duration, stale_at: Instant) -> Next {
        let again = sleep(pause);
        let stale = sleep_until(stale_at);
        tokio::pin!(again, stale);
        let mut told = false;
        loop {
            tokio::select! {
                () = &mut again => return Next::GoOn,
                () = &mut stale, if !told => {
                    told = true;
                    self.status = None;
                    self.show_tray();
                }
                Some(click) = self.options.clicks.recv() => {
                    if self.clicked(click) == Next::Quit {
                        return Next::Quit;
                    }
                }
                Some(answer) = self.options.answers.recv() => self.answered(answer),
                Some(report) = self.reported.recv() => self.report(report),
            }
        }
    }

    async fn read_status(&mut self) -> Result<(), Problem> {
        self.status = Some(self.options.client.get("/v1/status").await?);
        self.show_all();
        Ok(())
    }

    async fn hear(&mut self, event: Event) -> Result<(), Problem> {
        if let Event::Settings { settings } = &event
            && self.speech.speak(&settings.language)
        {
            self.show_all();
        }
        let heard = match &mut self.status {
            Some(status) => mirror::hear(status, event),
            None => Heard::ReadAnew,
        };
        match heard {
            Heard::Changed => self.show_all(),
            Heard::Nothing => {}
            Heard::ReadAnew => self.read_status().await?,
            Heard::OpenWindow(account) => {
                // One that is open heard it too.
                self.options.window.open(None, account.as_deref());
            }
        }
        Ok(())
    }

    fn show_all(&mut self) {
        self.show_tray();
        let wanted = self
            .status
            .as_ref()
            .and_then(|status| status.notice.as_ref())
            .map(|notice| self.speech.notice(notice));
        let step = self.board.wanted(wanted.as_ref());
        if self.leftover && (wanted.is_some() || self.status.as_ref().is_some_and(needs_nobody)) {
            self.leftover = false;
            if wanted.is_none() {
                tokio::spawn(self.options.notifier.withdraw_left());
            }
        }
        self.notice = wanted;
        self.take(step);
    }

    fn show_tray(&self) {
        let start_at_login = self.options.autostart.as_ref().map(Autostart::is_enabled);
        self.options.tray.show(match &self.status {
            Some(status) => model::tray_model(status, start_at_login, &self.speech),
            None => model::without_engine(start_at_login, &self.speech),
        });
    }

    fn take(&self, step: Step) {
        match (step, &self.notice) {
            (Step::Show, Some(notice)) => {
                let words = &self.speech.words().notification;
                let showing = self.options.notifier.show(Notice {
                    title: notice.title.clone(),
                    body: notice.body.clone(),
                    sign_in: words.sign_in.clone(),
                    later: words.later.clone(),
                    elsewhere: words.elsewhere.clone(),
                });
                let (id, reports) = (notice.id.clone(), self.reports.clone());
                // Beside the loop: a server may take half a minute to start.
                tokio::spawn(async move {
                    let _ = reports.send(Report::Placed(id, showing.await));
                });
            }
            (Step::Acknowledge, Some(notice)) => {
                let (client, reports) = (self.options.client.clone(), self.reports.clone());
                let id = notice.id.clone();
                tokio::spawn(async move {
                    let path = format!("/v1/notices/{}/shown", segment(&id));
                    let told = client.request(Method::POST, &path, None).await.is_ok();
                    let _ = reports.send(Report::Told(id, told));
                });
            }
            (Step::Withdraw, _) => {
                tokio::spawn(self.options.notifier.withdraw());
            }
            (Step::Nothing, _) | (Step::Show | Step::Acknowledge, None) => {}
        }
    }

    fn report(&mut self, report: Report) {
        match report {
            Report::Placed(id, Ok(())) => {
                let step = self.board.taken(&id);
                self.take(step);
            }
            Report::Placed(_, Err(reason)) => {
                // Tray and window show it; the notifier shows it when a server comes.
                tracing::info!(reason, "notification_not_shown");
            }
            Report::Told(id, heard) => self.board.told(&id, heard),
            // The window says in words what is wrong.
            Report::Refused(problem) => {
                tracing::info!(code = %problem.code, "click_refused");
                if problem.code != Code::NotRunning {
                    self.open_window(None, None);
                }
            }
        }
    }

    fn clicked(&mut self, click: TrayEvent) -> Next {
        let token = click.activation_token;
        match click.action {
            TrayAction::Open => self.open_window(token, None),
            TrayAction::Show(account) => self.open_window(token, Some(&account)),
            TrayAction::SignIn(account) => self.sign_in(&account, token),
            TrayAction::Refresh(account) => self.act(&account, "refresh"),
            TrayAction::Pause(account) => self.act(&account, "pause"),
            TrayAction::Resume(account) => self.act(&account, "resume"),
            TrayAction::PauseAll => self.post("/v1/pause".into(), None),
            TrayAction::ResumeAll => self.post("/v1/resume".into(), None),
            TrayAction::StartAtLogin(on) => {
                if let Some(autostart) = &self.options.autostart
                    && let Err(error) = autostart.set(on)
                {
                    tracing::warn!(%error, "start_at_login_not_changed");
                }
                self.show_tray();
            }
            TrayAction::Quit => return Next::Quit,
        }
        Next::GoOn
    }

    fn answered(&mut self, answer: NoticeEvent) {
        match answer {
            NoticeEvent::Shown => {
                if let Some(id) = self.board.id().map(str::to_owned) {
                    let step = self.board.taken(&id);
                    self.take(step);
                }
                return;
            }
            NoticeEvent::SignIn { activation_token } => {
                let accounts = self.notice.as_ref().map(|notice| notice.accounts.clone());
                match accounts.as_deref() {
                    Some([only]) => self.sign_in(only, activation_token),
                    _ => self.open_window(activation_token, None),
                }
            }
            NoticeEvent::Later => {
                let notice = self.notice.as_ref();
                for incident in notice.map_or(&[][..], |notice| &notice.incidents) {
                    let path = format!("/v1/incidents/{}/later", segment(incident));
                    self.post(path, None);
                }
            }
            NoticeEvent::Dismissed => {}
        }
        self.board.answered();
    }

    fn open_window(&self, activation_token: Option<String>, account: Option<&str>) {
        if self.options.window.open(activation_token, account) == Opened::Before {
            let at = account.map(|account| json!({ "account": account }));
            self.post("/v1/window/open".into(), at);
        }
    }

    fn sign_in(&self, account: &str, activation_token: Option<String>) {
        let path = format!("/v1/accounts/{}/sign-in", segment(account));
        let mut request = json!({});
        if let Some(token) = activation_token {
            request["activation_token"] = Value::String(token);
        }
        self.post(path, Some(request));
    }

    fn act(&self, account: &str, action: &str) {
        self.post(format!("/v1/accounts/{}/{action}", segment(account)), None);
    }

    fn post(&self, path: String, body: Option<Value>) {
        let (client, reports) = (self.options.client.clone(), self.reports.clone());
        tokio::spawn(async move {
            if let Err(problem) = client.request(Method::POST, &path, body).await {
                let _ = reports.send(Report::Refused(problem));
            }
        });
    }
}

/// Whether everything that was stored has been read and nobody is needed: then a notification that
/// stands is about nothing any more.
fn needs_nobody(status: &Status) -> bool {
    use AccountState::{Loading, SignInNeeded, VaultLocked};
    let not_known = |state| matches!(state, Loading | VaultLocked | SignInNeeded);
    !status.accounts.iter().any(|row| not_known(row.state))
}

/// One segment of a path, percent-encoded (RFC 3986 §3.3, all but the unreserved).
fn segment(text: &str) -> String {
    use std::fmt::Write;
    text.bytes().fold(String::new(), |mut path, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            path.push(char::from(byte));
        } else {
            let _ = write!(path, "%{byte:02X}");
        }
        path
    })
}
