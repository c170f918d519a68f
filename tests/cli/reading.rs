//! Commands that only read: token, status, history, watch.

use axum::{body::Body, response::Response};
use serde_json::{Value, json};
use tokentray::api::problem::Code;

use super::stage::{
    Stage, account, answer, history_entry, in_minutes, problem, server_sent, status, token,
};

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
