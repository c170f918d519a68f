//! Identity platforms and servers that organisations run.

use std::time::Duration;

use super::{
    super::cause::Cause, FactName, KnownReason, Provider, RefreshEnd, ReplyRule, Rotation, UNKNOWN,
    days,
};

pub const ROWS: &[Provider] = &[
    OKTA, AUTH0, KEYCLOAK, ZITADEL, AUTHENTIK, HYDRA, DEX, COGNITO, AWS, PING, FUSIONAUTH, SUPABASE,
];

const OKTA: Provider = Provider {
    key: "okta",
    name: "Okta",
    hosts: &["*.okta.com", "*.oktapreview.com", "*.okta-emea.com"],
    scopes: &["openid", "profile", "offline_access"],
    // Native apps keep theirs; an administrator can have it rotated, with a grace of 0 to 60 s.
    rotation: Rotation::Sometimes,
    refresh_idle: RefreshEnd::Configured {
        default: Some(days(7)),
    },
    refresh_absolute: RefreshEnd::Configured { default: None },
    device_flow: Some(true),
    register: "An OIDC app of type “Native” with the grants Refresh Token and Authorization Code; give its issuer URL",
    docs: "https://developer.okta.com/docs/guides/refresh-tokens/main/",
    sources: &[(
        FactName::RefreshAbsolute,
        "https://support.okta.com/help/s/article/refresh-token-expiration-behavior",
    )],
    reasons: &[KnownReason {
        causes: &[Cause::RefreshTokenInvalid, Cause::RefreshTokenExpired],
        text: None,
        why: "Okta says the same of a refresh token that has expired, was revoked, or was used twice; as it comes, a grant ends when it was not used for 7 days.",
        advice: Some(
            "Your organisation's administrator sees the reason in Okta's System Log, and can lengthen the time in the authorization server's access policy.",
        ),
        source: "https://support.okta.com/help/s/article/okta-refresh-token-invalid-or-expired-error-error-invalid-grant-error-description-the-refresh-token-is-invalid-or-expired",
    }],
    ..UNKNOWN
};

const AUTH0: Provider = Provider {
    key: "auth0",
    name: "Auth0",
    hosts: &["*.auth0.com"],
    scopes: &["openid", "profile", "offline_access"],
    // Each application has rotation on or off, and a reuse grace that is off at first.
    rotation: Rotation::Sometimes,
    refresh_idle: RefreshEnd::Configured { default: None },
    refresh_absolute: RefreshEnd::Configured {
        default: Some(days(30)),
    },
    device_flow: Some(true),
    register: "A “Native” application with the Refresh Token grant; give its issuer URL",
    docs: "https://auth0.com/docs/secure/tokens/refresh-tokens/configure-refresh-token-expiration",
    sources: &[
        (
            FactName::Rotation,
            "https://auth0.com/docs/secure/tokens/refresh-tokens/configure-refresh-token-rotation",
        ),
        (
            FactName::DeviceFlow,
            "https://auth0.com/docs/quickstart/native/device/interactive",
        ),
    ],
    rules: &[
        ReplyRule {
            status: None,
            code: Some("server_error"),
            text: Some("Grant not found"),
            cause: Cause::RefreshTokenRevoked,
            source: "https://github.com/auth0/node-auth0/issues/496",
        },
        ReplyRule {
            status: Some(401),
            code: Some("access_denied"),
            text: Some("Unauthorized"),
            cause: Cause::ClientRejected,
            source: "https://github.com/auth0/node-auth0/issues/134",
        },
    ],
    ..UNKNOWN
};

