//! From the HTTP client's error to the way in which nothing came back.
//!
//! It must not copy the client's own texts: those may carry URLs, proxy passwords and header
//! values. Surprising: whether something was *sent* is decided by one question only, namely whether
//! the connection (TLS and proxy tunnel included) was ever ready, because a refresh token that may
//! have arrived may have been spent.

use std::{error::Error, io};

use crate::domain::reply::{Sent, TransportFailure, TransportKind};

/// Maps a failure before a status line came.
pub fn failure(error: &reqwest::Error) -> TransportFailure {
    let sent = if error.is_builder() || error.is_connect() {
        Sent::Never
    } else {
        Sent::Maybe
    };
    let tls = find::<rustls::Error>(error);
    let os = find::<io::Error>(error);
    let (kind, detail) = if sent == Sent::Never && is_proxy(error) {
        (TransportKind::Proxy, proxy_detail(error, os))
    } else if error.is_dns() {
        (TransportKind::Dns, "the host name was not found".to_owned())
    } else if let Some(tls) = tls {
        (TransportKind::Tls, tls_detail(tls))
    } else if error.is_timeout() {
        let detail = match sent {
            Sent::Never => "no connection within the time limit",
            Sent::Maybe => "no answer within the time limit",
        };
        (TransportKind::Timeout, detail.to_owned())
    } else if error.is_builder() {
        (TransportKind::Connect, "the URL cannot be used".to_owned())
    } else if sent == Sent::Never {
        connect(os)
    } else {
        (TransportKind::Reset, reset_detail(error, os))
    };
    TransportFailure { kind, sent, detail }
}

/// A failure that this program decided itself: nothing was sent.
pub fn refused(kind: TransportKind, detail: impl Into<String>) -> TransportFailure {
    TransportFailure {
        kind,
        sent: Sent::Never,
        detail: detail.into(),
    }
}

/// TCP says refused or unreachable; an end or a reset before the connection was ready can only
/// come out of the TLS handshake.
fn connect(os: Option<&io::Error>) -> (TransportKind, String) {
    use io::ErrorKind::{
        BrokenPipe, ConnectionAborted, ConnectionReset, InvalidData, UnexpectedEof,
    };
    match os.map(io::Error::kind) {
        Some(UnexpectedEof | ConnectionReset | ConnectionAborted | BrokenPipe | InvalidData) => (
            TransportKind::Tls,
            "the connection ended during the TLS handshake".to_owned(),
        ),
        Some(kind) => (TransportKind::Connect, kind.to_string()),
        None => (TransportKind::Connect, "no connection".to_owned()),
    }
}

fn reset_detail(error: &reqwest::Error, os: Option<&io::Error>) -> String {
    match find::<hyper::Error>(error) {
        Some(http) if http.is_parse() => "the answer is not HTTP".to_owned(),
        Some(http) if http.is_incomplete_message() => {
            "the connection was closed without an answer".to_owned()
        }
        _ => os.map_or_else(
            || "the connection broke".to_owned(),
            |os| os.kind().to_string(),
        ),
    }
}

/// The names of certificates stay out except for the reason: it is what a person can act upon.
fn tls_detail(error: &rustls::Error) -> String {
    use rustls::CertificateError as Certificate;
    match error {
        rustls::Error::InvalidCertificate(why) => match why {
            Certificate::Expired | Certificate::ExpiredContext { .. } => {
                "the server's certificate has expired (or this computer's clock is wrong)"
            }
            Certificate::NotValidYet | Certificate::NotValidYetContext { .. } => {
                "the server's certificate is not valid yet (or this computer's clock is wrong)"
            }
            Certificate::Revoked => "the server's certificate was revoked",
            Certificate::UnknownIssuer => "the server's certificate is from an unknown authority",
            Certificate::NotValidForName | Certificate::NotValidForNameContext { .. } => {
                "the server's certificate is for another name"
            }
            _ => "the server's certificate is not acceptable",
        }
        .to_owned(),
        rustls::Error::AlertReceived(alert) => format!("the server ended TLS: {alert:?}"),
        rustls::Error::InvalidMessage(_) => "the server does not speak TLS".to_owned(),
        _ => "the TLS handshake failed".to_owned(),
    }
}

/// The proxy errors are private types of the HTTP client; their texts are all that tells them.
fn is_proxy(error: &reqwest::Error) -> bool {
    chain(error).any(|e| {
        let text = e.to_string();
        text.starts_with("tunnel error")
            || text.starts_with("SOCKS error")
            || text.contains("socks proxy")
    })
}

fn proxy_detail(error: &reqwest::Error, os: Option<&io::Error>) -> String {
    if chain(error).any(|e| e.to_string().contains("proxy authorization required")) {
        return "the proxy asks for a password".to_owned();
    }
    match os {
        Some(os) => format!("the proxy cannot be reached: {}", os.kind()),
        None => "the proxy did not make the connection".to_owned(),
    }
}

fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&e| e.source())
}

/// The innermost error of that type. An `io::Error` hides what it wraps from `source`, therefore
/// its inside is looked at as well.
fn find<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    let mut found = None;
    for link in chain(error) {
        if let Some(error) = link.downcast_ref::<E>() {
            found = Some(error);
        }
        let mut inner = link
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref);
        while let Some(error) = inner {
            if let Some(error) = error.downcast_ref::<E>() {
                found = Some(error);
            }
            inner = error
                .downcast_ref::<io::Error>()
                .and_then(io::Error::get_ref);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use reqwest::dns::{Name, Resolve, Resolving};

    use super::*;

    struct NoNames;

    impl Resolve for NoNames {
        fn resolve(&self, _name: Name) -> Resolving {
            Box::pin(async { Err(io::Error::other("no such name").into()) })
        }
    }

    #[tokio::test]
    async fn a_name_that_is_not_found_sends_nothing() {
        let client = reqwest::Client::builder()
            .tls_certs_only([])
            .no_proxy()
            .dns_resolver(NoNames)
            .build()
            .unwrap();
        let error = client.get("https://id.example/").send().await.unwrap_err();
        let failure = failure(&error);
        assert_eq!(
            (failure.kind, failure.sent, failure.detail.as_str()),
            (
                TransportKind::Dns,
                Sent::Never,
                "the host name was not found"
            )
        );
    }
}
