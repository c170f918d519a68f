//! Routes that hand out tokens and take reports about rejected ones.

use axum::extract::State;

use crate::{
    api::{
        extract::{From, Json, JsonBody, Name, Query, Reply, invalid},
        problem::Problem,
        types::{RejectedToken, TokenAnswer, TokenQuery},
    },
    engine::Engine,
};

/// Longest wait for a refresh, in seconds: with all its quick tries one is over sooner.
const WAIT_LIMIT_S: u64 = 600;

/// A fresh token; never a refresh token, and never after waiting for a person.
#[utoipa::path(get, path = "/v1/accounts/{name}/token", tag = "tokens",
    params(("name" = String, Path), TokenQuery), responses((status = 200, body = TokenAnswer)))]
pub async fn token(
    State(engine): State<Engine>,
    Name(name): Name,
    Query(query): Query<TokenQuery>,
    From(caller): From,
) -> Reply<TokenAnswer> {
    checked(&query)?;
    engine.token(&name, query, caller).await.map(Json)
}

/// A tool got a 401 with this token: answers with a newer one, or with what is wrong.
#[utoipa::path(post, path = "/v1/accounts/{name}/token/rejected", tag = "tokens",
    params(("name" = String, Path), TokenQuery), request_body = RejectedToken,
    responses((status = 200, body = TokenAnswer)))]
pub async fn token_rejected(
    State(engine): State<Engine>,
    Name(name): Name,
    Query(query): Query<TokenQuery>,
    From(caller): From,
    JsonBody(rejected): JsonBody<RejectedToken>,
) -> Reply<TokenAnswer> {
    checked(&query)?;
    if rejected.fingerprint.is_some() == rejected.token.is_some() {
        return Err(invalid("the body needs either fingerprint or token"));
    }
    engine
        .token_rejected(&name, rejected, query, caller)
        .await
        .map(Json)
}

fn checked(query: &TokenQuery) -> Result<(), Problem> {
    if !matches!(query.kind.as_deref(), None | Some("access" | "id")) {
        return Err(invalid("kind is access or id"));
    }
    if query.wait.is_some_and(|wait| wait > WAIT_LIMIT_S) {
        return Err(invalid(format!(
            "wait is given in seconds, at most {WAIT_LIMIT_S}"
        )));
    }
    Ok(())
}
