//! What is believed: metadata of an issuer, and ID tokens.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use tokentray::{
    domain::{
        reply::{Reply, Sent, TransportKind},
        secret::Secret,
    },
    sign_in::{
        discovery::{DiscoveryError, discover},
        id_token::{self, Expectation, IdTokenError},
    },
};

use super::stage::{
    NoBrowser, Script, StepClock, answer, follow, get, given, job, morning, no_answer, start,
};

fn metadata(issuer: &str) -> Value {
    json!({
        "issuer": issuer,
        "authorization_endpoint": "https://login.example/authorize",
        "token_endpoint": "https://login.example/token",
    })
}

fn missing() -> Reply {
    answer(404, &json!({}))
}

#[tokio::test]
async fn metadata_is_looked_for_in_three_places() {
    let issuer = "https://id.example/tenant/";
    let script = Script::new([missing(), missing(), answer(200, &metadata(issuer))]);
    let found = discover(&*script, issuer).await.unwrap();
    assert_eq!(
        found.token_endpoint.as_deref(),
        Some("https://login.example/token")
    );
    assert_eq!(
        *script.asked.lock().unwrap(),
        [
            "https://id.example/tenant/.well-known/openid-configuration",
            "https://id.example/.well-known/oauth-authorization-server/tenant",
            "https://id.example/.well-known/openid-configuration/tenant",
        ]
    );

    let script = Script::new([missing(), missing()]);
    let error = discover(&*script, "https://id.example").await.unwrap_err();
    assert!(
        matches!(error, DiscoveryError::Status { status: 404, .. }),
        "{error}"
    );
}

#[tokio::test]
async fn an_issuer_is_equal_byte_for_byte_or_not_at_all() {
    for (asked, says) in [
        ("https://id.example", "https://id.example/"),
        ("https://id.example/a", "https://id.example/A"),
        ("https://id.example", "https://evil.example"),
    ] {
        let script = Script::new([answer(200, &metadata(says))]);
        let error = discover(&*script, asked).await.unwrap_err();
        assert_eq!(
            error,
            DiscoveryError::OtherIssuer {
                asked: asked.into(),
                found: says.into()
            }
        );
    }
    for issuer in [
        "http://id.example",
        "https://id.example?x",
        "https://id.example#x",
        "https://me@id.example",
        "id.example",
    ] {
        let script = Script::new([]);
        assert_eq!(
            discover(&*script, issuer).await,
            Err(DiscoveryError::Issuer),
            "{issuer}"
        );
    }
}

#[tokio::test]
async fn metadata_leads_neither_into_this_machine_nor_out_of_tls() {
    let issuer = "https://id.example";
    for bad in [
        "http://login.example/token",
        "https://127.0.0.1/token",
        "http://localhost:80/token",
        "https://10.1.2.3/token",
        "https://192.168.0.1/token",
        "https://169.254.169.254/token",
        "https://[::1]/token",
        "https://[fd00::1]/token",
        "https://[::ffff:10.0.0.1]/token",
        "https://login.example/token#part",
        "javascript:alert(1)",
    ] {
        let mut document = metadata(issuer);
        document["token_endpoint"] = json!(bad);
        let script = Script::new([answer(200, &document)]);
        assert_eq!(
            discover(&*script, issuer).await,
            Err(DiscoveryError::Endpoint {
                member: "token_endpoint"
            }),
            "{bad}"
        );
    }
    // A person who types an address of this machine means it.
    let local = "http://127.0.0.1:9000";
    let mut document = metadata(local);
    document["token_endpoint"] = json!("http://127.0.0.1:9000/token");
    let script = Script::new([answer(200, &document)]);
    discover(&*script, local).await.unwrap();
}

#[tokio::test]
async fn a_network_that_is_in_the_way_is_told_apart() {
    let issuer = "https://id.example";
    let script = Script::new([no_answer(TransportKind::Tls, Sent::Never)]);
    let error = discover(&*script, issuer).await.unwrap_err();
    assert_eq!(error.cause().unwrap().code(), "network_tls");

    let page = || answer(200, &json!("<html>Welcome to the hotel</html>"));
    let script = Script::new([page(), page()]);
    let error = discover(&*script, issuer).await.unwrap_err();
    assert!(
        matches!(error, DiscoveryError::NotMetadata { .. }),
        "{error}"
    );
}

fn token(claims: &Value) -> Secret {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    Secret::new(format!(
        "{}.{}.{}",
        part(&json!({ "alg": "RS256" })),
        part(claims),
        "c2ln"
    ))
}

/// The claims of a good token with some replaced; null removes.
fn claims(changes: &Value) -> Value {
    let now = morning().timestamp();
    let mut claims = json!({
        "iss": "https://id.example", "sub": "ada", "aud": "desk", "nonce": "n1",
        "iat": now, "exp": now + 600, "email": "ada@id.example",
    });
    for (name, value) in changes.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims
        .as_object_mut()
        .unwrap()
        .retain(|_, value| !value.is_null());
    claims
}

