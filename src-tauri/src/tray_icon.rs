//! The tray of macOS and Windows: the presenter's model shown by Tauri.
//!
//! Must not know what the rows mean. Surprising: on macOS image and template flag are set in one
//! call, two of them flicker; the menu is made anew with each model, since rows come and go.

use std::sync::Arc;

use tauri::{
    AppHandle, Wry,
    image::Image,
    menu::{CheckMenuItem, IsMenuItem, Menu, MenuItem, PredefinedMenuItem, Submenu},
    tray::{MouseButton, MouseButtonState, TrayIcon, TrayIconBuilder, TrayIconEvent},
};
use tokentray::io::{
    Pending,
    tray::{Ink, TrayAction, TrayEvent, TrayModel, TrayPort, TrayRow, TrayState, rgba},
};
use tokio::sync::{mpsc, watch};

/// The image's size in pixels: twice what the bars show, for dense displays.
const SIZE: u32 = if cfg!(target_os = "macos") { 44 } else { 32 };
const ID: &str = "tokentray";

/// Tauri's tray icon behind the presenter's port.
pub struct ShellTray {
    app: AppHandle,
    models: watch::Sender<Option<TrayModel>>,
    state: watch::Sender<TrayState>,
}

impl ShellTray {
    /// Makes the icon as soon as the main thread can.
    pub fn start(app: AppHandle) -> (Arc<Self>, mpsc::UnboundedReceiver<TrayEvent>) {
        let (clicks, events) = mpsc::unbounded_channel();
        let tray = Arc::new(Self {
            app,
            models: watch::Sender::new(None),
            state: watch::Sender::new(TrayState::Starting),
        });
        let making = Arc::clone(&tray);
        let _ = tray.app.run_on_main_thread(move || {
            let state = match making.make(clicks) {
                Ok(()) => TrayState::Shown,
                Err(error) => TrayState::Unavailable(error.to_string()),
            };
            making.state.send_replace(state);
        });
        (tray, events)
    }

    fn make(&self, clicks: mpsc::UnboundedSender<TrayEvent>) -> tauri::Result<()> {
        let (models, menu_models) = (self.models.subscribe(), self.models.subscribe());
        let menu_clicks = clicks.clone();
        TrayIconBuilder::with_id(ID)
            .show_menu_on_left_click(false)
            .on_menu_event(move |_, event| {
                if let Some(action) = chosen(&menu_models.borrow(), event.id().as_ref()) {
                    send(&menu_clicks, action);
                }
            })
            .on_tray_icon_event(move |_, event| {
                let TrayIconEvent::Click {
                    button,
                    button_state: MouseButtonState::Up,
                    ..
                } = event
                else {
                    return;
                };
                let Some(model) = models.borrow().clone() else {
                    return;
                };
                match button {
                    MouseButton::Left => send(&clicks, model.left),
                    MouseButton::Middle => send(&clicks, model.middle),
                    MouseButton::Right => {}
                }
            })
            .build(&self.app)?;
        Ok(())
    }
}

impl TrayPort for ShellTray {
    fn show(&self, model: TrayModel) {
        self.models.send_replace(Some(model.clone()));
        let app = self.app.clone();
        let _ = self.app.run_on_main_thread(move || {
            let shown = app
                .tray_by_id(ID)
                .map_or(Ok(()), |icon| draw(&app, &icon, &model));
            if let Err(error) = shown {
                tracing::warn!(%error, "tray_not_shown");
            }
        });
    }

    fn state(&self) -> watch::Receiver<TrayState> {
        self.state.subscribe()
    }

    fn shut_down(&self) -> Pending<'static, ()> {
        let app = self.app.clone();
        let _ = self.app.run_on_main_thread(move || {
            app.remove_tray_by_id(ID);
        });
        Box::pin(std::future::ready(()))
    }
}

fn draw(app: &AppHandle, icon: &TrayIcon, model: &TrayModel) -> tauri::Result<()> {
    // A template image takes its colour from the menu bar.
    let ink = if cfg!(target_os = "macos") {
        Ink::Dark
    } else {
        Ink::Neutral
    };
    if let Some(pixels) = rgba(model.shape, SIZE, ink) {
        let image = Image::new_owned(pixels, SIZE, SIZE);
        #[cfg(target_os = "macos")]
        icon.set_icon_with_as_template(Some(image), true)?;
        #[cfg(not(target_os = "macos"))]
        icon.set_icon(Some(image))?;
    }
    icon.set_tooltip(Some(&model.tooltip))?;
    icon.set_menu(Some(menu(app, &model.rows)?))
}

fn menu(app: &AppHandle, rows: &[TrayRow]) -> tauri::Result<Menu<Wry>> {
    let menu = Menu::new(app)?;
    for (place, row) in rows.iter().enumerate() {
        menu.append(&*item(app, row, place.to_string())?)?;
    }
    Ok(menu)
}

/// Rows are told apart by their place (`3`, in a submenu `3.1`): the model that made the menu knows
/// what each does.
fn item(app: &AppHandle, row: &TrayRow, id: String) -> tauri::Result<Box<dyn IsMenuItem<Wry>>> {
    Ok(match row {
        TrayRow::Item { label, .. } => Box::new(MenuItem::with_id(
            app,
            id,
            escape(label),
            true,
            None::<&str>,
        )?),
        TrayRow::Check { label, checked, .. } => Box::new(CheckMenuItem::with_id(
            app,
            id,
            escape(label),
            true,
            *checked,
            None::<&str>,
        )?),
        TrayRow::Submenu { label, rows } => {
            let submenu = Submenu::with_id(app, id.clone(), escape(label), true)?;
            for (place, row) in rows.iter().enumerate() {
                submenu.append(&*item(app, row, format!("{id}.{place}"))?)?;
            }
            Box::new(submenu)
        }
        TrayRow::Separator => Box::new(PredefinedMenuItem::separator(app)?),
    })
}

fn chosen(model: &Option<TrayModel>, id: &str) -> Option<TrayAction> {
    let mut rows = &model.as_ref()?.rows;
    for place in id.split('.') {
        match rows.get(place.parse::<usize>().ok()?)? {
            TrayRow::Item { action, .. } | TrayRow::Check { action, .. } => {
                return Some(action.clone());
            }
            TrayRow::Submenu { rows: within, .. } => rows = within,
            TrayRow::Separator => return None,
        }
    }
    None
}

fn send(clicks: &mpsc::UnboundedSender<TrayEvent>, action: TrayAction) {
    let _ = clicks.send(TrayEvent {
        action,
        activation_token: None,
    });
}

/// An ampersand would mark a key.
fn escape(label: &str) -> String {
    label.replace('&', "&&")
}
