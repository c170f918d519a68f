//! The listener that a browser comes back to (RFC 8252 §7.3): bound before the address is built,
//! alive for one attempt.
//!
//! It must not know providers or tokens. Anybody on this machine, and any web page, can knock here;
//! therefore only the exact path with the right state has an effect, and everything else gets the
//! same empty 404. Surprising: the browser is sent on at once to a clean page under a random path,
//! so that neither its history nor another user of the machine sees code or account.

use std::{
    convert::Infallible,
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    pin::pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::Full;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use oauth2::CsrfToken;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{oneshot, watch},
    task::{JoinHandle, JoinSet},
    time::{sleep, timeout},
};

use crate::domain::{account::Redirect, secret::Secret};

use super::{
    SignInFailure,
    authorization::{Callback, read_callback},
    failure::SetupFault,
    pages::{self, Page},
};

/// More at once are dropped unread: one browser needs two or three.
const CONNECTIONS: usize = 16;
/// A connection's whole life.
const CONNECTION_TIME: Duration = Duration::from_secs(10);
/// The last page waits so long for the outcome before it shows "One moment" and asks again.
const PAGE_WAIT: Duration = Duration::from_secs(7);
/// After the outcome, the last page can be fetched for so long.
const LINGER: Duration = Duration::from_secs(2);
/// A fixed port may still be held by the lingering end of the attempt before.
const BUSY_RETRY: Duration = Duration::from_millis(250);
const BUSY_TRIES: u32 = 12;
/// Code, state and what providers add fit into 32 KiB of headers with ease.
const HEADER_BYTES: usize = 32 * 1024;

/// Bound, but not listened to yet.
pub struct Loopback {
    listeners: Vec<TcpListener>,
    /// `host:port`, as a browser's `Host` header must say.
    host: String,
    path: String,
    redirect_uri: String,
}

impl Loopback {
    /// Binds as the account's redirect says: 127.0.0.1, or `localhost` on both loopback addresses
    /// alike; the first free of the fixed ports, or any port.
    pub async fn bind(redirect: &Redirect) -> Result<Self, SignInFailure> {
        let addresses: &[IpAddr] = match redirect.host.as_str() {
            "127.0.0.1" => &[IpAddr::V4(Ipv4Addr::LOCALHOST)],
            "localhost" => &[
                IpAddr::V4(Ipv4Addr::LOCALHOST),
                IpAddr::V6(Ipv6Addr::LOCALHOST),
            ],
            _ => {
                return Err(SetupFault::RedirectHost.into());
            }
        };
        if !redirect.path.starts_with('/') || redirect.path.contains(['?', '#']) {
            return Err(SetupFault::RedirectPath.into());
        }
        let any = [0];
        let ports = if redirect.ports.is_empty() {
            &any[..]
        } else {
            &redirect.ports
        };
        for _ in 0..BUSY_TRIES {
            for &port in ports {
                match bind_all(addresses, port).await {
                    Ok(listeners) => return Self::new(listeners, redirect),
                    Err(error) if error.kind() == io::ErrorKind::AddrInUse => {}
                    Err(error) => {
                        return Err(SignInFailure::PortRefused {
                            port,
                            why: error.kind().to_string(),
                        });
                    }
                }
            }
            sleep(BUSY_RETRY).await;
        }
        Err(SignInFailure::PortTaken {
            ports: redirect.ports.clone(),
        })
    }

    fn new(listeners: Vec<TcpListener>, redirect: &Redirect) -> Result<Self, SignInFailure> {
        let port = listeners
            .first()
            .and_then(|listener| listener.local_addr().ok())
            .ok_or(SignInFailure::PortTaken { ports: Vec::new() })?
            .port();
        let host = format!("{}:{port}", redirect.host);
        Ok(Self {
            redirect_uri: format!("http://{host}{}", redirect.path),
            listeners,
            host,
            path: redirect.path.clone(),
        })
    }

    /// Exactly what must be sent as `redirect_uri`.
    pub fn redirect_uri(&self) -> &str {
        &self.redirect_uri
    }

    /// Answers from now on; ends when the attempt is dropped, or shortly after its outcome.
    pub fn listen(self, state: Secret, account: String) -> Attempt {
        let (answer, callback) = oneshot::channel();
        let (outcome, page) = watch::channel(None);
        let desk = Arc::new(Desk {
            host: self.host,
            path: self.path,
            done_path: format!("/done/{}", CsrfToken::new_random().secret()),
            state,
            account,
            answer: Mutex::new(Some(answer)),
            page,
        });
        Attempt {
            callback,
            outcome,
            server: tokio::spawn(serve(self.listeners, desk)),
        }
    }
}

