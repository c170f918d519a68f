//! Asks the engine without a runtime: one HTTP/1.1 request over a plain socket.
//!
//! Hand-written because it is the way of `tokentray token`, which other programs wait for. It
//! speaks only what our own server speaks. Must not know commands.

use std::{
    io::{BufRead, BufReader, Read, Write},
    path::{Path, PathBuf},
    time::Duration,
};

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{
    api::{
        client::{cut_off, not_understood, problem_of, unreachable_engine},
        events::EventReader,
        problem::{Code, Problem},
    },
    engine::NumberedEvent,
    paths::{Paths, PathsError},
};

/// Longest silence of the engine: above its own longest refresh (60 s) with the quick tries.
const PATIENCE: Duration = Duration::from_mins(3);

/// Longest header that is read, in bytes: ours are far shorter.
const HEADER_LIMIT: u64 = 64 * 1024;

/// Asks the engine behind one socket.
#[derive(Clone, Debug)]
pub struct Asker {
    socket: PathBuf,
}

impl Asker {
    /// The engine that the environment points at.
    pub fn from_env() -> Result<Self, PathsError> {
        Ok(Self::at(Paths::from_env()?.socket))
    }

    pub fn at(socket: PathBuf) -> Self {
        Self { socket }
    }

    /// `GET`, read as `T`.
    pub fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Problem> {
        self.send("GET", path, None)
    }

    /// Any method, read as `T`; an answer without content reads as `()`.
    pub fn send<T: DeserializeOwned>(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> Result<T, Problem> {
        let mut reply = self.exchange(method, path, body, Some(PATIENCE))?;
        let bytes = reply.whole_body().ok_or_else(cut_off)?;
        if !(200..300).contains(&reply.status) {
            return Err(problem_of(reply.status, &bytes, reply.server.as_deref()));
        }
        let text: &[u8] = if bytes.is_empty() { b"null" } else { &bytes };
        serde_json::from_slice(text).map_err(|error| not_understood(&error))
    }

    /// Live events, until the engine ends.
    pub fn events(&self) -> Result<impl Iterator<Item = NumberedEvent> + use<>, Problem> {
        let mut reply = self.exchange("GET", "/v1/events", None, None)?;
        if reply.status != 200 {
            let bytes = reply.whole_body().ok_or_else(cut_off)?;
            return Err(problem_of(reply.status, &bytes, reply.server.as_deref()));
        }
        let mut body = reply.body;
        let mut reader = EventReader::default();
        let mut ready = Vec::new().into_iter();
        Ok(std::iter::from_fn(move || {
            loop {
                if let Some(event) = ready.next() {
                    return Some(event);
                }
                let mut bytes = [0; 8192];
                match body.read(&mut bytes) {
                    Ok(0) | Err(_) => return None,
                    Ok(read) => ready = reader.push(&bytes[..read]).into_iter(),
                }
            }
        }))
    }

    fn exchange(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
        patience: Option<Duration>,
    ) -> Result<Reply, Problem> {
        let mut stream = connect(&self.socket, patience)?;
        let body = body.map(Value::to_string).unwrap_or_default();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: tokentray\r\nconnection: close\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        // A server that has no room answers and closes without reading everything.
        let _ = stream.write_all(request.as_bytes());
        Reply::read(Box::new(stream)).ok_or_else(cut_off)
    }
}

/// Status, what matters of the headers, and the body still to be read.
struct Reply {
    status: u16,
    server: Option<String>,
    length: Option<u64>,
    body: Box<dyn Read>,
}

impl Reply {
    fn read(stream: Box<dyn Read>) -> Option<Self> {
        let mut reader = BufReader::new(stream);
        let mut head = reader.by_ref().take(HEADER_LIMIT);
        let mut line = String::new();
        head.read_line(&mut line).ok()?;
        let status = line.split(' ').nth(1)?.parse().ok()?;
        let (mut server, mut length, mut chunked) = (None, None, false);
        loop {
            line.clear();
            head.read_line(&mut line).ok()?;
            if line == "\r\n" {
                break;
            }
            let (name, value) = line.trim_end().split_once(':')?;
            let value = value.trim();
            match name.to_ascii_lowercase().as_str() {
                "server" => server = Some(value.to_owned()),
                "content-length" => length = Some(value.parse().ok()?),
                "transfer-encoding" => chunked = value.eq_ignore_ascii_case("chunked"),
                _ => {}
            }
        }
        if status == 204 {
            length = Some(0);
        }
        let body: Box<dyn Read> = if chunked {
            Box::new(Chunks {
                inner: reader,
                left: 0,
                first: true,
            })
        } else {
            Box::new(reader)
        };
        Some(Self {
            status,
            server,
            length,
            body,
        })
    }

