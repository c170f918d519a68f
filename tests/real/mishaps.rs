//! What happens to a home: the keyring goes away in the middle of a refresh, files are broken or
//! lost. Nothing of it costs the grant, and nothing of it asks a person to sign in.

use std::{
    fs::{self, OpenOptions},
    io::Write,
    thread,
    time::Duration,
};

use serde_json::Value;

use crate::support::{
    keyring::{self, Keyring},
    monitor::Monitor,
    process::Process,
    provider::Provider,
    session::Session,
    tokentray::Tokentray,
    wait_for, wait_until,
};

const SOON: Duration = Duration::from_secs(40);

struct Home<'h> {
    session: &'h Session,
    tokentray: Tokentray<'h>,
    provider: &'h Provider,
    keyring: Option<Keyring>,
    daemon: Process,
}

/// A home with one account that is signed in; after the story it is well, and nobody was asked.
fn story(then: impl FnOnce(&mut Home<'_>)) {
    let session = Session::start();
    let keyring = Keyring::unlocked(&session);
    let provider = Provider::start(&session, 600);
    let monitor = Monitor::start(&session);
    let tokentray = Tokentray::new(&session);
    let daemon = tokentray.daemon();
    tokentray.set_person("ada");
    tokentray.add("work", &provider);
    let mut home = Home {
        session: &session,
        tokentray,
        provider: &provider,
        keyring: Some(keyring),
        daemon,
    };
    then(&mut home);
    home.is_well();
    let refused = provider.state().requests.iter().any(|r| r.status >= 400);
    assert!(!refused, "no refresh token was used twice");
    assert_eq!(tokentray.count("work", "sign_in_needed"), 0);
    assert_eq!(monitor.count("Notify"), 0);
}

impl Home<'_> {
    /// Refreshes while `meanwhile` happens between the provider's work and its answer.
    fn refresh_while(&mut self, meanwhile: impl FnOnce(&mut Self)) {
        self.provider.hold();
        let mut refresh = self.tokentray.command(&["refresh", "work"]);
        let asking = thread::spawn(move || refresh.output().unwrap());
        wait_until("the provider was asked", SOON, || {
            self.provider.state().held == 1
        });
        meanwhile(self);
        self.provider.release();
        let said = asking.join().unwrap();
        assert!(said.status.success(), "{said:?}");
    }

    fn hands_out_the_newest(&self) {
        let token = self.tokentray.ok(&["token", "work"]);
        assert_eq!(token.trim_end(), self.provider.state().last("access_token"));
    }

    /// The keychain holds the newest grant, and the provider would take its refresh token.
    fn is_saved(&self) {
        wait_until("the newest grant is in the keychain", SOON, || {
            let found = keyring::search(self.session, &[("service", "tokentray")]);
            found.contains(self.provider.state().last("refresh_token"))
        });
        let state = self.provider.state();
        assert!(self.provider.is_alive(state.last("refresh_token")));
    }

    fn is_well(&self) {
        self.tokentray.wait_until_it_answers();
        self.tokentray.wait_state("work", "ok", SOON);
        self.hands_out_the_newest();
        self.is_saved();
    }

    fn restart_daemon(&mut self, between: impl FnOnce(&mut Self)) {
        self.daemon.kill();
        between(self);
        self.daemon = self.tokentray.daemon();
    }

    fn kill_keyring(&mut self) {
        self.keyring.take().expect("it runs").kill();
    }

    fn unlock_keyring(&mut self) {
        self.keyring = Some(Keyring::unlocked(self.session));
    }
}

#[test]
fn a_keyring_that_is_killed_restarted_or_locked_during_a_refresh_costs_nothing() {
    story(|home| {
        home.refresh_while(Home::kill_keyring);
        home.hands_out_the_newest();
        assert_eq!(home.tokentray.count("work", "unsaved"), 1);
        // Only the journal has it, and its key is in the keychain: both die, and come back.
        home.restart_daemon(Home::unlock_keyring);
        home.is_well();

        home.refresh_while(|home| {
            home.kill_keyring();
            home.unlock_keyring();
        });
        home.is_well();

        home.refresh_while(|home| keyring::lock(home.session));
        home.hands_out_the_newest();
        home.restart_daemon(|_| {});
        // It starts beside a locked keyring: it waits, and says so.
        home.tokentray.wait_state("work", "vault_locked", SOON);
        let refused = home.tokentray.run(&["token", "work"]);
        assert_eq!(refused.status.code(), Some(7), "{refused:?}");
        home.kill_keyring();
        home.unlock_keyring();
        home.is_well();
    });
}

#[test]
fn a_broken_config_is_told_with_its_line_and_the_last_good_one_stays_in_use() {
    story(|home| {
        let file = home.tokentray.config_dir().join("config.toml");
        let good = fs::read_to_string(&file).unwrap();
        let line = good.lines().count() + 2;
        let place = format!("config.toml:{line}:");
        fs::write(&file, format!("{good}\n[accounts.work\n")).unwrap();
        let finding = wait_for("the doctor tells", SOON, || {
            let (_, findings) = home.tokentray.ask("GET", "/v1/doctor", None);
            let all: Vec<Value> = findings.as_array().unwrap().clone();
            all.into_iter()
                .find(|finding| finding["about"] == "config.toml" && finding["level"] != "ok")
        });
        assert!(finding.to_string().contains(&place), "{finding}");
        home.tokentray.ok(&["refresh", "work"]);
        home.hands_out_the_newest();

        // A start with it says where, too, and leaves everything as it is.
        assert!(home.daemon.terminate(SOON).success());
        let refused = home.tokentray.run(&["daemon"]);
        assert_eq!(refused.status.code(), Some(2), "{refused:?}");
        let said = String::from_utf8_lossy(&refused.stderr);
        assert!(said.contains(&place), "{said}");
        fs::write(&file, good).unwrap();
        home.daemon = home.tokentray.daemon();
    });
}

#[test]
fn a_history_or_a_journal_that_is_broken_is_set_aside_and_the_grant_is_kept() {
    story(|home| {
        let state = home.tokentray.state_dir();
        // Ended in good order, or SQLite would mend the damage from its own log.
        assert!(home.daemon.terminate(SOON).success());
        home.restart_daemon(|_| scribble(&state.join("history.sqlite")));
        home.is_well();
        assert!(state.join("history.sqlite.damaged-1").exists());
        home.tokentray.ok(&["refresh", "work"]);
        wait_until("the new history is written", SOON, || {
            home.tokentray.count("work", "refreshed") == 1
        });

        let id = home.tokentray.account("work")["id"].clone();
        let journal = state.join("journal").join(id.as_str().unwrap());
        home.is_saved();
        home.restart_daemon(|_| scribble(&journal));
        home.is_well();
        assert!(journal.with_extension("aside-1").exists());
        home.tokentray.ok(&["refresh", "work"]);

        // Lost altogether, with everything that is no grant.
        home.is_saved();
        home.restart_daemon(|home| {
            for folder in ["journal", "log", "locks"] {
                fs::remove_dir_all(home.tokentray.state_dir().join(folder)).unwrap();
            }
        });
        home.is_well();
        home.tokentray.ok(&["refresh", "work"]);
    });
}

/// Overwrites the beginning and leaves the length.
fn scribble(file: &std::path::Path) {
    let mut file = OpenOptions::new().write(true).open(file).unwrap();
    file.write_all(&[0x5a; 64]).unwrap();
}
