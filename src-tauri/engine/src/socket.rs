//! The Unix socket: who may connect, how much at once, and how it ends.
//!
//! It knows a router and nothing of what is behind it. The peer's user id is checked on every
//! connection even though folder (0700) and socket (0600) already keep others out: a mode can be
//! loosened by accident, the kernel's word about the peer cannot. Connection tasks die with the
//! listener.

mod peer;
#[cfg(unix)]
mod timed_writes;
#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

use std::{convert::Infallible, time::Duration};

use axum::{Router, body::Body, response::IntoResponse};
use http::{Request, Response};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use tower::ServiceExt;

use crate::{
    api::{
        extract::{BODY_LIMIT, invalid},
        problem::{Code, Problem},
    },
    engine::Caller,
};

#[cfg(unix)]
pub use unix::{Listener, bind, serve, serve_within};
#[cfg(windows)]
pub use windows::{Listener, bind, serve};

/// How much is allowed at once (API.md's numbers by default), and whose connections.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// The only user, besides root, who is answered.
    pub uid: u32,
    pub connections: usize,
    /// Connections of one process.
    pub of_one_process: usize,
    /// Bytes of request line and headers.
    pub headers: usize,
    /// Bytes of a request's body.
    pub body: usize,
    /// For sending the headers, and again for sending the body.
    pub patience: Duration,
    /// For taking some of an answer that waits to be taken.
    pub taking: Duration,
    /// For finishing answers once the shutdown began.
    pub grace: Duration,
}

impl Bounds {
    /// The usual bounds for connections of `uid`.
    pub const fn of(uid: u32) -> Self {
        Self {
            uid,
            connections: 512,
            of_one_process: 32,
            headers: 8 * 1024,
            body: BODY_LIMIT,
            patience: Duration::from_secs(5),
            taking: Duration::from_secs(30),
            grace: Duration::from_secs(1),
        }
    }
}

/// Why the socket cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum SocketError {
    #[error("the socket's folder belongs to another user")]
    ForeignFolder,
    #[error("the socket's folder is open to others (mode {0:03o}); run: chmod 700 on it")]
    OpenFolder(u32),
    #[error("the socket's folder is no folder")]
    NoFolder,
    #[error("something that is no socket lies at the socket's path")]
    InTheWay,
    #[error("another engine, with another state folder, serves this socket")]
    Served,
    #[error("the socket's path is longer than the system allows")]
    TooLong,
    #[error("the socket cannot be made: {0}")]
    Failed(std::io::Error),
}

/// Reads the body within bounds, then lets the router answer.
async fn answer(
    router: Router,
    caller: Caller,
    bounds: Bounds,
    request: Request<Incoming>,
) -> Result<Response<Body>, Infallible> {
    let (head, body) = request.into_parts();
    let body = Limited::new(body, bounds.body).collect();
    let bytes = match tokio::time::timeout(bounds.patience, body).await {
        Ok(Ok(body)) => body.to_bytes(),
        Ok(Err(_)) => {
            return Ok(
                invalid(format!("the body is longer than {} bytes", bounds.body)).into_response(),
            );
        }
        Err(_) => {
            return Ok(invalid(format!(
                "the body was not sent within {} s",
                bounds.patience.as_secs()
            ))
            .into_response());
        }
    };
    let mut request = Request::from_parts(head, Body::from(bytes));
    request.extensions_mut().insert(caller);
    router.oneshot(request).await
}

/// What a connection above the bounds gets.
fn too_many(what: &str) -> Problem {
    Problem::new(Code::Busy, format!("too many connections {what}")).with_retry_after(1)
}
