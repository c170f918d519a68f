//! A private desktop session: folders of its own, a D-Bus session bus of its own, no display
//! unless one is given. Knows nothing of what will run in it. Surprising: the bus activates
//! nothing, so a test owns every name that is answered, and nothing answers by accident.

use std::{
    collections::BTreeMap,
    env, fs,
    io::{BufRead, BufReader},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
    sync::Mutex,
    thread,
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use super::{
    process::{self, Process},
    wait_until,
};

/// Set in the process that [`inside`] starts: the folder of the session it runs in.
const INSIDE: &str = "TOKENTRAY_TEST_SESSION";

/// A bus that allows everything to its user and starts nothing.
const BUS_CONFIG: &str = r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path=SOCKET</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"#;

/// Folders, bus and environment; ends with everything that was started in it.
#[derive(Debug)]
pub struct Session {
    dir: PathBuf,
    /// None in a process that runs inside a session of another.
    owned: Option<(TempDir, Mutex<Process>)>,
    /// Variables of its processes that were added on the way, such as `DISPLAY`.
    added: Mutex<BTreeMap<String, String>>,
}

impl Session {
    /// Makes the folders and starts the bus.
    pub fn start() -> Self {
        let temp = tempfile::Builder::new()
            .prefix("tt-")
            .tempdir()
            .expect("a folder for the session");
        let dir = temp.path().to_owned();
        for folder in ["home/.config", "home/.local/share", "home/.local/state"] {
            fs::create_dir_all(dir.join(folder)).unwrap();
        }
        for folder in ["home/.cache", "tmp", "run", "logs"] {
            fs::create_dir_all(dir.join(folder)).unwrap();
        }
        fs::set_permissions(dir.join("run"), fs::Permissions::from_mode(0o700)).unwrap();
        let bus = start_bus(&dir);
        Self {
            dir,
            owned: Some((temp, Mutex::new(bus))),
            added: Mutex::default(),
        }
    }

    /// The folder that holds everything of this session.
    pub fn dir(&self) -> &Path {
        &self.dir
    }
    pub fn home(&self) -> PathBuf {
        self.dir.join("home")
    }
    pub fn runtime_dir(&self) -> PathBuf {
        self.dir.join("run")
    }
    pub fn config_home(&self) -> PathBuf {
        self.dir.join("home/.config")
    }
    pub fn state_home(&self) -> PathBuf {
        self.dir.join("home/.local/state")
    }
    /// Where the output of every process goes, one file a name.
    pub fn logs(&self) -> PathBuf {
        self.dir.join("logs")
    }
    /// The bus's address, as in `DBUS_SESSION_BUS_ADDRESS`.
    pub fn bus_address(&self) -> String {
        format!("unix:path={}", self.dir.join("run/bus").display())
    }
    /// From now on its processes get this variable, too.
    pub fn set_variable(&self, name: &str, value: &str) {
        let mut added = self.added.lock().unwrap();
        added.insert(name.to_owned(), value.to_owned());
    }

    /// Takes the display's name out of the environment again.
    pub fn forget_display(&self) {
        self.added.lock().unwrap().remove("DISPLAY");
    }

    /// A new bus at the same address, as at a new login; whoever was connected is cut off.
    pub fn restart_bus(&self) {
        let (_, bus) = self.owned.as_ref().expect("a session of our own");
        let mut bus = bus.lock().unwrap();
        bus.kill();
        let _ = fs::remove_file(self.dir.join("run/bus"));
        *bus = start_bus(&self.dir);
    }

    /// Asks every program that was started from `folder` in this session to end (`SIGTERM`), and
    /// waits until all have.
    pub fn end_programs_of(folder: &Path, within: Duration) {
        let theirs = |pid: i32| {
            fs::read_link(format!("/proc/{pid}/exe")).is_ok_and(|exe| exe.starts_with(folder))
        };
        for pid in running().filter(|pid| theirs(*pid)) {
            let _ = kill_process(Pid::from_raw(pid).unwrap(), Signal::TERM);
        }
        wait_until("the programs end when asked", within, || {
            !running().any(theirs)
        });
    }

    /// A command that runs in this session and sees nothing of the person's own.
    pub fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = process::command(program);
        command.env_clear().envs(self.environment());
        command.current_dir(self.home());
        command
    }

    /// Starts a process in this session.
    pub fn spawn(&self, name: &str, command: &mut Command) -> Process {
        Process::spawn(name, command, &self.logs())
    }

    /// The whole environment of a process of this session.
    pub fn environment(&self) -> Vec<(String, String)> {
        let path = |folder: &str| self.dir.join(folder).display().to_string();
        let all = [
            ("HOME", path("home")),
            ("XDG_RUNTIME_DIR", path("run")),
            ("XDG_CONFIG_HOME", path("home/.config")),
            ("XDG_STATE_HOME", path("home/.local/state")),
            ("XDG_DATA_HOME", path("home/.local/share")),
            ("XDG_CACHE_HOME", path("home/.cache")),
            ("TMPDIR", path("tmp")),
            ("DBUS_SESSION_BUS_ADDRESS", self.bus_address()),
            // The machine's own logind and NetworkManager say nothing here.
            (
                "DBUS_SYSTEM_BUS_ADDRESS",
                format!("unix:path={}", path("run/no-system-bus")),
            ),
            // GTK programs stall for 25 s while they look for the accessibility bus.
            ("NO_AT_BRIDGE", "1".to_owned()),
            ("GTK_A11Y", "none".to_owned()),
            ("LANG", "C.UTF-8".to_owned()),
            ("TZ", "UTC".to_owned()),
            ("RUST_BACKTRACE", "1".to_owned()),
            ("PATH", env::var("PATH").unwrap_or_default()),
            (INSIDE, self.dir.display().to_string()),
        ];
        let all = all
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value));
        all.chain(self.added.lock().unwrap().clone()).collect()
    }

    /// Kills (`SIGKILL`) the session's processes of a program with this name; how many they were.
    pub fn kill_called(&self, program: &str) -> usize {
        let marker = self.marker();
        let found: Vec<Pid> = running()
            .filter(|pid| {
                let exe = fs::read_link(format!("/proc/{pid}/exe"));
                exe.is_ok_and(|exe| exe.file_name().is_some_and(|name| name == program))
            })
            .filter(|pid| {
                let environ = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
                environ.windows(marker.len()).any(|part| part == marker)
            })
            .filter_map(Pid::from_raw)
            .collect();
        for pid in &found {
            let _ = kill_process(*pid, Signal::KILL);
        }
        found.len()
    }

    /// What the environment of each of its processes has.
    pub fn marker(&self) -> Vec<u8> {
        format!("{INSIDE}={}\0", self.dir.display()).into_bytes()
    }

    /// Everything that its processes said, for a failing test.
    fn print_logs(&self) {
        let Ok(entries) = fs::read_dir(self.logs()) else {
            return;
        };
        for entry in entries.flatten() {
            let text = fs::read(entry.path()).unwrap_or_default();
            let text = String::from_utf8_lossy(&text);
            let lines: Vec<&str> = text.lines().collect();
            let tail = lines[lines.len().saturating_sub(60)..].join("\n");
            if !tail.is_empty() {
                println!("---- {}\n{tail}", entry.file_name().to_string_lossy());
            }
        }
    }

    /// Ends what left its process group (a browser that the engine opened) but still carries this
    /// session's folder in its environment.
    fn end_stragglers(&self) {
        let marker = self.marker();
        let home = format!("HOME={}\0", self.home().display()).into_bytes();
        for _ in 0..3 {
            let found: Vec<Pid> = running()
                .filter_map(|pid| {
                    if u32::try_from(pid).ok()? == std::process::id() {
                        return None;
                    }
                    let environ = fs::read(format!("/proc/{pid}/environ")).ok()?;
                    let ours = [&marker, &home].iter().any(|m| {
                        environ
                            .windows(m.len())
                            .any(|window| window == m.as_slice())
                    });
                    ours.then(|| Pid::from_raw(pid)).flatten()
                })
                .collect();
            if found.is_empty() {
                return;
            }
            for pid in found {
                let _ = kill_process(pid, Signal::KILL);
            }
            thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if self.owned.is_none() {
            return;
        }
        if thread::panicking() {
            self.print_logs();
        }
        self.end_stragglers();
    }
}

