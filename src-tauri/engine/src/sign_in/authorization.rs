//! The authorization request and what comes back from it (RFC 6749 §4.1, RFC 7636, RFC 9207).
//!
//! Pure but for randomness; it must not know sockets. Surprising: extra parameters of an account
//! can add to the request, but never replace what protects it (state, PKCE, nonce, redirect).

use std::borrow::Cow;

use oauth2::{
    AuthUrl, ClientId, CsrfToken, PkceCodeChallenge, RedirectUrl, Scope, basic::BasicClient,
};
use url::{Url, form_urlencoded};

use crate::domain::{account::Account, classify::clean, provider::Provider, secret::Secret};

use super::{SignInFailure, SignInJob, endpoints::Endpoints, failure::SetupFault};

/// Parameters that only this file sets.
const RESERVED: [&str; 10] = [
    "response_type",
    "response_mode",
    "client_id",
    "redirect_uri",
    "scope",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
    "request",
];

/// What was sent with the browser, and what is needed to make use of the answer.
#[derive(Debug)]
pub struct Authorization {
    /// The address for the browser.
    pub url: Url,
    pub state: Secret,
    /// The PKCE code verifier (RFC 7636 §4.1).
    pub verifier: Secret,
    /// Sent with the scope `openid` only.
    pub nonce: Option<Secret>,
    /// Exactly as bound, and exactly as it must be repeated at the token endpoint.
    pub redirect_uri: String,
}

/// The answer that the browser carried back, `state` already compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Callback {
    Code {
        code: Secret,
        iss: Option<String>,
    },
    Error {
        code: String,
        description: Option<String>,
        iss: Option<String>,
    },
}

impl Callback {
    /// The code, if the answer is from the right provider and no error (RFC 9207 §2.4).
    pub fn into_code(self, endpoints: &Endpoints) -> Result<Secret, SignInFailure> {
        let (Self::Code { iss, .. } | Self::Error { iss, .. }) = &self;
        match (&endpoints.issuer, iss) {
            (Some(expected), Some(received)) if expected != received => {
                return Err(SignInFailure::WrongIssuer {
                    expected: expected.clone(),
                    received: clean(received),
                });
            }
            (_, None) if endpoints.iss_required => return Err(SignInFailure::IssuerMissing),
            _ => {}
        }
        match self {
            Self::Code { code, .. } => Ok(code),
            Self::Error {
                code, description, ..
            } => Err(SignInFailure::provider(&code, description.as_deref())),
        }
    }
}

/// The scopes to ask for: the account's own, else its provider's usual ones.
pub fn scopes(account: &Account, provider: Option<&Provider>) -> Vec<String> {
    if account.scopes.is_empty() {
        provider.map_or_else(Vec::new, |row| {
            row.scopes.iter().map(|s| (*s).to_owned()).collect()
        })
    } else {
        account.scopes.clone()
    }
}

/// What this provider wants between two scopes.
pub fn separator(provider: Option<&Provider>) -> &'static str {
    provider.map_or(" ", |row| row.scope_separator)
}

/// Extra parameters: the provider row's, overridden and completed by the account's.
pub fn extra_params(account: &Account, provider: Option<&Provider>) -> Vec<(String, String)> {
    let of_row = provider.map_or(&[][..], |row| row.auth_params);
    of_row
        .iter()
        .filter(|(name, _)| !account.auth_params.contains_key(*name))
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .chain(account.auth_params.clone())
        .filter(|(name, _)| !RESERVED.contains(&name.as_str()))
        .collect()
}

impl Authorization {
    /// Makes a request with fresh state, PKCE S256 and nonce.
    pub fn new(
        job: &SignInJob,
        endpoints: &Endpoints,
        redirect_uri: &str,
    ) -> Result<Self, SignInFailure> {
        let setup = |what: &'static str| SignInFailure::from(SetupFault::Address { what });
        let address = endpoints
            .authorization
            .clone()
            .ok_or_else(|| SignInFailure::from(SetupFault::NoAuthorization))?;
        let redirect = RedirectUrl::new(redirect_uri.to_owned()).map_err(|_| setup("redirect"))?;
        let client = BasicClient::new(ClientId::new(job.account.client_id.clone()))
            .set_auth_uri(AuthUrl::new(address).map_err(|_| setup("authorization address"))?);
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let scopes = scopes(&job.account, job.provider);
        let nonce = scopes
            .iter()
            .any(|scope| scope == "openid")
            .then(CsrfToken::new_random);
        let mut request = client
            .authorize_url(CsrfToken::new_random)
            .set_redirect_uri(Cow::Owned(redirect))
            .set_pkce_challenge(challenge);
        if !scopes.is_empty() {
            request = request.add_scope(Scope::new(scopes.join(separator(job.provider))));
        }
        if let Some(nonce) = &nonce {
            request = request.add_extra_param("nonce", nonce.secret().clone());
        }
        let extra = extra_params(&job.account, job.provider);
        if let Some(hint) = &job.account.login_hint
            && extra.iter().all(|(name, _)| name != "login_hint")
        {
            request = request.add_extra_param("login_hint", hint.clone());
        }
        for (name, value) in extra {
            request = request.add_extra_param(name, value);
        }
        let (url, state) = request.url();
        Ok(Self {
            url,
            state: Secret::new(state.into_secret()),
            verifier: Secret::new(verifier.into_secret()),
            nonce: nonce.map(|nonce| Secret::new(nonce.into_secret())),
            redirect_uri: redirect_uri.to_owned(),
        })
    }
}

/// Reads the query of a redirect that came back.
///
/// None if it is not ours: the state is missing or wrong, a parameter is repeated (RFC 6749 §3.1),
/// or it is neither a code nor an error.
pub fn read_callback(query: &str, state: &Secret) -> Option<Callback> {
    let mut received = [const { None }; 5];
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let place = match &*name {
            "state" => 0,
            "code" => 1,
            "error" => 2,
            "error_description" => 3,
            "iss" => 4,
            _ => continue,
        };
        if received[place].replace(value.into_owned()).is_some() {
            return None;
        }
    }
    let [received_state, code, error, description, iss] = received;
    if Secret::new(received_state?) != *state {
        return None;
    }
    if let Some(code) = error {
        return Some(Callback::Error {
            code,
            description,
            iss,
        });
    }
    let code = Secret::new(code.filter(|code| !code.is_empty())?);
    Some(Callback::Code { code, iss })
}
