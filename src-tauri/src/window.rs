//! The window: made when it is asked for, destroyed when it closes.
//!
//! Must not know what it shows. Surprising: hiding a web view frees none of its 160 MB, so there
//! is no hidden window, ever; and where there is no tray the first closing says that all goes on.

#[cfg(target_os = "linux")]
use std::{
    cell::Cell,
    time::{Duration, Instant},
};

use serde_json::json;
use tauri::{
    AppHandle, Manager, Url, WebviewUrl, WebviewWindow, WebviewWindowBuilder, Window, WindowEvent,
};
use tokentray::{
    io::{languages, tray::TrayState},
    presenter::window::{Opened, WindowOpener},
};

use crate::{
    shell::Shell,
    size::{LEAST, Remembered},
    theme::Theme,
};

/// The only window's label.
const LABEL: &str = "main";
/// A page that dies so soon after it died is not started again.
#[cfg(target_os = "linux")]
const CRASHES_APART: Duration = Duration::from_secs(10);
/// Beside a person's own it must not be taken for that.
const DEMO: &str = "Tokentray (demo)";

/// Opens the window for the presenter.
pub struct ShellWindow(pub AppHandle);

impl WindowOpener for ShellWindow {
    fn open(&self, activation_token: Option<String>, account: Option<&str>) -> Opened {
        open(&self.0, activation_token, account);
        Opened::Now
    }
}

/// Opens the window, or brings it to the front; at an account, if one is named. From any thread.
pub fn open(app: &AppHandle, activation_token: Option<String>, account: Option<&str>) {
    if let Some(account) = account {
        app.state::<Shell>().show(account);
    }
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        // Asked before there is a window, so that none is shown in the other theme.
        let theme = match app.get_webview_window(LABEL) {
            Some(_) => Theme::System,
            None => Theme::chosen(&app.state::<Shell>().client).await,
        };
        let handle = app.clone();
        let opened =
            app.run_on_main_thread(move || show(&handle, theme, activation_token.as_deref()));
        if let Err(error) = opened {
            tracing::error!(%error, "window_not_opened");
        }
    });
}

fn show(app: &AppHandle, theme: Theme, activation_token: Option<&str>) {
    let window = match app.get_webview_window(LABEL) {
        Some(window) => window,
        None => match build(app, theme) {
            Ok(window) => window,
            Err(error) => {
                tracing::error!(%error, "window_not_opened");
                return;
            }
        },
    };
    raise(&window, activation_token);
}

/// Closes the window without another question.
pub fn close(app: &AppHandle) {
    if let Some(window) = app.get_webview_window(LABEL) {
        remember(app, &window.as_ref().window());
        let _ = window.destroy();
    }
}

fn build(app: &AppHandle, theme: Theme) -> tauri::Result<WebviewWindow> {
    #[cfg(target_os = "macos")]
    app.set_activation_policy(tauri::ActivationPolicy::Regular)?;
    let shell = app.state::<Shell>();
    let remembered = Remembered::load(shell.state_dir());
    let mut builder = WebviewWindowBuilder::new(app, LABEL, WebviewUrl::App("index.html".into()))
        .title(if shell.demo { DEMO } else { "Tokentray" })
        .inner_size(remembered.width, remembered.height)
        .min_inner_size(LEAST.0, LEAST.1)
        .disable_drag_drop_handler()
        // What a web view writes by itself stays with what else is ours, and goes with a demo.
        .data_directory(shell.state_dir().join("webview"))
        .on_navigation(is_own)
        .initialization_script(languages_script());
    if let Some(script) = theme.script() {
        builder = builder.initialization_script(script);
    }
    if let Some(colour) = theme.background() {
        builder = builder.background_color(colour);
    }
    let window = builder.build()?;
    #[cfg(target_os = "linux")]
    revive(&window)?;
    Ok(window)
}

