//! What came back from a token endpoint, or the way in which nothing did.

/// The whole outcome of one request to a token endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// A status line and headers came; the body may be cut.
    Answered(HttpReply),
    /// Nothing usable came.
    Failed(TransportFailure),
}

/// An HTTP answer. `Debug` prints status and sizes only: a body may hold tokens.
#[derive(Clone, PartialEq, Eq)]
pub struct HttpReply {
    pub status: u16,
    /// Names in lower case, in the order received.
    pub headers: Vec<(String, String)>,
    /// At most 256 KiB.
    pub body: Vec<u8>,
    /// The body ended before its announced length, or passed the bound.
    pub cut: bool,
}

impl HttpReply {
    /// The first header of that name (any case), or none.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(n, _)| n.eq_ignore_ascii_case(name))
            .map(|(_, v)| v.as_str())
    }
}

impl std::fmt::Debug for HttpReply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HttpReply")
            .field("status", &self.status)
            .field("body_bytes", &self.body.len())
            .field("cut", &self.cut)
            .finish_non_exhaustive()
    }
}

/// How a request failed below HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransportFailure {
    pub kind: TransportKind,
    /// Whether any byte of the request may have reached the provider.
    pub sent: Sent,
    /// The client's words, without URL and without secrets; for details only.
    pub detail: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransportKind {
    Dns,
    Connect,
    Timeout,
    Tls,
    Proxy,
    CaptivePortal,
    /// Connection reset or closed before a status line.
    Reset,
}

/// What a failure leaves open: a refresh token that was sent may have been spent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// The connection was never made; nothing left this machine.
    Never,
    /// Bytes may have arrived: the outcome is unknown.
    Maybe,
}