#[test]
fn an_id_token_is_for_us_for_now_and_for_this_sign_in() {
    let nonce = Secret::new("n1");
    let check = |changes: Value| {
        let expected = Expectation {
            issuer: Some("https://id.example"),
            client_id: "desk",
            nonce: Some(&nonce),
            now: morning(),
        };
        id_token::check(&token(&claims(&changes)), &expected).map(|_| ())
    };
    let now = morning().timestamp();
    for good in [
        json!({}),
        json!({ "aud": ["desk"] }),
        json!({ "aud": ["desk", "api"], "azp": "desk" }),
        json!({ "iat": now + 299 }),
        json!({ "exp": now - 299 }),
        json!({ "address": 7, "email_verified": "yes" }),
    ] {
        assert_eq!(check(good.clone()), Ok(()), "{good}");
    }
    for (bad, error) in [
        (json!({ "aud": "other" }), IdTokenError::Audience),
        (json!({ "aud": [] }), IdTokenError::Audience),
        (json!({ "aud": ["desk", "api"] }), IdTokenError::Audience),
        (json!({ "azp": "other" }), IdTokenError::Audience),
        (json!({ "nonce": "n2" }), IdTokenError::Nonce),
        (json!({ "nonce": null }), IdTokenError::Nonce),
        (json!({ "exp": now - 300 }), IdTokenError::Expired),
        (json!({ "iat": now + 301 }), IdTokenError::FromTheFuture),
        (json!({ "exp": null }), IdTokenError::Unreadable),
        (json!({ "sub": null }), IdTokenError::Unreadable),
        (
            json!({ "iss": "https://id.example/" }),
            IdTokenError::Issuer {
                expected: "https://id.example".into(),
                found: "https://id.example/".into(),
            },
        ),
    ] {
        assert_eq!(check(bad.clone()), Err(error), "{bad}");
    }
}

#[test]
fn a_tenant_fills_in_for_the_placeholder_of_a_shared_issuer() {
    let expected = Expectation {
        issuer: Some("https://login.example/{tenantid}/v2.0"),
        client_id: "desk",
        nonce: None,
        now: morning(),
    };
    let with = |tenant: &str| {
        let changes = json!({ "iss": "https://login.example/t1/v2.0", "tid": tenant });
        id_token::check(&token(&claims(&changes)), &expected).is_ok()
    };
    assert_eq!((with("t1"), with("t2")), (true, false));
}

/// Signs in at a scripted provider that sends these claims.
async fn sign_in_with(
    scopes: &[&str],
    changes: impl Fn(&str) -> Value,
    reply: Value,
) -> Result<tokentray::sign_in::SignedIn, tokentray::sign_in::SignInFailure> {
    let clock = StepClock::new();
    let script = Script::new([]);
    let mut job = job("https://id.example");
    given(&mut job);
    job.account.scopes = scopes.iter().map(|s| (*s).to_owned()).collect();
    let mut going = start(job, &clock, script.clone(), NoBrowser);
    let address = going.address().await;
    let mut reply = reply;
    let nonce = address.nonce.clone().unwrap_or_default();
    reply["access_token"] = json!("a");
    reply["id_token"] = json!(token(&claims(&changes(&nonce))).expose());
    script
        .replies
        .lock()
        .unwrap()
        .push_back(answer(200, &reply));
    get(&address.back(&[("state", &address.state), ("code", "c1")])).await;
    let result = going.ended().await;
    // Neither keys nor anything else is fetched: only the token endpoint was asked.
    assert_eq!(*script.asked.lock().unwrap(), ["https://id.example/token"]);
    result
}

#[tokio::test]
async fn a_wrong_id_token_fails_the_sign_in_that_asked_for_it() {
    let good = sign_in_with(
        &["openid"],
        |nonce| json!({ "nonce": nonce }),
        json!({ "refresh_token": "r" }),
    )
    .await
    .unwrap();
    assert_eq!(good.who.as_deref(), Some("ada@id.example"));
    let replayed = sign_in_with(&["openid"], |_| json!({}), json!({})).await;
    assert_eq!(replayed.unwrap_err().code(), "id_token_wrong");
    // Where nobody asked for it, it is left out instead.
    let odd = sign_in_with(&["mail"], |_| json!({ "aud": "other" }), json!({}))
        .await
        .unwrap();
    assert_eq!((odd.grant.id_token, odd.grant.subject), (None, None));
}

#[tokio::test]
async fn a_missing_refresh_token_is_told_where_it_matters() {
    let nonce = |nonce: &str| json!({ "nonce": nonce });
    let ending = sign_in_with(&["openid"], nonce, json!({ "expires_in": 3600 })).await;
    let (words, _) = ending.unwrap().warning.unwrap();
    assert!(
        words.starts_with("The provider gave no refresh token"),
        "{words}"
    );
    // Tokens without an end, as of GitHub's classic applications, need none.
    let endless = sign_in_with(&["mail"], |_| json!({}), json!({})).await;
    assert_eq!(endless.unwrap().warning, None);
}

