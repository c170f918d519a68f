//! The real program on a stage of its own, before an engine that answers by a script.

use std::{
    io::Write,
    process::{Command, Output, Stdio},
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::Body,
    extract::Request,
    response::{IntoResponse, Response},
};
use chrono::{DateTime, TimeDelta, Utc};
use http::StatusCode;
use serde_json::{Value, json};
use tokentray::{
    api::problem::{Code, Problem},
    io::clock::{Clock, SystemClock},
    paths::Paths,
    socket,
};

/// A folder of its own, and maybe an engine that answers by a script.
pub struct Stage {
    pub folder: tempfile::TempDir,
    pub asked: Arc<Mutex<Vec<String>>>,
}

/// What was asked, and how often something was asked before.
pub struct Asked<'a> {
    pub method: &'a str,
    pub path: &'a str,
    pub query: &'a str,
    pub count: usize,
}

impl Stage {
    pub fn empty() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            asked: Arc::default(),
        }
    }

    /// Must be called inside a multi-threaded runtime: the program is waited for on one thread.
    pub fn with_engine(
        script: impl Fn(&Asked) -> Response + Clone + Send + Sync + 'static,
    ) -> Self {
        let stage = Self::empty();
        let listener = socket::bind(&stage.paths()).unwrap();
        let asked = stage.asked.clone();
        let router = Router::new().fallback(move |request: Request| {
            let (asked, script) = (asked.clone(), script.clone());
            async move {
                let (head, body) = request.into_parts();
                let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
                let body = String::from_utf8(body.to_vec()).unwrap();
                let mut asked = asked.lock().unwrap();
                let answer = script(&Asked {
                    method: head.method.as_str(),
                    path: head.uri.path(),
                    query: head.uri.query().unwrap_or_default(),
                    count: asked.len(),
                });
                asked.push(format!("{} {} {body}", head.method, head.uri));
                answer
            }
        });
        tokio::spawn(socket::serve(listener, router, std::future::pending()));
        stage
    }

    pub fn paths(&self) -> Paths {
        Paths::below(self.folder.path())
    }

    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }

    pub fn command(&self, args: &[&str]) -> Command {
        let paths = self.paths();
        let mut command = Command::new(env!("CARGO_BIN_EXE_tokentray"));
        command
            .args(args)
            .env_clear()
            .env("HOME", self.folder.path())
            .env("TZ", "UTC")
            .env("TOKENTRAY_CONFIG_DIR", paths.config_dir)
            .env("TOKENTRAY_STATE_DIR", paths.state_dir)
            .env("TOKENTRAY_SOCKET", paths.socket)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    pub fn run(&self, args: &[&str], stdin: &str) -> Ran {
        let mut child = self.command(args).spawn().unwrap();
        // A program that does not read its input has closed it, which is no failure here.
        let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
        Ran::of(&child.wait_with_output().unwrap())
    }
}

#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Ran {
    pub fn of(output: &Output) -> Self {
        Self {
            code: output.status.code().unwrap(),
            out: String::from_utf8(output.stdout.clone()).unwrap(),
            err: String::from_utf8(output.stderr.clone()).unwrap(),
        }
    }
}

pub fn answer(value: &Value) -> Response {
    Response::new(Body::from(value.to_string()))
}

pub fn problem(code: Code) -> Response {
    Problem::new(code, "it is so").into_response()
}

pub fn no_content() -> Response {
    StatusCode::NO_CONTENT.into_response()
}

pub fn token(text: &str) -> Value {
    json!({
        "access_token": text, "token_type": "bearer", "expires_at": null, "scopes": [],
        "fingerprint": "f1", "short": false,
    })
}

pub fn in_minutes(minutes: i64) -> DateTime<Utc> {
    SystemClock.now().wall + TimeDelta::minutes(minutes) + TimeDelta::seconds(30)
}

pub fn account(name: &str, state: &str) -> Value {
    json!({
        "id": "00", "name": name, "provider": null, "provider_name": "login.example",
        "state": state, "verdict": null, "cause": null, "action": null,
        "message": "All is \u{1b}[31mwell.", "has_refresh_token": true, "revocable": true,
        "expires_at": in_minutes(42), "expires_source": "server", "token_valid": true,
        "issued_at": null, "refresh_token_expires_at": null, "signed_in_at": null,
        "sign_in_at": null, "sign_in_about": false, "id_token_expires_at": null,
        "next_refresh_at": in_minutes(30), "last_refreshed_at": in_minutes(-18), "generation": 3,
        "scopes": ["openid"], "incident": null, "asks_at": null, "unsaved": false,
        "sign_in": null, "used_by": [],
    })
}

pub fn status(overall: &str, accounts: &[Value]) -> Value {
    json!({
        "overall": overall, "headline": "All is well.", "tray": "fine", "notice": null,
        "paused": false, "online": true,
        "vault": { "kind": "memory", "cause": null, "unsaved": 0 },
        "version": "0.1.0", "pid": 1, "demo": false, "accounts": accounts,
    })
}

pub fn sign_in(phase: &str) -> Value {
    json!({
        "id": "s1", "account": "work", "phase": phase, "url": "https://login.example/auth",
        "user_code": null, "verification_url": null, "verification_url_complete": null,
        "ends_at": in_minutes(10), "message": null, "warning": null, "device_possible": false,
    })
}

pub fn history_entry(message: &str) -> Value {
    json!({
        "at": "2026-03-01T10:00:00Z", "account": "work", "kind": "refreshed",
        "trigger": "schedule", "cause": null, "verdict": null, "http_status": 200,
        "provider_code": null, "message": message, "attempt": 1, "duration_ms": 5,
        "next_attempt_at": null, "generation": 2, "client": null, "count": 1,
    })
}

pub fn server_sent(number: u64, event: &Value) -> String {
    format!("id: {number}\nevent: {}\ndata: {event}\n\n", event["type"])
}
