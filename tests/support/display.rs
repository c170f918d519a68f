//! A display that nobody sees: Xvfb, openbox, xfce4-panel with its tray, dunst, a mouse and a
//! camera. Knows nothing of Tokentray. Surprising: the panel takes half of its settings from the
//! xfconf daemon, which must be on the bus before it and read its files from the session's own
//! config folder.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::PathBuf,
    time::Duration,
};

use super::{process::Process, provider::artefacts, session::Session, wait_for, wait_until};

/// The panel of the tests: one row at the top, the tray at its left end.
const PANEL: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<channel name="xfce4-panel" version="1.0">
  <property name="configver" type="int" value="2"/>
  <property name="panels" type="array">
    <value type="int" value="1"/>
    <property name="dark-mode" type="bool" value="true"/>
    <property name="panel-1" type="empty">
      <property name="position" type="string" value="p=6;x=0;y=0"/>
      <property name="length" type="uint" value="100"/>
      <property name="position-locked" type="bool" value="true"/>
      <property name="icon-size" type="uint" value="24"/>
      <property name="size" type="uint" value="32"/>
      <property name="plugin-ids" type="array">
        <value type="int" value="1"/>
        <value type="int" value="2"/>
      </property>
    </property>
  </property>
  <property name="plugins" type="empty">
    <property name="plugin-1" type="string" value="systray">
      <property name="square-icons" type="bool" value="true"/>
    </property>
    <property name="plugin-2" type="string" value="clock"/>
  </property>
</channel>
"#;

/// A click on the body is the default action, as most desktops do it.
const DUNST: &str = "[global]
    monitor = 0
    follow = none
    origin = top-right
    offset = 10x50
    width = 380
    font = Sans 11
    mouse_left_click = do_action, close_current
    mouse_middle_click = close_current
    mouse_right_click = context
    sticky_history = no
[urgency_normal]
    timeout = 0
[urgency_critical]
    timeout = 0
";

/// A running X server with a window manager.
#[derive(Debug)]
pub struct Display<'s> {
    session: &'s Session,
    name: String,
    _openbox: Process,
    _server: Process,
}

/// The panel: a tray host.
#[derive(Debug)]
pub struct Panel {
    _panel: Process,
    _settings: Process,
}

impl<'s> Display<'s> {
    /// Starts the server on a free display and lets the session's processes know.
    pub fn start(session: &'s Session) -> Self {
        let mut command = super::process::command("Xvfb");
        command
            .args(["-displayfd", "1", "-screen", "0", "1280x900x24"])
            .args(["-nolisten", "tcp", "-noreset"]);
        let mut server = Process::spawn_piped("xvfb", &mut command, &session.logs());
        let mut number = String::new();
        BufReader::new(server.child().stdout.as_mut().unwrap())
            .read_line(&mut number)
            .unwrap();
        let name = format!(":{}", number.trim());
        assert!(number.trim().parse::<u32>().is_ok(), "{}", server.log());
        session.set_variable("DISPLAY", &name);
        // Its session runs the person's login entries; the machine's own are none of ours.
        let mut command = session.command("openbox-session");
        command.env("XDG_CONFIG_DIRS", session.dir().join("no-machine-entries"));
        let openbox = session.spawn("openbox", &mut command);
        let display = Self {
            session,
            name,
            _openbox: openbox,
            _server: server,
        };
        wait_until("the window manager runs", Duration::from_secs(15), || {
            display
                .text("xprop", &["-root", "_NET_SUPPORTING_WM_CHECK"])
                .contains("window id")
        });
        display
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// Clicks the first icon of the panel's tray.
    pub fn click_icon(&self, button: u8) {
        self.click(16, 16, button);
        self.rest_mouse();
    }

    /// Starts the panel and waits until its tray takes icons.
    pub fn panel(&self) -> Panel {
        let folder = self
            .session
            .config_home()
            .join("xfce4/xfconf/xfce-perchannel-xml");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("xfce4-panel.xml"), PANEL).unwrap();
        let settings = self
            .session
            .spawn("xfconfd", &mut self.session.command(xfconfd()));
        self.wait_name("org.xfce.Xfconf");
        let mut command = self.session.command("xfce4-panel");
        command
            .env("XDG_CURRENT_DESKTOP", "XFCE")
            .arg("--disable-wm-check");
        let panel = self.session.spawn("panel", &mut command);
        self.wait_name("org.kde.StatusNotifierWatcher");
        Panel {
            _panel: panel,
            _settings: settings,
        }
    }

