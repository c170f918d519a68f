//! Routes that only look: status, history, timeline, statistics, doctor, providers, explain.

use axum::extract::State;

use crate::{
    api::{
        extract::{Json, JsonBody, Query, Reply, invalid},
        problem::Problem,
        types::{
            BrowserRow, DiscoverRequest, Discovered, ExplainAnswer, ExplainRequest, Finding,
            HistoryAnswer, HistoryQuery, ProviderRow, Stats, Status, Timeline, TimelineQuery,
        },
    },
    domain::{cause::Cause, history::HistoryKind},
    engine::Engine,
};

/// Entries of one page of the history, at most.
const HISTORY_LIMIT: u32 = 1000;

/// Rows of all accounts, and the overall state.
#[utoipa::path(get, path = "/v1/status", tag = "views", responses((status = 200, body = Status)))]
pub async fn status(State(engine): State<Engine>) -> Json<Status> {
    Json(engine.status())
}

/// Refreshes, failures, sign-ins and hand-outs in 7 and 30 days, by account.
#[utoipa::path(get, path = "/v1/stats", tag = "views", responses((status = 200, body = Stats)))]
pub async fn stats(State(engine): State<Engine>) -> Reply<Stats> {
    engine.stats().await.map(Json)
}

/// What works, what does not, and how to mend it.
#[utoipa::path(get, path = "/v1/doctor", tag = "views", responses((status = 200, body = [Finding])))]
pub async fn doctor(State(engine): State<Engine>) -> Reply<Vec<Finding>> {
    engine.doctor().await.map(Json)
}

/// What happened, newest first, by filters and a cursor.
#[utoipa::path(get, path = "/v1/history", tag = "views", params(HistoryQuery),
    responses((status = 200, body = HistoryAnswer)))]
pub async fn history(
    State(engine): State<Engine>,
    Query(query): Query<HistoryQuery>,
) -> Reply<HistoryAnswer> {
    known_codes("kind", query.kind.as_deref(), |code| {
        HistoryKind::from_code(code).is_some()
    })?;
    known_codes("cause", query.cause.as_deref(), |code| {
        Cause::from_code(code).is_some()
    })?;
    if query
        .limit
        .is_some_and(|limit| limit == 0 || limit > HISTORY_LIMIT)
    {
        return Err(invalid(format!(
            "limit must be between 1 and {HISTORY_LIMIT}"
        )));
    }
    if let (Some(since), Some(until)) = (query.since, query.until)
        && since > until
    {
        return Err(invalid("since is later than until"));
    }
    engine.history(query).await.map(Json)
}

fn known_codes(
    name: &str,
    list: Option<&str>,
    known: impl Fn(&str) -> bool,
) -> Result<(), Problem> {
    let unknown = list
        .into_iter()
        .flat_map(|list| list.split(','))
        .find(|code| !known(code));
    match unknown {
        None => Ok(()),
        Some(_) => Err(invalid(format!("{name} names a code that does not exist"))),
    }
}

/// Lanes by account, ready to draw.
#[utoipa::path(get, path = "/v1/timeline", tag = "views", params(TimelineQuery),
    responses((status = 200, body = Timeline)))]
pub async fn timeline(
    State(engine): State<Engine>,
    Query(query): Query<TimelineQuery>,
) -> Reply<Timeline> {
    if let (Some(from), Some(to)) = (query.from, query.to)
        && from >= to
    {
        return Err(invalid("from is not before to"));
    }
    if query.bucket_s == Some(0) {
        return Err(invalid("bucket_s must be at least 1"));
    }
    engine.timeline(query).await.map(Json)
}

/// The provider table, for a picker.
#[utoipa::path(get, path = "/v1/providers", tag = "setup", responses((status = 200, body = [ProviderRow])))]
pub async fn providers(State(engine): State<Engine>) -> Json<Vec<ProviderRow>> {
    Json(engine.providers())
}

/// The browsers of this computer and their profiles, for a picker.
#[utoipa::path(get, path = "/v1/browsers", tag = "setup", responses((status = 200, body = [BrowserRow])))]
pub async fn browsers(State(engine): State<Engine>) -> Json<Vec<BrowserRow>> {
    Json(engine.browsers().await)
}

/// Reads an issuer's metadata (OpenID Connect Discovery 1.0, RFC 8414).
#[utoipa::path(post, path = "/v1/discover", tag = "setup", request_body = DiscoverRequest,
    responses((status = 200, body = Discovered)))]
pub async fn discover(
    State(engine): State<Engine>,
    JsonBody(request): JsonBody<DiscoverRequest>,
) -> Reply<Discovered> {
    if request.issuer.is_empty() {
        return Err(invalid("issuer is missing"));
    }
    engine.discover(request).await.map(Json)
}

/// Classifies a reply that somebody pastes; nothing is stored.
#[utoipa::path(post, path = "/v1/explain", tag = "views", request_body = ExplainRequest,
    responses((status = 200, body = ExplainAnswer)))]
pub async fn explain(
    State(engine): State<Engine>,
    JsonBody(request): JsonBody<ExplainRequest>,
) -> Reply<ExplainAnswer> {
    engine.explain(&request).map(Json)
}
