//! Signing in with the browser, as it should be.

use std::{sync::Arc, time::Duration};

use chrono::TimeDelta;
use tokentray::{
    api::types::SignInPhase,
    domain::{
        account::ClientAuth,
        grant::{Binding, ExpiresSource, Subject},
        secret::Secret,
    },
    sign_in::{self, SignInFailure},
};
use tokio::{net::TcpListener, sync::mpsc};

use super::stage::{
    FollowingBrowser, NoBrowser, StepClock, follow, get, http, job, morning, practice, start,
};

#[tokio::test]
async fn a_browser_signs_in_and_the_page_says_who() {
    let clock = StepClock::new();
    let practice = practice(&clock).await;
    let (seen, mut pages) = mpsc::unbounded_channel();
    let going = start(
        job(practice.issuer()),
        &clock,
        http(),
        FollowingBrowser(seen),
    );
    let done = going.ended().await.unwrap();

    let issuer = practice.issuer();
    let grant = &done.grant;
    assert_eq!(grant.generation, 0);
    assert!(grant.refresh_token.is_some());
    assert_eq!(grant.issued_at, morning());
    assert_eq!(grant.expires_at, Some(morning() + TimeDelta::hours(1)));
    assert_eq!(grant.expires_source, ExpiresSource::Server);
    assert_eq!(grant.scopes, ["openid", "email", "offline_access"]);
    assert_eq!(grant.binding.issuer.as_deref(), Some(issuer));
    assert_eq!(grant.binding.token_endpoint, format!("{issuer}/token"));
    assert_eq!(grant.binding.client_id, "desk");
    assert_eq!(
        grant.subject,
        Some(Subject {
            iss: issuer.to_owned(),
            sub: "ada-1815".into()
        })
    );
    assert_eq!(done.who.as_deref(), Some("ada@practice.example"));
    assert!(done.identity_checked);
    assert_eq!(done.warning, None);

    let page = pages.recv().await.unwrap();
    assert_eq!(page.status, 200);
    assert!(
        page.text
            .contains("Work is signed in as ada@practice.example."),
        "{}",
        page.text
    );
    assert_eq!(page.headers["cache-control"], "no-store");
    assert_eq!(page.headers["referrer-policy"], "no-referrer");
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(
        policy.starts_with("default-src 'none'; style-src 'nonce-"),
        "{policy}"
    );
    assert!(!page.text.contains("<script"), "{}", page.text);
    for part in ["code=", "state="] {
        assert!(!page.url.contains(part), "{}", page.url);
    }
}

#[tokio::test]
async fn the_address_asks_for_everything_that_protects_the_answer() {
    let clock = StepClock::new();
    let practice = practice(&clock).await;
    let mut job = job(practice.issuer());
    job.request.no_browser = true;
    job.account.login_hint = Some("ada@practice.example".into());
    job.account.auth_params = [
        ("prompt", "login"),
        ("state", "mine"),
        ("code_challenge_method", "plain"),
        ("redirect_uri", "https://elsewhere.example/"),
    ]
    .map(|(n, v)| (n.to_owned(), v.to_owned()))
    .into();
    let mut going = start(job, &clock, http(), NoBrowser);
    let address = going.address().await;
    let mut names: Vec<String> = address
        .url
        .query_pairs()
        .map(|(name, _)| name.into_owned())
        .collect();
    names.sort();
    assert_eq!(
        names,
        [
            "client_id",
            "code_challenge",
            "code_challenge_method",
            "login_hint",
            "nonce",
            "prompt",
            "redirect_uri",
            "response_type",
            "scope",
            "state"
        ]
    );
    assert!(address.url.as_str().contains("code_challenge_method=S256"));
    assert!(address.redirect.starts_with("http://127.0.0.1:"));
    assert!(address.redirect.ends_with("/callback"));
    assert!(address.state.len() >= 22 && address.nonce.unwrap().len() >= 22);

    // Whoever asked for no browser opens the address by hand.
    let row = going.rows.borrow().clone();
    assert_eq!((row.message, row.device_possible), (None, true));
    follow(row.url.as_deref().unwrap()).await;
    going.ended().await.unwrap();
}

#[tokio::test]
async fn somebody_else_is_named_and_refused() {
    let clock = StepClock::new();
    let practice = practice(&clock).await;
    let me = Subject {
        iss: practice.issuer().to_owned(),
        sub: "ada-1815".into(),
    };
    let mut job = job(practice.issuer());
    job.expected = Some(me);
    job.account
        .auth_params
        .insert("auto".into(), "grace".into());
    let (seen, mut pages) = mpsc::unbounded_channel();
    let failure = start(job.clone(), &clock, http(), FollowingBrowser(seen.clone()))
        .ended()
        .await
        .unwrap_err();
    assert_eq!(failure.code(), "wrong_account");
    let page = pages.recv().await.unwrap().text;
    for words in [failure.to_string(), page] {
        assert!(
            words.contains("grace@practice.example signed in, but"),
            "{words}"
        );
    }

    job.account.auth_params.insert("auto".into(), "ada".into());
    let done = start(job, &clock, http(), FollowingBrowser(seen))
        .ended()
        .await;
    assert!(done.unwrap().identity_checked);
}

