//! `tokentray-desktop`: the window, and where nothing else runs also engine, tray and notifications.
//!
//! Must not know vault, token endpoint or history. It finds out what it is beside the other
//! processes of this person ([`standing`]), then runs Tauri. Surprising: on Linux it first changes its
//! own environment, since `WebKitGTK` draws nothing on some machines without one variable more.

mod clipboard;
mod commands;
mod export;
mod login;
mod page;
mod present;
mod routes;
mod shell;
mod size;
mod standing;
mod theme;
#[cfg(any(target_os = "macos", windows))]
mod tray_icon;
mod window;

use std::process::ExitCode;

use anyhow::Context;
use shell::Shell;
use standing::{Standing, Wish};
use tauri::{Manager, RunEvent};
use tokentray::io::vault::VaultKind;
use tokio::runtime::Runtime;

const USAGE: &str = "\
Usage: tokentray-desktop [--hidden] [--demo] [--account NAME] [--vault KIND]

  --hidden       start without a window, as the session does at login
  --demo         try it with the practice provider; touches nothing of yours
  --account NAME open the window at this account
  --vault KIND   where grants are kept: os, sealed, file or memory
";

fn main() -> ExitCode {
    with_dmabuf_off();
    match run() {
        Ok(code) => code,
        Err(error) => {
            complain(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run() -> anyhow::Result<ExitCode> {
    let Some(wish) = wish(std::env::args().skip(1)) else {
        complain(USAGE);
        return Ok(ExitCode::from(2));
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("no threads")?;
    tauri::async_runtime::set(runtime.handle().clone());
    match runtime.block_on(standing::take(&wish))? {
        Some(standing) => run_app(&runtime, standing, &wish),
        None => Ok(ExitCode::SUCCESS),
    }
}

/// None for words that are no options.
fn wish(mut words: impl Iterator<Item = String>) -> Option<Wish> {
    let mut wish = Wish::default();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--hidden" => wish.hidden = true,
            "--demo" => wish.demo = true,
            "--account" => wish.account = Some(words.next()?),
            "--vault" => wish.vault = Some(VaultKind::from_code(&words.next()?)?),
            _ => return None,
        }
    }
    Some(wish)
}

fn run_app(runtime: &Runtime, mut standing: Standing, wish: &Wish) -> anyhow::Result<ExitCode> {
    let inside = runtime.enter();
    let app = tauri::Builder::default()
        .invoke_handler(tauri::generate_handler![
            commands::api,
            commands::listen,
            commands::shell,
            commands::set_start_at_login,
            commands::copy_token,
            commands::copy_text,
            commands::import_from_clipboard,
            commands::export_history,
            commands::open_sign_in,
            commands::start_demo,
            commands::close_window,
            commands::quit,
        ])
        .on_window_event(window::on_event)
        .manage(standing.shell())
        .build(tauri::generate_context!())
        .context("the desktop cannot be reached")?;
    standing.start(app.handle());
    if !wish.hidden {
        window::open(app.handle(), None, wish.account.as_deref());
    }
    let code = app.run_return(|app, event| match event {
        // The last window went away; `Some` is a wish to quit, which nothing holds up.
        RunEvent::ExitRequested {
            code: None, api, ..
        } => on_last_window(app, &api),
        #[cfg(target_os = "macos")]
        RunEvent::Reopen { .. } => window::open(app, None, None),
        _ => {}
    });
    drop(inside);
    runtime.block_on(standing.end());
    Ok(u8::try_from(code).map_or(ExitCode::FAILURE, ExitCode::from))
}

fn on_last_window(app: &tauri::AppHandle, api: &tauri::ExitRequestApi) {
    let shell = app.state::<Shell>();
    if shell.stays() {
        api.prevent_exit();
        return;
    }
    let mut holds = shell.clipboard.holds();
    if *holds.borrow() {
        // The token that was just copied would vanish with us.
        api.prevent_exit();
        let app = app.clone();
        tauri::async_runtime::spawn(async move {
            let _ = holds.wait_for(|holds| !holds).await;
            if app.webview_windows().is_empty() {
                app.exit(0);
            }
        });
    }
}

/// Blank windows on many drivers (tauri#8462). Called before there is any thread: none can read the
/// environment meanwhile. To start anew with the variable would load all of `WebKitGTK` twice.
#[cfg(target_os = "linux")]
fn with_dmabuf_off() {
    // Heeded only where the person set nothing else; it fails for names that are no names.
    let _ = gtk::glib::setenv("WEBKIT_DISABLE_DMABUF_RENDERER", "1", false);
}

#[cfg(not(target_os = "linux"))]
fn with_dmabuf_off() {}

#[expect(
    clippy::print_stderr,
    reason = "whoever started it in a terminal reads why"
)]
fn complain(words: &str) {
    eprintln!("tokentray-desktop: {words}");
}