/// What the page runs before it says anything: the languages that tray and notification go by. The web
/// view's own list is another where a locale is not installed, or where `LANGUAGE` names one.
fn languages_script() -> String {
    let wanted = languages::wanted(|name| std::env::var(name).ok());
    format!("window.systemLanguages = {}", json!(wanted))
}

/// `WebKit` draws in a process of its own. Where that one crashes or is killed for its memory, its last
/// picture would stand there, true no longer and deaf to every click.
#[cfg(target_os = "linux")]
fn revive(window: &WebviewWindow) -> tauri::Result<()> {
    let again = window.clone();
    window.with_webview(move |view| {
        use gtk::glib::prelude::ObjectExt;
        let died: Cell<Option<Instant>> = Cell::default();
        view.inner()
            .connect_local("web-process-terminated", false, move |_| {
                let before = died.replace(Some(Instant::now()));
                let at_once = before.is_some_and(|before| before.elapsed() < CRASHES_APART);
                tracing::error!(at_once, "window_crashed");
                again.state::<Shell>().page.close();
                // What dies again and again must not be started for ever.
                let _ = if at_once {
                    again.destroy()
                } else {
                    again.reload()
                };
                None
            });
    })
}

/// The page never leaves its own address; links are opened by the shell, elsewhere.
fn is_own(url: &Url) -> bool {
    match url.scheme() {
        "tauri" => url.host_str() == Some("localhost"),
        "http" | "https" => {
            url.host_str() == Some("tauri.localhost")
                || (cfg!(not(feature = "custom-protocol")) && url.host_str() == Some("127.0.0.1"))
        }
        _ => false,
    }
}

fn raise(window: &WebviewWindow, activation_token: Option<&str>) {
    let _ = window.unminimize();
    let _ = window.show();
    #[cfg(target_os = "linux")]
    if let (Some(token), Ok(gtk_window)) = (activation_token, window.gtk_window()) {
        use gtk::prelude::GtkWindowExt;
        // Presents it by itself, with the right that the token carries.
        gtk_window.set_startup_id(token);
        gtk_window.present();
        return;
    }
    let _ = activation_token;
    let _ = window.set_focus();
}

/// What happens to the window; wired up once for the app.
pub fn on_event(window: &Window, event: &WindowEvent) {
    let app = window.app_handle();
    match event {
        WindowEvent::CloseRequested { api, .. } => {
            remember(app, window);
            if must_tell(app) {
                api.prevent_close();
                app.state::<Shell>().page.tell(json!({ "type": "closing" }));
            }
        }
        WindowEvent::Destroyed => {
            app.state::<Shell>().page.close();
            #[cfg(target_os = "macos")]
            let _ = app.set_activation_policy(tauri::ActivationPolicy::Accessory);
        }
        _ => {}
    }
}

/// Whether this closing must first say that Tokentray goes on running; true only once.
fn must_tell(app: &AppHandle) -> bool {
    let shell = app.state::<Shell>();
    if !shell.stays() || matches!(shell.tray(), None | Some(TrayState::Shown)) {
        return false;
    }
    let mut remembered = Remembered::load(shell.state_dir());
    if remembered.told_it_stays {
        return false;
    }
    remembered.told_it_stays = true;
    remembered.save(shell.state_dir());
    true
}

fn remember(app: &AppHandle, window: &Window) {
    if on_wayland() || window.is_maximized().unwrap_or(false) {
        return;
    }
    let (Ok(size), Ok(factor)) = (window.inner_size(), window.scale_factor()) else {
        return;
    };
    let size = size.to_logical::<f64>(factor);
    let shell = app.state::<Shell>();
    let mut remembered = Remembered::load(shell.state_dir());
    (remembered.width, remembered.height) = (size.width, size.height);
    remembered.save(shell.state_dir());
}

#[cfg(target_os = "linux")]
fn on_wayland() -> bool {
    use gtk::prelude::ObjectExt;
    gtk::gdk::Display::default()
        .is_some_and(|display| display.type_().name() == "GdkWaylandDisplay")
}

#[cfg(not(target_os = "linux"))]
fn on_wayland() -> bool {
    false
}
