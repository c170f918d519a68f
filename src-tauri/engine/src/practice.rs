//! The practice provider: a small OAuth and OpenID Connect provider on loopback, for the demo and
//! for tests.
//!
//! It knows nothing of accounts, vault or engine: whoever signs in talks HTTP to it, as to any
//! other provider. It tells the time by the clock port, so that with a fast clock an access token
//! of an hour ends after a minute; its `Date` header follows that clock too. Its answers are
//! decided and written down before they are held back (`slow`, [`Practice::hold`]), so that a
//! client that gives up early has spent its refresh token, as in real life.

use std::{
    collections::VecDeque,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use chrono::{DateTime, Utc};
use tokio::{
    net::TcpListener,
    sync::{oneshot, watch},
};

use crate::{api::types::PracticeSwitches, domain::secret::Secret, io::clock::Clock};

mod book;
mod consent;
mod door;
mod jwt;
mod pages;
mod routes;

/// Requests that the log keeps: enough for any test, bounded for a demo that runs for weeks.
const LOG_CAP: usize = 10_000;

/// How the practice provider behaves from the start.
pub struct PracticeOptions {
    pub clock: Arc<dyn Clock>,
    /// 0 takes any free port.
    pub port: u16,
    pub access_token_lifetime: Duration,
    /// None: refresh tokens have no end of their own.
    pub refresh_token_lifetime: Option<Duration>,
    /// Every refresh replaces the refresh token, and the old one may be used no more.
    pub rotate: bool,
    /// For so long a replaced refresh token still works, as some providers allow.
    pub grace: Option<Duration>,
    /// `/authorize` and the device page agree at once, without a click.
    pub auto_consent: bool,
    /// None: clients are public. Otherwise every client must prove itself with this.
    pub client_secret: Option<Secret>,
    /// Access tokens are JWTs instead of opaque text.
    pub jwt_access_tokens: bool,
    /// Least time between two polls for a device code (RFC 8628 §3.5).
    pub device_interval: Duration,
    /// What `Retry-After` says while `rate_limit` is on.
    pub retry_after: Duration,
    /// How long the token endpoint holds its answers back while `slow` is on.
    pub slow_by: Duration,
}

impl PracticeOptions {
    /// A rotating provider with tokens of an hour, public clients and a consent page.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            port: 0,
            access_token_lifetime: Duration::from_hours(1),
            refresh_token_lifetime: None,
            rotate: true,
            grace: None,
            auto_consent: false,
            client_secret: None,
            jwt_access_tokens: false,
            device_interval: Duration::from_secs(5),
            retry_after: Duration::from_secs(30),
            slow_by: Duration::from_secs(20),
        }
    }
}

/// One request, as the provider saw it: what a test or a demo judges by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PracticeRequest {
    /// On the practice provider's clock.
    pub at: DateTime<Utc>,
    /// Path, such as `/token`.
    pub endpoint: String,
    /// `grant_type` of a token request.
    pub grant_type: Option<String>,
    /// Number of the refresh token that was sent: 1 is the first ever issued.
    pub refresh_serial: Option<u64>,
    pub status: u16,
    /// The OAuth error code, or the switch that answered (`outage`, `rate_limit`, `portal`).
    pub error: Option<String>,
}

/// A running practice provider; it ends when this is dropped.
pub struct Practice {
    shared: Arc<Shared>,
    /// Dropped: the server takes no more connections and ends.
    _running: oneshot::Sender<()>,
}

/// What handlers share. The mutex is never held across an await.
pub(crate) struct Shared {
    options: PracticeOptions,
    issuer: String,
    jwt_key: Vec<u8>,
    state: Mutex<State>,
    /// Raised with each line of the log.
    logged: watch::Sender<u64>,
    /// While true, the token endpoint's answers wait.
    held: watch::Sender<bool>,
}

#[derive(Default)]
struct State {
    /// All given, but for `revoke`, which follows from the book.
    switches: PracticeSwitches,
    book: book::Book,
    desk: consent::Desk,
    log: VecDeque<PracticeRequest>,
}

