//! Finance, play and people.

use std::time::Duration;

use super::{
    super::{account::ClientAuth, cause::Cause},
    KnownReason, Provider, RefreshEnd, Rotation, UNKNOWN, days,
};

pub const ROWS: &[Provider] = &[
    XERO, INTUIT, ZOHO, DISCORD, TWITCH, SPOTIFY, FITBIT, STRAVA, X, LINKEDIN,
];

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
    loopback: "http://localhost, exactly as registered",
    register: "An app of type “Mobile or desktop app” in the Xero developer portal",
    docs: "https://developer.xero.com/documentation/guides/oauth2/token-types",
    ..UNKNOWN
};

const INTUIT: Provider = Provider {
    key: "intuit",
    name: "Intuit QuickBooks",
    auth_url: Some("https://appcenter.intuit.com/connect/oauth2"),
    token_url: Some("https://oauth.platform.intuit.com/oauth2/v1/tokens/bearer"),
    revocation_url: Some("https://developer.api.intuit.com/v2/oauth2/tokens/revoke"),
    hosts: &["oauth.platform.intuit.com"],
    scopes: &["com.intuit.quickbooks.accounting"],
    client_auth: Some(ClientAuth::Basic),
    rotation: Rotation::Sometimes,
    refresh_idle: RefreshEnd::After(days(100)),
    refresh_absolute: RefreshEnd::After(days(1_825)),
    reasons: &[KnownReason {
        causes: &[Cause::RefreshTokenInvalid, Cause::RefreshTokenExpired],
        text: None,
        why: "Intuit ends grants that were not used for 100 days, and every grant after five years.",
        advice: None,
        source: "https://developer.intuit.com/app/developer/qbo/docs/develop/authentication-and-authorization/faq",
    }],
    loopback: "Exactly as registered",
    register: "An app on the Intuit developer portal",
    docs: "https://developer.intuit.com/app/developer/qbo/docs/develop/authentication-and-authorization/faq",
    ..UNKNOWN
};

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
        "accounts.zoho.jp",
    ],
    auth_params: &[("access_type", "offline"), ("prompt", "consent")],
    client_auth: Some(ClientAuth::Post),
    rotation: Rotation::Never,
    loopback: "Exactly as registered",
    register: "A client in the Zoho API console; the address must be that of your data centre",
    docs: "https://www.zoho.com/accounts/protocol/oauth/web-apps/access-token-expiry.html",
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
    loopback: "Exactly as registered",
    register: "An application in the Discord developer portal",
    docs: "https://discord.com/developers/docs/topics/oauth2",
    ..UNKNOWN
};

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
        why: "Twitch ends grants when the password is changed or the app is disconnected.",
        advice: None,
        source: "https://dev.twitch.tv/docs/authentication/refresh-tokens/",
    }],
    loopback: "http://localhost, exactly as registered",
    register: "An application in the Twitch developer console",
    docs: "https://dev.twitch.tv/docs/authentication/refresh-tokens/",
    ..UNKNOWN
};

const SPOTIFY: Provider = Provider {
    key: "spotify",
    name: "Spotify",
    auth_url: Some("https://accounts.spotify.com/authorize"),
    token_url: Some("https://accounts.spotify.com/api/token"),
    hosts: &["accounts.spotify.com"],
    rotation: Rotation::Sometimes,
    loopback: "http://127.0.0.1 with any port (localhost is refused)",
    register: "An app in the Spotify developer dashboard",
    docs: "https://developer.spotify.com/documentation/web-api/tutorials/refreshing-tokens",
    ..UNKNOWN
};

const FITBIT: Provider = Provider {
    key: "fitbit",
    name: "Fitbit",
    auth_url: Some("https://www.fitbit.com/oauth2/authorize"),
    token_url: Some("https://api.fitbit.com/oauth2/token"),
    revocation_url: Some("https://api.fitbit.com/oauth2/revoke"),
    hosts: &["api.fitbit.com"],
    scopes: &["profile"],
    rotation: Rotation::SingleUse {
        grace: Some(Duration::from_mins(2)),
    },
    loopback: "Exactly as registered",
    register: "An app of type “Client” or “Personal” at dev.fitbit.com",
    docs: "https://dev.fitbit.com/build/reference/web-api/authorization/refresh-token/",
    ..UNKNOWN
};

const STRAVA: Provider = Provider {
    key: "strava",
    name: "Strava",
    auth_url: Some("https://www.strava.com/oauth/authorize"),
    token_url: Some("https://www.strava.com/oauth/token"),
    hosts: &["www.strava.com"],
    scopes: &["read"],
    client_auth: Some(ClientAuth::Post),
    rotation: Rotation::Sometimes,
    loopback: "http://localhost or http://127.0.0.1 with any port",
    register: "An API application in your Strava settings",
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
    loopback: "Exactly as registered",
    register: "An app with OAuth 2.0 user authentication in the X developer portal",
    docs: "https://docs.x.com/resources/fundamentals/authentication/oauth-2-0/authorization-code",
    ..UNKNOWN
};

const LINKEDIN: Provider = Provider {
    key: "linkedin",
    name: "LinkedIn",
    auth_url: Some("https://www.linkedin.com/oauth/v2/authorization"),
    token_url: Some("https://www.linkedin.com/oauth/v2/accessToken"),
    hosts: &["www.linkedin.com"],
    scopes: &["openid", "profile"],
    client_auth: Some(ClientAuth::Post),
    refresh_absolute: RefreshEnd::After(days(365)),
    loopback: "Exactly as registered",
    register: "An app in the LinkedIn developer portal; refresh tokens are for approved partners only",
    docs: "https://learn.microsoft.com/linkedin/shared/authentication/programmatic-refresh-tokens",
    ..UNKNOWN
};
