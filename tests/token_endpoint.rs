//! The HTTP adapter against servers that misbehave, over real loopback sockets.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokentray::{
    domain::{
        account::ClientAuth,
        provider::{self, RequestStyle},
        reply::{HttpReply, Reply, Sent, TransportFailure, TransportKind},
        secret::Secret,
    },
    io::token_endpoint::{
        FormRequest, HttpOptions, HttpTokenEndpoint, Limits, TokenEndpoint, permitted_url,
    },
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::mpsc,
};

/// A server that does `answer` with every connection, and what it received.
struct Server {
    port: u16,
    connections: Arc<AtomicUsize>,
    requests: mpsc::UnboundedReceiver<String>,
}

/// What a misbehaving server does once it has read the request.
enum Then {
    Write(&'static [u8]),
    Stream(&'static [u8], usize),
    Hold,
    Reset,
    /// Does not even read.
    WriteAtOnce(&'static [u8]),
    CloseAtOnce,
}

async fn server(then: Then) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let connections = Arc::new(AtomicUsize::new(0));
    let (sender, requests) = mpsc::unbounded_channel();
    let count = Arc::clone(&connections);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            count.fetch_add(1, Ordering::SeqCst);
            match then {
                Then::CloseAtOnce => continue,
                Then::WriteAtOnce(bytes) => {
                    let _ = stream.write_all(bytes).await;
                    // Wait for the other side, so that what was written is not lost to a reset.
                    let _ = stream.shutdown().await;
                    let _ = stream.read_to_end(&mut Vec::new()).await;
                    continue;
                }
                _ => {}
            }
            let _ = sender.send(read_request(&mut stream).await);
            match then {
                Then::Write(bytes) => drop(stream.write_all(bytes).await),
                Then::Stream(head, size) => {
                    let _ = stream.write_all(head).await;
                    let _ = stream.write_all(&vec![b'x'; size]).await;
                }
                Then::Hold => drop(stream.read_to_end(&mut Vec::new()).await),
                Then::Reset => drop(stream.set_zero_linger()),
                Then::WriteAtOnce(_) | Then::CloseAtOnce => unreachable!(),
            }
        }
    });
    Server {
        port,
        connections,
        requests,
    }
}

