//! The real window, seen and used through WebDriver (`WebKitWebDriver`, no wrapper between).
//! Knows nothing of what the page shows. Surprising: the driver does not start the program but
//! attaches to one that runs already ([`let_in`] made it listen), so a story steers the very
//! window that a click on the tray icon opened. Pictures are taken from the display: the driver's own
//! never come under Xvfb.

use std::{
    net::TcpListener,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use super::{http, process::Process, session::Session, wait_for};

/// The member that marks an element in WebDriver's JSON (W3C WebDriver §11).
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A letter, and the key that takes it away (W3C WebDriver §17.4.2).
const BACKSPACE: &str = "x\u{E003}";

/// Where the programs of a session listen for their driver.
#[derive(Clone, Copy, Debug)]
pub struct Inspector(u16);

/// Lets windows that the session's programs open from now on be steered.
pub fn let_in(session: &Session) -> Inspector {
    let port = free_port();
    session.set_variable("WEBKIT_INSPECTOR_SERVER", &format!("127.0.0.1:{port}"));
    session.set_variable("TAURI_WEBVIEW_AUTOMATION", "true");
    Inspector(port)
}

/// A window that is steered; let go of, and left open, when dropped.
#[derive(Debug)]
pub struct Window {
    _driver: Process,
    port: u16,
    session: String,
}

impl Window {
    /// Waits for the window and takes the wheel.
    pub fn attach(session: &Session, inspector: Inspector) -> Self {
        let port = free_port();
        let mut command = session.command("WebKitWebDriver");
        command
            .arg(format!("--port={port}"))
            .arg(format!("--target=127.0.0.1:{}", inspector.0));
        let driver = session.spawn("webdriver", &mut command);
        // No `browserName`: WebKitGTK calls itself MiniBrowser and refuses any other name.
        let wanted = json!({ "capabilities": { "alwaysMatch": {} } });
        let id = wait_for("the window lets us in", Duration::from_secs(40), || {
            let (_, answer) = http::tcp(port, "POST", "/session", Some(&wanted))?;
            answer["value"]["sessionId"].as_str().map(str::to_owned)
        });
        Self {
            _driver: driver,
            port,
            session: id,
        }
    }

    /// Goes to an address; only for pages that are not ours.
    pub fn go(&self, url: &str) {
        self.call("POST", "/url", Some(&json!({ "url": url })));
    }

    /// Runs JavaScript in the page; `arguments` are its `arguments`.
    #[track_caller]
    pub fn script(&self, script: &str, arguments: &Value) -> Value {
        let body = json!({ "script": script, "args": arguments });
        self.call("POST", "/execute/sync", Some(&body))
    }

    /// All text that the page shows.
    pub fn text(&self) -> String {
        let text = self.script("return document.body.innerText", &json!([]));
        text.as_str().unwrap_or_default().to_owned()
    }

    #[track_caller]
    pub fn wait_text(&self, wanted: &str, within: Duration) {
        let mut seen = String::new();
        let mut ask = || {
            seen = self.text();
            seen.contains(wanted).then_some(())
        };
        let deadline = Instant::now() + within;
        while ask().is_none() {
            assert!(
                Instant::now() < deadline,
                "{wanted:?} is not shown, but:\n{seen}"
            );
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Waits for an element and clicks it like a person: scrolled into view, at its middle.
    #[track_caller]
    pub fn click(&self, selector: &str) {
        let element = self.find(selector, Duration::from_secs(10));
        self.call(
            "POST",
            &format!("/element/{element}/click"),
            Some(&json!({})),
        );
    }

    /// Types into an element.
    #[track_caller]
    pub fn type_into(&self, selector: &str, text: &str) {
        let element = self.find(selector, Duration::from_secs(10));
        self.call(
            "POST",
            &format!("/element/{element}/value"),
            Some(&json!({ "text": text })),
        );
    }

    /// Clicks the button, link or switch that a screen reader would call by this name.
    #[track_caller]
    pub fn press(&self, name: &str) {
        const FIND: &str = "
            const name = arguments[0];
            const said = (e) => (e.getAttribute('aria-label') || (e.labels && e.labels[0]
                && e.labels[0].textContent) || e.textContent || e.value || '')
                .replace(/\\s+/g, ' ').trim();
            const all = [...document.querySelectorAll(
                'button, a, input, summary, [role=button], [role=switch], [role=tab], [role=menuitem]')]
                .filter((e) => e.getClientRects().length && !e.disabled);
            const found = all.find((e) => said(e) === name) || all.find((e) => said(e).startsWith(name));
            const place = found && name + JSON.stringify(found.getBoundingClientRect());
            const rests = place && place === window.seenToPress;
            window.seenToPress = rests ? null : place;
            if (!rests) return null;
            window.pressArrived = false;
            found.addEventListener('click', () => { window.pressArrived = true; }, { capture: true });
            return found;";
        // What moves, or lies under a note, is pressed when it no longer does, as by a person. The
        // driver presses where it found it, and says nothing when it has moved meanwhile.
        wait_for(
            &format!("something called {name:?} to press in:\n{}", self.text()),
            Duration::from_secs(15),
            || {
                let found = self.script(FIND, &json!([name]));
                let element = found[ELEMENT].as_str()?;
                let path = format!("/session/{}/element/{element}/click", self.session);
                let (status, answer) = http::tcp(self.port, "POST", &path, Some(&json!({})))?;
                let missed = ["element not interactable", "element click intercepted"];
                let error = answer["value"]["error"].as_str().unwrap_or_default();
                assert!(status == 200 || missed.contains(&error), "{name}: {answer}");
                (status == 200 && self.press_arrived()).then_some(())
            },
        );
    }

    /// Whether the page got the press, or is gone with it, within a second.
    fn press_arrived(&self) -> bool {
        let path = format!("/session/{}/execute/sync", self.session);
        let body = json!({ "script": "return window.pressArrived === false", "args": [] });
        let deadline = Instant::now() + Duration::from_secs(1);
        while http::tcp(self.port, "POST", &path, Some(&body))
            .is_some_and(|(status, answer)| status == 200 && answer["value"] == true)
        {
            if Instant::now() > deadline {
                return false;
            }
            std::thread::sleep(Duration::from_millis(40));
        }
        true
    }

    /// Turns the wheel over the middle of an element; away from the person where `by` is negative.
    #[track_caller]
    pub fn wheel(&self, selector: &str, by: i32) {
        let over = self.middle_of(selector);
        self.act(&json!({ "type": "wheel", "id": "wheel", "actions": [
            { "type": "scroll", "origin": over, "x": 0, "y": 0, "deltaX": 0, "deltaY": by },
        ] }));
    }

    /// Drags the middle of an element sideways.
    #[track_caller]
    pub fn drag(&self, selector: &str, by: i32) {
        let from = self.middle_of(selector);
        self.act(&mouse(&json!([
            { "type": "pointerMove", "origin": from, "x": 0, "y": 0 },
            { "type": "pointerDown", "button": 0 },
            { "type": "pointerMove", "origin": "pointer", "x": by, "y": 0, "duration": 100 },
            { "type": "pointerUp", "button": 0 },
        ])));
    }

    /// Points at an element, so far to the right of its middle.
    #[track_caller]
    pub fn point_at(&self, selector: &str, x: i32) {
        let from = self.middle_of(selector);
        self.act(&mouse(&json!([
            { "type": "pointerMove", "origin": from, "x": x, "y": 0 },
        ])));
    }

    #[track_caller]
    fn middle_of(&self, selector: &str) -> Value {
        json!({ ELEMENT: self.find(selector, Duration::from_secs(10)) })
    }

    #[track_caller]
    fn act(&self, device: &Value) {
        self.call("POST", "/actions", Some(&json!({ "actions": [device] })));
    }

    /// Types into the field with this label, in place of what is there.
    #[track_caller]
    pub fn fill(&self, label: &str, text: &str) {
        self.write_into(&self.labelled(label), text);
    }

    /// Chooses in the list with this label.
    #[track_caller]
    pub fn choose(&self, label: &str, option: &str) {
        // As the keyboard does it: WebKit's driver cannot open a list of GTK's.
        const CHOOSE: &str = "
            const list = arguments[0];
            const at = [...list.options].findIndex((o) => o.text.trim() === arguments[1]);
            if (at < 0) return [...list.options].map((o) => o.text).join(', ');
            list.selectedIndex = at;
            list.dispatchEvent(new Event('input', { bubbles: true }));
            list.dispatchEvent(new Event('change', { bubbles: true }));
            return null;";
        let element = json!({ ELEMENT: self.labelled(label) });
        wait_for(
            &format!("{label:?} offers {option:?}"),
            Duration::from_secs(10),
            || {
                self.script(CHOOSE, &json!([element, option]))
                    .is_null()
                    .then_some(())
            },
        );
    }

    /// Types into the field that a screen reader would call by this name, where no label is seen.
    #[track_caller]
    pub fn fill_named(&self, name: &str, text: &str) {
        let selector = format!("[aria-label={name:?}]");
        self.write_into(&self.find(&selector, Duration::from_secs(10)), text);
    }

    #[track_caller]
    fn write_into(&self, element: &str, text: &str) {
        self.call(
            "POST",
            &format!("/element/{element}/clear"),
            Some(&json!({})),
        );
        // What a driver clears the page does not hear of; a key it does.
        let typed = if text.is_empty() { BACKSPACE } else { text };
        let keys = json!({ "text": typed });
        self.call("POST", &format!("/element/{element}/value"), Some(&keys));
    }

    #[track_caller]
    fn labelled(&self, label: &str) -> String {
        const FIND: &str = "
            const wanted = arguments[0];
            return [...document.querySelectorAll('input, select, textarea')].find((e) =>
                e.getClientRects().length && [...(e.labels || [])].some((label) =>
                    label.innerText.trim().split('\\n')[0].trim() === wanted)) || null;";
        wait_for(
            &format!("a field called {label:?}"),
            Duration::from_secs(10),
            || {
                let found = self.script(FIND, &json!([label]));
                found[ELEMENT].as_str().map(str::to_owned)
            },
        )
    }

    #[track_caller]
    fn find(&self, selector: &str, within: Duration) -> String {
        let body = json!({ "using": "css selector", "value": selector });
        wait_for(&format!("{selector} in the page"), within, || {
            let path = format!("/session/{}/element", self.session);
            let (_, answer) = http::tcp(self.port, "POST", &path, Some(&body))?;
            answer["value"][ELEMENT].as_str().map(str::to_owned)
        })
    }

    #[track_caller]
    fn call(&self, method: &str, path: &str, body: Option<&Value>) -> Value {
        let path = format!("/session/{}{path}", self.session);
        let (status, mut answer) =
            http::tcp(self.port, method, &path, body).expect("the driver runs");
        assert_eq!(status, 200, "{method} {path}: {answer}");
        answer["value"].take()
    }
}

fn mouse(actions: &Value) -> Value {
    json!({
        "type": "pointer", "id": "mouse", "parameters": { "pointerType": "mouse" },
        "actions": actions,
    })
}

/// A port that was free a moment ago.
fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    listener.local_addr().unwrap().port()
}
