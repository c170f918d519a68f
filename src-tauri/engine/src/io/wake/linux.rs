//! logind and NetworkManager on the system's bus, and the kernel's routes beside them.
//!
//! Each may be absent or come later: signals are subscribed by the service's name, not by who has
//! it now, so nothing has to be looked for again when a service restarts.

use std::{collections::HashMap, time::Duration};

use tokio::{sync::mpsc, time::sleep};
use zbus::{
    Connection, MatchRule, Message,
    message::Type,
    zvariant::{OwnedFd, OwnedObjectPath, OwnedValue},
};

use super::{super::dbus, Connectivity, WakeSignal, debounce};

mod routes;

const PATIENCE: Duration = Duration::from_secs(5);
/// Without a system bus: pause between tries.
const BUS_PAUSE: Duration = Duration::from_mins(5);

const LOGIND: &str = "org.freedesktop.login1";
const LOGIND_PATH: &str = "/org/freedesktop/login1";
const MANAGER: &str = "org.freedesktop.login1.Manager";
const SESSION: &str = "org.freedesktop.login1.Session";
const NETWORK: &str = "org.freedesktop.NetworkManager";
const NETWORK_PATH: &str = "/org/freedesktop/NetworkManager";
const PROPERTIES: &str = "org.freedesktop.DBus.Properties";

/// Starts listening; debounced signals come through the channel, which never closes by itself.
pub fn start() -> mpsc::UnboundedReceiver<WakeSignal> {
    let (raw, flapping) = mpsc::unbounded_channel();
    let (calm, receiver) = mpsc::unbounded_channel();
    tokio::spawn(debounce(flapping, calm));
    tokio::spawn(routes::watch(raw.clone()));
    tokio::spawn(async move {
        while !raw.is_closed() {
            if let Err(error) = listen(&raw).await {
                tracing::debug!(%error, "wake_without_system_bus");
            }
            tokio::select! {
                () = sleep(BUS_PAUSE) => {}
                () = raw.closed() => return,
            }
        }
    });
    receiver
}

/// One connection's life.
async fn listen(raw: &mpsc::UnboundedSender<WakeSignal>) -> zbus::Result<()> {
    let bus = dbus::system(PATIENCE).await?;
    let rules = [
        rule(LOGIND, MANAGER)?,
        rule(LOGIND, SESSION)?,
        rule(NETWORK, NETWORK)?,
        properties_rule(LOGIND, SESSION)?,
        properties_rule(NETWORK, NETWORK)?,
    ];
    let mut signals = dbus::all_signals(&bus, rules).await?;
    let mut session = Session::find(&bus).await;
    if session.away() {
        let _ = raw.send(WakeSignal::SessionAway);
    }
    // Beside the signals: a service that does not answer delays none of them.
    let (asked, told) = (bus.clone(), raw.clone());
    tokio::spawn(async move {
        for signal in network_now(&asked).await {
            let _ = told.send(signal);
        }
    });
    loop {
        let message = tokio::select! {
            message = signals.recv() => message,
            () = raw.closed() => return Ok(()),
        };
        let Some(message) = message else {
            return Err(zbus::Error::Failure("the system bus went away".into()));
        };
        for signal in read(&message, &mut session).into_iter().flatten() {
            let _ = raw.send(signal);
        }
    }
}

fn rule(sender: &'static str, interface: &'static str) -> zbus::Result<MatchRule<'static>> {
    Ok(MatchRule::builder()
        .msg_type(Type::Signal)
        .sender(sender)?
        .interface(interface)?
        .build())
}

fn properties_rule(sender: &'static str, about: &'static str) -> zbus::Result<MatchRule<'static>> {
    Ok(MatchRule::builder()
        .msg_type(Type::Signal)
        .sender(sender)?
        .interface(PROPERTIES)?
        .arg(0, about)?
        .build())
}

type Properties = HashMap<String, OwnedValue>;

fn read(message: &Message, session: &mut Session) -> [Option<WakeSignal>; 2] {
    heard(message, session).unwrap_or_default()
}

