//! The certified provider of the tests (`tests/provider`, npm's `oidc-provider`) and the person
//! with a real browser who signs in there. Knows nothing of Tokentray but that it opens a command.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use serde::Deserialize;
use serde_json::{Value, json};

use super::{http, process::Process, session::Session};

/// The public client that the provider knows; any loopback port, path `/callback`.
pub const CLIENT_ID: &str = "tokentray";

/// The client with a secret that the provider knows, and its secret.
pub const SECRET_CLIENT_ID: &str = "tokentray-secret";
pub const CLIENT_SECRET: &str = "the/client+secret=of&the tests%";

/// A running provider.
#[derive(Debug)]
pub struct Provider {
    process: Process,
    pub issuer: String,
    control: u16,
}

/// A secret that the provider gave out.
#[derive(Clone, Debug, Deserialize)]
pub struct Issued {
    pub kind: String,
    pub value: String,
    /// Unix time in milliseconds.
    pub at: i64,
}

/// A request that the token endpoint answered.
#[derive(Clone, Debug, Deserialize)]
pub struct Request {
    pub grant_type: Option<String>,
    pub status: u16,
    pub error: Option<String>,
    /// Unix time in milliseconds.
    pub at: i64,
}

/// A request to the token endpoint as the provider saw it; wall clock in milliseconds.
#[derive(Clone, Debug, Deserialize)]
pub struct Seen {
    /// None while it is worked on; 499 if its client hung up before that began.
    pub status: Option<u16>,
    pub received_at: f64,
    /// From here on the old refresh token is spent.
    pub committed_at: Option<f64>,
    /// The answer is on its way.
    pub answered_at: Option<f64>,
}

/// A piece of the provider's log.
#[derive(Clone, Debug, Deserialize)]
pub struct Log {
    pub requests: Vec<Seen>,
    /// Requests there were in all.
    pub total: usize,
    /// When [`Provider::execute`] was carried out.
    pub executed_at: Option<f64>,
}

/// What the provider does at the next request before a process is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    Received,
    Answered,
}

/// All that the provider remembers.
#[derive(Clone, Debug, Deserialize)]
pub struct State {
    pub issued: Vec<Issued>,
    pub requests: Vec<Request>,
    /// Answers that wait for `release`.
    pub held: usize,
}

impl State {
    /// Refreshes that reached the token endpoint.
    pub fn refreshes(&self) -> Vec<&Request> {
        self.requests
            .iter()
            .filter(|r| r.grant_type.as_deref() == Some("refresh_token"))
            .collect()
    }

    /// The newest secret of this kind.
    pub fn last(&self, kind: &str) -> &str {
        let last = self.issued.iter().rfind(|issued| issued.kind == kind);
        &last.unwrap_or_else(|| panic!("no {kind} was issued")).value
    }
}

impl Provider {
    /// Starts it with access tokens of that many seconds, refresh tokens that rotate, PKCE required.
    pub fn start(session: &Session, access_token_seconds: u32) -> Self {
        Self::with(
            session,
            &json!({ "access_token_seconds": access_token_seconds }),
        )
    }

    /// Starts it with these options; see `provider.mjs`.
    pub fn with(session: &Session, options: &Value) -> Self {
        let mut command = session.command("node");
        command
            .arg(folder().join("provider.mjs"))
            .arg(options.to_string())
            .stdin(Stdio::piped());
        let mut process = Process::spawn_piped("provider", &mut command, &session.logs());
        let mut line = String::new();
        BufReader::new(process.child().stdout.as_mut().unwrap())
            .read_line(&mut line)
            .unwrap();
        let told: Value = serde_json::from_str(&line)
            .unwrap_or_else(|_| panic!("the provider did not start:\n{}", process.log()));
        Self {
            process,
            issuer: told["issuer"].as_str().unwrap().to_owned(),
            control: told["control"].as_u64().unwrap().try_into().unwrap(),
        }
    }

    pub fn state(&self) -> State {
        let (status, answer) = http::tcp(self.control, "GET", "/state", None).expect("it runs");
        assert_eq!(status, 200);
        serde_json::from_value(answer).unwrap()
    }

