//! The tray on Linux: one task that keeps a `StatusNotifierItem` registered, whatever panels do.
//!
//! Knows no engine. Surprising: `ksni` alone is not enough. It gives up where the watcher's name is
//! owned but its object is missing, and can miss a watcher that comes just after it looked. So
//! this task looks into the watcher's list some seconds after each change, and starts anew if the
//! item is not in it. All of that is driven by events: without a tray it sleeps and logs nothing.

use std::{sync::Arc, time::Duration};

use ksni::TrayMethods;
use tokio::{
    sync::{mpsc, watch},
    time::{Instant, sleep_until, timeout},
};
use zbus::{Connection, fdo::DBusProxy, zvariant::OwnedValue};

use super::{
    super::{Pending, dbus},
    Ink, TrayEvent, TrayModel, TrayPort, TrayState,
    item::Item,
    panel,
};

const WATCHER: &str = "org.kde.StatusNotifierWatcher";
/// No answer of a panel may hold the tray up for longer.
const PATIENCE: Duration = Duration::from_secs(5);
/// When to look after a change: panels register late, seldom after half a minute. The second look
/// sees whether the repair of the first one worked.
const LOOKS: [Duration; 5] = [
    Duration::from_secs(3),
    Duration::from_secs(5),
    Duration::from_secs(10),
    Duration::from_secs(30),
    Duration::from_mins(2),
];
/// Without a session bus: first and longest pause between tries.
const BUS_PAUSE: (Duration, Duration) = (Duration::from_secs(10), Duration::from_mins(10));

/// What the tray must be told about the session, because adapters read no environment.
#[derive(Clone, Copy, Debug, Default)]
pub struct LinuxTrayOptions {
    /// `FLATPAK_ID` is set: the sandbox refuses well-known names.
    pub flatpak: bool,
    /// The panel is dark whatever the theme (GNOME).
    pub dark_bar: bool,
}

/// A handle to the task that shows the tray.
pub struct LinuxTray {
    models: watch::Sender<Option<TrayModel>>,
    state: watch::Receiver<TrayState>,
    stop: mpsc::Sender<()>,
}

impl LinuxTray {
    /// Starts the task; clicks come through the channel. Never fails: see [`TrayPort::state`].
    pub fn start(options: LinuxTrayOptions) -> (Arc<Self>, mpsc::UnboundedReceiver<TrayEvent>) {
        let (models, wanted) = watch::channel(None);
        let (state_sender, state) = watch::channel(TrayState::Starting);
        let (clicks, events) = mpsc::unbounded_channel();
        let (stop, stopped) = mpsc::channel(1);
        let task = Task {
            options,
            wanted,
            state: state_sender,
            clicks,
            stopped,
            ink: Ink::Neutral,
        };
        tokio::spawn(task.run());
        let tray = Self {
            models,
            state,
            stop,
        };
        (Arc::new(tray), events)
    }
}

impl TrayPort for LinuxTray {
    fn show(&self, model: TrayModel) {
        self.models.send_replace(Some(model));
    }

    fn state(&self) -> watch::Receiver<TrayState> {
        self.state.clone()
    }

    fn shut_down(&self) -> Pending<'static, ()> {
        let stop = self.stop.clone();
        Box::pin(async move {
            let _ = stop.send(()).await;
            // The task drops its end when the icon is gone.
            let _ = timeout(PATIENCE, stop.closed()).await;
        })
    }
}

/// Why a turn of the task ended.
enum Ended {
    Stopped,
    BusLost,
}

struct Task {
    options: LinuxTrayOptions,
    wanted: watch::Receiver<Option<TrayModel>>,
    state: watch::Sender<TrayState>,
    clicks: mpsc::UnboundedSender<TrayEvent>,
    stopped: mpsc::Receiver<()>,
    ink: Ink,
}

impl Task {
    async fn run(mut self) {
        if self.wanted.wait_for(Option::is_some).await.is_err() {
            return;
        }
        let mut pause = BUS_PAUSE.0;
        loop {
            match self.serve(&mut pause).await {
                Ok(Ended::Stopped) => return,
                Ok(Ended::BusLost) => self.set_state(unavailable("the session bus went away")),
                Err(error) => {
                    self.set_state(unavailable(format!("no session bus: {error}")));
                }
            }
            tokio::select! {
                () = tokio::time::sleep(pause) => pause = (pause * 2).min(BUS_PAUSE.1),
                _ = self.stopped.recv() => return,
            }
        }
    }

