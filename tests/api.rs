//! The local API: its document, the socket's bounds and its peer check.

mod live;

use std::{
    fs,
    io::{Read, Write},
    os::unix::{
        fs::{FileTypeExt, PermissionsExt},
        net::{UnixListener, UnixStream},
        process::CommandExt,
    },
    path::Path,
    process::Command,
    time::Duration,
};

use axum::{Extension, Router, routing::post};
use tokentray::{
    api::{
        client::Client,
        extract::{Json, JsonBody},
        problem::{Code, Problem},
    },
    engine::Caller,
    paths::Paths,
    socket::{self, Bounds, SocketError},
};
use tokio::{sync::oneshot, task::JoinHandle};

/// The committed document, for packages and for the window's generated types.
const OPENAPI_FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../packaging/openapi.json");

#[test]
fn the_committed_openapi_document_is_current() {
    let mut current = serde_json::to_string_pretty(&tokentray::api::openapi::openapi()).unwrap();
    current.push('\n');
    let path = Path::new(OPENAPI_FILE);
    let committed = fs::read_to_string(path).unwrap_or_default();
    if committed != current {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, current).unwrap();
        panic!("packaging/openapi.json was out of date; it has been written anew, commit it");
    }
}

/// A socket over a router that echoes bodies and says who asked.
struct Served {
    paths: Paths,
    shutdown: Option<oneshot::Sender<()>>,
    serving: JoinHandle<Result<(), SocketError>>,
    folder: tempfile::TempDir,
}

fn own_bounds() -> Bounds {
    Bounds::of(rustix::process::getuid().as_raw())
}

fn serve(bounds: Bounds) -> Served {
    let folder = tempfile::tempdir().unwrap();
    let paths = Paths::below(folder.path());
    let router = Router::new()
        .route(
            "/echo",
            post(|JsonBody(body): JsonBody<serde_json::Value>| async { Json(body) }),
        )
        .route(
            "/caller",
            post(|Extension(caller): Extension<Caller>| async move {
                Json(serde_json::json!({ "program": caller.program, "pid": caller.pid }))
            }),
        );
    let listener = socket::bind(&paths).unwrap();
    let (shutdown, ended) = oneshot::channel();
    let serving = tokio::spawn(socket::serve_within(bounds, listener, router, async {
        let _ = ended.await;
    }));
    Served {
        paths,
        shutdown: Some(shutdown),
        serving,
        folder,
    }
}

impl Served {
    fn connect(&self) -> UnixStream {
        let stream = UnixStream::connect(&self.paths.socket).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(20)))
            .unwrap();
        stream
    }

    /// Sends these bytes and reads until the other side closes.
    async fn say(&self, bytes: Vec<u8>) -> String {
        let mut stream = self.connect();
        tokio::task::spawn_blocking(move || {
            // The server may stop reading before everything was sent.
            let _ = stream.write_all(&bytes);
            let mut answer = Vec::new();
            let _ = stream.read_to_end(&mut answer);
            String::from_utf8_lossy(&answer).into_owned()
        })
        .await
        .unwrap()
    }
}

#[tokio::test]
async fn folder_and_socket_are_closed_to_others_and_go_with_the_engine() {
    let mut served = serve(own_bounds());
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&served.paths.socket), 0o600);
    assert_eq!(mode(served.paths.socket.parent().unwrap()), 0o700);
    assert!(
        fs::metadata(&served.paths.socket)
            .unwrap()
            .file_type()
            .is_socket()
    );
    served.shutdown.take().unwrap().send(()).unwrap();
    served.serving.await.unwrap().unwrap();
    assert!(!served.paths.socket.exists());
}

#[tokio::test]
async fn a_stale_socket_is_replaced_and_a_living_one_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let paths = Paths::below(folder.path());
    let run = paths.socket.parent().unwrap();
    fs::create_dir(run).unwrap();
    fs::set_permissions(run, fs::Permissions::from_mode(0o700)).unwrap();
    let living = UnixListener::bind(&paths.socket).unwrap();
    assert!(matches!(socket::bind(&paths), Err(SocketError::Served)));
    drop(living);
    socket::bind(&paths).unwrap();
    // What the dropped listener left is gone, too; a plain file is never removed.
    fs::write(&paths.socket, "a person's file").unwrap();
    assert!(matches!(socket::bind(&paths), Err(SocketError::InTheWay)));
    fs::remove_file(&paths.socket).unwrap();
    fs::set_permissions(run, fs::Permissions::from_mode(0o755)).unwrap();
    assert!(matches!(
        socket::bind(&paths),
        Err(SocketError::OpenFolder(0o755))
    ));
}

