//! The router over a living engine, asked in process and over its socket: both must be alike.

use axum::response::IntoResponse;
use http::Method;
use serde_json::{Value, json};
use tokentray::{
    api::{
        client::Client,
        problem::{Code, Problem},
        types::{Event, SignInPhase, SignInRow},
    },
    demo::{self, Demo, DemoOptions},
    engine::NumberedEvent,
};
use tokio::sync::mpsc;

/// A demo's engine, served, and both ways to ask it.
async fn served() -> (Demo, [Client; 2]) {
    let mut demo = demo::set_up(&DemoOptions::default()).await.unwrap();
    demo.serve(std::future::pending());
    let clients = [
        Client::in_process(demo.engine.clone()),
        Client::socket(&demo.paths.socket),
    ];
    (demo, clients)
}

#[tokio::test]
async fn whatever_is_wrong_with_a_request_is_said_and_said_alike_both_ways() {
    let (_demo, clients) = served().await;
    let cases = [
        (Method::GET, "/v1/nowhere", None),
        (Method::PUT, "/v1/status", None),
        (Method::POST, "/v1/accounts", Some(json!({}))),
        (Method::POST, "/v1/accounts", Some(json!([]))),
        (Method::POST, "/v1/accounts", Some(json!({ "nmae": "x" }))),
        (Method::GET, "/v1/accounts/none", None),
        (Method::DELETE, "/v1/accounts/none?revok=true", None),
        (Method::GET, "/v1/accounts/none/token", None),
        (Method::GET, "/v1/accounts/none/token?kind=both", None),
        (Method::GET, "/v1/accounts/none/token?wait=soon", None),
        (Method::GET, "/v1/accounts/none/token?wait=601", None),
        (
            Method::POST,
            "/v1/accounts/none/token/rejected",
            Some(json!({})),
        ),
        (Method::GET, "/v1/history?cause=bad_luck", None),
        (Method::GET, "/v1/history?limit=0", None),
        (Method::GET, "/v1/timeline?bucket_s=0", None),
        (Method::GET, "/v1/events?after=x", None),
        (
            Method::POST,
            "/v1/vault/move",
            Some(json!({ "to": "attic" })),
        ),
        (Method::GET, "/v1/sign-ins/none", None),
        (Method::POST, "/v1/discover", Some(json!({}))),
    ];
    let mut told = Vec::new();
    for (method, path, body) in cases {
        let [inside, outside] = &clients;
        let first = inside.request(method.clone(), path, body.clone()).await;
        let second = outside.request(method.clone(), path, body).await;
        assert_eq!(first, second, "{method} {path}");
        let problem = first.unwrap_err();
        told.push(format!("{} {}", problem.code, problem.detail));
    }
    insta::assert_snapshot!(told.join("\n"), @r#"
    INVALID_REQUEST there is no route /v1/nowhere; GET /v1/openapi.json lists them
    INVALID_REQUEST PUT is not offered on /v1/status; GET /v1/openapi.json lists what is
    INVALID_REQUEST name is missing
    INVALID_REQUEST the body must be a JSON object
    INVALID_REQUEST the body is not what is expected: unknown field `nmae`, expected one of `name`, `provider`, `issuer`, `auth_url`, `token_url`, `device_url`, `revocation_url`, `client_id`, `client_secret`, `client_auth`, `scopes`, `redirect_host`, `redirect_ports`, `redirect_path`, `flow`, `refresh`, `login_hint`, `auth_params`, `browser` at line 1 column 7
    NOT_FOUND no account is named "none"; there is no account yet
    INVALID_REQUEST the query is not what is expected: revok: unknown field `revok`, expected `revoke`
    NOT_FOUND no account is named "none"; there is no account yet
    INVALID_REQUEST kind is access or id
    INVALID_REQUEST the query is not what is expected: wait: invalid digit found in string
    INVALID_REQUEST wait is given in seconds, at most 600
    INVALID_REQUEST the body needs either fingerprint or token
    INVALID_REQUEST cause names a code that does not exist
    INVALID_REQUEST limit must be between 1 and 1000
    INVALID_REQUEST bucket_s must be at least 1
    INVALID_REQUEST the query is not what is expected: after: invalid digit found in string
    INVALID_REQUEST there is no such vault; the kinds are os, sealed, file and memory
    NOT_FOUND no sign-in has this id; it may have ended long ago
    INVALID_REQUEST the body is not what is expected: missing field `issuer` at line 1 column 2
    "#);
}

#[tokio::test]
async fn a_provider_that_is_not_spoken_is_neither_offered_nor_added() {
    let (_demo, [client, _]) = served().await;
    let offered: Value = client.get("/v1/providers").await.unwrap();
    let keys: Vec<&str> = offered
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|row| row["key"].as_str())
        .collect();
    assert!(
        keys.contains(&"google") && !keys.contains(&"aws-sso-oidc"),
        "{keys:?}"
    );
    let account = json!({ "name": "x", "provider": "aws-sso-oidc", "client_id": "c" });
    let refused = client
        .request(Method::POST, "/v1/accounts", Some(account))
        .await
        .unwrap_err();
    assert_eq!(refused.code, Code::ProviderNotConfigured);
    assert!(
        refused.detail.contains("use AWS's own tools"),
        "{refused:?}"
    );
}

