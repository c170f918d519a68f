//! Finance, play and people.

use std::time::Duration;

use super::{
    super::{account::ClientAuth, cause::Cause},
    FactName, KnownReason, Provider, RefreshEnd, ReplyRule, Rotation, UNKNOWN, days,
};

pub const ROWS: &[Provider] = &[
    XERO, INTUIT, ZOHO, DISCORD, TWITCH, SPOTIFY, FITBIT, STRAVA, X, LINKEDIN,
];

/// A collection of tried endpoints and default scopes, for providers whose pages tell them apart.
const NANGO: &str =
    "https://github.com/NangoHQ/nango/blob/master/packages/providers/providers.yaml";

const XERO: Provider = Provider {
    key: "xero",
    name: "Xero",
    issuer: Some("https://identity.xero.com"),
    auth_url: Some("https://login.xero.com/identity/connect/authorize"),
    token_url: Some("https://identity.xero.com/connect/token"),
    revocation_url: Some("https://identity.xero.com/connect/revocation"),
    hosts: &["identity.xero.com"],
    scopes: &["openid", "profile", "offline_access"],
    rotation: Rotation::SingleUse {
        grace: Some(Duration::from_mins(30)),
    },
    refresh_idle: RefreshEnd::After(days(60)),
    loopback: "http://localhost exactly as registered, without wildcards, and only for mobile or desktop apps",
    register: "An app of type “Mobile or desktop app” in the Xero developer portal (no secret)",
    docs: "https://developer.xero.com/faq/oauth2",
    sources: &[
        (FactName::Endpoints, NANGO),
        (FactName::Scopes, NANGO),
        (
            FactName::Register,
            "https://developer.xero.com/documentation/guides/oauth2/pkce-flow",
        ),
    ],
    reasons: &[KnownReason {
        causes: &[
            Cause::RefreshTokenInvalid,
            Cause::RefreshTokenExpired,
            Cause::RefreshTokenReused,
        ],
        text: None,
        why: "Xero ends grants that were not used for 60 days, and a used refresh token after 30 minutes.",
        advice: None,
        source: "https://developer.xero.com/faq/oauth2",
    }],
    ..UNKNOWN
};

const INTUIT_DISCOVERY: &str = "https://developer.api.intuit.com/.well-known/openid_configuration";
const INTUIT_REDIRECTS: &str = "https://developer.intuit.com/app/developer/qbo/docs/develop/authentication-and-authorization/set-redirect-uri";
const INTUIT_FIVE_YEARS: &str =
    "https://github.com/intuit/QuickBooks-V3-Java-SDK/releases/tag/v6.5.4";

const INTUIT: Provider = Provider {
    key: "intuit",
    name: "Intuit QuickBooks",
    auth_url: Some("https://appcenter.intuit.com/connect/oauth2"),
    token_url: Some("https://oauth.platform.intuit.com/oauth2/v1/tokens/bearer"),
    revocation_url: Some("https://developer.api.intuit.com/v2/oauth2/tokens/revoke"),
    hosts: &["oauth.platform.intuit.com"],
    scopes: &["com.intuit.quickbooks.accounting"],
    client_auth: Some(ClientAuth::Basic),
    // The former one goes on for 24 hours after a new one came.
    rotation: Rotation::Sometimes,
    refresh_idle: RefreshEnd::After(days(100)),
    refresh_absolute: RefreshEnd::After(days(5 * 365)),
    reasons: &[KnownReason {
        causes: &[Cause::RefreshTokenInvalid, Cause::RefreshTokenExpired],
        text: None,
        why: "Intuit ends grants that were not used for 100 days, every grant after five years, and a refresh token 24 hours after it was replaced.",
        advice: None,
        source: INTUIT_FIVE_YEARS,
    }],
    loopback: "http://localhost exactly as registered, with the development keys of a sandbox only; production keys want https",
    register: "An app on the Intuit developer portal; its development keys reach sandbox companies only",
    docs: "https://developer.intuit.com/app/developer/qbo/docs/develop/authentication-and-authorization/faq",
    sources: &[
        (FactName::Endpoints, INTUIT_DISCOVERY),
        (
            FactName::Scopes,
            "https://developer.intuit.com/app/developer/qbo/docs/learn/scopes",
        ),
        (FactName::Loopback, INTUIT_REDIRECTS),
        (FactName::Register, INTUIT_REDIRECTS),
        (
            FactName::Rotation,
            "https://github.com/intuit/oauth-jsclient#readme",
        ),
        (
            FactName::RefreshIdle,
            "https://github.com/IntuitDeveloper/OAuth2-Dotnet_UsingSDK/blob/master/docs/help/Tokens.md",
        ),
        (FactName::RefreshAbsolute, INTUIT_FIVE_YEARS),
    ],
    ..UNKNOWN
};

