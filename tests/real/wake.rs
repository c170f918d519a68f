//! What the machine tells: logind and NetworkManager on a system's bus of our own.

use std::{collections::HashMap, fs, time::Duration};

use tokentray::{
    domain::diagnosis::Connectivity,
    io::wake::{self, SleepInhibitor, WakeSignal},
};
use tokio::{sync::mpsc, time::timeout};
use zbus::{
    Connection,
    connection::Builder,
    zvariant::{ObjectPath, OwnedFd, OwnedObjectPath, Value},
};

use crate::support::{
    session::{self, Session},
    wait_until,
};

const MANAGER: &str = "org.freedesktop.login1.Manager";
const SESSION: &str = "org.freedesktop.login1.Session";
const SESSION_PATH: &str = "/org/freedesktop/login1/session/_31";
const NETWORK: &str = "org.freedesktop.NetworkManager";
const NETWORK_PATH: &str = "/org/freedesktop/NetworkManager";
const SOON: Duration = Duration::from_secs(10);

/// A system's bus where the session's environment says that it is, ended with the session.
fn system_bus(session: &Session) -> crate::support::process::Process {
    let socket = session.runtime_dir().join("no-system-bus");
    let config = session.dir().join("system-bus.conf");
    let text = fs::read_to_string(session.dir().join("bus.conf")).unwrap();
    let sessions = session.runtime_dir().join("bus").display().to_string();
    let text = text.replace(&sessions, &socket.display().to_string());
    fs::write(&config, text).unwrap();
    let mut command = session.command("dbus-daemon");
    command
        .arg(format!("--config-file={}", config.display()))
        .args(["--nofork", "--nopidfile"]);
    let bus = session.spawn("system-bus", &mut command);
    wait_until("the system's bus listens", SOON, || socket.exists());
    bus
}

struct Logind {
    pipes: std::sync::Mutex<Vec<std::io::PipeReader>>,
}

#[zbus::interface(name = "org.freedesktop.login1.Manager")]
#[expect(clippy::unused_self, reason = "the interface's own signatures")]
impl Logind {
    #[zbus(name = "GetSessionByPID")]
    fn get_session_by_pid(&self, pid: u32) -> OwnedObjectPath {
        assert_eq!(pid, std::process::id());
        ObjectPath::try_from(SESSION_PATH).unwrap().into()
    }

    fn inhibit(&self, what: &str, who: &str, why: &str, mode: &str) -> OwnedFd {
        assert_eq!((what, who, mode), ("sleep:shutdown", "Tokentray", "delay"));
        assert!(!why.is_empty());
        let (reader, writer) = std::io::pipe().unwrap();
        self.pipes.lock().unwrap().push(reader);
        std::os::fd::OwnedFd::from(writer).into()
    }
}

async fn service(name: &str) -> Connection {
    Builder::system()
        .unwrap()
        .name(name)
        .unwrap()
        .build()
        .await
        .unwrap()
}

async fn properties_changed(
    service: &Connection,
    path: &str,
    about: &str,
    key: &str,
    to: Value<'_>,
) {
    let changed = HashMap::from([(key, to)]);
    service
        .emit_signal(
            None::<&str>,
            path,
            "org.freedesktop.DBus.Properties",
            "PropertiesChanged",
            &(about, changed, Vec::<String>::new()),
        )
        .await
        .unwrap();
}

async fn next(signals: &mut mpsc::UnboundedReceiver<WakeSignal>) -> WakeSignal {
    timeout(SOON, signals.recv())
        .await
        .expect("a signal")
        .unwrap()
}

fn story(body: impl AsyncFnOnce(&Session)) {
    session::inside(|session| {
        tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap()
            .block_on(body(session));
    });
}

