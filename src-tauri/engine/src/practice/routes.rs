//! The provider's endpoints, from HTTP to the book and the desk and back.

use std::{collections::HashMap, sync::Arc};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{RawQuery, State},
    http::{HeaderMap, StatusCode, header},
    middleware::from_fn_with_state,
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::json;
use subtle::ConstantTimeEq;
use url::{Url, form_urlencoded};

use super::{
    Shared,
    book::{Person, Refusal, Terms},
    consent::{BadRequest, DEVICE_CODE_LIFETIME, Request},
    door::{Told, door, fields},
    pages,
};

type Provider = State<Arc<Shared>>;

const DEVICE_GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

pub(super) fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route(
            "/",
            get(|State(s): Provider| async move { pages::front(&s.issuer) }),
        )
        .route("/.well-known/openid-configuration", get(metadata))
        .route("/.well-known/oauth-authorization-server", get(metadata))
        .route("/jwks", get(|| async { Json(json!({ "keys": [] })) }))
        .route("/authorize", get(authorize))
        .route("/authorize/answer", post(answer))
        .route("/token", post(token))
        .route("/device_authorization", post(device_authorization))
        .route("/device", get(device_page).post(device_answer))
        .route("/revoke", post(revoke))
        .route("/userinfo", get(userinfo))
        .layer(from_fn_with_state(Arc::clone(&shared), door))
        .with_state(shared)
}

/// OpenID Connect Discovery 1.0 §3, RFC 8414 §2.
async fn metadata(State(shared): Provider) -> Response {
    let issuer = &shared.issuer;
    Json(json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "device_authorization_endpoint": format!("{issuer}/device_authorization"),
        "revocation_endpoint": format!("{issuer}/revoke"),
        "userinfo_endpoint": format!("{issuer}/userinfo"),
        "jwks_uri": format!("{issuer}/jwks"),
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "response_types_supported": ["code"],
        "grant_types_supported": ["authorization_code", "refresh_token", DEVICE_GRANT],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["HS256"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported":
            if shared.options.client_secret.is_some() {
                vec!["client_secret_basic", "client_secret_post"]
            } else {
                vec!["none"]
            },
        "authorization_response_iss_parameter_supported": true,
    }))
    .into_response()
}

async fn authorize(State(shared): Provider, RawQuery(query): RawQuery) -> Response {
    let query = fields(query.unwrap_or_default().as_bytes());
    let request = match Request::read(&query) {
        Ok(request) => request,
        Err(BadRequest::Page(why)) => {
            return (StatusCode::BAD_REQUEST, pages::wrong(why)).into_response();
        }
        Err(BadRequest::Redirect {
            to,
            state,
            error,
            description,
        }) => {
            return back(
                &shared,
                *to,
                state.as_deref(),
                &[("error", error), ("error_description", description)],
            );
        }
    };
    let by_itself = query
        .get("auto")
        .and_then(|key| Person::from_key(key))
        .or(shared.options.auto_consent.then_some(Person::Ada));
    if let Some(person) = by_itself {
        return agree(&shared, request, person);
    }
    let client = request.client_id.clone();
    let ticket = shared.state().desk.ask(request, shared.now());
    pages::consent("/authorize/answer", &client, ("ticket", &ticket)).into_response()
}

/// The consent page's buttons.
async fn answer(State(shared): Provider, body: Bytes) -> Response {
    let form = fields(&body);
    let ticket = form.get("ticket").map_or("", String::as_str);
    let taken = shared.state().desk.take(ticket);
    let Some(request) = taken else {
        let why = "This page was answered before. Start signing in again.";
        return (StatusCode::BAD_REQUEST, pages::wrong(why)).into_response();
    };
    match form.get("answer").and_then(|key| Person::from_key(key)) {
        Some(person) => agree(&shared, request, person),
        None => back(
            &shared,
            request.redirect_uri,
            request.state.as_deref(),
            &[
                ("error", "access_denied"),
                ("error_description", "The person declined."),
            ],
        ),
    }
}

fn agree(shared: &Shared, request: Request, person: Person) -> Response {
    let (to, state) = (request.redirect_uri.clone(), request.state.clone());
    let code = shared.state().desk.agree(request, person, shared.now());
    back(shared, to, state.as_deref(), &[("code", &code)])
}

/// Sends the browser back to the client, with `iss` (RFC 9207).
fn back(shared: &Shared, mut to: Url, state: Option<&str>, answer: &[(&str, &str)]) -> Response {
    to.query_pairs_mut()
        .extend_pairs(answer)
        .extend_pairs(state.map(|state| ("state", state)))
        .append_pair("iss", &shared.issuer);
    Redirect::to(to.as_str()).into_response()
}

async fn token(State(shared): Provider, headers: HeaderMap, body: Bytes) -> Response {
    let form = fields(&body);
    let reply = client(&shared, &headers, &form).and_then(|client_id| {
        let now = shared.now();
        let mut state = shared.state();
        let state = &mut *state;
        let terms = Terms {
            now,
            issuer: &shared.issuer,
            jwt_key: &shared.jwt_key,
            access_token_lifetime: shared.options.access_token_lifetime,
            refresh_token_lifetime: shared.options.refresh_token_lifetime,
            rotate: state.switches.rotate == Some(true),
            grace: shared.options.grace,
            jwt_access_tokens: shared.options.jwt_access_tokens,
        };
        let field = |key: &str| form.get(key).map_or("", String::as_str);
        match field("grant_type") {
            "refresh_token" => state
                .book
                .refresh(field("refresh_token"), &client_id, &terms),
            "authorization_code" => state
                .desk
                .redeem(&form, &client_id, now)
                .map(|consent| state.book.open(consent, &terms)),
            DEVICE_GRANT => state
                .desk
                .poll_device(field("device_code"), &client_id, now)
                .map(|consent| state.book.open(consent, &terms)),
            _ => Err(Refusal::new(
                "unsupported_grant_type",
                "This grant_type is not practised here.",
            )),
        }
    });
    match reply {
        Ok(reply) => Json(reply).into_response(),
        Err(refusal) => refuse(refusal),
    }
}

