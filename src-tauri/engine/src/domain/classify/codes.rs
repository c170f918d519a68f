//! What a code means by itself: the standard ones (RFC 6749 §5.2, RFC 8628, RFC 9449, OpenID
//! Connect Core §3.1.2.6) and names that several providers use for the same things.

use super::super::cause::Cause;

/// The class of a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// The standard's word for a dead refresh token, and for much else.
    InvalidGrant,
    /// Names a dead refresh token, session or code by itself.
    Dead(Cause),
    /// A token is invalid, without saying which.
    InvalidToken,
    Interaction,
    Client(Cause),
    /// In the standard: this client may not do this. At some providers: a dead refresh token.
    UnauthorizedClient,
    Scope,
    GrantType,
    InvalidRequest,
    AccessDenied,
    Policy,
    Endpoint,
    Transient,
    /// The server does not know what is wrong, or does not say.
    Vague,
    Concurrent,
    RateLimited,
    /// Says nothing, such as `unauthorized` or `bad_request`.
    Unknown,
}

/// The class of a code; any case, `-`, `_` and camel case alike.
#[expect(clippy::too_many_lines, reason = "a table")]
pub fn class(code: &str) -> Class {
    use Cause as C;
    let mut name = super::spoken::words(code).trim().replace(' ', "_");
    for suffix in ["_exception", "_error"] {
        if let Some(short) = name.strip_suffix(suffix)
            && !matches!(
                short,
                "server"
                    | "internal"
                    | "internal_server"
                    | "unknown"
                    | "general"
                    | "fatal"
                    | "api"
                    | "invalid_request"
                    | "unexpected"
            )
        {
            name = short.to_owned();
        }
    }
    match name.as_str() {
        "invalid_grant" | "invalidgrant" => Class::InvalidGrant,

        "bad_refresh_token"
        | "invalid_refresh_token"
        | "refresh_token_invalid"
        | "refresh_token_not_found"
        | "bad_verification_code"
        | "invalid_code"
        | "bad_auth_code"
        | "invalid_authorization_code"
        | "invalid_auth_code"
        | "refresh_token_malformed"
        | "refresh_token_authentication"
        | "refresh_token_bad" => Class::Dead(C::RefreshTokenInvalid),
        "refresh_token_expired"
        | "expired_refresh_token"
        | "expired_token"
        | "token_expired"
        | "authorization_expired"
        | "grant_expired"
        | "token_inactive" => Class::Dead(C::RefreshTokenExpired),
        "refresh_token_revoked"
        | "revoked_refresh_token"
        | "token_revoked"
        | "revoked_token"
        | "authorization_revoked"
        | "grant_revoked"
        | "refresh_token_invalidated"
        | "grant_not_found" => Class::Dead(C::RefreshTokenRevoked),
        "refresh_token_reused" | "refresh_token_already_used" | "code_already_used" => {
            Class::Dead(C::RefreshTokenReused)
        }
        "session_expired"
        | "session_not_found"
        | "expired_session"
        | "app_session_terminated"
        | "session_terminated"
        | "session_revoked"
        | "session_timeout"
        | "session_invalid"
        | "invalid_session" => Class::Dead(C::SessionEnded),

        "invalid_token" | "token_invalid" | "bad_token" | "invalidtoken" | "token_not_valid" => {
            Class::InvalidToken
        }

        "interaction_required"
        | "login_required"
        | "consent_required"
        | "mfa_required"
        | "account_selection_required"
        | "invalid_rapt"
        | "rapt_required"
        | "reauth_required"
        | "two_factor_setup_required"
        | "basic_action"
        | "additional_action"
        | "insufficient_user_authentication"
        | "password_reset_required"
        | "need_login"
        | "not_logged_in"
        | "relogin_required"
        | "reauthentication_required"
        | "reauthorization_required"
        | "user_password_expired"
        | "change_password"
        | "new_password_required"
        | "sso_required" => Class::Interaction,

        "invalid_client"
        | "incorrect_client_credentials"
        | "bad_client_secret"
        | "bad_client_id"
        | "invalid_client_id"
        | "invalid_client_secret"
        | "invalid_client_credentials"
        | "disabled_client"
        | "deleted_client"
        | "unknown_client"
        | "client_not_found"
        | "invalid_client_authentication"
        | "client_id_mismatch"
        | "client_authentication_missing"
        | "invalid_app_id"
        | "invalid_api_key"
        | "api_key_invalid"
        | "application_suspended"
        | "invalid_dpop_proof"
        | "invalid_client_metadata"
        | "missing_client_id"
        | "app_not_found"
        | "application_not_found"
        | "application_cannot_be_found"
        | "invalid_consumer_key"
        | "missing_client_secret"
        | "invalid_client_authentication_scheme"
        | "oauth_app_not_found"
        | "restricted_client"
        | "invalid_software_statement"
        | "unapproved_software_statement"
        | "no_client"
        | "expired_client"
        | "client_expired"
        | "client_disabled" => Class::Client(C::ClientRejected),
        "unauthorized_client" => Class::UnauthorizedClient,

        "invalid_scope" | "missing_scope" | "no_scopes" | "insufficient_scope"
        | "scope_not_granted" | "invalid_target" | "invalid_resource" | "bad_scope" => Class::Scope,

        "unsupported_grant_type"
        | "invalid_grant_type"
        | "bad_grant_type"
        | "grant_type_disabled"
        | "token_rotation_not_enabled"
        | "client_type_disabled"
        | "unsupported_response_type"
        | "not_allowed_token_type"
        | "unsupported_token_type"
        | "refresh_token_type_not_supported"
        | "device_flow_disabled" => Class::GrantType,

        "invalid_request"
        | "validation"
        | "validation_failed"
        | "bad_json"
        | "invalid_arguments"
        | "invalid_request_object"
        | "malformed_request"
        | "invalid_parameter"
        | "missing_parameter"
        | "invalid_argument"
        | "invalid_input"
        | "invalid_form_data"
        | "invalid_arg_name" => Class::InvalidRequest,

        "access_denied" | "accessdenied" => Class::AccessDenied,

        "admin_policy_enforced"
        | "org_internal"
        | "account_inactive"
        | "ekm_access_denied"
        | "enterprise_is_restricted"
        | "invalid_app_access"
        | "oauth_app_blocked"
        | "app_blocked"
        | "protection_policy_required"
        | "user_deleted"
        | "user_not_found"
        | "inactive_user"
        | "inactive_org"
        | "team_access_not_granted"
        | "payment_required"
        | "no_permission"
        | "permission_denied"
        | "policy_violation"
        | "app_access_denied" => Class::Policy,

        "not_found"
        | "rest_no_route"
        | "method_not_allowed"
        | "method_deprecated"
        | "deprecated_endpoint"
        | "insecure_request"
        | "unknown_method" => Class::Endpoint,

        "server_error"
        | "temporarily_unavailable"
        | "internal_failure"
        | "internal_error"
        | "internal_server_error"
        | "internal_server"
        | "service_unavailable"
        | "unexpected_failure"
        | "fatal_error"
        | "fatal"
        | "request_timeout"
        | "timeout"
        | "unexpected_error"
        | "authorization_pending"
        | "use_dpop_nonce"
        | "use_attestation_challenge"
        | "overloaded"
        | "unavailable"
        | "backend"
        | "team_added_to_org"
        | "org_login_required"
        | "api_error"
        | "transient"
        | "deadline_exceeded"
        | "aborted"
        | "internal"
        | "system_disabled"
        | "maintenance"
        | "under_maintenance" => Class::Transient,
        "unknown_error" | "general_error" => Class::Vague,
        "conflict" | "concurrent_request" | "refresh_in_progress" => Class::Concurrent,
        "slow_down"
        | "rate_limit_exceeded"
        | "rate_limited"
        | "ratelimited"
        | "rate_limit"
        | "too_many_requests"
        | "over_request_rate_limit"
        | "accesslimited"
        | "throttled"
        | "throttling"
        | "request_limit_exceeded"
        | "resource_exhausted"
        | "quota_exceeded"
        | "user_rate_limit_exceeded"
        | "limit_exceeded"
        | "too_many_attempts"
        | "login_rate_exceeded"
        | "throttle_exceeded"
        | "simultaneous_logins"
        | "simultaneous_requests" => Class::RateLimited,
        _ => Class::Unknown,
    }
}
