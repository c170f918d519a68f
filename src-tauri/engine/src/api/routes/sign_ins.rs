//! Routes around signing in: start, follow, cancel, "Later", and the notice that was shown.

use axum::extract::State;
use http::StatusCode;

use crate::{
    api::{
        extract::{Json, JsonBody, Name, Reply},
        problem::Problem,
        types::{SignInRequest, SignInRow},
    },
    engine::Engine,
};

/// Starts a sign-in; follow it by its id.
#[utoipa::path(post, path = "/v1/accounts/{name}/sign-in", tag = "sign-in",
    params(("name" = String, Path)), request_body = SignInRequest,
    responses((status = 200, body = SignInRow)))]
pub async fn start_sign_in(
    State(engine): State<Engine>,
    Name(name): Name,
    JsonBody(request): JsonBody<SignInRequest>,
) -> Reply<SignInRow> {
    engine.start_sign_in(&name, request).await.map(Json)
}

/// How far a sign-in is.
#[utoipa::path(get, path = "/v1/sign-ins/{id}", tag = "sign-in", params(("id" = String, Path)),
    responses((status = 200, body = SignInRow)))]
pub async fn sign_in(State(engine): State<Engine>, Name(id): Name) -> Reply<SignInRow> {
    engine.sign_in(&id).map(Json)
}

/// Cancels a sign-in; the old grant stays.
#[utoipa::path(delete, path = "/v1/sign-ins/{id}", tag = "sign-in", params(("id" = String, Path)),
    responses((status = 200, body = SignInRow)))]
pub async fn cancel_sign_in(State(engine): State<Engine>, Name(id): Name) -> Reply<SignInRow> {
    engine.cancel_sign_in(&id).await.map(Json)
}

/// "Later": at most one reminder for this incident.
#[utoipa::path(post, path = "/v1/incidents/{id}/later", tag = "sign-in",
    params(("id" = String, Path)), responses((status = 204)))]
pub async fn incident_later(
    State(engine): State<Engine>,
    Name(id): Name,
) -> Result<StatusCode, Problem> {
    engine.incident_later(&id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A presenter acknowledges that it showed a notice.
#[utoipa::path(post, path = "/v1/notices/{id}/shown", tag = "sign-in",
    params(("id" = String, Path)), responses((status = 204)))]
pub async fn notice_shown(
    State(engine): State<Engine>,
    Name(id): Name,
) -> Result<StatusCode, Problem> {
    engine.notice_shown(&id).await?;
    Ok(StatusCode::NO_CONTENT)
}