#[tokio::test]
async fn another_user_is_not_answered_even_where_the_modes_would_let_them_in() {
    let own = own_bounds().uid;
    // Only root can become somebody else; without root the server's rule names somebody else.
    let (peer, others) = if own == 0 { (65534, 0) } else { (own, own + 1) };
    let welcome = ask_as(peer, Bounds::of(peer)).await;
    assert_eq!(welcome, "{}", "the modes let this user in");
    assert_eq!(ask_as(peer, Bounds::of(others)).await, "");
}

/// What a process of this user reads from a socket whose modes are wide open.
async fn ask_as(uid: u32, bounds: Bounds) -> String {
    let served = serve(bounds);
    for path in [
        served.folder.path(),
        served.paths.socket.parent().unwrap(),
        &served.paths.socket,
    ] {
        fs::set_permissions(path, fs::Permissions::from_mode(0o777)).unwrap();
    }
    let path = served.paths.socket.clone();
    let answer = tokio::task::spawn_blocking(move || {
        let mut curl = Command::new("curl");
        curl.args(["-sS", "--max-time", "10", "-d", "{}", "--unix-socket"])
            .arg(path)
            .arg("http://tokentray/echo");
        if rustix::process::getuid().is_root() {
            curl.uid(uid).gid(uid);
        }
        curl.output().unwrap()
    })
    .await
    .unwrap();
    String::from_utf8(answer.stdout).unwrap()
}

#[tokio::test]
async fn the_caller_is_named_by_the_kernel() {
    let served = serve(own_bounds());
    let caller: serde_json::Value = Client::socket(&served.paths.socket)
        .send(http::Method::POST, "/caller", None)
        .await
        .unwrap();
    let own = std::env::current_exe().unwrap();
    assert_eq!(caller["pid"], std::process::id());
    assert_eq!(
        caller["program"],
        own.file_name().unwrap().to_str().unwrap()
    );
}

#[tokio::test]
async fn too_many_connections_are_told_to_come_back() {
    let mut bounds = own_bounds();
    bounds.of_one_process = 2;
    let served = serve(bounds);
    let client = Client::socket(&served.paths.socket);
    let held = [served.connect(), served.connect()];
    let problem = client
        .send::<()>(http::Method::POST, "/echo", None)
        .await
        .unwrap_err();
    assert_eq!(problem.code, Code::Busy);
    assert!(problem.detail.contains("of one process"), "{problem:?}");
    drop(held);
    // The places are free as soon as the server has seen the ends.
    let echoed = loop {
        match client
            .send::<serde_json::Value>(
                http::Method::POST,
                "/echo",
                Some(serde_json::json!({ "a": 7 })),
            )
            .await
        {
            Err(problem) if problem.code == Code::Busy => tokio::task::yield_now().await,
            other => break other.unwrap(),
        }
    };
    assert_eq!(echoed["a"], 7);
}

#[tokio::test]
async fn who_asks_and_never_reads_loses_the_place() {
    let mut bounds = own_bounds();
    bounds.of_one_process = 1;
    bounds.taking = Duration::from_millis(200);
    let served = serve(bounds);
    let client = Client::socket(&served.paths.socket);
    // Longer than what the kernel keeps for a reader.
    let size = bounds.body - 2;
    let mut request = format!(
        "POST /echo HTTP/1.1\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        size + 2
    );
    request.push('"');
    request.extend(std::iter::repeat_n('x', size));
    request.push('"');
    let deaf = tokio::task::spawn_blocking({
        let mut stream = served.connect();
        move || {
            stream.write_all(request.as_bytes()).unwrap();
            stream
        }
    })
    .await
    .unwrap();
    let served_again = async {
        loop {
            let body = Some(serde_json::json!({ "a": 7 }));
            match client
                .send::<serde_json::Value>(http::Method::POST, "/echo", body)
                .await
            {
                Err(problem) if problem.code == Code::Busy => tokio::task::yield_now().await,
                other => break other.unwrap(),
            }
        }
    };
    let echoed = tokio::time::timeout(Duration::from_secs(20), served_again).await;
    assert_eq!(echoed.expect("the place is free again")["a"], 7);
    drop(deaf);
}

