//! The first hour with the window: what is offered at the first start, refusals at the field that is
//! at fault, a sign-in that is given up and one with another device, and all that can be done with an
//! account afterwards.

use std::{fs, time::Duration};

use serde_json::{Value, json};

use super::desk::{ACCOUNT, BROWSER, Desk, Installed};
use crate::support::{
    clipboard::Clipboard,
    provider::{CLIENT_ID, Provider},
    wait_until,
    webdriver::Window,
};

const SOON: Duration = Duration::from_secs(20);
/// A person who signs in takes a second; on a machine that is busy, many.
const SIGNED_IN: Duration = Duration::from_mins(1);
/// A token stays on the clipboard for 45 s.
const CLEARED: Duration = Duration::from_secs(75);
/// So long that nothing is refreshed but by hand.
const HOUR_S: u32 = 3600;

#[test]
fn a_person_begins_changes_their_mind_and_does_all_that_can_be_done() {
    let desk = Desk::new(Installed::DesktopAlone);
    desk.install_browser();
    let login = desk.log_in();
    let (_program, window) = desk.open_window();
    let provider = Provider::start(&desk.session, HOUR_S);
    let clipboard = Clipboard(&desk.session);
    window.wait_text("Tokentray keeps your sign-ins alive", SOON);
    login.display.screenshot("first-start");

    imports(&desk, &window, &provider, clipboard);
    finds_a_provider(&window);
    login.display.screenshot("first-provider");
    finds_an_issuer(&window, &provider);
    login.display.screenshot("first-issuer");
    gives_up(&desk, &window, clipboard);
    signs_in_with_another_device(&desk, &window, || {
        login.display.screenshot("first-code");
    });
    acts(&desk, &window);

    // The token goes to the clipboard, and leaves it while other things are done.
    window.press("Copy token");
    window.wait_text("Copied; the clipboard is cleared in 45 s.", SOON);
    let token = desk.tokentray().ok(&["token", ACCOUNT]);
    assert_eq!(clipboard.text(), token.trim());
    edits(&desk, &window);
    window.press("Sign out");
    window.wait_text(&format!("Signed out of {ACCOUNT}."), SOON);
    desk.tokentray().wait_state(ACCOUNT, "signed_out", SOON);
    wait_until("the token left the clipboard", CLEARED, || {
        clipboard.text().is_empty()
    });
    login.display.screenshot("first-signed-out");
    practises(&desk, &window, || login.display.windows("okentray"));
}

/// A token response that a person copied elsewhere.
fn imports(desk: &Desk, window: &Window, provider: &Provider, clipboard: Clipboard<'_>) {
    let copied =
        json!({ "access_token": "copied-elsewhere", "token_type": "Bearer", "expires_in": HOUR_S });
    clipboard.copy(&copied.to_string());
    window.press("Import a sign-in");
    window.press("By issuer address");
    window.fill("Name", "Brought along");
    window.fill("Issuer", &provider.issuer);
    window.fill("Client id", CLIENT_ID);
    window.press("Add and import");
    window.wait_text("Brought along was imported.", SOON);
    desk.tokentray().wait_state("Brought along", "ok", SOON);
    let token = desk.tokentray().ok(&["token", "Brought along"]);
    assert_eq!(token.trim(), "copied-elsewhere");
}

/// By typing a part of its name; what is missing is said at its field.
fn finds_a_provider(window: &Window) {
    window.press("Add account");
    window.fill("Find your provider", "goo");
    window.press("Google");
    window.wait_text("What to register, and where", SOON);
    assert!(value(window, "Scopes").contains("openid"));
    window.press("Add and sign in");
    window.wait_text("Paste the client id.", SOON);
    assert_eq!(fault_at(window, "Client id"), "Paste the client id.");
    window.press("Another provider");
}

/// What is wrong with an address is said; what was found is shown.
fn finds_an_issuer(window: &Window, provider: &Provider) {
    window.press("By issuer address");
    window.fill("Issuer", "http://id.example.com");
    window.press("Look it up");
    wait_until("the issuer's field says what is wrong", SOON, || {
        fault_at(window, "Issuer") == "It must begin with https://"
    });
    window.fill("Issuer", &format!("{}/nowhere", provider.issuer));
    window.press("Look it up");
    wait_until("the issuer's field says what was found there", SOON, || {
        fault_at(window, "Issuer").contains("answers 404")
    });
    window.fill("Issuer", &provider.issuer);
    window.press("Look it up");
    window.wait_text(&format!("{}/token", provider.issuer), SOON);
    window.wait_text("Found", SOON);
}

/// The browser opens and nobody signs in there: its link can be taken elsewhere, and nothing is
/// lost by giving it up.
fn gives_up(desk: &Desk, window: &Window, clipboard: Clipboard<'_>) {
    desk.tokentray().set_nobody();
    window.fill("Name", ACCOUNT);
    window.fill("Client id", CLIENT_ID);
    window.fill("Scopes", "openid offline_access");
    window.press("Add and sign in");
    window.wait_text("Waiting for your browser…", SOON);
    window.press("Copy link");
    window.wait_text("Copied.", SOON);
    let row = desk.tokentray().account(ACCOUNT);
    let path = format!("/v1/sign-ins/{}", row["sign_in"].as_str().unwrap());
    let (_, going) = desk.tokentray().ask("GET", &path, None);
    assert_eq!(going["url"], clipboard.text(), "{going}");
    cancels(window);
    desk.tokentray().wait_state(ACCOUNT, "signed_out", SOON);
    assert_eq!(failed(desk), 1);
}

