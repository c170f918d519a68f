//! Secrets are in the vault, in memory and on `token`'s own output, and nowhere else: a story of
//! sign-ins, refreshes, refusals, crashes and slips, at the most talkative log level, and then a
//! search through everything that is left of it.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Command, Output, Stdio},
    thread,
    time::Duration,
};

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::support::{
    canaries::Canaries,
    http,
    keyring::{self, Keyring},
    notifications::Notifications,
    process::Process,
    provider::{self, CLIENT_ID, CLIENT_SECRET, Provider, SECRET_CLIENT_ID},
    sampler::Sampler,
    session::Session,
    tokentray::Tokentray,
    wait_until,
};

const SOON: Duration = Duration::from_secs(40);
const IMPORTED: &str = "imported-access-token-0123456789";
const NAMES: [&str; 3] = ["public", "secret", "device"];

struct Story<'s> {
    session: &'s Session,
    tokentray: Tokentray<'s>,
    provider: &'s Provider,
    tray: Process,
    /// All that commands and the socket said, `token` excepted, and what was asked.
    said: Vec<(String, Vec<u8>)>,
}

#[test]
fn secrets_are_found_nowhere_but_in_the_vault() {
    let session = Session::start();
    // Of other crates as well.
    session.set_variable("TOKENTRAY_LOG", "trace,tokentray=trace");
    let keyring = Keyring::unlocked(&session);
    let provider = Provider::start(&session, 600);
    let notifications = Notifications::start(&session);
    let sampler = Sampler::start(&session);
    let tokentray = Tokentray::new(&session);
    let mut story = Story {
        session: &session,
        tokentray,
        provider: &provider,
        tray: tokentray.tray(),
        said: Vec::new(),
    };
    story.people_sign_in();
    story.tokens_are_used_and_renewed();
    story.refusals_of_every_kind();
    story.answers_are_cut_and_processes_die();
    story.people_make_slips();
    story.everything_is_read();
    let removed = story.accounts_end();
    let Story { mut tray, said, .. } = story;
    assert!(tray.terminate(SOON).success());
    let started_with = sampler.stop();

    let canaries = canaries(&provider);
    let known = keyring::search(&session, &[("service", "tokentray")]);
    let in_vault = canaries.in_bytes(known.as_bytes());
    assert!(in_vault.contains("refresh_token (plain)"), "{in_vault:?}");
    assert!(!removed.is_empty() && !known.contains(&removed));
    drop(keyring);

    let sealed = session.home().join(".local/share/keyrings");
    assert_eq!(
        canaries.in_files(session.dir(), &sealed),
        Vec::<String>::new()
    );
    assert_eq!(
        canaries.in_files(&sealed, Path::new("")),
        Vec::<String>::new()
    );
    let log = fs::read_dir(tokentray.state_dir().join("log")).unwrap();
    let log: u64 = log
        .map(|file| file.unwrap().metadata().unwrap().len())
        .sum();
    assert!(log > 50_000, "a talkative log has only {log} bytes");
    assert!(said.len() > 60, "only {} answers were read", said.len());
    for (asked, answer) in &said {
        let found = canaries.in_bytes(answer);
        assert!(found.is_empty(), "{asked}: {found:?}");
    }
    // Those that surely live long enough to be seen: one that waits for a person, one that the
    // provider holds, the browser.
    for words in [
        "tray",
        "sign-in\0device\0--device",
        "refresh\0secret",
        "--login\0ada\0http",
    ] {
        assert!(
            started_with.iter().any(|one| one
                .windows(words.len())
                .any(|part| part == words.as_bytes())),
            "nobody was seen with {words:?}"
        );
    }
    for one in &started_with {
        let found = canaries.in_bytes(one);
        assert!(
            found.is_empty(),
            "{found:?}: {}",
            String::from_utf8_lossy(one)
        );
    }
    let shown = format!("{:?}", notifications.all());
    assert_eq!(canaries.in_bytes(shown.as_bytes()), [].into());
}

/// Everything secret that the provider ever gave or got.
fn canaries(provider: &Provider) -> Canaries {
    let issued = provider.state().issued;
    for kind in [
        "access_token",
        "refresh_token",
        "id_token",
        "authorization_code",
        "device_code",
        "code_verifier",
    ] {
        let of_kind = issued.iter().filter(|one| one.kind == kind).count();
        assert!(of_kind > 0, "the story has no {kind}");
    }
    let mut canaries = Canaries::default();
    for one in &issued {
        canaries.add(&one.kind, &one.value);
    }
    canaries.add("client_secret", CLIENT_SECRET);
    canaries.add("imported", IMPORTED);
    canaries
}

