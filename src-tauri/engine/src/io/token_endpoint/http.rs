//! The real token endpoint: `reqwest` with rustls, the system's trust store and proxy settings.
//!
//! Surprising: no connection is ever used twice. A connection that was kept over a sleep of the
//! machine fails in ways that look like a lost answer, and a lost answer is expensive here; a TLS
//! handshake an hour is not. Retries of the client itself are off for the same reason.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use reqwest::{
    Certificate, Client, Proxy,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue},
    redirect,
};
use tokio::sync::OnceCell;
use url::{Host, Url, form_urlencoded};
use zeroize::Zeroizing;

use crate::{
    domain::{
        account::ClientAuth,
        reply::{HttpReply, Reply, TransportFailure, TransportKind},
        secret::Secret,
    },
    io::Pending,
};

use super::{
    FormRequest, TokenEndpoint,
    failure::{failure, refused},
};

/// The bounds of one request; the defaults are those of the design, tests shorten them.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Name look-up, TCP, proxy and TLS together.
    pub connect: Duration,
    /// Everything, from the look-up to the last byte of the reply.
    pub whole: Duration,
    pub reply_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            whole: Duration::from_mins(1),
            reply_bytes: 256 * 1024,
        }
    }
}

/// How to reach providers.
#[derive(Clone, Debug, Default)]
pub struct HttpOptions {
    /// Further trust anchors in PEM, beside the system's.
    pub ca_file: Option<PathBuf>,
    /// `http://`, `https://` or `socks5h://`; absent: the system's proxy settings.
    pub proxy: Option<String>,
    pub limits: Limits,
}

/// Speaks to providers over HTTPS, and over plain HTTP to loopback addresses only.
pub struct HttpTokenEndpoint {
    clients: Mutex<Arc<Clients>>,
}

/// The clients are made at first use: reading the trust store costs time and memory that a demo
/// over plain loopback never needs, and a trust store that is broken now may be mended later.
struct Clients {
    options: HttpOptions,
    loopback: OnceCell<Client>,
    secure_loopback: OnceCell<Client>,
    remote: OnceCell<Client>,
}

/// Which client may serve a URL.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Route {
    /// Plain HTTP to this machine: never through a proxy.
    Loopback,
    SecureLoopback,
    Remote,
}

impl HttpTokenEndpoint {
    /// Never fails: what is wrong with `ca_file` or `proxy` is told by the replies.
    pub fn new(options: HttpOptions) -> Self {
        Self {
            clients: Mutex::new(Arc::new(Clients::new(options))),
        }
    }

    /// Takes other options from the next request on, and reads trust store and proxies anew.
    pub fn reconfigure(&self, options: HttpOptions) {
        *self.clients.lock().unwrap_or_else(PoisonError::into_inner) =
            Arc::new(Clients::new(options));
    }

    fn clients(&self) -> Arc<Clients> {
        Arc::clone(&self.clients.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl TokenEndpoint for HttpTokenEndpoint {
    fn post(&self, request: FormRequest) -> Pending<'static, Reply> {
        let clients = self.clients();
        Box::pin(async move {
            let (client, url) = match clients.for_url(&request.url).await {
                Ok(found) => found,
                Err(failure) => return Reply::Failed(failure),
            };
            let (authorization, body) = form(&request);
            let written_in = if request.style.json {
                "application/json"
            } else {
                "application/x-www-form-urlencoded"
            };
            let mut builder = client.post(url).header(CONTENT_TYPE, written_in).body(body);
            for (name, value) in request.style.headers {
                builder = builder.header(*name, *value);
            }
            if let Some(authorization) = authorization {
                builder = builder.header(AUTHORIZATION, authorization);
            }
            exchange(builder, clients.options.limits).await
        })
    }

    fn get(&self, url: String) -> Pending<'static, Reply> {
        let clients = self.clients();
        Box::pin(async move {
            match clients.for_url(&url).await {
                Ok((client, url)) => exchange(client.get(url), clients.options.limits).await,
                Err(failure) => Reply::Failed(failure),
            }
        })
    }
}

/// The URL, if requests may go there: https, or http to a loopback address; no user name in it.
pub fn permitted_url(text: &str) -> Option<Url> {
    route(text).map(|(_, url)| url)
}

fn route(text: &str) -> Option<(Route, Url)> {
    let url = Url::parse(text).ok()?;
    if !url.username().is_empty() || url.password().is_some() {
        return None;
    }
    let loopback = match url.host()? {
        Host::Domain(name) => name.eq_ignore_ascii_case("localhost"),
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    };
    let route = match (url.scheme(), loopback) {
        ("https", false) => Route::Remote,
        ("https", true) => Route::SecureLoopback,
        ("http", true) => Route::Loopback,
        _ => return None,
    };
    Some((route, url))
}

impl Clients {
    fn new(options: HttpOptions) -> Self {
        Self {
            options,
            loopback: OnceCell::new(),
            secure_loopback: OnceCell::new(),
            remote: OnceCell::new(),
        }
    }