fn heard(message: &Message, session: &mut Session) -> Option<[Option<WakeSignal>; 2]> {
    let header = message.header();
    let (interface, member) = (header.interface()?.as_str(), header.member()?.as_str());
    let body = message.body();
    let one = match (interface, member) {
        (MANAGER, "PrepareForSleep") => Some(if body.deserialize().ok()? {
            WakeSignal::Sleeping
        } else {
            WakeSignal::Resumed
        }),
        (NETWORK, "StateChanged") => network_state(body.deserialize().ok()?),
        (PROPERTIES, "PropertiesChanged") => {
            let (about, changed, _): (String, Properties, Vec<String>) = body.deserialize().ok()?;
            match about.as_str() {
                NETWORK => return Some(network_change(&changed)),
                SESSION if session.is(header.path()?.as_str()) => session.change(&changed),
                _ => None,
            }
        }
        // Lock is a request that some lockers never answer with an end; `LockedHint` tells both.
        (SESSION, "Unlock") if session.is(header.path()?.as_str()) => {
            session.locked = false;
            Some(session.signal())
        }
        _ => None,
    };
    Some([one, None])
}

/// What NetworkManager says at the beginning, where it says more than that all is well.
async fn network_now(bus: &Connection) -> Vec<WakeSignal> {
    let reply = bus
        .call_method(
            Some(NETWORK),
            NETWORK_PATH,
            Some(PROPERTIES),
            "GetAll",
            &(NETWORK,),
        )
        .await;
    let Ok(all) = reply.and_then(|reply| reply.body().deserialize::<Properties>()) else {
        return Vec::new();
    };
    let number = |key: &str| all.get(key).and_then(|value| u32::try_from(value).ok());
    let state = number("State").and_then(network_state);
    let connectivity = number("Connectivity").and_then(connectivity);
    let all_well = [
        WakeSignal::NetworkUp,
        WakeSignal::Connectivity(Connectivity::Full),
    ];
    // It may run and manage nothing: then the kernel's routes know better.
    let has_route = !routes::default_routes().is_empty();
    [state, connectivity]
        .into_iter()
        .flatten()
        .filter(|signal| !all_well.contains(signal))
        .filter(|signal| *signal != WakeSignal::NetworkDown || !has_route)
        .collect()
}

/// `NMState`: 60 and 70 have a default route; 10, 20 and 50 (link only) have none; the rest is on
/// the way from one to the other.
const fn network_state(state: u32) -> Option<WakeSignal> {
    match state {
        60 | 70 => Some(WakeSignal::NetworkUp),
        10 | 20 | 50 => Some(WakeSignal::NetworkDown),
        _ => None,
    }
}

/// `NMConnectivityState`: 2 is a portal, 3 a network without internet, 4 full.
const fn connectivity(state: u32) -> Option<WakeSignal> {
    match state {
        2 => Some(WakeSignal::Connectivity(Connectivity::Portal)),
        3 => Some(WakeSignal::Connectivity(Connectivity::Limited)),
        4 => Some(WakeSignal::Connectivity(Connectivity::Full)),
        _ => None,
    }
}

/// A portal is neither a network nor the loss of one. Another primary connection is another
/// network.
fn network_change(changed: &Properties) -> [Option<WakeSignal>; 2] {
    let state = changed
        .get("Connectivity")
        .and_then(|value| u32::try_from(value).ok());
    let told = state.and_then(connectivity);
    match state {
        Some(4) => return [told, Some(WakeSignal::NetworkUp)],
        Some(1) => return [told, Some(WakeSignal::NetworkDown)],
        _ => {}
    }
    [told, new_connection(changed)]
}

fn new_connection(changed: &Properties) -> Option<WakeSignal> {
    let primary = changed.get("PrimaryConnection")?.try_clone().ok()?;
    let primary = OwnedObjectPath::try_from(primary).ok()?;
    (primary.as_str() != "/").then_some(WakeSignal::NetworkUp)
}

/// Our session, if logind knows it.
#[derive(Debug)]
struct Session {
    path: Option<OwnedObjectPath>,
    active: bool,
    locked: bool,
}

impl Session {
    async fn find(bus: &Connection) -> Self {
        let mut session = Self {
            path: own_session(bus).await,
            active: true,
            locked: false,
        };
        if let Some(path) = session.path.clone()
            && let Ok(reply) = bus
                .call_method(Some(LOGIND), &path, Some(PROPERTIES), "GetAll", &(SESSION,))
                .await
            && let Ok(all) = reply.body().deserialize::<Properties>()
        {
            session.change(&all);
        }
        session
    }

    fn is(&self, path: &str) -> bool {
        self.path.as_ref().is_some_and(|own| own.as_str() == path)
    }