/// The same port on every address, or an error. A machine without IPv6 has no `::1` that a browser
/// could prefer, so that 127.0.0.1 alone is as good as both there.
async fn bind_all(addresses: &[IpAddr], port: u16) -> io::Result<Vec<TcpListener>> {
    let mut listeners: Vec<TcpListener> = Vec::new();
    for address in addresses {
        let port = match listeners.first() {
            Some(first) => first.local_addr()?.port(),
            None => port,
        };
        match TcpListener::bind(SocketAddr::new(*address, port)).await {
            Ok(listener) => listeners.push(listener),
            Err(error)
                if address.is_ipv6()
                    && matches!(
                        error.kind(),
                        io::ErrorKind::AddrNotAvailable | io::ErrorKind::Unsupported
                    ) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(listeners)
}

/// A listener at work. Dropped without an outcome it ends at once.
pub struct Attempt {
    callback: oneshot::Receiver<Callback>,
    outcome: watch::Sender<Option<Page>>,
    server: JoinHandle<()>,
}

impl Attempt {
    /// Resolves when the browser came back with the right state; never otherwise.
    pub async fn callback(&mut self) -> Callback {
        match (&mut self.callback).await {
            Ok(callback) => callback,
            // The server ended without an answer, which it does not: the attempt's time limit ends
            // the wait.
            Err(_) => std::future::pending().await,
        }
    }

    /// Shows the last page to the browser that came back; does not wait for it.
    pub fn finish(self, page: Page) {
        self.outcome.send_replace(Some(page));
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        if self.outcome.borrow().is_none() {
            self.server.abort();
        }
    }
}

/// What the connections share.
struct Desk {
    host: String,
    path: String,
    done_path: String,
    state: Secret,
    account: String,
    /// Taken by the first callback: a second one has no effect.
    answer: Mutex<Option<oneshot::Sender<Callback>>>,
    page: watch::Receiver<Option<Page>>,
}

async fn serve(listeners: Vec<TcpListener>, desk: Arc<Desk>) {
    let mut connections = JoinSet::new();
    let mut outcome = desk.page.clone();
    let lingered = async {
        if outcome.wait_for(Option::is_some).await.is_ok() {
            sleep(LINGER).await;
        }
    };
    let mut lingered = pin!(lingered);
    loop {
        tokio::select! {
            () = &mut lingered => return,
            Some(ended) = connections.join_next() => {
                if matches!(ended, Ok(true)) {
                    return;
                }
            }
            stream = accept(&listeners) => {
                if connections.len() < CONNECTIONS {
                    connections.spawn(converse(stream, Arc::clone(&desk)));
                }
            }
        }
    }
}

async fn accept(listeners: &[TcpListener]) -> TcpStream {
    loop {
        let accepting = listeners.iter().map(|listener| Box::pin(listener.accept()));
        match futures_util::future::select_all(accepting).await.0 {
            Ok((stream, _)) => return stream,
            // Too many open files, or a connection that was gone at once: both pass.
            Err(_) => sleep(Duration::from_millis(50)).await,
        }
    }
}

/// One request on one connection; true once the last page was written out.
async fn converse(stream: TcpStream, desk: Arc<Desk>) -> bool {
    let shown = AtomicBool::new(false);
    let service = service_fn(|request: Request<Incoming>| {
        let desk = Arc::clone(&desk);
        let shown = &shown;
        async move {
            let (response, last) = desk.answer(&request).await;
            shown.store(last, Ordering::Relaxed);
            Ok::<_, Infallible>(response)
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(CONNECTION_TIME)
        .keep_alive(false)
        .max_buf_size(HEADER_BYTES)
        .serve_connection(TokioIo::new(stream), service);
    let written = matches!(timeout(CONNECTION_TIME, connection).await, Ok(Ok(())));
    written && shown.load(Ordering::Relaxed)
}

impl Desk {
    async fn answer(&self, request: &Request<Incoming>) -> (Response<Full<Bytes>>, bool) {
        let uri = request.uri();
        if request.method() != Method::GET || uri.authority().is_some() || !self.is_host(request) {
            return (nothing(), false);
        }
        if uri.path() == self.done_path && uri.query().is_none() {
            return self.last_page().await;
        }
        let callback = (uri.path() == self.path)
            .then(|| read_callback(uri.query()?, &self.state))
            .flatten();
        let Some(callback) = callback else {
            return (nothing(), false);
        };
        let first = self
            .answer
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(first) = first {
            let _ = first.send(callback);
        }
        let mut response = empty(StatusCode::SEE_OTHER);
        if let Ok(place) = HeaderValue::from_str(&self.done_path) {
            response.headers_mut().insert(header::LOCATION, place);
        }
        (response, false)
    }

    /// A page that was led here from another name (DNS rebinding) says another host.
    fn is_host(&self, request: &Request<Incoming>) -> bool {
        let mut hosts = request.headers().get_all(header::HOST).iter();
        let said = hosts.next().and_then(|host| host.to_str().ok());
        hosts.next().is_none()
            && said.is_some_and(|said| {
                said.eq_ignore_ascii_case(&self.host)
                    || self
                        .host
                        .strip_suffix(":80")
                        .is_some_and(|host| said.eq_ignore_ascii_case(host))
            })
    }

    async fn last_page(&self) -> (Response<Full<Bytes>>, bool) {
        let mut outcome = self.page.clone();
        let page = match timeout(PAGE_WAIT, outcome.wait_for(Option::is_some)).await {
            Ok(Ok(page)) => page.clone(),
            _ => None,
        };
        let nonce = CsrfToken::new_random();
        let mut response = empty(StatusCode::OK);
        *response.body_mut() =
            Full::from(pages::html(page.as_ref(), &self.account, nonce.secret()));
        let policy = format!(
            "default-src 'none'; style-src 'nonce-{}'; base-uri 'none'; form-action 'none'; \
             frame-ancestors 'none'",
            nonce.secret()
        );
        if let Ok(policy) = HeaderValue::from_str(&policy) {
            response
                .headers_mut()
                .insert(header::CONTENT_SECURITY_POLICY, policy);
        }
        response.headers_mut().insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/html; charset=utf-8"),
        );
        (response, page.is_some())
    }
}

fn nothing() -> Response<Full<Bytes>> {
    empty(StatusCode::NOT_FOUND)
}

/// Without a body; kept nowhere, tells nobody where it came from.
fn empty(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    for (name, value) in [
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'"),
    ] {
        response
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    response
}
