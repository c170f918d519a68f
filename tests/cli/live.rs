//! A living engine: `tokentray daemon` as a process, the practice provider, and no keychain.

use std::{
    fs,
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};

use serde_json::Value;
use tokentray::{
    api::types::PracticeSwitches,
    io::clock::SystemClock,
    practice::{self, Practice, PracticeOptions},
};

use super::stage::{Ran, Stage};

/// A daemon with one account that is signed in; ends with the test.
struct Live {
    stage: Stage,
    practice: Practice,
    daemon: Child,
}

impl Drop for Live {
    fn drop(&mut self) {
        let _ = self.daemon.kill();
        let _ = self.daemon.wait();
    }
}

/// Starts a resident command and waits until it says that it runs.
fn start(stage: &Stage, args: &[&str]) -> Child {
    let mut child = stage.command(args).stdin(Stdio::null()).spawn().unwrap();
    let mut said = String::new();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    stderr.read_line(&mut said).unwrap();
    assert!(said.starts_with("Tokentray is running."), "{said}");
    child
}

impl Live {
    async fn begin() -> Self {
        let practice = practice::start(PracticeOptions {
            auto_consent: true,
            ..PracticeOptions::new(Arc::new(SystemClock))
        })
        .await
        .unwrap();
        let stage = Stage::empty();
        let config = stage.paths().config_dir;
        fs::create_dir_all(&config).unwrap();
        // A browser that follows every redirect, back to the loopback listener, and says nothing.
        let settings = "browser = [\"curl\", \"-sSL\", \"-o\", \"/dev/null\"]\n";
        fs::write(config.join("config.toml"), settings).unwrap();
        let daemon = start(&stage, &["daemon", "--vault", "memory"]);
        let live = Self {
            stage,
            practice,
            daemon,
        };
        let issuer = live.practice.issuer().to_owned();
        let added = live.run(&[
            "add",
            "work",
            "--issuer",
            &issuer,
            "--client-id",
            "me",
            "--scope",
            "openid",
            "--scope",
            "offline_access",
        ]);
        assert_eq!(added.code, 0, "{added:?}");
        assert!(added.err.contains("Signed in to work."), "{added:?}");
        live
    }

    fn run(&self, args: &[&str]) -> Ran {
        self.stage.run(args, "")
    }

    fn token(&self) -> String {
        let ran = self.run(&["token", "work"]);
        assert_eq!(ran.code, 0, "{ran:?}");
        ran.out.trim_end().to_owned()
    }

