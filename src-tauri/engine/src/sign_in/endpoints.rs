//! Where one attempt goes: what the account says, then its provider's row, then discovery.
//!
//! It must not guess an address. Surprising: an account with an issuer of its own takes no address
//! from its provider's row, because that row speaks for the provider's own issuer only.

use crate::{
    api::types::Discovered,
    domain::{
        account::{Account, ClientAuth},
        classify::clean,
        grant::Binding,
    },
    io::token_endpoint::{TokenEndpoint, permitted_url},
};

use super::{SignInFailure, SignInJob, discovery, failure::SetupFault};

/// The endpoints of one attempt, all permitted.
#[derive(Clone, Debug)]
pub struct Endpoints {
    pub issuer: Option<String>,
    pub authorization: Option<String>,
    pub token: String,
    /// Where refreshes go, if not to `token`.
    pub refresh: Option<String>,
    pub device: Option<String>,
    pub revocation: Option<String>,
    pub client_auth: ClientAuth,
    /// RFC 9207: an authorization response without `iss` is refused.
    pub iss_required: bool,
    /// What metadata says may be asked for; empty where it says nothing.
    pub scopes_supported: Vec<String>,
}

impl Endpoints {
    /// What the grant of this attempt is bound to.
    pub fn binding(&self, account: &Account) -> Binding {
        Binding {
            issuer: self.issuer.clone(),
            token_endpoint: self.refresh.as_ref().unwrap_or(&self.token).clone(),
            revocation_endpoint: self.revocation.clone(),
            client_id: account.client_id.clone(),
            client_auth: self.client_auth,
        }
    }
}

/// Finds the endpoints; asks the issuer only where something needed is not known.
pub async fn resolve(
    job: &SignInJob,
    endpoint: &dyn TokenEndpoint,
) -> Result<Endpoints, SignInFailure> {
    let account = &job.account;
    let row = job
        .provider
        .filter(|row| account.issuer.is_none() || account.issuer.as_deref() == row.issuer);
    let known = |own: &Option<String>, of_row: Option<&'static str>| {
        own.clone().or_else(|| of_row.map(str::to_owned))
    };
    let issuer = known(&account.issuer, row.and_then(|r| r.issuer));
    let mut authorization = known(&account.auth_url, row.and_then(|r| r.auth_url));
    let mut token = known(&account.token_url, row.and_then(|r| r.token_url));
    let refresh = match account.token_url {
        Some(_) => None,
        None => row.and_then(|r| r.refresh_url).map(str::to_owned),
    };
    let mut device = known(&account.device_url, row.and_then(|r| r.device_url));
    let mut revocation = known(&account.revocation_url, row.and_then(|r| r.revocation_url));

    let entry = if job.by_device() {
        &device
    } else {
        &authorization
    };
    let mut found = Discovered::default();
    if token.is_none() || entry.is_none() {
        if let Some(issuer) = &issuer {
            found = discovery::discover(endpoint, issuer).await?;
        }
        authorization = authorization.or(found.authorization_endpoint.take());
        token = token.or(found.token_endpoint.take());
        device = device.or(found.device_authorization_endpoint.take());
        revocation = revocation.or(found.revocation_endpoint.take());
    }
    let Some(token) = token else {
        return Err(SetupFault::NoToken.into());
    };
    for url in [Some(&token), authorization.as_ref(), device.as_ref()]
        .into_iter()
        .flatten()
    {
        if permitted_url(url).is_none() {
            return Err(SetupFault::Forbidden { url: clean(url) }.into());
        }
    }
    Ok(Endpoints {
        client_auth: account
            .client_auth
            .or(job.provider.and_then(|r| r.client_auth))
            .unwrap_or_else(|| by_metadata(job, &found)),
        issuer,
        authorization,
        token,
        refresh,
        device,
        revocation,
        iss_required: found.iss_in_response,
        scopes_supported: found.scopes_supported,
    })
}

/// Without a secret there is nothing to prove; with one, Basic is the default of RFC 8414 §2.
fn by_metadata(job: &SignInJob, found: &Discovered) -> ClientAuth {
    let offers = |method: &str| {
        found
            .token_endpoint_auth_methods
            .iter()
            .any(|m| m == method)
    };
    if job.client_secret.is_none() {
        ClientAuth::None
    } else if offers("client_secret_post") && !offers("client_secret_basic") {
        ClientAuth::Post
    } else {
        ClientAuth::Basic
    }
}
