//! The tray's model as a `StatusNotifierItem`, the way `ksni` wants it.
//!
//! Pixmaps only, no icon names: a name that a theme lacks shows as a broken image in some panels.

use std::{thread, time::Duration};

use ksni::menu::{CheckmarkItem, MenuItem, StandardItem, SubMenu};
use tokio::sync::mpsc;

use super::{Ink, TrayAction, TrayEvent, TrayModel, TrayRow, TrayShape, rgba};

/// What Linux panels ask for; they scale what is missing.
const PANEL_SIZES: [u32; 5] = [16, 22, 24, 32, 48];

pub(super) struct Item {
    pub model: TrayModel,
    pub ink: Ink,
    pub clicks: mpsc::UnboundedSender<TrayEvent>,
}

impl Item {
    fn click(&self, action: TrayAction) {
        let activation_token = activation_token(&action);
        // The presenter has ended if nobody listens; then a click has nothing to do.
        let _ = self.clicks.send(TrayEvent {
            action,
            activation_token,
        });
    }

    fn pixmaps(&self, shape: TrayShape) -> Vec<ksni::Icon> {
        PANEL_SIZES
            .iter()
            .filter_map(|&size| {
                let mut data = rgba(shape, size, self.ink)?;
                // The specification wants A, R, G, B.
                for pixel in data.chunks_exact_mut(4) {
                    pixel.rotate_right(1);
                }
                let side = i32::try_from(size).ok()?;
                Some(ksni::Icon {
                    width: side,
                    height: side,
                    data,
                })
            })
            .collect()
    }
}

/// The compositor's leave to bring a window to the front, for a click that opens something.
fn activation_token(action: &TrayAction) -> Option<String> {
    if !matches!(
        action,
        TrayAction::Open | TrayAction::Show(_) | TrayAction::SignIn(_)
    ) {
        return None;
    }
    ksni::current_xdg_activation_token().or_else(|| {
        // KDE delivers it just after the click, on another D-Bus message.
        thread::sleep(Duration::from_millis(1));
        ksni::current_xdg_activation_token()
    })
}

/// Menu labels take an underscore for a mnemonic; two stand for one.
fn label(text: &str) -> String {
    text.replace('_', "__")
}

/// The description of a tooltip is markup.
fn markup(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

impl ksni::Tray for Item {
    fn id(&self) -> String {
        "tokentray".into()
    }

    fn title(&self) -> String {
        "Tokentray".into()
    }

    fn status(&self) -> ksni::Status {
        if self.model.shape == TrayShape::NeedsYou {
            ksni::Status::NeedsAttention
        } else {
            ksni::Status::Active
        }
    }

    fn icon_pixmap(&self) -> Vec<ksni::Icon> {
        self.pixmaps(self.model.shape)
    }

    fn attention_icon_pixmap(&self) -> Vec<ksni::Icon> {
        self.pixmaps(TrayShape::NeedsYou)
    }

    fn tool_tip(&self) -> ksni::ToolTip {
        ksni::ToolTip {
            title: "Tokentray".into(),
            description: markup(&self.model.tooltip),
            ..ksni::ToolTip::default()
        }
    }

    fn activate(&mut self, _x: i32, _y: i32) {
        self.click(self.model.left.clone());
    }

    fn secondary_activate(&mut self, _x: i32, _y: i32) {
        self.click(self.model.middle.clone());
    }

    fn menu(&self) -> Vec<MenuItem<Self>> {
        self.model.rows.iter().map(row).collect()
    }

    /// No watcher is no reason to give up: one may come at any time.
    fn watcher_offline(&self, _reason: ksni::OfflineReason) -> bool {
        true
    }
}

fn row(row: &TrayRow) -> MenuItem<Item> {
    match row.clone() {
        TrayRow::Separator => MenuItem::Separator,
        TrayRow::Item {
            label: text,
            action,
        } => StandardItem {
            label: label(&text),
            activate: Box::new(move |item: &mut Item| item.click(action.clone())),
            ..StandardItem::default()
        }
        .into(),
        TrayRow::Submenu { label: text, rows } => SubMenu {
            label: label(&text),
            submenu: rows.iter().map(self::row).collect(),
            ..SubMenu::default()
        }
        .into(),
        TrayRow::Check {
            label: text,
            checked,
            action,
        } => CheckmarkItem {
            label: label(&text),
            checked,
            activate: Box::new(move |item: &mut Item| item.click(action.clone())),
            ..CheckmarkItem::default()
        }
        .into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_underscore_in_a_name_is_no_mnemonic() {
        assert_eq!(label("Sign in again: my_work"), "Sign in again: my__work");
    }

    #[test]
    fn a_tooltip_is_no_markup() {
        assert_eq!(markup("a <b> & c"), "a &lt;b&gt; &amp; c");
    }
}