    /// Ends every grant and every browser session, as an administrator does.
    pub fn revoke_everything(&self) {
        self.order("/revoke", &json!({}));
    }

    /// From now on the token endpoint works but its answers wait.
    pub fn hold(&self) {
        self.order("/hold", &json!({}));
    }

    /// Lets all waiting answers go, and those to come.
    pub fn release(&self) {
        self.order("/release", &json!({}));
    }

    /// The token endpoint refuses from now on, whatever it is asked.
    pub fn refuse(&self, status: u16, error: &str, description: &str) {
        let order = json!({ "status": status, "error": error, "error_description": description });
        self.order("/refuse", &order);
    }

    /// Ends [`Provider::refuse`].
    pub fn accept(&self) {
        self.order("/refuse", &json!({ "error": null }));
    }

    /// The next answers that bring a refresh token end in the middle of it.
    pub fn cut(&self, times: u32) {
        self.order("/cut", &json!({ "times": times }));
    }

    /// From now on it waits so long before its work and before its answer.
    pub fn delay(&self, think: Duration, answer: Duration) {
        let milliseconds = |length: Duration| length.as_secs_f64() * 1000.0;
        let order = json!({ "think_ms": milliseconds(think), "answer_ms": milliseconds(answer) });
        self.order("/delay", &order);
    }

    /// Kills the process (`SIGKILL`) so long after the next request gets so far.
    pub fn execute(&self, process: u32, moment: Moment, after: Duration) {
        let event = match moment {
            Moment::Received => "received",
            Moment::Answered => "answered",
        };
        let after_ms = after.as_secs_f64() * 1000.0;
        let order = json!({ "pid": process, "event": event, "after_ms": after_ms });
        self.order("/execute", &order);
    }

    /// Its log from request number `from` on.
    pub fn log(&self, from: usize) -> Log {
        serde_json::from_value(self.order("/log", &json!({ "from": from }))).unwrap()
    }

    /// Whether it would still take this refresh token.
    pub fn is_alive(&self, refresh_token: &str) -> bool {
        let answer = self.order("/alive", &json!({ "refresh_token": refresh_token }));
        answer["alive"].as_bool().unwrap()
    }

    /// Stops answering at all, as in an outage; the port is closed.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    fn order(&self, path: &str, order: &Value) -> Value {
        match http::tcp(self.control, "POST", path, Some(order)) {
            Some((200, answer)) => answer,
            other => panic!("{path}: {other:?}"),
        }
    }
}

/// The command of a person who signs in with a real browser as `login`; the URL is appended.
///
/// The last page that the browser shows is kept as `artefacts/NAME.png`.
pub fn browser(login: &str, screenshot: &str) -> Vec<String> {
    let program = folder().join("browser.mjs");
    let picture = artefacts().join(format!("{screenshot}.png"));
    ["node", program.to_str().unwrap(), "--login", login]
        .into_iter()
        .chain(["--screenshot", picture.to_str().unwrap()])
        .map(str::to_owned)
        .collect()
}

/// The command of a person who signs in as `login` without a browser, in a fraction of the time.
pub fn person(login: &str) -> Vec<String> {
    let program = folder().join("person.mjs");
    ["node", program.to_str().unwrap(), "--login", login]
        .map(str::to_owned)
        .to_vec()
}

/// Where screenshots are kept for a person to look at.
pub fn artefacts() -> PathBuf {
    let folder = tests_folder().join("../artefacts");
    fs::create_dir_all(&folder).unwrap();
    folder.canonicalize().unwrap()
}

/// Fails in words when `npm ci` was forgotten.
fn folder() -> PathBuf {
    let folder = tests_folder().join("provider");
    assert!(
        folder.join("node_modules/oidc-provider").is_dir(),
        "the certified provider is not installed: run `make setup`"
    );
    folder
}

fn tests_folder() -> PathBuf {
    // The two packages with tests lie at different depths of the same workspace.
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package
        .ancestors()
        .map(|ancestor| ancestor.join("tests"))
        .find(|tests| tests.join("provider/package.json").is_file())
        .expect("the workspace's tests folder")
}
