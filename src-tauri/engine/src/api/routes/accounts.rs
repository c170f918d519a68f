//! Routes that add, change and remove accounts, and that refresh and pause them by hand.

use axum::extract::State;
use http::StatusCode;
use serde::Deserialize;

use crate::{
    api::{
        extract::{From, Json, JsonBody, Name, Query, Reply, invalid},
        problem::Problem,
        types::{AccountPatch, AccountRow, AccountSettings, ImportRequest},
    },
    engine::{Caller, Engine},
};

/// Query of `DELETE /v1/accounts/{name}`.
#[derive(Clone, Copy, Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(default, deny_unknown_fields)]
pub struct RemoveQuery {
    /// Tell the provider, too (RFC 7009), once the time to undo is over.
    pub revoke: bool,
}

/// Settings of all accounts, without secrets.
#[utoipa::path(get, path = "/v1/accounts", tag = "accounts",
    responses((status = 200, body = [AccountSettings])))]
pub async fn accounts(State(engine): State<Engine>) -> Json<Vec<AccountSettings>> {
    Json(engine.accounts())
}

/// Adds an account; signing in is the next step.
#[utoipa::path(post, path = "/v1/accounts", tag = "accounts", request_body = AccountSettings,
    responses((status = 201, body = AccountRow)))]
pub async fn add_account(
    State(engine): State<Engine>,
    JsonBody(settings): JsonBody<AccountSettings>,
) -> Result<(StatusCode, Json<AccountRow>), Problem> {
    if settings.name.trim().is_empty() {
        return Err(invalid("name is missing"));
    }
    let row = engine.add_account(settings).await?;
    Ok((StatusCode::CREATED, Json(row)))
}

/// An account's settings, without its secret.
#[utoipa::path(get, path = "/v1/accounts/{name}", tag = "accounts", params(("name" = String, Path)),
    responses((status = 200, body = AccountSettings)))]
pub async fn account(State(engine): State<Engine>, Name(name): Name) -> Reply<AccountSettings> {
    engine.account_settings(&name).map(Json)
}

/// Edits an account; the old grant stays in use until a new sign-in succeeds.
#[utoipa::path(patch, path = "/v1/accounts/{name}", tag = "accounts",
    params(("name" = String, Path)), request_body = AccountPatch,
    responses((status = 200, body = AccountRow)))]
pub async fn edit_account(
    State(engine): State<Engine>,
    Name(name): Name,
    JsonBody(patch): JsonBody<AccountPatch>,
) -> Reply<AccountRow> {
    engine.edit_account(&name, patch).await.map(Json)
}

/// Removes an account; for ten seconds `restore` undoes it.
#[utoipa::path(delete, path = "/v1/accounts/{name}", tag = "accounts",
    params(("name" = String, Path), RemoveQuery), responses((status = 204)))]
pub async fn remove_account(
    State(engine): State<Engine>,
    Name(name): Name,
    Query(query): Query<RemoveQuery>,
) -> Result<StatusCode, Problem> {
    engine.remove_account(&name, query.revoke).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Undoes a removal.
#[utoipa::path(post, path = "/v1/accounts/{name}/restore", tag = "accounts",
    params(("name" = String, Path)), responses((status = 200, body = AccountRow)))]
pub async fn restore_account(State(engine): State<Engine>, Name(name): Name) -> Reply<AccountRow> {
    engine.restore_account(&name).await.map(Json)
}

/// Drops the grant and keeps the account.
#[utoipa::path(post, path = "/v1/accounts/{name}/sign-out", tag = "accounts",
    params(("name" = String, Path)), responses((status = 200, body = AccountRow)))]
pub async fn sign_out(State(engine): State<Engine>, Name(name): Name) -> Reply<AccountRow> {
    engine.sign_out(&name).await.map(Json)
}

/// Takes in a grant from elsewhere: a token response (RFC 6749 §5.1).
#[utoipa::path(post, path = "/v1/accounts/{name}/import", tag = "accounts",
    params(("name" = String, Path)), request_body = ImportRequest,
    responses((status = 200, body = AccountRow)))]
pub async fn import(
    State(engine): State<Engine>,
    Name(name): Name,
    JsonBody(request): JsonBody<ImportRequest>,
) -> Reply<AccountRow> {
    if request.token_response.trim().is_empty() {
        return Err(invalid("token_response is missing"));
    }
    engine.import(&name, request).await.map(Json)
}

/// Refreshes by hand; answers when it ended.
#[utoipa::path(post, path = "/v1/accounts/{name}/refresh", tag = "accounts",
    params(("name" = String, Path)), responses((status = 200, body = AccountRow)))]
pub async fn refresh(
    State(engine): State<Engine>,
    Name(name): Name,
    From(caller): From,
) -> Reply<AccountRow> {
    // Tools ask for tokens; whoever uses this route wants it by hand.
    let caller = Caller {
        person: true,
        ..caller
    };
    engine.refresh(&name, caller).await.map(Json)
}

/// Stops refreshing one account.
#[utoipa::path(post, path = "/v1/accounts/{name}/pause", tag = "accounts",
    params(("name" = String, Path)), responses((status = 200, body = AccountRow)))]
pub async fn pause(State(engine): State<Engine>, Name(name): Name) -> Reply<AccountRow> {
    engine.pause(&name).await.map(Json)
}

/// Goes on refreshing one account.
#[utoipa::path(post, path = "/v1/accounts/{name}/resume", tag = "accounts",
    params(("name" = String, Path)), responses((status = 200, body = AccountRow)))]
pub async fn resume(State(engine): State<Engine>, Name(name): Name) -> Reply<AccountRow> {
    engine.resume(&name).await.map(Json)
}

/// Stops all refreshing.
#[utoipa::path(post, path = "/v1/pause", tag = "accounts", responses((status = 204)))]
pub async fn pause_all(State(engine): State<Engine>) -> Result<StatusCode, Problem> {
    engine.pause_all().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Goes on refreshing.
#[utoipa::path(post, path = "/v1/resume", tag = "accounts", responses((status = 204)))]
pub async fn resume_all(State(engine): State<Engine>) -> Result<StatusCode, Problem> {
    engine.resume_all().await?;
    Ok(StatusCode::NO_CONTENT)
}
