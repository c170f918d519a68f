//! A bus monitor: counts the notifications that really went over the bus, independent of anything
//! that Tokentray says about itself. It is `dbus-monitor`, so not even the D-Bus library is shared.

use std::{
    io::{BufRead, BufReader},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use super::{process::Process, session::Session, wait_until};

/// One call or signal of `org.freedesktop.Notifications`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// `Notify`, `CloseNotification`, `ActionInvoked`, `NotificationClosed`.
    pub member: String,
    /// The text arguments in order: for `Notify` the program, the icon, the title, the body, then
    /// the actions and the hints.
    pub strings: Vec<String>,
}

impl Message {
    pub fn title(&self) -> &str {
        &self.strings[2]
    }
    pub fn body(&self) -> &str {
        &self.strings[3]
    }
}

/// Watches until it is dropped.
#[derive(Debug)]
pub struct Monitor {
    _process: Process,
    seen: Arc<Mutex<Vec<Message>>>,
}

impl Monitor {
    /// Starts watching; everything sent after this is seen.
    pub fn start(session: &Session) -> Self {
        let mut command = session.command("dbus-monitor");
        command
            .args(["--address", &session.bus_address(), "--monitor"])
            .arg("interface='org.freedesktop.Notifications'");
        let mut process = Process::spawn_piped("monitor", &mut command, &session.logs());
        let out = process.child().stdout.take().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let ready = Arc::new(Mutex::new(false));
        let (to, is_ready) = (Arc::clone(&seen), Arc::clone(&ready));
        thread::spawn(move || {
            for line in BufReader::new(out).lines().map_while(Result::ok) {
                // The bus takes a monitor's name away when it begins to watch.
                if line.contains("member=NameLost") {
                    *is_ready.lock().unwrap() = true;
                }
                read_line(&line, &mut to.lock().unwrap());
            }
        });
        wait_until("the monitor watches", Duration::from_secs(10), || {
            *ready.lock().unwrap()
        });
        Self {
            _process: process,
            seen,
        }
    }

    /// Everything seen so far.
    pub fn seen(&self) -> Vec<Message> {
        let mut seen = self.seen.lock().unwrap().clone();
        seen.retain(|message| message.member != "other");
        seen
    }

    /// The `Notify` calls seen so far.
    pub fn notifies(&self) -> Vec<Message> {
        let mut seen = self.seen();
        seen.retain(|message| message.member == "Notify");
        seen
    }

    /// How often `member` was seen so far.
    pub fn count(&self, member: &str) -> usize {
        self.seen().iter().filter(|m| m.member == member).count()
    }
}

/// Takes one line of `dbus-monitor`'s text: a header at the margin, arguments indented beneath.
fn read_line(line: &str, seen: &mut Vec<Message>) {
    if line.starts_with("method call") || line.starts_with("signal") {
        let member = line
            .split_once("interface=org.freedesktop.Notifications; member=")
            .map_or("other", |(_, member)| member.trim());
        seen.push(Message {
            member: member.to_owned(),
            strings: Vec::new(),
        });
    } else if line.starts_with("method return") || line.starts_with("error") {
        seen.push(Message {
            member: "other".to_owned(),
            strings: Vec::new(),
        });
    } else if let Some((_, text)) = line.split_once("string \"")
        && let Some(message) = seen.last_mut()
    {
        message
            .strings
            .push(text.strip_suffix('"').unwrap_or(text).to_owned());
    }
}