const ZOHO_REFRESH: &str =
    "https://www.zoho.com/accounts/protocol/oauth/web-apps/access-token-expiry.html";

const ZOHO: Provider = Provider {
    key: "zoho",
    name: "Zoho",
    auth_url: Some("https://accounts.zoho.com/oauth/v2/auth"),
    token_url: Some("https://accounts.zoho.com/oauth/v2/token"),
    revocation_url: Some("https://accounts.zoho.com/oauth/v2/token/revoke"),
    hosts: &[
        "accounts.zoho.com",
        "accounts.zoho.eu",
        "accounts.zoho.in",
        "accounts.zoho.com.au",
        "accounts.zoho.com.cn",
        "accounts.zoho.jp",
        "accounts.zoho.sa",
        "accounts.zohocloud.ca",
    ],
    auth_params: &[("access_type", "offline"), ("prompt", "consent")],
    client_auth: Some(ClientAuth::Post),
    rotation: Rotation::Never,
    rules: &[
        ReplyRule {
            status: None,
            code: Some("Access Denied"),
            text: Some("too many requests"),
            cause: Cause::RateLimited,
            source: ZOHO_REFRESH,
        },
        ReplyRule {
            status: Some(200),
            code: Some("invalid_code"),
            text: None,
            cause: Cause::RefreshTokenInvalid,
            source: "https://github.com/asciisd/zoho-v3/issues/14",
        },
    ],
    reasons: &[
        KnownReason {
            causes: &[Cause::RateLimited],
            text: None,
            why: "Zoho gives one grant ten access tokens in ten minutes.",
            advice: None,
            source: ZOHO_REFRESH,
        },
        KnownReason {
            causes: &[Cause::RefreshTokenInvalid],
            text: None,
            why: "Zoho keeps 20 grants of a person and ends the oldest when one more is made.",
            advice: Some(
                "If it comes again at once, check that the addresses are those of your data centre (.com, .eu, .in and so on).",
            ),
            source: "https://www.zoho.com/pdfeditor/help/api/oauth-step4.html",
        },
    ],
    loopback: "Exactly as registered",
    register: "A client in the Zoho API console; the addresses must be those of your data centre",
    docs: ZOHO_REFRESH,
    sources: &[
        (FactName::Endpoints, NANGO),
        (
            FactName::Loopback,
            "https://www.zoho.com/thrive/resources/api/oauth-step4.html",
        ),
    ],
    ..UNKNOWN
};

const DISCORD: Provider = Provider {
    key: "discord",
    name: "Discord",
    auth_url: Some("https://discord.com/oauth2/authorize"),
    token_url: Some("https://discord.com/api/oauth2/token"),
    revocation_url: Some("https://discord.com/api/oauth2/token/revoke"),
    hosts: &["discord.com"],
    scopes: &["identify"],
    client_auth: Some(ClientAuth::Basic),
    rotation: Rotation::SingleUse { grace: None },
    loopback: "Exactly as registered",
    register: "An application with its secret in the Discord developer portal",
    docs: "https://discord.com/developers/docs/topics/oauth2",
    sources: &[(
        FactName::Rotation,
        "https://github.com/discord/discord-api-docs/issues/5942",
    )],
    ..UNKNOWN
};

const TWITCH_TOKENS: &str = "https://dev.twitch.tv/docs/authentication/getting-tokens-oauth/";

