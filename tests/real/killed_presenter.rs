//! A presenter that is killed while its notification stands: the notification is the next one's, and
//! does not outlive what it is about.

use std::time::Duration;

use crate::support::{
    keyring::Keyring, notifications::Notifications, provider::Provider, session::Session,
    tokentray::Tokentray, wait_until,
};

const SOON: Duration = Duration::from_secs(40);
const LIFETIME_S: u32 = 20;
/// A refusal is confirmed half a minute later, and not within the first minute after a start.
const CERTAIN: Duration = Duration::from_mins(3);

#[test]
fn a_notification_of_a_killed_presenter_stays_until_it_is_resolved_and_no_longer() {
    let session = Session::start();
    let _keyring = Keyring::unlocked(&session);
    let notifications = Notifications::start(&session);
    let provider = Provider::start(&session, LIFETIME_S);
    let tokentray = Tokentray::new(&session);
    let mut tray = tokentray.tray();
    tokentray.set_person("ada");
    tokentray.add("work", &provider);

    provider.revoke_everything();
    let shown = notifications.wait_open(CERTAIN);
    wait_until("the owner knows that it is shown", SOON, || {
        tokentray.status()["notice"]["shown"] == true
    });
    tray.kill();
    // Nothing is resolved: the next one leaves it as it is.
    tray = tokentray.tray();
    tokentray.wait_state("work", "sign_in_needed", SOON);
    let open: Vec<u32> = notifications.open().iter().map(|one| one.id).collect();
    assert_eq!(open, [shown.id]);
    tray.kill();

    // It is resolved while nobody presents: the next one takes it away.
    let mut daemon = tokentray.daemon();
    tokentray.wait_state("work", "sign_in_needed", SOON);
    tokentray.ok(&["sign-in", "work"]);
    tokentray.wait_state("work", "ok", SOON);
    assert_eq!(notifications.open().len(), 1);
    tray = tokentray.tray();
    wait_until("the next presenter takes it away", SOON, || {
        notifications.open().is_empty()
    });
    assert!(tray.terminate(SOON).success());
    assert!(daemon.terminate(SOON).success());
}