    /// Starts dunst and waits until it takes notifications.
    pub fn dunst(&self) -> Process {
        let config = self.session.dir().join("dunstrc");
        fs::write(&config, DUNST).unwrap();
        let mut command = self.session.command("dunst");
        command.arg("-config").arg(&config);
        let dunst = self.session.spawn("dunst", &mut command);
        self.wait_name("org.freedesktop.Notifications");
        dunst
    }

    /// Waits until somebody on the session bus has this name.
    pub fn wait_name(&self, name: &str) {
        wait_until(
            &format!("{name} is on the bus"),
            Duration::from_secs(20),
            || {
                self.text(
                    "gdbus",
                    &[
                        "call",
                        "--session",
                        "--dest=org.freedesktop.DBus",
                        "--object-path=/org/freedesktop/DBus",
                        "--method=org.freedesktop.DBus.NameHasOwner",
                        name,
                    ],
                )
                .contains("true")
            },
        );
    }

    /// Titles of the visible windows whose class is `class`.
    pub fn windows(&self, class: &str) -> Vec<String> {
        let ids = self.text("xdotool", &["search", "--onlyvisible", "--class", class]);
        ids.lines()
            .map(|id| {
                self.text("xdotool", &["getwindowname", id])
                    .trim()
                    .to_owned()
            })
            .collect()
    }

    /// Clicks there: button 1 is left, 2 middle, 3 right.
    pub fn click(&self, x: i32, y: i32, button: u8) {
        let (x, y, button) = (x.to_string(), y.to_string(), button.to_string());
        self.text("xdotool", &["mousemove", "--sync", &x, &y]);
        self.text("xdotool", &["click", &button]);
    }

    /// Waits for a notification of dunst and clicks in its middle.
    pub fn click_notification(&self) {
        let window = self.window("Dunst", Duration::from_secs(20));
        let (x, y, width, height) = self.geometry(&window);
        self.click(x + width / 2, y + height / 2, 1);
        self.rest_mouse();
    }

    /// Moves the mouse away from whatever it could light up.
    pub fn rest_mouse(&self) {
        self.text("xdotool", &["mousemove", "640", "880"]);
    }

    /// Presses keys, in xdotool's words (`Down`, `Return`, `ctrl+w`).
    pub fn keys(&self, keys: &[&str]) {
        let mut arguments = vec!["key", "--delay", "60"];
        arguments.extend(keys);
        self.text("xdotool", &arguments);
    }

    /// Keeps a picture of the whole screen as `artefacts/NAME.png`.
    pub fn screenshot(&self, name: &str) -> PathBuf {
        let file = artefacts().join(format!("{name}.png"));
        let path = file.to_str().unwrap();
        self.text("import", &["-window", "root", path]);
        assert!(file.is_file(), "{path} was not made");
        file
    }

    /// Red, green and blue of each pixel of a part of the screen.
    pub fn pixels(&self, x: u32, y: u32, width: u32, height: u32) -> Vec<u8> {
        let crop = format!("{width}x{height}+{x}+{y}");
        let out = self
            .session
            .command("import")
            .args(["-window", "root", "-crop", &crop, "-depth", "8", "rgb:-"])
            .output()
            .unwrap();
        out.stdout
    }

    /// Left edge, top edge, width and height of a window on the screen.
    pub fn geometry(&self, window: &str) -> (i32, i32, i32, i32) {
        let text = self.text("xdotool", &["getwindowgeometry", "--shell", window]);
        let number = |key: &str| {
            text.lines()
                .find_map(|line| line.strip_prefix(key))
                .and_then(|value| value.parse().ok())
                .unwrap_or_else(|| panic!("no {key} in {text:?}"))
        };
        (
            number("X="),
            number("Y="),
            number("WIDTH="),
            number("HEIGHT="),
        )
    }

    /// The id of the one visible window of this class.
    pub fn window(&self, class: &str, within: Duration) -> String {
        wait_for(&format!("a window of class {class}"), within, || {
            self.text("xdotool", &["search", "--onlyvisible", "--class", class])
                .lines()
                .next_back()
                .map(str::to_owned)
        })
    }

    /// What a program of the session prints.
    pub fn text(&self, program: &str, arguments: &[&str]) -> String {
        let out = self
            .session
            .command(program)
            .args(arguments)
            .output()
            .unwrap_or_else(|error| panic!("{program} does not start: {error}"));
        String::from_utf8_lossy(&out.stdout).into_owned()
    }
}

/// Debian keeps it out of the path, in a folder named after the architecture.
fn xfconfd() -> PathBuf {
    let libraries = fs::read_dir("/usr/lib").unwrap().flatten();
    libraries
        .map(|entry| entry.path().join("xfce4/xfconf/xfconfd"))
        .find(|path| path.is_file())
        .expect("xfconfd is installed")
}
