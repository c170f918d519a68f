//! Every form in which a refusal comes, one line each.

use tokentray::domain::{
    cause::Cause,
    classify::{Outcome, classify},
    reply::{HttpReply, Reply},
};

use super::now;

fn cause(status: u16, headers: &[(&str, &str)], body: &str) -> Option<Cause> {
    let http = HttpReply {
        status,
        headers: headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        body: body.as_bytes().to_vec(),
        cut: false,
    };
    match classify(&Reply::Answered(http), None, now()) {
        Outcome::Tokens(_) => None,
        Outcome::Failure(failure) => Some(failure.cause),
    }
}

#[track_caller]
fn all(rows: &[(u16, &str, Cause)]) {
    let wrong: Vec<String> = rows
        .iter()
        .filter_map(|(status, body, wanted)| {
            let found = cause(*status, &[], body);
            (found != Some(*wanted)).then(|| format!("{status} {body}: {found:?} is no {wanted:?}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn one_refusal_is_understood_in_whatever_it_is_written() {
    use Cause::{
        RefreshTokenExpired as Expired, RefreshTokenInvalid as Invalid,
        RefreshTokenReused as Reused, RefreshTokenRevoked as Revoked,
    };
    all(&[
        (400, r#"{"error":"invalid_grant"}"#, Invalid),
        (400, "\u{feff} {\"error\" : \"invalid_grant\"}\n", Invalid),
        (400, r#"{"ERROR":"INVALID_GRANT"}"#, Invalid),
        (400, r#"[{"error":"invalid_grant"}]"#, Invalid),
        (400, r#""{\"error\":\"invalid_grant\"}""#, Invalid),
        (
            400,
            r#"{"error":{"code":"invalid_grant","message":"x"}}"#,
            Invalid,
        ),
        (
            400,
            r#"{"error":{"status":400,"type":"invalid_grant"}}"#,
            Invalid,
        ),
        (
            400,
            r#"{"data":{"error":{"errorCode":"invalid_grant"}}}"#,
            Invalid,
        ),
        (
            400,
            r#"{"errors":[{"errorType":"invalid_grant"}],"success":false}"#,
            Invalid,
        ),
        (
            400,
            r#"{"errors":[{"code":"refresh_token_expired"}]}"#,
            Expired,
        ),
        (
            400,
            r#"{"errors":{"refresh_token":["refresh token is invalid"]}}"#,
            Invalid,
        ),
        (
            400,
            r#"{"errorCode":"refresh_token_revoked","errorMessage":"x"}"#,
            Revoked,
        ),
        (
            400,
            r#"{"fault":{"faultstring":"Refresh Token expired","detail":{"errorcode":"a.b.refresh_token_expired"}}}"#,
            Expired,
        ),
        (
            400,
            "error=invalid_grant&error_description=The+refresh+token+has+expired.",
            Expired,
        ),
        (200, "error=bad_refresh_token&error_description=x", Invalid),
        (
            400,
            "<?xml version=\"1.0\"?><oauth><error>invalid_grant</error></oauth>",
            Invalid,
        ),
        (
            400,
            "<error><code>refresh_token_reused</code></error>",
            Reused,
        ),
        (400, "{'error': 'invalid_grant'}", Invalid),
        (400, "{error: invalid_grant}", Invalid),
        (400, "callback( {\"error\":\"invalid_grant\"} );", Invalid),
        (400, ")]}'\n{\"error\":\"invalid_grant\"}", Invalid),
        (
            400,
            r#"{"error":"upstream","error_description":"400: {\"error\":\"refresh_token_expired\"}"}"#,
            Expired,
        ),
        (200, r#"{"ok":false,"error":"token_revoked"}"#, Revoked),
        (200, r#"{"success":false,"error":"invalid_grant"}"#, Invalid),
        (
            200,
            r#"{"errcode":42002,"errmsg":"refresh_token expired"}"#,
            Expired,
        ),
        (401, "Invalid refresh token", Invalid),
        (
            400,
            r#"{"error_description":"Das Aktualisierungstoken ist abgelaufen."}"#,
            Expired,
        ),
        (400, r#"{"message":"refresh_token 已过期"}"#, Expired),
    ]);
}

#[test]
fn what_cannot_be_read_waits_and_keeps_the_grant() {
    use Cause::{
        CaptivePortal, EdgeBlock, EndpointWrong, MalformedResponse, NoTokenInReply, ServerError,
        Unrecognised,
    };
    all(&[
        (200, "", MalformedResponse),
        (204, "", MalformedResponse),
        (200, "   ", MalformedResponse),
        (200, "null", MalformedResponse),
        (200, "OK", MalformedResponse),
        (200, "{", MalformedResponse),
        (200, "{}", NoTokenInReply),
        (200, "[]", NoTokenInReply),
        (200, r#"{"access_token":"a","#, MalformedResponse),
        (
            200,
            r#"{"access_token":"a" "refresh_token":"b"}"#,
            MalformedResponse,
        ),
        (
            200,
            r#"{"access_token":"","token_type":"Bearer"}"#,
            NoTokenInReply,
        ),
        (200, r#"{"access_token":null}"#, NoTokenInReply),
        (
            200,
            "<html><title>Welcome to Hotel WiFi</title></html>",
            CaptivePortal,
        ),
        (400, "", Unrecognised),
        (400, r#"{"error":"inv"#, MalformedResponse),
        (
            400,
            r#"{"error":"invalid_grant","error_descr"#,
            MalformedResponse,
        ),
        (401, "<html>401</html>", EdgeBlock),
        (403, "<html>invalid_grant</html>", EdgeBlock),
        (403, r#"{"message":"Forbidden"}"#, EdgeBlock),
        (404, "404 page not found", EndpointWrong),
        (418, "<html>teapot</html>", MalformedResponse),
        (500, r#"{"error":"invalid_grant"}"#, ServerError),
        (599, "", ServerError),
        (0, r#"{"error":"invalid_grant"}"#, MalformedResponse),
        (199, r#"{"error":"invalid_grant"}"#, MalformedResponse),
    ]);
}

#[test]
fn the_standard_codes_mean_what_their_documents_say() {
    use Cause::{
        ClientRejected, ConcurrentRefresh, EndpointWrong, GrantNotAllowed, InteractionRequired,
        PolicyBlocked, RateLimited, RefreshTokenExpired, RefreshTokenInvalid, ScopeRejected,
        ServerError, Unrecognised,
    };
    let code = |code: &str| format!(r#"{{"error":"{code}"}}"#);
    for (name, wanted) in [
        // RFC 6749 §5.2
        ("invalid_request", Unrecognised),
        ("invalid_client", ClientRejected),
        ("invalid_grant", RefreshTokenInvalid),
        ("unauthorized_client", ClientRejected),
        ("unsupported_grant_type", GrantNotAllowed),
        ("invalid_scope", ScopeRejected),
        // RFC 6749 §4.1.2.1, which token endpoints use as well
        ("access_denied", Unrecognised),
        ("server_error", ServerError),
        ("temporarily_unavailable", ServerError),
        // RFC 7009 §2.2.1
        ("unsupported_token_type", GrantNotAllowed),
        // RFC 8628 §3.5
        ("authorization_pending", ServerError),
        ("slow_down", RateLimited),
        ("expired_token", RefreshTokenExpired),
        // RFC 8707, RFC 9449, OpenID Connect Core §3.1.2.6, CIBA, FAPI
        ("invalid_target", ScopeRejected),
        ("use_dpop_nonce", ServerError),
        ("invalid_dpop_proof", ClientRejected),
        ("interaction_required", InteractionRequired),
        ("login_required", InteractionRequired),
        ("consent_required", InteractionRequired),
        ("account_selection_required", InteractionRequired),
        ("insufficient_user_authentication", InteractionRequired),
        // Names outside the standards
        ("admin_policy_enforced", PolicyBlocked),
        ("conflict", ConcurrentRefresh),
        ("not_found", EndpointWrong),
    ] {
        assert_eq!(cause(400, &[], &code(name)), Some(wanted), "{name}");
    }
    // A resource server's code (RFC 6750 §3.1) does not say which token it means.
    assert_eq!(cause(401, &[], &code("invalid_token")), Some(Unrecognised));
}

#[test]
fn the_text_takes_back_what_the_code_says() {
    use Cause::{
        AccountDisabled, ClientRejected, ConcurrentRefresh, GrantNotAllowed, InteractionRequired,
        PasswordChanged, PolicyBlocked, RateLimited, RefreshTokenReused, ServerError, SessionEnded,
    };
    let text = |text: &str| format!(r#"{{"error":"invalid_grant","error_description":"{text}"}}"#);
    for (said, wanted) in [
        ("Rate limit exceeded", RateLimited),
        ("login rate exceeded", RateLimited),
        ("Zu viele Anfragen", RateLimited),
        (
            "token request is already being processed",
            ConcurrentRefresh,
        ),
        ("The service is temporarily unavailable", ServerError),
        ("Please try again later", ServerError),
        ("Internal server error", ServerError),
        ("Invalid client secret", ClientRejected),
        (
            "Grant type refresh_token is not allowed for this client",
            GrantNotAllowed,
        ),
        ("user is blocked", AccountDisabled),
        ("The password was changed", PasswordChanged),
        ("ip restricted", PolicyBlocked),
        ("Session expired", SessionEnded),
        ("The refresh token was already used", RefreshTokenReused),
        ("multi-factor authentication required", InteractionRequired),
    ] {
        assert_eq!(cause(400, &[], &text(said)), Some(wanted), "{said}");
    }
}

#[test]
fn a_redirect_is_a_portal_unless_the_endpoint_moved_for_good() {
    use Cause::{CaptivePortal, EndpointWrong};
    for (status, location, wanted) in [
        (301, "https://id.example/oauth2/token", EndpointWrong),
        (308, "https://id.example/v2/token", EndpointWrong),
        (308, "https://www.example/", EndpointWrong),
        (301, "https://wifi.hotel/login", CaptivePortal),
        (302, "https://id.example/oauth2/token", CaptivePortal),
        (302, "http://192.168.1.1/portal", CaptivePortal),
        (303, "", CaptivePortal),
        (
            307,
            "https://gateway.zscaler.net/auD?origurl=x",
            CaptivePortal,
        ),
    ] {
        let body = r#"{"error":"invalid_grant"}"#;
        assert_eq!(
            cause(status, &[("location", location)], body),
            Some(wanted),
            "{status} {location}"
        );
    }
}

#[test]
fn headers_say_who_answered() {
    use Cause::{CaptivePortal, EdgeBlock, NetworkProxy, RateLimited, RefreshTokenExpired};
    let page = "<html>Access Denied</html>";
    for (status, header, body, wanted) in [
        (403, ("server", "Zscaler/6.2"), page, NetworkProxy),
        (
            503,
            ("x-squid-error", "ERR_CONNECT_FAIL 111"),
            page,
            NetworkProxy,
        ),
        (407, ("proxy-authenticate", "Basic"), "", NetworkProxy),
        (403, ("server", "cloudflare"), page, EdgeBlock),
        (
            403,
            ("cf-mitigated", "challenge"),
            r#"{"error":"invalid_grant"}"#,
            EdgeBlock,
        ),
        (403, ("server", "AkamaiGHost"), page, EdgeBlock),
        (
            511,
            ("server", "portal"),
            r#"{"error":"invalid_grant"}"#,
            CaptivePortal,
        ),
        (
            400,
            ("x-amzn-errortype", "ExpiredTokenException:http://x/"),
            "{}",
            RefreshTokenExpired,
        ),
        (
            403,
            ("x-mashery-error-code", "ERR_403_DEVELOPER_OVER_QPS"),
            "<h1>Developer Over Qps</h1>",
            RateLimited,
        ),
        (
            400,
            ("retry-after", "30"),
            r#"{"message":"no"}"#,
            RateLimited,
        ),
    ] {
        assert_eq!(
            cause(status, &[header], body),
            Some(wanted),
            "{status} {header:?}"
        );
    }
}

#[test]
fn a_complaint_about_time_is_about_this_clock_when_the_providers_differs() {
    let body = r#"{"error":"invalid_grant","error_description":"Invalid JWT: check your iat and exp values and a reasonable timeframe."}"#;
    let late = [("date", "Sun, 01 Mar 2026 12:20:00 GMT")];
    let same = [("date", "Sun, 01 Mar 2026 12:01:00 GMT")];
    assert_eq!(cause(400, &late, body), Some(Cause::ClockWrong));
    assert_ne!(cause(400, &same, body), Some(Cause::ClockWrong));
    assert_ne!(cause(400, &[], body), Some(Cause::ClockWrong));
    let other = r#"{"error":"invalid_grant"}"#;
    assert_eq!(
        cause(400, &late, other),
        Some(Cause::RefreshTokenInvalid),
        "the clock alone says nothing"
    );
}
