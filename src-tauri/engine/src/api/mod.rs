//! The local API: types, problems, routes and their OpenAPI document.

pub mod client;
pub mod events;
pub mod extract;
pub mod openapi;
pub mod problem;
pub mod routes;
pub mod said;
pub mod types;
