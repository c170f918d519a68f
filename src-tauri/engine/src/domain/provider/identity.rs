//! Identity platforms and servers that organisations run.

use std::time::Duration;

use super::{super::cause::Cause, KnownReason, Provider, ReplyRule, Rotation, UNKNOWN};

pub const ROWS: &[Provider] = &[
    OKTA, AUTH0, KEYCLOAK, ZITADEL, AUTHENTIK, HYDRA, DEX, COGNITO, AWS, PING, FUSIONAUTH, SUPABASE,
];

const OKTA: Provider = Provider {
    key: "okta",
    name: "Okta",
    hosts: &["*.okta.com", "*.oktapreview.com", "*.okta-emea.com"],
    scopes: &["openid", "profile", "offline_access"],
    rotation: Rotation::Sometimes,
    device_flow: Some(true),
    loopback: "Exactly as registered",
    register: "An OIDC app of type “Native” with the grants Refresh Token and Authorization Code; give its issuer URL",
    docs: "https://developer.okta.com/docs/guides/refresh-tokens/main/",
    ..UNKNOWN
};

const AUTH0: Provider = Provider {
    key: "auth0",
    name: "Auth0",
    hosts: &["*.auth0.com"],
    scopes: &["openid", "profile", "offline_access"],
    rotation: Rotation::Sometimes,
    device_flow: Some(true),
    rules: &[
        ReplyRule {
            status: None,
            code: Some("server_error"),
            text: Some("Grant not found"),
            cause: Cause::RefreshTokenRevoked,
            source: "https://community.auth0.com/t/grant-not-found-cannot-refresh-access-token",
        },
        ReplyRule {
            status: Some(401),
            code: Some("access_denied"),
            text: Some("Unauthorized"),
            cause: Cause::ClientRejected,
            source: "https://auth0.com/docs/get-started/applications/confidential-and-public-applications",
        },
    ],
    loopback: "Exactly as registered",
    register: "A “Native” application with the Refresh Token grant; give its issuer URL",
    docs: "https://auth0.com/docs/secure/tokens/refresh-tokens",
    ..UNKNOWN
};

const KEYCLOAK: Provider = Provider {
    key: "keycloak",
    name: "Keycloak",
    scopes: &["openid"],
    rotation: Rotation::Sometimes,
    device_flow: Some(true),
    reasons: &[KnownReason {
        causes: &[Cause::SessionEnded, Cause::RefreshTokenExpired],
        text: None,
        why: "The realm ends sessions after its idle and maximum times.",
        advice: Some("Ask for the scope `offline_access`, whose sessions last longer."),
        source: "https://www.keycloak.org/docs/latest/server_admin/#_offline-access",
    }],
    loopback: "http://127.0.0.1 with any port, where the client allows it",
    register: "A client in your realm with “Standard flow”; give the realm's issuer URL",
    docs: "https://www.keycloak.org/docs/latest/server_admin/#_timeouts",
    ..UNKNOWN
};

const ZITADEL: Provider = Provider {
    key: "zitadel",
    name: "Zitadel",
    hosts: &["*.zitadel.cloud"],
    scopes: &["openid", "profile", "offline_access"],
    rotation: Rotation::SingleUse { grace: None },
    device_flow: Some(true),
    loopback: "http://127.0.0.1 with any port, for native apps",
    register: "A “Native” application with the Refresh Token grant; give your instance's URL as issuer",
    docs: "https://zitadel.com/docs/apis/openidoauth/endpoints",
    ..UNKNOWN
};

const AUTHENTIK: Provider = Provider {
    key: "authentik",
    name: "authentik",
    scopes: &["openid", "profile", "offline_access"],
    device_flow: Some(true),
    loopback: "Exactly as registered",
    register: "An OAuth2/OpenID provider with an application; give its issuer URL",
    docs: "https://docs.goauthentik.io/add-secure-apps/providers/oauth2/",
    ..UNKNOWN
};

const HYDRA: Provider = Provider {
    key: "ory-hydra",
    name: "Ory Hydra",
    hosts: &["*.projects.oryapis.com"],
    scopes: &["openid", "offline_access"],
    rotation: Rotation::SingleUse { grace: None },
    loopback: "http://127.0.0.1 with any port",
    register: "An OAuth 2.0 client with the grant `refresh_token` and the scope `offline_access`; give the issuer URL",
    docs: "https://www.ory.sh/docs/hydra/guides/graceful-token-refresh",
    ..UNKNOWN
};

const DEX: Provider = Provider {
    key: "dex",
    name: "Dex",
    scopes: &["openid", "profile", "offline_access"],
    rotation: Rotation::SingleUse { grace: None },
    device_flow: Some(true),
    loopback: "http://127.0.0.1 or localhost with any port, for public clients",
    register: "A static client with `public: true`; give the issuer URL",
    docs: "https://dexidp.io/docs/configuration/tokens/",
    ..UNKNOWN
};

const COGNITO: Provider = Provider {
    key: "cognito",
    name: "Amazon Cognito",
    hosts: &["*.amazoncognito.com"],
    scopes: &["openid"],
    rotation: Rotation::Sometimes,
    loopback: "http://localhost, exactly as registered",
    register: "An app client in your user pool with the authorization code grant; give the pool's domain",
    docs: "https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-the-refresh-token.html",
    ..UNKNOWN
};

const AWS: Provider = Provider {
    key: "aws-sso-oidc",
    name: "AWS IAM Identity Center",
    hosts: &["*.amazonaws.com"],
    rules: &[
        ReplyRule {
            status: Some(400),
            code: Some("invalid_request"),
            text: Some("KMS"),
            cause: Cause::PolicyBlocked,
            source: "https://docs.aws.amazon.com/singlesignon/latest/OIDCAPIReference/API_CreateToken.html",
        },
        ReplyRule {
            status: Some(400),
            code: Some("InvalidRequestRegionException"),
            text: None,
            cause: Cause::EndpointWrong,
            source: "https://docs.aws.amazon.com/singlesignon/latest/OIDCAPIReference/API_CreateToken.html",
        },
    ],
    register: "Nothing: the client registers itself",
    docs: "https://docs.aws.amazon.com/singlesignon/latest/OIDCAPIReference/API_CreateToken.html",
    ..UNKNOWN
};

const PING: Provider = Provider {
    key: "ping",
    name: "PingOne",
    hosts: &[
        "auth.pingone.com",
        "auth.pingone.eu",
        "auth.pingone.asia",
        "auth.pingone.ca",
    ],
    scopes: &["openid", "offline_access"],
    loopback: "Exactly as registered",
    register: "A “Native” application with the Refresh Token grant; give its issuer URL",
    docs: "https://docs.pingidentity.com/pingone/",
    ..UNKNOWN
};

const FUSIONAUTH: Provider = Provider {
    key: "fusionauth",
    name: "FusionAuth",
    hosts: &["*.fusionauth.io"],
    scopes: &["openid", "offline_access"],
    device_flow: Some(true),
    loopback: "Exactly as registered",
    register: "An application with the Refresh Token grant; give the tenant's issuer URL",
    docs: "https://fusionauth.io/docs/lifecycle/authenticate-users/oauth/endpoints",
    ..UNKNOWN
};

const SUPABASE: Provider = Provider {
    key: "supabase",
    name: "Supabase",
    hosts: &["*.supabase.co"],
    rotation: Rotation::SingleUse {
        grace: Some(Duration::from_secs(10)),
    },
    register: "An OAuth client in your project; give its endpoints",
    docs: "https://supabase.com/docs/guides/auth/sessions",
    ..UNKNOWN
};
