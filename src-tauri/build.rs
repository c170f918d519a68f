//! Prepares what Tauri needs at build time, and says plainly when the window's files are missing.

use std::{env, path::Path};

/// The shell's commands: naming them here makes Tauri refuse every one that no capability allows.
const COMMANDS: &[&str] = &[
    "api",
    "listen",
    "shell",
    "set_start_at_login",
    "copy_token",
    "copy_text",
    "import_from_clipboard",
    "export_history",
    "open_sign_in",
    "start_demo",
    "close_window",
    "quit",
];

fn main() {
    println!("cargo::rerun-if-changed=../ui/dist");
    let built = Path::new("../ui/dist/index.html").is_file();
    if !built && env::var_os("CARGO_FEATURE_CUSTOM_PROTOCOL").is_some() {
        println!(
            "cargo::error=the window is not built: run `npm ci && npm run build` in ui/ first \
             (`make build` does)"
        );
        return;
    }
    let manifest = tauri_build::AppManifest::new().commands(COMMANDS);
    if let Err(error) =
        tauri_build::try_build(tauri_build::Attributes::new().app_manifest(manifest))
    {
        println!("cargo::error={error:#}");
    }
}
