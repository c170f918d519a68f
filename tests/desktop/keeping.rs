//! What is kept and can be looked after in the window: a long history to its very end, the settings
//! of network and log, a keychain that is locked while the window is open, grants that move to
//! another place, and a settings file that somebody broke. What is seen is held against the files.

use std::{
    fs, thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use super::{
    desk::{ACCOUNT, BROWSER, Desk, Installed, Login},
    everyday::shown_sentences,
};
use crate::support::{
    clipboard::Clipboard,
    keyring::{self, Prompter},
    provider::Provider,
    wait_for, wait_until,
    webdriver::Window,
};

const SOON: Duration = Duration::from_secs(20);
const OTHER: &str = "Side project";
/// So long that nothing is refreshed but by hand.
const HOUR_S: u32 = 3600;
/// Each makes two entries: several pages of the window's 50.
const PAUSES: usize = 110;
/// A page is there in an instant; on a machine that is busy, much later.
const PAGE: Duration = Duration::from_mins(1);
/// By then a token would have left the clipboard.
const CLEARED: Duration = Duration::from_secs(50);
const MINE: &str = "what the person copied";
const LOCKED: &str = "The keychain is locked. Unlock it to go on.";
const BANNER: &str = "Your keychain is locked, so tokens cannot be read or saved.";

#[test]
fn a_person_reads_far_back_and_looks_after_what_is_kept() {
    let desk = Desk::new(Installed::DesktopAlone);
    desk.install_browser();
    let login = desk.log_in();
    let (_program, window) = desk.open_window();
    let provider = Provider::start(&desk.session, HOUR_S);
    desk.tokentray().set_person("ada");
    for name in [ACCOUNT, OTHER] {
        desk.tokentray().add(name, &provider);
    }

    let clipboard = Clipboard(&desk.session);
    let copied = copies_something_else(&desk, &window, clipboard);
    lives_long(&desk, &provider);
    finds_what_went_wrong(&desk, &window);
    login.display.screenshot("keeping-filtered");
    reads_to_the_end(&desk, &window);
    login.display.screenshot("keeping-the-end");
    window.press("Back to the timeline");
    // Who had a token is told, however much happened since.
    window.wait_text(" today", SOON);
    unlocks_the_keychain(&desk, &login, &window);
    signs_in_too_often(&desk, &window);

    window.press("Settings");
    window.wait_text("you signed in 3 times within 7 days", SOON);
    tells_of_the_network(&desk, &window);
    says_how_it_looks_and_what_it_logs(&desk, &window);
    moves_what_is_kept(&desk, &window, &provider);
    login.display.screenshot("keeping-settings");
    mends_the_settings_file(&desk, &window, &login);
    thread::sleep(CLEARED.saturating_sub(copied.elapsed()));
    assert_eq!(clipboard.text(), MINE);
}

/// A token is on the clipboard for a moment only; what is copied after it is the person's.
fn copies_something_else(desk: &Desk, window: &Window, clipboard: Clipboard<'_>) -> Instant {
    if !window.text().contains("Copy token") {
        window.press(ACCOUNT);
    }
    window.press("Copy token");
    window.wait_text("Copied; the clipboard is cleared in 45 s.", SOON);
    let token = desk.tokentray().ok(&["token", ACCOUNT]);
    assert_eq!(clipboard.text(), token.trim());
    clipboard.copy(MINE);
    assert_eq!(clipboard.text(), MINE);
    Instant::now()
}

/// A refusal of one account, and very many entries of the other.
fn lives_long(desk: &Desk, provider: &Provider) {
    provider.refuse(503, "temporarily_unavailable", "back soon");
    assert!(!desk.tokentray().run(&["refresh", OTHER]).status.success());
    provider.accept();
    for _ in 0..PAUSES {
        for what in ["pause", "resume"] {
            let path = format!("/v1/accounts/{ACCOUNT}/{what}");
            let (status, answer) = desk.tokentray().ask("POST", &path, None);
            assert!((200..300).contains(&status), "{path}: {status} {answer}");
        }
    }
    // From here on nothing happens by itself that would be a difference.
    desk.tokentray().ok(&["pause", OTHER]);
}

/// By account, and by what was the cause.
fn finds_what_went_wrong(desk: &Desk, window: &Window) {
    let shows = |arguments: &[&str]| {
        let printed = printed(desk, arguments);
        wait_until(&format!("{arguments:?} is shown alone"), SOON, || {
            shown_sentences(window) == printed
        });
        printed
    };
    window.press("History");
    window.choose("Account", OTHER);
    shows(&[OTHER]);
    window.choose("Cause", "provider is down");
    let failed = shows(&[OTHER, "--cause", "server_error"]);
    assert!(failed.as_array().is_some_and(|all| !all.is_empty()));
    window.choose("Account", ACCOUNT);
    window.wait_text("Nothing happened that fits these filters.", SOON);
    window.press("Clear filters");
}

/// Older pages come by scrolling alone, each entry once.
fn reads_to_the_end(desk: &Desk, window: &Window) {
    let all = printed(desk, &[]);
    let count = |of: &Value| of.as_array().map_or(0, Vec::len);
    assert!(count(&all) > 2 * PAUSES, "{}", count(&all));
    window.wait_text("Show older", SOON);
    let at_first = count(&shown_sentences(window));
    assert!((1..count(&all)).contains(&at_first), "{at_first}");
    let down = "document.querySelector('section[aria-label=History]').lastElementChild
        .scrollIntoView()";
    let mut shown = at_first;
    while shown < count(&all) {
        let more = format!("more than {shown} of {} entries", count(&all));
        shown = wait_for(&more, PAGE, || {
            window.script(down, &json!([]));
            Some(count(&shown_sentences(window))).filter(|now| *now > shown)
        });
    }
    window.wait_text("That is all.", SOON);
    assert_eq!(shown_sentences(window), all);
}

/// Somebody locks it; the window says so, and its button brings the system's own question.
fn unlocks_the_keychain(desk: &Desk, login: &Login<'_>, window: &Window) {
    let _prompter = Prompter::start(&desk.session, &login.display);
    keyring::lock(&desk.session);
    // Nobody needs it while tokens are good, so nobody is troubled.
    if !window.text().contains("Refresh now") {
        window.press(ACCOUNT);
    }
    window.press("Refresh now");
    window.wait_text(LOCKED, SOON);
    window.wait_text(BANNER, SOON);
    assert_eq!(desk.tokentray().status()["headline"], LOCKED);
    login.display.screenshot("keeping-locked");
    window.press("Settings");
    // What works, and what would mend the rest.
    window.wait_text("Unlock the keychain.", SOON);
    window.press("Back to the timeline");
    window.press("Unlock");
    Prompter::answer(&login.display);
    wait_until("the window is well again", SOON, || {
        let text = window.text();
        ![LOCKED, BANNER].iter().any(|told| text.contains(told))
    });
    assert_eq!(keyring::locked(&desk.session), Some(false));
    desk.tokentray().wait_state(ACCOUNT, "ok", SOON);
    desk.tokentray().ok(&["refresh", ACCOUNT]);
}

/// Three times in a week, which is more than a grant that is kept alive needs.
fn signs_in_too_often(desk: &Desk, window: &Window) {
    window.wait_text("Sign-ins\t1\t1", SOON);
    for _ in 0..2 {
        desk.tokentray().ok(&["sign-in", ACCOUNT]);
    }
    window.wait_text("Sign-ins\t3\t3", SOON);
}

/// Each stands in the file, and no longer when its field is emptied.
fn tells_of_the_network(desk: &Desk, window: &Window) {
    let ca_file = desk.session.dir().join("company.pem");
    let ca_file = ca_file.to_str().unwrap();
    window.fill("CA file", ca_file);
    window.press("Save");
    stands(desk, &format!("ca_file = {ca_file:?}"), true);
    window.fill("CA file", "");
    window.press("Save");
    stands(desk, "ca_file", false);

    window.fill("Proxy", "socks5h://127.0.0.1:9");
    window.press("Save");
    stands(desk, "proxy = \"socks5h://127.0.0.1:9\"", true);
    window.fill("Proxy", "");
    window.press("Save");
    stands(desk, "proxy", false);

    window.choose("Browser for signing in", BROWSER);
    stands(desk, "browser = [\"/opt/ada/browser\"", true);
}

fn says_how_it_looks_and_what_it_logs(desk: &Desk, window: &Window) {
    window.press("Dark");
    stands(desk, "theme = \"dark\"", true);
    window.choose("Log", "much");
    stands(desk, "log_level = \"debug\"", true);
    window.fill("History kept", "45");
    window.press("Save");
    stands(desk, "history_days = 45", true);
}

/// Asked first, then done, and nobody notices but whoever looks where it is.
fn moves_what_is_kept(desk: &Desk, window: &Window, provider: &Provider) {
    const KEPT: &str = "Grants are kept in";
    let token = || desk.tokentray().ok(&["token", ACCOUNT]);
    let id = desk.tokentray().account(ACCOUNT)["id"].clone();
    let id = id.as_str().unwrap();
    let in_keychain = || {
        let item = [("service", "tokentray"), ("username", id)];
        keyring::lookup(&desk.session, &item).is_some()
    };
    let sealed = desk
        .tokentray()
        .state_dir()
        .join(format!("grants/{id}.grant"));
    let held = token();
    assert!(in_keychain() && !sealed.exists());

    window.choose(KEPT, "a plain file (not protected)");
    window.wait_text("Move every grant to a plain file (not protected)?", SOON);
    window.choose(KEPT, "a sealed file");
    window.wait_text("Move every grant to a sealed file?", SOON);
    assert!(in_keychain(), "nothing moves before it is answered");
    window.press("Move");
    window.wait_text("Everything was moved.", SOON);
    assert!(!window.text().contains("Move every grant"));
    assert!(sealed.exists());
    let settings = desk.tokentray().ok(&["settings", "--json"]);
    let settings: Value = serde_json::from_str(&settings).unwrap();
    assert_eq!(settings["vault"], "sealed");
    assert_eq!(token(), held);
    desk.tokentray().ok(&["refresh", ACCOUNT]);
    assert_ne!(token(), held);
    let leaked = desk.tokentray().files_with(&provider.state().issued);
    assert_eq!(leaked, Vec::<String>::new());
}

/// What does not work is said with what mends it; what was good goes on meanwhile.
fn mends_the_settings_file(desk: &Desk, window: &Window, login: &Login<'_>) {
    const MEND: &str = "mend the line, the file is read again by itself";
    let config = desk.tokentray().config_dir().join("config.toml");
    let good = fs::read_to_string(&config).unwrap();
    fs::write(&config, format!("history_days = \"many\"\n{good}")).unwrap();
    let looks_again = |until: &dyn Fn(&str) -> bool| {
        wait_until("the window says so", SOON, || {
            window.press("Look again");
            until(&window.text())
        });
    };
    looks_again(&|text| text.contains(MEND) && text.contains("the last good one stays in use"));
    login.display.screenshot("keeping-to-mend");
    desk.tokentray().ok(&["token", ACCOUNT]);
    fs::write(&config, good).unwrap();
    looks_again(&|text| !text.contains(MEND) && text.contains("is in use"));
}

/// The sentences that `history` prints.
fn printed(desk: &Desk, arguments: &[&str]) -> Value {
    let mut all = vec!["history", "--all", "--json"];
    all.extend(arguments);
    let printed = desk.tokentray().ok(&all);
    let messages = printed.lines().map(|line| {
        let mut row: Value = serde_json::from_str(line).expect("JSON");
        row["message"].take()
    });
    messages.collect()
}

/// A line that begins so stands in the settings file, or no longer does.
fn stands(desk: &Desk, line: &str, wanted: bool) {
    let config = desk.tokentray().config_dir().join("config.toml");
    let what = if wanted { "stands" } else { "stands no longer" };
    wait_until(&format!("{line} {what} in the file"), SOON, || {
        let written = fs::read_to_string(&config).unwrap_or_default();
        written.lines().any(|one| one.starts_with(line)) == wanted
    });
}