#[tokio::test]
async fn long_headers_long_bodies_and_slow_senders_are_refused() {
    let mut bounds = own_bounds();
    bounds.patience = Duration::from_millis(200);
    let served = serve(bounds);
    let long = "x".repeat(bounds.headers);
    let answer = served
        .say(format!("POST /echo HTTP/1.1\r\nlong: {long}\r\n\r\n").into_bytes())
        .await;
    assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");

    let size = bounds.body + 1;
    let mut request = format!("POST /echo HTTP/1.1\r\ncontent-length: {size}\r\n\r\n").into_bytes();
    request.resize(request.len() + size, b'1');
    let answer = served.say(request).await;
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    assert!(answer.contains("longer than 1048576 bytes"), "{answer}");

    let unfinished_headers = served.say(b"POST /echo HTTP/1.1\r\n".to_vec()).await;
    assert_eq!(unfinished_headers, "");
    let unfinished_body = served
        .say(b"POST /echo HTTP/1.1\r\ncontent-length: 9\r\n\r\n{".to_vec())
        .await;
    assert!(
        unfinished_body.starts_with("HTTP/1.1 400 "),
        "{unfinished_body}"
    );
    assert!(
        unfinished_body.contains("not sent within"),
        "{unfinished_body}"
    );
}

#[tokio::test]
async fn connections_end_with_the_engine() {
    let mut served = serve(own_bounds());
    let mut idle = served.connect();
    idle.write_all(b"POST /echo HTTP/1.1\r\ncontent-length: 2\r\n\r\n{}")
        .unwrap();
    let mut idle = tokio::task::spawn_blocking(move || {
        let mut first = [0; 12];
        idle.read_exact(&mut first).unwrap();
        assert_eq!(&first, b"HTTP/1.1 200");
        idle
    })
    .await
    .unwrap();
    served.shutdown.take().unwrap().send(()).unwrap();
    served.serving.await.unwrap().unwrap();
    // Ends, instead of waiting for the time limit.
    idle.read_to_end(&mut Vec::new()).unwrap();
    let problem = Client::socket(&served.paths.socket)
        .get::<()>("/echo")
        .await
        .unwrap_err();
    assert_eq!(problem.code, Code::NotRunning);
    assert_eq!(problem.exit_code(), 6);
    assert!(problem.hint.unwrap().contains("tokentray daemon"));
}

#[test]
fn every_code_has_the_documented_status_and_exit() {
    let table: Vec<String> = Code::ALL
        .iter()
        .map(|code| {
            let problem = Problem::new(*code, "");
            format!("{code} {} {}", problem.status, problem.exit_code())
        })
        .collect();
    insta::assert_snapshot!(table.join("\n"), @"
    INVALID_REQUEST 400 2
    UNAUTHORIZED 403 9
    DENIED 403 9
    NOT_FOUND 404 5
    CONFLICT 409 2
    REFRESH_NOT_AVAILABLE 409 8
    PROVIDER_NOT_CONFIGURED 409 8
    REAUTH_REQUIRED 409 3
    PAUSED 409 4
    RATE_LIMITED 429 4
    REFRESH_FAILED 503 4
    BUSY 503 4
    LOADING 503 4
    VAULT_LOCKED 503 7
    VAULT_DENIED 503 7
    VAULT_UNAVAILABLE 503 7
    VAULT_FULL 503 7
    NOT_RUNNING 503 6
    INTERNAL 500 1
    ");
    let setup = Problem::new(Code::RefreshFailed, "")
        .with_cause(tokentray::domain::cause::Cause::ClientRejected);
    assert_eq!(setup.exit_code(), 8);
}
