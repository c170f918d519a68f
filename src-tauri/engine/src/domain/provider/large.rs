//! The providers that most people have an account at.

use super::{
    super::cause::Cause, KnownReason, Provider, RefreshEnd, ReplyRule, Rotation, UNKNOWN, days,
};

pub const ROWS: &[Provider] = &[
    GOOGLE,
    MICROSOFT,
    MICROSOFT_ORGANIZATIONS,
    MICROSOFT_PERSONAL,
    GITHUB,
];

const GOOGLE: Provider = Provider {
    key: "google",
    name: "Google",
    issuer: Some("https://accounts.google.com"),
    auth_url: Some("https://accounts.google.com/o/oauth2/v2/auth"),
    token_url: Some("https://oauth2.googleapis.com/token"),
    device_url: Some("https://oauth2.googleapis.com/device/code"),
    revocation_url: Some("https://oauth2.googleapis.com/revoke"),
    hosts: &[
        "oauth2.googleapis.com",
        "accounts.google.com",
        "www.googleapis.com",
    ],
    scopes: &["openid", "email"],
    auth_params: &[("access_type", "offline"), ("prompt", "consent")],
    rotation: Rotation::Never,
    refresh_idle: RefreshEnd::After(days(180)),
    device_flow: Some(true),
    loopback: "http://127.0.0.1 with any port",
    register: "An OAuth client of type “Desktop app” in the Google Cloud console; publish the consent screen, or grants end after 7 days",
    docs: "https://developers.google.com/identity/protocols/oauth2/native-app",
    reasons: &[
        KnownReason {
            causes: &[Cause::InteractionRequired],
            text: Some("rapt"),
            why: "Your organisation asks for a new Google sign-in after some time.",
            advice: Some(
                "Your organisation's administrator can mark the app as trusted, or lengthen Google Cloud session control.",
            ),
            source: "https://support.google.com/a/answer/9368756",
        },
        KnownReason {
            causes: &[
                Cause::RefreshTokenInvalid,
                Cause::RefreshTokenExpired,
                Cause::RefreshTokenRevoked,
            ],
            text: None,
            why: "Google ends grants of apps in testing after 7 days, grants that were not used for 6 months, and, where mail is concerned, all grants when the password is changed.",
            advice: Some(
                "If this comes every 7 days: publish the app (“In production”) in the Google Cloud console.",
            ),
            source: "https://developers.google.com/identity/protocols/oauth2#expiration",
        },
    ],
    ..UNKNOWN
};

const MICROSOFT: Provider = Provider {
    key: "microsoft",
    name: "Microsoft (work, school or personal)",
    auth_url: Some("https://login.microsoftonline.com/common/oauth2/v2.0/authorize"),
    token_url: Some("https://login.microsoftonline.com/common/oauth2/v2.0/token"),
    device_url: Some("https://login.microsoftonline.com/common/oauth2/v2.0/devicecode"),
    hosts: &[
        "login.microsoftonline.com",
        "login.windows.net",
        "login.live.com",
    ],
    scopes: &["openid", "profile", "offline_access"],
    rotation: Rotation::Sometimes,
    refresh_idle: RefreshEnd::After(days(90)),
    device_flow: Some(true),
    loopback: "http://localhost with any port (registered under “Mobile and desktop applications”)",
    register: "An app registration in the Microsoft Entra admin centre, platform “Mobile and desktop applications”, redirect http://localhost",
    docs: "https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow",
    reasons: &[
        KnownReason {
            causes: &[Cause::SessionEnded],
            text: None,
            why: "Your organisation asks for a new sign-in after a set time.",
            advice: Some(
                "Only your organisation's administrator can change that (sign-in frequency).",
            ),
            source: "https://learn.microsoft.com/entra/identity/conditional-access/concept-session-lifetime",
        },
        KnownReason {
            causes: &[Cause::RefreshTokenRevoked],
            text: Some("50173"),
            why: "That happens when the password was changed or an administrator ended all sessions.",
            advice: None,
            source: "https://learn.microsoft.com/entra/identity-platform/refresh-tokens",
        },
        KnownReason {
            causes: &[Cause::RefreshTokenExpired],
            text: Some("700084"),
            why: "The app is registered as a single-page app, whose grants end after 24 hours.",
            advice: Some("Register it under “Mobile and desktop applications” instead."),
            source: "https://learn.microsoft.com/entra/identity-platform/refresh-tokens",
        },
        KnownReason {
            causes: &[Cause::RefreshTokenExpired],
            text: None,
            why: "Microsoft ends grants that were not used for 90 days.",
            advice: None,
            source: "https://learn.microsoft.com/entra/identity-platform/refresh-tokens",
        },
    ],
    ..UNKNOWN
};

const MICROSOFT_ORGANIZATIONS: Provider = Provider {
    key: "microsoft-organizations",
    name: "Microsoft (work or school)",
    auth_url: Some("https://login.microsoftonline.com/organizations/oauth2/v2.0/authorize"),
    token_url: Some("https://login.microsoftonline.com/organizations/oauth2/v2.0/token"),
    device_url: Some("https://login.microsoftonline.com/organizations/oauth2/v2.0/devicecode"),
    hosts: &[],
    ..MICROSOFT
};

const MICROSOFT_PERSONAL: Provider = Provider {
    key: "microsoft-personal",
    name: "Microsoft (personal)",
    auth_url: Some("https://login.microsoftonline.com/consumers/oauth2/v2.0/authorize"),
    token_url: Some("https://login.microsoftonline.com/consumers/oauth2/v2.0/token"),
    device_url: Some("https://login.microsoftonline.com/consumers/oauth2/v2.0/devicecode"),
    hosts: &[],
    ..MICROSOFT
};

const GITHUB: Provider = Provider {
    key: "github",
    name: "GitHub App",
    auth_url: Some("https://github.com/login/oauth/authorize"),
    token_url: Some("https://github.com/login/oauth/access_token"),
    device_url: Some("https://github.com/login/device/code"),
    hosts: &["github.com"],
    rotation: Rotation::SingleUse { grace: None },
    refresh_idle: RefreshEnd::After(days(183)),
    voids_access_token: Some(true),
    device_flow: Some(true),
    loopback: "http://127.0.0.1 with any port",
    register: "A GitHub App with “Expire user authorization tokens” and, for codes, “Enable device flow”",
    docs: "https://docs.github.com/apps/creating-github-apps/authenticating-with-a-github-app/refreshing-user-access-tokens",
    rules: &[ReplyRule {
        status: None,
        code: Some("unverified_user_email"),
        text: None,
        cause: Cause::Unrecognised,
        source: "https://docs.github.com/apps/oauth-apps/maintaining-oauth-apps/troubleshooting-oauth-app-access-token-request-errors",
    }],
    ..UNKNOWN
};
