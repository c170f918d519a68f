//! Services and apps, each with its own ways.

use super::{super::cause::Cause, Provider, ReplyRule, UNKNOWN};

pub const ROWS: &[Provider] = &[ATLASSIAN, SALESFORCE, ZOOM];

const ATLASSIAN: Provider = Provider {
    key: "atlassian",
    name: "Atlassian",
    hosts: &["auth.atlassian.com"],
    rules: &[ReplyRule {
        status: Some(403),
        code: Some("unauthorized_client"),
        text: Some("refresh_token is invalid"),
        cause: Cause::RefreshTokenInvalid,
        source: "https://developer.atlassian.com/cloud/jira/platform/oauth-2-3lo-apps/",
    }],
    ..UNKNOWN
};

const SALESFORCE: Provider = Provider {
    key: "salesforce",
    name: "Salesforce",
    hosts: &[
        "login.salesforce.com",
        "test.salesforce.com",
        "*.my.salesforce.com",
    ],
    rules: &[ReplyRule {
        status: None,
        code: Some("invalid_grant"),
        text: Some("expired authorization code"),
        cause: Cause::ConcurrentRefresh,
        source: "https://help.salesforce.com/s/articleView?id=sf.remoteaccess_oauth_flow_errors.htm",
    }],
    ..UNKNOWN
};

const ZOOM: Provider = Provider {
    key: "zoom",
    name: "Zoom",
    hosts: &["zoom.us"],
    rules: &[ReplyRule {
        status: None,
        code: Some("invalid_request"),
        text: Some("Invalid Token"),
        cause: Cause::RefreshTokenInvalid,
        source: "https://developers.zoom.us/docs/integrations/oauth/",
    }],
    ..UNKNOWN
};
