//! Asks an engine: the one in this process, or the one behind the socket. Both behave alike, since
//! the same router answers.
//!
//! One connection for each request: they are local and cheap, and nothing has to be mended when
//! the engine is restarted.

use std::{fmt, path::PathBuf};

use axum::{Router, body::Body};
use futures_util::StreamExt;
use http::{HeaderMap, Method, Request, Response, header};
use http_body_util::BodyExt;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::mpsc;
use tower::ServiceExt;

use crate::{
    api::{
        events::EventReader,
        problem::{Code, Problem},
        routes,
    },
    engine::{Caller, Engine, NumberedEvent},
};

/// Events that wait for their listener.
const EVENTS_WAITING: usize = 256;

/// A way to ask an engine; cheap to clone.
#[derive(Clone)]
pub struct Client(Way);

#[derive(Clone)]
enum Way {
    InProcess { router: Router, caller: Caller },
    Socket(PathBuf),
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Way::InProcess { .. } => "Client(in process)",
            Way::Socket(_) => "Client(socket)",
        })
    }
}

impl Client {
    /// Asks an engine of this process as the window: a person who clicked.
    pub fn in_process(engine: Engine) -> Self {
        let window = Caller {
            program: Some("window".to_owned()),
            pid: Some(std::process::id()),
            person: true,
        };
        Self::in_process_as(engine, window)
    }

    /// Asks an engine of this process as `caller`.
    pub fn in_process_as(engine: Engine, caller: Caller) -> Self {
        Self(Way::InProcess {
            router: routes::router(engine),
            caller,
        })
    }

    /// Asks whatever engine serves this socket at the time of each request.
    pub fn socket(path: impl Into<PathBuf>) -> Self {
        Self(Way::Socket(path.into()))
    }

    /// `GET`, read as `T`.
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Problem> {
        self.send(Method::GET, path, None).await
    }

    /// Any method, read as `T`; an answer without content reads as `()`.
    pub async fn send<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Result<T, Problem> {
        let (_, value) = self.request(method, path, body).await?;
        serde_json::from_value(value).map_err(|error| not_understood(&error))
    }

    /// Status and JSON of a success, `null` where there is no content; else the problem.
    pub async fn request(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Result<(u16, Value), Problem> {
        let response = self.exchange(method, path, body).await?;
        let (head, body) = response.into_parts();
        let bytes = body.collect().await.map_err(|_| cut_off())?.to_bytes();
        let status = head.status.as_u16();
        if !head.status.is_success() {
            return Err(problem_of(status, &bytes, server_of(&head.headers)));
        }
        if bytes.is_empty() {
            return Ok((status, Value::Null));
        }
        let value = serde_json::from_slice(&bytes).map_err(|error| not_understood(&error))?;
        Ok((status, value))
    }

    /// Live events, from `after` on where it is given; the channel closes when the connection ends.
    pub async fn events(
        &self,
        after: Option<u64>,
    ) -> Result<mpsc::Receiver<NumberedEvent>, Problem> {
        let path = match after {
            None => "/v1/events".to_owned(),
            Some(number) => format!("/v1/events?after={number}"),
        };
        let response = self.exchange(Method::GET, &path, None).await?;
        let (head, body) = response.into_parts();
        if !head.status.is_success() {
            let bytes = body.collect().await.map_err(|_| cut_off())?.to_bytes();
            return Err(problem_of(
                head.status.as_u16(),
                &bytes,
                server_of(&head.headers),
            ));
        }
        let (sender, receiver) = mpsc::channel(EVENTS_WAITING);
        tokio::spawn(async move {
            let mut reader = EventReader::default();
            let mut bytes = body.into_data_stream();
            loop {
                let chunk = tokio::select! {
                    chunk = bytes.next() => chunk,
                    // Nobody listens any more: the connection must not outlive its listener.
                    () = sender.closed() => return,
                };
                let Some(Ok(chunk)) = chunk else { return };
                for event in reader.push(&chunk) {
                    if sender.send(event).await.is_err() {
                        return;
                    }
                }
            }
        });
        Ok(receiver)
    }

    async fn exchange(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Result<Response<Body>, Problem> {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, "tokentray");
        if body.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        let bytes = body.map(|value| value.to_string()).unwrap_or_default();
        let mut request = request.body(Body::from(bytes)).map_err(|error| {
            Problem::new(
                Code::InvalidRequest,
                format!("{path:?} is no path: {error}"),
            )
        })?;
        match &self.0 {
            Way::InProcess { router, caller } => {
                request.extensions_mut().insert(caller.clone());
                match router.clone().oneshot(request).await {
                    Ok(response) => Ok(response),
                    Err(never) => match never {},
                }
            }
            Way::Socket(path) => over_socket(path, request).await,
        }
    }
}

#[cfg(unix)]
async fn over_socket(
    path: &std::path::Path,
    request: Request<Body>,
) -> Result<Response<Body>, Problem> {
    use hyper_util::rt::TokioIo;

    let stream = tokio::net::UnixStream::connect(path)
        .await
        .map_err(|error| unreachable_engine(&error))?;
    let server = stream
        .peer_cred()
        .map_err(|error| unreachable_engine(&error))?;
    check_server(server.uid())?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .map_err(|_| cut_off())?;
    tokio::spawn(connection);
    let response = sender.send_request(request).await.map_err(|_| cut_off())?;
    Ok(response.map(Body::new))
}

/// Never compiled so far: the pipe is opened like a file, then the same HTTP/1.1 is spoken.
#[cfg(windows)]
async fn over_socket(
    path: &std::path::Path,
    request: Request<Body>,
) -> Result<Response<Body>, Problem> {
    use hyper_util::rt::TokioIo;

    let pipe = tokio::net::windows::named_pipe::ClientOptions::new()
        .open(path)
        .map_err(|error| unreachable_engine(&error))?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(pipe))
        .await
        .map_err(|_| cut_off())?;
    tokio::spawn(connection);
    let response = sender.send_request(request).await.map_err(|_| cut_off())?;
    Ok(response.map(Body::new))
}

