//! A panel with manners of every kind, and the item as a panel sees it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use futures_util::StreamExt;
use zbus::{
    Connection,
    connection::Builder,
    fdo::DBusProxy,
    message::Header,
    zvariant::{OwnedValue, Value},
};

const NAME: &str = "org.kde.StatusNotifierWatcher";
const PATH: &str = "/StatusNotifierWatcher";

/// How a panel treats items.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manners {
    Good,
    /// It has the name and nothing behind it.
    NoObject,
    /// It says yes and keeps no list.
    Forgetful,
    /// It keeps a list and draws nothing.
    NoHost,
    /// It takes calls and answers none.
    Silent,
}

#[derive(Debug)]
struct State {
    manners: Manners,
    items: Vec<String>,
    asked: usize,
}

#[derive(Clone)]
struct Watcher {
    state: Arc<Mutex<State>>,
}

#[zbus::interface(name = "org.kde.StatusNotifierWatcher")]
impl Watcher {
    async fn register_status_notifier_item(
        &self,
        service: String,
        #[zbus(header)] header: Header<'_>,
    ) {
        let manners = self.state.lock().unwrap().manners;
        if manners == Manners::Silent {
            std::future::pending::<()>().await;
        }
        let mut state = self.state.lock().unwrap();
        state.asked += 1;
        if manners != Manners::Forgetful {
            let sender = header.sender().unwrap();
            let item = if service.starts_with('/') {
                format!("{sender}{service}")
            } else {
                format!("{service}/StatusNotifierItem")
            };
            state.items.push(item);
        }
    }

    #[zbus(property)]
    async fn registered_status_notifier_items(&self) -> Vec<String> {
        if self.state.lock().unwrap().manners == Manners::Silent {
            std::future::pending::<()>().await;
        }
        self.state.lock().unwrap().items.clone()
    }

    #[zbus(property)]
    fn is_status_notifier_host_registered(&self) -> bool {
        self.state.lock().unwrap().manners != Manners::NoHost
    }

    #[zbus(signal)]
    async fn status_notifier_host_registered(
        emitter: &zbus::object_server::SignalEmitter<'_>,
    ) -> zbus::Result<()>;
}

/// The running panel.
pub struct Panel {
    connection: Connection,
    watcher: Watcher,
}

impl Panel {
    pub async fn start(manners: Manners) -> Self {
        let state = State {
            manners,
            items: Vec::new(),
            asked: 0,
        };
        let watcher = Watcher {
            state: Arc::new(Mutex::new(state)),
        };
        let mut builder = Builder::session().unwrap();
        if manners != Manners::NoObject {
            builder = builder.serve_at(PATH, watcher.clone()).unwrap();
        }
        let connection = builder.build().await.unwrap();
        forget_the_gone(&connection, Arc::clone(&watcher.state)).await;
        connection.request_name(NAME).await.unwrap();
        Self {
            connection,
            watcher,
        }
    }

    /// Off the bus, as when it crashes. (What it serves keeps the connection, so a drop would not.)
    pub async fn leave(self) {
        self.connection.close().await.unwrap();
    }

    /// Items in the order in which they came, as panels write them.
    pub fn items(&self) -> Vec<String> {
        self.watcher.state.lock().unwrap().items.clone()
    }

    /// How often an item asked to be taken.
    pub fn asked(&self) -> usize {
        self.watcher.state.lock().unwrap().asked
    }

    pub async fn become_good(&self) {
        let before = {
            let mut state = self.watcher.state.lock().unwrap();
            std::mem::replace(&mut state.manners, Manners::Good)
        };
        let server = self.connection.object_server();
        if before == Manners::NoObject {
            server.at(PATH, self.watcher.clone()).await.unwrap();
        }
        let emitter = zbus::object_server::SignalEmitter::new(&self.connection, PATH).unwrap();
        if before == Manners::NoHost {
            Watcher::status_notifier_host_registered(&emitter)
                .await
                .unwrap();
        }
    }

    pub async fn until(&self, what: &str, mut reached: impl FnMut(&Self) -> bool) {
        for _ in 0..500 {
            if reached(self) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("waited in vain: {what}");
    }
}

/// As real panels do: what left the bus leaves the list.
async fn forget_the_gone(connection: &Connection, state: Arc<Mutex<State>>) {
    let bus = DBusProxy::new(connection).await.unwrap();
    let mut changes = bus.receive_name_owner_changed().await.unwrap();
    tokio::spawn(async move {
        while let Some(change) = changes.next().await {
            let args = change.args().unwrap();
            if args.new_owner().is_none() {
                let gone = format!("{}/", args.name());
                let mut state = state.lock().unwrap();
                state.items.retain(|item| !item.starts_with(&gone));
            }
        }
    });
}

/// One node of a menu: id, properties, children.
type Node = (i32, HashMap<String, OwnedValue>, Vec<OwnedValue>);

/// An item as a panel sees it.
pub struct Item {
    connection: Connection,
    name: String,
}

impl Item {
    pub async fn of(item: &str) -> Self {
        Self {
            connection: Connection::session().await.unwrap(),
            name: item.split('/').next().unwrap().to_owned(),
        }
    }

