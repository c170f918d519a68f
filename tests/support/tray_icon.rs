//! Tokentray's icon as the tray's host sees it: the StatusNotifierItem and its menu on the bus.
//! Knows nothing of pixels on the screen. Surprising: an item is named by its connection, so it is
//! found anew for every question; a restarted service would otherwise be asked in vain.

use std::{collections::HashMap, time::Duration};

use zbus::{
    Connection, Proxy, connection,
    zvariant::{Dict, OwnedValue, Value},
};

use super::{session::Session, wait_for};

/// What the icon says now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// `Active`, `NeedsAttention` or `Passive`.
    pub status: String,
    pub title: String,
    pub tooltip: String,
    /// The largest picture: width and a sum over its bytes, to tell shapes apart.
    pub picture: (i32, u64),
}

/// An entry of the menu.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub id: i32,
    pub label: String,
    pub enabled: bool,
    pub visible: bool,
    /// For switches: whether it is on.
    pub checked: Option<bool>,
}

/// The icon of a session.
#[derive(Clone, Copy, Debug)]
pub struct TrayIcon<'s>(pub &'s Session);

type Pictures = Vec<(i32, i32, Vec<u8>)>;
type Layout = (u32, (i32, HashMap<String, OwnedValue>, Vec<OwnedValue>));

impl TrayIcon<'_> {
    /// What it says; none while there is no icon.
    pub fn shown(self) -> Option<Shown> {
        self.ask(async |bus, at| {
            let item = item(&bus, &at).await.ok()?;
            let tooltip: (String, Pictures, String, String) =
                item.get_property("ToolTip").await.ok()?;
            let status: String = item.get_property("Status").await.ok()?;
            let which = if status == "NeedsAttention" {
                "AttentionIconPixmap"
            } else {
                "IconPixmap"
            };
            let pictures: Pictures = item.get_property(which).await.ok()?;
            let largest = pictures.into_iter().max_by_key(|(width, ..)| *width)?;
            let sum = largest
                .2
                .iter()
                .zip(1_u64..)
                .map(|(b, i)| u64::from(*b) * i);
            Some(Shown {
                title: item.get_property("Title").await.ok()?,
                tooltip: format!("{} {}", tooltip.2, tooltip.3).trim().to_owned(),
                picture: (largest.0, sum.fold(0, u64::wrapping_add)),
                status,
            })
        })
    }

    /// Waits until it is there.
    #[track_caller]
    pub fn wait(self, within: Duration) -> Shown {
        wait_for("the tray icon is there", within, || self.shown())
    }

    /// Waits until it has this status.
    #[track_caller]
    pub fn wait_status(self, status: &str, within: Duration) -> Shown {
        wait_for(&format!("the tray icon is {status}"), within, || {
            self.shown().filter(|shown| shown.status == status)
        })
    }

    /// As a left click.
    pub fn activate(self) {
        self.click("Activate");
    }

    /// As a middle click.
    pub fn secondary_activate(self) {
        self.click("SecondaryActivate");
    }

    fn click(self, method: &str) {
        let method = method.to_owned();
        self.ask(async move |bus, at| {
            let item = item(&bus, &at).await.unwrap();
            item.call_method(method, &(0_i32, 0_i32)).await.unwrap();
            Some(())
        })
        .expect("there is an icon to click");
    }

    /// The visible entries of the menu, in order, submenus flattened.
    pub fn menu(self) -> Vec<Entry> {
        self.ask(async |bus, at| {
            let menu = menu(&bus, &at).await.ok()?;
            // A host asks for this first; a menu may be made only then.
            let _: Result<bool, _> = menu.call("AboutToShow", &0_i32).await;
            let none: Vec<String> = Vec::new();
            let (_, (_, _, children)): Layout = menu
                .call("GetLayout", &(0_i32, -1_i32, none))
                .await
                .unwrap();
            let mut entries = Vec::new();
            for child in children {
                flatten(&child, &mut entries);
            }
            entries.retain(|entry| entry.visible && !entry.label.is_empty());
            Some(entries)
        })
        .unwrap_or_default()
    }

    /// Waits for the entry whose label begins so, and clicks it.
    #[track_caller]
    pub fn choose(self, label: &str) {
        let entry = wait_for(
            &format!("the menu has {label:?}"),
            Duration::from_secs(10),
            || {
                let entries = self.menu();
                entries
                    .into_iter()
                    .find(|entry| entry.label.starts_with(label))
            },
        );
        assert!(entry.enabled, "{label:?} is disabled");
        self.ask(async move |bus, at| {
            let menu = menu(&bus, &at).await.unwrap();
            let click = (entry.id, "clicked", Value::from(0_i32), 0_u32);
            // "Quit" may end it before it answers.
            let _ = menu.call_method("Event", &click).await;
            Some(())
        })
        .expect("there is a menu");
    }

    /// Runs `question` with the bus and the item's place on it; none while there is no item.
    fn ask<T>(
        self,
        question: impl AsyncFnOnce(Connection, (String, String)) -> Option<T>,
    ) -> Option<T> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let bus = connection::Builder::address(self.0.bus_address().as_str())
                .unwrap()
                .build()
                .await
                .unwrap();
            let at = find(&bus).await?;
            question(bus, at).await
        })
    }
}

