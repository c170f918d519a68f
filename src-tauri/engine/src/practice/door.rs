//! The door that every request passes: the switches answer here, and the log is written here.
//!
//! The body is read before the switches are asked, so that the log names the refresh token that
//! was sent into an outage, too.

use std::{collections::HashMap, sync::Arc};

use axum::{
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};

use super::{PracticeRequest, Shared, pages};

/// No practice request is longer.
const BODY_LIMIT: usize = 64 * 1024;

/// The hotel's own page; the only path that answers while the portal is on.
const HOTEL: &str = "/hotel/welcome";

/// The OAuth error that a handler answered with, for the log.
#[derive(Clone, Copy)]
pub(super) struct Told(pub(super) &'static str);

pub(super) async fn door(
    State(shared): State<Arc<Shared>>,
    request: Request,
    next: Next,
) -> Response {
    let at = shared.now();
    let endpoint = request.uri().path().to_owned();
    let is_get = request.method() == Method::GET;
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, BODY_LIMIT).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let form = fields(&body);
    let refresh_serial = form
        .get("refresh_token")
        .and_then(|token| shared.state().book.serial(token));

    let mut response = match switched(&shared, &endpoint, is_get) {
        Some(response) => response,
        None => next.run(Request::from_parts(parts, Body::from(body))).await,
    };
    let date = at.format("%a, %d %b %Y %H:%M:%S GMT").to_string();
    if let Ok(date) = HeaderValue::from_str(&date) {
        response.headers_mut().insert(header::DATE, date);
    }
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    shared.record(PracticeRequest {
        at,
        grant_type: form.get("grant_type").cloned(),
        refresh_serial,
        status: response.status().as_u16(),
        error: response
            .extensions()
            .get::<Told>()
            .map(|told| told.0.to_owned()),
        endpoint: endpoint.clone(),
    });
    if endpoint == "/token" {
        hold_back(&shared).await;
    }
    response
}

/// A form body or a query as a map; of a repeated field the last counts.
pub(super) fn fields(encoded: &[u8]) -> HashMap<String, String> {
    url::form_urlencoded::parse(encoded).into_owned().collect()
}

/// The answer of the switch that stands in the way, if one does.
fn switched(shared: &Shared, endpoint: &str, is_get: bool) -> Option<Response> {
    let on = shared.switches();
    let (mut response, told) = if on.portal == Some(true) {
        let response = match endpoint {
            HOTEL => pages::hotel().into_response(),
            // Hotels do both: most redirect, some answer 200 with their own page.
            _ if is_get || shared.state().log.len().is_multiple_of(2) => {
                Redirect::to(HOTEL).into_response()
            }
            _ => pages::hotel().into_response(),
        };
        (response, "portal")
    } else if on.outage == Some(true) {
        let text = "The practice provider is down for maintenance.\n";
        (
            (StatusCode::SERVICE_UNAVAILABLE, text).into_response(),
            "outage",
        )
    } else if on.rate_limit == Some(true) && matches!(endpoint, "/token" | "/device_authorization")
    {
        let seconds = shared.options.retry_after.as_secs().to_string();
        let response = (
            StatusCode::TOO_MANY_REQUESTS,
            [(header::RETRY_AFTER, seconds)],
            "Too many requests.\n",
        );
        (response.into_response(), "rate_limit")
    } else {
        return None;
    };
    response.extensions_mut().insert(Told(told));
    Some(response)
}

async fn hold_back(shared: &Shared) {
    if shared.switches().slow == Some(true) {
        shared.options.clock.sleep(shared.options.slow_by).await;
    }
    // An error means that the provider has ended; then nothing is held any more.
    let _ = shared.held.subscribe().wait_for(|held| !held).await;
}
