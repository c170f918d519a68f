//! The practice provider over real loopback sockets, on a clock that the test moves.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeZone, Utc};
use serde_json::Value;
use sha2::{Digest, Sha256};
use tokentray::{
    api::types::PracticeSwitches,
    domain::secret::Secret,
    io::{
        Pending,
        clock::{Clock, Now},
    },
    practice::{self, Practice, PracticeOptions},
};
use tokio::sync::watch;

const VERIFIER: &str = "a-verifier-that-is-long-enough-for-the-rules-of-pkce";
const REDIRECT: &str = "http://127.0.0.1:9/callback";

struct HandClock(watch::Sender<Duration>);

impl HandClock {
    fn new() -> Arc<Self> {
        Arc::new(Self(watch::Sender::new(Duration::ZERO)))
    }

    fn advance(&self, seconds: u64) {
        self.0.send_modify(|at| *at += Duration::from_secs(seconds));
    }
}

fn start_of_test() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2031, 5, 4, 9, 0, 0).unwrap()
}

impl Clock for HandClock {
    fn now(&self) -> Now {
        let boot = *self.0.borrow();
        Now {
            wall: start_of_test() + boot,
            boot,
        }
    }

    fn sleep(&self, duration: Duration) -> Pending<'static, ()> {
        let mut at = self.0.subscribe();
        let until = *at.borrow() + duration;
        Box::pin(async move {
            let _ = at.wait_for(|at| *at >= until).await;
        })
    }
}

/// A client and a browser in one; follows no redirect.
struct Visitor {
    http: reqwest::Client,
    practice: Practice,
    clock: Arc<HandClock>,
}

struct Seen {
    status: u16,
    headers: reqwest::header::HeaderMap,
    text: String,
}

impl Seen {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {}", self.text))
    }

    fn error(&self) -> String {
        self.json()["error"].as_str().unwrap_or("none").to_owned()
    }

    fn location(&self) -> url::Url {
        url::Url::parse(self.headers["location"].to_str().unwrap()).unwrap()
    }

    fn member(&self, name: &str) -> String {
        self.json()[name].as_str().unwrap_or("").to_owned()
    }
}

fn param(url: &url::Url, name: &str) -> Option<String> {
    let mut pairs = url.query_pairs();
    pairs.find(|(n, _)| n == name).map(|(_, v)| v.into_owned())
}

async fn visit(change: impl FnOnce(&mut PracticeOptions)) -> Visitor {
    let clock = HandClock::new();
    let mut options = PracticeOptions::new(clock.clone());
    change(&mut options);
    Visitor {
        http: reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap(),
        practice: practice::start(options).await.unwrap(),
        clock,
    }
}

fn authorize_path(more: &[(&str, &str)]) -> String {
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER));
    let query = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs([
            ("response_type", "code"),
            ("client_id", "test"),
            ("redirect_uri", REDIRECT),
            ("scope", "openid email"),
            ("state", "st&te"),
            ("nonce", "n-1"),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ])
        .extend_pairs(more)
        .finish();
    format!("/authorize?{query}")
}

impl Visitor {
    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.practice.issuer())
    }

    async fn see(&self, request: reqwest::RequestBuilder) -> Seen {
        let answer = request.send().await.unwrap();
        Seen {
            status: answer.status().as_u16(),
            headers: answer.headers().clone(),
            text: answer.text().await.unwrap(),
        }
    }

    async fn get(&self, path: &str) -> Seen {
        self.see(self.http.get(self.url(path))).await
    }

    async fn post(&self, path: &str, form: &[(&str, &str)]) -> Seen {
        self.see(self.http.post(self.url(path)).form(form)).await
    }

    async fn redeem(&self, code: &str, verifier: &str) -> Seen {
        self.post(
            "/token",
            &[
                ("grant_type", "authorization_code"),
                ("client_id", "test"),
                ("code", code),
                ("redirect_uri", REDIRECT),
                ("code_verifier", verifier),
            ],
        )
        .await
    }

    async fn sign_in(&self) -> Seen {
        let sent_back = self.get(&authorize_path(&[("auto", "1")])).await;
        let code = param(&sent_back.location(), "code").unwrap();
        let answer = self.redeem(&code, VERIFIER).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer
    }

    async fn refresh(&self, token: &str) -> Seen {
        self.post(
            "/token",
            &[
                ("grant_type", "refresh_token"),
                ("client_id", "test"),
                ("refresh_token", token),
            ],
        )
        .await
    }

    async fn userinfo(&self, token: &str) -> u16 {
        let request = self.http.get(self.url("/userinfo")).bearer_auth(token);
        self.see(request).await.status
    }
}

