//! HTTP to the provider: one request out, one [`Reply`] back, never a redirect, never a retry.
//!
//! It must not know what a reply means. Surprising: a forbidden URL or a broken trust store is a
//! reply as well (nothing was sent), so that callers have one way to fail.

use crate::domain::{account::ClientAuth, provider::RequestStyle, reply::Reply, secret::Secret};

use super::Pending;

mod failure;
mod http;

pub use http::{HttpOptions, HttpTokenEndpoint, Limits, permitted_url};

/// A form POST to a token, device-authorization or revocation endpoint.
#[derive(Clone, Debug)]
pub struct FormRequest {
    /// https, or http to a loopback address.
    pub url: String,
    pub client_id: String,
    pub client_secret: Option<Secret>,
    pub client_auth: ClientAuth,
    /// Without `client_id` and `client_secret`: the adapter adds them as `client_auth` says.
    pub form: Vec<(String, Secret)>,
    /// As the provider's row says.
    pub style: RequestStyle,
}

impl FormRequest {
    /// What in it is secret.
    pub fn secrets(&self) -> Vec<Secret> {
        let named = ["refresh_token", "code", "code_verifier", "device_code"];
        let in_form = self
            .form
            .iter()
            .filter(|(name, _)| named.contains(&name.as_str()));
        let in_form = in_form.map(|(_, value)| value);
        in_form.chain(&self.client_secret).cloned().collect()
    }
}

/// The provider's HTTP side.
pub trait TokenEndpoint: Send + Sync + 'static {
    /// Limits: connect 10 s, whole 60 s, reply 256 KiB. Never fails otherwise than in the reply.
    fn post(&self, request: FormRequest) -> Pending<'static, Reply>;
    /// A plain GET (discovery, JWKS) with the same limits.
    fn get(&self, url: String) -> Pending<'static, Reply>;
}
