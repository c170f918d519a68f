//! The providers that most people have an account at.

use super::{
    super::{account::ClientAuth, cause::Cause},
    FactName, KnownReason, Provider, RefreshEnd, ReplyRule, Rotation, UNKNOWN, days,
};

pub const ROWS: &[Provider] = &[
    GOOGLE,
    MICROSOFT,
    MICROSOFT_ORGANIZATIONS,
    MICROSOFT_PERSONAL,
    GITHUB,
];

const GOOGLE_EXPIRATION: &str =
    "https://developers.google.com/identity/protocols/oauth2#expiration";

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
    // A desktop client has a secret that is none, and Google wants it in the body.
    client_auth: Some(ClientAuth::Post),
    rotation: Rotation::Never,
    refresh_idle: RefreshEnd::After(days(180)),
    device_flow: Some(true),
    loopback: "http://127.0.0.1 or http://localhost with any port",
    register: "An OAuth client of type “Desktop app” in the Google Cloud console (for codes: “TVs and Limited Input devices”); set its consent screen to “In production”, or most grants end after 7 days",
    docs: "https://developers.google.com/identity/protocols/oauth2/native-app",
    sources: &[
        (
            FactName::Endpoints,
            "https://accounts.google.com/.well-known/openid-configuration",
        ),
        (
            FactName::Scopes,
            "https://developers.google.com/identity/protocols/oauth2/scopes#openid-connect",
        ),
        (FactName::RefreshIdle, GOOGLE_EXPIRATION),
        (
            FactName::DeviceFlow,
            "https://accounts.google.com/.well-known/openid-configuration",
        ),
        (
            FactName::Loopback,
            "https://developers.google.com/identity/protocols/oauth2/resources/loopback-migration",
        ),
        (FactName::Register, GOOGLE_EXPIRATION),
    ],
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
            causes: &[Cause::PolicyBlocked],
            text: Some("admin_policy_enforced"),
            why: "Your organisation's administrator has restricted a service that the app asks for.",
            advice: Some("Only the administrator can allow it; signing in again would not help."),
            source: GOOGLE_EXPIRATION,
        },
        KnownReason {
            causes: &[
                Cause::RefreshTokenInvalid,
                Cause::RefreshTokenExpired,
                Cause::RefreshTokenRevoked,
            ],
            text: None,
            why: "Google ends grants of apps in testing after 7 days, grants that were not used for 6 months or were given for a time only, the oldest of more than 100 and, where mail is concerned, all grants when the password is changed.",
            advice: Some(
                "If this comes every 7 days: publish the app (“In production”) in the Google Cloud console.",
            ),
            source: GOOGLE_EXPIRATION,
        },
    ],
    ..UNKNOWN
};

const MICROSOFT_REFRESH: &str =
    "https://learn.microsoft.com/entra/identity-platform/refresh-tokens";
const MICROSOFT_ERRORS: &str =
    "https://learn.microsoft.com/entra/identity-platform/reference-error-codes";

