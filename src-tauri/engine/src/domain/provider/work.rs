//! Services that people work with.

use std::time::Duration;

use super::{
    super::{account::ClientAuth, cause::Cause},
    FactName, KnownReason, Provider, RefreshEnd, ReplyRule, RequestStyle, Rotation, UNKNOWN, days,
};

pub const ROWS: &[Provider] = &[
    GITLAB, BITBUCKET, ATLASSIAN, SLACK, SALESFORCE, ZOOM, DROPBOX, BOX, LINEAR, NOTION, FIGMA,
    ASANA, HUBSPOT,
];

const GITLAB: Provider = Provider {
    key: "gitlab",
    name: "GitLab",
    issuer: Some("https://gitlab.com"),
    auth_url: Some("https://gitlab.com/oauth/authorize"),
    token_url: Some("https://gitlab.com/oauth/token"),
    device_url: Some("https://gitlab.com/oauth/authorize_device"),
    revocation_url: Some("https://gitlab.com/oauth/revoke"),
    hosts: &["gitlab.com"],
    scopes: &["openid", "read_user"],
    rotation: Rotation::SingleUse { grace: None },
    voids_access_token: Some(true),
    device_flow: Some(true),
    loopback: "http://127.0.0.1 with any port",
    register: "An application in your GitLab user settings, not confidential",
    docs: "https://docs.gitlab.com/api/oauth2/",
    sources: &[(
        FactName::Loopback,
        "https://github.com/doorkeeper-gem/doorkeeper/blob/main/lib/doorkeeper/oauth/helpers/uri_checker.rb",
    )],
    ..UNKNOWN
};

const BITBUCKET: Provider = Provider {
    key: "bitbucket",
    name: "Bitbucket",
    auth_url: Some("https://bitbucket.org/site/oauth2/authorize"),
    token_url: Some("https://bitbucket.org/site/oauth2/access_token"),
    hosts: &["bitbucket.org"],
    client_auth: Some(ClientAuth::Basic),
    rotation: Rotation::SingleUse { grace: None },
    refresh_idle: RefreshEnd::After(days(90)),
    reasons: &[KnownReason {
        causes: &[Cause::RefreshTokenInvalid, Cause::RefreshTokenExpired],
        text: None,
        why: "Bitbucket ends grants that were not used for three months.",
        advice: None,
        source: "https://community.developer.atlassian.com/t/oauth-2-0-and-api-authentication-changes-for-bitbucket-cloud/99003",
    }],
    device_flow: Some(false),
    loopback: "http://127.0.0.1 with any port",
    register: "An OAuth consumer in the workspace settings (its permissions are the scopes)",
    docs: "https://support.atlassian.com/bitbucket-cloud/docs/use-oauth-on-bitbucket-cloud/",
    sources: &[
        (
            FactName::DeviceFlow,
            "https://github.com/hickford/git-credential-oauth",
        ),
        (
            FactName::Loopback,
            "https://github.com/hickford/git-credential-oauth",
        ),
        (
            FactName::Rotation,
            "https://community.developer.atlassian.com/t/oauth-2-0-and-api-authentication-changes-for-bitbucket-cloud/99003",
        ),
        (
            FactName::RefreshIdle,
            "https://community.developer.atlassian.com/t/oauth-2-0-and-api-authentication-changes-for-bitbucket-cloud/99003",
        ),
    ],
    ..UNKNOWN
};

const ATLASSIAN: Provider = Provider {
    key: "atlassian",
    name: "Atlassian",
    auth_url: Some("https://auth.atlassian.com/authorize"),
    token_url: Some("https://auth.atlassian.com/oauth/token"),
    hosts: &["auth.atlassian.com"],
    scopes: &["offline_access", "read:me"],
    auth_params: &[("audience", "api.atlassian.com"), ("prompt", "consent")],
    client_auth: Some(ClientAuth::Post),
    rotation: Rotation::SingleUse {
        grace: Some(Duration::from_mins(10)),
    },
    refresh_idle: RefreshEnd::After(days(90)),
    refresh_absolute: RefreshEnd::After(days(365)),
    rules: &[ReplyRule {
        status: Some(403),
        code: Some("unauthorized_client"),
        text: Some("refresh_token is invalid"),
        cause: Cause::RefreshTokenInvalid,
        source: "https://github.com/ParabolInc/parabol/issues/11849",
    }],
    reasons: &[KnownReason {
        causes: &[Cause::RefreshTokenInvalid],
        text: None,
        why: "Atlassian ends grants that were not used for 90 days, and every grant after a year.",
        advice: None,
        source: "https://community.developer.atlassian.com/t/updated-31-january-2022-action-required-deprecating-persistent-refresh-tokens/54172",
    }],
    register: "An OAuth 2.0 (3LO) integration in the Atlassian developer console",
    docs: "https://developer.atlassian.com/cloud/jira/platform/oauth-2-3lo-apps/",
    sources: &[
        (
            FactName::ReuseGrace,
            "https://community.developer.atlassian.com/t/updated-31-january-2022-action-required-deprecating-persistent-refresh-tokens/54172",
        ),
        (
            FactName::RefreshAbsolute,
            "https://community.developer.atlassian.com/t/updated-31-january-2022-action-required-deprecating-persistent-refresh-tokens/54172",
        ),
    ],
    ..UNKNOWN
};

