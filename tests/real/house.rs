//! The parts that the other stories stand on work as the stories believe.

use std::time::Duration;

use crate::support::{
    keyring::{self, Keyring},
    monitor::Monitor,
    notifications::Notifications,
    session::{self, Session},
};

#[test]
fn a_keyring_is_unlocked_locked_and_back_after_a_kill() {
    let session = Session::start();
    let keyring = Keyring::unlocked(&session);
    store(&session, "kept");
    assert_eq!(
        keyring::lookup(&session, &[("test", "house")]).as_deref(),
        Some("kept")
    );
    keyring.kill();

    let locked = Keyring::locked(&session);
    assert_eq!(keyring::lookup(&session, &[("test", "house")]), None);
    locked.kill();

    let _again = Keyring::unlocked(&session);
    assert_eq!(
        keyring::lookup(&session, &[("test", "house")]).as_deref(),
        Some("kept")
    );
    keyring::lock(&session);
}

fn store(session: &Session, secret: &str) {
    use std::io::Write;
    let mut command = session.command("secret-tool");
    command.args(["store", "--label", "House", "test", "house"]);
    let mut child = command.stdin(std::process::Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(secret.as_bytes()).unwrap();
    drop(stdin);
    assert!(child.wait().unwrap().success());
}

#[test]
fn the_monitor_counts_what_the_daemon_shows() {
    let session = Session::start();
    let daemon = Notifications::start(&session);
    let monitor = Monitor::start(&session);
    let out = session
        .command("gdbus")
        .args([
            "call",
            "--session",
            "--dest",
            "org.freedesktop.Notifications",
        ])
        .args(["--object-path", "/org/freedesktop/Notifications"])
        .args(["--method", "org.freedesktop.Notifications.Notify"])
        .args(["house", "0", "", "A title", "A body"])
        .args(["['default', 'Open']", "{'urgency': <byte 2>}", "0"])
        .output()
        .unwrap();
    assert!(out.status.success(), "{out:?}");

    let shown = daemon.wait_open(Duration::from_secs(5));
    assert_eq!((shown.title.as_str(), shown.urgency), ("A title", Some(2)));
    daemon.press(shown.id, "default");
    assert_eq!(daemon.open(), []);

    crate::support::wait_until("the press is on the bus", Duration::from_secs(5), || {
        monitor.count("NotificationClosed") == 1
    });
    assert_eq!(monitor.count("ActionInvoked"), 1);
    let notifies = monitor.notifies();
    assert_eq!(notifies.len(), 1, "{notifies:?}");
    assert_eq!(notifies[0].title(), "A title");
}

#[test]
fn inside_a_session_the_environment_is_the_sessions() {
    session::inside(|session| {
        assert_eq!(
            std::env::var("DBUS_SESSION_BUS_ADDRESS").unwrap(),
            session.bus_address()
        );
        assert_eq!(std::env::var_os("HOME").unwrap(), *session.home());
    });
}
