//! Services that people work with.

use std::time::Duration;

use super::{
    super::{account::ClientAuth, cause::Cause},
    KnownReason, Provider, RefreshEnd, ReplyRule, Rotation, UNKNOWN, days,
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
    loopback: "Exactly as registered",
    register: "An application in your GitLab user settings, not confidential",
    docs: "https://docs.gitlab.com/api/oauth2/",
    ..UNKNOWN
};

const BITBUCKET: Provider = Provider {
    key: "bitbucket",
    name: "Bitbucket",
    auth_url: Some("https://bitbucket.org/site/oauth2/authorize"),
    token_url: Some("https://bitbucket.org/site/oauth2/access_token"),
    hosts: &["bitbucket.org"],
    loopback: "Exactly as registered",
    register: "An OAuth consumer in the workspace settings (its permissions are the scopes)",
    docs: "https://support.atlassian.com/bitbucket-cloud/docs/use-oauth-on-bitbucket-cloud/",
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
    rules: &[ReplyRule {
        status: Some(403),
        code: Some("unauthorized_client"),
        text: Some("refresh_token is invalid"),
        cause: Cause::RefreshTokenInvalid,
        source: "https://developer.atlassian.com/cloud/jira/platform/oauth-2-3lo-apps/",
    }],
    reasons: &[KnownReason {
        causes: &[Cause::RefreshTokenInvalid],
        text: None,
        why: "Atlassian ends grants that were not used for 90 days, and all grants when the password is changed.",
        advice: None,
        source: "https://developer.atlassian.com/cloud/jira/platform/oauth-2-3lo-apps/",
    }],
    loopback: "Exactly as registered",
    register: "An OAuth 2.0 (3LO) integration in the Atlassian developer console",
    docs: "https://developer.atlassian.com/cloud/jira/platform/oauth-2-3lo-apps/",
    ..UNKNOWN
};

const SLACK: Provider = Provider {
    key: "slack",
    name: "Slack",
    auth_url: Some("https://slack.com/oauth/v2/authorize"),
    token_url: Some("https://slack.com/api/oauth.v2.access"),
    hosts: &["slack.com"],
    rotation: Rotation::SingleUse { grace: None },
    loopback: "https only, exactly as registered",
    register: "A Slack app with token rotation switched on",
    docs: "https://docs.slack.dev/authentication/using-token-rotation",
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
    rotation: Rotation::Sometimes,
    rules: &[ReplyRule {
        status: None,
        code: Some("invalid_grant"),
        text: Some("expired authorization code"),
        cause: Cause::ConcurrentRefresh,
        source: "https://help.salesforce.com/s/articleView?id=sf.remoteaccess_oauth_flow_errors.htm",
    }],
    loopback: "http://localhost, exactly as registered",
    register: "An external client app or connected app with the scope `refresh_token`",
    docs: "https://help.salesforce.com/s/articleView?id=sf.remoteaccess_oauth_refresh_token_flow.htm",
    ..UNKNOWN
};

const ZOOM: Provider = Provider {
    key: "zoom",
    name: "Zoom",
    auth_url: Some("https://zoom.us/oauth/authorize"),
    token_url: Some("https://zoom.us/oauth/token"),
    revocation_url: Some("https://zoom.us/oauth/revoke"),
    hosts: &["zoom.us"],
    client_auth: Some(ClientAuth::Basic),
    rotation: Rotation::Sometimes,
    refresh_idle: RefreshEnd::After(days(90)),
    rules: &[ReplyRule {
        status: None,
        code: Some("invalid_request"),
        text: Some("Invalid Token"),
        cause: Cause::RefreshTokenInvalid,
        source: "https://github.com/raman325/ha-zoom-automation/pull/53",
    }],
    loopback: "Exactly as registered",
    register: "A “General app” in the Zoom app marketplace",
    docs: "https://developers.zoom.us/docs/integrations/oauth/",
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
    loopback: "http://localhost, exactly as registered",
    register: "A scoped app in the Dropbox app console",
    docs: "https://developers.dropbox.com/oauth-guide",
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
    loopback: "Exactly as registered",
    register: "A custom app with OAuth 2.0 user authentication in the Box developer console",
    docs: "https://developer.box.com/guides/authentication/tokens/refresh/",
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
    loopback: "Exactly as registered",
    register: "An OAuth application in the workspace's API settings",
    docs: "https://linear.app/developers/oauth-2-0-authentication",
    ..UNKNOWN
};

const NOTION: Provider = Provider {
    key: "notion",
    name: "Notion",
    auth_url: Some("https://api.notion.com/v1/oauth/authorize"),
    token_url: Some("https://api.notion.com/v1/oauth/token"),
    hosts: &["api.notion.com"],
    auth_params: &[("owner", "user")],
    client_auth: Some(ClientAuth::Basic),
    loopback: "Exactly as registered",
    register: "A public integration in Notion's integration settings",
    docs: "https://developers.notion.com/docs/authorization",
    ..UNKNOWN
};

const FIGMA: Provider = Provider {
    key: "figma",
    name: "Figma",
    auth_url: Some("https://www.figma.com/oauth"),
    token_url: Some("https://api.figma.com/v1/oauth/token"),
    hosts: &["api.figma.com"],
    scopes: &["current_user:read"],
    client_auth: Some(ClientAuth::Basic),
    loopback: "Exactly as registered",
    register: "An OAuth app at figma.com/developers/apps",
    docs: "https://developers.figma.com/docs/rest-api/authentication/",
    ..UNKNOWN
};

const ASANA: Provider = Provider {
    key: "asana",
    name: "Asana",
    auth_url: Some("https://app.asana.com/-/oauth_authorize"),
    token_url: Some("https://app.asana.com/-/oauth_token"),
    revocation_url: Some("https://app.asana.com/-/oauth_revoke"),
    hosts: &["app.asana.com"],
    rotation: Rotation::Never,
    loopback: "Exactly as registered",
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
    rotation: Rotation::Never,
    loopback: "http://localhost, exactly as registered",
    register: "A public app in a HubSpot developer account",
    docs: "https://developers.hubspot.com/docs/api/working-with-oauth",
    ..UNKNOWN
};
