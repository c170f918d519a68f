//! Tells the provider that a grant is no longer wanted (RFC 7009).
//!
//! It must not decide whether that is safe: some providers end every grant of the same client and
//! person with it, which only the caller can know. Surprising: success says little, because a
//! provider answers 200 for a token that it never knew (RFC 7009 §2.2).

use crate::{
    domain::{
        grant::{Binding, Grant},
        lifecycle::host_of,
        provider::{self, Provider},
        reply::Reply,
        secret::Secret,
    },
    io::token_endpoint::{FormRequest, TokenEndpoint, permitted_url},
};

use super::discovery;

/// Why the provider was not told, in words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RevokeError {
    #[error("the provider's address for revoking is not known")]
    NotOffered,
    #[error("the provider answered {0}")]
    Refused(u16),
    #[error("the provider could not be reached: {0}")]
    Unreachable(String),
}

/// Revokes the refresh token, or the access token where there is no other, as the bound client.
pub async fn revoke(
    endpoint: &dyn TokenEndpoint,
    grant: &Grant,
    client_secret: Option<Secret>,
) -> Result<(), RevokeError> {
    let binding = &grant.binding;
    let url = address(endpoint, binding)
        .await
        .ok_or(RevokeError::NotOffered)?;
    let (token, hint) = match &grant.refresh_token {
        Some(token) => (token, "refresh_token"),
        None => (&grant.access_token, "access_token"),
    };
    let request = FormRequest {
        url,
        client_id: binding.client_id.clone(),
        client_secret,
        client_auth: binding.client_auth,
        form: vec![
            ("token".into(), token.clone()),
            ("token_type_hint".into(), Secret::new(hint)),
        ],
        style: row_of(binding)
            .map(|row| row.request_style)
            .unwrap_or_default(),
    };
    match endpoint.post(request).await {
        Reply::Answered(reply) if reply.status == 200 => Ok(()),
        Reply::Answered(reply) => Err(RevokeError::Refused(reply.status)),
        Reply::Failed(failure) => Err(RevokeError::Unreachable(failure.detail)),
    }
}

/// Whether it is known, without asking anybody, that the provider can be told.
pub fn is_revocable(binding: &Binding) -> bool {
    known_address(binding).is_some_and(|url| permitted_url(url).is_some())
}

fn known_address(binding: &Binding) -> Option<&str> {
    let bound = binding.revocation_endpoint.as_deref();
    bound.or_else(|| row_of(binding)?.revocation_url)
}

fn row_of(binding: &Binding) -> Option<&'static Provider> {
    let host = host_of(&binding.token_endpoint);
    provider::by_host(
        host.rsplit_once(':')
            .map_or(host.as_str(), |(name, _)| name),
    )
}

/// What the grant is bound to; else its provider's row, else what its issuer says about itself.
/// Never what the settings say by now: they may have been changed since.
async fn address(endpoint: &dyn TokenEndpoint, binding: &Binding) -> Option<String> {
    let url = match (known_address(binding), &binding.issuer) {
        (Some(url), _) => url.to_owned(),
        (None, Some(issuer)) => {
            let found = discovery::discover(endpoint, issuer).await.ok()?;
            found.revocation_endpoint?
        }
        (None, None) => return None,
    };
    permitted_url(&url).map(|_| url)
}