    async fn for_url(&self, text: &str) -> Result<(Client, Url), TransportFailure> {
        let Some((route, url)) = route(text) else {
            return Err(refused(
                TransportKind::Connect,
                "only https may be used, or http to a loopback address",
            ));
        };
        let cell = match route {
            Route::Loopback => &self.loopback,
            Route::SecureLoopback => &self.secure_loopback,
            Route::Remote => &self.remote,
        };
        let client = cell
            .get_or_try_init(|| async {
                let options = self.options.clone();
                // Reads files; on Linux some hundred certificates.
                tokio::task::spawn_blocking(move || build(route, &options))
                    .await
                    .unwrap_or_else(|_| {
                        Err(refused(TransportKind::Connect, "the program is ending"))
                    })
            })
            .await?;
        Ok((client.clone(), url))
    }
}

fn build(route: Route, options: &HttpOptions) -> Result<Client, TransportFailure> {
    let mut builder = Client::builder()
        .user_agent(concat!("tokentray/", env!("CARGO_PKG_VERSION")))
        .redirect(redirect::Policy::none())
        .retry(reqwest::retry::never())
        .pool_max_idle_per_host(0)
        .connect_timeout(options.limits.connect)
        .timeout(options.limits.whole);
    if route != Route::Remote {
        // Names of this machine never leave it, whatever the resolver says.
        let here = [
            SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            SocketAddr::from((IpAddr::from(Ipv6Addr::LOCALHOST), 0)),
        ];
        builder = builder.no_proxy().resolve_to_addrs("localhost", &here);
    }
    if route == Route::Loopback {
        builder = builder.tls_certs_only([]);
    } else if let Some(path) = &options.ca_file {
        let unreadable = |why: String| {
            refused(
                TransportKind::Tls,
                format!("the file of `ca_file` cannot be used: {why}"),
            )
        };
        let pem = std::fs::read(path).map_err(|e| unreadable(e.kind().to_string()))?;
        let certificates = Certificate::from_pem_bundle(&pem)
            .ok()
            .filter(|found| !found.is_empty())
            .ok_or_else(|| unreadable("it holds no certificate in PEM".into()))?;
        builder = builder.tls_certs_merge(certificates);
    }
    if let (Route::Remote, Some(proxy)) = (route, &options.proxy) {
        let proxy = Proxy::all(proxy.as_str())
            .map_err(|_| refused(TransportKind::Proxy, "the proxy's URL cannot be used"))?;
        builder = builder.proxy(proxy);
    }
    builder.build().map_err(|_| {
        refused(
            TransportKind::Tls,
            "no trusted certificate authorities were found on this system",
        )
    })
}

/// The `Authorization` header, if any, and the body (RFC 6749 §2.3.1).
fn form(request: &FormRequest) -> (Option<HeaderValue>, Bytes) {
    let mut pairs: Vec<(&str, &str)> = request
        .form
        .iter()
        .map(|(name, value)| (name.as_str(), value.expose()))
        .collect();
    let mut authorization = None;
    match (request.client_auth, &request.client_secret) {
        (ClientAuth::Basic, Some(secret)) => authorization = basic(&request.client_id, secret),
        (ClientAuth::Post, Some(secret)) => {
            pairs.push(("client_id", &request.client_id));
            pairs.push(("client_secret", secret.expose()));
        }
        _ => pairs.push(("client_id", &request.client_id)),
    }
    let body = if request.style.json {
        json(&pairs)
    } else {
        encode(&pairs)
    };
    (authorization, Bytes::from_owner(body))
}

/// The same names and values as a JSON object of strings.
fn json(pairs: &[(&str, &str)]) -> FormBody {
    // Room for the worst case, as in `encode`: every byte as an escape of six.
    let room = pairs.iter().map(|(n, v)| 6 * (n.len() + v.len() + 1)).sum();
    let mut text = Vec::with_capacity(room);
    let object: BTreeMap<&str, &str> = pairs.iter().copied().collect();
    // Text into memory cannot fail.
    let _ = serde_json::to_writer(&mut text, &object);
    FormBody(Zeroizing::new(String::from_utf8(text).unwrap_or_default()))
}

/// Id and secret are form-encoded before they are joined; a colon in either stays unambiguous.
fn basic(client_id: &str, secret: &Secret) -> Option<HeaderValue> {
    let encode = |text: &str| -> Zeroizing<String> {
        Zeroizing::new(form_urlencoded::byte_serialize(text.as_bytes()).collect())
    };
    let pair = Zeroizing::new(format!(
        "{}:{}",
        *encode(client_id),
        *encode(secret.expose())
    ));
    let text = Zeroizing::new(format!("Basic {}", STANDARD.encode(pair.as_bytes())));
    let mut value = HeaderValue::from_str(&text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// Wiped once the HTTP client lets go of it.
struct FormBody(Zeroizing<String>);

impl AsRef<[u8]> for FormBody {
    fn as_ref(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

fn encode(pairs: &[(&str, &str)]) -> FormBody {
    // Room for the worst case, so that no half-written copy is left behind by growing.
    let room = pairs.iter().map(|(n, v)| 3 * (n.len() + v.len()) + 2).sum();
    let mut form = form_urlencoded::Serializer::new(String::with_capacity(room));
    form.extend_pairs(pairs);
    FormBody(Zeroizing::new(form.finish()))
}

async fn exchange(request: reqwest::RequestBuilder, limits: Limits) -> Reply {
    let mut response = match request.header(ACCEPT, "application/json").send().await {
        Ok(response) => response,
        Err(error) => return Reply::Failed(failure(&error)),
    };
    let headers = response
        .headers()
        .iter()
        .map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            (name.as_str().to_owned(), value)
        })
        .collect();
    let mut body = Vec::new();
    let cut = loop {
        match response.chunk().await {
            Ok(Some(chunk)) => {
                let room = limits.reply_bytes - body.len();
                body.extend_from_slice(chunk.get(..room).unwrap_or(&chunk));
                if chunk.len() > room {
                    break true;
                }
            }
            Ok(None) => break false,
            // Closed too early, or too slow: the status and what came before still count.
            Err(_) => break true,
        }
    };
    Reply::Answered(HttpReply {
        status: response.status().as_u16(),
        headers,
        body,
        cut,
    })
}
