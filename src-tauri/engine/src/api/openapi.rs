//! The OpenAPI document of the socket, made from types and handlers.
//!
//! `packaging/openapi.json` is this document, committed; a test keeps it current, and the window's
//! types are generated from it. Every operation gets the problem document as its other answer here,
//! so that no handler has to say so.

use utoipa::{
    Modify, OpenApi,
    openapi::{ContentBuilder, OpenApi as Document, Ref, RefOr, ResponseBuilder},
};

use crate::api::{
    events,
    extract::Json,
    problem::Problem,
    routes::{self, VaultMove},
    types::Event,
};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Tokentray",
        description = "The local API of Tokentray: HTTP/1.1 on a Unix socket."
    ),
    paths(
        routes::status,
        routes::stats,
        routes::doctor,
        document,
        routes::accounts,
        routes::add_account,
        routes::account,
        routes::edit_account,
        routes::remove_account,
        routes::restore_account,
        routes::sign_out,
        routes::import,
        routes::refresh,
        routes::pause,
        routes::resume,
        routes::pause_all,
        routes::resume_all,
        routes::token,
        routes::token_rejected,
        routes::start_sign_in,
        routes::sign_in,
        routes::cancel_sign_in,
        routes::incident_later,
        routes::notice_shown,
        routes::history,
        routes::timeline,
        events::stream,
        routes::providers,
        routes::browsers,
        routes::discover,
        routes::explain,
        routes::settings,
        routes::edit_settings,
        routes::vault_unlock,
        routes::vault_move,
        routes::open_window,
        routes::practice,
    ),
    components(schemas(Problem, Event, VaultMove)),
    modifiers(&ProblemsEverywhere)
)]
struct Api;

/// The document itself.
pub fn openapi() -> Document {
    Api::openapi()
}

/// This document.
#[utoipa::path(get, path = "/v1/openapi.json", tag = "views", responses((status = 200, body = Object)))]
pub async fn document() -> Json<Document> {
    Json(openapi())
}

struct ProblemsEverywhere;

impl Modify for ProblemsEverywhere {
    fn modify(&self, document: &mut Document) {
        for path in document.paths.paths.values_mut() {
            let operations = [
                &mut path.get,
                &mut path.post,
                &mut path.patch,
                &mut path.delete,
            ];
            for operation in operations.into_iter().flatten() {
                let response = ResponseBuilder::new()
                    .description("A problem document (RFC 9457)")
                    .content(
                        "application/problem+json",
                        ContentBuilder::new()
                            .schema(Some(RefOr::Ref(Ref::from_schema_name("Problem"))))
                            .build(),
                    )
                    .build();
                operation
                    .responses
                    .responses
                    .insert("default".to_owned(), RefOr::T(response));
            }
        }
    }
}
