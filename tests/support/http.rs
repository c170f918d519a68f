//! One HTTP request over TCP or a Unix socket, answered as JSON. Knows no TLS and keeps no
//! connection: enough for the provider's control port, WebDriver and Tokentray's own socket, and
//! it shares no code with what it tests.

use std::{
    io::{Read, Write},
    net::TcpStream,
    os::unix::net::UnixStream,
    path::Path,
    time::Duration,
};

use serde_json::Value;

/// Status and body; the body is null where there is none or it is no JSON.
pub type Answer = (u16, Value);

/// Asks `http://127.0.0.1:PORT`; none if nothing listens there or it hangs up.
pub fn tcp(port: u16, method: &str, path: &str, body: Option<&Value>) -> Option<Answer> {
    let stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream.set_read_timeout(Some(Duration::from_mins(1))).ok()?;
    exchange(stream, method, path, body)
}

/// Asks Tokentray's socket; none if nothing listens there or it hangs up.
pub fn unix(socket: &Path, method: &str, path: &str, body: Option<&Value>) -> Option<Answer> {
    let stream = UnixStream::connect(socket).ok()?;
    stream.set_read_timeout(Some(Duration::from_mins(1))).ok()?;
    exchange(stream, method, path, body)
}

/// The process that listens there, by the kernel's word.
pub fn peer(socket: &Path) -> Option<u32> {
    let stream = UnixStream::connect(socket).ok()?;
    let credentials = rustix::net::sockopt::socket_peercred(&stream).ok()?;
    u32::try_from(credentials.pid.as_raw_nonzero().get()).ok()
}

fn exchange(
    mut stream: impl Read + Write,
    method: &str,
    path: &str,
    body: Option<&Value>,
) -> Option<Answer> {
    let body = body.map(Value::to_string).unwrap_or_default();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).ok()?;
    stream.write_all(body.as_bytes()).ok()?;
    let mut all = Vec::new();
    let mut part = [0; 8 * 1024];
    // Not every server hangs up when asked to, so the announced length decides where there is one.
    while !is_complete(&all) {
        match stream.read(&mut part).ok()? {
            0 => break,
            read => all.extend_from_slice(&part[..read]),
        }
    }
    read_answer(&all)
}

fn is_complete(all: &[u8]) -> bool {
    let Some(end) = all.windows(4).position(|four| four == b"\r\n\r\n") else {
        return false;
    };
    let head = String::from_utf8_lossy(&all[..end]).to_ascii_lowercase();
    head.lines()
        .find_map(|line| line.strip_prefix("content-length:"))
        .and_then(|length| length.trim().parse::<usize>().ok())
        .is_some_and(|length| all.len() >= end + 4 + length)
}

fn read_answer(all: &[u8]) -> Option<Answer> {
    let end = all.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&all[..end]).to_ascii_lowercase();
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let body = &all[end + 4..];
    let body = if head.contains("transfer-encoding: chunked") {
        join_chunks(body)
    } else {
        body.to_vec()
    };
    Some((status, serde_json::from_slice(&body).unwrap_or(Value::Null)))
}

fn join_chunks(mut rest: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    while let Some(end) = rest.windows(2).position(|two| two == b"\r\n") {
        let size = String::from_utf8_lossy(&rest[..end]);
        let Ok(size) = usize::from_str_radix(size.trim(), 16) else {
            break;
        };
        if size == 0 || rest.len() < end + 2 + size + 2 {
            break;
        }
        body.extend_from_slice(&rest[end + 2..end + 2 + size]);
        rest = &rest[end + 2 + size + 2..];
    }
    body
}