const KEYCLOAK: Provider = Provider {
    key: "keycloak",
    name: "Keycloak",
    scopes: &["openid"],
    // “Revoke Refresh Token” in the realm's settings.
    rotation: Rotation::Sometimes,
    refresh_idle: RefreshEnd::Configured { default: None },
    refresh_absolute: RefreshEnd::Configured { default: None },
    device_flow: Some(true),
    loopback: "As registered, where the address may end in `*`",
    sources: &[
        (
            FactName::DeviceFlow,
            "https://www.keycloak.org/docs/latest/server_admin/#con-basic-settings_server_administration_guide",
        ),
        (
            FactName::Loopback,
            "https://www.keycloak.org/docs/latest/server_admin/#con-basic-settings_server_administration_guide",
        ),
    ],
    reasons: &[KnownReason {
        causes: &[Cause::SessionEnded, Cause::RefreshTokenExpired],
        text: None,
        why: "The realm ends sessions after its idle and maximum times.",
        advice: Some("Ask for the scope `offline_access`, whose sessions have times of their own."),
        source: "https://www.keycloak.org/docs/latest/server_admin/#_timeouts",
    }],
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
    refresh_idle: RefreshEnd::Configured {
        default: Some(days(30)),
    },
    refresh_absolute: RefreshEnd::Configured {
        default: Some(days(90)),
    },
    device_flow: Some(true),
    loopback: "http://localhost, http://127.0.0.1 or http://[::1] with any port, for native apps",
    register: "A “Native” application with the Refresh Token grant; give your instance's URL as issuer",
    docs: "https://zitadel.com/docs/apis/openidoauth/endpoints",
    sources: &[
        (
            FactName::Rotation,
            "https://github.com/zitadel/zitadel/blob/main/internal/command/oidc_session_model.go",
        ),
        (
            FactName::RefreshIdle,
            "https://zitadel.com/docs/self-hosting/manage/production",
        ),
        (
            FactName::RefreshAbsolute,
            "https://zitadel.com/docs/self-hosting/manage/production",
        ),
        (
            FactName::DeviceFlow,
            "https://github.com/zitadel/zitadel/blob/main/internal/api/oidc/op.go",
        ),
        (
            FactName::Loopback,
            "https://github.com/zitadel/oidc/blob/main/pkg/op/auth_request.go",
        ),
    ],
    ..UNKNOWN
};

const AUTHENTIK: Provider = Provider {
    key: "authentik",
    name: "authentik",
    scopes: &["openid", "profile", "offline_access"],
    rotation: Rotation::Sometimes,
    device_flow: Some(true),
    loopback: "As registered, or by a pattern that the administrator registers",
    register: "An OAuth2/OpenID provider with an application and the scope mapping `offline_access`; give its issuer URL",
    docs: "https://docs.goauthentik.io/add-secure-apps/providers/oauth2/",
    ..UNKNOWN
};

const HYDRA: Provider = Provider {
    key: "ory-hydra",
    name: "Ory Hydra",
    hosts: &["*.projects.oryapis.com"],
    scopes: &["openid", "offline_access"],
    // The grace is off at first and at most 5 min.
    rotation: Rotation::SingleUse { grace: None },
    refresh_idle: RefreshEnd::Configured {
        default: Some(days(30)),
    },
    voids_access_token: Some(true),
    loopback: "http://127.0.0.1 or http://[::1] with any port",
    register: "An OAuth 2.0 client with the grant `refresh_token` and the scope `offline_access`; give the issuer URL",
    docs: "https://www.ory.sh/docs/hydra/guides/graceful-token-refresh",
    sources: &[
        (
            FactName::RefreshIdle,
            "https://github.com/ory/hydra/blob/master/spec/config.json",
        ),
        (
            FactName::Loopback,
            "https://github.com/ory/hydra/blob/master/fosite/authorize_helper.go",
        ),
    ],
    ..UNKNOWN
};

const DEX: Provider = Provider {
    key: "dex",
    name: "Dex",
    scopes: &["openid", "profile", "offline_access"],
    // Rotation and a reuse interval are the server's settings; rotation is on at first.
    rotation: Rotation::SingleUse { grace: None },
    refresh_idle: RefreshEnd::Configured { default: None },
    refresh_absolute: RefreshEnd::Configured { default: None },
    device_flow: Some(true),
    rules: &[
        ReplyRule {
            status: Some(400),
            code: Some("invalid_request"),
            text: Some("invalid or has already been claimed"),
            cause: Cause::RefreshTokenInvalid,
            source: "https://github.com/dexidp/dex/blob/master/server/grants/refresh.go",
        },
        ReplyRule {
            status: Some(400),
            code: Some("invalid_request"),
            text: Some("refresh token expired"),
            cause: Cause::RefreshTokenExpired,
            source: "https://github.com/dexidp/dex/blob/master/server/grants/refresh.go",
        },
    ],
    loopback: "http://localhost or http://127.0.0.1 with any port, for public clients without redirects of their own",
    register: "A static client with `public: true`; give the issuer URL",
    docs: "https://dexidp.io/docs/configuration/tokens/",
    sources: &[
        (
            FactName::Loopback,
            "https://dexidp.io/docs/configuration/custom-scopes-claims-clients/",
        ),
        (
            FactName::DeviceFlow,
            "https://github.com/dexidp/dex/blob/master/server/device/device.go",
        ),
    ],
    ..UNKNOWN
};