const SLACK: Provider = Provider {
    key: "slack",
    name: "Slack",
    auth_url: Some("https://slack.com/oauth/v2/authorize"),
    token_url: Some("https://slack.com/api/oauth.v2.access"),
    hosts: &["slack.com"],
    rotation: Rotation::SingleUse { grace: None },
    // Of apps with PKCE, which a redirect to this computer needs; without, they do not end.
    refresh_idle: RefreshEnd::After(days(30)),
    loopback: "http://localhost, for apps with PKCE switched on and user scopes only",
    register: "A Slack app with token rotation and PKCE switched on; its scopes go into the parameter `user_scope`",
    docs: "https://docs.slack.dev/authentication/using-token-rotation",
    sources: &[
        (
            FactName::RefreshIdle,
            "https://docs.slack.dev/authentication/using-pkce",
        ),
        (
            FactName::Loopback,
            "https://docs.slack.dev/changelog/2026/03/30/pkce",
        ),
        (
            FactName::Register,
            "https://docs.slack.dev/authentication/using-pkce",
        ),
    ],
    ..UNKNOWN
};

const SALESFORCE: Provider = Provider {
    key: "salesforce",
    name: "Salesforce",
    issuer: Some("https://login.salesforce.com"),
    auth_url: Some("https://login.salesforce.com/services/oauth2/authorize"),
    token_url: Some("https://login.salesforce.com/services/oauth2/token"),
    revocation_url: Some("https://login.salesforce.com/services/oauth2/revoke"),
    hosts: &[
        "login.salesforce.com",
        "test.salesforce.com",
        "*.my.salesforce.com",
    ],
    scopes: &["api", "refresh_token"],
    // Each app has rotation on or off.
    rotation: Rotation::Sometimes,
    refresh_idle: RefreshEnd::Configured { default: None },
    refresh_absolute: RefreshEnd::Configured { default: None },
    // Refreshes that come at once, and some that do not, are answered with an `invalid_grant` that
    // passes.
    confirmations: Some(3),
    rules: &[ReplyRule {
        status: None,
        code: Some("invalid_grant"),
        text: Some("expired authorization code"),
        cause: Cause::ConcurrentRefresh,
        source: "https://github.com/segmentio/action-destinations/pull/2300",
    }],
    reasons: &[KnownReason {
        causes: &[
            Cause::RefreshTokenInvalid,
            Cause::RefreshTokenExpired,
            Cause::RefreshTokenRevoked,
        ],
        text: None,
        why: "Salesforce keeps five grants for each person and app: a sixth ends the oldest; and the app's refresh token policy may end them after a time.",
        advice: Some("Your Salesforce administrator can change the app's refresh token policy."),
        source: "https://docs.oracle.com/en/cloud/paas/integration-cloud/sforce-adapter/error-when-connected-app-attempts-access-your-salesforce-data.html",
    }],
    loopback: "http://localhost, as registered",
    register: "An external client app with the scope `refresh_token` and PKCE",
    docs: "https://help.salesforce.com/s/articleView?id=sf.remoteaccess_oauth_refresh_token_flow.htm",
    sources: &[
        (
            FactName::RefreshIdle,
            "https://help.salesforce.com/s/articleView?id=xcloud.connected_app_limit_idle_ttl.htm&language=en_US&type=5",
        ),
        (
            FactName::RefreshAbsolute,
            "https://help.salesforce.com/s/articleView?id=xcloud.connected_app_manage_oauth.htm&language=en_US&type=5",
        ),
        (
            FactName::Register,
            "https://developer.salesforce.com/docs/platform/isvforce/guide/secure-code-ac-eca.md",
        ),
        (
            FactName::Loopback,
            "https://github.com/forcedotcom/sfdx-core/blob/main/src/webOAuthServer.ts",
        ),
        (
            FactName::Confirmations,
            "https://github.com/jsforce/jsforce/issues/1170",
        ),
    ],
    ..UNKNOWN
};

