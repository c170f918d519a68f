//! The local API: types, problems, routes and their OpenAPI document.

pub mod problem;
pub mod types;
