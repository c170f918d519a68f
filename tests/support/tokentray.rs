//! Tokentray as its users meet it: the built programs, their command line, their socket. Knows
//! nothing of the inside.

use std::{
    env,
    path::{Path, PathBuf},
    process::{Output, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use super::{
    http,
    process::Process,
    provider::{self, Provider},
    session::Session,
    wait_for, wait_until,
};

/// Tokentray in a session.
#[derive(Clone, Copy, Debug)]
pub struct Tokentray<'s> {
    session: &'s Session,
}

impl<'s> Tokentray<'s> {
    pub fn new(session: &'s Session) -> Self {
        Self { session }
    }

    pub fn socket(self) -> PathBuf {
        self.session.runtime_dir().join("tokentray/api.sock")
    }
    pub fn config_dir(self) -> PathBuf {
        self.session.config_home().join("tokentray")
    }
    pub fn state_dir(self) -> PathBuf {
        self.session.state_home().join("tokentray")
    }

    /// `tokentray ARGUMENTS` in the session, not started yet.
    pub fn command(self, arguments: &[&str]) -> std::process::Command {
        let mut command = self.session.command(program("tokentray"));
        command.args(arguments);
        command
    }

    /// Starts `tokentray daemon` and waits until it answers.
    pub fn daemon(self) -> Process {
        let process = self.session.spawn("daemon", &mut self.command(&["daemon"]));
        self.wait_until_it_answers();
        process
    }

    /// Starts `tokentray tray` and waits until an owner answers.
    pub fn tray(self) -> Process {
        let process = self.session.spawn("tray", &mut self.command(&["tray"]));
        self.wait_until_it_answers();
        process
    }

    /// Starts `tokentray-desktop ARGUMENTS`.
    pub fn desktop(self, arguments: &[&str]) -> Process {
        let mut command = self.session.command(program("tokentray-desktop"));
        self.session.spawn("desktop", command.args(arguments))
    }

    pub fn wait_until_it_answers(self) {
        wait_until("tokentray answers", Duration::from_secs(15), || {
            matches!(
                http::unix(&self.socket(), "GET", "/v1/status", None),
                Some((200, _))
            )
        });
    }

    /// What it says of itself, for a failing test; nothing where it does not answer.
    pub fn describe(self) -> String {
        let get = |path: &str| match http::unix(&self.socket(), "GET", path, None) {
            Some((_, answer)) => format!("{answer:#}"),
            None => "no answer".to_owned(),
        };
        let (status, history) = (get("/v1/status"), get("/v1/history?limit=30"));
        format!("status: {status}\nhistory: {history}")
    }

    /// Runs `tokentray ARGUMENTS` to its end; a command that never ends fails the test.
    #[track_caller]
    pub fn run(self, arguments: &[&str]) -> Output {
        const WITHIN: Duration = Duration::from_secs(90);
        let mut command = self.command(arguments);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.spawn().expect("it starts");
        let id = i32::try_from(child.id()).unwrap();
        let (to, ended) = mpsc::channel();
        thread::spawn(move || to.send(child.wait_with_output()));
        ended
            .recv_timeout(WITHIN)
            .unwrap_or_else(|_| {
                let _ = kill_process(Pid::from_raw(id).unwrap(), Signal::KILL);
                let said = ended.recv();
                panic!("tokentray {} did not end: {said:?}", arguments.join(" "))
            })
            .unwrap()
    }

    /// As [`Tokentray::run`]; what it printed, if it ended well.
    #[track_caller]
    pub fn ok(self, arguments: &[&str]) -> String {
        let out = self.run(arguments);
        assert!(
            out.status.success(),
            "tokentray {}: {}\n{}{}",
            arguments.join(" "),
            out.status,
            String::from_utf8_lossy(&out.stdout),
            String::from_utf8_lossy(&out.stderr)
        );
        String::from_utf8(out.stdout).unwrap()
    }

    /// `status --json`.
    pub fn status(self) -> Value {
        serde_json::from_str(&self.ok(&["status", "--json"])).expect("JSON")
    }

    /// The account's row of `status --json`; null if there is none.
    pub fn account(self, name: &str) -> Value {
        let status = self.status();
        let rows = status["accounts"].as_array().unwrap();
        let found = rows.iter().find(|row| row["name"] == name);
        found.cloned().unwrap_or_default()
    }

    pub fn state(self, name: &str) -> String {
        self.account(name)["state"]
            .as_str()
            .unwrap_or("")
            .to_owned()
    }

    #[track_caller]
    pub fn wait_state(self, name: &str, state: &str, within: Duration) {
        wait_until(&format!("{name} is {state}"), within, || {
            self.state(name) == state
        });
    }

    /// `history NAME --json`: one value a line, as printed.
    pub fn history(self, name: &str) -> Vec<Value> {
        self.ok(&["history", name, "--json"])
            .lines()
            .map(|line| serde_json::from_str(line).expect("JSON"))
            .collect()
    }

    /// How many history entries of this kind the account has.
    pub fn count(self, name: &str, kind: &str) -> usize {
        let all = self.history(name);
        all.iter().filter(|row| row["kind"] == kind).count()
    }

    /// Asks the socket.
    #[track_caller]
    pub fn ask(self, method: &str, path: &str, body: Option<&Value>) -> (u16, Value) {
        http::unix(&self.socket(), method, path, body).expect("tokentray answers")
    }

    /// From now on its browser is a person who signs in as `login`.
    pub fn set_browser(self, login: &str, screenshot: &str) {
        self.set_browser_command(&provider::browser(login, screenshot));
    }

    /// The same, quickly and without a picture.
    pub fn set_person(self, login: &str) {
        self.set_browser_command(&provider::person(login));
    }

    /// From now on its browser opens and nobody is there to sign in.
    pub fn set_nobody(self) {
        self.set_browser_command(&["true".to_owned()]);
    }

    fn set_browser_command(self, command: &[String]) {
        let browser = json!({ "browser": command });
        let answer = self.ask("PATCH", "/v1/settings", Some(&browser));
        assert_eq!(answer.0, 200, "{}", answer.1);
    }

    /// Adds an account at the provider and signs in with the browser.
    pub fn add(self, name: &str, at: &Provider) {
        let said = self.ok(&[
            "add",
            name,
            "--issuer",
            &at.issuer,
            "--client-id",
            provider::CLIENT_ID,
            "--scope",
            "openid",
            "--scope",
            "offline_access",
        ]);
        wait_for(
            &format!("{name} is signed in after:\n{said}"),
            Duration::from_mins(1),
            || (self.state(name) == "ok").then_some(()),
        );
    }

    /// Adds an account that only its users keep alive, and signs in with the browser.
    pub fn add_when_used(self, name: &str, at: &Provider) {
        self.add(name, at);
        let path = format!("/v1/accounts/{name}");
        let (status, answer) = self.ask("PATCH", &path, Some(&json!({ "refresh": "when_used" })));
        assert_eq!(status, 200, "{answer}");
    }

    /// How many clients are connected to the socket now, by the kernel's own list.
    pub fn connections(self) -> usize {
        const CONNECTED: &str = "03";
        let socket = self.socket().display().to_string();
        let table = std::fs::read_to_string("/proc/net/unix").unwrap();
        let of_ours = table.lines().filter(|line| line.ends_with(&socket));
        of_ours
            .filter(|line| line.split_whitespace().nth(5) == Some(CONNECTED))
            .count()
    }

    /// Every file in the config and state folders (the logs are among them) that holds one of
    /// these secrets, with the secret's kind.
    pub fn files_with(self, secrets: &[provider::Issued]) -> Vec<String> {
        let mut found = Vec::new();
        for folder in [self.config_dir(), self.state_dir(), self.session.logs()] {
            search(&folder, secrets, &mut found);
        }
        found
    }
}

fn search(folder: &Path, secrets: &[provider::Issued], found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            search(&path, secrets, found);
        } else if let Ok(text) = std::fs::read(&path) {
            for secret in secrets {
                let needle = secret.value.as_bytes();
                if text.windows(needle.len()).any(|window| window == needle) {
                    found.push(format!("{}: {}", path.display(), secret.kind));
                }
            }
        }
    }
}

/// A program of this workspace, built beside the running test.
pub fn program(name: &str) -> PathBuf {
    let test = env::current_exe().unwrap();
    // target/debug/deps/real-HASH
    let path = test.parent().unwrap().parent().unwrap().join(name);
    assert!(
        path.is_file(),
        "{} is not built: run the tests by `make test`",
        path.display()
    );
    path
}
