//! A child process that cannot outlive its test, whose output is kept for a failing test to print.
//! Knows nothing of sessions. Surprising: the kernel ends the child when the *thread* that started
//! it ends (`PR_SET_PDEATHSIG`), so a process belongs to the thread of its test.

use std::{
    fs::{self, File},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process_group};

use super::wait_for;

/// A running child in a process group of its own.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    log: PathBuf,
}

/// A command that dies with the thread that starts it, even if that is killed.
pub fn command(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL", "--"]).arg(program);
    command
}

impl Process {
    /// Starts `command`; what it says goes to `folder/NAME.log`, appended.
    pub fn spawn(name: &str, command: &mut Command, folder: &Path) -> Self {
        let (log, file) = Self::log_file(name, folder);
        command.stdout(file.try_clone().unwrap());
        Self::start(name, command, file, log)
    }

    /// As [`Process::spawn`], but its standard output is for the caller to read.
    pub fn spawn_piped(name: &str, command: &mut Command, folder: &Path) -> Self {
        let (log, file) = Self::log_file(name, folder);
        command.stdout(Stdio::piped());
        Self::start(name, command, file, log)
    }

    fn log_file(name: &str, folder: &Path) -> (PathBuf, File) {
        fs::create_dir_all(folder).unwrap();
        let log = folder.join(format!("{name}.log"));
        let file = File::options()
            .create(true)
            .append(true)
            .open(&log)
            .unwrap();
        (log, file)
    }

    fn start(name: &str, command: &mut Command, file: File, log: PathBuf) -> Self {
        let child = command
            .stderr(file)
            .process_group(0)
            .spawn()
            .unwrap_or_else(|error| panic!("{name} does not start: {error}"));
        Self {
            name: name.to_owned(),
            child,
            log,
        }
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    /// Everything that it (and others of its name) said so far.
    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    pub fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    pub fn signal(&self, signal: Signal) {
        let group = Pid::from_raw(i32::try_from(self.child.id()).unwrap()).unwrap();
        // It may have ended by itself, which is as good.
        let _ = kill_process_group(group, signal);
    }

    /// Waits until it ended by itself.
    pub fn wait(&mut self, within: Duration) -> ExitStatus {
        let name = self.name.clone();
        wait_for(&format!("{name} ends"), within, || {
            self.child.try_wait().unwrap()
        })
    }

    /// Asks it to end (`SIGTERM`) and waits until it has.
    pub fn terminate(&mut self, within: Duration) -> ExitStatus {
        self.signal(Signal::TERM);
        self.wait(within)
    }

    /// Ends it and all its group without asking (`SIGKILL`).
    pub fn kill(&mut self) {
        self.signal(Signal::KILL);
        let _ = self.child.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}
