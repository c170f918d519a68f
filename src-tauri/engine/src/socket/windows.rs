//! The named pipe of Windows. Never compiled so far: what stands here is the shape, no more.
//!
//! Missing before it may be used: the user's SID in the pipe's name and a DACL for that SID only.
//! Without them the pipe would be open to others, so [`bind`] refuses.

use std::future::Future;

use axum::Router;

use super::SocketError;
use crate::paths::Paths;

#[derive(Debug)]
pub struct Listener {}

/// Refuses until the pipe is closed to other users.
pub fn bind(_paths: &Paths) -> Result<Listener, SocketError> {
    Err(SocketError::Failed(std::io::ErrorKind::Unsupported.into()))
}

pub async fn serve(
    _listener: Listener,
    _router: Router,
    shutdown: impl Future<Output = ()>,
) -> Result<(), SocketError> {
    shutdown.await;
    Ok(())
}
