//! What the stories of signing in share: a clock, browsers, a scripted provider, a running attempt.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

use chrono::{DateTime, TimeZone, Utc};
use tokentray::{
    api::types::{SignInPhase, SignInRequest, SignInRow},
    domain::{
        account::{Account, AccountId},
        reply::{HttpReply, Reply, Sent, TransportFailure, TransportKind},
    },
    io::{
        Pending,
        browser::{Browser, BrowserError},
        clock::{Clock, Now},
        token_endpoint::{FormRequest, HttpOptions, HttpTokenEndpoint, TokenEndpoint},
    },
    practice::{self, Practice, PracticeOptions},
    sign_in::{self, SignInFailure, SignInJob, SignInPorts, SignedIn},
};
use tokio::{
    sync::{Semaphore, mpsc, oneshot, watch},
    task::JoinHandle,
};

/// Short sleeps end, and move the clock, once the test permits one; long ones when it is late enough.
pub struct StepClock {
    at: watch::Sender<Duration>,
    permits: Arc<Semaphore>,
}

pub fn morning() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2031, 5, 4, 9, 0, 0).unwrap()
}

impl StepClock {
    pub fn new() -> Arc<Self> {
        Arc::new(Self {
            at: watch::Sender::new(Duration::ZERO),
            permits: Arc::new(Semaphore::new(0)),
        })
    }

    pub fn permit(&self, sleeps: usize) {
        self.permits.add_permits(sleeps);
    }

    pub fn advance(&self, by: Duration) {
        self.at.send_modify(|at| *at += by);
    }

    pub fn elapsed(&self) -> Duration {
        *self.at.borrow()
    }
}

impl Clock for StepClock {
    fn now(&self) -> Now {
        let boot = *self.at.borrow();
        Now {
            wall: morning() + boot,
            boot,
        }
    }

    fn sleep(&self, duration: Duration) -> Pending<'static, ()> {
        let at = self.at.clone();
        let permits = Arc::clone(&self.permits);
        Box::pin(async move {
            if duration < Duration::from_mins(2) {
                permits.acquire_owned().await.unwrap().forget();
                at.send_modify(|at| *at += duration);
            } else {
                let until = *at.borrow() + duration;
                let _ = at.subscribe().wait_for(|at| *at >= until).await;
            }
        })
    }
}

/// What a visit ended with.
#[derive(Debug)]
pub struct Visited {
    pub url: String,
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub text: String,
}

/// One GET without following anything.
pub async fn get(url: &str) -> Visited {
    let client = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .tls_certs_only([])
        .build()
        .unwrap();
    let response = client.get(url).send().await.unwrap();
    Visited {
        url: url.to_owned(),
        status: response.status().as_u16(),
        headers: response.headers().clone(),
        text: response.text().await.unwrap(),
    }
}

/// Follows redirects until there is a page, as a browser does.
pub async fn follow(url: &str) -> Visited {
    let mut url = url.to_owned();
    for _ in 0..10 {
        let visited = get(&url).await;
        let Some(place) = visited.headers.get("location") else {
            return visited;
        };
        url = url::Url::parse(&url)
            .unwrap()
            .join(place.to_str().unwrap())
            .unwrap()
            .to_string();
    }
    panic!("led in a circle: {url}");
}

/// A browser that goes where it is told, and tells what it saw last.
pub struct FollowingBrowser(pub mpsc::UnboundedSender<Visited>);

impl Browser for FollowingBrowser {
    fn open(&self, url: String) -> Pending<'static, Result<(), BrowserError>> {
        let seen = self.0.clone();
        tokio::spawn(async move {
            let _ = seen.send(follow(&url).await);
        });
        Box::pin(async { Ok(()) })
    }

    fn is_likely(&self) -> bool {
        true
    }
}

/// No browser; asking for one fails.
pub struct NoBrowser;

impl Browser for NoBrowser {
    fn open(&self, _url: String) -> Pending<'static, Result<(), BrowserError>> {
        Box::pin(async { Err(BrowserError::NoDisplay) })
    }

    fn is_likely(&self) -> bool {
        false
    }
}

/// Answers from a list, and remembers what was asked.
#[derive(Default)]
pub struct Script {
    pub replies: Mutex<VecDeque<Reply>>,
    pub asked: Mutex<Vec<String>>,
    pub posted: Mutex<Vec<FormRequest>>,
}

impl Script {
    pub fn new(replies: impl IntoIterator<Item = Reply>) -> Arc<Self> {
        Arc::new(Self {
            replies: Mutex::new(replies.into_iter().collect()),
            ..Self::default()
        })
    }

