//! Routes for settings, vault, window and the practice provider's switches.

use axum::extract::State;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    api::{
        extract::{Json, JsonBody, Reply, invalid},
        problem::Problem,
        types::{PracticeSwitches, SettingsRow, WindowPlace},
    },
    engine::Engine,
    io::vault::VaultKind,
};

/// Body of `POST /v1/vault/move`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VaultMove {
    /// `os`, `sealed`, `file` or `memory`.
    pub to: String,
}

/// The settings that are no accounts.
#[utoipa::path(get, path = "/v1/settings", tag = "setup", responses((status = 200, body = SettingsRow)))]
pub async fn settings(State(engine): State<Engine>) -> Json<SettingsRow> {
    Json(engine.settings())
}

/// Sets members by name; null resets one to its default.
#[utoipa::path(patch, path = "/v1/settings", tag = "setup", request_body = Object,
    responses((status = 200, body = SettingsRow)))]
pub async fn edit_settings(
    State(engine): State<Engine>,
    JsonBody(patch): JsonBody<serde_json::Map<String, serde_json::Value>>,
) -> Reply<SettingsRow> {
    engine.edit_settings(patch).await.map(Json)
}

/// Asks the system to unlock the keychain: a person's prompt may appear.
#[utoipa::path(post, path = "/v1/vault/unlock", tag = "setup", responses((status = 204)))]
pub async fn vault_unlock(State(engine): State<Engine>) -> Result<StatusCode, Problem> {
    engine.vault_unlock().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Moves every grant to another kind of vault.
#[utoipa::path(post, path = "/v1/vault/move", tag = "setup", request_body = VaultMove,
    responses((status = 204)))]
pub async fn vault_move(
    State(engine): State<Engine>,
    JsonBody(body): JsonBody<VaultMove>,
) -> Result<StatusCode, Problem> {
    let to = VaultKind::from_code(&body.to).ok_or_else(|| {
        invalid("there is no such vault; the kinds are os, sealed, file and memory")
    })?;
    engine.vault_move(to).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Asks whoever can show a window to open it, at an account if one is named.
#[utoipa::path(post, path = "/v1/window/open", tag = "window", request_body = WindowPlace,
    responses((status = 204)))]
pub async fn open_window(
    State(engine): State<Engine>,
    JsonBody(place): JsonBody<WindowPlace>,
) -> StatusCode {
    engine.open_window(place.account);
    StatusCode::NO_CONTENT
}

/// Turns the practice provider's switches; only in a demo.
#[utoipa::path(post, path = "/v1/practice", tag = "window", request_body = PracticeSwitches,
    responses((status = 200, body = PracticeSwitches)))]
pub async fn practice(
    State(engine): State<Engine>,
    JsonBody(switches): JsonBody<PracticeSwitches>,
) -> Reply<PracticeSwitches> {
    engine.practice(&switches).map(Json)
}
