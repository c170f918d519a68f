//! Why a sign-in failed, each in a sentence with the way out.
//!
//! It must not hold a token, a code or a reply's body. Surprising: a refusal here says nothing
//! about the grant that is held; the old one goes on working.

use crate::{
    api::said::{Said, SaidCode},
    domain::{
        cause::Cause,
        classify::{Failure, clean},
    },
};

use super::{discovery::DiscoveryError, id_token::IdTokenError};

/// The end of an attempt that brought nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignInFailure {
    #[error("The sign-in was cancelled.")]
    Cancelled,
    #[error("Nobody finished the sign-in within 10 minutes. Start it again.")]
    TimedOut,
    #[error("The code was not entered in time. Start again to get a new one.")]
    CodeExpired,
    #[error("{0}")]
    Setup(#[from] SetupFault),
    #[error("{}", port_sentence(ports))]
    PortTaken { ports: Vec<u16> },
    #[error(
        "This computer does not let Tokentray listen on port {port} of its own address ({why})."
    )]
    PortRefused { port: u16, why: String },
    #[error("{0}")]
    Discovery(#[from] DiscoveryError),
    /// The provider's answer through the browser, or about a device code.
    #[error("{}", provider_sentence(code, text.as_deref()))]
    Provider { code: String, text: Option<String> },
    #[error(
        "The answer came from another provider than the one that was asked ({received} instead of \
         {expected}). It was not used."
    )]
    WrongIssuer { expected: String, received: String },
    #[error("The provider promised to name itself in its answer and did not. It was not used.")]
    IssuerMissing,
    #[error("{}", exchange_sentence(.0))]
    Exchange(Box<Failure>),
    #[error("{0}")]
    IdToken(#[from] IdTokenError),
    #[error(
        "{who} signed in, but this account belongs to somebody else. The old sign-in was kept. \
         Sign in as the right person, or add an account of its own for {who}."
    )]
    WrongAccount { who: String },
}

/// What in an account's settings stands against any sign-in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SetupFault {
    #[error("The redirect's host must be 127.0.0.1 or localhost. Edit the account.")]
    RedirectHost,
    #[error("The redirect's path must begin with / and hold neither ? nor #. Edit the account.")]
    RedirectPath,
    #[error("The account's {what} cannot be used as an address. Edit the account.")]
    Address { what: &'static str },
    #[error(
        "The provider's authorization address is not known. Give the account an issuer, or the \
         address."
    )]
    NoAuthorization,
    #[error(
        "The provider's token address is not known. Give the account an issuer, or its addresses \
         for authorization and token."
    )]
    NoToken,
    #[error(
        "The address {url} may not be used: it must be https (plain http only for this computer)."
    )]
    Forbidden { url: String },
    #[error(
        "This provider does not offer signing in with a code, or its address for that is not \
         known. Sign in with the browser, or give the account a device address."
    )]
    NoDevice,
    #[error("The provider's device address answers like a token address. Edit the account.")]
    DeviceIsToken,
}

impl SetupFault {
    fn said(&self) -> Said {
        match self {
            Self::RedirectHost | Self::RedirectPath => Said::plain(SaidCode::SetupRedirect),
            Self::Address { what } => Said::new(SaidCode::SetupAddress, &[("address", what)]),
            Self::Forbidden { url } => Said::new(SaidCode::AddressForm, &[("address", url)]),
            Self::NoAuthorization | Self::NoToken => Said::plain(SaidCode::SetupNoAddress),
            Self::NoDevice => Said::plain(SaidCode::SetupNoDevice),
            Self::DeviceIsToken => Said::new(SaidCode::SetupAddress, &[("address", &"device")]),
        }
    }
}

impl SignInFailure {
    /// The sentence by its code, for a window in another language.
    pub fn said(&self) -> Said {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        match self {
            Self::Cancelled => Said::plain(SaidCode::SignInCancelled),
            Self::TimedOut => Said::plain(SaidCode::SignInTimedOut),
            Self::CodeExpired => Said::plain(SaidCode::CodeExpired),
            Self::Setup(fault) => fault.said(),
            Self::PortTaken { ports } => {
                let ports: Vec<String> = ports.iter().map(u16::to_string).collect();
                Said::new(SaidCode::PortTaken, &[("ports", &ports.join(", "))])
            }
            Self::PortRefused { port, why } => {
                Said::new(SaidCode::PortRefused, &[("port", port), ("why", why)])
            }
            Self::Discovery(error) => error.said(),
            Self::Provider { code, text: words } => Said::new(
                SaidCode::ProviderRefused,
                &[("code", code), ("text", &text(words))],
            ),
            Self::WrongIssuer { expected, received } => Said::new(
                SaidCode::WrongIssuer,
                &[("expected", expected), ("received", received)],
            ),
            Self::IssuerMissing => Said::plain(SaidCode::IssuerMissing),
            Self::Exchange(failure) => Said::new(
                SaidCode::ExchangeRefused,
                &[
                    ("cause", &failure.cause),
                    ("code", &text(&failure.provider_code)),
                    ("text", &text(&failure.provider_text)),
                ],
            ),
            Self::IdToken(_) => Said::plain(SaidCode::IdTokenWrong),
            Self::WrongAccount { who } => Said::new(SaidCode::WrongAccount, &[("who", who)]),
        }
    }

