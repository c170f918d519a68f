//! Finds a provider's endpoints from its issuer (OpenID Connect Discovery 1.0, RFC 8414).
//!
//! It must not trust the document further than its issuer: the document must name the issuer that
//! was asked for, byte for byte, and may not lead to addresses of this machine or of a private
//! network unless the issuer itself lives there, which only a person can have typed. Surprising:
//! the metadata type of the `openidconnect` crate is not used, because one missing or odd member
//! that nobody needs here would fail the whole document, and RFC 8414 documents lack several.

use std::net::IpAddr;

use serde::Deserialize;
use url::{Host, Url};

use crate::{
    api::types::{Discovered, Said, SaidCode},
    domain::{
        cause::Cause,
        classify::clean,
        reply::{Reply, TransportKind},
    },
    io::token_endpoint::{TokenEndpoint, permitted_url},
};

/// Why the issuer's endpoints are not known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DiscoveryError {
    #[error(
        "The issuer must be an https address without query or fragment (plain http only for this \
         computer)."
    )]
    Issuer,
    #[error("The issuer {host} could not be reached: {detail}.")]
    Unreachable {
        host: String,
        detail: String,
        kind: Unreachable,
    },
    #[error(
        "{host} answers {status} where its sign-in settings should be. Check the issuer, or give \
         the addresses for authorization and token instead."
    )]
    Status { host: String, status: u16 },
    #[error(
        "{host} did not answer with its sign-in settings. Check the issuer; on a network with a \
         sign-in page of its own, sign in there first."
    )]
    NotMetadata { host: String },
    #[error(
        "The provider calls itself {found}, not {asked}. Use exactly its own name as the issuer."
    )]
    OtherIssuer { asked: String, found: String },
    #[error("The provider's settings name an address that may not be used ({member}).")]
    Endpoint { member: &'static str },
}

/// [`TransportKind`] as a cause; kept beside the words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unreachable(Cause);

impl DiscoveryError {
    /// The sentence by its code, for a window in another language.
    pub fn said(&self) -> Said {
        match self {
            Self::Issuer => Said::plain(SaidCode::IssuerForm),
            Self::Unreachable { host, kind, .. } => Said::new(
                SaidCode::IssuerUnreachable,
                &[("host", host), ("cause", &kind.0)],
            ),
            Self::Status { host, status } => Said::new(
                SaidCode::IssuerStatus,
                &[("host", host), ("status", status)],
            ),
            Self::NotMetadata { host } => Said::new(SaidCode::IssuerNotMetadata, &[("host", host)]),
            Self::OtherIssuer { asked, found } => {
                Said::new(SaidCode::IssuerOther, &[("asked", asked), ("found", found)])
            }
            Self::Endpoint { member } => Said::new(SaidCode::IssuerEndpoint, &[("member", member)]),
        }
    }

    /// The cause, where the provider was not heard.
    pub const fn cause(&self) -> Option<Cause> {
        match self {
            Self::Unreachable { kind, .. } => Some(kind.0),
            _ => None,
        }
    }
}

/// The members that are used; every other is ignored.
#[derive(Deserialize)]
struct Metadata {
    issuer: String,
    authorization_endpoint: Option<String>,
    token_endpoint: Option<String>,
    device_authorization_endpoint: Option<String>,
    revocation_endpoint: Option<String>,
    #[serde(default)]
    scopes_supported: Option<Vec<String>>,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    #[serde(default)]
    authorization_response_iss_parameter_supported: Option<bool>,
}

/// Reads the issuer's metadata: the OpenID Connect place first, then the two of RFC 8414 §3.1.
///
/// A place that answers, but not with metadata, leads on to the next; a provider that cannot be
/// reached, or that calls itself otherwise, ends the search.
pub async fn discover(
    endpoint: &dyn TokenEndpoint,
    issuer: &str,
) -> Result<Discovered, DiscoveryError> {
    let base = permitted_url(issuer)
        .filter(|url| url.query().is_none() && url.fragment().is_none())
        .ok_or(DiscoveryError::Issuer)?;
    let mut first_error = None;
    for url in places(issuer, &base) {
        match read(endpoint, url, issuer, &base).await {
            Err(error @ (DiscoveryError::Status { .. } | DiscoveryError::NotMetadata { .. })) => {
                first_error.get_or_insert(error);
            }
            settled => return settled,
        }
    }
    Err(first_error.unwrap_or(DiscoveryError::Issuer))
}

