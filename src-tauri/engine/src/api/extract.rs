//! How a handler reads a request and writes an answer, so that every refusal is a problem document.
//!
//! axum's own rejections are plain text; none of them is used here. A body's content type is not
//! looked at: the socket has no browsers, and `curl -d` would only stumble over it.

use axum::{
    body::{Body, Bytes},
    extract::{FromRequest, FromRequestParts, Request},
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header, request::Parts};
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    api::problem::{Code, Problem},
    domain::secret::without_values,
    engine::Caller,
};

/// A request's body, in bytes.
pub const BODY_LIMIT: usize = 1024 * 1024;

/// What every handler answers: JSON, or a problem.
pub type Reply<T> = Result<Json<T>, Problem>;

/// A JSON answer.
pub struct Json<T>(pub T);

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        match serde_json::to_vec(&self.0) {
            Ok(bytes) => answer(StatusCode::OK, "application/json", bytes),
            Err(_) => {
                Problem::new(Code::Internal, "the answer cannot be written as JSON").into_response()
            }
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let bytes = serde_json::to_vec(&self).unwrap_or_default();
        let mut response = answer(status, "application/problem+json", bytes);
        let says_when = matches!(self.code, Code::RateLimited | Code::Busy);
        if let Some(seconds) = self.retry_after_s.filter(|_| says_when) {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

fn answer(status: StatusCode, content_type: &'static str, bytes: Vec<u8>) -> Response {
    let mut response = Response::new(Body::from(bytes));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

/// A body as JSON; an empty one is `{}`, so that `POST` without a body means "the defaults".
pub struct JsonBody<T>(pub T);

impl<S: Sync, T: DeserializeOwned> FromRequest<S> for JsonBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _state: &S) -> Result<Self, Problem> {
        let bytes: Bytes = axum::body::to_bytes(request.into_body(), BODY_LIMIT)
            .await
            .map_err(|_| invalid("the body is longer than 1 MiB or was cut off"))?;
        let text: &[u8] = match bytes.trim_ascii() {
            b"" => b"{}",
            text => text,
        };
        // serde would take a list for a struct, member by member.
        if !text.starts_with(b"{") {
            return Err(invalid("the body must be a JSON object"));
        }
        serde_json::from_slice(text).map(Self).map_err(|error| {
            let why = without_values(&error.to_string());
            invalid(format!("the body is not what is expected: {why}"))
        })
    }
}

/// A query string; unknown names and values that cannot be read are refused.
pub struct Query<T>(pub T);

impl<S: Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        axum::extract::Query::<T>::try_from_uri(&parts.uri)
            .map(|query| Self(query.0))
            .map_err(|rejection| {
                let text = rejection.body_text();
                let why = text
                    .strip_prefix("Failed to deserialize query string: ")
                    .unwrap_or(&text);
                invalid(format!("the query is not what is expected: {why}"))
            })
    }
}

/// One part of the path, percent-decoded.
pub struct Name(pub String);

impl<S: Send + Sync> FromRequestParts<S> for Name {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        axum::extract::Path::<String>::from_request_parts(parts, state)
            .await
            .map(|path| Self(path.0))
            .map_err(|_| invalid("the path is not valid UTF-8"))
    }
}

/// Who asks: put there by the socket or the window; nobody in particular where it is missing.
pub struct From(pub Caller);

impl<S: Sync> FromRequestParts<S> for From {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        Ok(Self(
            parts
                .extensions
                .get::<Caller>()
                .cloned()
                .unwrap_or_default(),
        ))
    }
}

/// A problem with what was asked.
pub fn invalid(detail: impl Into<String>) -> Problem {
    Problem::new(Code::InvalidRequest, detail)
}