impl Story<'_> {
    fn run(&mut self, arguments: &[&str]) -> Output {
        let out = self.tokentray.run(arguments);
        self.note(&arguments.join(" "), &out);
        out
    }

    fn note(&mut self, asked: &str, out: &Output) {
        let answer = [&out.stdout[..], &out.stderr].concat();
        self.said.push((asked.to_owned(), answer));
    }

    fn run_with(&mut self, arguments: &[&str], input: &str) -> Output {
        let mut command = self.tokentray.command(arguments);
        command.stdin(Stdio::piped());
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(input.as_bytes()).unwrap();
        drop(stdin);
        let out = child.wait_with_output().unwrap();
        self.note(&arguments.join(" "), &out);
        out
    }

    fn ask(&mut self, method: &str, path: &str, body: Option<&Value>) -> u16 {
        let answer = http::unix(&self.tokentray.socket(), method, path, body);
        let (status, body) = answer.expect("tokentray answers");
        self.said
            .push((format!("{method} {path}"), body.to_string().into_bytes()));
        status
    }

    fn restart(&mut self, how: Signal) {
        self.tray.signal(how);
        self.tray.wait(SOON);
        self.tray = self.tokentray.tray();
        for name in NAMES {
            wait_until("the account is loaded", SOON, || {
                self.tokentray.state(name) != "loading"
            });
        }
    }

    fn people_sign_in(&mut self) {
        self.tokentray.set_person("ada");
        self.tokentray.add("public", self.provider);
        let issuer = self.provider.issuer.clone();
        let at = [
            "--issuer",
            &issuer,
            "--scope",
            "openid",
            "--scope",
            "offline_access",
        ];
        let client = [
            "add",
            "secret",
            "--client-id",
            SECRET_CLIENT_ID,
            "--client-secret-stdin",
        ];
        let out = self.run_with(&[&client[..], &at].concat(), CLIENT_SECRET);
        assert!(out.status.success(), "{out:?}");
        self.tokentray.wait_state("secret", "ok", SOON);

        let client = ["add", "device", "--client-id", CLIENT_ID, "--no-sign-in"];
        let out = self.run(&[&client[..], &at].concat());
        assert!(out.status.success(), "{out:?}");
        let mut sign_in = self.tokentray.command(&["sign-in", "device", "--device"]);
        sign_in.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = sign_in.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let (url, code) = (
            lines.next().unwrap().unwrap(),
            lines.next().unwrap().unwrap(),
        );
        let person = provider::person("ada");
        let mut browser = Command::new(&person[0]);
        browser
            .args(&person[1..])
            .arg(format!("{url}?user_code={code}"));
        assert!(browser.status().unwrap().success());
        let out = child.wait_with_output().unwrap();
        assert!(out.status.success(), "{out:?}");
        self.note("sign-in device", &out);
        let rest: String = lines.map(Result::unwrap).collect();
        self.said.push((url, [code, rest].concat().into_bytes()));
        self.tokentray.wait_state("device", "ok", SOON);
    }

    fn tokens_are_used_and_renewed(&mut self) {
        for name in NAMES {
            self.tokentray.ok(&["token", name]);
            self.tokentray.ok(&["token", name, "--id-token"]);
            let out = self.run(&["refresh", name]);
            assert!(out.status.success(), "{out:?}");
            // By value: the report itself holds the token.
            let token = self.tokentray.ok(&["token", name]);
            let report = json!({ "token": token.trim_end() });
            let path = format!("/v1/accounts/{name}/token/rejected");
            assert_eq!(self.ask("POST", &path, Some(&report)), 429);
        }
    }

    fn refusals_of_every_kind(&mut self) {
        self.restart(Signal::TERM);
        let state = self.provider.state();
        let refusals = [
            (400, "invalid_grant"),
            (401, "invalid_client"),
            (400, "invalid_scope"),
            (400, "unauthorized_client"),
            (400, state.last("access_token")),
            (403, "access_denied"),
            (429, "slow_down"),
            (500, "server_error"),
            (200, "invalid_request"),
        ];
        for (number, (status, error)) in refusals.into_iter().enumerate() {
            let name = NAMES[number % NAMES.len()];
            // A provider that repeats what it was sent.
            let (refresh_token, access_token) =
                (state.last("refresh_token"), state.last("access_token"));
            let mut text = format!("{refresh_token} of {access_token} was refused");
            if name == "secret" {
                text = format!("{CLIENT_SECRET}: {text}");
            }
            self.provider.refuse(status, error, &text);
            let out = self.run(&["refresh", name, "--json"]);
            assert!(!out.status.success(), "{out:?}");
            self.run(&["status", name]);
        }
        self.provider.accept();
    }

    fn answers_are_cut_and_processes_die(&mut self) {
        self.restart(Signal::KILL);
        // Cut in the middle of the refresh token: what came is kept, sealed.
        self.provider.cut(1);
        self.run(&["refresh", "public"]);
        self.restart(Signal::ABORT);

        self.provider.hold();
        let mut refresh = self.tokentray.command(&["refresh", "secret"]);
        let asking = thread::spawn(move || refresh.output().unwrap());
        wait_until("the provider was asked", SOON, || {
            self.provider.state().held == 1
        });
        self.tray.signal(Signal::QUIT);
        self.tray.wait(SOON);
        self.provider.release();
        let out = asking.join().unwrap();
        self.note("refresh secret", &out);
        self.tray = self.tokentray.tray();
        self.no_core_can_be_dumped();
        // Its family was revoked when the spent token was sent again.
        self.tokentray.wait_state("secret", "sign_in_needed", SOON);
        let refused = self.run(&["refresh", "secret"]);
        assert!(!refused.status.success(), "{refused:?}");
        let out = self.run(&["sign-in", "secret"]);
        assert!(out.status.success(), "{out:?}");
    }

    fn no_core_can_be_dumped(&self) {
        let limits = fs::read_to_string(format!("/proc/{}/limits", self.tray.id())).unwrap();
        let core = limits
            .lines()
            .find(|line| line.starts_with("Max core file"));
        let words: Vec<&str> = core.unwrap().split_whitespace().skip(4).collect();
        // 1, not 0: a dump that is piped to a program heeds nothing else.
        assert_eq!(words, ["1", "1", "bytes"]);
        let mut find = Command::new("find");
        find.arg(self.session.dir()).args(["-name", "core*"]);
        let cores = find.output().unwrap();
        assert_eq!(String::from_utf8_lossy(&cores.stdout), "");
    }

    /// A secret where none belongs, in a request or on standard input.
    fn people_make_slips(&mut self) {
        let secret = self.provider.state().last("refresh_token").to_owned();
        for (method, path, body) in [
            (
                "POST",
                "/v1/accounts/secret/token/rejected",
                json!({ "tokn": secret }),
            ),
            (
                "POST",
                "/v1/accounts/secret/token/rejected",
                json!({ "token": [secret] }),
            ),
            (
                "POST",
                "/v1/accounts/new/import",
                json!({ "access_token": { "x": secret } }),
            ),
            (
                "POST",
                "/v1/accounts/new/import",
                json!({ "access_token": "x", "expires_in": secret }),
            ),
            (
                "POST",
                "/v1/accounts",
                json!({ "name": "x", "client_secret": { "value": secret } }),
            ),
            (
                "POST",
                "/v1/accounts",
                json!({ "name": "x", "scopes": secret }),
            ),
            ("PATCH", "/v1/accounts/secret", json!({ "refresh": secret })),
            ("PATCH", "/v1/settings", json!({ "notify_ahead_s": secret })),
            ("POST", "/v1/explain", json!({ "http_status": secret })),
        ] {
            let status = self.ask(method, path, Some(&body));
            assert!((400..500).contains(&status), "{path}: {status}");
        }
        let not_json = format!("{{\"access_token\": \"{secret}\", ");
        let wrong_type = format!("{{\"access_token\": \"x\", \"expires_in\": \"{secret}\"}}");
        for input in [secret.clone(), not_json, wrong_type] {
            let out = self.run_with(&["import", "other"], &input);
            assert!(!out.status.success(), "{out:?}");
            self.run_with(&["import", "other", "--json"], &input);
        }
    }

    fn everything_is_read(&mut self) {
        let state = self.provider.state();
        let pasted = json!({
            "access_token": state.last("access_token"),
            "refresh_token": state.last("refresh_token"),
            "expires_in": 1,
            "scope": state.last("refresh_token"),
        });
        let refusal = json!({
            "error": "invalid_grant",
            "error_description": format!("{} is over", state.last("refresh_token")),
        });
        for reply in [pasted, refusal] {
            self.run_with(
                &["explain", "--status", "200", "--json"],
                &reply.to_string(),
            );
            self.run_with(&["explain", "--status", "400"], &reply.to_string());
        }
        for command in ["status", "history", "doctor", "settings"] {
            let out = self.run(&[command]);
            assert!(!out.stdout.is_empty(), "{out:?}");
            self.run(&[command, "--json"]);
        }
        for path in [
            "status",
            "stats",
            "doctor",
            "accounts",
            "accounts/secret",
            "history?limit=1000",
            "timeline",
            "settings",
            "providers",
        ] {
            assert_eq!(self.ask("GET", &format!("/v1/{path}"), None), 200, "{path}");
        }
    }

    /// Returns the last refresh token of an account that is gone.
    fn accounts_end(&mut self) -> String {
        let id = self.tokentray.account("secret")["id"].clone();
        let held = [("service", "tokentray"), ("username", id.as_str().unwrap())];
        let held = keyring::lookup(self.session, &held).expect("an item");
        let held: Value = serde_json::from_str(&held).unwrap();
        let removed = held["refresh_token"].as_str().unwrap().to_owned();
        let account = ["add", "import", "--client-id", CLIENT_ID, "--no-sign-in"];
        let at = ["--issuer", &self.provider.issuer];
        let out = self.run(&[&account[..], &at].concat());
        assert!(out.status.success(), "{out:?}");
        let grant = json!({ "access_token": IMPORTED, "expires_in": 3600 });
        let out = self.run_with(&["import", "import"], &grant.to_string());
        assert!(out.status.success(), "{out:?}");
        self.run(&["sign-out", "device"]);
        let out = self.run(&["remove", "secret", "--yes"]);
        assert!(out.status.success(), "{out:?}");
        let ours = [("service", "tokentray")];
        wait_until("nothing is left of a removed account", SOON, || {
            !keyring::search(self.session, &ours).contains(&removed)
        });
        removed
    }
}
