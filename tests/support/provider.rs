//! The certified provider of the tests (`tests/provider`, npm's `oidc-provider`) and the person
//! with a real browser who signs in there. Knows nothing of Tokentray but that it opens a command.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::Stdio,
};

use serde::Deserialize;
use serde_json::{Value, json};

use super::{http, process::Process, session::Session};

/// The public client that the provider knows; any loopback port, path `/callback`.
pub const CLIENT_ID: &str = "tokentray";

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
        let options = json!({ "access_token_seconds": access_token_seconds });
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

    /// Stops answering at all, as in an outage; the port is closed.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    fn order(&self, path: &str, order: &Value) {
        let answer = http::tcp(self.control, "POST", path, Some(order));
        assert!(matches!(answer, Some((200, _))), "{path}: {answer:?}");
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