fn places(issuer: &str, base: &Url) -> Vec<String> {
    let origin = base.origin().ascii_serialization();
    let path = base.path().trim_end_matches('/');
    let mut places = vec![
        format!(
            "{}/.well-known/openid-configuration",
            issuer.trim_end_matches('/')
        ),
        format!("{origin}/.well-known/oauth-authorization-server{path}"),
        format!("{origin}/.well-known/openid-configuration{path}"),
    ];
    if path.is_empty() {
        // With a bare host the third is the first.
        places.truncate(2);
    }
    places
}

async fn read(
    endpoint: &dyn TokenEndpoint,
    url: String,
    issuer: &str,
    base: &Url,
) -> Result<Discovered, DiscoveryError> {
    let host = base.host_str().unwrap_or_default().to_owned();
    let reply = match endpoint.get(url).await {
        Reply::Answered(reply) => reply,
        Reply::Failed(failure) => {
            return Err(DiscoveryError::Unreachable {
                host,
                kind: Unreachable(cause(failure.kind)),
                detail: failure.detail,
            });
        }
    };
    if reply.status != 200 {
        return Err(DiscoveryError::Status {
            host,
            status: reply.status,
        });
    }
    let Some(metadata) = Some(&reply)
        .filter(|r| !r.cut)
        .and_then(|r| serde_json::from_slice::<Metadata>(&r.body).ok())
    else {
        return Err(DiscoveryError::NotMetadata { host });
    };
    if metadata.issuer != issuer {
        return Err(DiscoveryError::OtherIssuer {
            asked: issuer.to_owned(),
            found: clean(&metadata.issuer),
        });
    }
    let here = is_private(base);
    for (member, value) in [
        ("authorization_endpoint", &metadata.authorization_endpoint),
        ("token_endpoint", &metadata.token_endpoint),
        (
            "device_authorization_endpoint",
            &metadata.device_authorization_endpoint,
        ),
        ("revocation_endpoint", &metadata.revocation_endpoint),
    ] {
        let good = value.as_ref().is_none_or(|value| {
            permitted_url(value)
                .is_some_and(|url| url.fragment().is_none() && (here || !is_private(&url)))
        });
        if !good {
            return Err(DiscoveryError::Endpoint { member });
        }
    }
    Ok(Discovered {
        issuer: metadata.issuer,
        authorization_endpoint: metadata.authorization_endpoint,
        token_endpoint: metadata.token_endpoint,
        device_authorization_endpoint: metadata.device_authorization_endpoint,
        revocation_endpoint: metadata.revocation_endpoint,
        scopes_supported: metadata.scopes_supported.unwrap_or_default(),
        token_endpoint_auth_methods: metadata
            .token_endpoint_auth_methods_supported
            .unwrap_or_default(),
        iss_in_response: metadata
            .authorization_response_iss_parameter_supported
            .unwrap_or_default(),
    })
}

/// Whether the URL names, by address, this machine or a private network. Names that resolve to
/// such addresses are a company's own affair.
fn is_private(url: &Url) -> bool {
    let address = match url.host() {
        Some(Host::Domain(name)) => return name.eq_ignore_ascii_case("localhost"),
        Some(Host::Ipv4(address)) => IpAddr::V4(address),
        Some(Host::Ipv6(address)) => address.to_canonical(),
        None => return true,
    };
    match address {
        IpAddr::V4(a) => {
            a.is_loopback() || a.is_private() || a.is_link_local() || a.is_unspecified()
        }
        IpAddr::V6(a) => {
            a.is_loopback()
                || a.is_unique_local()
                || a.is_unicast_link_local()
                || a.is_unspecified()
        }
    }
}

const fn cause(kind: TransportKind) -> Cause {
    match kind {
        TransportKind::Dns => Cause::NetworkDns,
        TransportKind::Connect | TransportKind::Reset => Cause::NetworkConnect,
        TransportKind::Timeout => Cause::NetworkTimeout,
        TransportKind::Tls => Cause::NetworkTls,
        TransportKind::Proxy => Cause::NetworkProxy,
        TransportKind::CaptivePortal => Cause::CaptivePortal,
    }
}