async fn device_authorization(
    State(shared): Provider,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let form = fields(&body);
    let client_id = match client(&shared, &headers, &form) {
        Ok(client_id) => client_id,
        Err(refusal) => return refuse(refusal),
    };
    let interval = shared.options.device_interval;
    let codes =
        shared
            .state()
            .desk
            .start_device(client_id, form.get("scope"), interval, shared.now());
    let page = format!("{}/device", shared.issuer);
    Json(json!({
        "device_code": codes.device_code,
        "verification_uri_complete": format!("{page}?user_code={}", codes.user_code),
        "user_code": codes.user_code,
        "verification_uri": page,
        "expires_in": DEVICE_CODE_LIFETIME.as_secs(),
        "interval": interval.as_secs(),
    }))
    .into_response()
}

async fn device_page(State(shared): Provider, RawQuery(query): RawQuery) -> Response {
    let query = fields(query.unwrap_or_default().as_bytes());
    let Some(user_code) = query.get("user_code") else {
        return pages::enter_code(false).into_response();
    };
    let now = shared.now();
    let by_itself = query
        .get("auto")
        .and_then(|key| Person::from_key(key))
        .or(shared.options.auto_consent.then_some(Person::Ada));
    let mut state = shared.state();
    let Some(client) = state.desk.device_client(user_code, now).map(str::to_owned) else {
        return pages::enter_code(true).into_response();
    };
    if by_itself.is_some() {
        state.desk.answer_device(user_code, by_itself, now);
        return pages::device_done(true).into_response();
    }
    pages::consent("/device", &client, ("user_code", user_code)).into_response()
}

async fn device_answer(State(shared): Provider, body: Bytes) -> Response {
    let form = fields(&body);
    let user_code = form.get("user_code").map_or("", String::as_str);
    let person = form.get("answer").and_then(|key| Person::from_key(key));
    let now = shared.now();
    if shared.state().desk.answer_device(user_code, person, now) {
        pages::device_done(person.is_some()).into_response()
    } else {
        pages::enter_code(true).into_response()
    }
}

/// RFC 7009: the answer is 200 for a token that nobody knows, too.
async fn revoke(State(shared): Provider, headers: HeaderMap, body: Bytes) -> Response {
    let form = fields(&body);
    if let Err(refusal) = client(&shared, &headers, &form) {
        return refuse(refusal);
    }
    if let Some(token) = form.get("token") {
        shared.state().book.revoke(token);
    }
    StatusCode::OK.into_response()
}

async fn userinfo(State(shared): Provider, headers: HeaderMap) -> Response {
    let token = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    let person = token.and_then(|token| {
        let state = shared.state();
        Some(state.book.bearer(token, shared.now())?.person)
    });
    match person {
        Some(person) => Json(json!({
            "sub": person.sub(),
            "name": person.name(),
            "email": person.email(),
        }))
        .into_response(),
        // RFC 6750 §3.1.
        None => (
            StatusCode::UNAUTHORIZED,
            [(header::WWW_AUTHENTICATE, "Bearer error=\"invalid_token\"")],
        )
            .into_response(),
    }
}

/// The client's id, once it proved itself (RFC 6749 §2.3).
fn client(
    shared: &Shared,
    headers: &HeaderMap,
    form: &HashMap<String, String>,
) -> Result<String, Refusal> {
    let refused = Refusal {
        status: 401,
        error: "invalid_client",
        description: "The client is unknown or did not prove itself.",
    };
    let basic = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok()?.strip_prefix("Basic "))
        .and_then(|encoded| STANDARD.decode(encoded).ok())
        .and_then(|pair| String::from_utf8(pair).ok());
    let (id, secret) = match &basic {
        Some(pair) => {
            let (id, secret) = pair.split_once(':').ok_or(refused)?;
            (decoded(id), Some(decoded(secret)))
        }
        None => (
            form.get("client_id").cloned().unwrap_or_default(),
            form.get("client_secret").cloned(),
        ),
    };
    let proven = match &shared.options.client_secret {
        Some(wanted) => {
            secret.is_some_and(|given| given.as_bytes().ct_eq(wanted.expose().as_bytes()).into())
        }
        None => true,
    };
    if proven && !id.is_empty() {
        Ok(id)
    } else {
        Err(refused)
    }
}

/// RFC 6749 §2.3.1: both halves of the Basic pair are form-encoded first.
fn decoded(half: &str) -> String {
    form_urlencoded::parse(half.as_bytes())
        .next()
        .map(|(text, _)| text.into_owned())
        .unwrap_or_default()
}

fn refuse(refusal: Refusal) -> Response {
    let status = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::BAD_REQUEST);
    let body = Json(json!({
        "error": refusal.error,
        "error_description": refusal.description,
    }));
    let mut response = (status, body).into_response();
    response.extensions_mut().insert(Told(refusal.error));
    response
}
