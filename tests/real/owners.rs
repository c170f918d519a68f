//! Several at once: daemons, a daemon and a tray, and what a dead one leaves behind.

use std::{fs, thread, time::Duration};

use rustix::process::{Pid, Signal, kill_process};

use crate::support::{
    http, keyring::Keyring, process::Process, provider::Provider, session::Session,
    tokentray::Tokentray, wait_for, wait_until,
};

const SOON: Duration = Duration::from_secs(40);

#[test]
fn of_daemons_that_start_at_once_one_owns_and_the_others_say_so() {
    story(|session, tokentray, provider| {
        tokentray.daemon().kill();
        for _ in 0..3 {
            // The dead one's socket and locks lie there still.
            assert!(tokentray.socket().exists());
            assert!(tokentray.state_dir().join("locks/owner").exists());
            let mut daemons: Vec<Process> = (0..4)
                .map(|number| start(session, tokentray, &format!("daemon-{number}"), "daemon"))
                .collect();
            let mut owner = wait_for("three have given up", SOON, || {
                let alive = daemons.iter_mut().map(Process::is_running);
                (alive.filter(|alive| *alive).count() == 1).then(|| {
                    let at = daemons.iter_mut().position(Process::is_running).unwrap();
                    daemons.remove(at)
                })
            });
            for loser in &mut daemons {
                assert_eq!(loser.wait(SOON).code(), Some(4), "{}", loser.log());
                assert!(loser.log().contains("another Tokentray"), "{}", loser.log());
            }
            stays_well(tokentray, provider);
            owner.kill();
        }
    });
}

#[test]
fn a_daemon_and_a_tray_that_start_at_once_share_the_work_and_the_tray_takes_over() {
    story(|session, tokentray, provider| {
        for round in 0..3 {
            let mut tray = start(session, tokentray, "tray", "tray");
            if round > 0 {
                thread::sleep(Duration::from_millis(30 * round));
            }
            let mut daemon = start(session, tokentray, "daemon", "daemon");
            stays_well(tokentray, provider);
            wait_until("the roles are settled", SOON, || {
                !daemon.is_running() || owner(tokentray) == Some(daemon.id())
            });
            if daemon.is_running() {
                daemon.kill();
                wait_until("the tray owns now", SOON, || {
                    owner(tokentray) == Some(tray.id())
                });
            } else {
                assert_eq!(daemon.wait(SOON).code(), Some(4), "{}", daemon.log());
            }
            stays_well(tokentray, provider);
            assert!(tray.is_running());
            tray.kill();
        }
    });
}

#[test]
fn a_tray_that_hangs_is_not_robbed_of_its_grants() {
    story(|session, tokentray, provider| {
        let tray = tokentray.tray();
        let pid = Pid::from_raw(i32::try_from(tray.id()).unwrap()).unwrap();
        kill_process(pid, Signal::STOP).unwrap();
        let mut daemon = start(session, tokentray, "daemon", "daemon");
        assert_eq!(daemon.wait(SOON).code(), Some(4), "{}", daemon.log());
        kill_process(pid, Signal::CONT).unwrap();
        stays_well(tokentray, provider);
    });
}

fn story(then: impl FnOnce(&Session, Tokentray<'_>, &Provider)) {
    let session = Session::start();
    let _keyring = Keyring::unlocked(&session);
    let provider = Provider::start(&session, 600);
    let tokentray = Tokentray::new(&session);
    let mut daemon = tokentray.daemon();
    tokentray.set_person("ada");
    tokentray.add("work", &provider);
    assert!(daemon.terminate(SOON).success());
    assert!(!tokentray.socket().exists());
    then(&session, tokentray, &provider);
    let refused = provider.state().requests.iter().any(|r| r.status >= 400);
    assert!(!refused, "no refresh token was used twice");
}

fn start(session: &Session, tokentray: Tokentray<'_>, name: &str, what: &str) -> Process {
    session.spawn(name, &mut tokentray.command(&[what]))
}

/// A refresh by hand works, and its token is the provider's last.
fn stays_well(tokentray: Tokentray<'_>, provider: &Provider) {
    tokentray.wait_until_it_answers();
    tokentray.wait_state("work", "ok", SOON);
    tokentray.ok(&["refresh", "work"]);
    let token = tokentray.ok(&["token", "work"]);
    assert_eq!(token.trim_end(), provider.state().last("access_token"));
}

/// The process at the other end of the socket, by the kernel's word.
fn owner(tokentray: Tokentray<'_>) -> Option<u32> {
    http::peer(&tokentray.socket())
}

#[test]
fn locks_and_socket_of_the_dead_are_no_obstacle_and_are_never_unlinked() {
    story(|_, tokentray, provider| {
        let mut daemon = tokentray.daemon();
        stays_well(tokentray, provider);
        daemon.kill();
        let locks = || {
            let mut found: Vec<_> = fs::read_dir(tokentray.state_dir().join("locks"))
                .unwrap()
                .map(|entry| {
                    use std::os::unix::fs::DirEntryExt;
                    let entry = entry.unwrap();
                    (entry.file_name(), entry.ino())
                })
                .collect();
            found.sort();
            found
        };
        let before = locks();
        assert_eq!(before.len(), 2, "owner and account: {before:?}");
        let _daemon = tokentray.daemon();
        stays_well(tokentray, provider);
        assert_eq!(locks(), before);
    });
}