    /// None where it was cut off.
    fn whole_body(&mut self) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        let limit = self.length.unwrap_or(u64::MAX);
        self.body
            .by_ref()
            .take(limit)
            .read_to_end(&mut bytes)
            .ok()?;
        let complete = self
            .length
            .is_none_or(|length| length == bytes.len() as u64);
        complete.then_some(bytes)
    }
}

/// A chunked body (RFC 9112 §7.1); trailers are not read.
struct Chunks<R> {
    inner: R,
    left: u64,
    first: bool,
}

impl<R: BufRead> Read for Chunks<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.left == 0 {
            let mut line = String::new();
            if !self.first {
                self.inner.read_line(&mut line)?;
                line.clear();
            }
            self.first = false;
            self.inner.read_line(&mut line)?;
            let size = line.trim_end().split(';').next().unwrap_or_default();
            self.left = u64::from_str_radix(size, 16)
                .map_err(|_| std::io::Error::from(std::io::ErrorKind::InvalidData))?;
            if self.left == 0 {
                return Ok(0);
            }
        }
        let wanted = usize::try_from(self.left)
            .unwrap_or(usize::MAX)
            .min(buffer.len());
        let read = self.inner.read(&mut buffer[..wanted])?;
        self.left -= read as u64;
        Ok(read)
    }
}

#[cfg(unix)]
fn connect(
    socket: &Path,
    patience: Option<Duration>,
) -> Result<std::os::unix::net::UnixStream, Problem> {
    use crate::api::client::check_server;

    let stream = std::os::unix::net::UnixStream::connect(socket)
        .map_err(|error| unreachable_engine(&error))?;
    #[cfg(target_os = "linux")]
    {
        let peer = rustix::net::sockopt::socket_peercred(&stream)
            .map_err(|error| unreachable_engine(&error.into()))?;
        check_server(peer.uid.as_raw())?;
    }
    stream
        .set_read_timeout(patience)
        .map_err(|error| unreachable_engine(&error))?;
    Ok(stream)
}

/// Never compiled so far: a named pipe opens like a file.
#[cfg(windows)]
fn connect(socket: &Path, _patience: Option<Duration>) -> Result<std::fs::File, Problem> {
    std::fs::File::options()
        .read(true)
        .write(true)
        .open(socket)
        .map_err(|error| unreachable_engine(&error))
}

/// A path of the API with an account's name (or an id) in it.
pub fn path(prefix: &str, name: &str, suffix: &str) -> String {
    let mut path = prefix.to_owned();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            path.push(char::from(byte));
        } else {
            path.extend(['%', hex(byte >> 4), hex(byte & 15)]);
        }
    }
    path + suffix
}

fn hex(digit: u8) -> char {
    char::from_digit(digit.into(), 16).map_or('0', |digit| digit.to_ascii_uppercase())
}

/// A value as a request's body.
pub fn body(value: &impl Serialize) -> Result<Value, Problem> {
    serde_json::to_value(value)
        .map_err(|_| Problem::new(Code::Internal, "the request cannot be written as JSON"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_leave_its_place_in_the_path() {
        assert_eq!(
            path("/v1/accounts/", "a/../b ü?x", "/token"),
            "/v1/accounts/a%2F..%2Fb%20%C3%BC%3Fx/token"
        );
    }

    #[test]
    fn chunks_are_put_together() {
        let wire = "HTTP/1.1 200 OK\r\nServer: tokentray/0.0.1\r\n\
            Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n";
        let mut reply = Reply::read(Box::new(wire.as_bytes())).unwrap();
        let mut body = String::new();
        reply.body.read_to_string(&mut body).unwrap();
        assert_eq!((reply.status, body.as_str()), (200, "abcde"));
        assert_eq!(reply.server.as_deref(), Some("tokentray/0.0.1"));
    }

    #[test]
    fn a_cut_header_is_no_reply() {
        assert!(Reply::read(Box::new(&b"HTTP/1.1 200 OK\r\nser"[..])).is_none());
        assert!(Reply::read(Box::new(&b""[..])).is_none());
    }
}