const MICROSOFT: Provider = Provider {
    key: "microsoft",
    name: "Microsoft (work, school or personal)",
    auth_url: Some("https://login.microsoftonline.com/common/oauth2/v2.0/authorize"),
    token_url: Some("https://login.microsoftonline.com/common/oauth2/v2.0/token"),
    device_url: Some("https://login.microsoftonline.com/common/oauth2/v2.0/devicecode"),
    // The aliases are those of Microsoft's own instance discovery.
    hosts: &[
        "login.microsoftonline.com",
        "login.windows.net",
        "login.microsoft.com",
        "sts.windows.net",
        "login.live.com",
        "login.microsoftonline.us",
        "login.partner.microsoftonline.cn",
        "login.chinacloudapi.cn",
    ],
    scopes: &["openid", "profile", "offline_access"],
    rotation: Rotation::Sometimes,
    refresh_idle: RefreshEnd::After(days(90)),
    device_flow: Some(true),
    loopback: "http://localhost with any port, the path as registered (127.0.0.1 only through the app's manifest)",
    register: "An app registration in the Microsoft Entra admin centre with the redirect http://localhost of a desktop app and no secret; for codes, switch on “Allow public client flows”",
    docs: "https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow",
    sources: &[
        (FactName::Rotation, MICROSOFT_REFRESH),
        (FactName::RefreshIdle, MICROSOFT_REFRESH),
        (
            FactName::DeviceFlow,
            "https://learn.microsoft.com/entra/identity-platform/v2-oauth2-device-code",
        ),
        (
            FactName::Loopback,
            "https://learn.microsoft.com/entra/identity-platform/reply-url#localhost-exceptions",
        ),
        (
            FactName::Register,
            "https://learn.microsoft.com/entra/identity-platform/scenario-desktop-app-registration",
        ),
    ],
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
            why: "That happens when the password was changed, or when you or an administrator ended all sessions.",
            advice: None,
            source: MICROSOFT_REFRESH,
        },
        KnownReason {
            causes: &[Cause::RefreshTokenExpired],
            text: Some("700084"),
            why: "The app is registered as a single-page app, whose grants end after 24 hours.",
            advice: Some("Register it as a desktop app (“Mobile and desktop”) instead."),
            source: MICROSOFT_ERRORS,
        },
        KnownReason {
            causes: &[Cause::RefreshTokenExpired],
            text: None,
            why: "Microsoft ends grants that were not used for 90 days.",
            advice: None,
            source: MICROSOFT_REFRESH,
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
    register: "An app registration in the Microsoft Entra admin centre whose account types include personal ones, with the redirect http://localhost of a desktop app and no secret; for codes, switch on “Allow public client flows”",
    ..MICROSOFT
};

const GITHUB_GENERATING: &str = "https://docs.github.com/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-user-access-token-for-a-github-app";

const GITHUB: Provider = Provider {
    key: "github",
    name: "GitHub App",
    auth_url: Some("https://github.com/login/oauth/authorize"),
    token_url: Some("https://github.com/login/oauth/access_token"),
    device_url: Some("https://github.com/login/device/code"),
    hosts: &["github.com"],
    // Its tokens carry the app's permissions; there are no scopes.
    scopes: &[],
    // A parameter of the request; a grant that came by device code needs none.
    client_auth: Some(ClientAuth::Post),
    rotation: Rotation::SingleUse { grace: None },
    // `refresh_token_expires_in` is always 15,811,200 s.
    refresh_idle: RefreshEnd::After(days(183)),
    voids_access_token: Some(true),
    device_flow: Some(true),
    loopback: "Exactly as registered; only for OAuth apps may the port of http://127.0.0.1 differ",
    register: "A GitHub App with a callback URL and user access tokens that expire (its default), and a client secret; for codes, switch on “Device flow” instead",
    docs: "https://docs.github.com/apps/creating-github-apps/authenticating-with-a-github-app/refreshing-user-access-tokens",
    sources: &[
        (FactName::Endpoints, GITHUB_GENERATING),
        (FactName::Scopes, GITHUB_GENERATING),
        (FactName::DeviceFlow, GITHUB_GENERATING),
        (
            FactName::Loopback,
            "https://docs.github.com/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps#loopback-redirect-urls",
        ),
        (FactName::Register, GITHUB_GENERATING),
    ],
    rules: &[ReplyRule {
        status: None,
        code: Some("unverified_user_email"),
        text: None,
        cause: Cause::Unrecognised,
        source: "https://docs.github.com/apps/oauth-apps/maintaining-oauth-apps/troubleshooting-oauth-app-access-token-request-errors",
    }],
    reasons: &[
        KnownReason {
            causes: &[
                Cause::RefreshTokenInvalid,
                Cause::RefreshTokenExpired,
                Cause::RefreshTokenReused,
            ],
            text: None,
            why: "GitHub ends grants that were not used for 6 months, and each refresh token works once only.",
            advice: None,
            source: "https://docs.github.com/apps/creating-github-apps/authenticating-with-a-github-app/refreshing-user-access-tokens",
        },
        KnownReason {
            causes: &[Cause::Unrecognised],
            text: Some("unverified_user_email"),
            why: "GitHub wants the primary email address of the account to be verified first.",
            advice: Some("Verify it in GitHub's email settings; then this goes on by itself."),
            source: "https://docs.github.com/apps/oauth-apps/maintaining-oauth-apps/troubleshooting-oauth-app-access-token-request-errors",
        },
    ],
    ..UNKNOWN
};