#[tokio::test]
async fn what_can_be_read_is_read_alike_both_ways() {
    let (_demo, [inside, outside]) = served().await;
    for path in [
        "/v1/accounts",
        "/v1/providers",
        "/v1/settings",
        "/v1/history",
        "/v1/stats",
        "/v1/openapi.json",
    ] {
        let first: Value = inside.get(path).await.unwrap();
        let second: Value = outside.get(path).await.unwrap();
        assert_eq!(first, second, "{path}");
    }
    for client in [inside, outside] {
        let opened = client.request(Method::POST, "/v1/window/open", None).await;
        assert_eq!(opened, Ok((204, Value::Null)));
    }
}

#[tokio::test]
async fn whoever_changes_the_way_of_a_sign_in_has_not_failed_and_whoever_gives_it_up_has() {
    let (demo, [client, _]) = served().await;
    let account = json!(demo.account("Work"));
    let added = client.request(Method::POST, "/v1/accounts", Some(account));
    added.await.unwrap();
    let start = async |how: Value| -> SignInRow {
        let path = "/v1/accounts/Work/sign-in";
        client.send(Method::POST, path, Some(how)).await.unwrap()
    };
    let follow = async |row: &SignInRow| -> SignInRow {
        let path = format!("/v1/sign-ins/{}", row.id);
        client.get(&path).await.unwrap()
    };
    let by_browser = start(json!({ "no_browser": true })).await;
    assert_eq!(by_browser.phase, SignInPhase::WaitingForBrowser);
    let by_code = start(json!({ "device": true })).await;
    assert_eq!(by_code.phase, SignInPhase::WaitingForCode);
    assert_eq!(follow(&by_browser).await.phase, SignInPhase::Cancelled);
    let path = format!("/v1/sign-ins/{}", by_code.id);
    client.request(Method::DELETE, &path, None).await.unwrap();

    let history: Value = client.get("/v1/history").await.unwrap();
    let told: Vec<&str> = history["entries"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|entry| entry["message"].as_str())
        .collect();
    insta::assert_snapshot!(told.join("\n"), @r"
    The sign-in did not succeed
    Sign-in started
    Sign-in started
    ");
}

/// The next event that asks for the window.
async fn next_opening(events: &mut mpsc::Receiver<NumberedEvent>) -> u64 {
    loop {
        if let (number, Event::OpenWindow { .. }) = events.recv().await.unwrap() {
            return number;
        }
    }
}

#[tokio::test]
async fn events_resume_where_a_listener_stopped() {
    let (_demo, clients) = served().await;
    for client in clients {
        let open = async || {
            client
                .send::<()>(Method::POST, "/v1/window/open", None)
                .await
                .unwrap();
        };
        let mut events = client.events(None).await.unwrap();
        open().await;
        let first = next_opening(&mut events).await;
        drop(events);
        open().await;
        open().await;
        let mut resumed = client.events(Some(first)).await.unwrap();
        let second = next_opening(&mut resumed).await;
        let third = next_opening(&mut resumed).await;
        assert!(first < second && second < third, "{first} {second} {third}");
    }
}

#[tokio::test]
async fn a_listener_that_missed_too_much_is_told_to_read_anew() {
    let (_demo, [client, _]) = served().await;
    let mut events = client.events(Some(u64::MAX)).await.unwrap();
    assert!(matches!(events.recv().await, Some((_, Event::Resync))));
}

#[test]
fn when_to_come_back_stands_in_the_header_too() {
    let header = |problem: Problem| {
        let response = problem.into_response();
        let value = response.headers().get("retry-after")?;
        Some(value.to_str().unwrap().to_owned())
    };
    let limited = Problem::new(Code::RateLimited, "").with_retry_after(30);
    assert_eq!(header(limited).as_deref(), Some("30"));
    let busy = Problem::new(Code::Busy, "").with_retry_after(2);
    assert_eq!(header(busy).as_deref(), Some("2"));
    assert_eq!(header(Problem::new(Code::Busy, "")), None);
}