async fn read_request(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    loop {
        let mut chunk = [0; 4096];
        let n = stream.read(&mut chunk).await.unwrap_or(0);
        bytes.extend_from_slice(&chunk[..n]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let whole = text.split_once("\r\n\r\n").is_some_and(|(head, body)| {
            let length = head.lines().find_map(|l| {
                l.to_lowercase()
                    .strip_prefix("content-length: ")?
                    .parse()
                    .ok()
            });
            body.len() >= length.unwrap_or(0)
        });
        if n == 0 || whole {
            return text;
        }
    }
}

fn endpoint() -> HttpTokenEndpoint {
    HttpTokenEndpoint::new(HttpOptions {
        limits: Limits {
            connect: Duration::from_millis(1500),
            whole: Duration::from_secs(3),
            reply_bytes: 64 * 1024,
        },
        ..HttpOptions::default()
    })
}

fn request(url: String) -> FormRequest {
    FormRequest {
        url,
        client_id: "my app".into(),
        client_secret: Some(Secret::new("s&c:ret")),
        client_auth: ClientAuth::None,
        form: vec![
            ("grant_type".into(), Secret::new("refresh_token")),
            ("refresh_token".into(), Secret::new("r+1/=")),
        ],
        style: RequestStyle::default(),
    }
}

async fn post(then: Then) -> (Reply, Server) {
    let server = server(then).await;
    let reply = endpoint()
        .post(request(format!("http://127.0.0.1:{}/token", server.port)))
        .await;
    (reply, server)
}

fn failed(reply: Reply) -> TransportFailure {
    match reply {
        Reply::Failed(failure) => {
            for secret in ["s&c:ret", "r+1/=", "r%2B1", "http://", "https://", "/token"] {
                assert!(!failure.detail.contains(secret), "{}", failure.detail);
            }
            failure
        }
        Reply::Answered(reply) => panic!("answered: {reply:?}"),
    }
}

fn answered(reply: Reply) -> HttpReply {
    match reply {
        Reply::Answered(reply) => reply,
        Reply::Failed(failure) => panic!("{failure:?}"),
    }
}

#[tokio::test]
async fn an_answer_comes_back_whole_with_its_headers() {
    let (reply, mut server) = post(Then::Write(
        b"HTTP/1.1 400 Bad\r\nDate: Sun, 01 Mar 2026 10:00:00 GMT\r\nContent-Length: 2\r\n\r\n{}",
    ))
    .await;
    let reply = answered(reply);
    assert_eq!(
        (reply.status, reply.body.as_slice(), reply.cut),
        (400, b"{}".as_slice(), false)
    );
    assert_eq!(reply.header("date"), Some("Sun, 01 Mar 2026 10:00:00 GMT"));
    let sent = server.requests.recv().await.unwrap().to_lowercase();
    assert!(sent.starts_with("post /token http/1.1\r\n"), "{sent}");
    assert!(sent.contains("\r\naccept: application/json\r\n"), "{sent}");
    assert!(
        sent.contains(concat!(
            "\r\nuser-agent: tokentray/",
            env!("CARGO_PKG_VERSION"),
            "\r\n"
        )),
        "{sent}"
    );
    assert!(
        sent.ends_with("grant_type=refresh_token&refresh_token=r%2b1%2f%3d&client_id=my+app"),
        "{sent}"
    );
}

#[tokio::test]
async fn the_client_proves_itself_as_asked() {
    for (auth, header, body_end) in [
        (
            ClientAuth::Basic,
            // base64 of "my+app:s%26c%3Aret"
            Some("\r\nauthorization: Basic bXkrYXBwOnMlMjZjJTNBcmV0\r\n"),
            "refresh_token=r%2B1%2F%3D",
        ),
        (
            ClientAuth::Post,
            None,
            "&client_id=my+app&client_secret=s%26c%3Aret",
        ),
    ] {
        let mut server = server(Then::Write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")).await;
        let reply = endpoint()
            .post(FormRequest {
                client_auth: auth,
                ..request(format!("http://localhost:{}/token", server.port))
            })
            .await;
        assert_eq!(answered(reply).status, 200);
        let sent = server.requests.recv().await.unwrap();
        assert!(sent.ends_with(body_end), "{sent}");
        match header {
            Some(header) => assert!(sent.contains(header), "{sent}"),
            None => assert!(!sent.to_lowercase().contains("authorization"), "{sent}"),
        }
    }
}

#[tokio::test]
async fn a_provider_that_wants_json_and_a_header_gets_them() {
    let mut server = server(Then::Write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")).await;
    let mut asked = FormRequest {
        client_auth: ClientAuth::Basic,
        style: provider::by_key("notion").unwrap().request_style,
        ..request(format!("http://127.0.0.1:{}/token", server.port))
    };
    asked.form.push(("code".into(), Secret::new("a\"b\\c\nü")));
    assert_eq!(answered(endpoint().post(asked).await).status, 200);
    let sent = server.requests.recv().await.unwrap();
    let (head, body) = sent.split_once("\r\n\r\n").unwrap();
    let head = head.to_lowercase();
    for header in [
        "content-type: application/json",
        "notion-version: 2022-06-28",
        "authorization: basic ",
    ] {
        assert!(head.contains(header), "{head}");
    }
    assert_eq!(
        serde_json::from_str::<serde_json::Value>(body).unwrap(),
        serde_json::json!({
            "grant_type": "refresh_token",
            "refresh_token": "r+1/=",
            "code": "a\"b\\c\nü",
        })
    );
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_is_not_followed() {
    let (reply, server) = post(Then::Write(
        b"HTTP/1.1 307 Go\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n",
    ))
    .await;
    assert_eq!(answered(reply).status, 307);
    assert_eq!(server.connections.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_body_that_ends_early_is_kept_and_marked() {
    for head in [
        b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{\"access_token\":\"a".as_slice(),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n12\r\n{\"access_token\":\"a"
            .as_slice(),
    ] {
        let (reply, _server) = post(Then::Write(head)).await;
        let reply = answered(reply);
        assert_eq!((reply.status, reply.cut), (200, true));
        assert_eq!(reply.body, b"{\"access_token\":\"a");
    }
}

#[tokio::test]
async fn a_body_that_never_ends_in_time_is_kept_and_marked() {
    let server = server(Then::Hold).await;
    let holding = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = holding.local_addr().unwrap().port();
    let half = tokio::spawn(async move {
        let (mut stream, _) = holding.accept().await.unwrap();
        read_request(&mut stream).await;
        let _ = stream
            .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf")
            .await;
        stream.read_to_end(&mut Vec::new()).await
    });
    let reply = endpoint()
        .get(format!("http://127.0.0.1:{port}/slow"))
        .await;
    let reply = answered(reply);
    assert_eq!(
        (reply.body.as_slice(), reply.cut),
        (b"half".as_slice(), true)
    );
    let _ = half.await.unwrap();
    drop(server);
}

#[tokio::test]
async fn a_huge_body_is_cut_at_the_bound() {
    let (reply, _server) = post(Then::Stream(
        b"HTTP/1.1 200 OK\r\nContent-Length: 10000000\r\n\r\n",
        10_000_000,
    ))
    .await;
    let reply = answered(reply);
    assert_eq!((reply.body.len(), reply.cut), (64 * 1024, true));
    let (reply, _server) = post(Then::Stream(
        b"HTTP/1.1 200 OK\r\nContent-Length: 65536\r\n\r\n",
        64 * 1024,
    ))
    .await;
    let reply = answered(reply);
    assert_eq!((reply.body.len(), reply.cut), (64 * 1024, false));
}

#[tokio::test]
async fn what_was_sent_and_not_answered_leaves_the_outcome_open_and_is_sent_once() {
    for (then, kind) in [
        (Then::Write(b""), TransportKind::Reset),
        (Then::Write(b"HTTP/1.1 2"), TransportKind::Reset),
        (Then::Reset, TransportKind::Reset),
        (Then::CloseAtOnce, TransportKind::Reset),
        (Then::WriteAtOnce(b"SSH-2.0-door\r\n"), TransportKind::Reset),
        (Then::Hold, TransportKind::Timeout),
    ] {
        let (reply, server) = post(then).await;
        let failure = failed(reply);
        assert_eq!(
            (failure.kind, failure.sent),
            (kind, Sent::Maybe),
            "{failure:?}"
        );
        assert_eq!(server.connections.load(Ordering::SeqCst), 1, "{failure:?}");
    }
}

#[tokio::test]
async fn without_a_connection_nothing_was_sent() {
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = free.local_addr().unwrap().port();
    drop(free);
    let failure = failed(
        endpoint()
            .post(request(format!("http://127.0.0.1:{port}/")))
            .await,
    );
    assert_eq!(
        (failure.kind, failure.sent, failure.detail.as_str()),
        (TransportKind::Connect, Sent::Never, "connection refused")
    );
}

#[tokio::test]
async fn a_broken_tls_handshake_sends_nothing() {
    for (then, kind) in [
        (
            Then::WriteAtOnce(b"HTTP/1.1 200 OK\r\n\r\n"),
            TransportKind::Tls,
        ),
        (Then::CloseAtOnce, TransportKind::Tls),
        (Then::Hold, TransportKind::Timeout),
    ] {
        let server = server(then).await;
        let url = format!("https://127.0.0.1:{}/token", server.port);
        let failure = failed(endpoint().post(request(url)).await);
        assert_eq!(
            (failure.kind, failure.sent),
            (kind, Sent::Never),
            "{failure:?}"
        );
    }
}

#[tokio::test]
async fn a_proxy_that_fails_is_named_and_its_password_is_not() {
    for (then, detail) in [
        (
            Then::Write(b"HTTP/1.1 407 Who\r\nContent-Length: 0\r\n\r\n".as_slice()),
            "the proxy asks for a password",
        ),
        (
            Then::Write(b"HTTP/1.1 502 Bad\r\nContent-Length: 0\r\n\r\n".as_slice()),
            "the proxy did not make the connection",
        ),
    ] {
        let mut server = server(then).await;
        let endpoint = endpoint();
        endpoint.reconfigure(HttpOptions {
            proxy: Some(format!("http://me:hush@127.0.0.1:{}", server.port)),
            ..HttpOptions::default()
        });
        let failure = failed(endpoint.post(request("https://id.example/".into())).await);
        assert_eq!(
            (failure.kind, failure.sent, failure.detail.as_str()),
            (TransportKind::Proxy, Sent::Never, detail)
        );
        let asked = server.requests.recv().await.unwrap();
        assert!(
            asked.starts_with("CONNECT id.example:443 HTTP/1.1\r\n"),
            "{asked}"
        );
        // This machine's own addresses never go through the proxy.
        let here = format!("http://127.0.0.1:{}/token", server.port);
        assert!([407, 502].contains(&answered(endpoint.post(request(here)).await).status));
        assert!(
            server
                .requests
                .recv()
                .await
                .unwrap()
                .starts_with("POST /token ")
        );
    }
    let endpoint = endpoint();
    for proxy in ["http://127.0.0.1:1", "socks5h://127.0.0.1:1"] {
        endpoint.reconfigure(HttpOptions {
            proxy: Some(proxy.into()),
            ..HttpOptions::default()
        });
        let failure = failed(endpoint.get("https://id.example/".into()).await);
        assert_eq!(
            (failure.kind, failure.sent),
            (TransportKind::Proxy, Sent::Never)
        );
    }
}

#[tokio::test]
async fn secrets_go_nowhere_but_to_https_or_this_machine() {
    for url in [
        "http://id.example/token",
        "http://127.0.0.1.example/token",
        "http://localhost.example/token",
        "http://10.0.0.1/token",
        "http://[::2]/token",
        "ftp://127.0.0.1/token",
        "https://user:pass@id.example/token",
        "not a url",
    ] {
        assert!(permitted_url(url).is_none(), "{url}");
        let failure = failed(endpoint().post(request(url.into())).await);
        assert_eq!(
            (failure.kind, failure.sent),
            (TransportKind::Connect, Sent::Never)
        );
    }
    for url in [
        "https://id.example/token",
        "http://127.0.0.1:8080/",
        "http://127.9.9.9/",
        "http://[::1]:8080/",
        "http://LOCALHOST:8080/",
    ] {
        assert!(permitted_url(url).is_some(), "{url}");
    }
}

#[tokio::test]
async fn a_broken_ca_file_is_told_and_sends_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let junk = folder.path().join("ca.pem");
    std::fs::write(&junk, "no certificate").unwrap();
    for ca_file in [junk, folder.path().join("missing.pem")] {
        let endpoint = HttpTokenEndpoint::new(HttpOptions {
            ca_file: Some(ca_file),
            ..HttpOptions::default()
        });
        let failure = failed(endpoint.post(request("https://127.0.0.1:1/".into())).await);
        assert_eq!(
            (failure.kind, failure.sent),
            (TransportKind::Tls, Sent::Never)
        );
        assert!(failure.detail.contains("ca_file"), "{}", failure.detail);
        assert!(!failure.detail.contains("ca.pem"), "{}", failure.detail);
    }
}
