//! The login entry, read by `GLib` as sessions read it.

use std::{fs, os::unix::fs::PermissionsExt, process::Command, time::Duration};

use tempfile::TempDir;
use tokentray::autostart::Autostart;

use crate::support::wait_until;

#[test]
fn a_path_with_every_awkward_character_is_started() {
    let home = TempDir::new().unwrap();
    let folder = home.path().join("a b$c`d\"e\\f%u 'g' ü;#~");
    fs::create_dir_all(&folder).unwrap();
    let program = folder.join("token tray");
    let trace = home.path().join("trace");
    let script = format!("#!/bin/sh\nprintf '%s|' \"$@\" > '{}'\n", trace.display());
    fs::write(&program, script).unwrap();
    let mut mode = fs::metadata(&program).unwrap().permissions();
    mode.set_mode(0o755);
    fs::set_permissions(&program, mode).unwrap();

    let autostart = Autostart::new(home.path(), &program, &["tray", "one word"]);
    autostart.set(true).unwrap();
    assert!(autostart.is_enabled());
    let status = Command::new("gio")
        .arg("launch")
        .arg(home.path().join("autostart/tokentray.desktop"))
        .env("XDG_CONFIG_HOME", home.path())
        .env_remove("DBUS_SESSION_BUS_ADDRESS")
        .env_remove("DISPLAY")
        .status()
        .unwrap();
    assert!(status.success());
    // It starts the program and does not wait for it.
    wait_until("the program was started", Duration::from_secs(5), || {
        fs::read_to_string(&trace).is_ok_and(|said| said == "tray|one word|")
    });
}
