//! Identity platforms and servers that organisations run.

use super::{super::cause::Cause, Provider, ReplyRule, UNKNOWN};

pub const ROWS: &[Provider] = &[AUTH0, AWS];

const AUTH0: Provider = Provider {
    key: "auth0",
    name: "Auth0",
    hosts: &["*.auth0.com"],
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
    ..UNKNOWN
};
