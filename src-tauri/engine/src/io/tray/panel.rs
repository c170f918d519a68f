//! Which ink stands out on the panel.
//!
//! A pixmap cannot follow a theme, so the settings portal is asked what the person prefers and
//! told apart from GNOME, whose top bar is dark in both. Where nobody knows, a middle tone.

use tokio::sync::mpsc;
use zbus::{Connection, Message, zvariant::OwnedValue};

use super::{super::dbus, Ink};

const PORTAL: &str = "org.freedesktop.portal.Desktop";
const SETTINGS: &str = "org.freedesktop.portal.Settings";
const NAMESPACE: &str = "org.freedesktop.appearance";
const KEY: &str = "color-scheme";

/// Subscribes to changes of the portal's settings.
pub(super) async fn changes(
    connection: &Connection,
) -> zbus::Result<mpsc::UnboundedReceiver<Message>> {
    dbus::signals(connection, dbus::interface_rule(SETTINGS)?).await
}

/// The ink for the panel as it is now. Starts no portal that is not running yet.
pub(super) async fn ink(connection: &Connection, dark_bar: bool) -> Ink {
    if dark_bar {
        return Ink::Light;
    }
    if dbus::owner(connection, PORTAL).await.is_none() {
        return Ink::Neutral;
    }
    let reply = connection
        .call_method(
            Some(PORTAL),
            "/org/freedesktop/portal/desktop",
            Some(SETTINGS),
            "Read",
            &(NAMESPACE, KEY),
        )
        .await;
    reply
        .ok()
        .and_then(|reply| reply.body().deserialize::<OwnedValue>().ok())
        .map_or(Ink::Neutral, |value| for_scheme(number(&value)))
}

/// The ink that a change of the portal's settings asks for; none if it is about something else.
pub(super) fn changed_ink(message: &Message, dark_bar: bool) -> Option<Ink> {
    let body = message.body();
    let (namespace, key, value): (&str, &str, OwnedValue) = body.deserialize().ok()?;
    (!dark_bar && namespace == NAMESPACE && key == KEY).then(|| for_scheme(number(&value)))
}

/// `Read` wraps its answer in a second variant.
fn number(value: &zbus::zvariant::Value<'_>) -> Option<u32> {
    match value {
        zbus::zvariant::Value::U32(number) => Some(*number),
        zbus::zvariant::Value::Value(inner) => number(inner),
        _ => None,
    }
}

/// 1 prefers dark, 2 light, anything else says nothing.
const fn for_scheme(scheme: Option<u32>) -> Ink {
    match scheme {
        Some(1) => Ink::Light,
        Some(2) => Ink::Dark,
        _ => Ink::Neutral,
    }
}