/// Looks through the watcher's items for ours.
async fn find(bus: &Connection) -> Option<(String, String)> {
    let watcher = Proxy::new(
        bus,
        "org.kde.StatusNotifierWatcher",
        "/StatusNotifierWatcher",
        "org.kde.StatusNotifierWatcher",
    )
    .await
    .ok()?;
    let items: Vec<String> = watcher
        .get_property("RegisteredStatusNotifierItems")
        .await
        .ok()?;
    for name in items {
        let at = match name.find('/') {
            Some(slash) => (name[..slash].to_owned(), name[slash..].to_owned()),
            None => (name, "/StatusNotifierItem".to_owned()),
        };
        if let Ok(item) = item(bus, &at).await
            && let Ok(id) = item.get_property::<String>("Id").await
            && id.to_lowercase().contains("tokentray")
        {
            return Some(at);
        }
    }
    None
}

async fn item<'b>(bus: &Connection, at: &(String, String)) -> zbus::Result<Proxy<'b>> {
    let (name, path) = at.clone();
    // Nothing is cached: an icon's whole point is that it changes.
    zbus::proxy::Builder::new(bus)
        .destination(name)?
        .path(path)?
        .interface("org.kde.StatusNotifierItem")?
        .cache_properties(zbus::proxy::CacheProperties::No)
        .build()
        .await
}

async fn menu<'b>(bus: &Connection, at: &(String, String)) -> zbus::Result<Proxy<'b>> {
    let path: zbus::zvariant::OwnedObjectPath = item(bus, at).await?.get_property("Menu").await?;
    Proxy::new(bus, at.0.clone(), path, "com.canonical.dbusmenu").await
}

fn flatten(node: &Value<'_>, entries: &mut Vec<Entry>) {
    let node = match node {
        Value::Value(inner) => inner,
        other => other,
    };
    let Value::Structure(node) = node else { return };
    let [
        Value::I32(id),
        Value::Dict(properties),
        Value::Array(children),
    ] = node.fields()
    else {
        return;
    };
    let get = |name: &str| property(properties, name);
    let switch = |name: &str| match get(name) {
        Some(Value::Bool(on)) => Some(*on),
        _ => None,
    };
    entries.push(Entry {
        id: *id,
        // A single underscore marks the access key.
        label: match get("label") {
            Some(Value::Str(label)) => label
                .replace("__", "\0")
                .replace('_', "")
                .replace('\0', "_"),
            _ => String::new(),
        },
        enabled: switch("enabled").unwrap_or(true),
        visible: switch("visible").unwrap_or(true),
        checked: match (get("toggle-type"), get("toggle-state")) {
            (Some(Value::Str(kind)), state) if !kind.is_empty() => {
                Some(matches!(state, Some(Value::I32(1))))
            }
            _ => None,
        },
    });
    for child in children.iter() {
        flatten(child, entries);
    }
}

/// A member of an `a{sv}`.
fn property<'a>(all: &'a Dict<'_, '_>, name: &str) -> Option<&'a Value<'a>> {
    let (_, value) = all
        .iter()
        .find(|(key, _)| matches!(key, Value::Str(key) if key.as_str() == name))?;
    match value {
        Value::Value(inner) => Some(inner),
        other => Some(other),
    }
}
