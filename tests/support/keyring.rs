//! The real `gnome-keyring` in a private session: unlocked, locked, restarted, killed. Knows
//! nothing of what is kept in it. Surprising: the password goes to standard input of the very
//! process that stays; any second start of the daemon would lose the unlocked keyring.

use std::{
    io::Write,
    process::Stdio,
    thread,
    time::{Duration, Instant},
};

use super::{display::Display, process::Process, session::Session, wait_until};

/// The password of the login keyring in tests.
const PASSWORD: &str = "correct horse battery staple";

/// A running keyring daemon.
#[derive(Debug)]
pub struct Keyring {
    process: Process,
}

impl Keyring {
    /// Starts it with its login keyring made, unlocked, and the default collection.
    pub fn unlocked(session: &Session) -> Self {
        Self::start(session, true)
    }

    /// Starts it on what an earlier, unlocked one left behind, without the password.
    pub fn locked(session: &Session) -> Self {
        Self::start(session, false)
    }

    fn start(session: &Session, unlock: bool) -> Self {
        let mut command = session.command("gnome-keyring-daemon");
        command
            .args(["--components=secrets", "--foreground"])
            .stdin(Stdio::piped());
        if unlock {
            command.arg("--unlock");
        }
        let mut process = session.spawn("keyring", &mut command);
        let mut stdin = process.child().stdin.take().unwrap();
        if unlock {
            stdin.write_all(PASSWORD.as_bytes()).unwrap();
        }
        drop(stdin);
        wait_until("the keyring is on the bus", Duration::from_secs(20), || {
            locked(session) == Some(!unlock)
        });
        Self { process }
    }

    /// Ends it without asking.
    pub fn kill(mut self) {
        self.process.kill();
    }

    pub fn process(&mut self) -> &mut Process {
        &mut self.process
    }
}

/// The system's own question for the keyring's password, shown on a display.
#[derive(Debug)]
pub struct Prompter {
    _process: Process,
}

impl Prompter {
    /// Starts what the bus of a desktop would start when it is needed.
    pub fn start(session: &Session, display: &Display<'_>) -> Self {
        let process = session.spawn(
            "prompter",
            &mut session.command("/usr/libexec/gcr-prompter"),
        );
        display.wait_name("org.gnome.keyring.SystemPrompter");
        Self { _process: process }
    }

    /// Types the password when asked for it; once more if the question stays.
    pub fn answer(display: &Display<'_>) {
        const WITHIN: Duration = Duration::from_secs(40);
        let question = display.window("Gcr-prompter", WITHIN);
        let is_asked = || display.text("xdotool", &["getwindowfocus"]).trim() == question;
        let is_there = || !display.windows("Gcr-prompter").is_empty();
        wait_until("the question is answered", WITHIN, || {
            if is_asked() {
                display.keys(&["ctrl+a"]);
                display.text("xdotool", &["type", PASSWORD]);
                display.keys(&["Return"]);
                let since = Instant::now();
                while is_there() && since.elapsed() < Duration::from_secs(5) {
                    thread::sleep(Duration::from_millis(50));
                }
            }
            !is_there()
        });
    }
}

/// Whether the default collection is locked; none while there is none.
pub fn locked(session: &Session) -> Option<bool> {
    let out = property(
        session,
        "/org/freedesktop/secrets/aliases/default",
        "Locked",
    )?;
    Some(out.contains("true"))
}

/// The value of the one item with these attributes, as the desktop's own tool reads it.
pub fn lookup(session: &Session, attributes: &[(&str, &str)]) -> Option<String> {
    let mut command = session.command("secret-tool");
    command.arg("lookup");
    for (name, value) in attributes {
        command.args([name, value]);
    }
    let out = command.output().unwrap();
    out.status
        .success()
        .then(|| String::from_utf8_lossy(&out.stdout).into_owned())
}

/// Every item with these attributes: labels, attributes and secrets, as text.
pub fn search(session: &Session, attributes: &[(&str, &str)]) -> String {
    let mut command = session.command("secret-tool");
    command.args(["search", "--all"]);
    for (name, value) in attributes {
        command.args([name, value]);
    }
    let out = command.output().unwrap();
    // The attributes go to standard error.
    format!(
        "{}{}",
        String::from_utf8_lossy(&out.stdout),
        String::from_utf8_lossy(&out.stderr)
    )
}

/// Locks the default collection, as a person does in the desktop's settings.
pub fn lock(session: &Session) {
    let out = session
        .command("gdbus")
        .args(["call", "--session", "--dest", "org.freedesktop.secrets"])
        .args(["--object-path", "/org/freedesktop/secrets"])
        .args(["--method", "org.freedesktop.Secret.Service.Lock"])
        .arg("['/org/freedesktop/secrets/aliases/default']")
        .output()
        .unwrap();
    assert!(
        out.status.success(),
        "{}",
        String::from_utf8_lossy(&out.stderr)
    );
    wait_until("the keyring is locked", Duration::from_secs(5), || {
        locked(session) == Some(true)
    });
}

fn property(session: &Session, path: &str, name: &str) -> Option<String> {
    let out = session
        .command("gdbus")
        .args(["call", "--session", "--dest", "org.freedesktop.secrets"])
        .args(["--object-path", path])
        .args(["--method", "org.freedesktop.DBus.Properties.Get"])
        .args(["org.freedesktop.Secret.Collection", name])
        .output()
        .unwrap();
    out.status
        .success()
        .then(|| String::from_utf8_lossy(&out.stdout).into_owned())
}
