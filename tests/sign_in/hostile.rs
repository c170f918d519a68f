//! Answers through the browser that are wrong, foreign or refusals.

use std::time::Duration;

use tokentray::{api::types::SignInPhase, sign_in::SignInFailure};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::stage::{
    Going, NoBrowser, StepClock, answer, follow, get, given, http, job, practice, start,
};
use crate::sign_in::stage::Script;

fn token_requests(practice: &tokentray::practice::Practice) -> usize {
    practice
        .log()
        .iter()
        .filter(|request| request.endpoint == "/token")
        .count()
}

/// A request as it stands on the wire; the status that came back, 0 for none.
async fn raw(redirect: &str, request: &str) -> u16 {
    let url = url::Url::parse(redirect).unwrap();
    let mut stream = TcpStream::connect(("127.0.0.1", url.port().unwrap()))
        .await
        .unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut reply = String::new();
    let _ = stream.read_to_string(&mut reply).await;
    reply
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok())
        .unwrap_or(0)
}

#[tokio::test]
async fn only_the_right_path_host_and_state_have_an_effect() {
    let clock = StepClock::new();
    let practice = practice(&clock).await;
    let mut going = start(job(practice.issuer()), &clock, http(), NoBrowser);
    let address = going.address().await;
    let state = address.state.as_str();
    for back in [
        address.back(&[("code", "stolen"), ("state", "wrong")]),
        address.back(&[("code", "stolen")]),
        address.back(&[("state", state)]),
        address.back(&[("state", state), ("code", "")]),
        address.back(&[("state", state), ("state", state), ("code", "stolen")]),
        address.back(&[("state", state), ("code", "stolen"), ("code", "other")]),
        address.back(&[("state", &state.to_uppercase()), ("code", "stolen")]),
        address
            .back(&[("state", state), ("code", "stolen")])
            .replace("/callback?", "/callback/?"),
        address
            .back(&[("state", state), ("code", "stolen")])
            .replace("/callback?", "/elsewhere?"),
        address.redirect.clone(),
        address.redirect.replace("/callback", "/favicon.ico"),
    ] {
        let visited = get(&back).await;
        assert_eq!((visited.status, visited.text.as_str()), (404, ""), "{back}");
    }

    let port = url::Url::parse(&address.redirect).unwrap().port().unwrap();
    let query = format!("/callback?state={state}&code=stolen");
    for request in [
        format!("GET {query} HTTP/1.1\r\nHost: evil.example:{port}\r\n\r\n"),
        format!("GET {query} HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n"),
        format!("GET {query} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"),
        format!("GET {query} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nHost: evil.example\r\n\r\n"),
        format!("GET {query} HTTP/1.1\r\n\r\n"),
        format!("POST {query} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Length: 0\r\n\r\n"),
        format!("HEAD {query} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n"),
        format!("GET http://127.0.0.1:{port}{query} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n"),
    ] {
        assert_eq!(raw(&address.redirect, &request).await, 404, "{request}");
    }
    assert_eq!(
        raw(&address.redirect, "\u{16}\u{3}\u{1}nonsense\r\n\r\n").await,
        400
    );
    let long = format!("GET /callback?state={} HTTP/1.1\r\n", "x".repeat(100_000));
    assert_ne!(raw(&address.redirect, &long).await, 303);

    assert_eq!(going.rows.borrow().phase, SignInPhase::WaitingForBrowser);
    assert_eq!(token_requests(&practice), 0);
    // After all that the right one still gets through.
    follow(address.url.as_str()).await;
    going.ended().await.unwrap();
}

#[tokio::test]
async fn more_connections_than_a_browser_needs_are_dropped() {
    let clock = StepClock::new();
    let practice = practice(&clock).await;
    let mut going = start(job(practice.issuer()), &clock, http(), NoBrowser);
    let address = going.address().await;
    let port = url::Url::parse(&address.redirect).unwrap().port().unwrap();
    let mut idle = Vec::new();
    for _ in 0..16 {
        idle.push(TcpStream::connect(("127.0.0.1", port)).await.unwrap());
    }
    let mut refused = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    // Closed without a word, long before the others' ten seconds are over.
    let closed = tokio::time::timeout(Duration::from_secs(5), refused.read(&mut [0; 1])).await;
    assert!(matches!(closed, Ok(Ok(0) | Err(_))), "{closed:?}");
    drop(idle);
    loop {
        let request = format!("GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n");
        if raw(&address.redirect, &request).await == 404 {
            break;
        }
        tokio::task::yield_now().await;
    }
    going.cancel.send(()).unwrap();
}

