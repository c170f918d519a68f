//! Tells the provider that a grant is no longer wanted (RFC 7009).
//!
//! It must not decide whether that is safe: some providers end every grant of the same client and
//! person with it, which only the caller can know. Surprising: success says little, because a
//! provider answers 200 for a token that it never knew (RFC 7009 §2.2).

use crate::{
    domain::{grant::Grant, reply::Reply, secret::Secret},
    io::token_endpoint::{FormRequest, TokenEndpoint},
};

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
    let url = binding
        .revocation_endpoint
        .clone()
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
    };
    match endpoint.post(request).await {
        Reply::Answered(reply) if reply.status == 200 => Ok(()),
        Reply::Answered(reply) => Err(RevokeError::Refused(reply.status)),
        Reply::Failed(failure) => Err(RevokeError::Unreachable(failure.detail)),
    }
}
