//! A person's desk: programs installed in a folder with an awkward name, and sessions that are
//! logged into and out of while home folder and keychain stay. Surprising: nothing starts
//! Tokentray at login but the session itself (`openbox-session`), which reads the login entry as
//! the XDG autostart specification says.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use crate::support::{
    display::Display,
    keyring::Keyring,
    monitor::Monitor,
    process::Process,
    provider::Provider,
    session::Session,
    tokentray::{self, Tokentray},
    tray_icon::TrayIcon,
    webdriver::{self, Inspector, Window},
};

/// The account of the stories.
pub const ACCOUNT: &str = "Work";
/// A browser of the person's own.
pub const BROWSER: &str = "Ada's browser";
const BROWSER_ENTRY: &str = "[Desktop Entry]
Type=Application
Name=Ada's browser
Exec=/opt/ada/browser %u
MimeType=text/html;x-scheme-handler/https;
";

/// What the person installed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Installed {
    DesktopAlone,
    Both,
}

#[derive(Debug)]
pub struct Desk {
    pub session: Session,
    pub inspector: Inspector,
    programs: PathBuf,
}

/// One login: it ends, with all that the session showed, when dropped.
#[derive(Debug)]
pub struct Login<'d> {
    desk: &'d Desk,
    pub monitor: Monitor,
    pub display: Display<'d>,
    _keyring: Keyring,
}

impl Desk {
    pub fn new(installed: Installed) -> Self {
        let session = Session::start();
        let programs = session.dir().join("Ada's programs (new)");
        fs::create_dir(&programs).unwrap();
        install("tokentray-desktop", &programs);
        if installed == Installed::Both {
            install("tokentray", &programs);
        }
        let inspector = webdriver::let_in(&session);
        Self {
            session,
            inspector,
            programs,
        }
    }

    /// A new desktop session on the same home folder; the panel is not there yet.
    pub fn log_in(&self) -> Login<'_> {
        self.session.restart_bus();
        Login {
            desk: self,
            _keyring: Keyring::unlocked(&self.session),
            monitor: Monitor::start(&self.session),
            display: Display::start(&self.session),
        }
    }

    /// Puts [`BROWSER`] among the session's programs.
    pub fn install_browser(&self) {
        let applications = self.session.home().join(".local/share/applications");
        fs::create_dir_all(&applications).unwrap();
        fs::write(applications.join("ada.desktop"), BROWSER_ENTRY).unwrap();
    }

    /// Starts the desktop program as its entry in the menu does.
    pub fn open_by_hand(&self) -> Process {
        let program = self.programs.join("tokentray-desktop");
        let mut command = self.session.command(program);
        self.session.spawn("desktop", &mut command)
    }

    /// The same, with its window in hand and an engine that answers.
    pub fn open_window(&self) -> (Process, Window) {
        let program = self.open_by_hand();
        let window = Window::attach(&self.session, self.inspector);
        self.tokentray().wait_until_it_answers();
        (program, window)
    }

    pub fn tokentray(&self) -> Tokentray<'_> {
        Tokentray::new(&self.session)
    }

    pub fn icon(&self) -> TrayIcon<'_> {
        TrayIcon(&self.session)
    }

    pub fn provider(&self) -> Provider {
        Provider::start(&self.session, 20)
    }

    pub fn login_entry(&self) -> PathBuf {
        self.session
            .config_home()
            .join("autostart/tokentray.desktop")
    }

    /// As the end of a login does: every process of ours is asked to end, and does.
    pub fn end_tokentray(&self) {
        Session::end_programs_of(&self.programs, Duration::from_secs(15));
    }
}

impl Drop for Login<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            // What a person would have seen.
            let picture = self.display.screenshot("failed");
            println!("---- the screen: {}", picture.display());
            println!("---- the icon: {:?}", self.desk.icon().shown());
            println!("---- {}", self.desk.tokentray().describe());
        }
        // The keyring and the display go by themselves.
        self.desk.session.forget_display();
    }
}

/// As an unpacked archive: a link where the file system allows it, for the programs are large.
fn install(name: &str, folder: &Path) {
    let (from, to) = (tokentray::program(name), folder.join(name));
    if fs::hard_link(&from, &to).is_err() {
        fs::copy(&from, &to).unwrap();
    }
}