    /// A short code for the history.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Cancelled => "cancelled",
            Self::TimedOut | Self::CodeExpired => "timed_out",
            Self::Setup(_) => "setup",
            Self::PortTaken { .. } | Self::PortRefused { .. } => "port_taken",
            Self::Discovery(_) => "discovery_failed",
            Self::Provider { .. } => "provider_error",
            Self::WrongIssuer { .. } | Self::IssuerMissing => "wrong_issuer",
            Self::Exchange(_) => "exchange_refused",
            Self::IdToken(_) => "id_token_wrong",
            Self::WrongAccount { .. } => "wrong_account",
        }
    }

    /// The provider's own code, where it gave one; else [`SignInFailure::code`].
    pub fn shown_code(&self) -> &str {
        match self {
            Self::Provider { code, .. } => code,
            Self::Exchange(failure) => failure.provider_code.as_deref().unwrap_or(self.code()),
            _ => self.code(),
        }
    }

    /// The provider's own text, cleaned.
    pub fn provider_text(&self) -> Option<&str> {
        match self {
            Self::Provider { text, .. } => text.as_deref(),
            Self::Exchange(failure) => failure.provider_text.as_deref(),
            _ => None,
        }
    }

    /// The cause, where the reply of an endpoint had one.
    pub const fn cause(&self) -> Option<Cause> {
        match self {
            Self::Exchange(failure) => Some(failure.cause),
            Self::Discovery(error) => error.cause(),
            _ => None,
        }
    }

    /// An error of the authorization response (RFC 6749 §4.1.2.1) or of a device code; cleans.
    pub(super) fn provider(code: &str, text: Option<&str>) -> Self {
        Self::Provider {
            code: clean(code),
            text: text.map(clean).filter(|t| !t.is_empty()),
        }
    }
}

fn port_sentence(ports: &[u16]) -> String {
    let list = ports
        .iter()
        .map(u16::to_string)
        .collect::<Vec<_>>()
        .join(", ");
    match ports {
        [_] => format!(
            "Port {list} is in use by another program, and the provider only comes back to it. \
             Close that program and try again."
        ),
        [] => "No free port was found on this computer's own address.".to_owned(),
        _ => format!(
            "The ports {list} are in use by other programs, and the provider only comes back to \
             these. Close one of them and try again."
        ),
    }
}

/// Words for the codes of RFC 6749 §4.1.2.1, OpenID Connect Core §3.1.2.6 and RFC 8628 §3.5.
fn provider_sentence(code: &str, text: Option<&str>) -> String {
    let words = match code {
        "access_denied" => {
            "The sign-in was declined: somebody chose not to allow it, or a rule of the provider \
             forbids it."
        }
        "consent_required" => {
            "The provider wants an agreement first that it could not ask for here; an \
             administrator may have to give it."
        }
        "login_required" | "interaction_required" | "account_selection_required" => {
            "The provider wants to ask you something and was told not to. Remove `prompt` from \
             the account's extra parameters and try again."
        }
        "unauthorized_client" => {
            "The provider does not let this client id sign in this way. Check how the \
             application is registered there."
        }
        "invalid_client" => "The provider does not know this client id, or refused its secret.",
        "invalid_scope" => {
            "The provider does not give one of the scopes that were asked for. Check the \
             account's scopes."
        }
        "invalid_request" | "unsupported_response_type" => {
            "The provider did not understand the request. Check the account's redirect and \
             extra parameters against the registration."
        }
        "invalid_target" => "The provider does not know the resource or audience asked for.",
        "server_error" => "The provider has a fault of its own. Try again later.",
        "temporarily_unavailable" => "The provider is too busy now. Try again in a few minutes.",
        _ => "The provider refused the sign-in.",
    };
    with_quote(words, code, text)
}

fn exchange_sentence(failure: &Failure) -> String {
    let words = match failure.cause {
        Cause::NetworkDns => "The provider's host name was not found. Check the network.",
        Cause::NetworkConnect | Cause::NetworkTimeout => {
            "The provider could not be reached. Check the network and try again."
        }
        Cause::NetworkTls => {
            "No trusted connection to the provider could be made. Check the network, the clock \
             and the certificates."
        }
        Cause::NetworkProxy => "The proxy did not let the request through.",
        Cause::CaptivePortal => "A page of the network answered instead of the provider.",
        Cause::EdgeBlock => "Something in front of the provider blocked the request.",
        Cause::RateLimited => "The provider has had too many requests. Try again later.",
        Cause::ServerError => "The provider has a fault of its own. Try again later.",
        Cause::ClientRejected | Cause::ClientForgotten => {
            "The provider refused the client. Check the client id and the client secret."
        }
        Cause::ScopeRejected => "The provider does not give one of the scopes. Check them.",
        Cause::GrantNotAllowed => {
            "The provider does not let this client id sign in this way. Check how the \
             application is registered there."
        }
        Cause::EndpointWrong => "This is not the provider's token address. Check the account.",
        Cause::PolicyBlocked => "A rule of the provider or of your organisation forbids it.",
        Cause::ClockWrong => "This computer's clock is wrong. Set it and try again.",
        Cause::NoTokenInReply | Cause::MalformedResponse => {
            "The provider answered, but not with a token."
        }
        _ if failure.provider_code.as_deref() == Some("invalid_grant") => {
            "The provider did not accept the code that it had just given. Start again."
        }
        _ => "The provider refused the sign-in.",
    };
    match (&failure.provider_code, failure.http_status) {
        (Some(code), _) => with_quote(words, code, failure.provider_text.as_deref()),
        (None, Some(status)) if failure.refused => format!("{words} It answered {status}."),
        _ => words.to_owned(),
    }
}

fn with_quote(words: &str, code: &str, text: Option<&str>) -> String {
    match text {
        Some(text) => format!("{words} It says: {text} ({code})"),
        None if code.is_empty() => words.to_owned(),
        None => format!("{words} ({code})"),
    }
}
