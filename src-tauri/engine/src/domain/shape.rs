//! The tray's four shapes, never told apart by colour alone.

use super::cause::codes;

codes! {
    /// The tray's four shapes.
    TrayShape {
        Fine = "fine",
        NeedsYou = "needs_you",
        Waiting = "waiting",
        Paused = "paused",
    }
}
