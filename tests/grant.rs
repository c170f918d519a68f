//! A grant is made of a reply in one place; these are its rules.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta, Utc};
use tokentray::domain::{
    account::ClientAuth,
    classify::TokenReply,
    grant::{Binding, ExpiresSource, Grant, Subject},
    jwt,
    secret::Secret,
};

fn sent_at() -> DateTime<Utc> {
    "2026-03-01T10:00:00Z".parse().unwrap()
}

fn after(seconds: i64) -> DateTime<Utc> {
    sent_at() + TimeDelta::seconds(seconds)
}

fn token(claims: &str) -> Secret {
    Secret::new(format!(
        "{}.{}.sig",
        URL_SAFE_NO_PAD.encode(r#"{"alg":"RS256"}"#),
        URL_SAFE_NO_PAD.encode(claims)
    ))
}

fn reply(access_token: Secret) -> TokenReply {
    TokenReply {
        access_token,
        token_type: "Bearer".into(),
        refresh_token: Some(Secret::new("r1")),
        id_token: None,
        expires_in: None,
        refresh_token_expires_in: None,
        refresh_in: None,
        scopes: None,
    }
}

fn binding() -> Binding {
    Binding {
        issuer: Some("https://id.example".into()),
        token_endpoint: "https://id.example/token".into(),
        revocation_endpoint: None,
        client_id: "c".into(),
        client_auth: ClientAuth::None,
    }
}

fn made(reply: TokenReply, previous: Option<&Grant>) -> Grant {
    Grant::from_reply(reply, previous, binding(), &["mail".into()], sent_at())
}

#[test]
fn the_end_comes_from_the_server_then_the_token_then_an_assumption() {
    let jwt = token(r#"{"iat":1000,"exp":1900}"#);
    let mut stated = reply(jwt.clone());
    stated.expires_in = Some(Duration::from_hours(1));
    let stated = made(stated, None);
    assert_eq!(
        (stated.expires_at, stated.expires_source),
        (Some(after(3600)), ExpiresSource::Server)
    );

    let by_token = made(reply(jwt), None);
    assert_eq!(
        (by_token.expires_at, by_token.expires_source),
        (Some(after(900)), ExpiresSource::Jwt)
    );

    let opaque = made(reply(Secret::new("opaque")), None);
    assert_eq!(
        (opaque.expires_at, opaque.expires_source),
        (Some(after(900)), ExpiresSource::Assumed)
    );

    let mut alone = reply(Secret::new("opaque"));
    alone.refresh_token = None;
    let alone = made(alone, None);
    assert_eq!(
        (alone.expires_at, alone.expires_source),
        (None, ExpiresSource::Unknown)
    );
}

#[test]
fn a_reply_without_a_refresh_token_keeps_the_old_one_and_its_end() {
    let mut first = reply(Secret::new("a1"));
    first.refresh_token_expires_in = Some(Duration::from_hours(24));
    first.scopes = Some(vec!["mail".into(), "calendar".into()]);
    let first = Grant {
        generation: 7,
        ..made(first, None)
    };
    let mut second = reply(Secret::new("a2"));
    second.refresh_token = None;
    let second = made(second, Some(&first));
    assert_eq!(second.generation, 8);
    assert_eq!(second.refresh_token, Some(Secret::new("r1")));
    assert_eq!(second.refresh_token_expires_at, Some(after(86_400)));
    assert_eq!(second.scopes, ["mail", "calendar"]);
    assert_eq!(second.expires_source, ExpiresSource::Assumed);

    let mut rotated = reply(Secret::new("a3"));
    rotated.refresh_token = Some(Secret::new("r2"));
    let rotated = made(rotated, Some(&second));
    assert_eq!(rotated.refresh_token, Some(Secret::new("r2")));
    assert_eq!(rotated.refresh_token_expires_at, None);
}

#[test]
fn a_sign_in_inherits_nothing() {
    let mut fresh = reply(Secret::new("a1"));
    fresh.refresh_token = None;
    let fresh = made(fresh, None);
    assert_eq!(
        (fresh.generation, fresh.refresh_token, fresh.scopes),
        (0, None, vec!["mail".to_owned()])
    );
}

#[test]
fn the_wish_to_refresh_earlier_is_clamped_into_the_life() {
    let mut early = reply(Secret::new("a"));
    early.expires_in = Some(Duration::from_mins(10));
    early.refresh_in = Some(Duration::from_mins(100));
    assert_eq!(made(early, None).refresh_at, Some(after(600)));
}

#[test]
fn an_id_token_of_somebody_else_is_set_aside_at_a_refresh() {
    let mine = token(r#"{"iss":"https://id.example","sub":"me","exp":1772362800}"#);
    let mine_anew = token(r#"{"iss":"https://id.example","sub":"me","exp":1772366400}"#);
    let theirs = token(r#"{"iss":"https://id.example","sub":"you","exp":1772366400}"#);
    let with = |id_token: Option<Secret>| TokenReply {
        id_token,
        ..reply(Secret::new("a"))
    };
    let me = Some(Subject {
        iss: "https://id.example".into(),
        sub: "me".into(),
    });
    let first = made(with(Some(mine.clone())), None);
    assert_eq!(first.subject, me);
    assert_eq!(
        first.id_token_expires_at,
        Some("2026-03-01T11:00:00Z".parse().unwrap())
    );
    for (received, kept) in [
        (Some(theirs), &mine),
        (Some(Secret::new("junk")), &mine),
        (None, &mine),
        (Some(mine_anew.clone()), &mine_anew),
    ] {
        let next = made(with(received), Some(&first));
        assert_eq!(next.id_token.as_ref(), Some(kept));
        assert_eq!(next.subject, me);
    }
}

#[test]
fn an_unreadable_token_tells_nothing_and_is_no_error() {
    for text in [
        "",
        "opaque",
        "a.b",
        "a.b.c",
        "a.e30.c.d",
        "..",
        "a.bnVsbA.c",
        "a.W10.c",
    ] {
        assert_eq!(jwt::life(&Secret::new(text)), None, "{text}");
    }
    for claims in [
        r#"{"exp":2000}"#,
        r#"{"iat":2000,"exp":2000}"#,
        r#"{"iat":3000,"exp":2000}"#,
        r#"{"iat":0,"exp":1e300}"#,
        r#"{"iat":[],"exp":{}}"#,
    ] {
        assert_eq!(jwt::life(&token(claims)), None, "{claims}");
    }
    assert_eq!(
        jwt::life(&token(r#"{"iat":"1000","exp":1060.5}"#)),
        Some(Duration::from_millis(60_500))
    );
    let padded = Secret::new(
        format!(
            "{}==",
            token(r#"{"iat":1,"exp":11}"#).expose().replace(".sig", "")
        ) + ".sig",
    );
    assert_eq!(jwt::life(&padded), Some(Duration::from_secs(10)));
}