    fn change(&mut self, changed: &Properties) -> Option<WakeSignal> {
        let truth = |key: &str| {
            changed
                .get(key)
                .and_then(|value| bool::try_from(value).ok())
        };
        let (active, locked) = (truth("Active"), truth("LockedHint"));
        self.active = active.unwrap_or(self.active);
        self.locked = locked.unwrap_or(self.locked);
        (active.is_some() || locked.is_some()).then(|| self.signal())
    }

    const fn away(&self) -> bool {
        !self.active || self.locked
    }

    const fn signal(&self) -> WakeSignal {
        if self.away() {
            WakeSignal::SessionAway
        } else {
            WakeSignal::SessionBack
        }
    }
}

/// By our process, or, where we run as a user's service outside of any session, the user's
/// graphical one.
async fn own_session(bus: &Connection) -> Option<OwnedObjectPath> {
    let ask = async |method: &str, id: u32| {
        let reply = bus
            .call_method(Some(LOGIND), LOGIND_PATH, Some(MANAGER), method, &(id,))
            .await
            .ok()?;
        reply.body().deserialize::<OwnedObjectPath>().ok()
    };
    if let Some(path) = ask("GetSessionByPID", std::process::id()).await {
        return Some(path);
    }
    let user = ask("GetUser", rustix::process::getuid().as_raw()).await?;
    let reply = bus
        .call_method(
            Some(LOGIND),
            &user,
            Some(PROPERTIES),
            "Get",
            &("org.freedesktop.login1.User", "Display"),
        )
        .await
        .ok()?;
    let display: OwnedValue = reply.body().deserialize().ok()?;
    let (id, path) = <(String, OwnedObjectPath)>::try_from(display).ok()?;
    (!id.is_empty()).then_some(path)
}

/// Delays sleep and shutdown (logind: at most 5 s by default) while a request is out or a grant is
/// not saved.
#[derive(Clone, Debug, Default)]
pub struct SleepInhibitor {
    bus: std::sync::Arc<tokio::sync::Mutex<Option<Connection>>>,
}

/// Held as long as it lives; empty where there is no logind.
#[derive(Debug)]
pub struct SleepGuard {
    _pipe: Option<OwnedFd>,
}

impl SleepInhibitor {
    /// Takes the inhibitor; never fails, for nothing may depend on it.
    pub async fn hold_sleep(&self) -> SleepGuard {
        let held = self.inhibit().await;
        if let Err(error) = &held {
            tracing::debug!(%error, "sleep_not_held");
        }
        SleepGuard { _pipe: held.ok() }
    }

    async fn inhibit(&self) -> zbus::Result<OwnedFd> {
        let mut bus = self.bus.lock().await;
        let connection = match bus.take() {
            Some(connection) if !connection.is_closed() => connection,
            _ => dbus::system(PATIENCE).await?,
        };
        let reply = connection
            .call_method(
                Some(LOGIND),
                LOGIND_PATH,
                Some(MANAGER),
                "Inhibit",
                &(
                    "sleep:shutdown",
                    "Tokentray",
                    "Saving a sign-in that was just renewed",
                    "delay",
                ),
            )
            .await;
        *bus = Some(connection);
        reply?.body().deserialize()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_on_its_way_is_neither_up_nor_down() {
        assert_eq!(network_state(40), None);
        assert_eq!(network_state(60), Some(WakeSignal::NetworkUp));
        assert_eq!(network_state(20), Some(WakeSignal::NetworkDown));
    }

    #[test]
    fn a_portal_is_no_network_and_no_loss_of_one() {
        let portal = Properties::from([("Connectivity".to_owned(), OwnedValue::from(2_u32))]);
        let told = WakeSignal::Connectivity(Connectivity::Portal);
        assert_eq!(network_change(&portal), [Some(told), None]);
        let full = Properties::from([("Connectivity".to_owned(), OwnedValue::from(4_u32))]);
        let told = WakeSignal::Connectivity(Connectivity::Full);
        assert_eq!(
            network_change(&full),
            [Some(told), Some(WakeSignal::NetworkUp)]
        );
    }

    #[test]
    fn a_locked_or_inactive_session_is_away() {
        let mut session = Session {
            path: None,
            active: true,
            locked: false,
        };
        let hint = |on: bool| Properties::from([("LockedHint".to_owned(), OwnedValue::from(on))]);
        assert_eq!(session.change(&hint(true)), Some(WakeSignal::SessionAway));
        assert_eq!(session.change(&hint(false)), Some(WakeSignal::SessionBack));
        let idle = Properties::from([("IdleHint".to_owned(), OwnedValue::from(true))]);
        assert_eq!(session.change(&idle), None);
    }
}
