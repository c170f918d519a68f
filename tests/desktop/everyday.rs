//! A day at a desktop: switched on once, there at every login without a window, one notification
//! when the provider ends the grant, and four ways to sign in again. Told twice: with the desktop
//! program alone, and with the small resident program beside it.

use std::{
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use super::desk::{ACCOUNT, Desk, Installed};
use crate::support::{tray_icon::Entry, wait_until, webdriver::Window};

const SOON: Duration = Duration::from_secs(10);
/// A refusal is confirmed half a minute later, and not within the first minute after a start.
const CERTAIN: Duration = Duration::from_mins(3);

#[test]
fn the_desktop_program_alone_lives_a_day() {
    a_day("alone", Installed::DesktopAlone);
}

#[test]
fn the_small_program_and_its_window_live_a_day() {
    a_day("tray", Installed::Both);
}

#[test]
fn the_desktop_program_alone_waits_for_a_late_panel() {
    a_late_panel(Installed::DesktopAlone);
}

#[test]
fn the_small_program_waits_for_a_late_panel() {
    a_late_panel(Installed::Both);
}

fn a_day(name: &str, installed: Installed) {
    let desk = Desk::new(installed);
    {
        let login = desk.log_in();
        let _panel = login.display.panel();
        let mut first = desk.open_by_hand();
        let window = Window::attach(&desk.session, desk.inspector);
        switch_on_start_at_login(&desk, &window);
        login.display.screenshot(&format!("{name}-settings"));
        desk.end_tokentray();
        first.wait(SOON);
    }

    let login = desk.log_in();
    let display = &login.display;
    let _panel = display.panel();
    let _dunst = display.dunst();
    let icon = desk.icon();
    let fine = icon.wait(SOON);
    assert_eq!(fine.status, "Active", "{fine:?}");
    desk.tokentray().wait_until_it_answers();
    assert_eq!(display.windows("okentray"), Vec::<String>::new());
    display.screenshot(&format!("{name}-after-login"));

    let provider = desk.provider();
    desk.tokentray()
        .set_browser("ada", &format!("{name}-browser"));
    display.click_icon(1);
    display.window("okentray", Duration::from_secs(20));
    let window = Window::attach(&desk.session, desk.inspector);
    add_account(&window, &provider.issuer);
    desk.tokentray()
        .wait_state(ACCOUNT, "ok", Duration::from_mins(1));
    shows_the_account(&window);
    for theme in ["Light", "Dark"] {
        window.press("Settings");
        window.press(theme);
        window.press("Back to the timeline");
        shows_the_account(&window);
        display.screenshot(&format!("{name}-window-{}", theme.to_lowercase()));
    }

    // Its submenu leads to it, whatever the window shows.
    window.press("Settings");
    window.wait_text("Start at login", SOON);
    icon.choose("Show in the window");
    shows_the_account(&window);

    let ways: [(&str, &dyn Fn()); 4] = [
        ("notification", &|| display.click_notification()),
        ("menu", &|| {
            icon.choose(&format!("Sign in again: {ACCOUNT}"));
        }),
        ("middle click", &|| display.click_icon(2)),
        ("window", &|| {
            // What it means, and not now; the window goes on offering it.
            window.press("What does this mean?");
            window.wait_text("What happens next", SOON);
            window.press("Later");
            wait_until("it asks no more", SOON, || {
                display.windows("Dunst").is_empty() && !window.text().contains("Later")
            });
            window.press("Sign in again");
        }),
    ];
    for (told, (way, sign_in_again)) in (1..).zip(ways) {
        println!("--- sign-in again by {way}");
        provider.revoke_everything();
        icon.wait_status("NeedsAttention", CERTAIN);
        wait_until("the person is told", Duration::from_secs(15), || {
            login.monitor.count("Notify") == told
        });
        first_entry_leads(&icon.menu());
        display.screenshot(&format!("{name}-needs-you-{}", way.replace(' ', "-")));
        sign_in_again();
        desk.tokentray()
            .wait_state(ACCOUNT, "ok", Duration::from_mins(1));
        wait_until("the icon is fine again", SOON, || {
            icon.shown()
                .is_some_and(|now| now.status == fine.status && now.picture == fine.picture)
        });
        wait_until("the notification is gone", SOON, || {
            display.windows("Dunst").is_empty()
        });
        assert_eq!(
            login.monitor.count("Notify"),
            told,
            "{:#?}",
            login.monitor.notifies()
        );
    }

    shows_the_whole_history(&desk, &window);
    display.screenshot(&format!("{name}-history"));
    icon.choose("Quit");
    wait_until("the icon is gone", Duration::from_secs(15), || {
        icon.shown().is_none()
    });
}

fn a_late_panel(installed: Installed) {
    let desk = Desk::new(installed);
    {
        let _login = desk.log_in();
        let _first = desk.open_by_hand();
        let window = Window::attach(&desk.session, desk.inspector);
        switch_on_start_at_login(&desk, &window);
        desk.end_tokentray();
    }
    let login = desk.log_in();
    desk.tokentray().wait_until_it_answers();
    // Nothing can be awaited here: the panel is late, that is all.
    thread::sleep(Duration::from_secs(20));
    let panel = login.display.panel();
    assert_eq!(desk.icon().wait(SOON).status, "Active");
    assert_eq!(login.display.windows("okentray"), Vec::<String>::new());

    // It crashes, and is started again.
    drop(panel);
    wait_until("no tray is there", SOON, || desk.icon().shown().is_none());
    let _panel = login.display.panel();
    assert_eq!(desk.icon().wait(SOON).status, "Active");
    // On the bus it is there a moment before it is on the screen.
    wait_until("a click opens the window", SOON, || {
        login.display.click_icon(1);
        thread::sleep(Duration::from_secs(1));
        !login.display.windows("okentray").is_empty()
    });
}

fn switch_on_start_at_login(desk: &Desk, window: &Window) {
    window.press("Settings");
    assert!(!desk.login_entry().exists());
    window.press("Start at login");
    wait_until("the login entry is there", SOON, || {
        desk.login_entry().exists()
    });
}

/// As a person does in the window's form.
pub fn add_account(window: &Window, issuer: &str) {
    window.press("Add account");
    window.press("By issuer address");
    window.fill("Name", ACCOUNT);
    window.fill("Issuer", issuer);
    window.fill("Client id", crate::support::provider::CLIENT_ID);
    window.fill("Scopes", "openid offline_access");
    window.press("Add and sign in");
}

pub fn shows_the_account(window: &Window) {
    // Grid and now line are grey; a bar or a mark is not.
    wait_until("the lane has a bar or a mark", SOON, || {
        let drawn = window.script(
            "const lanes = [...document.querySelectorAll('li.lane')];
             const place = lanes.findIndex((e) => e.innerText.includes(arguments[0]));
             const canvas = document.querySelector('.stage canvas');
             if (place < 0 || !canvas || !canvas.width) return 0;
             const high = canvas.height / lanes.length;
             const { data } = canvas.getContext('2d')
                 .getImageData(0, Math.round(place * high), canvas.width, Math.floor(high));
             let coloured = 0;
             for (let at = 0; at < data.length; at += 4) {
                 const [r, g, b, a] = data.slice(at, at + 4);
                 if (a > 128 && Math.max(r, g, b) - Math.min(r, g, b) > 12) coloured += 1;
             }
             return coloured",
            &json!([ACCOUNT]),
        );
        drawn.as_u64().is_some_and(|count| count > 12)
    });
}

fn first_entry_leads(menu: &[Entry]) {
    let first = menu.first().map(|entry| entry.label.as_str());
    assert_eq!(
        first,
        Some(&*format!("Sign in again: {ACCOUNT}")),
        "{menu:#?}"
    );
}

/// The sentences of the window's history are those of `history --json`, in its order.
fn shows_the_whole_history(desk: &Desk, window: &Window) {
    // A refresh in between would be a difference.
    desk.tokentray().ok(&["pause", ACCOUNT]);
    window.press("History");
    let both = || {
        let shown = shown_sentences(window);
        let printed: Value = desk
            .tokentray()
            .history(ACCOUNT)
            .iter()
            .map(|row| row["message"].clone())
            .collect();
        (shown, printed)
    };
    // The page reads it when it opens, which takes a moment.
    let agreed = || Some(both()).filter(|(shown, printed)| shown == printed);
    let deadline = Instant::now() + SOON;
    while agreed().is_none() && Instant::now() < deadline {
        thread::sleep(Duration::from_millis(200));
    }
    let (shown, printed) = both();
    assert_eq!(shown, printed);
    assert!(printed.as_array().is_some_and(|all| all.len() > 20));
}

/// What the window's history says, newest first.
pub fn shown_sentences(window: &Window) -> Value {
    const SENTENCES: &str = "
        return [...document.querySelectorAll('section[aria-label=History] li')]
            .map((line) => line.querySelector('.readable').firstChild.textContent)";
    window.script(SENTENCES, &json!([]))
}