fn claims(jwt: &str) -> Value {
    let payload = URL_SAFE_NO_PAD.decode(jwt.split('.').nth(1).unwrap());
    serde_json::from_slice(&payload.unwrap()).unwrap()
}

#[tokio::test]
async fn discovery_names_every_endpoint_under_the_issuer() {
    let visitor = visit(|_| {}).await;
    let metadata = visitor
        .get("/.well-known/openid-configuration")
        .await
        .json();
    assert_eq!(metadata["issuer"], visitor.practice.issuer());
    for endpoint in [
        "authorization_endpoint",
        "token_endpoint",
        "device_authorization_endpoint",
        "revocation_endpoint",
        "userinfo_endpoint",
        "jwks_uri",
    ] {
        let url = metadata[endpoint].as_str().unwrap();
        assert!(
            url.starts_with(visitor.practice.issuer()),
            "{endpoint}: {url}"
        );
    }
}

#[tokio::test]
async fn a_click_on_ada_brings_a_code_that_buys_tokens_once() {
    let visitor = visit(|_| {}).await;
    let page = visitor.get(&authorize_path(&[])).await;
    assert!(page.text.contains("Sign in as Ada"));
    let ticket = page.text.split("name=\"ticket\" value=\"").nth(1).unwrap();
    let ticket = ticket.split('"').next().unwrap();

    let answer = [("ticket", ticket), ("answer", "ada")];
    let back = visitor.post("/authorize/answer", &answer).await.location();
    assert_eq!(param(&back, "state").as_deref(), Some("st&te"));
    assert_eq!(
        param(&back, "iss").as_deref(),
        Some(visitor.practice.issuer())
    );
    assert_eq!(visitor.post("/authorize/answer", &answer).await.status, 400);

    let code = param(&back, "code").unwrap();
    let tokens = visitor.redeem(&code, VERIFIER).await;
    assert_eq!(tokens.status, 200);
    assert_eq!(tokens.json()["expires_in"], 3600);
    let id = claims(&tokens.member("id_token"));
    assert_eq!(id["iss"], visitor.practice.issuer());
    assert_eq!(
        (&id["sub"], &id["aud"], &id["nonce"]),
        (&"ada-1815".into(), &"test".into(), &"n-1".into())
    );
    assert_eq!(id["exp"], start_of_test().timestamp() + 3600);
    assert_eq!(visitor.userinfo(&tokens.member("access_token")).await, 200);
    assert_eq!(
        visitor.redeem(&code, VERIFIER).await.error(),
        "invalid_grant"
    );
}

#[tokio::test]
async fn a_wrong_verifier_or_none_at_all_buys_nothing() {
    let visitor = visit(|options| options.auto_consent = true).await;
    let back = visitor.get(&authorize_path(&[])).await.location();
    let code = param(&back, "code").unwrap();
    assert_eq!(
        visitor.redeem(&code, "another").await.error(),
        "invalid_grant"
    );

    let plain = authorize_path(&[("code_challenge_method", "plain")]);
    let refused = visitor.get(&plain).await.location();
    assert_eq!(param(&refused, "error").as_deref(), Some("invalid_request"));
    assert_eq!(param(&refused, "code"), None);
}

#[tokio::test]
async fn nobody_is_sent_to_another_machine() {
    let visitor = visit(|options| options.auto_consent = true).await;
    let path = authorize_path(&[("redirect_uri", "http://example.org/")]);
    let page = visitor.get(&path).await;
    assert_eq!(page.status, 400);
    assert!(!page.headers.contains_key("location"));
}