    async fn get(&self, property: &str) -> OwnedValue {
        let reply = self
            .connection
            .call_method(
                Some(self.name.as_str()),
                "/StatusNotifierItem",
                Some("org.freedesktop.DBus.Properties"),
                "Get",
                &("org.kde.StatusNotifierItem", property),
            )
            .await
            .unwrap();
        reply.body().deserialize().unwrap()
    }

    pub async fn text(&self, property: &str) -> String {
        self.get(property).await.try_into().unwrap()
    }

    pub async fn until(&self, property: &str, wanted: &str) {
        for _ in 0..250 {
            if self.text(property).await == wanted {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("{property} did not become {wanted}");
    }

    async fn icons(&self, property: &str) -> Vec<(i32, i32, Vec<u8>)> {
        self.get(property).await.try_into().unwrap()
    }

    pub async fn icon_sizes(&self, property: &str) -> Vec<i32> {
        let icons = self.icons(property).await;
        icons.iter().map(|(width, _, _)| *width).collect()
    }

    pub async fn icon(&self, property: &str, size: i32) -> Vec<u8> {
        let icons = self.icons(property).await;
        let icon = icons.into_iter().find(|(width, _, _)| *width == size);
        icon.unwrap().2
    }

    /// The description: the title is the program's name.
    pub async fn tooltip(&self) -> String {
        let value = self.get("ToolTip").await;
        let Value::Structure(tooltip) = &*value else {
            panic!("{value:?}");
        };
        String::try_from(tooltip.fields()[3].try_clone().unwrap()).unwrap()
    }

    pub async fn call(&self, method: &str) {
        self.connection
            .call_method(
                Some(self.name.as_str()),
                "/StatusNotifierItem",
                Some("org.kde.StatusNotifierItem"),
                method,
                &(0_i32, 0_i32),
            )
            .await
            .unwrap();
    }

    /// Id and label of each row; a separator has no label.
    pub async fn menu(&self) -> Vec<(i32, String)> {
        let rows = self.layout().await.into_iter();
        rows.map(|(id, label, _)| (id, label)).collect()
    }

    /// Label of each row that opens a submenu, with id and label of the rows within.
    pub async fn submenus(&self) -> Vec<(String, Vec<(i32, String)>)> {
        let rows = self.layout().await.into_iter();
        rows.filter(|(_, _, within)| !within.is_empty())
            .map(|(_, label, within)| (label, within))
            .collect()
    }

    /// Each row: id, label, and the rows of its submenu.
    async fn layout(&self) -> Vec<(i32, String, Vec<(i32, String)>)> {
        let reply = self
            .menu_call("GetLayout", &(0_i32, -1_i32, Vec::<String>::new()))
            .await;
        let (_, (_, _, rows)): (u32, Node) = reply.body().deserialize().unwrap();
        rows.into_iter()
            .map(|node| {
                let (id, label, within) = row(node);
                let within = within.into_iter().map(|node| {
                    let (id, label, _) = row(node);
                    (id, label)
                });
                (id, label, within.collect())
            })
            .collect()
    }

    /// Clicks a row of the menu.
    pub async fn choose(&self, id: i32) {
        self.menu_call("Event", &(id, "clicked", Value::from(0_i32), 0_u32))
            .await;
    }

    async fn menu_call<B>(&self, method: &str, body: &B) -> zbus::Message
    where
        B: serde::ser::Serialize + zbus::zvariant::DynamicType,
    {
        self.connection
            .call_method(
                Some(self.name.as_str()),
                "/MenuBar",
                Some("com.canonical.dbusmenu"),
                method,
                body,
            )
            .await
            .unwrap()
    }
}

/// Id, label and children of a row.
fn row(node: OwnedValue) -> (i32, String, Vec<OwnedValue>) {
    let (id, mut properties, within) = Node::try_from(node).unwrap();
    let label = properties.remove("label");
    let label = label.map_or(String::new(), |l| l.try_into().unwrap());
    (id, label, within)
}
