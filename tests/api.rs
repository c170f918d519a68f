//! The local API: its document, the socket's bounds and its peer check.

use std::{fs, path::Path};

/// The committed document, for packages and for the window's generated types.
const OPENAPI_FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../packaging/openapi.json");

#[test]
fn the_committed_openapi_document_is_current() {
    let mut current = serde_json::to_string_pretty(&tokentray::api::openapi::openapi()).unwrap();
    current.push('\n');
    let path = Path::new(OPENAPI_FILE);
    let committed = fs::read_to_string(path).unwrap_or_default();
    if committed != current {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, current).unwrap();
        panic!("packaging/openapi.json was out of date; it has been written anew, commit it");
    }
}
