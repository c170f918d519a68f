//! What a person does in the window beside signing in: looks something up in the history and takes
//! it along, changes settings here and on the command line, renames, removes and takes that back.

use std::{fs, time::Duration};

use serde_json::{Value, json};

use super::{
    desk::{ACCOUNT, Desk, Installed},
    everyday::{add_account, shows_the_account},
};
use crate::support::{canaries::Canaries, provider::Provider, wait_until, webdriver::Window};

const SOON: Duration = Duration::from_secs(10);

#[test]
fn a_person_looks_things_up_changes_settings_and_takes_a_removal_back() {
    let desk = Desk::new(Installed::Both);
    let login = desk.log_in();
    let _panel = login.display.panel();
    let _program = desk.open_by_hand();
    let window = Window::attach(&desk.session, desk.inspector);
    desk.tokentray().wait_until_it_answers();
    let provider = desk.provider();
    desk.tokentray().set_browser("ada", "window-browser");
    add_account(&window, &provider.issuer);
    desk.tokentray()
        .wait_state(ACCOUNT, "ok", Duration::from_mins(1));
    shows_the_account(&window);
    let has_no_secret = |screen: &str| holds_no_secret(&window, &provider, screen);
    has_no_secret("account");

    // History: a filter, and the file of what it shows.
    window.press("History");
    window.wait_text("Signed in", SOON);
    window.choose("Kind", "Programs");
    window.wait_text("Nothing happened that fits these filters.", SOON);
    window.choose("Kind", "Sign-ins");
    window.wait_text("Signed in", SOON);
    window.press("Export CSV");
    window.wait_text("Saved as ", SOON);
    let table = fs::read_to_string(saved_file(&window)).unwrap();
    let mut lines = table.lines();
    assert!(
        lines
            .next()
            .is_some_and(|head| head.starts_with("at,account,kind,")),
        "{table}"
    );
    assert!(table.lines().count() > 1, "{table}");
    assert!(lines.all(|line| line.contains(",Work,sign")), "{table}");
    login.display.screenshot("window-history");
    has_no_secret("history");

    // Settings: changed here they stand in the file, changed by a command they show at once.
    window.press("Back to the timeline");
    window.press("Settings");
    has_no_secret("settings");
    window.fill("History kept", "30");
    window.press("Save");
    wait_until("the engine has it", SOON, || {
        let settings = desk.tokentray().ok(&["settings", "--json"]);
        serde_json::from_str::<Value>(&settings).is_ok_and(|row| row["history_days"] == 30)
    });
    desk.tokentray().ok(&["settings", "theme=dark"]);
    wait_until("the window is dark", SOON, || {
        theme(&window).as_deref() == Some("dark")
    });
    desk.tokentray().ok(&["settings", "language=de"]);
    window.wait_text("Einstellungen", SOON);
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
    assert!(!desk.tokentray().ok(&["status"]).contains("Office"));
    window.press("Undo");
    window.wait_text("Office is back.", SOON);
    desk.tokentray().wait_state("Office", "ok", SOON);
    has_no_secret("the end");
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
