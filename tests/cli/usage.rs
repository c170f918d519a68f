//! Wrong usage, no engine, and how errors are told.

use axum::response::IntoResponse;
use serde_json::Value;
use tokentray::{
    api::problem::{Code, Problem},
    domain::cause::Cause,
};

use super::stage::{Stage, problem};

const NO_ENGINE: &str = "tokentray daemon";

/// Arguments, standard input, exit code, and what standard error must hold.
const CASES: &[(&[&str], &str, i32, &str)] = &[
    (&["token", "work"], "", 6, NO_ENGINE),
    (&["status"], "", 6, NO_ENGINE),
    (&["status", "--check"], "", 6, NO_ENGINE),
    (&["history", "--since", "7d"], "", 6, NO_ENGINE),
    (&["refresh", "work"], "", 6, NO_ENGINE),
    (&["pause"], "", 6, NO_ENGINE),
    (&["resume", "work"], "", 6, NO_ENGINE),
    (&["sign-in", "work"], "", 6, NO_ENGINE),
    (&["sign-out", "work"], "", 6, NO_ENGINE),
    (&["remove", "work", "--yes"], "", 6, NO_ENGINE),
    (
        &["import", "work"],
        "{\"access_token\":\"x\"}",
        6,
        NO_ENGINE,
    ),
    (&["watch"], "", 6, NO_ENGINE),
    (&["unlock"], "", 6, NO_ENGINE),
    (&["vault", "move", "sealed"], "", 6, NO_ENGINE),
    (&["settings"], "", 6, NO_ENGINE),
    (&["open"], "", 6, NO_ENGINE),
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

#[test]
fn without_an_engine_each_command_says_what_is_wrong_and_what_helps() {
    let stage = Stage::empty();
    for (args, stdin, code, said) in CASES {
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

#[test]
fn explain_needs_no_engine() {
    let stage = Stage::empty();
    let pasted = "HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\n\r\n\
        {\"error\":\"invalid_grant\",\"error_description\":\"Token has been revoked.\"}";
    let ran = stage.run(&["explain"], pasted);
    assert_eq!(ran.code, 0, "{ran:?}");
    insta::assert_snapshot!(ran.out, @"
    sign_in (refresh_token_revoked)
    What happened: The refresh token was revoked.
    What happens next: No new token can be had until you sign in again; the old grant is kept.
    What you can do: Sign in again.
    ");
    let ran = stage.run(
        &["explain", "--provider", "none-such"],
        "{\"error\":\"invalid_grant\"}",
    );
    assert!(ran.out.starts_with("sign_in ("), "{ran:?}");
    for said in ["none that is known here", "read as a refusal (400)"] {
        assert!(ran.err.contains(said), "{ran:?}");
    }
    let gone = "HTTP/1.1 410 Gone\n\n";
    let ran = stage.run(&["explain", "--provider", "fitbit"], gone);
    assert!(
        ran.out.starts_with("fix_setup (endpoint_wrong)\n"),
        "{ran:?}"
    );
    assert!(
        ran.out.contains("\nKnown: Google switched Fitbit's"),
        "{ran:?}"
    );
    assert!(
        ran.out
            .ends_with("\nSee: https://developers.google.com/health/about\n"),
        "{ran:?}"
    );
    let secret =
        "{\"transport\":\"S3cretValue\"}\n{\"http_status\":\"S3cretValue\"}\nS3cretValue\n";
    let ran = stage.run(&["explain", "--jsonl"], secret);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(!ran.err.contains("S3cretValue"), "{ran:?}");
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
    assert_eq!(answers[1]["advice"], "Nothing is to be done now.");
    assert_eq!(answers[1]["what"], "The provider answers 503.");

    let mixed = "{\"id\":\"a\",\"transport\":\"dns\"}\n{\"body\": se\n{\"transport\":\"pigeon\"}\n\
        {\"id\":\"b\",\"http_status\":\"400\",\"headers\":null,\"body\":{\"error\":\"invalid_grant\"}}\n";
    let ran = stage.run(&["explain", "--jsonl"], mixed);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.err.contains("line 2 is no record"), "{ran:?}");
    assert!(ran.err.contains("and one more line"), "{ran:?}");
    let verdicts: Vec<Value> = ran
        .out
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["verdict"].take())
        .collect();
    assert_eq!(verdicts, ["wait", "sign_in"], "the other lines have theirs");

    let ran = stage.run(&["explain"], "HTTP/1.1 what\r\n\r\n{}");
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(
        ran.err.contains("line 1 begins like a status line"),
        "{ran:?}"
    );
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

#[test]
fn a_folder_gets_a_manual_page_for_each_command() {
    let stage = Stage::empty();
    let folder = stage.folder.path().join("man1");
    let written = stage.run(&["man", "--folder", &folder.to_string_lossy()], "");
    assert_eq!((written.code, written.out.as_str()), (0, ""));
    let page = std::fs::read_to_string(folder.join("tokentray-token.1")).expect("a page");
    assert!(page.contains("\\-\\-min\\-valid"), "{page}");
    assert!(folder.join("tokentray.1").is_file());
}