/// Ids of all processes.
fn running() -> impl Iterator<Item = i32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

fn start_bus(dir: &Path) -> Process {
    let socket = dir.join("run/bus");
    let config = dir.join("bus.conf");
    fs::write(
        &config,
        BUS_CONFIG.replace("SOCKET", &socket.display().to_string()),
    )
    .unwrap();
    let mut command = process::command("dbus-daemon");
    command
        .arg(format!("--config-file={}", config.display()))
        .args(["--nofork", "--nopidfile", "--print-address=1"]);
    let mut bus = Process::spawn_piped("bus", &mut command, &dir.join("logs"));
    // It prints its address when it listens.
    let mut line = String::new();
    BufReader::new(bus.child().stdout.as_mut().unwrap())
        .read_line(&mut line)
        .unwrap();
    assert!(line.starts_with("unix:"), "the bus did not start: {line:?}");
    bus
}

/// Runs the body of the calling test in a fresh session, with the session's environment as the
/// test's own.
///
/// A process cannot change its environment safely, so the test binary starts itself again for this
/// one test; a library that reads `DBUS_SESSION_BUS_ADDRESS` by itself then finds the private bus.
pub fn inside(body: impl FnOnce(&Session)) {
    if let Some(dir) = env::var_os(INSIDE) {
        return body(&Session {
            dir: dir.into(),
            owned: None,
            added: Mutex::default(),
        });
    }
    let session = Session::start();
    let this_test = name_of_this_test();
    let mut command = session.command(env::current_exe().unwrap());
    command
        .current_dir(env::current_dir().unwrap())
        .args(["--exact", &this_test, "--nocapture"]);
    let mut process = session.spawn("inside", &mut command);
    let status = process.wait(Duration::from_mins(5));
    let said = process.log();
    println!("{said}");
    assert!(status.success(), "{this_test} failed inside its session");
    assert!(said.contains("1 passed"), "{this_test} did not run inside");
}

/// The thread bears the test's name, but for the only test of a process, which nextest names.
pub fn name_of_this_test() -> String {
    let thread = thread::current();
    let name = thread.name().filter(|name| *name != "main");
    name.map(str::to_owned)
        .or_else(|| env::var("NEXTEST_TEST_NAME").ok())
        .expect("cargo-nextest, or more than one test thread")
}