    fn is_issued(&self, token: &str) -> bool {
        let issued = self.practice.issued();
        issued.iter().any(|one| one.expose() == token)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_is_handed_out_refreshed_and_replaced_after_a_401() {
    let live = Live::begin().await;
    let first = live.token();
    assert!(live.is_issued(&first));
    assert_eq!(live.token(), first, "a good token is handed out again");

    let refreshed = live.run(&["refresh", "work"]);
    assert_eq!(refreshed.code, 0, "{refreshed:?}");
    let second = live.run(&["token", "work", "--json"]);
    let second: Value = serde_json::from_str(&second.out).unwrap();
    assert_ne!(second["access_token"], first.as_str());

    // A report about a token that is gone costs no request; the newer one is there already.
    let requests = live.practice.log().len();
    let ran = live.run(&["token", "work", "--rejected", "000000000000000000000000"]);
    assert_eq!(ran.out.trim_end(), second["access_token"].as_str().unwrap());
    assert_eq!(live.practice.log().len(), requests);

    let status = live.run(&["status", "--json", "--check"]);
    assert_eq!(status.code, 0);
    let status: Value = serde_json::from_str(&status.out).unwrap();
    assert_eq!(status["overall"], "ok");
    assert_eq!(status["accounts"][0]["generation"], 2);

    let history = live.run(&["history", "work", "--json"]);
    let kinds: Vec<String> = history
        .out
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["kind"].to_string())
        .collect();
    assert!(kinds.contains(&"\"signed_in\"".to_owned()), "{kinds:?}");
    assert!(kinds.contains(&"\"refreshed\"".to_owned()), "{kinds:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_revoked_grant_ends_with_three_and_a_sign_in_mends_it() {
    let live = Live::begin().await;
    let revoke = PracticeSwitches {
        revoke: Some(true),
        ..PracticeSwitches::default()
    };
    live.practice.switch(&revoke);
    let refused = live.run(&["refresh", "work"]);
    assert_ne!(refused.code, 0, "{refused:?}");
    assert!(refused.err.starts_with("error: "), "{refused:?}");
    let again = live.run(&["sign-in", "work"]);
    assert_eq!(again.code, 0, "{again:?}");
    assert_eq!(live.run(&["status", "--check"]).code, 0);
    let token = live.token();
    assert!(live.is_issued(&token));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_presenter_the_command_in_the_settings_tells_once() {
    let live = Live::begin().await;
    let told = live.stage.paths().config_dir.join("told");
    let script = format!("printf '%s\\n' \"$1\" >> '{}'", told.display());
    let command = format!("notify_command=[\"sh\", \"-c\", {script:?}, \"sh\"]");
    for setting in [command.as_str(), "notify_ahead_s=7200", "language=de"] {
        let set = live.run(&["settings", setting]);
        assert_eq!(set.code, 0, "{set:?}");
    }
    live.practice.switch(&PracticeSwitches {
        revoke: Some(true),
        ..PracticeSwitches::default()
    });
    // A person's second try confirms the refusal: the incident is open.
    assert_ne!(live.run(&["refresh", "work"]).code, 0);
    assert_eq!(live.run(&["refresh", "work"]).code, 3);
    let notified = || live.run(&["history", "--json", "--kind", "notified"]).out;
    while notified().is_empty() {
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    let text = fs::read_to_string(&told).unwrap();
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(text.starts_with("Erneut anmelden: work: D"), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pausing_signing_out_and_removing_do_what_they_say() {
    let live = Live::begin().await;
    assert_eq!(live.run(&["pause", "work"]).code, 0);
    let status = live.run(&["status", "work", "--json"]);
    assert!(status.out.contains("\"paused\""), "{status:?}");
    assert_eq!(live.run(&["resume", "work"]).code, 0);
    assert_eq!(live.run(&["sign-out", "work"]).code, 0);
    let none = live.run(&["token", "work"]);
    assert_eq!(none.code, 3, "{none:?}");
    assert!(none.err.contains("tokentray sign-in work"), "{none:?}");
    assert_eq!(live.run(&["remove", "work", "--yes"]).code, 0);
    assert_eq!(live.run(&["token", "work"]).code, 5);
    assert_eq!(live.run(&["doctor"]).code, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_imported_token_is_handed_out_and_its_end_is_known() {
    let live = Live::begin().await;
    let endpoint = format!("{}/token", live.practice.issuer());
    let args = [
        "add",
        "moved",
        "--auth-url",
        &endpoint,
        "--token-url",
        &endpoint,
        "--client-id",
        "me",
        "--no-sign-in",
    ];
    assert_eq!(live.run(&args).code, 0);
    assert_eq!(live.run(&args).code, 2, "the name is taken");
    let response = r#"{"access_token":"moved-token","token_type":"bearer","expires_in":3600}"#;
    let imported = live.stage.run(&["import", "moved"], response);
    assert_eq!(imported.code, 0, "{imported:?}");
    assert_eq!(live.run(&["token", "moved"]).out, "moved-token\n");
    // There is nothing to refresh it with: a setup that no waiting mends.
    assert_eq!(live.run(&["refresh", "moved"]).code, 8);
    let row = live.run(&["status", "moved", "--json"]);
    let row: Value = serde_json::from_str(&row.out).unwrap();
    assert_eq!(row["accounts"][0]["expires_source"], "server");
    assert_eq!(row["accounts"][0]["has_refresh_token"], false);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_engine_owns_the_grants_and_ends_cleanly_on_sigterm() {
    let mut live = Live::begin().await;
    let second = live.run(&["daemon", "--vault", "memory"]);
    assert_eq!(second.code, 4, "{second:?}");
    assert!(second.err.contains("running already"), "{second:?}");

    let mut watch = live.stage.command(&["watch", "--json"]).spawn().unwrap();
    let mut events = BufReader::new(watch.stdout.take().unwrap());
    let (told, first) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let mut event = String::new();
        let read = events.read_line(&mut event);
        // The pipe stays open: who watches goes on to write.
        told.send((read.map(|_| event), events)).unwrap();
    });
    assert_eq!(live.run(&["refresh", "work"]).code, 0);
    // Nobody says when it listens: something happens until it has heard of it.
    let (event, _events) = loop {
        if let Ok(told) = first.recv_timeout(Duration::from_millis(100)) {
            break told;
        }
        assert_eq!(live.run(&["pause", "work"]).code, 0);
        assert_eq!(live.run(&["resume", "work"]).code, 0);
    };
    let event = event.unwrap();
    assert!(serde_json::from_str::<Value>(&event).is_ok(), "{event}");

    let pid = rustix::process::Pid::from_child(&live.daemon);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    assert_eq!(live.daemon.wait().unwrap().code(), Some(0));
    assert_eq!(watch.wait().unwrap().code(), Some(6));
    assert!(!live.stage.paths().socket.exists());
    assert_eq!(live.run(&["token", "work"]).code, 6);

    // Nothing that was ever issued stands in config, state or log.
    let found = Command::new("grep")
        .args(["-rlF", "-f", "-"])
        .arg(live.stage.folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .and_then(|mut grep| {
            use std::io::Write;
            let mut patterns = grep.stdin.take().unwrap();
            for token in live.practice.issued() {
                writeln!(patterns, "{}", token.expose())?;
            }
            drop(patterns);
            grep.wait_with_output()
        })
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&found.stdout), "");
}