const TWITCH: Provider = Provider {
    key: "twitch",
    name: "Twitch",
    issuer: Some("https://id.twitch.tv/oauth2"),
    auth_url: Some("https://id.twitch.tv/oauth2/authorize"),
    token_url: Some("https://id.twitch.tv/oauth2/token"),
    device_url: Some("https://id.twitch.tv/oauth2/device"),
    revocation_url: Some("https://id.twitch.tv/oauth2/revoke"),
    hosts: &["id.twitch.tv"],
    client_auth: Some(ClientAuth::Post),
    rotation: Rotation::Sometimes,
    device_flow: Some(true),
    reasons: &[KnownReason {
        causes: &[Cause::RefreshTokenInvalid],
        text: None,
        why: "Twitch ends grants when the app is disconnected in the account's settings, and those of apps without a secret after 30 days without use.",
        advice: None,
        source: TWITCH_TOKENS,
    }],
    loopback: "http://localhost, exactly as registered",
    register: "An application in the Twitch developer console; as a public one it needs no secret, but device codes",
    docs: "https://dev.twitch.tv/docs/authentication/refresh-tokens/",
    sources: &[
        (FactName::Scopes, TWITCH_TOKENS),
        (FactName::DeviceFlow, TWITCH_TOKENS),
        (FactName::Loopback, TWITCH_TOKENS),
        (FactName::Register, TWITCH_TOKENS),
    ],
    ..UNKNOWN
};

const SPOTIFY_REDIRECTS: &str =
    "https://developer.spotify.com/documentation/web-api/concepts/redirect_uri";

const SPOTIFY: Provider = Provider {
    key: "spotify",
    name: "Spotify",
    auth_url: Some("https://accounts.spotify.com/authorize"),
    token_url: Some("https://accounts.spotify.com/api/token"),
    hosts: &["accounts.spotify.com"],
    rotation: Rotation::Sometimes,
    reasons: &[KnownReason {
        causes: &[Cause::RefreshTokenRevoked],
        text: None,
        why: "Spotify does this when the app is removed from the account, and when it makes somebody choose a new password.",
        advice: None,
        source: "https://github.com/home-assistant/core/issues/124333",
    }],
    loopback: "http://127.0.0.1 or http://[::1], registered without a port, with any port (localhost is refused)",
    register: "An app in the Spotify developer dashboard",
    docs: "https://developer.spotify.com/documentation/web-api/tutorials/refreshing-tokens",
    sources: &[
        (FactName::Loopback, SPOTIFY_REDIRECTS),
        (FactName::Register, SPOTIFY_REDIRECTS),
    ],
    ..UNKNOWN
};

const FITBIT_END: &str = "https://developers.google.com/health/about";

const FITBIT: Provider = Provider {
    key: "fitbit",
    name: "Fitbit",
    auth_url: Some("https://www.fitbit.com/oauth2/authorize"),
    token_url: Some("https://api.fitbit.com/oauth2/token"),
    revocation_url: Some("https://api.fitbit.com/oauth2/revoke"),
    hosts: &["api.fitbit.com"],
    scopes: &["profile"],
    rotation: Rotation::SingleUse { grace: None },
    refresh_idle: RefreshEnd::Never,
    reasons: &[KnownReason {
        causes: &[Cause::EndpointWrong],
        text: None,
        why: "Google switched Fitbit's Web API and its sign-in off on 2 November 2026.",
        advice: Some("Use an account at Google with the Google Health API instead."),
        source: FITBIT_END,
    }],
    loopback: "Exactly as registered",
    register: "Nothing any more: Fitbit's Web API and its sign-in were switched off on 2 November 2026; the Google Health API with a Google account replaces them",
    docs: "https://dev.fitbit.com/build/reference/web-api/authorization/refresh-token/",
    sources: &[
        (
            FactName::Rotation,
            "https://dev.fitbit.com/build/reference/web-api/developer-guide/best-practices/",
        ),
        (
            FactName::RefreshIdle,
            "https://dev.fitbit.com/build/reference/web-api/developer-guide/best-practices/",
        ),
        (
            FactName::Loopback,
            "https://dev.fitbit.com/build/reference/web-api/authorization/oauth2-token/",
        ),
        (FactName::Register, FITBIT_END),
    ],
    ..UNKNOWN
};

