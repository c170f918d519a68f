//! Commands that change something, signing in above all.

use std::{
    io::{BufRead, BufReader, Read},
    process::Child,
};

use serde_json::{Value, json};

use super::stage::{Stage, account, answer, no_content, sign_in};

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
