//! The login entry: read by any XDG session, changed by a person only.

use std::{fs, path::PathBuf};

use tempfile::TempDir;
use tokentray::autostart::Autostart;

fn entry(home: &TempDir) -> PathBuf {
    home.path().join("autostart/tokentray.desktop")
}

fn line(home: &TempDir, key: &str) -> String {
    let text = fs::read_to_string(entry(home)).unwrap();
    let prefix = format!("{key}=");
    let line = text.lines().find(|line| line.starts_with(&prefix)).unwrap();
    line[prefix.len()..].to_owned()
}

#[test]
fn it_is_off_until_a_person_switches_it_on_and_off_again_without_a_trace() {
    let home = TempDir::new().unwrap();
    let autostart = Autostart::new(home.path(), "/usr/bin/tokentray", &["tray"]);
    assert!(!autostart.is_enabled());
    assert!(!autostart.mend().unwrap());
    assert!(!entry(&home).exists());

    autostart.set(true).unwrap();
    assert!(autostart.is_enabled());
    assert_eq!(line(&home, "Exec"), "/usr/bin/tokentray tray");
    assert_eq!(line(&home, "TryExec"), "/usr/bin/tokentray");

    autostart.set(false).unwrap();
    autostart.set(false).unwrap();
    assert!(!autostart.is_enabled());
    assert_eq!(
        fs::read_dir(home.path().join("autostart")).unwrap().count(),
        0
    );
}

#[test]
fn what_a_desktop_switched_off_is_off_and_stays_so() {
    let home = TempDir::new().unwrap();
    let autostart = Autostart::new(home.path(), "/usr/bin/tokentray", &["tray"]);
    for off in ["Hidden=true", "X-GNOME-Autostart-enabled=false"] {
        autostart.set(true).unwrap();
        let text = fs::read_to_string(entry(&home)).unwrap();
        let key = off.split('=').next().unwrap();
        let mut lines: Vec<&str> = text.lines().filter(|line| !line.starts_with(key)).collect();
        lines.insert(1, off);
        fs::write(entry(&home), lines.join("\n")).unwrap();
        assert!(!autostart.is_enabled(), "{off}");

        let moved = Autostart::new(home.path(), "/opt/tokentray/tokentray", &["tray"]);
        assert!(moved.mend().unwrap());
        assert!(!moved.is_enabled(), "{off} after the program moved");
        assert_eq!(line(&home, "Exec"), "/opt/tokentray/tokentray tray");
        assert!(!moved.mend().unwrap());
    }
}

#[test]
fn an_entry_that_somebody_else_wrote_is_left_alone() {
    let home = TempDir::new().unwrap();
    let theirs = "[Desktop Entry]\nType=Application\nExec=/home/me/wrap tray\n";
    fs::create_dir_all(home.path().join("autostart")).unwrap();
    fs::write(entry(&home), theirs).unwrap();
    let autostart = Autostart::new(home.path(), "/usr/bin/tokentray", &["tray"]);
    assert!(autostart.is_enabled());
    assert!(!autostart.mend().unwrap());
    assert_eq!(fs::read_to_string(entry(&home)).unwrap(), theirs);
}
