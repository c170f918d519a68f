//! Signing in with a code on another device (RFC 8628).

use std::{sync::Arc, time::Duration};

use serde_json::json;
use tokentray::{
    api::types::SignInPhase,
    domain::reply::{Sent, TransportKind},
    practice::Practice,
    sign_in::{SignInFailure, SignInJob},
};

use super::stage::{
    Going, NoBrowser, Script, StepClock, answer, follow, given, http, job, no_answer, practice,
    start,
};

fn device_job(issuer: &str) -> SignInJob {
    let mut job = job(issuer);
    job.request.device = true;
    job
}

async fn polled(practice: &Practice, times: usize) {
    practice
        .until(|log| log.iter().filter(|r| r.endpoint == "/token").count() >= times)
        .await;
}

#[tokio::test]
async fn a_code_is_shown_and_waited_for() {
    let clock = StepClock::new();
    let practice = practice(&clock).await;
    let mut going = start(device_job(practice.issuer()), &clock, http(), NoBrowser);
    let row = going.in_phase(SignInPhase::WaitingForCode).await;
    assert_eq!(
        row.verification_url,
        Some(format!("{}/device", practice.issuer()))
    );
    let complete = row.verification_url_complete.unwrap();
    assert!(complete.contains(&row.user_code.unwrap()), "{complete}");
    assert_eq!((row.url, row.message), (None, None));

    clock.permit(2);
    polled(&practice, 2).await;
    follow(&complete).await;
    clock.permit(1);
    let done = going.ended().await.unwrap();
    assert_eq!(done.who.as_deref(), Some("ada@practice.example"));
    assert!(done.grant.refresh_token.is_some());
    assert_eq!(clock.elapsed(), Duration::from_secs(15));
    let told: Vec<Option<String>> = practice
        .log()
        .into_iter()
        .filter(|request| request.endpoint == "/token")
        .map(|request| request.error)
        .collect();
    let pending = Some("authorization_pending".to_owned());
    assert_eq!(told, [pending.clone(), pending, None]);
}

#[tokio::test]
async fn a_code_that_nobody_enters_ends() {
    let clock = StepClock::new();
    let practice = practice(&clock).await;
    let mut going = start(device_job(practice.issuer()), &clock, http(), NoBrowser);
    let row = going.in_phase(SignInPhase::WaitingForCode).await;
    let life = row.ends_at - super::stage::morning();
    // The long sleep begins with the poll's first short one.
    clock.permit(1);
    polled(&practice, 1).await;
    clock.advance(life.to_std().unwrap());
    assert_eq!(going.ended().await, Err(SignInFailure::CodeExpired));
}

fn codes() -> tokentray::domain::reply::Reply {
    answer(
        200,
        &json!({
            "device_code": "d1", "user_code": "WDJB-MJHT", "interval": 5, "expires_in": 600,
            "verification_url": "https://id.example/activate",
        }),
    )
}

async fn scripted(
    replies: Vec<tokentray::domain::reply::Reply>,
) -> (
    Result<tokentray::sign_in::SignedIn, SignInFailure>,
    Arc<StepClock>,
    Arc<Script>,
) {
    let clock = StepClock::new();
    clock.permit(100);
    let script = Script::new(replies);
    let mut job = device_job("https://id.example");
    given(&mut job);
    job.account.scopes = vec!["mail".into()];
    let going: Going = start(job, &clock, script.clone(), NoBrowser);
    (going.ended().await, clock, script)
}

#[tokio::test]
async fn trouble_on_the_way_is_waited_out_and_slow_down_is_heeded() {
    let error = |status, code: &str| answer(status, &json!({ "error": code }));
    let (done, clock, script) = scripted(vec![
        codes(),
        error(400, "authorization_pending"),            // at 5 s
        error(200, "authorization_pending"),            // at 10 s; GitHub answers 200
        error(400, "slow_down"),                        // at 15 s; then every 10 s
        no_answer(TransportKind::Dns, Sent::Never),     // at 25 s
        no_answer(TransportKind::Timeout, Sent::Maybe), // at 35 s; then 20 s once
        answer(503, &json!({ "error": "server_error" })), // at 55 s
        answer(200, &json!({ "access_token": "a", "refresh_token": "r" })), // at 65 s
    ])
    .await;
    assert!(done.unwrap().grant.refresh_token.is_some());
    assert_eq!(clock.elapsed(), Duration::from_secs(65));
    assert_eq!(
        script.forms()[..2],
        [
            "scope=mail",
            "grant_type=urn:ietf:params:oauth:grant-type:device_code&device_code=d1"
        ]
    );
}

#[tokio::test]
async fn a_refusal_ends_it_in_words() {
    for (code, words) in [
        ("access_denied", "The sign-in was declined"),
        ("expired_token", "The code was not entered in time"),
        (
            "invalid_client",
            "The provider does not know this client id",
        ),
    ] {
        let refusal = answer(400, &json!({ "error": code, "error_description": "No." }));
        let (done, _, script) = scripted(vec![codes(), refusal]).await;
        let failure = done.unwrap_err().to_string();
        assert!(failure.starts_with(words), "{failure}");
        assert_eq!(script.forms().len(), 2);
    }
    let (done, _, _) = scripted(vec![answer(
        400,
        &json!({ "error": "unauthorized_client", "error_description": "Not you." }),
    )])
    .await;
    let failure = done.unwrap_err();
    assert_eq!(failure.shown_code(), "unauthorized_client");
}

#[tokio::test]
async fn without_a_device_address_the_way_out_is_told() {
    let clock = StepClock::new();
    let mut job = device_job("https://id.example");
    given(&mut job);
    job.account.device_url = None;
    let metadata = json!({
        "issuer": "https://id.example",
        "authorization_endpoint": "https://id.example/authorize",
        "token_endpoint": "https://id.example/token",
    });
    let script = Script::new([answer(200, &metadata)]);
    let failure = start(job, &clock, script, NoBrowser)
        .ended()
        .await
        .unwrap_err();
    assert!(
        failure
            .to_string()
            .starts_with("This provider does not offer signing in with a code"),
        "{failure}"
    );
}