/// How many sign-ins did not succeed, as the history tells.
fn failed(desk: &Desk) -> usize {
    desk.tokentray().count(ACCOUNT, "sign_in_failed")
}

fn cancels(window: &Window) {
    window.press("Cancel");
    wait_until("nothing waits any more", SOON, || {
        !window.text().contains("Waiting for your browser…")
    });
}

/// A code, an address, and the same as a picture for a phone.
fn signs_in_with_another_device(desk: &Desk, window: &Window, look: impl FnOnce()) {
    window.press("Sign in");
    window.wait_text("Waiting for your browser…", SOON);
    window.press("Use another device");
    window.wait_text(&format!("Enter this code to sign in to {ACCOUNT}"), SOON);
    let drawn = window.script(
        "return document.querySelectorAll('figure [role=img] path').length",
        &json!([]),
    );
    assert!(drawn.as_u64().is_some_and(|parts| parts > 0), "{drawn}");
    look();
    // The other device, whoever holds it.
    desk.tokentray().set_person("ada");
    window.press("Open the page");
    window.wait_text(&format!("Signed in to {ACCOUNT}."), SIGNED_IN);
    desk.tokentray().wait_state(ACCOUNT, "ok", SOON);
    assert_eq!(failed(desk), 1, "whoever changes the way has not failed");
}

fn acts(desk: &Desk, window: &Window) {
    let refreshed = || desk.tokentray().count(ACCOUNT, "refreshed");
    let before = refreshed();
    window.press("Refresh now");
    window.wait_text(&format!("{ACCOUNT} was refreshed."), SOON);
    assert_eq!(refreshed(), before + 1);
    window.press("Pause");
    window.wait_text(&format!("{ACCOUNT} is paused."), SOON);
    desk.tokentray().wait_state(ACCOUNT, "paused", SOON);
    window.press("Resume");
    window.wait_text(&format!("{ACCOUNT} goes on."), SOON);
    desk.tokentray().wait_state(ACCOUNT, "ok", SOON);
}

/// What is held is used until the new sign-in has worked.
fn edits(desk: &Desk, window: &Window) {
    let token = || desk.tokentray().ok(&["token", ACCOUNT]);
    let generation = || desk.tokentray().account(ACCOUNT)["generation"].clone();
    let (held, held_generation) = (token(), generation());
    window.press("Edit");
    window.wait_text(
        "The present sign-in stays in use until a new one has worked.",
        SOON,
    );
    window.fill("Scopes", "openid offline_access email");
    window.choose("Browser", BROWSER);
    window.press("Save");
    window.wait_text(&format!("{ACCOUNT} was saved."), SOON);
    let config = desk.tokentray().config_dir().join("config.toml");
    let written = fs::read_to_string(&config).unwrap();
    assert!(
        written
            .lines()
            .any(|line| line.starts_with("browser = [") && line.contains("/opt/ada/browser")),
        "{written}"
    );
    assert_eq!(
        (token(), generation()),
        (held.clone(), held_generation.clone())
    );

    // Its own browser is none for a test; the one of the settings is.
    window.press("Edit");
    window.choose("Browser", "as the settings say");
    window.press("Save");
    wait_until("it has no browser of its own", SOON, || {
        let written = fs::read_to_string(&config).unwrap();
        !written.contains("/opt/ada/browser")
    });
    desk.tokentray().set_nobody();
    window.press("Sign in again");
    window.wait_text("Waiting for your browser…", SOON);
    cancels(window);
    assert_eq!((token(), generation()), (held.clone(), held_generation));
    desk.tokentray().set_person("ada");
    window.press("Sign in again");
    wait_until("another token is in use", SIGNED_IN, || token() != held);
    let row = desk.tokentray().account(ACCOUNT);
    assert!(row["scopes"].to_string().contains("email"), "{row}");
}

/// A second program beside this one, that knows nothing of it.
fn practises(desk: &Desk, window: &Window, windows: impl Fn() -> Vec<String>) {
    let accounts = || {
        desk.tokentray().status()["accounts"]
            .as_array()
            .map(Vec::len)
    };
    for name in [ACCOUNT, "Brought along"] {
        desk.tokentray().ok(&["remove", name, "--yes"]);
    }
    window.press("Try the practice provider");
    wait_until("the practice window is there", SIGNED_IN, || {
        let mut titles = windows();
        titles.sort();
        titles == ["Tokentray", "Tokentray (demo)"]
    });
    assert_eq!(accounts(), Some(0));
}

fn value(window: &Window, label: &str) -> String {
    field(window, label, "return field.value")
}

/// What is said of a field that is marked as wrong.
fn fault_at(window: &Window, label: &str) -> String {
    field(
        window,
        label,
        "return field.getAttribute('aria-invalid') === 'true'
             && document.getElementById(field.getAttribute('aria-describedby'))?.innerText || ''",
    )
}

fn field(window: &Window, label: &str, then: &str) -> String {
    let script = format!(
        "const field = [...document.querySelectorAll('input')].find((one) =>
             [...(one.labels || [])].some((label) => label.innerText.trim() === arguments[0]));
         {then}"
    );
    match window.script(&script, &json!([label])) {
        Value::String(text) => text,
        other => panic!("{label}: {other}"),
    }
}
