//! Successes as providers write them, read tolerantly.

use std::time::Duration;

use tokentray::domain::{
    classify::{Outcome, TokenReply, classify},
    reply::{HttpReply, Reply},
    secret::Secret,
};

use super::now;

fn read(body: &str) -> Option<Box<TokenReply>> {
    let http = HttpReply {
        status: 200,
        headers: vec![("content-type".to_owned(), "text/html".to_owned())],
        body: body.as_bytes().to_vec(),
        cut: false,
    };
    match classify(&Reply::Answered(http), None, now()) {
        Outcome::Tokens(tokens) => Some(tokens),
        Outcome::Failure(_) => None,
    }
}

#[track_caller]
fn tokens(members: &str) -> Box<TokenReply> {
    let gap = if members.is_empty() { "" } else { "," };
    let body = format!(r#"{{"access_token":"at"{gap}{members}}}"#);
    read(&body).unwrap_or_else(|| panic!("no success: {body}"))
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "what is compared with is optional"
)]
const fn seconds(n: u64) -> Option<Duration> {
    Some(Duration::from_secs(n))
}

#[test]
fn an_end_is_read_in_every_form_and_an_absurd_one_counts_as_absent() {
    for (members, wanted) in [
        ("", None),
        (r#""expires_in":3600"#, seconds(3600)),
        (r#""expires_in":"3600""#, seconds(3600)),
        (r#""expires_in":" 3600 ""#, seconds(3600)),
        (r#""expires_in":3599.7"#, seconds(3599)),
        (r#""expires_in":"3599.7""#, seconds(3599)),
        (r#""expires_in":3.6e3"#, seconds(3600)),
        (r#""expiresIn":3600"#, seconds(3600)),
        (r#""EXPIRES_IN":3600"#, seconds(3600)),
        (r#""expires":3600"#, seconds(3600)),
        (r#""expires":1772370000"#, seconds(3600)),
        (r#""expires_in":0"#, None),
        (r#""expires_in":-1"#, None),
        (r#""expires_in":null"#, None),
        (r#""expires_in":"never""#, None),
        (r#""expires_in":true"#, None),
        (r#""expires_in":[3600]"#, None),
        (r#""expires_in":1e99"#, None),
        (r#""expires_in":99999999999"#, None),
        (r#""expires_on":"1772370000""#, seconds(3600)),
        (r#""expires_at":1772370000"#, seconds(3600)),
        (r#""expires_at":1772370000000"#, seconds(3600)),
        (r#""expires_at":"2026-03-01T13:00:00Z""#, seconds(3600)),
        (r#""expires_at":"2026-03-01T11:00:00Z""#, None),
        (r#""expires_at":"2026-03-01T12:00:00Z""#, None),
        (r#""expires_at":"4046-03-07T04:32:14Z""#, None),
        (r#""expires_in":0,"expires_on":1772370000"#, seconds(3600)),
    ] {
        assert_eq!(tokens(members).expires_in, wanted, "{members}");
    }
}

#[test]
fn further_ends_are_read_and_unknown_ones_disturb_nothing() {
    for (members, refresh, early) in [
        (r#""refresh_expires_in":1800"#, seconds(1800), None),
        (
            r#""refresh_token_expires_in":"15811200""#,
            seconds(15_811_200),
            None,
        ),
        (
            r#""x_refresh_token_expires_in":8726400"#,
            seconds(8_726_400),
            None,
        ),
        (r#""refreshTokenExpiresIn":60"#, seconds(60), None),
        (r#""refresh_expires_in":0"#, None, None),
        (r#""refresh_in":1800"#, None, seconds(1800)),
        (
            r#""ext_expires_in":7200,"not-before-policy":0,"id_token_expires_in":60"#,
            None,
            None,
        ),
    ] {
        let read = tokens(members);
        assert_eq!(
            (read.refresh_token_expires_in, read.refresh_in),
            (refresh, early),
            "{members}"
        );
        assert_eq!(read.expires_in, None, "{members}");
    }
}

#[test]
fn an_empty_or_missing_refresh_token_is_none() {
    for (members, wanted) in [
        ("", None),
        (r#""refresh_token":"""#, None),
        (r#""refresh_token":"  ""#, None),
        (r#""refresh_token":null"#, None),
        (r#""refresh_token":"rt""#, Some("rt")),
        (r#""refreshToken":"rt""#, Some("rt")),
    ] {
        let read = tokens(members);
        let found = read.refresh_token.as_ref().map(Secret::expose);
        assert_eq!(found, wanted, "{members}");
    }
}

#[test]
fn a_token_type_may_have_any_case_and_may_be_absent() {
    for (members, wanted) in [
        ("", "Bearer"),
        (r#""token_type":"""#, "Bearer"),
        (r#""token_type":null"#, "Bearer"),
        (r#""token_type":"bearer""#, "bearer"),
        (r#""tokenType":"BEARER""#, "BEARER"),
        (r#""token_type":"DPoP""#, "DPoP"),
    ] {
        assert_eq!(tokens(members).token_type, wanted, "{members}");
    }
}

#[test]
fn scopes_come_as_words_with_commas_or_as_an_array() {
    for (members, wanted) in [
        ("", None),
        (r#""scope":"""#, None),
        (r#""scope":null"#, None),
        (r#""scope":"a b""#, Some(vec!["a", "b"])),
        (r#""scope":"a,b""#, Some(vec!["a", "b"])),
        (r#""scope":["a","b"]"#, Some(vec!["a", "b"])),
        (r#""scopes":["a"]"#, Some(vec!["a"])),
        (r#""scope":[]"#, None),
        (r#""scope":7"#, None),
    ] {
        let found = tokens(members).scopes;
        let wanted = wanted.map(|w| w.into_iter().map(str::to_owned).collect::<Vec<_>>());
        assert_eq!(found, wanted, "{members}");
    }
}

#[test]
fn a_success_is_found_in_whatever_holds_it() {
    for body in [
        r#"{"accessToken":"at","expiresIn":3600,"tokenType":"Bearer"}"#,
        "\u{feff}{\"access_token\":\"at\"}",
        "access_token=at&token_type=bearer&expires_in=28800",
        r#"{"data":{"access_token":"at"},"message":"success"}"#,
        r#"{"code":0,"msg":"ok","data":{"accessToken":"at"}}"#,
        r#"{"status":0,"body":{"access_token":"at","expires_in":10800}}"#,
        r#"{"ok":true,"authed_user":{"access_token":"at"}}"#,
        r#"{"AuthenticationResult":{"AccessToken":"at","ExpiresIn":3600}}"#,
        r#"{"error":null,"access_token":"at"}"#,
        r#"{"error":"","access_token":"at"}"#,
    ] {
        let found = read(body).unwrap_or_else(|| panic!("no success: {body}"));
        assert_eq!(found.access_token.expose(), "at", "{body}");
    }
    for body in [
        r#"{"access_token":""}"#,
        r#"{"access_token":7}"#,
        r#"{"ok":false,"access_token":"at"}"#,
        r#"{"success":false,"access_token":"at"}"#,
        r#"{"access_token":"at","refresh_token":"r"#,
        "<html>access_token=at</html>",
    ] {
        assert_eq!(read(body), None, "{body}");
    }
}