const COGNITO: Provider = Provider {
    key: "cognito",
    name: "Amazon Cognito",
    hosts: &["*.amazoncognito.com"],
    scopes: &["openid"],
    // Each app client has rotation on or off, with a grace of up to 60 s.
    rotation: Rotation::Sometimes,
    refresh_absolute: RefreshEnd::Configured {
        default: Some(days(30)),
    },
    loopback: "http://localhost, as registered",
    register: "An app client in your user pool with the authorization code grant; give the pool's domain",
    docs: "https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-the-refresh-token.html",
    sources: &[(
        FactName::Loopback,
        "https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_CreateUserPoolClient.html",
    )],
    ..UNKNOWN
};

const AWS: Provider = Provider {
    key: "aws-sso-oidc",
    name: "AWS IAM Identity Center",
    not_offered: Some(
        "AWS IAM Identity Center speaks a protocol of its own (CreateToken) that Tokentray does not speak; use AWS's own tools for it.",
    ),
    hosts: &["*.amazonaws.com"],
    // The session's length is what the organisation set for its access portal.
    refresh_absolute: RefreshEnd::Configured { default: None },
    device_flow: Some(true),
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
    loopback: "A local port that the program chooses",
    register: "A client made with the call `RegisterClient`, as AWS's own tools do by themselves",
    docs: "https://docs.aws.amazon.com/sdkref/latest/guide/feature-sso-credentials.html",
    sources: &[
        (
            FactName::DeviceFlow,
            "https://docs.aws.amazon.com/cli/latest/reference/sso/login.html",
        ),
        (
            FactName::Loopback,
            "https://docs.aws.amazon.com/cli/latest/reference/sso/login.html",
        ),
        (
            FactName::Register,
            "https://docs.aws.amazon.com/singlesignon/latest/OIDCAPIReference/API_RegisterClient.html",
        ),
    ],
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
    device_flow: Some(true),
    register: "A “Native” application with the Refresh Token grant; give its issuer URL",
    docs: "https://docs.pingidentity.com/pingone/applications/p1_grant_types.html",
    sources: &[(
        FactName::Register,
        "https://docs.pingidentity.com/pingone/applications/p1_edit_application_native.html",
    )],
    ..UNKNOWN
};

const FUSIONAUTH: Provider = Provider {
    key: "fusionauth",
    name: "FusionAuth",
    hosts: &["*.fusionauth.io"],
    scopes: &["openid", "offline_access"],
    // The tenant or application chooses between reusable, which it is at first, and one-time use
    // with a grace.
    rotation: Rotation::Sometimes,
    refresh_idle: RefreshEnd::Configured { default: None },
    refresh_absolute: RefreshEnd::Configured { default: None },
    register: "An application with the Refresh Token grant; give the tenant's issuer URL",
    docs: "https://fusionauth.io/docs/lifecycle/authenticate-users/login-api/json-web-tokens",
    sources: &[(
        FactName::Rotation,
        "https://github.com/FusionAuth/fusionauth-site/pull/3464",
    )],
    ..UNKNOWN
};

const SUPABASE: Provider = Provider {
    key: "supabase",
    name: "Supabase",
    hosts: &["*.supabase.co"],
    // Beyond the grace the newest token's parent is taken as well.
    rotation: Rotation::SingleUse {
        grace: Some(Duration::from_secs(10)),
    },
    refresh_idle: RefreshEnd::Configured { default: None },
    refresh_absolute: RefreshEnd::Configured { default: None },
    reasons: &[KnownReason {
        causes: &[Cause::SessionEnded, Cause::RefreshTokenRevoked],
        text: None,
        why: "A Supabase session ends with a sign-out, a changed password, the project's own time limits, or, where the project allows one session only, a newer sign-in.",
        advice: None,
        source: "https://supabase.com/docs/guides/auth/sessions",
    }],
    register: "An OAuth client in your project; give its endpoints",
    docs: "https://supabase.com/docs/guides/auth/sessions",
    sources: &[(
        FactName::Register,
        "https://supabase.com/docs/guides/auth/oauth-server/getting-started",
    )],
    ..UNKNOWN
};