#[tokio::test]
async fn rotation_replaces_the_refresh_token_and_a_second_use_kills_the_family() {
    let visitor = visit(|_| {}).await;
    let first = visitor.sign_in().await.member("refresh_token");
    let second = visitor.refresh(&first).await;
    assert_ne!(second.member("refresh_token"), first);
    assert!(claims(&second.member("id_token"))["nonce"].is_null());

    let reused = visitor.refresh(&first).await;
    assert_eq!(
        (reused.status, reused.error()),
        (400, "invalid_grant".into())
    );
    assert!(reused.member("error_description").contains("already used"));
    let successor = visitor.refresh(&second.member("refresh_token")).await;
    assert_eq!(successor.error(), "invalid_grant");
    assert_eq!(visitor.userinfo(&second.member("access_token")).await, 401);

    let story: Vec<_> = visitor
        .practice
        .log()
        .into_iter()
        .filter(|r| r.grant_type.as_deref() == Some("refresh_token"))
        .map(|r| (r.refresh_serial, r.status))
        .collect();
    assert_eq!(story, [(Some(1), 200), (Some(1), 400), (Some(2), 400)]);
}

#[tokio::test]
async fn within_the_grace_a_replaced_token_still_works() {
    let visitor = visit(|options| options.grace = Some(Duration::from_secs(30))).await;
    let first = visitor.sign_in().await.member("refresh_token");
    assert_eq!(visitor.refresh(&first).await.status, 200);
    visitor.clock.advance(29);
    let again = visitor.refresh(&first).await;
    assert_eq!(again.status, 200);
    visitor.clock.advance(1);
    assert_eq!(visitor.refresh(&first).await.error(), "invalid_grant");
    let newest = again.member("refresh_token");
    assert_eq!(visitor.refresh(&newest).await.error(), "invalid_grant");
}

#[tokio::test]
async fn without_rotation_the_reply_has_no_refresh_token_and_the_old_one_goes_on() {
    let visitor = visit(|_| {}).await;
    let token = visitor.sign_in().await.member("refresh_token");
    visitor.practice.switch(&PracticeSwitches {
        rotate: Some(false),
        ..PracticeSwitches::default()
    });
    for _ in 0..2 {
        let reply = visitor.refresh(&token).await;
        assert_eq!(reply.status, 200);
        assert!(reply.json()["refresh_token"].is_null());
    }
}

#[tokio::test]
async fn tokens_end_on_the_practice_clock() {
    let visitor = visit(|options| {
        options.access_token_lifetime = Duration::from_mins(1);
        options.refresh_token_lifetime = Some(Duration::from_mins(5));
        options.jwt_access_tokens = true;
    })
    .await;
    let tokens = visitor.sign_in().await;
    assert_eq!(tokens.json()["refresh_token_expires_in"], 300);
    let access_token = tokens.member("access_token");
    assert_eq!(
        claims(&access_token)["exp"],
        start_of_test().timestamp() + 60
    );
    visitor.clock.advance(59);
    assert_eq!(visitor.userinfo(&access_token).await, 200);
    visitor.clock.advance(1);
    assert_eq!(visitor.userinfo(&access_token).await, 401);
    visitor.clock.advance(240);
    let late = visitor.refresh(&tokens.member("refresh_token")).await;
    assert!(late.member("error_description").contains("expired"));
    assert_eq!(late.headers["date"], "Sun, 04 May 2031 09:05:00 GMT");
}

