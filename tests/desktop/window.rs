//! What a person does in the window beside signing in: looks something up in the history and takes
//! it along, changes settings here and on the command line, renames, removes, takes that back and means it.

use std::{fs, time::Duration};

use serde_json::{Value, json};

use super::{
    desk::{ACCOUNT, Desk, Installed},
    everyday::{add_account, shows_the_account},
};
use crate::support::{canaries::Canaries, provider::Provider, wait_until, webdriver::Window};

const SOON: Duration = Duration::from_secs(20);
/// A removal can be undone for 10 s.
const REVOKED: Duration = Duration::from_secs(40);

#[test]
fn a_person_looks_things_up_changes_settings_and_takes_a_removal_back() {
    let desk = Desk::new(Installed::Both);
    let login = desk.log_in();
    let _panel = login.display.panel();
    let (program, window) = desk.open_window();
    // The first start offers three ways to begin.
    window.wait_text("Import a sign-in", SOON);
    window.wait_text("Try the practice provider", SOON);
    let provider = desk.provider();
    desk.tokentray().set_browser("ada", "window-browser");
    add_account(&window, &provider.issuer);
    desk.tokentray()
        .wait_state(ACCOUNT, "ok", Duration::from_mins(1));
    shows_the_account(&window);
    looks_along_the_timeline(&window);
    let has_no_secret = |screen: &str| holds_no_secret(&window, &provider, screen);
    has_no_secret("account");

    looks_things_up(&window);
    login.display.screenshot("window-history");
    has_no_secret("history");
    window.press("Back to the timeline");
    window.press("Settings");
    has_no_secret("settings");
    changes_settings(&desk, &window);
    login.display.screenshot("window-german");
    desk.tokentray().ok(&["settings", "language=en"]);
    window.wait_text("Back to the timeline", SOON);
    window.press("Back to the timeline");

    // Renamed, removed, and back.
    if !window.text().contains("Rename") {
        window.press(ACCOUNT);
    }
    window.press("Rename");
    has_no_secret("rename");
    window.fill_named("New name", "Office");
    window.press("Save");
    window.wait_text("It is called Office now.", SOON);
    window.press("Remove…");
    has_no_secret("removal");
    window.press("Remove");
    window.wait_text("Office was removed.", SOON);
    window.press("Undo");
    window.wait_text("Office is back.", SOON);
    desk.tokentray().wait_state("Office", "ok", SOON);
    has_no_secret("the end");

    // For good, and at the provider as well once nothing can be undone.
    window.press("Remove…");
    window.press("Revoke it at");
    window.press("Remove");
    window.wait_text("Office was removed.", SOON);
    let state = provider.state();
    let last = state.last("refresh_token");
    assert!(!desk.tokentray().ok(&["status"]).contains("Office"));
    wait_until("it is revoked", REVOKED, || !provider.is_alive(last));

    // What draws the page dies; the page is there again, and no picture of what was.
    assert_eq!(desk.session.kill_called("WebKitWebProcess"), 1);
    drop(window);
    let window = Window::attach(&desk.session, desk.inspector);
    window.wait_text("Tokentray keeps your sign-ins alive", SOON);

    // Its language is the session's, whether or not that locale is installed.
    desk.tokentray().ok(&["settings", "language=system"]);
    drop((window, program));
    desk.session.set_variable("LANG", "de_DE.UTF-8");
    let (_program, window) = desk.open_window();
    window.wait_text("Tokentray hält Ihre Anmeldungen am Leben", SOON);
}

/// With the mouse: nearer, back in time and to now again, and what there is in words.
fn looks_along_the_timeline(window: &Window) {
    let texts = |selector: &str| {
        let texts = window.script(
            "return [...document.querySelectorAll(arguments[0])].map((one) => one.innerText).join()",
            &json!([selector]),
        );
        texts.as_str().unwrap_or_default().to_owned()
    };
    let stretch = || texts(".segments [aria-pressed=true]");
    assert!(stretch().contains("24 h"), "{}", stretch());
    window.wheel("canvas.head", -300);
    wait_until("the wheel brought it nearer", SOON, || stretch().is_empty());
    window.press("24 h");
    wait_until("the button set it back", SOON, || {
        stretch().contains("24 h")
    });
    window.drag(".stage", 120);
    window.wait_text("Now →", SOON);
    window.press("Back to now");
    wait_until("it is at now again", SOON, || {
        !window.text().contains("Now →")
    });
    // What happened a moment ago is somewhere left of the middle of the right half.
    wait_until("the mouse finds a story", SOON, || {
        (0..160).step_by(8).any(|right| {
            window.point_at(".stage", right);
            ["refresh", "Refreshed", "Signed in"]
                .iter()
                .any(|story| texts(".stage .story").contains(story))
        })
    });
}

