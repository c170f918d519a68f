//! The desktop program and a daemon, started at once: one of them owns the grants, the other
//! presents or gives way, and the desktop program goes on when the daemon dies.

use std::{thread, time::Duration};

use crate::support::{
    display::Display, http, keyring::Keyring, provider::Provider, session::Session,
    tokentray::Tokentray, wait_until,
};

const SOON: Duration = Duration::from_secs(40);

#[test]
fn a_daemon_and_the_desktop_program_that_start_at_once_share_the_work() {
    let session = Session::start();
    let _keyring = Keyring::unlocked(&session);
    let _display = Display::start(&session);
    let provider = Provider::start(&session, 600);
    let tokentray = Tokentray::new(&session);
    let mut first = tokentray.daemon();
    tokentray.set_person("ada");
    tokentray.add("work", &provider);
    assert!(first.terminate(SOON).success());

    let owner = || http::peer(&tokentray.socket());
    for head_start in [0, 100, 300] {
        let mut desktop = tokentray.desktop(&["--hidden"]);
        // Whoever is first owns, which only the machine decides; everything below holds for both.
        thread::sleep(Duration::from_millis(head_start));
        let mut daemon = session.spawn("daemon", &mut tokentray.command(&["daemon"]));
        wait_until("the roles are settled", SOON, || {
            owner() == Some(daemon.id()) || !daemon.is_running() && owner() == Some(desktop.id())
        });
        stays_well(tokentray, &provider);
        if daemon.is_running() {
            daemon.kill();
        } else {
            assert_eq!(daemon.wait(SOON).code(), Some(4), "{}", daemon.log());
        }
        wait_until("the desktop program owns", SOON, || {
            owner() == Some(desktop.id())
        });
        stays_well(tokentray, &provider);
        assert!(desktop.is_running(), "{}", desktop.log());
        desktop.kill();
    }
    let refused = provider.state().requests.iter().any(|r| r.status >= 400);
    assert!(!refused, "no refresh token was used twice");
}

/// A refresh by hand works, and its token is the provider's last.
fn stays_well(tokentray: Tokentray<'_>, provider: &Provider) {
    tokentray.wait_state("work", "ok", SOON);
    tokentray.ok(&["refresh", "work"]);
    let token = tokentray.ok(&["token", "work"]);
    assert_eq!(token.trim_end(), provider.state().last("access_token"));
}
