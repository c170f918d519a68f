//! The theme that a person chose, known before the window is shown, so that it never flashes.
//!
//! Must not know how the page looks beyond its background. Surprising: the window system's own theme
//! is left alone; it is the page that is light or dark, and it may change its mind while it is open.

use std::time::Duration;

use tauri::utils::config::Color;
use tokentray::api::{client::Client, types::SettingsRow};
use tokio::time::timeout;

/// The settings lie in the engine's memory. If they take longer something else is wrong, and the
/// window opens as the system says.
const ASKED_FOR: Duration = Duration::from_millis(300);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Theme {
    System,
    Light,
    Dark,
}

impl Theme {
    /// What the settings say; the system's where they say nothing in time.
    pub async fn chosen(client: &Client) -> Self {
        let asked = timeout(ASKED_FOR, client.get::<SettingsRow>("/v1/settings")).await;
        asked.map_or(Self::System, |answer| {
            answer.map_or(Self::System, |settings| Self::of(&settings.theme))
        })
    }

    fn of(setting: &str) -> Self {
        match setting {
            "light" => Self::Light,
            "dark" => Self::Dark,
            _ => Self::System,
        }
    }

    /// What the page runs before it draws anything: the mark that its own code sets later.
    pub const fn script(self) -> Option<&'static str> {
        match self {
            Self::System => None,
            Self::Light => Some("document.documentElement.dataset.theme = 'light'"),
            Self::Dark => Some("document.documentElement.dataset.theme = 'dark'"),
        }
    }

    /// `--bg` of `ui/src/look.css`, for the moment before there is a page.
    pub const fn background(self) -> Option<Color> {
        match self {
            Self::System => None,
            Self::Light => Some(Color(0xfb, 0xfb, 0xfa, 0xff)),
            Self::Dark => Some(Color(0x17, 0x18, 0x1a, 0xff)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_has_the_page_s_background_before_there_is_a_page() {
        let look = include_str!("../../ui/src/look.css");
        let written = |theme: Theme| {
            let Color(red, green, blue, _) = theme.background().unwrap();
            format!("#{red:02x}{green:02x}{blue:02x}")
        };
        let (light, dark) = (written(Theme::of("light")), written(Theme::of("dark")));
        let line = format!("--bg: light-dark({light}, {dark});");
        assert!(look.contains(&line), "{line}");
        assert_eq!(Theme::of("system").background(), None);
    }
}