#[tokio::test]
async fn each_switch_answers_as_its_trouble_does() {
    let visitor = visit(|_| {}).await;
    let token = visitor.sign_in().await.member("refresh_token");
    let with = |set: fn(&mut PracticeSwitches, bool)| {
        move |on: bool| {
            let mut switches = PracticeSwitches::default();
            set(&mut switches, on);
            switches
        }
    };

    let outage = with(|s, on| s.outage = Some(on));
    visitor.practice.switch(&outage(true));
    assert_eq!(visitor.refresh(&token).await.status, 503);
    visitor.practice.switch(&outage(false));

    let rate_limit = with(|s, on| s.rate_limit = Some(on));
    visitor.practice.switch(&rate_limit(true));
    let limited = visitor.refresh(&token).await;
    assert_eq!(limited.status, 429);
    assert_eq!(limited.headers["retry-after"], "30");
    visitor.practice.switch(&rate_limit(false));

    let portal = with(|s, on| s.portal = Some(on));
    visitor.practice.switch(&portal(true));
    let mut statuses = [
        visitor.refresh(&token).await.status,
        visitor.refresh(&token).await.status,
    ];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 303]);
    let discovery = visitor.get("/.well-known/openid-configuration").await;
    let hotel = visitor
        .get(discovery.headers["location"].to_str().unwrap())
        .await;
    assert!(hotel.text.contains("Hotel"));
    visitor.practice.switch(&portal(false));

    // None of it has touched the grant.
    let healed = visitor.refresh(&token).await;
    assert_eq!(healed.status, 200);
    let errors: Vec<_> = visitor
        .practice
        .log()
        .into_iter()
        .filter_map(|r| r.error)
        .collect();
    assert_eq!(errors[..3], ["outage", "rate_limit", "portal"]);

    let revoke = with(|s, on| s.revoke = Some(on));
    assert_eq!(visitor.practice.switch(&revoke(true)).revoke, Some(true));
    let dead = visitor.refresh(&healed.member("refresh_token")).await;
    assert_eq!(dead.error(), "invalid_grant");
    assert!(dead.member("error_description").contains("revoked"));
    visitor.sign_in().await;
    assert_eq!(visitor.practice.switches().revoke, Some(false));
}

#[tokio::test]
async fn a_slow_provider_has_decided_before_it_answers() {
    let visitor = Arc::new(visit(|_| {}).await);
    let token = visitor.sign_in().await.member("refresh_token");
    visitor.practice.switch(&PracticeSwitches {
        slow: Some(true),
        ..PracticeSwitches::default()
    });
    let done = Arc::new(Mutex::new(false));
    let waiting = tokio::spawn({
        let (visitor, token, done) = (visitor.clone(), token.clone(), done.clone());
        async move {
            let reply = visitor.refresh(&token).await;
            *done.lock().unwrap() = true;
            reply.status
        }
    });
    visitor
        .practice
        .until(|log| log.iter().any(|r| r.refresh_serial == Some(1)))
        .await;
    visitor.practice.switch(&PracticeSwitches {
        slow: Some(false),
        ..PracticeSwitches::default()
    });
    // The token is spent although nobody has its answer yet.
    assert_eq!(visitor.refresh(&token).await.error(), "invalid_grant");
    assert!(!*done.lock().unwrap());
    // The sleep may begin a moment after the line in the log.
    while !*done.lock().unwrap() {
        visitor.clock.advance(20);
        tokio::task::yield_now().await;
    }
    assert_eq!(waiting.await.unwrap(), 200);
}

#[tokio::test]
async fn held_answers_come_when_they_are_let_go() {
    let visitor = Arc::new(visit(|_| {}).await);
    let token = visitor.sign_in().await.member("refresh_token");
    visitor.practice.hold(true);
    let waiting = tokio::spawn({
        let visitor = visitor.clone();
        async move { visitor.refresh(&token).await.status }
    });
    visitor
        .practice
        .until(|log| log.iter().any(|r| r.refresh_serial == Some(1)))
        .await;
    assert!(!waiting.is_finished());
    visitor.practice.hold(false);
    assert_eq!(waiting.await.unwrap(), 200);
}