#[tokio::test]
async fn a_second_answer_has_no_effect() {
    let clock = StepClock::new();
    let practice = practice(&clock).await;
    practice.hold(true);
    let mut going = start(job(practice.issuer()), &clock, http(), NoBrowser);
    let address = going.address().await;
    let first = get(address.url.as_str()).await;
    let back = first.headers["location"].to_str().unwrap().to_owned();
    let hit = get(&back).await;
    assert_eq!(hit.status, 303);
    assert_eq!(hit.headers["cache-control"], "no-store");
    assert_eq!(hit.headers["referrer-policy"], "no-referrer");
    assert!(
        hit.headers["location"]
            .to_str()
            .unwrap()
            .starts_with("/done/")
    );
    practice
        .until(|log| log.iter().any(|r| r.endpoint == "/token"))
        .await;

    let again = address.back(&[
        ("state", &address.state),
        ("code", "another"),
        ("iss", practice.issuer()),
    ]);
    assert_eq!(
        get(&again).await.headers["location"],
        hit.headers["location"]
    );
    practice.hold(false);
    going.ended().await.unwrap();
    assert_eq!(token_requests(&practice), 1);
}

async fn with_answer(extra: &[(&str, &str)], iss: Option<&str>) -> (SignInFailure, String, usize) {
    let clock = StepClock::new();
    let practice = practice(&clock).await;
    let mut going = start(job(practice.issuer()), &clock, http(), NoBrowser);
    let address = going.address().await;
    let mut answer = vec![("state", address.state.as_str())];
    answer.extend_from_slice(extra);
    match iss {
        Some("right") => answer.push(("iss", practice.issuer())),
        Some(other) => answer.push(("iss", other)),
        None => {}
    }
    let page = follow(&address.back(&answer)).await;
    let failure = going.ended().await.unwrap_err();
    (failure, page.text, token_requests(&practice))
}

#[tokio::test]
async fn a_refusal_is_told_in_words_and_escaped() {
    let (failure, page, sent) = with_answer(
        &[
            ("error", "access_denied"),
            ("error_description", "Ask <b>Bob</b>\u{202e}\nplease"),
        ],
        Some("right"),
    )
    .await;
    assert_eq!(
        failure.to_string(),
        "The sign-in was declined: somebody chose not to allow it, or a rule of the provider \
         forbids it. It says: Ask <b>Bob</b> please (access_denied)"
    );
    assert!(page.contains("Ask &lt;b&gt;Bob&lt;/b&gt; please"), "{page}");
    assert!(page.contains("<h1>Work is not signed in</h1>"), "{page}");
    assert_eq!(sent, 0);
    assert_eq!(failure.shown_code(), "access_denied");

    for code in [
        "consent_required",
        "unauthorized_client",
        "invalid_scope",
        "server_error",
        "temporarily_unavailable",
        "something_new",
    ] {
        let (failure, page, _) = with_answer(&[("error", code)], Some("right")).await;
        assert!(
            failure.to_string().ends_with(&format!(". ({code})")),
            "{failure}"
        );
        assert!(page.contains(code), "{page}");
    }
}

#[tokio::test]
async fn an_answer_of_another_provider_is_not_used() {
    for answer in [("code", "abc"), ("error", "access_denied")] {
        let (failure, _, sent) = with_answer(&[answer], Some("https://evil.example")).await;
        assert_eq!(failure.code(), "wrong_issuer");
        assert!(
            failure.to_string().contains("https://evil.example"),
            "{failure}"
        );
        assert_eq!(sent, 0);

        let (failure, _, sent) = with_answer(&[answer], None).await;
        assert_eq!((failure, sent), (SignInFailure::IssuerMissing, 0));
    }
}

#[tokio::test]
async fn a_code_that_is_refused_is_told_in_words() {
    let (failure, page, sent) = with_answer(&[("code", "abc")], Some("right")).await;
    assert_eq!(failure.code(), "exchange_refused");
    assert_eq!(failure.shown_code(), "invalid_grant");
    assert!(
        page.contains("The provider did not accept the code that it had just given."),
        "{page}"
    );
    assert_eq!(sent, 1);
}

#[tokio::test]
async fn what_never_left_is_sent_again_and_what_did_is_not() {
    use tokentray::domain::reply::{Sent, TransportKind};

    use super::stage::no_answer;

    let never = || no_answer(TransportKind::Dns, Sent::Never);
    let tokens = serde_json::json!({ "access_token": "a", "token_type": "Bearer" });
    for (replies, sent, ok) in [
        (vec![never(), never(), answer(200, &tokens)], 3, true),
        (vec![never(), never(), never()], 3, false),
        (
            vec![no_answer(TransportKind::Timeout, Sent::Maybe)],
            1,
            false,
        ),
        (vec![answer(503, &serde_json::json!({}))], 1, false),
    ] {
        let clock = StepClock::new();
        clock.permit(10);
        let script = Script::new(replies);
        let mut job = job("https://id.example");
        given(&mut job);
        job.account.scopes = vec!["mail".into()];
        let mut going: Going = start(job, &clock, script.clone(), NoBrowser);
        let address = going.address().await;
        get(&address.back(&[("state", &address.state), ("code", "c1")])).await;
        assert_eq!(going.ended().await.is_ok(), ok);
        let forms = script.forms();
        assert_eq!(forms.len(), sent);
        assert!(
            forms[0].starts_with(&format!(
                "grant_type=authorization_code&code=c1&redirect_uri={}&code_verifier=",
                address.redirect
            )),
            "{}",
            forms[0]
        );
    }
}