#[tokio::test]
async fn the_page_tells_what_is_worth_knowing() {
    let clock = StepClock::new();
    let script = Script::new([answer(
        200,
        &json!({ "access_token": "a", "expires_in": 60 }),
    )]);
    let mut job = job("https://id.example");
    given(&mut job);
    job.account.name = "A & <B>".into();
    job.account.scopes = vec!["mail".into()];
    let mut going = start(job, &clock, script, NoBrowser);
    let address = going.address().await;
    let back = address.back(&[("state", &address.state), ("code", "c1")]);
    let page = follow(&back).await.text;
    assert!(page.contains("A &amp; &lt;B&gt; is signed in."), "{page}");
    assert!(
        page.contains("The provider gave no refresh token"),
        "{page}"
    );
    going.ended().await.unwrap();
}

#[tokio::test]
async fn a_row_speaks_for_its_own_issuer_but_the_client_proves_itself_alike() {
    use tokentray::domain::{
        account::ClientAuth,
        provider::{self, Provider},
    };

    let google = provider::by_key("google").unwrap();
    let row: &'static Provider = Box::leak(Box::new(Provider {
        client_auth: Some(ClientAuth::Post),
        ..*google
    }));
    let issuer = "https://id.example";
    let clock = StepClock::new();
    let script = Script::new([answer(200, &metadata(issuer)), answer(400, &json!({}))]);
    let mut job = job(issuer);
    job.provider = Some(row);
    job.client_secret = Some(Secret::new("s"));
    let mut going = start(job.clone(), &clock, script.clone(), NoBrowser);
    let address = going.address().await;
    assert_eq!(address.url.host_str(), Some("login.example"));
    // The row's usual parameters still count.
    assert!(address.url.as_str().contains("access_type=offline"));
    get(&address.back(&[("state", &address.state), ("code", "c1")])).await;
    going.ended().await.unwrap_err();
    let posted = script.posted.lock().unwrap().pop().unwrap();
    assert_eq!(
        (posted.url.as_str(), posted.client_auth),
        ("https://login.example/token", ClientAuth::Post)
    );

    // Without an issuer of its own, the row says it all and nothing is discovered.
    job.account.issuer = None;
    let mut going = start(job, &clock, Script::new([]), NoBrowser);
    let address = going.address().await;
    assert_eq!(address.url.host_str(), Some("accounts.google.com"));
    going.cancel.send(()).unwrap();
}

#[tokio::test]
async fn a_provider_that_refreshes_elsewhere_gets_its_refreshes_there() {
    let clock = StepClock::new();
    let tokens = json!({ "access_token": "a", "refresh_token": "r", "expires_in": 60 });
    let script = Script::new([answer(200, &tokens)]);
    let mut job = job("");
    job.account.issuer = None;
    job.account.scopes = vec!["current_user:read".into()];
    job.provider = tokentray::domain::provider::by_key("figma");
    job.client_secret = Some(Secret::new("s"));
    let mut going = start(job, &clock, script.clone(), NoBrowser);
    let address = going.address().await;
    get(&address.back(&[("state", &address.state), ("code", "c1")])).await;
    let grant = going.ended().await.unwrap().grant;
    let posted = script.posted.lock().unwrap().pop().unwrap();
    assert_eq!(
        (posted.url.as_str(), grant.binding.token_endpoint.as_str()),
        (
            "https://api.figma.com/v1/oauth/token",
            "https://api.figma.com/v1/oauth/refresh"
        )
    );
}

#[tokio::test]
async fn a_provider_gets_scopes_and_body_written_as_it_wants_them() {
    use tokentray::domain::provider;

    let tokens = json!({ "access_token": "a", "refresh_token": "r", "expires_in": 60 });
    for (key, scope, json) in [
        ("linear", Some("read,write"), false),
        ("strava", Some("read,write"), false),
        ("google", Some("read write"), false),
        ("notion", None, true),
    ] {
        let clock = StepClock::new();
        let script = Script::new([answer(200, &tokens)]);
        let mut job = job("");
        job.account.issuer = None;
        job.account.scopes = scope
            .map(|_| vec!["read".into(), "write".into()])
            .unwrap_or_default();
        job.provider = provider::by_key(key);
        job.client_secret = Some(Secret::new("s"));
        let mut going = start(job, &clock, script.clone(), NoBrowser);
        let address = going.address().await;
        let asked = address.url.query_pairs();
        let asked = asked.into_iter().find(|(name, _)| name == "scope");
        assert_eq!(
            asked.map(|(_, value)| value.into_owned()).as_deref(),
            scope,
            "{key}"
        );
        get(&address.back(&[("state", &address.state), ("code", "c1")])).await;
        going.ended().await.unwrap();
        let posted = script.posted.lock().unwrap().pop().unwrap();
        assert_eq!(posted.style.json, json, "{key}");
    }
}