/// Starts a practice provider on 127.0.0.1.
pub async fn start(options: PracticeOptions) -> std::io::Result<Practice> {
    let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, options.port))).await?;
    let issuer = format!("http://{}", listener.local_addr()?);
    let jwt_key = match &options.client_secret {
        // OpenID Connect Core §10.1: HS256 is keyed with the client secret.
        Some(secret) => secret.expose().as_bytes().to_vec(),
        None => book::random_text().into_bytes(),
    };
    let shared = Arc::new(Shared {
        state: Mutex::new(State {
            switches: PracticeSwitches {
                outage: Some(false),
                rate_limit: Some(false),
                rotate: Some(options.rotate),
                slow: Some(false),
                portal: Some(false),
                revoke: None,
            },
            ..State::default()
        }),
        options,
        issuer,
        jwt_key,
        logged: watch::Sender::new(0),
        held: watch::Sender::new(false),
    });
    let (running, ended) = oneshot::channel();
    let server =
        axum::serve(listener, routes::router(Arc::clone(&shared))).with_graceful_shutdown(async {
            let _ = ended.await;
        });
    tokio::spawn(async move {
        if let Err(error) = server.await {
            tracing::warn!(%error, "practice_provider_ended");
        }
    });
    Ok(Practice {
        shared,
        _running: running,
    })
}

impl Practice {
    /// The issuer's URL, without a slash at the end; discovery starts here.
    pub fn issuer(&self) -> &str {
        &self.shared.issuer
    }

    /// Sets the switches that are given; `revoke` acts once. Returns all as they are now.
    pub fn switch(&self, switches: &PracticeSwitches) -> PracticeSwitches {
        {
            let mut state = self.shared.state();
            let now = &mut state.switches;
            now.outage = switches.outage.or(now.outage);
            now.rate_limit = switches.rate_limit.or(now.rate_limit);
            now.rotate = switches.rotate.or(now.rotate);
            now.slow = switches.slow.or(now.slow);
            now.portal = switches.portal.or(now.portal);
            if switches.revoke == Some(true) {
                state.book.revoke_all();
            }
        }
        self.switches()
    }

    /// All switches as they are; `revoke` is true while every grant ever given is dead.
    pub fn switches(&self) -> PracticeSwitches {
        let state = self.shared.state();
        PracticeSwitches {
            revoke: Some(state.book.all_revoked()),
            ..state.switches.clone()
        }
    }

    /// Every request so far, oldest first (at most the last 10,000).
    pub fn log(&self) -> Vec<PracticeRequest> {
        self.shared.state().log.iter().cloned().collect()
    }

    /// Waits until the log is as wished; the log at that moment.
    pub async fn until(&self, wished: impl Fn(&[PracticeRequest]) -> bool) -> Vec<PracticeRequest> {
        let mut logged = self.shared.logged.subscribe();
        loop {
            logged.mark_unchanged();
            let log = self.log();
            if wished(&log) {
                return log;
            }
            // The sender lives as long as `self`: this ends with the next request only.
            let _ = logged.changed().await;
        }
    }

    /// Holds the token endpoint's answers back until called with false.
    pub fn hold(&self, hold: bool) {
        self.shared.held.send_replace(hold);
    }

    /// Voids all access tokens, but no grant: tools get a 401, a refresh heals it.
    pub fn void_access_tokens(&self) {
        self.shared.state().book.void_access_tokens();
    }

    /// Every token issued (at most the last 10,000), so that a test can look for leaks.
    pub fn issued(&self) -> Vec<Secret> {
        self.shared.state().book.issued()
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> DateTime<Utc> {
        self.options.clock.now().wall
    }

    fn switches(&self) -> PracticeSwitches {
        self.state().switches.clone()
    }

    fn record(&self, request: PracticeRequest) {
        {
            let mut state = self.state();
            if state.log.len() >= LOG_CAP {
                state.log.pop_front();
            }
            state.log.push_back(request);
        }
        self.logged.send_modify(|count| *count += 1);
    }
}