const STRAVA: Provider = Provider {
    key: "strava",
    name: "Strava",
    auth_url: Some("https://www.strava.com/oauth/authorize"),
    token_url: Some("https://www.strava.com/oauth/token"),
    hosts: &["www.strava.com"],
    scopes: &["read"],
    scope_separator: ",",
    client_auth: Some(ClientAuth::Post),
    rotation: Rotation::Sometimes,
    voids_access_token: Some(false),
    loopback: "http://localhost or http://127.0.0.1 with any port, whatever callback domain is registered",
    register: "An API application in your Strava settings (“My API Application”)",
    docs: "https://developers.strava.com/docs/authentication/",
    ..UNKNOWN
};

const X: Provider = Provider {
    key: "x",
    name: "X",
    auth_url: Some("https://x.com/i/oauth2/authorize"),
    token_url: Some("https://api.x.com/2/oauth2/token"),
    revocation_url: Some("https://api.x.com/2/oauth2/revoke"),
    hosts: &["api.x.com", "api.twitter.com"],
    scopes: &["users.read", "tweet.read", "offline.access"],
    rotation: Rotation::SingleUse { grace: None },
    rules: &[ReplyRule {
        status: Some(400),
        code: Some("invalid_request"),
        text: Some("Value passed for the token was invalid"),
        cause: Cause::RefreshTokenInvalid,
        source: "https://github.com/transitive-bullshit/chatgpt-twitter-bot/blob/main/src/twitter.ts",
    }],
    reasons: &[KnownReason {
        causes: &[Cause::RefreshTokenInvalid, Cause::RefreshTokenReused],
        text: None,
        why: "Each refresh token of X works once only, and using one twice ends the whole grant.",
        advice: None,
        source: "https://github.com/trypostit/trypost/issues/126",
    }],
    loopback: "http://127.0.0.1, exactly as registered (not localhost)",
    register: "An app of type “Native App” with OAuth 2.0 in the X developer console (no secret)",
    docs: "https://docs.x.com/fundamentals/authentication/oauth-2-0/authorization-code",
    sources: &[
        (
            FactName::Rotation,
            "https://github.com/trypostit/trypost/issues/126",
        ),
        (
            FactName::Loopback,
            "https://developer.twitter.com/en/docs/apps/callback-urls",
        ),
    ],
    ..UNKNOWN
};

const LINKEDIN_NATIVE: &str =
    "https://learn.microsoft.com/linkedin/shared/authentication/authorization-code-flow-native";

const LINKEDIN: Provider = Provider {
    key: "linkedin",
    name: "LinkedIn",
    // The one that takes PKCE, without which nothing is asked here; the other wants a secret.
    auth_url: Some("https://www.linkedin.com/oauth/native-pkce/authorization"),
    token_url: Some("https://www.linkedin.com/oauth/v2/accessToken"),
    hosts: &["www.linkedin.com"],
    scopes: &["openid", "profile"],
    client_auth: Some(ClientAuth::None),
    // The same one comes back with what is left of its year.
    rotation: Rotation::Never,
    refresh_absolute: RefreshEnd::After(days(365)),
    reasons: &[KnownReason {
        causes: &[Cause::NoRefreshToken],
        text: None,
        why: "LinkedIn gives refresh tokens to approved partners only; without one a token lasts 60 days.",
        advice: None,
        source: "https://learn.microsoft.com/linkedin/shared/authentication/programmatic-refresh-tokens",
    }],
    loopback: "http://127.0.0.1 or http://[::1] with any port",
    register: "An app in the LinkedIn developer portal for which LinkedIn has switched on PKCE for native clients (ask your contact there); refresh tokens are for approved partners only",
    docs: "https://learn.microsoft.com/linkedin/shared/authentication/programmatic-refresh-tokens",
    sources: &[
        (FactName::Endpoints, LINKEDIN_NATIVE),
        (FactName::Loopback, LINKEDIN_NATIVE),
        (FactName::Register, LINKEDIN_NATIVE),
        (
            FactName::Scopes,
            "https://learn.microsoft.com/linkedin/consumer/integrations/self-serve/sign-in-with-linkedin-v2",
        ),
    ],
    ..UNKNOWN
};
