//! Wires the presenter to this platform's tray and notifications.
//!
//! On Linux both come from the engine package and know no Tauri; elsewhere the tray is Tauri's, of
//! the same model.

use std::{env, future::Future, sync::Arc};

use tauri::{AppHandle, Manager};
use tokentray::{
    api::client::Client,
    autostart::Autostart,
    io::{languages, tray::TrayPort},
    paths::Paths,
    presenter::{self, Ended, PresenterOptions, Successor},
};

use crate::{shell::Shell, window::ShellWindow};

/// Shows tray and notifications until `shutdown` or until the person quits, which ends the app.
/// Called inside the runtime.
pub fn start(
    app: &AppHandle,
    paths: &Paths,
    client: Client,
    successor: Arc<dyn Successor>,
    autostart: Option<Autostart>,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> tokio::task::JoinHandle<()> {
    let (tray, clicks) = platform::tray(app);
    let (notifier, answers) = platform::notifier(paths);
    let _ = app.state::<Shell>().tray.set(tray.state());
    let options = PresenterOptions {
        client,
        tray,
        clicks,
        notifier,
        answers,
        window: Arc::new(ShellWindow(app.clone())),
        successor,
        autostart,
        languages: languages::wanted(|name| env::var(name).ok()),
    };
    let app = app.clone();
    tokio::spawn(async move {
        if presenter::run(options, shutdown).await == Ended::Quit {
            app.exit(0);
        }
    })
}

#[cfg(target_os = "linux")]
mod platform {
    use std::env;

    use tauri::AppHandle;
    use tokentray::io::{
        notifier::{LinuxNotifier, NoticeEvent},
        tray::{LinuxTray, LinuxTrayOptions, TrayEvent},
    };
    use tokio::sync::mpsc::UnboundedReceiver;

    use super::{Arc, Paths, TrayPort};

    pub fn tray(_app: &AppHandle) -> (Arc<dyn TrayPort>, UnboundedReceiver<TrayEvent>) {
        let desktop = env::var("XDG_CURRENT_DESKTOP").unwrap_or_default();
        let (tray, clicks) = LinuxTray::start(LinuxTrayOptions {
            flatpak: env::var_os("FLATPAK_ID").is_some(),
            dark_bar: desktop.split(':').any(|name| name == "GNOME"),
        });
        (tray, clicks)
    }

    pub fn notifier(paths: &Paths) -> (Arc<LinuxNotifier>, UnboundedReceiver<NoticeEvent>) {
        LinuxNotifier::start(paths.notice_file())
    }
}

#[cfg(any(target_os = "macos", windows))]
mod platform {
    use tauri::AppHandle;
    use tokentray::io::{
        notifier::{DesktopNotifier, NoticeEvent},
        tray::TrayEvent,
    };
    use tokio::sync::mpsc::UnboundedReceiver;

    use super::{Arc, Paths, TrayPort};
    use crate::tray_icon::ShellTray;

    pub fn tray(app: &AppHandle) -> (Arc<dyn TrayPort>, UnboundedReceiver<TrayEvent>) {
        let (tray, clicks) = ShellTray::start(app.clone());
        (tray, clicks)
    }

    pub fn notifier(_paths: &Paths) -> (Arc<DesktopNotifier>, UnboundedReceiver<NoticeEvent>) {
        DesktopNotifier::start()
    }
}