    fn next(&self) -> Pending<'static, Reply> {
        let reply = self.replies.lock().unwrap().pop_front();
        Box::pin(async move { reply.expect("the script is long enough") })
    }

    pub fn forms(&self) -> Vec<String> {
        let field = |(name, value): &(String, tokentray::domain::secret::Secret)| {
            format!("{name}={}", value.expose())
        };
        let posted = self.posted.lock().unwrap();
        posted
            .iter()
            .map(|request| request.form.iter().map(field).collect::<Vec<_>>().join("&"))
            .collect()
    }
}

impl TokenEndpoint for Script {
    fn post(&self, request: FormRequest) -> Pending<'static, Reply> {
        self.asked.lock().unwrap().push(request.url.clone());
        self.posted.lock().unwrap().push(request);
        self.next()
    }

    fn get(&self, url: String) -> Pending<'static, Reply> {
        self.asked.lock().unwrap().push(url);
        self.next()
    }
}

pub fn answer(status: u16, body: &serde_json::Value) -> Reply {
    Reply::Answered(HttpReply {
        status,
        headers: vec![
            ("content-type".into(), "application/json".into()),
            ("date".into(), "Sun, 04 May 2031 09:00:00 GMT".into()),
        ],
        body: body.to_string().into_bytes(),
        cut: false,
    })
}

pub fn no_answer(kind: TransportKind, sent: Sent) -> Reply {
    Reply::Failed(TransportFailure {
        kind,
        sent,
        detail: "nothing came".into(),
    })
}

pub async fn practice(clock: &Arc<StepClock>) -> Practice {
    practice::start(PracticeOptions {
        auto_consent: true,
        ..PracticeOptions::new(Arc::clone(clock) as Arc<dyn Clock>)
    })
    .await
    .unwrap()
}

/// An account at that issuer, asking for everything the practice provider has.
pub fn job(issuer: &str) -> SignInJob {
    let mut account = Account::new(AccountId("0".repeat(32)), "Work", "desk");
    account.issuer = Some(issuer.to_owned());
    account.scopes = ["openid", "email", "offline_access"]
        .map(str::to_owned)
        .into();
    SignInJob {
        id: "attempt".into(),
        account,
        provider: None,
        client_secret: None,
        expected: None,
        request: SignInRequest::default(),
    }
}

/// An account whose endpoints are given, so that nothing is discovered.
pub fn given(job: &mut SignInJob) {
    job.account.auth_url = Some("https://id.example/authorize".into());
    job.account.token_url = Some("https://id.example/token".into());
    job.account.device_url = Some("https://id.example/device".into());
}

pub fn http() -> Arc<dyn TokenEndpoint> {
    Arc::new(HttpTokenEndpoint::new(HttpOptions::default()))
}

/// An attempt that is going on.
pub struct Going {
    pub rows: watch::Receiver<SignInRow>,
    pub cancel: oneshot::Sender<()>,
    pub end: JoinHandle<Result<SignedIn, SignInFailure>>,
}

pub fn start(
    job: SignInJob,
    clock: &Arc<StepClock>,
    endpoint: Arc<dyn TokenEndpoint>,
    browser: impl Browser,
) -> Going {
    let ports = SignInPorts {
        endpoint,
        browser: Arc::new(browser),
        clock: Arc::clone(clock) as Arc<dyn Clock>,
    };
    let (progress, rows) = watch::channel(sign_in::first_row(&job, &**clock));
    let (cancel, cancelled) = oneshot::channel();
    let cancelled = async move {
        if cancelled.await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    Going {
        rows,
        cancel,
        end: tokio::spawn(sign_in::run(job, ports, progress, cancelled)),
    }
}

impl Going {
    /// The row once it is in that phase.
    pub async fn in_phase(&mut self, phase: SignInPhase) -> SignInRow {
        let row = self.rows.wait_for(|row| row.phase == phase).await.unwrap();
        row.clone()
    }

    pub async fn ended(self) -> Result<SignedIn, SignInFailure> {
        let _cancel = self.cancel;
        self.end.await.unwrap()
    }

    /// Waits for the address, and takes from it where the browser shall come back and the state.
    pub async fn address(&mut self) -> Address {
        let row = self.in_phase(SignInPhase::WaitingForBrowser).await;
        let url = url::Url::parse(row.url.as_deref().unwrap()).unwrap();
        let of = |name: &str| {
            url.query_pairs()
                .find(|(n, _)| n == name)
                .map(|(_, v)| v.into_owned())
        };
        Address {
            redirect: of("redirect_uri").unwrap(),
            state: of("state").unwrap(),
            nonce: of("nonce"),
            url,
        }
    }
}

pub struct Address {
    pub url: url::Url,
    pub redirect: String,
    pub state: String,
    pub nonce: Option<String>,
}

impl Address {
    /// What the browser would be sent to with this answer.
    pub fn back(&self, answer: &[(&str, &str)]) -> String {
        let mut url = url::Url::parse(&self.redirect).unwrap();
        url.query_pairs_mut().extend_pairs(answer);
        url.to_string()
    }
}