/// History: filters, and the files of what they show.
fn looks_things_up(window: &Window) {
    window.press("History");
    window.wait_text("Signed in", SOON);
    window.choose("Kind", "Programs");
    window.wait_text("Nothing happened that fits these filters.", SOON);
    window.choose("Kind", "Sign-ins");
    window.wait_text("Signed in", SOON);
    window.fill("Text", "nothing like this");
    window.wait_text("Nothing happened that fits these filters.", SOON);
    window.press("Clear filters");
    window.wait_text("Signed in", SOON);
    window.choose("Kind", "Sign-ins");
    window.choose("Time", "24 hours");
    window.press("Export CSV");
    window.wait_text(".csv", SOON);
    let table = fs::read_to_string(saved_file(window)).unwrap();
    let mut lines = table.lines();
    assert!(
        lines
            .next()
            .is_some_and(|head| head.starts_with("at,account,kind,")),
        "{table}"
    );
    assert!(table.lines().count() > 1, "{table}");
    assert!(lines.all(|line| line.contains(",Work,sign")), "{table}");
    window.press("Export JSON");
    window.wait_text(".json", SOON);
    let list = fs::read_to_string(saved_file(window)).unwrap();
    let list: Vec<Value> = serde_json::from_str(&list).unwrap();
    assert!(!list.is_empty());
    let of_sign_ins = |row: &Value| {
        row["kind"]
            .as_str()
            .is_some_and(|kind| kind.starts_with("sign"))
    };
    assert!(list.iter().all(of_sign_ins), "{list:?}");
}

/// Changed here they stand in the file, changed by a command they show at once.
fn changes_settings(desk: &Desk, window: &Window) {
    window.fill("History kept", "30");
    window.press("Save");
    wait_until("the engine has it", SOON, || {
        let settings = desk.tokentray().ok(&["settings", "--json"]);
        serde_json::from_str::<Value>(&settings).is_ok_and(|row| row["history_days"] == 30)
    });
    // A refusal stands at its field, and changes nothing.
    window.fill("Proxy", "nonsense");
    window.press("Save");
    window.wait_text("must be a URL with http", SOON);
    window.fill("Proxy", "");
    window.fill("Refresh before a token ends", "30");
    window.press("Save");
    window.press("Notify");
    wait_until("the engine has both", SOON, || {
        let settings = desk.tokentray().ok(&["settings", "--json"]);
        serde_json::from_str::<Value>(&settings).is_ok_and(|row| {
            row["refresh_ahead_s"] == 1800
                && row["notifications"] == false
                && row["proxy"].is_null()
        })
    });
    desk.tokentray().ok(&["settings", "theme=dark"]);
    wait_until("the window is dark", SOON, || {
        theme(window).as_deref() == Some("dark")
    });
    desk.tokentray().ok(&["settings", "language=de"]);
    window.wait_text("Einstellungen", SOON);
}

/// Neither in the page, nor in its fields, nor in what it keeps.
fn holds_no_secret(window: &Window, provider: &Provider, screen: &str) {
    let page = window.script(
        "const fields = [...document.querySelectorAll('input, textarea')].map((one) => one.value);
         return [document.documentElement.outerHTML, location.href, document.title, document.cookie,
           JSON.stringify(fields), JSON.stringify({...localStorage}),
           JSON.stringify({...sessionStorage})].join('\\n')",
        &json!([]),
    );
    let page = page.as_str().unwrap();
    assert!(page.contains("<body"), "{page}");
    let mut canaries = Canaries::default();
    let issued = provider.state().issued;
    assert!(issued.len() >= 3, "what was given is known");
    for one in &issued {
        canaries.add(&one.kind, &one.value);
    }
    let found = canaries.in_bytes(page.as_bytes());
    assert!(found.is_empty(), "{screen}: {found:?}");
}

/// The file that the message names.
fn saved_file(window: &Window) -> String {
    let text = window.script(
        "return document.querySelector('.note span').textContent",
        &json!([]),
    );
    let text = text.as_str().unwrap_or_default();
    text.strip_prefix("Saved as ")
        .unwrap_or_default()
        .to_owned()
}

fn theme(window: &Window) -> Option<String> {
    let theme = window.script(
        "return document.documentElement.dataset.theme || null",
        &json!([]),
    );
    theme.as_str().map(str::to_owned)
}