#[tokio::test]
async fn a_browser_that_does_not_open_leaves_the_link() {
    let clock = StepClock::new();
    let practice = practice(&clock).await;
    let mut going = start(job(practice.issuer()), &clock, http(), NoBrowser);
    let row = going
        .rows
        .wait_for(|row| row.message.is_some())
        .await
        .unwrap()
        .clone();
    assert_eq!(
        row.message.as_deref(),
        Some(
            "The browser could not be opened (there is no display here). Copy the link and open it \
             yourself."
        )
    );
    follow(row.url.as_deref().unwrap()).await;
    going.ended().await.unwrap();
}

#[tokio::test]
async fn cancelling_ends_the_attempt_and_frees_the_port() {
    let clock = StepClock::new();
    let practice = practice(&clock).await;
    let mut going = start(job(practice.issuer()), &clock, http(), NoBrowser);
    let address = going.address().await;
    let mut rows = going.rows.clone();
    going.cancel.send(()).unwrap();
    assert_eq!(going.end.await.unwrap(), Err(SignInFailure::Cancelled));
    let row = rows
        .wait_for(|row| row.phase == SignInPhase::Cancelled)
        .await
        .unwrap()
        .clone();
    assert_eq!(row.message.as_deref(), Some("The sign-in was cancelled."));
    let port = url::Url::parse(&address.redirect).unwrap().port().unwrap();
    // The listener's task is told to end and does so at its next turn.
    while TcpListener::bind(("127.0.0.1", port)).await.is_err() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn nobody_has_longer_than_ten_minutes() {
    let clock = StepClock::new();
    let practice = practice(&clock).await;
    let mut going = start(job(practice.issuer()), &clock, http(), NoBrowser);
    going.address().await;
    going
        .rows
        .wait_for(|row| row.message.is_some())
        .await
        .unwrap();
    let second = Duration::from_secs(1);
    clock.advance(sign_in::TIME_LIMIT.saturating_sub(second));
    tokio::task::yield_now().await;
    assert!(!going.end.is_finished());
    clock.advance(second);
    assert_eq!(going.ended().await, Err(SignInFailure::TimedOut));
}

#[tokio::test]
async fn a_taken_port_is_named_and_the_next_of_the_list_is_used() {
    let clock = StepClock::new();
    let practice = practice(&clock).await;
    let other = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let taken = other.local_addr().unwrap().port();
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let next = free.local_addr().unwrap().port();
    drop(free);

    let mut job = job(practice.issuer());
    job.account.redirect.ports = vec![taken];
    let failure = start(job.clone(), &clock, http(), NoBrowser)
        .ended()
        .await
        .unwrap_err();
    assert!(
        failure
            .to_string()
            .starts_with(&format!("Port {taken} is in use by another program")),
        "{failure}"
    );

    job.account.redirect.ports = vec![taken, next];
    let mut going = start(job, &clock, http(), NoBrowser);
    let address = going.address().await;
    assert_eq!(
        address.redirect,
        format!("http://127.0.0.1:{next}/callback")
    );
    going.cancel.send(()).unwrap();
}

#[tokio::test]
async fn localhost_answers_on_both_loopback_addresses() {
    let clock = StepClock::new();
    let practice = practice(&clock).await;
    let mut job = job(practice.issuer());
    job.account.redirect.host = "localhost".into();
    let mut going = start(job, &clock, http(), NoBrowser);
    let address = going.address().await;
    let port = url::Url::parse(&address.redirect).unwrap().port().unwrap();
    assert_eq!(
        address.redirect,
        format!("http://localhost:{port}/callback")
    );
    let v6 = TcpListener::bind("[::1]:0").await.is_ok();
    for host in ["127.0.0.1", "[::1]"].iter().take(if v6 { 2 } else { 1 }) {
        // Reached, and refused for the wrong Host.
        assert_eq!(
            get(&format!("http://{host}:{port}/callback")).await.status,
            404
        );
    }
    follow(address.url.as_str()).await;
    going.ended().await.unwrap();
}

#[tokio::test]
async fn a_grant_can_be_revoked() {
    let clock = StepClock::new();
    let practice = practice(&clock).await;
    let (seen, _pages) = mpsc::unbounded_channel();
    let done = start(
        job(practice.issuer()),
        &clock,
        http(),
        FollowingBrowser(seen),
    )
    .ended()
    .await
    .unwrap();
    assert!(sign_in::is_revocable(&done.grant.binding));
    let endpoint: Arc<_> = http();
    sign_in::revoke(&*endpoint, &done.grant, None::<Secret>)
        .await
        .unwrap();
    let log = practice.log();
    assert_eq!(log.last().unwrap().endpoint, "/revoke");
    assert_eq!(practice.switches().revoke, Some(true));
}

#[test]
fn whether_a_grant_can_be_revoked_is_known_before_anybody_asks() {
    let bound = |token: &str, revocation: Option<&str>| {
        sign_in::is_revocable(&Binding {
            issuer: None,
            token_endpoint: token.to_owned(),
            revocation_endpoint: revocation.map(str::to_owned),
            client_id: "ours".to_owned(),
            client_auth: ClientAuth::None,
        })
    };
    let own = "https://id.example/token";
    assert!(bound(own, Some("https://id.example/revoke")));
    assert!(!bound(own, Some("http://id.example/revoke")));
    assert!(!bound(own, None));
    // By the provider's row.
    assert!(bound("https://oauth2.googleapis.com/token", None));
    let offers_none = "https://login.microsoftonline.com/common/oauth2/v2.0/token";
    assert!(!bound(offers_none, None));
}