const ZOOM: Provider = Provider {
    key: "zoom",
    name: "Zoom",
    auth_url: Some("https://zoom.us/oauth/authorize"),
    token_url: Some("https://zoom.us/oauth/token"),
    device_url: Some("https://zoom.us/oauth/devicecode"),
    revocation_url: Some("https://zoom.us/oauth/revoke"),
    hosts: &["zoom.us"],
    client_auth: Some(ClientAuth::Basic),
    rotation: Rotation::SingleUse { grace: None },
    device_flow: Some(true),
    // Zoom says `invalid_request` for faults of its own as well.
    rules: &[ReplyRule {
        status: None,
        code: Some("invalid_request"),
        text: Some("Invalid Token"),
        cause: Cause::RefreshTokenInvalid,
        source: "https://devsupport.zoom.us/hc/en-us/articles/360060332931-Extending-the-expiration-for-an-OAuth-access-token",
    }],
    reasons: &[KnownReason {
        causes: &[Cause::RefreshTokenInvalid],
        text: Some("invalid token"),
        why: "Zoom takes the newest refresh token only; a newer sign-in of the same account and app elsewhere replaces it, too.",
        advice: Some("Give each program that uses this Zoom account an app of its own."),
        source: "https://github.com/iamfatness/CoreVideo/pull/196",
    }],
    register: "A “General app” in the Zoom app marketplace",
    docs: "https://developers.zoom.us/docs/integrations/oauth/",
    sources: &[
        (
            FactName::Rotation,
            "https://devsupport.zoom.us/hc/en-us/articles/360060332931-Extending-the-expiration-for-an-OAuth-access-token",
        ),
        (
            FactName::DeviceFlow,
            "https://github.com/anthropics/knowledge-work-plugins/blob/main/partner-built/zoom-plugin/skills/oauth/SKILL.md",
        ),
    ],
    ..UNKNOWN
};

const DROPBOX: Provider = Provider {
    key: "dropbox",
    name: "Dropbox",
    auth_url: Some("https://www.dropbox.com/oauth2/authorize"),
    token_url: Some("https://api.dropboxapi.com/oauth2/token"),
    hosts: &["api.dropboxapi.com", "api.dropbox.com"],
    auth_params: &[("token_access_type", "offline")],
    rotation: Rotation::Never,
    loopback: "http://localhost, as registered",
    rules: &[ReplyRule {
        status: Some(400),
        code: None,
        text: Some("No auth function available"),
        cause: Cause::ClientRejected,
        source: "https://github.com/dropbox/dropbox-sdk-rust/issues/85",
    }],
    register: "A scoped app in the Dropbox app console",
    docs: "https://dropbox.tech/developers/using-oauth-2-0-with-offline-access",
    sources: &[
        (
            FactName::Rotation,
            "https://github.com/boly38/dropbox-refresh-token",
        ),
        (
            FactName::Loopback,
            "https://better-auth.com/docs/authentication/dropbox",
        ),
    ],
    ..UNKNOWN
};

const BOX: Provider = Provider {
    key: "box",
    name: "Box",
    auth_url: Some("https://account.box.com/api/oauth2/authorize"),
    token_url: Some("https://api.box.com/oauth2/token"),
    revocation_url: Some("https://api.box.com/oauth2/revoke"),
    hosts: &["api.box.com"],
    client_auth: Some(ClientAuth::Post),
    rotation: Rotation::SingleUse { grace: None },
    refresh_idle: RefreshEnd::After(days(60)),
    reasons: &[KnownReason {
        causes: &[Cause::RefreshTokenInvalid, Cause::RefreshTokenExpired],
        text: None,
        why: "A Box refresh token works once and for 60 days; Box says that it has expired in both cases.",
        advice: None,
        source: "https://support.box.com/hc/en-us/community/posts/360049159714-Need-help-with-refresh-token-expiry-information-I-m-getting-Refresh-Token-has-expired-",
    }],
    loopback: "http://localhost or http://127.0.0.1 with any port; the rest as registered",
    register: "A platform app with OAuth 2.0 user authentication in the Box developer console",
    docs: "https://developer.box.com/guides/authentication/tokens/refresh",
    sources: &[
        (
            FactName::Loopback,
            "https://developer.box.com/guides/authentication/oauth2/oauth2-setup",
        ),
        (
            FactName::Register,
            "https://developer.box.com/guides/authentication/oauth2/oauth2-setup",
        ),
    ],
    ..UNKNOWN
};

