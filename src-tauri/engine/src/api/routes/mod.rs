//! The one router: socket, command line and window all ask through it.
//!
//! It knows the engine's front door and nothing behind it. Handlers only check what a request says
//! and hand it on; the surprising part is that *every* refusal, unknown routes included, is a
//! problem document.

mod accounts;
mod settings;
mod sign_ins;
mod tokens;
mod views;

use axum::{
    Router,
    extract::Request,
    middleware::map_response,
    response::Response,
    routing::{get, post},
};
use http::{HeaderValue, header};

use crate::{
    api::{events, extract::invalid, openapi, problem::Problem},
    engine::Engine,
};

pub(super) use accounts::*;
pub(super) use settings::*;
pub(super) use sign_ins::*;
pub(super) use tokens::*;
pub(super) use views::*;

/// The `Server` header of every answer: tells a newer command line that it meets an older engine.
pub const SERVER: &str = concat!("tokentray/", env!("CARGO_PKG_VERSION"));

/// All routes over `engine`.
pub fn router(engine: Engine) -> Router {
    Router::new()
        .route("/v1/status", get(status))
        .route("/v1/stats", get(stats))
        .route("/v1/doctor", get(doctor))
        .route("/v1/openapi.json", get(openapi::document))
        .route("/v1/accounts", get(accounts).post(add_account))
        .route(
            "/v1/accounts/{name}",
            get(account).patch(edit_account).delete(remove_account),
        )
        .route("/v1/accounts/{name}/restore", post(restore_account))
        .route("/v1/accounts/{name}/sign-out", post(sign_out))
        .route("/v1/accounts/{name}/import", post(import))
        .route("/v1/accounts/{name}/refresh", post(refresh))
        .route("/v1/accounts/{name}/pause", post(pause))
        .route("/v1/accounts/{name}/resume", post(resume))
        .route("/v1/pause", post(pause_all))
        .route("/v1/resume", post(resume_all))
        .route("/v1/accounts/{name}/token", get(token))
        .route("/v1/accounts/{name}/token/rejected", post(token_rejected))
        .route("/v1/accounts/{name}/sign-in", post(start_sign_in))
        .route("/v1/sign-ins/{id}", get(sign_in).delete(cancel_sign_in))
        .route("/v1/incidents/{id}/later", post(incident_later))
        .route("/v1/notices/{id}/shown", post(notice_shown))
        .route("/v1/history", get(history))
        .route("/v1/timeline", get(timeline))
        .route("/v1/events", get(events::stream))
        .route("/v1/providers", get(providers))
        .route("/v1/browsers", get(browsers))
        .route("/v1/discover", post(discover))
        .route("/v1/explain", post(explain))
        .route("/v1/settings", get(settings).patch(edit_settings))
        .route("/v1/vault/unlock", post(vault_unlock))
        .route("/v1/vault/move", post(vault_move))
        .route("/v1/window/open", post(open_window))
        .route("/v1/practice", post(practice))
        .fallback(unknown_route)
        .method_not_allowed_fallback(unknown_method)
        .layer(map_response(name_the_server))
        .with_state(engine)
}

async fn unknown_route(request: Request) -> Problem {
    invalid(format!(
        "there is no route {}; GET /v1/openapi.json lists them",
        request.uri().path()
    ))
}

async fn unknown_method(request: Request) -> Problem {
    invalid(format!(
        "{} is not offered on {}; GET /v1/openapi.json lists what is",
        request.method(),
        request.uri().path()
    ))
}

async fn name_the_server(mut response: Response) -> Response {
    response
        .headers_mut()
        .insert(header::SERVER, HeaderValue::from_static(SERVER));
    response
}