/// Refuses a server of another user: it could be somebody who waits for secrets. Root may talk to
/// everyone.
#[cfg(unix)]
pub fn check_server(server_uid: u32) -> Result<(), Problem> {
    let own = rustix::process::getuid().as_raw();
    if server_uid == own || server_uid == 0 || own == 0 {
        return Ok(());
    }
    Err(Problem::new(
        Code::Unauthorized,
        format!("the socket is served by another user (uid {server_uid})"),
    ))
}

/// What a failed connection to the socket means.
pub fn unreachable_engine(error: &std::io::Error) -> Problem {
    if error.kind() == std::io::ErrorKind::PermissionDenied {
        return Problem::new(
            Code::Unauthorized,
            "the socket belongs to another user: permission denied",
        );
    }
    Problem::new(Code::NotRunning, "Tokentray is not running")
        .with_hint("tokentray tray (with a desktop) or tokentray daemon (without)")
}

/// The engine ended, or refused the connection, before it answered.
pub fn cut_off() -> Problem {
    Problem::new(
        Code::Busy,
        "the engine closed the connection before it answered",
    )
    .with_retry_after(1)
    .with_hint("tokentray doctor")
}

/// The problem in a refusal's body; an older engine is named as the reason where it may be one.
pub fn problem_of(status: u16, body: &[u8], server: Option<&str>) -> Problem {
    let mut problem = serde_json::from_slice::<Problem>(body).unwrap_or_else(|_| {
        Problem::new(
            Code::Internal,
            format!("the engine answered {status} without a problem document"),
        )
    });
    // An older engine does not know what a newer command line asks for.
    if matches!(problem.code, Code::InvalidRequest | Code::Internal)
        && let Some(version) = server.and_then(older)
    {
        problem.detail = format!(
            "{} (the running engine is version {version}, this program is {})",
            problem.detail,
            env!("CARGO_PKG_VERSION"),
        );
        problem.hint = Some("quit Tokentray and start it again: tokentray daemon, or tray".into());
    }
    problem
}

fn server_of(headers: &HeaderMap) -> Option<&str> {
    headers
        .get(header::SERVER)
        .and_then(|value| value.to_str().ok())
}

/// The version in a `Server` header, if it is older than this program's.
pub fn older(server: &str) -> Option<&str> {
    let version = server.strip_prefix("tokentray/")?;
    let number = |text: &str| -> Vec<u64> {
        text.split(['.', '-'])
            .map_while(|part| part.parse().ok())
            .collect()
    };
    (number(version) < number(env!("CARGO_PKG_VERSION"))).then_some(version)
}

/// What an answer that does not fit means, without showing any of it.
pub fn not_understood(error: &serde_json::Error) -> Problem {
    Problem::new(
        Code::Internal,
        format!(
            "the engine's answer was not understood (line {}, column {})",
            error.line(),
            error.column()
        ),
    )
    .with_hint("quit Tokentray and start it again: tokentray daemon, or tray")
}