#[tokio::test]
async fn a_device_code_is_pending_until_the_person_agrees() {
    let visitor = visit(|_| {}).await;
    let form = [("client_id", "test"), ("scope", "openid")];
    let start = visitor.post("/device_authorization", &form).await;
    let (device_code, user_code) = (start.member("device_code"), start.member("user_code"));
    let poll = async || {
        let form = [
            ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
            ("client_id", "test"),
            ("device_code", &device_code),
        ];
        visitor.post("/token", &form).await
    };
    assert_eq!(poll().await.error(), "authorization_pending");
    visitor.clock.advance(4);
    assert_eq!(poll().await.error(), "slow_down");

    let typed = user_code.to_lowercase().replace('-', " ");
    let page = visitor
        .get(&format!("/device?user_code={}", typed.replace(' ', "+")))
        .await;
    assert!(page.text.contains("Sign in as Ada"));
    let wrong = visitor.get("/device?user_code=AAAA-AAAA").await;
    assert!(wrong.text.contains("No program waits"));
    let answer = [("user_code", typed.as_str()), ("answer", "ada")];
    assert!(visitor.post("/device", &answer).await.text.contains("Done"));

    visitor.clock.advance(10);
    let tokens = poll().await;
    assert_eq!(claims(&tokens.member("id_token"))["sub"], "ada-1815");
    assert_eq!(poll().await.error(), "invalid_grant");
}

#[tokio::test]
async fn a_declined_device_code_says_so() {
    let visitor = visit(|_| {}).await;
    let start = visitor
        .post("/device_authorization", &[("client_id", "test")])
        .await;
    let user_code = start.member("user_code");
    visitor
        .post("/device", &[("user_code", &user_code), ("answer", "no")])
        .await;
    let form = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
        ("client_id", "test"),
        ("device_code", &start.member("device_code")),
    ];
    assert_eq!(visitor.post("/token", &form).await.error(), "access_denied");
}

#[tokio::test]
async fn a_confidential_client_must_prove_itself() {
    let visitor = visit(|options| options.client_secret = Some(Secret::new("s+cret"))).await;
    let metadata = visitor
        .get("/.well-known/openid-configuration")
        .await
        .json();
    assert_eq!(
        metadata["token_endpoint_auth_methods_supported"][0],
        "client_secret_basic"
    );

    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", "x"),
        ("client_id", "test"),
    ];
    let refused = visitor.post("/token", &form).await;
    assert_eq!(
        (refused.status, refused.error()),
        (401, "invalid_client".into())
    );
    let basic = visitor.http.post(visitor.url("/token")).form(&form[..2]);
    let basic = visitor
        .see(basic.basic_auth("test", Some("s%2Bcret")))
        .await;
    assert_eq!(basic.error(), "invalid_grant");
    let in_body = [form[0], form[1], form[2], ("client_secret", "s+cret")];
    assert_eq!(
        visitor.post("/token", &in_body).await.error(),
        "invalid_grant"
    );
}

#[tokio::test]
async fn revoking_a_refresh_token_ends_its_grant_and_voiding_ends_only_access() {
    let visitor = visit(|_| {}).await;
    let tokens = visitor.sign_in().await;
    visitor.practice.void_access_tokens();
    assert_eq!(visitor.userinfo(&tokens.member("access_token")).await, 401);
    let next = visitor.refresh(&tokens.member("refresh_token")).await;
    assert_eq!(visitor.userinfo(&next.member("access_token")).await, 200);

    let form = [
        ("client_id", "test"),
        ("token", &next.member("refresh_token")),
    ];
    assert_eq!(visitor.post("/revoke", &form).await.status, 200);
    assert_eq!(visitor.userinfo(&next.member("access_token")).await, 401);
    let dead = visitor.refresh(&next.member("refresh_token")).await;
    assert_eq!(dead.error(), "invalid_grant");

    let issued = visitor.practice.issued();
    for token in [tokens.member("access_token"), next.member("refresh_token")] {
        assert!(issued.contains(&Secret::new(token)));
    }
}

#[tokio::test]
async fn dropping_it_frees_its_port() {
    let visitor = visit(|_| {}).await;
    let address = visitor.practice.issuer().replace("http://", "");
    drop(visitor);
    // Each try lets the server's task run; it ends as soon as it does.
    while tokio::net::TcpStream::connect(&address).await.is_ok() {
        tokio::task::yield_now().await;
    }
}
