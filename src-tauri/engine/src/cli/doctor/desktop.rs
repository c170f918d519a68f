//! The desktop's side of `doctor`: session bus, keychain, tray host, notifications.
//!
//! Only looks: no name is activated and nothing is unlocked.

use std::time::Duration;

use zbus::{
    Connection,
    fdo::DBusProxy,
    names::{BusName, WellKnownName},
    zvariant::OwnedObjectPath,
};

use super::{note, ok, problem};
use crate::{api::types::Finding, cli::failure::Failure};

/// For each question on the bus.
const PATIENCE: Duration = Duration::from_secs(3);

const SECRETS: &str = "org.freedesktop.secrets";
const WATCHER: &str = "org.kde.StatusNotifierWatcher";
const NOTIFICATIONS: &str = "org.freedesktop.Notifications";

/// Adds what the session bus tells.
pub fn look(findings: &mut Vec<Finding>) -> Result<(), Failure> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(async {
            match tokio::time::timeout(PATIENCE, Connection::session()).await {
                Ok(Ok(bus)) => {
                    findings.push(ok("session bus", "reachable"));
                    on_the_bus(findings, &bus).await;
                }
                Ok(Err(_)) => findings.push(note(
                    "session bus",
                    "there is none: no keychain, no tray, no notifications",
                    "without a desktop: tokentray daemon --vault file",
                )),
                Err(_) => findings.push(problem(
                    "session bus",
                    "does not answer",
                    "log out and in again",
                )),
            }
        });
    Ok(())
}

async fn on_the_bus(findings: &mut Vec<Finding>, bus: &Connection) {
    findings.push(match presence(bus, SECRETS).await {
        Presence::Running => keychain(bus).await,
        Presence::Startable => ok("keychain", "not running yet; starts when it is needed"),
        Presence::Absent => note(
            "keychain",
            "nothing offers the Secret Service",
            "install gnome-keyring or KWallet, or keep grants in a file: tokentray daemon --vault file",
        ),
    });
    findings.push(match presence(bus, WATCHER).await {
        Presence::Running => ok("tray host", "there is one"),
        Presence::Startable | Presence::Absent => note(
            "tray host",
            "there is none: Tokentray works without an icon",
            "on GNOME install the extension AppIndicator; or open the window: tokentray open",
        ),
    });
    findings.push(match presence(bus, NOTIFICATIONS).await {
        Presence::Running | Presence::Startable => ok("notifications", "there is a server"),
        Presence::Absent => note(
            "notifications",
            "nothing shows them",
            "set a command instead: tokentray settings 'notify_command=[\"…\"]'",
        ),
    });
}

enum Presence {
    Running,
    Startable,
    Absent,
}

async fn presence(bus: &Connection, name: &'static str) -> Presence {
    let question = async {
        let daemon = DBusProxy::new(bus).await?;
        let wanted = BusName::from(WellKnownName::from_static_str_unchecked(name));
        if daemon.name_has_owner(wanted).await? {
            return Ok(Presence::Running);
        }
        let startable = daemon.list_activatable_names().await?;
        Ok::<_, zbus::Error>(if startable.iter().any(|known| known.as_str() == name) {
            Presence::Startable
        } else {
            Presence::Absent
        })
    };
    match tokio::time::timeout(PATIENCE, question).await {
        Ok(Ok(presence)) => presence,
        Ok(Err(_)) | Err(_) => Presence::Absent,
    }
}

/// Whether the default collection is there and unlocked (Secret Service API, "Collection").
async fn keychain(bus: &Connection) -> Finding {
    let question = async {
        let service = zbus::Proxy::new(
            bus,
            SECRETS,
            "/org/freedesktop/secrets",
            "org.freedesktop.Secret.Service",
        )
        .await?;
        let collection: OwnedObjectPath = service.call("ReadAlias", &("default",)).await?;
        if collection.as_str() == "/" {
            return Ok(None);
        }
        let collection = zbus::Proxy::new(
            bus,
            SECRETS,
            collection,
            "org.freedesktop.Secret.Collection",
        )
        .await?;
        let locked: bool = collection.get_property("Locked").await?;
        Ok::<_, zbus::Error>(Some(locked))
    };
    match tokio::time::timeout(PATIENCE, question).await {
        Ok(Ok(Some(false))) => ok("keychain", "unlocked"),
        Ok(Ok(Some(true))) => note("keychain", "locked", "tokentray unlock"),
        Ok(Ok(None)) => problem(
            "keychain",
            "it has no default collection",
            "create one named Login, for example with Seahorse",
        ),
        Ok(Err(_)) => problem("keychain", "it refuses to answer", "log out and in again"),
        Err(_) => problem("keychain", "it does not answer", "log out and in again"),
    }
}
