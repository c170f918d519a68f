//! The command line, driven as the real program against an engine that answers by a script.
//!
//! What a live engine does is told elsewhere; here it is about arguments, words and exit codes.

use std::{
    io::{BufRead, BufReader, Read, Write},
    process::{Child, Command, Output, Stdio},
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
    domain::cause::Cause,
    io::clock::{Clock, SystemClock},
    paths::Paths,
    socket,
};

/// A folder of its own, and maybe an engine that answers by a script.
struct Stage {
    folder: tempfile::TempDir,
    asked: Arc<Mutex<Vec<String>>>,
}

/// What was asked, and how often something was asked before.
struct Asked<'a> {
    method: &'a str,
    path: &'a str,
    query: &'a str,
    count: usize,
}

impl Stage {
    fn empty() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            asked: Arc::default(),
        }
    }

    /// Must be called inside a multi-threaded runtime: the program is waited for on one thread.
    fn with_engine(script: impl Fn(&Asked) -> Response + Clone + Send + Sync + 'static) -> Self {
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

    fn paths(&self) -> Paths {
        Paths::below(self.folder.path())
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }

    fn command(&self, args: &[&str]) -> Command {
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

    fn run(&self, args: &[&str], stdin: &str) -> Ran {
        let mut child = self.command(args).spawn().unwrap();
        // A program that does not read its input has closed it, which is no failure here.
        let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
        Ran::of(&child.wait_with_output().unwrap())
    }
}

#[derive(Debug)]
struct Ran {
    code: i32,
    out: String,
    err: String,
}

impl Ran {
    fn of(output: &Output) -> Self {
        Self {
            code: output.status.code().unwrap(),
            out: String::from_utf8(output.stdout.clone()).unwrap(),
            err: String::from_utf8(output.stderr.clone()).unwrap(),
        }
    }
}

fn answer(value: &Value) -> Response {
    Response::new(Body::from(value.to_string()))
}

fn problem(code: Code) -> Response {
    Problem::new(code, "it is so").into_response()
}

fn no_content() -> Response {
    StatusCode::NO_CONTENT.into_response()
}

fn token(text: &str) -> Value {
    json!({
        "access_token": text, "token_type": "bearer", "expires_at": null, "scopes": [],
        "fingerprint": "f1", "short": false,
    })
}

fn in_minutes(minutes: i64) -> DateTime<Utc> {
    SystemClock.now().wall + TimeDelta::minutes(minutes) + TimeDelta::seconds(30)
}

fn account(name: &str, state: &str) -> Value {
    json!({
        "id": "00", "name": name, "provider": null, "provider_name": "login.example",
        "state": state, "verdict": null, "cause": null, "action": null,
        "message": "All is \u{1b}[31mwell.", "has_refresh_token": true,
        "expires_at": in_minutes(42), "expires_source": "server", "token_valid": true,
        "issued_at": null, "refresh_token_expires_at": null, "id_token_expires_at": null,
        "next_refresh_at": in_minutes(30), "last_refreshed_at": in_minutes(-18), "generation": 3,
        "scopes": ["openid"], "incident": null, "asks_at": null, "unsaved": false,
        "sign_in": null, "used_by": [],
    })
}

fn status(overall: &str, accounts: &[Value]) -> Value {
    json!({
        "overall": overall, "headline": "All is well.", "tray": "fine", "notice": null,
        "paused": false, "online": true,
        "vault": { "kind": "memory", "cause": null, "unsaved": 0 },
        "version": "0.1.0", "pid": 1, "demo": false, "accounts": accounts,
    })
}

fn sign_in(phase: &str) -> Value {
    json!({
        "id": "s1", "account": "work", "phase": phase, "url": "https://login.example/auth",
        "user_code": null, "verification_url": null, "verification_url_complete": null,
        "ends_at": in_minutes(10), "message": null, "warning": null, "device_possible": false,
    })
}

fn history_entry(message: &str) -> Value {
    json!({
        "at": "2026-03-01T10:00:00Z", "account": "work", "kind": "refreshed",
        "trigger": "schedule", "cause": null, "verdict": null, "http_status": 200,
        "provider_code": null, "message": message, "attempt": 1, "duration_ms": 5,
        "next_attempt_at": null, "generation": 2, "client": null, "count": 1,
    })
}

fn server_sent(number: u64, event: &Value) -> String {
    format!("id: {number}\nevent: {}\ndata: {event}\n\n", event["type"])
}

#[test]
fn without_an_engine_each_command_says_what_is_wrong_and_what_helps() {
    let no_engine = "tokentray daemon";
    // Arguments, standard input, exit code, and what standard error must hold.
    let cases: &[(&[&str], &str, i32, &str)] = &[
        (&["token", "work"], "", 6, no_engine),
        (&["status"], "", 6, no_engine),
        (&["status", "--check"], "", 6, no_engine),
        (&["history", "--since", "7d"], "", 6, no_engine),
        (&["refresh", "work"], "", 6, no_engine),
        (&["pause"], "", 6, no_engine),
        (&["resume", "work"], "", 6, no_engine),
        (&["sign-in", "work"], "", 6, no_engine),
        (&["sign-out", "work"], "", 6, no_engine),
        (&["remove", "work", "--yes"], "", 6, no_engine),
        (
            &["import", "work"],
            "{\"access_token\":\"x\"}",
            6,
            no_engine,
        ),
        (&["watch"], "", 6, no_engine),
        (&["unlock"], "", 6, no_engine),
        (&["vault", "move", "sealed"], "", 6, no_engine),
        (&["settings"], "", 6, no_engine),
        (&["open"], "", 6, no_engine),
        (&["remove", "work"], "", 2, "tokentray remove work --yes"),
        (&["import", "work"], "", 2, "tokentray import work < FILE"),
        (
            &["import", "work", "--take-over", "gcloud"],
            "{}",
            2,
            "stop gcloud first",
        ),
        (&["explain"], "", 2, "curl -i"),
        (
            &["explain", "--jsonl"],
            "nonsense",
            2,
            "line 1 is no record",
        ),
        (&["history", "--since", "soon"], "", 2, "--since 7d"),
        (&["token", "work", "--min-valid", "soon"], "", 2, "60s, 5m"),
        (&["token"], "", 2, "<NAME>"),
        (&["token", "work", "--header", "--json"], "", 2, "--header"),
        (&["vault", "move", "box"], "", 2, "box"),
        (&["settings", "log_level"], "", 2, "NAME=VALUE"),
        (&["add", "work", "--client-id", "x"], "", 2, "--issuer"),
        (
            &[
                "add",
                "w",
                "--client-id",
                "x",
                "--auth-url",
                "https://a.example",
            ],
            "",
            2,
            "--token-url",
        ),
        (
            &[
                "add",
                "w",
                "--client-id",
                "x",
                "--provider",
                "p",
                "--issuer",
                "i",
            ],
            "",
            2,
            "cannot be used with",
        ),
        (
            &[
                "add",
                "w",
                "--client-id",
                "x",
                "--issuer",
                "i",
                "--redirect",
                "https://a.example",
            ],
            "",
            2,
            "--redirect",
        ),
        (
            &[
                "add",
                "w",
                "--client-id",
                "x",
                "--issuer",
                "i",
                "--client-secret-stdin",
            ],
            "",
            2,
            "no client secret",
        ),
        (&["reauth", "work"], "", 2, "unrecognized"),
    ];
    let stage = Stage::empty();
    for (args, stdin, code, said) in cases {
        let ran = stage.run(args, stdin);
        assert_eq!(ran.code, *code, "{args:?}: {ran:?}");
        assert!(ran.err.contains(said), "{args:?}: {ran:?}");
        assert!(ran.err.starts_with("error: "), "{args:?}: {ran:?}");
        assert_eq!(ran.out, "", "{args:?}");
    }
}

#[test]
fn a_problem_is_json_on_standard_error_where_json_is_asked_for() {
    let ran = Stage::empty().run(&["token", "work", "--json"], "");
    let problem: Problem = serde_json::from_str(&ran.err).unwrap();
    assert_eq!((ran.code, problem.code), (6, Code::NotRunning));
    assert_eq!(ran.out, "");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn the_token_is_all_that_standard_output_holds() {
    let stage = Stage::with_engine(|asked| answer(&token(&format!("T-{}", asked.query))));
    let plain = stage.run(&["token", "work"], "");
    assert_eq!((plain.code, plain.out.as_str()), (0, "T-\n"));
    assert_eq!(plain.err, "");
    let header = stage.run(&["token", "work", "--header", "--min-valid", "5m"], "");
    assert_eq!(header.out, "Authorization: Bearer T-min_valid=300\n");
    let id = stage.run(&["token", "my work", "--id-token", "--wait", "0"], "");
    assert_eq!(id.out, "T-kind=id&wait=0\n");
    let json = stage.run(&["token", "work", "--json"], "");
    let json: Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!(json["fingerprint"], "f1");
    let newer = stage.run(&["token", "work", "--rejected", "f0"], "");
    assert_eq!(newer.out, "T-\n");
    assert_eq!(
        stage.asked()[2],
        "GET /v1/accounts/my%20work/token?kind=id&wait=0 "
    );
    assert!(
        stage.asked()[4].starts_with("POST /v1/accounts/work/token/rejected?"),
        "{:?}",
        stage.asked()
    );
    assert!(stage.asked()[4].contains(r#""fingerprint":"f0""#));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn each_problem_ends_with_its_documented_exit_code() {
    let stage = Stage::with_engine(|asked| {
        let code = asked.path.split('/').nth(3).unwrap();
        problem(Code::from_code(code).unwrap())
    });
    for code in Code::ALL {
        let ran = stage.run(&["token", code.code()], "");
        let expected = Problem::new(*code, "").exit_code();
        assert_eq!(ran.code, i32::from(expected), "{code}");
        assert_eq!(ran.err, "error: it is so\n");
        assert_eq!(ran.out, "");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn an_error_says_what_why_when_and_the_command_that_helps() {
    let stage = Stage::with_engine(|_| {
        Problem::new(Code::RefreshFailed, "example refused the client secret")
            .with_cause(Cause::ClientRejected)
            .with_retry_after(30)
            .with_hint("tokentray settings")
            .into_response()
    });
    let ran = stage.run(&["refresh", "work"], "");
    assert_eq!(ran.code, 8);
    insta::assert_snapshot!(ran.err, @r"
    error: example refused the client secret
      cause: client_rejected (fix_setup)
      again in 30 s
      hint: tokentray settings
    ");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn an_older_engine_is_named_as_the_reason() {
    let stage = Stage::with_engine(|_| {
        let mut response = problem(Code::InvalidRequest);
        response
            .headers_mut()
            .insert("server", "tokentray/0.0.9".parse().unwrap());
        response
    });
    let ran = stage.run(&["status"], "");
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("version 0.0.9"), "{ran:?}");
    assert!(ran.err.contains("start it again"), "{ran:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn waiting_for_a_sign_in_ends_with_the_token() {
    let stage = Stage::with_engine(|asked| match (asked.path, asked.count) {
        ("/v1/events", _) => Response::new(Body::from(server_sent(
            1,
            &json!({ "type": "account", "row": account("Work", "ok") }),
        ))),
        // The first question, and the one after listening began.
        (_, 0 | 2) => problem(Code::ReauthRequired),
        _ => answer(&token("T")),
    });
    let ran = stage.run(&["token", "work", "--wait-sign-in"], "");
    assert_eq!((ran.code, ran.out.as_str()), (0, "T\n"), "{ran:?}");
    assert!(ran.err.contains("tokentray sign-in work"), "{ran:?}");
    let without = stage.run(&["token", "work"], "");
    assert_eq!(without.code, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn status_is_a_table_that_can_be_read() {
    let stage = Stage::with_engine(|_| {
        let mut gone = account("a-long-name", "sign_in_needed");
        gone["message"] = "Sign in again: the refresh token was revoked.".into();
        gone["expires_at"] = json!(in_minutes(-180));
        gone["next_refresh_at"] = Value::Null;
        answer(&status("sign_in_needed", &[gone, account("home", "ok")]))
    });
    let ran = stage.run(&["status"], "");
    assert_eq!(ran.code, 0);
    insta::assert_snapshot!(ran.out, @r"
    All is well.

    ACCOUNT      STATE          TOKEN           NEXT
    a-long-name  sign in again  over 2 h ago               Sign in again: the refresh token was revoked.
    home         ok             ends in 42 min  in 30 min  All is [31mwell.
    ");
    let one = stage.run(&["status", "HOME", "--json"], "");
    let one: Value = serde_json::from_str(&one.out).unwrap();
    assert_eq!(one["overall"], "ok");
    assert_eq!(one["accounts"].as_array().unwrap().len(), 1);
    assert_eq!(stage.run(&["status", "none"], "").code, 5);
    assert_eq!(stage.run(&["status", "--check"], "").code, 3);
    assert_eq!(stage.run(&["status", "home", "--check"], "").code, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn status_check_tells_the_worst_state_by_its_exit_code() {
    let stage = Stage::with_engine(|asked| {
        let states = [
            "sign_in_needed",
            "vault_locked",
            "fix_setup",
            "unclear",
            "expired",
            "waiting",
            "loading",
            "refreshing",
            "expiring",
            "ok",
            "paused",
            "signed_out",
        ];
        answer(&status(states[asked.count], &[]))
    });
    let codes: Vec<i32> = (0..12)
        .map(|_| stage.run(&["status", "--check"], "").code)
        .collect();
    assert_eq!(codes, [3, 7, 8, 4, 4, 4, 4, 0, 0, 0, 0, 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn history_follows_the_pages_one_entry_a_line() {
    let stage = Stage::with_engine(|asked| {
        let (message, next) = if asked.query.contains("cursor=7") {
            ("Signed in.", Value::Null)
        } else {
            ("Refreshed.", json!(7))
        };
        answer(&json!({ "entries": [history_entry(message)], "next": next }))
    });
    let args = ["history", "work", "--cause", "captive_portal", "--all"];
    let ran = stage.run(&args, "");
    assert_eq!(
        ran.out,
        "2026-03-01 10:00:00  work  Refreshed.\n2026-03-01 10:00:00  work  Signed in.\n"
    );
    assert_eq!(
        stage.asked()[0],
        "GET /v1/history?account=work&cause=captive_portal&limit=1000 "
    );
    let json = stage.run(&["history", "--json", "-n", "2"], "");
    let lines: Vec<Value> = json
        .out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[0]["kind"], "refreshed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn watch_tells_what_happens_until_the_engine_ends() {
    let stage = Stage::with_engine(|_| {
        let entry = |message| json!({ "type": "history", "entry": history_entry(message) });
        let events = [
            server_sent(1, &entry("Refreshed.")),
            server_sent(2, &json!({ "type": "resync" })),
            server_sent(3, &entry("Handed out.")),
        ];
        Response::new(Body::from(events.concat()))
    });
    let ran = stage.run(&["watch", "work"], "");
    assert_eq!(
        ran.out,
        "2026-03-01 10:00:00  work  Refreshed.\n2026-03-01 10:00:00  work  Handed out.\n"
    );
    assert_eq!(ran.code, 6);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn add_sends_the_secret_from_standard_input_and_signs_in() {
    let stage = Stage::with_engine(|asked| match (asked.method, asked.path) {
        ("POST", "/v1/accounts") => answer(&account("work", "signed_out")),
        ("POST", _) => answer(&sign_in("waiting_for_browser")),
        _ => answer(&sign_in("signed_in")),
    });
    let args = [
        "add",
        "work",
        "--issuer",
        "https://login.example",
        "--client-id",
        "me",
        "--client-secret-stdin",
        "--scope",
        "openid",
        "--redirect",
        "http://localhost:8400/back",
        "--param",
        "audience=api",
    ];
    let ran = stage.run(&args, "s3cret\n");
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(ran.out, "https://login.example/auth\n");
    assert!(ran.err.contains("Signed in to work."), "{ran:?}");
    let asked = stage.asked();
    let body: Value = serde_json::from_str(asked[0].split_once("accounts ").unwrap().1).unwrap();
    assert_eq!(body["client_secret"], "s3cret");
    assert_eq!(body["redirect_ports"], json!([8400]));
    assert_eq!(body["redirect_path"], "/back");
    assert_eq!(body["auth_params"]["audience"], "api");
    assert!(asked[1].starts_with("POST /v1/accounts/work/sign-in "));
    assert_eq!(asked[2], "GET /v1/sign-ins/s1 ");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn ctrl_c_cancels_the_sign_in() {
    let stage = Stage::with_engine(|asked| {
        answer(&sign_in(match asked.method {
            "DELETE" => "cancelled",
            _ => "waiting_for_browser",
        }))
    });
    let mut child = stage.command(&["sign-in", "work"]).spawn().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut url = String::new();
    out.read_line(&mut url).unwrap();
    assert_eq!(url, "https://login.example/auth\n");
    interrupt(&child);
    let ended = child.wait().unwrap();
    let mut err = String::new();
    child.stderr.unwrap().read_to_string(&mut err).unwrap();
    assert_eq!(ended.code(), Some(130), "{err}");
    assert!(err.contains("Cancelled"), "{err}");
    assert_eq!(stage.asked().last().unwrap(), "DELETE /v1/sign-ins/s1 ");
}

fn interrupt(child: &Child) {
    let pid = rustix::process::Pid::from_child(child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_sign_in_that_fails_says_why_and_asks_for_another() {
    let stage = Stage::with_engine(|_| {
        let mut row = sign_in("failed");
        row["message"] = "The provider refused: access_denied.".into();
        answer(&row)
    });
    let ran = stage.run(&["sign-in", "work", "--device"], "");
    assert_eq!(ran.code, 3);
    assert!(
        ran.err
            .contains("error: The provider refused: access_denied."),
        "{ran:?}"
    );
    assert!(ran.err.contains("hint: tokentray sign-in work"), "{ran:?}");
    assert!(stage.asked()[0].contains(r#""device":true"#));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn changes_go_where_they_belong() {
    let stage = Stage::with_engine(|asked| match asked.path {
        "/v1/accounts/work/refresh" | "/v1/accounts/work/pause" | "/v1/accounts/work/import" => {
            answer(&account("work", "ok"))
        }
        _ => no_content(),
    });
    let cases: &[(&[&str], &str, &str)] = &[
        (&["refresh", "work"], "", "POST /v1/accounts/work/refresh "),
        (&["pause", "work"], "", "POST /v1/accounts/work/pause "),
        (&["pause"], "", "POST /v1/pause "),
        (&["resume"], "", "POST /v1/resume "),
        (
            &["remove", "work", "--yes"],
            "",
            "DELETE /v1/accounts/work?revoke=true ",
        ),
        (
            &["remove", "work", "--yes", "--no-revoke"],
            "",
            "DELETE /v1/accounts/work?revoke=false ",
        ),
        (
            &["import", "work", "--take-over", "gcloud", "--yes"],
            "{\"access_token\":\"x\"}",
            r#"POST /v1/accounts/work/import {"take_over":"gcloud","token_response":"{\"access_token\":\"x\"}"}"#,
        ),
        (&["unlock"], "", "POST /v1/vault/unlock "),
        (
            &["vault", "move", "file"],
            "",
            r#"POST /v1/vault/move {"to":"file"}"#,
        ),
        (&["open"], "", "POST /v1/window/open "),
    ];
    for (args, stdin, expected) in cases {
        let ran = stage.run(args, stdin);
        assert_eq!(ran.code, 0, "{args:?}: {ran:?}");
        assert_eq!(stage.asked().last().unwrap(), expected, "{args:?}");
    }
}

#[test]
fn explain_needs_no_engine() {
    let stage = Stage::empty();
    let pasted = "HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\n\r\n\
        {\"error\":\"invalid_grant\",\"error_description\":\"Token has been revoked.\"}";
    let ran = stage.run(&["explain"], pasted);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.out.starts_with("sign_in (refresh_token_"), "{ran:?}");
    let records = "{\"id\":\"a\",\"transport\":\"dns\"}\n\n\
        {\"id\":\"b\",\"http_status\":503,\"body\":\"\"}\n";
    let ran = stage.run(&["explain", "--jsonl"], records);
    let answers: Vec<Value> = ran
        .out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(answers[0]["id"], "a");
    assert_eq!(answers[0]["cause"], "network_dns");
    assert_eq!(answers[1]["verdict"], "wait");
}

#[test]
fn doctor_works_without_an_engine() {
    let stage = Stage::empty();
    let ran = stage.run(&["doctor", "--json"], "");
    assert_eq!(ran.code, 0, "{ran:?}");
    let findings: Vec<tokentray::api::types::Finding> = serde_json::from_str(&ran.out).unwrap();
    let about: Vec<&str> = findings.iter().map(|one| one.about.as_str()).collect();
    for expected in ["config folder", "state folder", "socket", "engine"] {
        assert!(about.contains(&expected), "{about:?}");
    }
}

#[test]
fn manual_and_completions_know_every_command() {
    let stage = Stage::empty();
    let man = stage.run(&["man"], "");
    let completions = stage.run(&["completions", "bash"], "");
    for command in [
        "demo", "daemon", "tray", "add", "sign-in", "sign-out", "token", "status", "history",
        "refresh", "pause", "resume", "remove", "import", "explain", "unlock", "vault", "watch",
        "doctor", "open", "settings",
    ] {
        assert!(completions.out.contains(command), "{command}");
        let escaped = command.replace('-', "\\-");
        assert!(
            man.out.contains(&format!("tokentray\\-{escaped}(1)")),
            "{command}"
        );
    }
}
