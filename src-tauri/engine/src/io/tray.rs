//! The tray: what it shows, and what a person did with it.
//!
//! Knows no engine, no Tauri and no words: the presenter makes the model. The same model drives
//! the Linux tray here and the shell's tray on macOS and Windows, whose images [`rgba`] makes too.
//! Surprising: there may be no tray at all, for now or ever, and that is never an error.

use tokio::sync::watch;

pub use crate::domain::shape::TrayShape;

use super::Pending;

#[cfg(target_os = "linux")]
mod item;
#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
mod panel;
#[cfg(target_os = "linux")]
pub use linux::{LinuxTray, LinuxTrayOptions};

/// Everything that the tray shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrayModel {
    pub shape: TrayShape,
    /// The one sentence that matters; plain text.
    pub tooltip: String,
    /// The menu, from top to bottom.
    pub rows: Vec<TrayRow>,
    /// What a left click does.
    pub left: TrayAction,
    /// What a middle click does.
    pub middle: TrayAction,
}

/// One row of the menu. Labels are plain text; adapters escape what their platform needs escaped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrayRow {
    Item {
        label: String,
        action: TrayAction,
    },
    Check {
        label: String,
        checked: bool,
        action: TrayAction,
    },
    /// Opens beside the row; rows within it are no submenus again.
    Submenu {
        label: String,
        rows: Vec<TrayRow>,
    },
    Separator,
}

/// What a click asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrayAction {
    /// Open the window.
    Open,
    /// Open the window at this account, by name.
    Show(String),
    /// Sign in again to this account, by name.
    SignIn(String),
    /// Refresh this account now, by name.
    Refresh(String),
    Pause(String),
    Resume(String),
    PauseAll,
    ResumeAll,
    /// Switch "Start at login" on or off.
    StartAtLogin(bool),
    Quit,
}

/// A click, with the token that lets a Wayland compositor bring a window to the front.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrayEvent {
    pub action: TrayAction,
    pub activation_token: Option<String>,
}

/// Whether a person can see the tray.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrayState {
    Starting,
    Shown,
    /// Not now, and why: for `doctor`, and for saying once that closing the window quits nothing.
    Unavailable(String),
}

/// Where the model is shown. Clicks come back through the channel that the adapter was made with.
pub trait TrayPort: Send + Sync + 'static {
    /// Shows the model as soon as it can; never waits, never fails, the newest wins.
    fn show(&self, model: TrayModel);
    /// Whether the tray can be seen; changes can be awaited.
    fn state(&self) -> watch::Receiver<TrayState>;
    /// Takes the icon away.
    fn shut_down(&self) -> Pending<'static, ()>;
}

/// The colour of a shape: what it must stand out from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ink {
    /// For dark panels.
    Light,
    /// For light panels, and macOS template images.
    Dark,
    /// At least 3:1 (WCAG 1.4.11) on white and on `#353535`, where the panel's colour is unknown.
    Neutral,
}

impl Ink {
    const fn rgb(self) -> [u8; 3] {
        match self {
            Self::Light => [0xf0, 0xf0, 0xf0],
            Self::Dark => [0x1a, 0x1a, 0x1a],
            Self::Neutral => [0x35, 0x9a, 0x82],
        }
    }
}

/// Sizes in pixels of the images that [`rgba`] has; 44 is the macOS menu bar, twice 22.
pub const SIZES: [u32; 6] = [16, 22, 24, 32, 44, 48];

macro_rules! masks {
    ($shape:literal) => {
        [
            include_bytes!(concat!("../../../../icons/tray/", $shape, "-16.alpha")).as_slice(),
            include_bytes!(concat!("../../../../icons/tray/", $shape, "-22.alpha")).as_slice(),
            include_bytes!(concat!("../../../../icons/tray/", $shape, "-24.alpha")).as_slice(),
            include_bytes!(concat!("../../../../icons/tray/", $shape, "-32.alpha")).as_slice(),
            include_bytes!(concat!("../../../../icons/tray/", $shape, "-44.alpha")).as_slice(),
            include_bytes!(concat!("../../../../icons/tray/", $shape, "-48.alpha")).as_slice(),
        ]
    };
}

static FINE: [&[u8]; SIZES.len()] = masks!("fine");
static NEEDS_YOU: [&[u8]; SIZES.len()] = masks!("needs-you");
static WAITING: [&[u8]; SIZES.len()] = masks!("waiting");
static PAUSED: [&[u8]; SIZES.len()] = masks!("paused");

/// Opacity of each pixel of a shape, row by row; none for a size that is not in [`SIZES`].
pub fn mask(shape: TrayShape, size: u32) -> Option<&'static [u8]> {
    let masks = match shape {
        TrayShape::Fine => &FINE,
        TrayShape::NeedsYou => &NEEDS_YOU,
        TrayShape::Waiting => &WAITING,
        TrayShape::Paused => &PAUSED,
    };
    let at = SIZES.iter().position(|known| *known == size)?;
    masks.get(at).copied()
}

/// A square image of a shape: four bytes a pixel, red, green, blue, opacity (not premultiplied).
pub fn rgba(shape: TrayShape, size: u32, ink: Ink) -> Option<Vec<u8>> {
    let [red, green, blue] = ink.rgb();
    let pixels = mask(shape, size)?;
    Some(
        pixels
            .iter()
            .flat_map(|opacity| [red, green, blue, *opacity])
            .collect(),
    )
}
