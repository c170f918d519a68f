//! An owner that is a script: it answers on a real socket what the test tells it to, and remembers
//! what it was asked.

use std::{
    convert::Infallible,
    path::Path,
    sync::{Arc, Mutex},
};

use axum::{
    Json, Router,
    body::Body,
    extract::State,
    response::sse::{Event as Sent, Sse},
    routing::get,
};
use futures_util::{Stream, StreamExt};
use http::{Request, StatusCode};
use http_body_util::BodyExt;
use tokentray::{
    api::types::{Event, OverallRow, SettingsRow, Status},
    paths::Paths,
    socket,
};
use tokio::{
    sync::{broadcast, mpsc, oneshot},
    task::JoinHandle,
};

#[derive(Clone)]
struct Script {
    status: Arc<Mutex<Status>>,
    language: Arc<Mutex<&'static str>>,
    events: broadcast::Sender<Event>,
    asked: mpsc::UnboundedSender<String>,
    refuses: Arc<Mutex<bool>>,
}

/// The running owner.
pub struct Owner {
    script: Script,
    asked: mpsc::UnboundedReceiver<String>,
    end: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

impl Owner {
    pub fn start(folder: &Path, status: Status) -> Self {
        let (asked_sender, asked) = mpsc::unbounded_channel();
        let script = Script {
            status: Arc::new(Mutex::new(status)),
            language: Arc::new(Mutex::new("system")),
            events: broadcast::channel(64).0,
            asked: asked_sender,
            refuses: Arc::default(),
        };
        let router = Router::new()
            .route("/v1/status", get(status_route))
            .route("/v1/settings", get(settings_route))
            .route("/v1/events", get(events_route))
            .fallback(remember)
            .with_state(script.clone());
        let listener = socket::bind(&Paths::below(folder)).unwrap();
        let (end, ended) = oneshot::channel();
        let task = tokio::spawn(async move {
            let shutdown = async move {
                let _ = ended.await;
            };
            socket::serve(listener, router, shutdown).await.unwrap();
        });
        Self {
            script,
            asked,
            end: Some(end),
            task,
        }
    }

    /// Changes the status and tells everybody who follows.
    pub fn change(&self, change: impl FnOnce(&mut Status)) {
        let mut status = self.script.status.lock().unwrap();
        change(&mut status);
        for row in status.accounts.clone() {
            let _ = self.script.events.send(Event::Account { row });
        }
        let status = OverallRow {
            overall: status.overall,
            headline: status.headline.clone(),
            tray: status.tray,
            notice: status.notice.clone(),
            paused: status.paused,
            online: status.online,
            vault: status.vault.clone(),
        };
        let _ = self.script.events.send(Event::Overall { status });
    }

    /// Changes the language in the settings and tells everybody who follows.
    pub fn speak(&self, language: &'static str) {
        *self.script.language.lock().unwrap() = language;
        let settings = settings(language);
        self.send(Event::Settings { settings });
    }

    pub fn send(&self, event: Event) {
        self.script.events.send(event).unwrap();
    }

    /// From now on everything but reading is refused.
    pub fn refuse(&self, refuses: bool) {
        *self.script.refuses.lock().unwrap() = refuses;
    }

    /// The next thing that it is asked to do: method, path, body.
    pub async fn asked(&mut self) -> String {
        super::soon(self.asked.recv()).await.unwrap()
    }

    pub fn is_asked_nothing(&mut self) -> bool {
        self.asked.try_recv().is_err()
    }

    pub async fn end(mut self) {
        self.end.take().unwrap().send(()).unwrap();
        self.task.await.unwrap();
    }
}

async fn status_route(State(script): State<Script>) -> Json<Status> {
    Json(script.status.lock().unwrap().clone())
}

async fn settings_route(State(script): State<Script>) -> Json<SettingsRow> {
    Json(settings(*script.language.lock().unwrap()))
}

fn settings(language: &str) -> SettingsRow {
    SettingsRow {
        notifications: true,
        notify_ahead_s: 600,
        notify_command: None,
        refresh_ahead_s: None,
        history_days: 90,
        log_level: "info".into(),
        theme: "system".into(),
        language: language.into(),
        ca_file: None,
        proxy: None,
        browser: None,
        vault: "memory".into(),
        config_file: String::new(),
        state_folder: String::new(),
    }
}

async fn events_route(
    State(script): State<Script>,
) -> Sse<impl Stream<Item = Result<Sent, Infallible>>> {
    let live = tokio_stream::wrappers::BroadcastStream::new(script.events.subscribe());
    Sse::new(live.enumerate().map(|(number, event)| {
        let text = serde_json::to_string(&event.unwrap()).unwrap();
        Ok(Sent::default().id(number.to_string()).data(text))
    }))
}

async fn remember(State(script): State<Script>, request: Request<Body>) -> StatusCode {
    let (head, body) = request.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let body = String::from_utf8(body.to_vec()).unwrap();
    let asked = format!("{} {} {body}", head.method, head.uri.path());
    script.asked.send(asked.trim_end().to_owned()).unwrap();
    if *script.refuses.lock().unwrap() {
        StatusCode::SERVICE_UNAVAILABLE
    } else {
        StatusCode::NO_CONTENT
    }
}
