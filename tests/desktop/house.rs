//! The display, its panel, its notification daemon and its driver work as the stories believe.

use std::{fs, time::Duration};

use crate::support::{
    display::Display,
    monitor::Monitor,
    session::Session,
    wait_until,
    webdriver::{self, Window},
};

#[test]
fn a_click_on_a_shown_notification_presses_its_default_action() {
    let session = Session::start();
    let display = Display::start(&session);
    let _dunst = display.dunst();
    let monitor = Monitor::start(&session);
    let mut sender = session.spawn(
        "notify",
        session
            .command("gdbus")
            .args(["call", "--session", "--dest=org.freedesktop.Notifications"])
            .args(["--object-path=/org/freedesktop/Notifications"])
            .args(["--method=org.freedesktop.Notifications.Notify"])
            .args([
                "house",
                "0",
                "",
                "A title",
                "A body",
                "['default', 'Open']",
                "{}",
                "0",
            ]),
    );
    sender.wait(Duration::from_secs(10));

    display.click_notification();
    wait_until("the press is on the bus", Duration::from_secs(10), || {
        monitor.count("ActionInvoked") == 1
    });
}

#[test]
fn a_panel_takes_icons_and_an_open_window_can_be_steered() {
    let session = Session::start();
    let display = Display::start(&session);
    let _panel = display.panel();
    display.screenshot("house-panel");

    // Any WebKit program that lets a driver in stands for ours.
    let page = session.dir().join("page.html");
    fs::write(
        &page,
        "<h1>Hello</h1><button onclick='document.body.append(\"pressed\")'>Press</button>",
    )
    .unwrap();
    let inspector = webdriver::let_in(&session);
    let mini_browser = fs::read_dir("/usr/lib")
        .unwrap()
        .flatten()
        .map(|entry| entry.path().join("webkit2gtk-4.1/MiniBrowser"))
        .find(|path| path.is_file())
        .expect("the driver's package brings a small browser");
    let mut command = session.command(mini_browser);
    command
        .arg("--automation")
        .env("WEBKIT_DISABLE_DMABUF_RENDERER", "1");
    let _browser = session.spawn("minibrowser", &mut command);
    let window = Window::attach(&session, inspector);
    window.go(&format!("file://{}", page.display()));
    window.wait_text("Hello", Duration::from_secs(10));
    window.press("Press");
    window.wait_text("pressed", Duration::from_secs(5));
    display.screenshot("house-window");
}