const LINEAR: Provider = Provider {
    key: "linear",
    name: "Linear",
    auth_url: Some("https://linear.app/oauth/authorize"),
    token_url: Some("https://api.linear.app/oauth/token"),
    revocation_url: Some("https://api.linear.app/oauth/revoke"),
    hosts: &["api.linear.app"],
    scopes: &["read"],
    scope_separator: ",",
    // Unknown: whether there is a reuse grace.
    rotation: Rotation::SingleUse { grace: None },
    register: "An OAuth application in the workspace's API settings",
    docs: "https://linear.app/developers/oauth-2-0-authentication",
    sources: &[(
        FactName::Rotation,
        "https://nango.dev/blog/linear-oauth-refresh-token-invalid-grant",
    )],
    ..UNKNOWN
};

const NOTION: Provider = Provider {
    key: "notion",
    name: "Notion",
    auth_url: Some("https://api.notion.com/v1/oauth/authorize"),
    token_url: Some("https://api.notion.com/v1/oauth/token"),
    hosts: &["api.notion.com"],
    auth_params: &[("owner", "user")],
    request_style: RequestStyle {
        json: true,
        headers: &[("notion-version", "2022-06-28")],
    },
    client_auth: Some(ClientAuth::Basic),
    rotation: Rotation::SingleUse { grace: None },
    register: "A public integration in Notion's integration settings",
    docs: "https://developers.notion.com/reference/refresh-a-token",
    sources: &[
        (
            FactName::Rotation,
            "https://nango.dev/blog/notion-oauth-refresh-token-invalid-grant",
        ),
        (
            FactName::Register,
            "https://developers.notion.com/docs/authorization",
        ),
    ],
    ..UNKNOWN
};

const FIGMA: Provider = Provider {
    key: "figma",
    name: "Figma",
    auth_url: Some("https://www.figma.com/oauth"),
    token_url: Some("https://api.figma.com/v1/oauth/token"),
    refresh_url: Some("https://api.figma.com/v1/oauth/refresh"),
    hosts: &["api.figma.com"],
    scopes: &["current_user:read"],
    client_auth: Some(ClientAuth::Basic),
    rotation: Rotation::Never,
    register: "An OAuth app at figma.com/developers/apps",
    docs: "https://developers.figma.com/docs/rest-api/authentication/",
    sources: &[
        (
            FactName::Endpoints,
            "https://github.com/NangoHQ/nango/blob/master/packages/providers/providers.yaml",
        ),
        (FactName::Rotation, "https://arcticjs.dev/providers/figma"),
    ],
    ..UNKNOWN
};

const ASANA: Provider = Provider {
    key: "asana",
    name: "Asana",
    auth_url: Some("https://app.asana.com/-/oauth_authorize"),
    token_url: Some("https://app.asana.com/-/oauth_token"),
    revocation_url: Some("https://app.asana.com/-/oauth_revoke"),
    hosts: &["app.asana.com"],
    register: "An app in Asana's developer console",
    docs: "https://developers.asana.com/docs/oauth",
    ..UNKNOWN
};

const HUBSPOT: Provider = Provider {
    key: "hubspot",
    name: "HubSpot",
    auth_url: Some("https://app.hubspot.com/oauth/authorize"),
    token_url: Some("https://api.hubapi.com/oauth/v1/token"),
    hosts: &["api.hubapi.com"],
    scopes: &["oauth"],
    client_auth: Some(ClientAuth::Post),
    loopback: "http://localhost, as registered, for testing",
    register: "An app in a HubSpot developer account; a super admin must install it",
    docs: "https://developers.hubspot.com/docs/api-reference/legacy/authentication/oauth-tokens/v1/guide",
    sources: &[
        (
            FactName::Loopback,
            "https://developers.hubspot.com/changelog/upcoming-public-apps-will-require-a-redirect-url-in-the-auth-settings",
        ),
        (
            FactName::Register,
            "https://developers.hubspot.com/docs/api/oauth-quickstart-guide",
        ),
    ],
    ..UNKNOWN
};
