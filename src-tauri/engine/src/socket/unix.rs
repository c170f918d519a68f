//! The socket file, the accepting loop, and the slots that bound it.
//!
//! A stale file is removed without asking, because the caller holds the owner's lock; only a socket
//! that still answers is left alone: it belongs to an engine with another state folder.

use std::{
    collections::HashMap,
    fs,
    future::Future,
    io::ErrorKind,
    os::unix::{
        fs::{DirBuilderExt, FileTypeExt, MetadataExt, PermissionsExt},
        net::{UnixListener as StdListener, UnixStream as StdStream},
    },
    path::{Path, PathBuf},
    pin::pin,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::Router;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{UnixListener, UnixStream},
    sync::watch,
    task::JoinSet,
};

use super::{Bounds, SocketError, answer, peer, timed_writes::TimedWrites, too_many};
use crate::{engine::Caller, paths::Paths};

/// After a failed accept (no file descriptors left) it is tried again so much later.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// So many connections above the bounds are told why before they are closed.
const REFUSALS: usize = 32;

/// A bound socket; its file goes when it is dropped.
#[derive(Debug)]
pub struct Listener {
    inner: StdListener,
    path: PathBuf,
    /// Device and inode of the file that we made.
    identity: Option<(u64, u64)>,
}

impl Drop for Listener {
    fn drop(&mut self) {
        // Not if somebody else's lies there by now.
        if self.identity.is_some() && identity(&self.path) == self.identity {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Makes folder and socket. Only whoever holds the owner's lock may call this.
pub fn bind(paths: &Paths) -> Result<Listener, SocketError> {
    let path = &paths.socket;
    let folder = path.parent().ok_or(SocketError::NoFolder)?;
    make_folder(folder)?;
    clear_the_way(path)?;
    let inner = StdListener::bind(path).map_err(|error| match error.kind() {
        ErrorKind::InvalidInput => SocketError::TooLong,
        _ => SocketError::Failed(error),
    })?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).map_err(SocketError::Failed)?;
    inner.set_nonblocking(true).map_err(SocketError::Failed)?;
    Ok(Listener {
        inner,
        path: path.clone(),
        identity: identity(path),
    })
}

fn make_folder(folder: &Path) -> Result<(), SocketError> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(SocketError::Failed)?;
    let found = fs::symlink_metadata(folder).map_err(SocketError::Failed)?;
    if !found.is_dir() {
        return Err(SocketError::NoFolder);
    }
    if found.uid() != rustix::process::getuid().as_raw() {
        return Err(SocketError::ForeignFolder);
    }
    // Not tightened by us: it may be a folder that a person shares on purpose.
    let others = found.mode() & 0o077;
    if others != 0 {
        return Err(SocketError::OpenFolder(found.mode() & 0o777));
    }
    Ok(())
}

fn clear_the_way(path: &Path) -> Result<(), SocketError> {
    let found = match fs::symlink_metadata(path) {
        Ok(found) => found,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(SocketError::Failed(error)),
    };
    if !found.file_type().is_socket() {
        return Err(SocketError::InTheWay);
    }
    if StdStream::connect(path).is_ok() {
        return Err(SocketError::Served);
    }
    fs::remove_file(path).map_err(SocketError::Failed)
}

fn identity(path: &Path) -> Option<(u64, u64)> {
    let found = fs::symlink_metadata(path).ok()?;
    Some((found.dev(), found.ino()))
}

/// Serves until `shutdown`, with the usual bounds, for our own user and root.
pub async fn serve(
    listener: Listener,
    router: Router,
    shutdown: impl Future<Output = ()>,
) -> Result<(), SocketError> {
    let bounds = Bounds::of(rustix::process::getuid().as_raw());
    serve_within(bounds, listener, router, shutdown).await
}

/// The same with other bounds.
pub async fn serve_within(
    bounds: Bounds,
    listener: Listener,
    router: Router,
    shutdown: impl Future<Output = ()>,
) -> Result<(), SocketError> {
    let accepting = listener
        .inner
        .try_clone()
        .and_then(UnixListener::from_std)
        .map_err(SocketError::Failed)?;
    let slots = Slots::default();
    let (closing, closed) = watch::channel(false);
    let mut connections = JoinSet::new();
    let mut shutdown = pin!(shutdown);
    loop {
        tokio::select! {
            () = &mut shutdown => break,
            Some(_) = connections.join_next() => {}
            accepted = accepting.accept() => match accepted {
                Ok((stream, _)) => {
                    if let Some(admitted) = admit(&stream, bounds, &slots) {
                        let router = match admitted.refused {
                            None => router.clone(),
                            Some(what) => Router::new().fallback(async move || too_many(what)),
                        };
                        connections.spawn(converse(stream, router, admitted, bounds, closed.clone()));
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "accept_failed");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
        }
    }
    drop((accepting, listener));
    let _ = closing.send(true);
    let drained = async { while connections.join_next().await.is_some() {} };
    let _ = tokio::time::timeout(bounds.grace, drained).await;
    connections.shutdown().await;
    Ok(())
}

/// A connection that will be answered.
struct Admitted {
    caller: Caller,
    /// There was no room: every request is answered with this reason.
    refused: Option<&'static str>,
    _slot: Slot,
}

/// Checks who connects, and whether there is room; none: the connection is just closed.
fn admit(stream: &UnixStream, bounds: Bounds, slots: &Slots) -> Option<Admitted> {
    let credentials = stream.peer_cred().ok()?;
    if credentials.uid() != bounds.uid && credentials.uid() != 0 {
        tracing::warn!(uid = credentials.uid(), "connection_refused");
        return None;
    }
    let pid = credentials.pid();
    let (slot, refused) = match slots.take(pid, bounds) {
        Ok(slot) => (slot, None),
        Err(what) => (slots.take_for_refusal()?, Some(what)),
    };
    Some(Admitted {
        caller: peer::caller(pid),
        refused,
        _slot: slot,
    })
}

async fn converse(
    stream: UnixStream,
    router: Router,
    admitted: Admitted,
    bounds: Bounds,
    mut closed: watch::Receiver<bool>,
) {
    let service =
        service_fn(|request| answer(router.clone(), admitted.caller.clone(), bounds, request));
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(bounds.patience)
        .max_header_size(bounds.headers)
        .keep_alive(admitted.refused.is_none())
        .serve_connection(
            TokioIo::new(TimedWrites::new(stream, bounds.taking)),
            service,
        );
    let mut connection = pin!(connection);
    tokio::select! {
        // Errors are the peer's: it went away, or spoke no HTTP.
        _ = connection.as_mut() => return,
        _ = closed.wait_for(|closed| *closed) => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = connection.await;
}

/// Connections now, in all and by process.
#[derive(Clone, Default)]
struct Slots(Arc<Mutex<Taken>>);

#[derive(Default)]
struct Taken {
    all: usize,
    /// Connections above the bounds that are being told so.
    refusals: usize,
    by_process: HashMap<i32, usize>,
}

/// One connection's place; free again when dropped.
struct Slot {
    slots: Slots,
    kind: SlotKind,
}

enum SlotKind {
    Regular(Option<i32>),
    Refusal,
}

impl Slots {
    fn take(&self, pid: Option<i32>, bounds: Bounds) -> Result<Slot, &'static str> {
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if taken.all >= bounds.connections {
            return Err("in all");
        }
        if let Some(pid) = pid {
            let own = taken.by_process.entry(pid).or_default();
            if *own >= bounds.of_one_process {
                return Err("of one process");
            }
            *own += 1;
        }
        taken.all += 1;
        Ok(Slot {
            slots: self.clone(),
            kind: SlotKind::Regular(pid),
        })
    }

    fn take_for_refusal(&self) -> Option<Slot> {
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if taken.refusals >= REFUSALS {
            return None;
        }
        taken.refusals += 1;
        Some(Slot {
            slots: self.clone(),
            kind: SlotKind::Refusal,
        })
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut taken = self.slots.0.lock().unwrap_or_else(PoisonError::into_inner);
        let pid = match self.kind {
            SlotKind::Refusal => {
                taken.refusals -= 1;
                return;
            }
            SlotKind::Regular(pid) => pid,
        };
        taken.all -= 1;
        if let Some(pid) = pid
            && let Some(own) = taken.by_process.get_mut(&pid)
        {
            *own -= 1;
            if *own == 0 {
                taken.by_process.remove(&pid);
            }
        }
    }
}