    /// One connection's life.
    async fn serve(&mut self, pause: &mut Duration) -> zbus::Result<Ended> {
        let bus = dbus::session(PATIENCE).await?;
        let mut owners = dbus::owner_changes(&bus, WATCHER).await?;
        let mut hosts = dbus::signals(&bus, dbus::interface_rule(WATCHER)?).await?;
        let mut settings = panel::changes(&bus).await?;
        *pause = BUS_PAUSE.0;
        self.ink = panel::ink(&bus, self.options.dark_bar).await;

        let mut item = self.register().await;
        let mut looks = Looks::start();
        let ended = loop {
            tokio::select! {
                changed = self.wanted.changed() => match changed {
                    Ok(()) => self.update(&mut item).await,
                    Err(_) => break Ended::Stopped,
                },
                message = owners.recv() => match message {
                    Some(message) => {
                        if dbus::new_owner(&message).is_some() {
                            looks = Looks::start();
                        } else {
                            looks = Looks::none();
                            self.set_state(unavailable("no panel with a tray runs"));
                        }
                    }
                    None => break Ended::BusLost,
                },
                message = hosts.recv() => match message {
                    Some(message) => {
                        // Not `…ItemUnregistered`: a watcher that drops us would make this a loop.
                        let header = message.header();
                        if header.member().is_some_and(|m| m == "StatusNotifierHostRegistered") {
                            looks = Looks::start();
                        }
                    }
                    None => break Ended::BusLost,
                },
                message = settings.recv() => match message {
                    Some(message) => {
                        if let Some(ink) = panel::changed_ink(&message, self.options.dark_bar) {
                            self.ink = ink;
                            self.update(&mut item).await;
                        }
                    }
                    None => break Ended::BusLost,
                },
                () = looks.due() => {
                    looks.next += 1;
                    match look(&bus).await {
                        Look::Shown => {
                            looks = Looks::none();
                            self.set_state(TrayState::Shown);
                        }
                        Look::NoHost => self.set_state(unavailable("the panel shows no tray")),
                        Look::NoWatcher => {
                            // Its coming is an event.
                            looks = Looks::none();
                            self.set_state(unavailable("no panel with a tray runs"));
                        }
                        Look::Missing => {
                            self.set_state(unavailable("the panel did not take the icon"));
                            withdraw(item.take()).await;
                            item = self.register().await;
                        }
                    }
                }
                _ = self.stopped.recv() => break Ended::Stopped,
            }
        };
        withdraw(item.take()).await;
        Ok(ended)
    }

    /// A new item on a connection of its own; none if the watcher refused or does not answer.
    async fn register(&self) -> Option<ksni::Handle<Item>> {
        let model = self.wanted.borrow().clone()?;
        let item = Item {
            model,
            ink: self.ink,
            clicks: self.clicks.clone(),
        };
        let spawning = item
            .disable_dbus_name(self.options.flatpak)
            .assume_sni_available(true)
            .spawn();
        match timeout(PATIENCE, spawning).await {
            Ok(Ok(handle)) => Some(handle),
            Ok(Err(error)) => {
                tracing::debug!(%error, "tray_not_registered");
                None
            }
            Err(_) => {
                tracing::debug!("tray_watcher_silent");
                None
            }
        }
    }

    async fn update(&mut self, item: &mut Option<ksni::Handle<Item>>) {
        let Some(model) = self.wanted.borrow_and_update().clone() else {
            return;
        };
        let ink = self.ink;
        let Some(handle) = item.as_ref() else {
            return;
        };
        let updating = handle.update(move |item| {
            item.model = model;
            item.ink = ink;
        });
        // Stuck behind a watcher that does not answer: the item starts anew with the next look.
        if !matches!(timeout(PATIENCE, updating).await, Ok(Some(()))) {
            withdraw(item.take()).await;
            *item = self.register().await;
        }
    }

    fn set_state(&self, new: TrayState) {
        self.state.send_if_modified(|state| {
            if *state == new {
                return false;
            }
            tracing::debug!(state = ?new, "tray_state");
            *state = new;
            true
        });
    }
}

fn unavailable(why: impl Into<String>) -> TrayState {
    TrayState::Unavailable(why.into())
}

async fn withdraw(item: Option<ksni::Handle<Item>>) {
    if let Some(item) = item {
        let _ = timeout(PATIENCE, item.shutdown()).await;
    }
}

/// The next times to look into the watcher's list.
struct Looks {
    since: Instant,
    next: usize,
}

impl Looks {
    fn start() -> Self {
        Self {
            since: Instant::now(),
            next: 0,
        }
    }

    /// None until something happens.
    fn none() -> Self {
        Self {
            since: Instant::now(),
            next: LOOKS.len(),
        }
    }

    async fn due(&self) {
        match LOOKS.get(self.next) {
            Some(after) => sleep_until(self.since + *after).await,
            None => std::future::pending().await,
        }
    }
}

enum Look {
    Shown,
    /// Registered, but nothing draws it.
    NoHost,
    NoWatcher,
    /// Not in the list, or there is no list.
    Missing,
}

async fn look(bus: &Connection) -> Look {
    if dbus::owner(bus, WATCHER).await.is_none() {
        return Look::NoWatcher;
    }
    let Some(items) = watcher_property(bus, "RegisteredStatusNotifierItems")
        .await
        .and_then(|value| Vec::<String>::try_from(value).ok())
    else {
        return Look::Missing;
    };
    for item in &items {
        if is_ours(bus, item).await {
            let host = watcher_property(bus, "IsStatusNotifierHostRegistered").await;
            return match host.and_then(|value| bool::try_from(value).ok()) {
                Some(false) => Look::NoHost,
                _ => Look::Shown,
            };
        }
    }
    Look::Missing
}

async fn watcher_property(bus: &Connection, name: &str) -> Option<OwnedValue> {
    let reply = bus
        .call_method(
            Some(WATCHER),
            "/StatusNotifierWatcher",
            Some("org.freedesktop.DBus.Properties"),
            "Get",
            &(WATCHER, name),
        )
        .await
        .ok()?;
    reply.body().deserialize().ok()
}

/// Watchers write items as `NAME`, `NAME/path` or `NAME@/path`, by unique or well-known name. Ours
/// comes from the process behind this very connection, which is the bus proxy in a sandbox.
async fn is_ours(bus: &Connection, item: &str) -> bool {
    let end = item.find(['/', '@']).unwrap_or(item.len());
    let Ok(proxy) = DBusProxy::new(bus).await else {
        return false;
    };
    let (Some(own), Ok(name)) = (bus.unique_name(), (&item[..end]).try_into()) else {
        return false;
    };
    let theirs = proxy.get_connection_unix_process_id(name).await;
    let ours = proxy
        .get_connection_unix_process_id(own.as_ref().into())
        .await;
    matches!((theirs, ours), (Ok(theirs), Ok(ours)) if theirs == ours)
}