#[test]
fn sleep_lock_and_network_are_told_and_what_flaps_is_told_once() {
    story(async |session| {
        let _bus = system_bus(session);
        let logind = service("org.freedesktop.login1").await;
        logind
            .object_server()
            .at(
                "/org/freedesktop/login1",
                Logind {
                    pipes: std::sync::Mutex::default(),
                },
            )
            .await
            .unwrap();
        let mut signals = wake::start();
        // It has subscribed once a signal comes through.
        let network = service(NETWORK).await;
        let state = async |state: u32| {
            network
                .emit_signal(
                    None::<&str>,
                    NETWORK_PATH,
                    NETWORK,
                    "StateChanged",
                    &(state,),
                )
                .await
                .unwrap();
        };
        let mut first = None;
        while first.is_none() {
            state(70).await;
            first = timeout(Duration::from_millis(1500), signals.recv())
                .await
                .ok();
        }
        assert_eq!(first, Some(Some(WakeSignal::NetworkUp)));

        // While it comes up: one signal, the last.
        for step in [20, 40, 50, 60, 70] {
            state(step).await;
        }
        assert_eq!(next(&mut signals).await, WakeSignal::NetworkUp);
        properties_changed(
            &network,
            NETWORK_PATH,
            NETWORK,
            "Connectivity",
            1_u32.into(),
        )
        .await;
        assert_eq!(next(&mut signals).await, WakeSignal::NetworkDown);

        let prepare = async |sleeping: bool| {
            logind
                .emit_signal(
                    None::<&str>,
                    "/org/freedesktop/login1",
                    MANAGER,
                    "PrepareForSleep",
                    &(sleeping,),
                )
                .await
                .unwrap();
        };
        let before = std::time::Instant::now();
        prepare(true).await;
        assert_eq!(next(&mut signals).await, WakeSignal::Sleeping);
        assert!(
            before.elapsed() < Duration::from_millis(900),
            "the machine does not wait"
        );
        prepare(false).await;
        assert_eq!(next(&mut signals).await, WakeSignal::Resumed);

        // Somebody else's session is not ours.
        let other = "/org/freedesktop/login1/session/_32";
        properties_changed(&logind, other, SESSION, "Active", false.into()).await;
        properties_changed(&logind, SESSION_PATH, SESSION, "LockedHint", true.into()).await;
        assert_eq!(next(&mut signals).await, WakeSignal::SessionAway);
        properties_changed(&logind, SESSION_PATH, SESSION, "LockedHint", false.into()).await;
        assert_eq!(next(&mut signals).await, WakeSignal::SessionBack);
    });
}

struct Network;

#[zbus::interface(name = "org.freedesktop.NetworkManager")]
#[expect(clippy::unused_self, reason = "the interface's own signatures")]
impl Network {
    #[zbus(property)]
    fn state(&self) -> u32 {
        60
    }
    #[zbus(property)]
    fn connectivity(&self) -> u32 {
        2
    }
}

#[test]
fn a_portal_is_known_from_the_start_and_told_when_it_opens() {
    story(async |session| {
        let _bus = system_bus(session);
        let network = service(NETWORK).await;
        let server = network.object_server();
        server.at(NETWORK_PATH, Network).await.unwrap();
        let mut signals = wake::start();
        let portal = WakeSignal::Connectivity(Connectivity::Portal);
        assert_eq!(next(&mut signals).await, portal);
        let full = 4_u32.into();
        properties_changed(&network, NETWORK_PATH, NETWORK, "Connectivity", full).await;
        let told = [next(&mut signals).await, next(&mut signals).await];
        assert!(told.contains(&WakeSignal::NetworkUp), "{told:?}");
        let full = WakeSignal::Connectivity(Connectivity::Full);
        assert!(told.contains(&full), "{told:?}");
    });
}

#[test]
fn sleep_is_held_as_long_as_the_guard_lives() {
    use std::io::Read;
    story(async |session| {
        let _bus = system_bus(session);
        let logind = service("org.freedesktop.login1").await;
        let path = "/org/freedesktop/login1";
        let server = logind.object_server();
        server
            .at(
                path,
                Logind {
                    pipes: std::sync::Mutex::default(),
                },
            )
            .await
            .unwrap();
        let inhibitor = SleepInhibitor::default();
        let guard = inhibitor.hold_sleep().await;
        let interface = server.interface::<_, Logind>(path).await.unwrap();
        let mut reader = interface
            .get()
            .await
            .pipes
            .lock()
            .unwrap()
            .pop()
            .expect("it is held");
        let released = std::thread::spawn(move || reader.read(&mut [0]).unwrap());
        std::thread::sleep(Duration::from_millis(200));
        assert!(!released.is_finished(), "still held");
        drop(guard);
        assert_eq!(released.join().unwrap(), 0, "the other end is closed");
    });
}

#[test]
fn without_logind_and_network_manager_nothing_fails() {
    story(async |_| {
        let mut signals = wake::start();
        let _guard = SleepInhibitor::default().hold_sleep().await;
        let silence = timeout(Duration::from_secs(2), signals.recv()).await;
        assert!(silence.is_err(), "silent and open: {silence:?}");
    });
}
